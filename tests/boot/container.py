"""One booted system: commands are run inside it, and it can be restarted and cut off.

systemd-nspawn without machined: own processes, mounts and network (loopback only). Should the tests
be killed, the container goes with them. Waiting is always waiting for something, with a deadline.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.boot import debian
from tests.power import device

BOOT_S = 60.0
STEP_S = 0.2
CARD_BYTES = 256 * 1024 * 1024
WANTS_REBOOT = 133
"""How nspawn ends when the system inside wants to be started again."""
ENVIRONMENT = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8")


class Container:
    """A booted copy of the pristine system; `folder` is its root as seen from outside."""

    def __init__(self, folder: Path, log: Path, shared: Mapping[Path, str]) -> None:
        """`shared`: folders of this machine and where they appear inside, read-only."""
        self.folder = folder
        self._log = log
        self._binds = [f"--bind-ro={outside}:{inside}" for outside, inside in shared.items()]
        self.leader = 0

    def boot(self) -> None:
        """Start it, and wait until systemd says that it is up."""
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as notices:
            address = self._log.with_suffix(".notify")
            address.unlink(missing_ok=True)
            notices.bind(str(address))
            notices.settimeout(BOOT_S)
            self._start(str(address))
            # Nobody listens afterwards: a full socket would make the system wait for us.
            while not re.search(r"^READY=1", notices.recv(4_096).decode(), re.MULTILINE):
                pass
        # nspawn, and below it the first process of the system, as numbered here.
        self.leader = _only_child(_only_child(self.process.pid))

    def _start(self, notices: str) -> None:
        """In a process namespace of its own, which ends with the process that we know."""
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL",
                 "unshare", "--pid", "--fork", "--kill-child", "--mount-proc",
                 "systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit",
                 "--private-network", "--link-journal=no", "--notify-ready=yes",
                 "--system-call-filter=adjtimex clock_adjtime",
                 f"--machine={self.folder.name}", f"--directory={self.folder}", *self._binds],
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NOTIFY_SOCKET": notices},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )  # fmt: skip

    def reboot(self) -> None:
        """As `reboot` does: services are stopped in order, and everything starts anew."""
        self.run("systemctl", "--no-block", "reboot")
        assert self.process.wait(BOOT_S) == WANTS_REBOOT
        self.boot()

    def cut(self) -> None:
        """Every process dies at once, as when the power goes; the card keeps what it has."""
        with contextlib.suppress(ProcessLookupError):
            last = os.pidfd_open(self.leader)
            self.process.kill()
            gone = select.poll()
            gone.register(last, select.POLLIN)
            assert gone.poll(BOOT_S * 1_000), "the container does not end"
            os.close(last)
        self.process.wait(BOOT_S)

    def close(self) -> None:
        """End it, whatever it is doing; idempotent."""
        if self.process.poll() is None:
            self.cut()

    def run(self, *command: str, seconds: float = 60) -> str:
        """What a command inside prints. It must succeed."""
        done = self.attempt(*command, seconds=seconds)
        told = f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, told
        return done.stdout.strip()

    def attempt(self, *command: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command inside, whatever comes of it."""
        inside = ["nsenter", f"--target={self.leader}", "--all", "env", "-i", "--chdir=/"]
        return subprocess.run(
            [*inside, *ENVIRONMENT, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def until(self, true: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait for something to become true inside."""
        for _ in range(int(seconds / STEP_S)):
            if true():
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STEP_S)
                raise AssertionError(f"the container ended while waiting for {what}")
        raise AssertionError(f"not within {seconds:.0f} s: {what}\n{self.journal()}")

    def journal(self, unit: str = "*") -> str:
        """What was said in the end."""
        asked = ("journalctl", "--no-pager", "--output=cat", "--lines=40", f"--unit={unit}")
        return self.attempt(*asked).stdout

    def show(self, unit: str, name: str) -> str:
        """One property of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit)


def _only_child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


@contextlib.contextmanager
def booted(work: Path, shared: Mapping[Path, str], card: str = "") -> Iterator[Container]:
    """A fresh system for the length of a `with`; nothing of it is left afterwards.

    card: a folder inside that lies on a small ext4 of its own, where this machine has loop devices.
    """
    folder = work / "truck"
    command = ["cp", "--archive", "--reflink=auto", str(debian.pristine()), str(folder)]
    subprocess.run(command, check=True)
    container = Container(folder, work / "console.log", shared)
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        if card and device.available():
            undo.enter_context(_card(work / "card", folder / card.lstrip("/")))
        undo.callback(container.close)
        container.boot()
        yield container


@contextlib.contextmanager
def _card(image: Path, folder: Path) -> Iterator[None]:
    with image.open("wb") as file:
        file.truncate(CARD_BYTES)
    try:
        device.make(image)
        with device.mounted(image, folder, "relatime"):
            yield
    finally:
        image.unlink()
