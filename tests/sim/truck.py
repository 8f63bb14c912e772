"""A truck of the simulation: the agent's real loop on a card that can be cut, rolled back, copied.

The card is a folder in memory. What its agent signs passes `Pen`, which knows every number that
was ever signed. Nothing here decides what goes wrong: that is the world's part.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import cast

from agent import loop
from agent.core.chain import Identity
from agent.core.plan import Plan, Watch
from agent.edge import Edge, Mode, State
from agent.edges import walltime
from agent.edges.clock import Instant
from agent.edges.courier import Courier, Outcome, Request, Response
from agent.edges.outbox import Caps, Outbox, Owner, StorageTrouble
from agent.edges.sealer import Sealer
from agent.edges.walltime import WallFacts
from hal import Bench
from hal.absent import NoLight, NoPositioner
from hal.api import Fault, Measurement, Moment, Quantity, Role
from hal.bench import FittedContact
from protocol import cbor, cose, record, wire
from protocol.excursion import Limit
from protocol.opening import SensorLabel
from protocol.registry import Quantity as Measured
from server.devices.crypto import verify_ed25519
from tests.protocol import build
from tests.sim import knife
from tests.sim.knife import Killed, Knife

LIMIT = Limit(
    id="1",
    threshold=-15_000,
    above=True,
    hysteresis=500,
    delay_ms=0,
    budget_ms=None,
    gap_ms=900_000,
    uncertainty=0,
)


class Pen:
    """Signs by RFC 6979 and remembers: one number of one epoch never gets two contents."""

    def __init__(self, who: build.Key) -> None:
        self.public, self.kid, self.device = who.cose_key, who.kid, who.device
        self._sign = who.sign
        self.signed: dict[tuple[bytes, int], bytes] = {}
        self.sealed: set[bytes] = set()
        self.twice: list[tuple[bytes, int]] = []

    def sign(self, message: bytes) -> bytes:
        """See Signer."""
        parts = cbor.decode(message, max_bytes=1 << 20)
        assert isinstance(parts, list | tuple)
        if parts[2] == cose.RECORD_DOMAIN:
            payload = bytes(parts[3])
            made = record.decode(payload)
            if self.signed.setdefault((made.epoch, made.seq), payload) != payload:
                self.twice.append((made.epoch, made.seq))
        return self._sign(message)


class Pencase:
    """The key files of one card: what was in use last, and the next one. Steps pass the knife."""

    def __init__(self, pen: Pen, knife: Knife) -> None:
        self.used, self.next, self.knife = pen, cast(Pen | None, None), knife

    def heir(self) -> Pen | None:
        """See Heirs."""
        return self.next

    def wish(self, who: build.Key) -> Pen:
        """What `rotate` does. Of one card no number is signed twice, whatever the key."""
        self.next = Pen(who)
        self.next.signed, self.next.twice = self.used.signed, self.used.twice
        return self.next

    def put_back(self, used: Pen, heir: Pen) -> None:
        """The card forgot a rename."""
        self.used, self.next = used, heir

    def promote(self) -> None:
        """See Heirs: the rename is done or not, whatever the call says."""
        self.knife.step("promote", self._rename, OSError)

    def _rename(self) -> None:
        assert self.next
        self.used, self.next = self.next, None


@dataclass
class SimClock:
    """The world's clock as one machine sees it: boot time, and whatever its wall clock says.

    `skew_ms` is how wrong the wall clock is; `vouched` whether the kernel says that it is right,
    `synced_ms` when a time service, by its own file, last did.
    """

    now: Callable[[], int]
    booted_ms: int = 0
    boots: int = 0
    skew_ms: int = 0
    vouched: bool = True
    synced_ms: int | None = None
    mark: walltime.Mark | None = None
    name: str = ""

    def boot(self) -> None:
        """The power came back."""
        self.booted_ms = self.now() - 20_000
        self.boots += 1
        self.mark = None

    def read(self) -> Instant:
        """See Clock: what the machine says goes through the agent's own judgement."""
        boot_ms, utc_ms = self.now() - self.booted_ms, self.now() + self.skew_ms
        error = 50 if self.vouched else None
        facts = WallFacts(utc_ms, boot_ms, error, self.synced_ms)
        self.mark = walltime.marked(self.mark, facts)
        wall = walltime.judge(facts, self.mark)
        boot_id = build.digest(f"boot {self.name} {self.boots}", 16)
        return Instant(boot_ms, wall.utc_ms, wall.source, wall.uncertainty_ms, boot_id)

    def wait(self, delta_ms: int, readable: Sequence[int] = ()) -> tuple[int, ...]:
        """Never called: the world turns the loop itself."""
        raise AssertionError((delta_ms, readable))

    def real_seconds(self, delta_ms: int) -> float:
        """See Clock."""
        return delta_ms / 1_000


@dataclass
class Cargo:
    """A sensor, a door and a modem whose answers the world sets. Every value differs."""

    now: Callable[[], int]
    warm: bool = False
    mute: bool = False
    open: bool | None = None
    link: bool | None = None
    reads: int = 0
    simulated: bool = True
    wake_fd: int | None = None

    def close(self) -> None:
        """See Part."""


class Thermometer(Cargo):
    """See Sensor."""

    def read(self, at: Moment) -> tuple[Measurement, ...]:
        """A value never seen before, or a fault."""
        self.reads += 1
        base = -12_000 if self.warm else -18_000
        return (
            Measurement(
                sensor=1,
                quantity=Quantity.TEMPERATURE,
                value=None if self.mute else base + self.reads % 900,
                fault=Fault.NO_ANSWER if self.mute else None,
            ),
        )


class Door(Cargo):
    """See Contact."""

    def read(self, at: Moment) -> bool | None:
        """As the world has it."""
        return self.open


class Modem(Cargo):
    """See Link."""

    def up(self, at: Moment) -> bool | None:
        """As the world has it."""
        return self.link


class SimCourier(Courier):
    """One slot, no thread: the request goes to the world, which hands back the outcome."""

    def __init__(self, out: Callable[[Request], None]) -> None:
        super().__init__(_NoTransport())
        self._out = out
        self.asked: Request | None = None

    def post(self, request: Request) -> bool:
        """See Courier."""
        if self._busy or self._closed:
            return False
        self._busy, self.asked = True, request
        if self.link_up is False:
            self.hand(Outcome(request, None, "there is no link"))
        else:
            self._out(request)
        return True

    def hand(self, outcome: Outcome) -> None:
        """What came of the request under way."""
        assert self._busy and self._outcome is None
        self._outcome, self.asked = outcome, None


class _NoTransport:
    def send(self, method: str, path: str, body: bytes, deadline_s: float) -> Response:
        raise AssertionError((method, path, body, deadline_s))


Out = Callable[["Truck", Request], None]


@dataclass
class Truck:
    """One card, one key, one machine. `state` is None while its agent is not running."""

    name: str
    folder: Path
    pen: Pen
    enrolment: bytes
    clock: SimClock
    random: Random
    out: Out
    caps: Caps = field(default_factory=Caps)
    knife: Knife = field(default_factory=Knife)
    state: State | None = None
    edge: Edge | None = None
    courier: SimCourier | None = None
    run: int = 0
    periods: tuple[int, int] = (10_000, 0)
    heard_ms: int | None = None
    lost: bool = False

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.keys = Pencase(self.pen, self.knife)
        self.pinned = wire.decode_enrol_answer(self.enrolment)
        self.cargo = Thermometer(self.clock.now)
        self.door, self.modem = Door(self.clock.now), Modem(self.clock.now)

    @property
    def device(self) -> str:
        """Its name at the server."""
        return self.pen.device

    @property
    def path(self) -> Path:
        """The outbox on its card."""
        return self.folder / "outbox.db"

    def start(self) -> None:
        """Start the agent as the daemon does; it may be killed on the way."""
        assert self.state is None
        self.run += 1
        self.heard_ms, self.lost = None, False
        owner = Owner(self.device, self.pinned.log_key(), self.pinned.recovery_key())
        self.courier = SimCourier(lambda request: self.out(self, request))
        outbox = Outbox(self.path, owner, self.caps, knife.card(self.knife))
        try:
            with suppress(StorageTrouble):
                outbox.reopen()
            self.edge = self._edge(outbox, self.courier)
            self.state = loop.begin(self.edge)
        except Killed:
            self._gone(outbox)

    def turn(self, mode: Mode = Mode.RUN) -> None:
        """One turn of the loop; it may be killed in it."""
        assert self.edge and self.state
        try:
            self.state = loop.turn(self.edge, self.state, mode)
        except Killed:
            self.kill()

    def kill(self) -> None:
        """SIGKILL: RAM is gone, the card keeps what was committed."""
        if self.edge:
            self._gone(self.edge.sealer.outbox)

    def _gone(self, outbox: Outbox) -> None:
        outbox._drop("killed")  # closes without saving, as the end of a process does
        outbox.close()
        if self.courier:
            self.courier.close()
        self.state = self.edge = self.courier = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a look at a copy of the card, which nobody else may open while an agent runs."""
        copy = self.image(self.folder.with_name(f"{self.name}.look")) / "outbox.db"
        with closing(sqlite3.connect(copy)) as sql:
            yield sql

    def image(self, to: Path) -> Path:
        """Copy what lies on the card now."""
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir()
        for part in ("outbox.db", "outbox.db-wal"):
            if (self.folder / part).exists():
                shutil.copy(self.folder / part, to / part)
        return to

    def put(self, image: Path) -> None:
        """Put an image on the card of a machine that is off."""
        assert self.state is None
        for part in ("outbox.db", "outbox.db-wal", "outbox.db-shm"):
            (self.folder / part).unlink(missing_ok=True)
        for file in image.iterdir():
            shutil.copy(file, self.folder / file.name)

    def _edge(self, outbox: Outbox, courier: SimCourier) -> Edge:
        light = NoLight()
        contact = FittedContact(0, "door", Role.DOOR, self.door)
        bench = Bench((self.cargo,), NoPositioner(), (contact,), light, light, self.modem)
        identity = Identity(
            device=self.device,
            genesis=wire.first_prev(self.enrolment),
            software="sim",
            sensors=(SensorLabel(1, "air"),),
            simulated=True,
        )
        watch = Watch(1, 1, Measured.TEMPERATURE, LIMIT)
        plan = Plan(
            self.name,
            *self.periods,
            enrolled=self.enrolment,
            first_key=self.pen.public,
            watches=(watch,),
        )
        return Edge(
            clock=self.clock,
            bench=bench,
            sealer=Sealer(outbox, self.keys.used, identity, self.random.randbytes),
            courier=courier,
            plan=plan,
            verify=verify_ed25519,
            entropy=self.random.randbytes,
            mode=lambda _: Mode.RUN,
            report=lambda _: None,
            descriptors=tuple,
            serve=lambda *_: None,
            keys=self.keys,
        )
