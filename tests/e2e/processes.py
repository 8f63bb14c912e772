"""Real processes for the end-to-end tests: a server and trucks, each in a session of its own.

Waiting is always waiting *for* something: a process to end, or a deadline on an answer.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from agent.core.shelf import Counters
from agent.edges.control import NotRunningError, ask
from agent.edges.lookout import glimpse, reading
from protocol.record import open_sealed

ROOT = Path(__file__).parents[2]
READY_S = 60.0
STEP_S = 0.05

AGENT_TOML = """\
[agent]
profile = "truck"
name = "{name}"
state_dir = "{state}"
sample_period_ms = 10000
[server]
deadline_ms = 5000
[[sensor]]
number = 1
name = "air-front"
part = "mock-truck"
options = {{ channel = "air-front" }}
[position]
part = "mock-truck"
[mock]
scenario = "{scenario}"
seed = {seed}
"""


class Child:
    """One process; its output goes to a file, its end is ours alone to bring about.

    under: a program that starts it, and what that is told.
    """

    def __init__(
        self,
        arguments: list[str],
        log: Path,
        environ: Mapping[str, str],
        under: Sequence[str] = (),
    ) -> None:
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*under, sys.executable, "-m", *arguments],
                cwd=ROOT,
                env={**os.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def lives_through(self, seconds: float) -> bool:
        """Whether the process is still there after so long."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def kill(self) -> None:
        """SIGKILL the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(READY_S)

    def stop(self, seconds: float = READY_S) -> int:
        """SIGTERM, and its exit status."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGTERM)
        return self.process.wait(seconds)


def free_port() -> int:
    """A port that nobody has at this moment."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server, for demonstration or not, on its own port; its state outlives its processes."""

    def __init__(
        self,
        folder: Path,
        *,
        demo: bool = True,
        workers: int = 1,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.workers = workers
        self.home = folder / "server"
        self.log = folder / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {"JAGALCHI_HOME": str(self.home), "JAGALCHI_DEMO": str(int(demo))}
        self.environ |= environ or {}
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        arguments = ["server", "run", "--port", str(self.port)]
        arguments += ["--workers", str(self.workers)]
        self.child = Child(arguments, self.log, self.environ)
        for _ in range(int(READY_S / STEP_S)):
            with contextlib.suppress(OSError):
                self.get("/checkpoint")
                return
            if not self.child.lives_through(STEP_S):
                break
        raise AssertionError(f"the server did not start:\n{self.log.read_text()}")

    def get(self, path: str) -> bytes:
        """The body of a page. Raises OSError."""
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return bytes(answer.read())

    def token(self, asset: str) -> str:
        """A fresh enrolment token."""
        run = subprocess.run(
            [sys.executable, "-m", "server", "token", "--asset", asset, "--url", self.url],
            cwd=ROOT,
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            timeout=READY_S,
            check=True,
        )
        return run.stdout.split("hours:")[1].split()[0]

    def held(self, device: str) -> dict[bytes, set[int]]:
        """The numbers the server holds, per epoch, straight from its database."""
        numbers: dict[bytes, set[int]] = {}
        for epoch, first, last in self._spans(device):
            numbers.setdefault(epoch, set()).update(range(first, last + 1))
        return numbers

    def duplicates(self, device: str) -> int:
        """How many records the server holds more than once, contested ones included."""
        total = sum(last - first + 1 for _, first, last in self._spans(device))
        return total - sum(map(len, self.held(device).values()))

    def _spans(self, device: str) -> list[tuple[bytes, int, int]]:
        with contextlib.closing(sqlite3.connect(self.home / "db.sqlite3")) as sql:
            return sql.execute(
                "SELECT epoch, first, last FROM devices_heldspan WHERE device_id = ?", (device,)
            ).fetchall()


class Truck:
    """A simulated truck; its card outlives its processes.

    under, environ: what its next process is started by and told, as in Child.
    """

    def __init__(self, server: Server, folder: Path, name: str, scenario: str = "steady") -> None:
        self.state = folder / name
        self.state.mkdir(mode=0o700)
        self.log = folder / f"{name}.log"
        self.under: Sequence[str] = ()
        self.environ: Mapping[str, str] = {}
        self.config = folder / f"{name}.toml"
        text = AGENT_TOML.format(name=name, state=self.state, scenario=scenario, seed=1)
        self.config.write_text(text, encoding="utf-8")
        enrol = ["agent", "enrol", server.url, server.token(name), "--config", str(self.config)]
        assert Child(enrol, self.log, {}).process.wait(READY_S) == 0, self.log.read_text()
        self.start()

    def start(self, *, speed: int = 120, drain_s: int = 0) -> None:
        """Start the agent; it may be killed at any moment from here on."""
        run = ["agent", "run", "--config", str(self.config), "--speed", str(speed)]
        drain = ["--drain", str(drain_s)] if drain_s else []
        self.child = Child([*run, *drain], self.log, self.environ, self.under)

    def status(self) -> dict[str, object] | None:
        """What the agent says of itself, or None while it does not answer."""
        try:
            return ask(self.state / "agent.sock", "status")
        except (NotRunningError, OSError):
            return None

    def on_card(self) -> Iterator[tuple[bytes, int]]:
        """(epoch, seq) of every record that lies on the card."""
        with reading(self.state / "outbox.db") as sql:
            for (sealed,) in sql.execute("SELECT sealed FROM record"):
                record = open_sealed(bytes(sealed)).record
                yield record.epoch, record.seq

    @property
    def device(self) -> str:
        """The device's name."""
        return glimpse(self.state / "outbox.db").device

    def counters(self) -> Counters:
        """The balance on the card."""
        return glimpse(self.state / "outbox.db").counters


def agent(truck: Truck, *arguments: str | Path) -> str:
    """What one of the agent's commands says; it must succeed."""
    command = [sys.executable, "-m", "agent", *map(str, arguments), "--config", str(truck.config)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=READY_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
