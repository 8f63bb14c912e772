"""An agent that may be told what to do: files, documents, and lives that end wherever one likes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent import daemon
from agent.core.plan import Plan, Watch
from agent.edge import Edge, Mode, State
from agent.edges import files
from agent.edges.clock import SteppedClock
from agent.edges.config_files import ConfigFiles
from agent.edges.outbox import Caps, Outbox, StorageTrouble
from agent.edges.sealer import Sealer
from agent.edges.signer import verify_ed25519
from agent.edges.tuner import Tuner
from hal import Bench
from hal.absent import NoLight, NoLink, NoPositioner
from hal.api import Fault, Measurement, Moment
from hal.api import Quantity as Measured
from hal.mock.light import MockLight
from protocol import configuration
from protocol.bodies import EventBody
from protocol.configuration import Bound, Configuration, Issue
from protocol.excursion import Limit
from protocol.record import Sealed
from protocol.registry import Event, Param, Quantity
from protocol.settable import Setting, Stage
from tests.agent.rig import (
    DEVICE,
    IDENTITY,
    ORIGIN,
    OWNER,
    SIGNER,
    START_UTC_MS,
    DirectCourier,
    Line,
    Server,
    epochs,
    on_disk,
)
from tests.agent.truck import MINUTE
from tests.protocol.testlog import NoteKey, note_key
from tests.sim import knife as cutting
from tests.sim.knife import Killed, Knife

KEY = note_key("config.test")
PERIOD_MS = 30_000
OWN = Limit(id="1", threshold=5_000, hysteresis=500, delay_ms=0, gap_ms=90_000, uncertainty=500)
BASE = Plan("truck", PERIOD_MS, 0, watches=(Watch(1, 1, Quantity.TEMPERATURE, OWN),))
TIGHT = Bound(1, 1, Quantity.TEMPERATURE, True, 2_000, 500, 0, 0)


def document(
    version: int, *limits: Bound, key: NoteKey = KEY, device: str = DEVICE, **settings: int
) -> bytes:
    """A signed document; settings by their names in lower case. `last`: of how long a log."""
    last = settings.pop("last", 1_000_000)
    given = {Setting[name.upper()]: value for name, value in settings.items()}
    content = Configuration(
        device=device,
        version=version,
        issued_ms=START_UTC_MS,
        issue=Issue(ORIGIN, 0, last),
        settings=tuple(sorted(given.items())),
        limits=limits,
    )
    return configuration.sign(content, key.sign)


def tuner(folder: Path, base: Plan = BASE) -> Tuner:
    """As the daemon makes it, not begun."""
    return Tuner(ConfigFiles(folder, DEVICE, KEY.key(), verify_ed25519), base, {1})


class Thermometer:
    """3.1 degrees and a little more each time; asked again within `spacing_ms` it says nothing.

    `mute`: neither otherwise.
    """

    simulated, wake_fd = True, None

    def __init__(self, spacing_ms: int = 20_000) -> None:
        self.spacing_ms, self.asked_ms, self.reads = spacing_ms, -spacing_ms, 0
        self.mute = False

    def read(self, at: Moment) -> tuple[Measurement, ...]:
        """See Sensor."""
        early = self.mute or at.boot_ms - self.asked_ms < self.spacing_ms
        self.asked_ms, self.reads = at.boot_ms, self.reads + 1
        value = None if early else 3_100 + self.reads % 90
        fault = Fault.NO_ANSWER if early else None
        return (Measurement(sensor=1, quantity=Measured.TEMPERATURE, value=value, fault=fault),)

    def close(self) -> None:
        """See Part."""


@dataclass
class Life:
    """One card and one server. `live` goes through as many starts as it takes."""

    path: Path
    server: Server = field(default_factory=Server)
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(START_UTC_MS))
    knife: Knife = field(default_factory=Knife)
    entropy: Callable[[int], bytes] = field(default_factory=epochs)
    script: Iterator[str] = field(default_factory=lambda: iter(()))
    starts: int = 0
    tuner: Tuner | None = None
    states: list[State] = field(default_factory=list)
    crash: Callable[[Tuner], bool] = lambda _: False
    buzzer: MockLight = field(default_factory=MockLight)
    thermometer: Thermometer = field(default_factory=Thermometer)

    def live(self, minutes: int) -> Tuner:
        """Until then, started again whenever something kills it."""
        until_ms = self.clock.read().boot_ms + minutes * MINUTE
        while self.clock.read().boot_ms < until_ms:
            with suppress(Killed):
                self._run(until_ms)
            self.clock.wait(1_000)
        assert self.tuner
        return self.tuner

    def _run(self, until_ms: int) -> None:
        self.starts += 1
        outbox = Outbox(self.path / "outbox.db", OWNER, Caps(), cutting.card(self.knife))
        try:
            with suppress(StorageTrouble):
                outbox.reopen()
            self.tuner = tuner(self.path)
            self.tuner.begin()
            daemon._run(self._edge(outbox, self.tuner, until_ms))
            outbox.close()
        except Killed:
            outbox._drop("killed")
            raise
        finally:
            outbox.close()

    def _edge(self, outbox: Outbox, tuner: Tuner, until_ms: int) -> Edge:
        light = NoLight()
        bench = Bench((self.thermometer,), NoPositioner(), (), light, self.buzzer, NoLink())

        def mode(state: State) -> Mode:
            if self.crash(tuner):
                raise Killed("fell over")
            return Mode.RUN if state.now.boot_ms < until_ms else Mode.STOP

        return Edge(
            clock=self.clock,
            bench=bench,
            sealer=Sealer(outbox, SIGNER, IDENTITY, self.entropy),
            courier=DirectCourier(Line(self.server, self.script)),
            plan=tuner.plan,
            verify=verify_ed25519,
            entropy=bytes,
            mode=mode,
            report=self.states.append,
            descriptors=lambda: (),
            serve=lambda ready, state: None,
            tuner=tuner,
        )

    def rows(self) -> list[Sealed]:
        """What is on the card."""
        return on_disk(self.path)

    def said(self) -> list[tuple[Stage, int, int]]:
        """Stage, number and reason of every word on a configuration, in order."""
        return [word for row in self.rows() if (word := told(row)) is not None]


def told(row: Sealed) -> tuple[Stage, int, int] | None:
    """What a record says of a configuration."""
    body = row.record.body
    if not isinstance(body, EventBody) or body.event is not Event.CONFIG_APPLIED:
        return None
    params = dict(body.params)
    numbers = params.get(Param.VERSION, 0), params.get(Param.PROBLEM, 0)
    return (Stage(params[Param.STATUS]), *numbers)


def version(tuner: Tuner) -> int | None:
    """The number of the document that is gone by."""
    return tuner.active.content.version if tuner.active else None


@contextmanager
def cut_files(knife: Knife, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every step of writing a file passes the knife; what is cut before it ends is half there."""
    aside, rename, sync = files._write_aside, Path.replace, files.sync_folder

    def write(path: Path, content: bytes) -> Path:
        if knife.steps + 1 == knife.at and not knife.harm.value[0]:
            path.with_name(path.name + ".new").write_bytes(content[: len(content) // 2])
        fresh = knife.step("write", lambda: aside(path, content), OSError)
        assert isinstance(fresh, Path)
        return fresh

    with monkeypatch.context() as patched:
        patched.setattr(files, "_write_aside", write)
        patched.setattr(
            Path, "replace", lambda a, b: knife.step("rename", lambda: rename(a, b), OSError)
        )
        patched.setattr(
            files, "sync_folder", lambda at: knife.step("sync", lambda: sync(at), OSError)
        )
        yield
