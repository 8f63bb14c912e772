"""The installer under power cuts: an old version on the card, and a new one coming.

The rest of the system is a Debian in memory. `systemctl` does nothing there, so what is judged is
what lies on the card: a version that starts, the old one or the new, and an installer that goes on.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.boot import debian, wheels
from tests.power.subject import Fact, Finding, Subject, Verdict

OLD, NEW = "0.1.0", "0.1.1"
HOUSES = debian.CACHE / "cut"
SYSTEMCTL = "#!/bin/sh\necho systemd 252\n"
PROGRAM = "/opt/jagalchi/current/venv/bin/jagalchi-agent"


def prepare() -> None:
    """Make the system and the two wheelhouses; nothing is mounted yet."""
    debian.pristine()
    shutil.rmtree(HOUSES, ignore_errors=True)
    HOUSES.mkdir()
    wheels.another(wheels.agent(HOUSES / OLD), HOUSES / NEW, NEW)


@contextlib.contextmanager
def computer(card: Path) -> Iterator[Path]:
    """A system for the length of a `with`, whose /opt/jagalchi is the card; gives its root."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as work, contextlib.ExitStack() as mounts:
        root, upper, scratch = (Path(work) / name for name in ("root", "upper", "scratch"))
        for folder in (root, upper, scratch):
            folder.mkdir()
        layers = f"lowerdir={debian.pristine()},upperdir={upper},workdir={scratch}"
        _mount(mounts, "-t", "overlay", "-o", layers, "overlay", str(root))
        for inside in ("opt/jagalchi", "wheels", "run/lock"):
            (root / inside).mkdir(parents=True, exist_ok=True)
        _mount(mounts, "-t", "proc", "proc", str(root / "proc"))
        _mount(mounts, "--bind", str(card), str(root / "opt/jagalchi"))
        _mount(mounts, "--bind", str(HOUSES), str(root / "wheels"))
        (root / "usr/bin/systemctl").unlink()
        (root / "usr/bin/systemctl").write_text(SYSTEMCTL)
        (root / "usr/bin/systemctl").chmod(0o755)
        yield root


def _mount(mounts: contextlib.ExitStack, *what: str) -> None:
    subprocess.run(["mount", *what], check=True)
    mounts.callback(subprocess.run, ["umount", what[-1]], check=True)


def _run(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["chroot", str(root), *command], capture_output=True, text=True)


def _install(root: Path, version: str) -> str:
    """Run an installer; what went wrong, or nothing."""
    done = _run(root, f"/wheels/{version}/install.sh")
    return "" if done.returncode == 0 else f"{done.returncode}: {done.stdout}{done.stderr}"


def _starts(root: Path) -> str:
    """The version that starts, or why none does."""
    done = _run(root, PROGRAM, "--version")
    return done.stdout.split()[-1] if done.returncode == 0 else done.stderr.strip()[-200:]


def write(folder: Path, tell: Callable[[Fact], None]) -> None:
    """Install one version, then another."""
    for version in (OLD, NEW):
        with computer(folder) as root:
            if wrong := _install(root, version):
                raise SystemExit(wrong)
        tell({"version": version})


def judge(folder: Path, fact: Fact | None) -> Finding:
    """What starts now, and whether the installer that was cut off comes to its end."""
    with computer(folder) as root:
        found = _starts(root)
        if fact and found not in (fact["version"], NEW):
            return Finding(Verdict.UNTOLD, f"{fact['version']} was installed, and now: {found}")
        if wrong := _install(root, NEW):
            return Finding(Verdict.CRASHED, wrong)
        found = _starts(root)
    return Finding(Verdict.KEPT if found == NEW else Verdict.UNTOLD, found)


UPGRADE = Subject(prepare, write, judge, megabytes=64)
