"""A device whose records a test writes one by one: value, time and clock as the test wants them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from django.test import Client

from protocol.bodies import Body, EventBody, Measured, Opening, Reading, SensorLabel
from protocol.record import Sealed, seal
from protocol.registry import Event, Param, Quantity, Status, TimeSource
from science.sensing import Happened
from server.coldchain.models import Track
from server.coldchain.packing import Readings, Seen, pack
from server.devices.models import Asset, Assignment, Device
from tests.protocol import build
from tests.server.conftest import ORIGIN
from tests.server.devices.trucks import Truck

START = 1_780_000_000_000
BEAT = 10_000
NAMES = ("air-front", "air-door", "unit-display")


def temperatures(*values: int | None) -> Reading:
    """A reading of the sensors 1, 2 ...; None: no answer."""
    return Reading(
        tuple(
            Measured(
                number,
                Quantity.TEMPERATURE,
                value,
                Status.OK if value is not None else Status.NO_ANSWER,
            )
            for number, value in enumerate(values, 1)
        )
    )


def door(event: Event, number: int = 9) -> EventBody:
    """A door's contact."""
    return EventBody(event, number)


def calibrated(sensor: int, since_ms: int) -> EventBody:
    """Word of a sensor's calibration."""
    params = ((Param.VALUE, 100), (Param.VERSION, 1), (Param.SINCE_MS, since_ms))
    return EventBody(Event.CONFIG_APPLIED, sensor, params)


@dataclass
class Recorder:
    """One epoch of an enrolled device."""

    truck: Truck
    sealed: list[Sealed] = field(default_factory=list)
    began_ms: int = START

    @classmethod
    def enrol(cls, client: Client, name: str = "truck", began_ms: int = START) -> Recorder:
        """Enrol a device and let it open its epoch."""
        made = cls(Truck.enrol(client, name), began_ms=began_ms)
        sensors = tuple(SensorLabel(number, name) for number, name in enumerate(NAMES, 1))
        body = build.opening(made.truck.who, None, ORIGIN)
        given = (body.device, body.origin, body.boot_id, body.software, None, None, sensors)
        made.say(Opening(*given), began_ms)
        return made

    @property
    def asset(self) -> int:
        """The asset that it was fitted to first."""
        assignment = Assignment.objects.filter(device=self.truck.device).order_by("id").first()
        assert assignment is not None
        return assignment.asset_id

    def say(self, body: Body, at_ms: int | None, boot_ms: int | None = None) -> None:
        """Seal one record; without a time it has the boot clock alone."""
        last = self.sealed[-1] if self.sealed else None
        place = build.Place(
            build.digest("epoch 1", 8),
            len(self.sealed),
            last.hash if last else self.truck.chain(1)[0].record.prev,
        )
        began = self.began_ms
        boot = boot_ms if boot_ms is not None else (at_ms or began) - began
        made = build.record(body.KIND, body, place)._replace(utc_ms=at_ms, boot_ms=boot)
        if at_ms is None:
            made = made._replace(source=TimeSource.NONE, uncertainty_ms=None)
        self.sealed.append(seal(made, self.truck.who.kid, self.truck.who.sign))

    def measure(self, values: Iterable[int | None], begin_ms: int = START + BEAT) -> None:
        """One reading a beat of one sensor."""
        for beat, value in enumerate(values):
            self.say(temperatures(value), begin_ms + beat * BEAT)

    def post(self, *cuts: int, order: Sequence[int] = ()) -> None:
        """Post everything, cut before these records, in this order; the opening's span first."""
        edges = [0, *cuts, len(self.sealed)]
        spans = [self.sealed[a:b] for a, b in pairwise(edges)]
        for place in order or range(len(spans)):
            codes = self.truck.codes(spans[place])
            assert codes == ["accepted"], codes


def asset_of(name: str) -> Asset:
    """An asset with a device, for rows that are put down directly."""
    asset, _ = Asset.objects.get_or_create(name=name, defaults={"made_ms": 0})
    return asset


def device(name: str) -> Device:
    """A device in name only."""
    made, _ = Device.objects.get_or_create(
        name=build.key(name).device, defaults={"enrolled_ms": 0, "answer": b""}
    )
    return made


def row(
    asset: Asset,
    seen: Sequence[tuple[int, int | None]],
    happened: Sequence[Happened] = (),
    by: str = "device",
    uncertainty: int = 500,
) -> Track:
    """A row of readings (UTC ms, milli_celsius), as the log's reader would have made it."""
    found = [Seen(at, value, value, 0 if value is None else uncertainty) for at, value in seen]
    times = [*(at for at, _ in seen), *(one.at_ms for one in happened)]
    valued = [at for at, value in seen if value is not None]
    packed = pack(Readings(tuple(sorted(found, key=lambda one: one.at_ms)), tuple(happened)))
    return Track(
        asset=asset,
        device=device(by),
        span=build.digest(f"{by} {asset.pk} {min(times)} {max(times)} {len(times)}"),
        from_ms=min(times),
        until_ms=max(times),
        first_ms=min(valued, default=None),
        last_ms=max(valued, default=None),
        packed=packed,
    )
