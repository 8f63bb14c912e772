"""What a reading costs the card: bytes that reach the block device, on an ext4 of its own.

`python -m tests.bench.truck_card FOLDER FOLDER`, with the folders of two enrolled trucks at rest,
runs real agents on such file systems and prints one JSON object. The journal and the metadata
count, and nobody else's bytes do. It mounts: start it in a mount namespace of its own
(`device.alone`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.figure import Figure
from tests.bench.truck_stage import ALL_PARTS, NOBODY, Agent, Truck
from tests.power import device

IMAGE_BYTES = 256 << 20
SECTOR = 512
SINGLE, GROUPED = "500", "50"
"""--speed: a hundred records a second or more; what is counted here are bytes, not seconds."""

POSITIONS = '[position]\npart = "mock-truck"\n'
LOG_BYTES = 1_000 * (4_096 + 24)
"""The write-ahead log at its longest: from here on it is written over and grows no more."""

MEASURED = 600
SETTLED = 32
WINDOW_S = 120
PATIENT = "noatime,commit=300"
"""ext4 journals a file's new timestamp every `commit` seconds: 5, unless it is told otherwise."""


@dataclass(frozen=True, slots=True)
class Pace:
    """An agent that syncs at its own pace of a reading per ten seconds, for a while."""

    cpu_s: float
    seconds: float
    readings: int


@dataclass(frozen=True, slots=True)
class Wear:
    """Bytes on the device: per record alone in its commit, per record among ten in one commit,
    and per reading that is synced at ten seconds, mounted as usual and as PATIENT.
    """

    single: float
    grouped: float
    usual: float
    patient: float


def figures(first: Truck, second: Truck) -> Iterator[Figure]:
    """Measure on cards of our own where that is allowed; the CPU at rest in any case."""
    if not device.available():
        print("bytes to the device: skipped, they need root and loop devices", file=sys.stderr)
        yield _idle(_paced(first, lambda: None))
        return
    done = device.alone(["tests.bench.truck_card", str(first.folder), str(second.folder)])
    if done.returncode:
        raise RuntimeError(done.stderr)
    found = json.loads(done.stdout)
    yield _idle(Pace(**found["pace"]))
    yield from _wear(Wear(**found["wear"]))


def _idle(pace: Pace) -> Figure:
    share = pace.cpu_s / pace.seconds * 100
    reference = f"ThingsBoard 1.9-2.3; {pace.seconds:.0f} s, {pace.readings} readings"
    return Figure("CPU at one reading per 10 s, syncing", share, "%", 0.3, reference)


def _wear(wear: Wear) -> Iterator[Figure]:
    rows = (
        ("record, one per commit", wear.single, 12, "rsyslog 77, WeeWX ~1,000, floor 11.8"),
        ("record, ten per commit", wear.grouped, 2.5, "floor 1.6"),
        ("synced reading per 10 s", wear.usual, 12, "half are file times; no peer measured"),
        (f"same, mounted {PATIENT}", wear.patient, 12, "file times journalled once in 5 min"),
    )
    for what, each, bar, reference in rows:
        yield Figure(f"to the device per {what}", each / 1_000, "KB", bar, reference)


@dataclass(frozen=True, slots=True)
class Card:
    """A mounted file system of our own."""

    folder: Path

    def written(self) -> int:
        """Bytes that have reached its block device, once all that waits has."""
        subprocess.run(["sync", "--file-system", str(self.folder)], check=True)
        where = self.folder.stat().st_dev
        stat = Path(f"/sys/dev/block/{os.major(where)}:{os.minor(where)}/stat").read_text()
        return int(stat.split()[6]) * SECTOR

    @classmethod
    @contextmanager
    def mounted(cls, options: str) -> Iterator[Card]:
        """A fresh one for the length of a `with`."""
        with tempfile.TemporaryDirectory(prefix="jagalchi-card-") as folder:
            image = Path(folder) / "image"
            with image.open("wb") as file:
                file.truncate(IMAGE_BYTES)
            device.make(image, block=4096)
            with device.mounted(image, Path(folder) / "card", options) as mount:
                yield cls(mount)


def _wear_of(card: Card, at_rest: Truck) -> tuple[float, float]:
    """Bytes per record: one per commit, and ten."""
    truck = at_rest.moved(card.folder / "truck")
    truck.set(url=NOBODY)
    with _warmed(truck) as agent:
        single = _each(agent, card)
    truck.set(POSITIONS, url=NOBODY, period_ms=1_000)
    with truck.driven("--speed", GROUPED) as agent:
        agent.hear("READY=1")
        return single, _each(agent, card)


@contextmanager
def _warmed(truck: Truck) -> Iterator[Agent]:
    """An agent whose log is as long as it gets, and killed: a stopped one takes its log away."""
    log = truck.outbox.with_name(truck.outbox.name + "-wal")
    with truck.driven("--speed", SINGLE) as agent:
        agent.until(lambda: log.exists() and log.stat().st_size >= LOG_BYTES)
        _record(agent, SETTLED)
        yield agent
        agent.child.kill()


def _each(agent: Agent, card: Card) -> float:
    before, records = card.written(), agent.truck.counters().committed
    _record(agent, MEASURED)
    return (card.written() - before) / (agent.truck.counters().committed - records)


def _catch_up(agent: Agent) -> None:
    agent.hear("READY=1")
    agent.until(lambda: agent.truck.counters().waiting < SETTLED)


def _record(agent: Agent, more: int) -> None:
    begun = agent.truck.counters().committed
    agent.until(lambda: agent.truck.counters().committed >= begun + more)


def _paced(truck: Truck, meanwhile: Callable[[], None]) -> Pace:
    """Let it catch up with the server, and then drive at its own pace; `meanwhile` first."""
    truck.set(ALL_PARTS)
    with truck.driven() as agent:
        _catch_up(agent)
        meanwhile()
        cpu, begun, records = agent.cpu_s(), time.monotonic(), truck.counters().committed
        agent.child.lives_through(WINDOW_S)
        readings = (truck.counters().committed - records) // 2
        return Pace(agent.cpu_s() - cpu, time.monotonic() - begun, readings)


def measure(first: Truck, second: Truck) -> tuple[Pace, Wear]:
    """On cards that are mounted differently, none of which is near a checkpoint when it counts."""
    with ExitStack() as doors:
        single, grouped = _wear_of(doors.enter_context(Card.mounted("noatime")), first)
        cards = [doors.enter_context(Card.mounted(how)) for how in ("noatime", PATIENT)]
        usual, patient = (
            one.moved(card.folder / "truck")
            for one, card in zip((first, second), cards, strict=True)
        )
        for truck in (usual, patient):
            truck.set(ALL_PARTS, url=NOBODY)
            with _warmed(truck):
                truck.set(ALL_PARTS)
        _catch_up(doors.enter_context(patient.driven()))
        before: list[int] = []
        pace = _paced(usual, lambda: before.extend(card.written() for card in cards))
        after = [card.written() for card in cards]
        each = [(b - a) / pace.readings for a, b in zip(before, after, strict=True)]
        return pace, Wear(single, grouped, *each)


if __name__ == "__main__":
    pace, wear = measure(*(Truck(Path(folder)) for folder in sys.argv[1:]))
    print(json.dumps({"pace": asdict(pace), "wear": asdict(wear)}))
