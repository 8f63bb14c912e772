"""Real agents for the bench, and what the kernel says of them: memory, CPU time, the first record.

An agent runs as `jagalchi-agent run` from byte code that lies ready, as an installer leaves it.
Nothing is measured from inside: /proc, the service manager's socket and the status socket tell.
"""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.core.shelf import Counters
from agent.edges.control import NotRunningError, ask
from agent.edges.lookout import glimpse
from tests.e2e.processes import READY_S, ROOT, Child, Server

MIB = 1 << 20
NOBODY = "http://127.0.0.1:9"
KEPT_OF_ENROLMENT = ("device.key", "enrolment.cbor", "server.url")
BYTE_CODE = {
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONNODEBUGRANGES": "1",  # as systemd/jagalchi-agent.service has it
    "PYTHONPYCACHEPREFIX": str(ROOT / "build" / "bench-byte-code"),
}
SETTINGS = """\
[agent]
profile = "truck"
name = "bench"
state_dir = "."
sample_period_ms = {period_ms}
[server]
{server}
[[sensor]]
number = 1
name = "air-front"
part = "mock-truck"
[[sensor]]
number = 2
name = "air-door"
part = "mock-truck"
options = {{ channel = "air-door" }}
"""
ALL_PARTS = "".join(f'[{part}]\npart = "mock-truck"\n' for part in ("position", "door")) + (
    '[light]\npart = "mock-light"\n'
)


@dataclass(frozen=True, slots=True)
class Truck:
    """An enrolled truck at rest: settings beside its key and its card, all in one folder."""

    folder: Path

    @classmethod
    def enrolled(cls, server: Server, folder: Path) -> Truck:
        """Introduce a new truck to a server."""
        folder.mkdir(mode=0o700)
        truck = cls(folder)
        truck.set()
        words = ["agent", "enrol", server.url, server.token(folder.name)]
        child = Child([*words, "--config", str(truck.config)], truck.log, BYTE_CODE)
        if child.process.wait(READY_S) != 0:
            raise RuntimeError(truck.log.read_text())
        return truck

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "agent.toml"

    @property
    def log(self) -> Path:
        """What its agents say."""
        return self.folder / "agent.log"

    @property
    def outbox(self) -> Path:
        """The card's database."""
        return self.folder / "outbox.db"

    def counters(self) -> Counters:
        """The balance on the card, read from outside: it costs the agent nothing."""
        return glimpse(self.outbox).counters

    def set(
        self,
        parts: str = "",
        *,
        url: str | None = None,
        ca_file: Path | None = None,
        period_ms: int = 10_000,
    ) -> None:
        """Write the settings; `parts` are further tables, `url` replaces the enrolment's."""
        pairs = {"url": url, "ca_file": ca_file}.items()
        server = "\n".join(f'{key} = "{value}"' for key, value in pairs if value)
        text = SETTINGS.format(period_ms=period_ms, server=server)
        self.config.write_text(text + parts, encoding="utf-8")

    def moved(self, folder: Path) -> Truck:
        """The same truck with an empty card in another folder."""
        folder.mkdir(mode=0o700, exist_ok=True)
        for name in KEPT_OF_ENROLMENT:
            shutil.copy2(self.folder / name, folder / name)
        return Truck(folder)

    @contextmanager
    def driven(self, *words: str) -> Iterator[Agent]:
        """Run its agent for the length of a `with`; it is stopped in order."""
        agent = Agent(self, words)
        try:
            yield agent
            agent.child.stop()
        finally:
            agent.child.kill()
            agent.ear.close()


class Agent:
    """A running agent. `begun` is the moment before it was executed, by the monotonic clock."""

    def __init__(self, truck: Truck, words: Sequence[str]) -> None:
        self.truck = truck
        self.ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ear.settimeout(READY_S)
        name = truck.folder / "notify"
        name.unlink(missing_ok=True)
        self.ear.bind(str(name))
        self.begun = time.monotonic()
        run = ["agent", "run", "--config", str(truck.config), *words]
        self.child = Child(run, truck.log, {**BYTE_CODE, "NOTIFY_SOCKET": str(name)})

    def hear(self, word: str) -> float:
        """Wait until the agent tells its service manager this; the moment it did."""
        while word not in self.ear.recv(4_096).decode():
            pass
        return time.monotonic()

    def status(self) -> dict[str, object]:
        """What it says of itself; empty while it does not answer."""
        try:
            return ask(self.truck.folder / "agent.sock", "status")
        except (NotRunningError, OSError):
            return {}

    def counters(self) -> dict[str, int]:
        """Its counters as it tells them; empty while it does not answer. Asking costs a turn."""
        counters = self.status().get("counters")
        return counters if isinstance(counters, dict) else {}

    def until(self, reached: Callable[[], bool], step_s: float = 0.25) -> None:
        """Wait for something to come true. Raises RuntimeError when it does not, or it ends."""
        end = time.monotonic() + READY_S
        while not reached():
            if time.monotonic() > end or not self.child.lives_through(step_s):
                raise RuntimeError(f"waited in vain:\n{self.truck.log.read_text()}")

    def memory(self, which: str = "Rss") -> float:
        """MiB resident now (Rss), or the share that is ours alone (Pss)."""
        return self._kilobytes("smaps_rollup", which) / 1024

    def peak(self) -> float:
        """MiB resident at most."""
        return self._kilobytes("status", "VmHWM") / 1024

    def cpu_s(self) -> float:
        """CPU seconds of all its threads so far."""
        stat = Path(f"/proc/{self.child.process.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _kilobytes(self, file: str, which: str) -> int:
        lines = Path(f"/proc/{self.child.process.pid}/{file}").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{which}:"))
