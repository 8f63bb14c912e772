"""A stall with a box on it: a real lot that went through real hands, with real readings behind it.

The truck is an enrolled device that posts to the intake; its readings become tracks, these a
verdict, and that an entry of the log, as in the running server.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.test import Client

from protocol import cose, record, wire
from protocol.bodies import Body, Measured, Position, Reading, Rotation
from protocol.record import Sealed
from protocol.registry import Fix, Kind, Quantity, Status
from science.verdict import History
from server.coldchain import exposures, tracks, verdicts
from server.coldchain.actions import custody, labels
from server.coldchain.handing import Answer
from server.coldchain.models import Label, Lot, Result
from server.devices.models import Asset, Assignment
from server.ledger import log
from server.ledger.writing import writing
from tests.protocol import build
from tests.server.coldchain.rig import KG, MINUTE, Chain, done, mackerel
from tests.server.conftest import ORIGIN
from tests.server.devices.trucks import Truck

HOUR = 60 * MINUTE
Celsius = Callable[[float], float | None]
"""Hours since the first reading -> degrees, None: no record at all."""


def steady(hours: float) -> float | None:
    """Good fish weather."""
    return 0.9 + 0.5 * math.sin(hours * 2.1) + (1.2 if int(hours * 3) % 7 == 0 else 0)


def warm(hours: float) -> float | None:
    """A cooler that fails on the way, and two hours without a record."""
    if 4 <= hours < 6:
        return None
    return 1.0 if hours < 2 else min(1.0 + (hours - 2) * 2.6, 13.5)


@dataclass
class Stall:
    """A chain, a truck that is its truck 1, and what is for sale."""

    chain: Chain
    truck: Truck
    sealed: list[Sealed]
    histories: Callable[[History], History] = lambda true: true
    """What a server makes of a history before it judges it: an honest one, nothing."""
    span: int = 200
    """Records that the truck sends at once."""
    signer: build.Key | None = None
    """The truck's key now, if it is no longer its first."""

    def rotate(self, name: str) -> None:
        """A new key for the truck, and an epoch under it."""
        new, old = build.key(name), self.sealed[-1]
        message = record.rotation_message(self.truck.device, old.head, new.cose_key)
        self.seal(Rotation(new.cose_key, cose.low_s(new.sign(message))), self.chain.now_ms)
        rotation = self.sealed[-1]
        self.truck.send(wire.encode_batch([[rotation.sealed]]))
        body = build.opening(self.truck.who, rotation.head, ORIGIN)
        place = build.Place(build.digest(f"epoch of {name}", 8), 0, rotation.hash)
        opening = replace_time(build.record(Kind.OPENING, body, place), self.chain.now_ms)
        self.sealed, self.signer = [record.seal(opening, new.kid, new.sign)], new

    def drive(self, hours: float, celsius: Celsius = steady, period_s: int = 120) -> None:
        """Readings for so long, positions among them; then the clock stands at their end."""
        start, count = self.chain.now_ms, int(hours * 3600 / period_s)
        for number in range(count):
            at_ms = start + number * period_s * 1000
            if number % 10 == 5:
                self.seal(Position(351_028_000, 1_290_364_000, 0, 0, Fix.FIX_3D, 9, 110, 0), at_ms)
            value = celsius(number * period_s / 3600)
            if value is not None:
                self.seal(reading(value), at_ms)
        self.post()
        self.chain.now_ms = start + int(hours * HOUR)

    def post(self) -> None:
        """Send what is sealed."""
        self._post(self.sealed)

    def seal(self, body: Body, at_ms: int) -> None:
        """One more record, not sent yet."""
        last, who = self.sealed[-1], self.signer or self.truck.who
        place = build.Place(last.record.epoch, last.record.seq + 1, last.hash)
        made = replace_time(build.record(body.KIND, body, place), at_ms)
        self.sealed.append(record.seal(made, who.kid, who.sign))

    def _post(self, records: Sequence[Sealed]) -> None:
        for start in range(0, len(records), self.span):
            self.truck.send(wire.encode_batch([build.raw(records[start : start + self.span])]))
        self.sealed = list(records[-1:])

    def judge(self, lot: Lot) -> Result:
        """What the server does when records have come: tracks, verdict, entry, checkpoint."""
        tracks.follow_all()
        with writing():
            history = self.histories(exposures.of(lot, self.chain.now_ms).history)
            row = verdicts.write(lot, history, self.chain.now_ms)
        log.sequence(self.chain.now_ms)
        assert row is not None, "nothing new to say"
        return row

    def label(self, lot: Lot, name: str) -> Label:
        """A bound label of a lot that somebody holds."""
        roll = done(labels.make_roll(self.chain.desk(name), 3))
        serial = Label.objects.filter(roll__event=roll).order_by("serial").first()
        assert serial is not None
        done(labels.bind(self.chain.desk(name), lot.ref, (serial.serial,)))
        return Label.objects.get(serial=serial.serial)

    def on_sale(
        self, celsius: Celsius = steady, hours: float = 7, trade: str = "고등어", **landing: Any
    ) -> Lot:
        """Land, load, drive, hand over; the lot as the shop has it, judged."""
        told = replace(mackerel(self.chain, 100 * KG, 10, **landing), trade=trade)
        lot = self.chain.land("cooperative", told)
        row = self.chain.offer(lot, "cooperative", "shop")
        self.chain.later(40).load("truck 1", lot, name="carrier")
        self.drive(hours, celsius)
        self.chain.unload("truck 1", lot, name="carrier")
        done(custody.accept(self.chain.later(5).desk("shop"), (Answer(row.id),)))
        row.refresh_from_db()
        assert row.went is not None
        self.chain.load("shop room", row.went, name="shop")
        self.chain.later(25)
        self.judge(row.went)
        return Lot.objects.get(pk=row.went.pk)


def reading(celsius: float) -> Reading:
    """Two sensors, the second a little colder."""
    milli = round(celsius * 10) * 100
    return Reading(
        (
            Measured(1, Quantity.TEMPERATURE, milli, Status.OK),
            Measured(2, Quantity.TEMPERATURE, milli - 300, Status.OK),
        )
    )


def replace_time(made: record.Record, at_ms: int) -> record.Record:
    """The record, dated."""
    return made._replace(utc_ms=at_ms)


def stall(chain: Chain, client: Client, where: str = "truck 1", name: str = "stall") -> Stall:
    """A stall whose truck 1 (or another room) has a device."""
    truck = Truck.enrol(client, name)
    asset = Asset.objects.get(name=where)
    Assignment.objects.filter(device=truck.device).update(asset=asset, from_ms=0)
    prev = wire.first_prev(truck.answer)
    opening = build.chain(1, who=truck.who, first_prev=prev, origin=ORIGIN)
    first = record.seal(
        replace_time(opening[0].record, chain.now_ms), truck.who.kid, truck.who.sign
    )
    return Stall(chain, truck, [first])
