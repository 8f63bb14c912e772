"""The processes of a demonstration: one server and its simulated trucks, all of them real.

Each child leads a process group of its own, writes to a log file of its own, is told to end by its
own id, and ends by itself should its parent vanish. It refuses to start anything on its own
initiative: server/demo.py says when.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

HOST = "127.0.0.1"
ASK = b'{"ask":"status"}\n'
MAX_ANSWER = 1 << 18
TAIL_LINES = 12
PR_SET_PDEATHSIG = 1


class ChildFailed(Exception):
    """A child ended or never answered; the text has the end of its log."""


@dataclass(frozen=True, slots=True)
class Cast:
    """One simulated truck: the name on its plate, and what happens to it.

    room: of a site, which has one sensor there and no position; "": a truck. owner: kind of its
    organisation. period_ms: of readings, and of positions at most. channels: its sensors.
    """

    plate: str
    scenario: str
    seed: int
    owner: str = "carrier"
    room: str = ""
    period_ms: int = 10_000
    channels: tuple[str, ...] = ("air-front", "air-door", "box-probe")


CAST = (
    Cast("부산 80바 1234", "steady", 11),
    Cast("부산 81바 5678", "dead-zone", 7),
    Cast("부산 82바 9012", "failing-compressor", 3),
)


STEP_MS = 120_000
"""Of the story's readings: EN 12830 asks for one in five minutes on such a way."""
STORY = (
    Cast("데모 85바 3141", "long-day", 5, period_ms=STEP_MS, channels=("air-front",)),
    Cast("데모 86바 2718", "steady", 6, period_ms=STEP_MS, channels=("air-front",)),
    Cast("데모 가공장 냉장실", "steady", 7, "plant", "cold-room", STEP_MS),
    Cast("데모 소매점 진열장", "steady", 8, "shop", "cold-room", STEP_MS),
)
"""Two trucks and two rooms of the cold chain's story; server.coldchain.seed knows them by name."""
STORY_SPEED, STORY_S = 1440, 20
"""Eight hours in 20 seconds."""


@dataclass(slots=True)
class Child:
    """One process and its log."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, name: str, argv: Sequence[str], env: Mapping[str, str], log: Path) -> Child:
        """Start `python -m ARGV` with its output in `log`."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env),
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        return cls(name, log, process)

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def tell(self, wish: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if self.running:
            self.process.send_signal(wish)

    def end(self, patience_s: float) -> int:
        """Wait for its end; what is left of its group after that is killed. Returns its status."""
        try:
            return self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait()

    def failure(self, what: str) -> ChildFailed:
        """The reason to give up, with the last lines of its log."""
        lines = self.log.read_text("utf-8", "replace").splitlines()[-TAIL_LINES:]
        return ChildFailed("\n".join([f"{self.name}: {what}", *(f"  {line}" for line in lines)]))


def _end_with_parent() -> None:
    """Runs in the child: a demonstration that was killed leaves nothing running behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Truck:
    """One simulated truck: its folder, its process, and what it last said of itself."""

    cast: Cast
    folder: Path
    socket: Path
    child: Child | None = None
    status: Mapping[str, object] = field(default_factory=dict)
    most_made: int = 0

    @property
    def config(self) -> Path:
        """Its settings file."""
        return self.folder / "agent.toml"

    def prepare(self) -> None:
        """Write its settings."""
        self.folder.mkdir(mode=0o700, parents=True)
        self.config.write_text(settings(self.cast, self.socket), "utf-8")

    def enrol(self, url: str, token: str, env: Mapping[str, str]) -> Child:
        """Start its enrolment."""
        argv = ["agent", "enrol", url, token, "--config", str(self.config)]
        return Child.start(self.cast.plate, argv, env, self.folder / "enrol.log")

    def drive(self, pace: Sequence[str], env: Mapping[str, str]) -> None:
        """Start its agent; pace: how fast its time passes, and how long it drains."""
        argv = ["agent", "run", *pace, "--config", str(self.config)]
        self.child = Child.start(self.cast.plate, argv, env, self.folder / "run.log")

    @property
    def running(self) -> bool:
        """Whether its agent runs."""
        return self.child is not None and self.child.running

    def look(self) -> None:
        """Ask the running agent how it is doing; what it said before stands if it is busy."""
        if said := ask(self.socket):
            self._hear(said)

    def look_at_rest(self, env: Mapping[str, str]) -> None:
        """Read what lies on its card once the agent has ended."""
        argv = [sys.executable, "-m", "agent", "status", "--json", "--config", str(self.config)]
        done = subprocess.run(argv, env=dict(env), capture_output=True, check=False, timeout=60)
        with contextlib.suppress(ValueError):
            self._hear(json.loads(done.stdout))

    def _hear(self, said: Mapping[str, object]) -> None:
        self.status = {**self.status, **said}
        self.most_made = max(self.most_made, self.counter("made"))

    def counter(self, name: str) -> int:
        """One of the counters it last told, 0 before it told any."""
        counters = self.status.get("counters")
        found = counters.get(name, 0) if isinstance(counters, Mapping) else 0
        return found if isinstance(found, int) else 0

    @property
    def device(self) -> str:
        """The name under which the server knows it; empty before it said so."""
        return str(self.status.get("device") or "")


def ask(path: Path, patience_s: float = 0.5) -> Mapping[str, object]:
    """Ask an agent for its status; nothing when it does not answer at once."""
    with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(OSError, ValueError):
        line.settimeout(patience_s)
        line.connect(str(path))
        line.sendall(ASK)
        said = b""
        while not said.endswith(b"\n") and len(said) < MAX_ANSWER:
            part = line.recv(65_536)
            if not part:
                break
            said += part
        answer = json.loads(said)
        return answer if isinstance(answer, dict) else {}
    return {}


def now_ms() -> int:
    """The server's clock. Imported late: the ledger wants Django, and `--help` does not."""
    from server.ledger import tick

    return tick.now_ms()


def answers(port: int) -> bool:
    """Whether a server of ours answers there."""
    line = HTTPConnection(HOST, port, timeout=2)
    try:
        line.request("GET", "/checkpoint")
        return line.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        line.close()


def is_free(port: int) -> bool:
    """Whether the port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def settings(cast: Cast, path: Path) -> str:
    """The settings file of a simulated truck, or of a room."""
    part = "mock-site" if cast.room else "mock-truck"
    channels = (cast.room,) if cast.room else cast.channels
    others = ("link",) if cast.room else ("position", "door", "link")
    return "\n".join(
        [
            "# Written by `jagalchi-server demo`. config/agent.toml explains every key.",
            "[agent]",
            f'profile = "{"site" if cast.room else "truck"}"',
            f"name = {json.dumps(cast.plate, ensure_ascii=False)}",
            'state_dir = "state"',
            f"socket = {json.dumps(str(path))}",
            f"sample_period_ms = {cast.period_ms}",
            *([] if cast.room else [f"position_period_ms = {cast.period_ms}"]),
            *(
                f'[[sensor]]\nnumber = {number}\nname = "{name}"\npart = "{part}"'
                for number, name in enumerate(channels, 1)
            ),
            *(f'[{one}]\npart = "{part}"' for one in others),
            f'[mock]\nscenario = "{cast.scenario}"\nseed = {cast.seed}',
            LIMIT,
        ]
    )


LIMIT = """\
[[limit]]
id = 1
sensor = 1
quantity = "temperature"
threshold_milli = 5000
hysteresis_milli = 500
delay_ms = 600000
uncertainty_milli = 500
"""
