"""Where lots are: rooms and stays, pallets, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import count

from django.db import connection

from science import gs1
from server.coldchain.done import Done
from server.coldchain.models import Label, Lot, OnPallet, Pallet, Roll, Room, Stay
from server.coldchain.rules import MAX_PARTS
from server.coldchain.taking import CHUNK, begin, end_all
from server.devices.models import Asset
from server.ledger import rows

DIGITS = 8
"""Bytes of chance for a serial: what is over of them is too little to matter."""


def room(done: Done) -> None:
    """A truck or a room; its asset is known to the devices' log, or is made here."""
    told, number = done.told, int(done.told["room"])
    if Room.objects.filter(id=number).exists():
        return
    given = {"made_ms": done.event.noted_ms, "organisation": done.event.organisation}
    asset, _ = Asset.objects.get_or_create(name=told["asset"], defaults=given)
    Room.objects.create(
        id=number,
        asset=asset,
        organisation_id=done.event.organisation,
        place=done.event.place,
        kind=told["kind"],
        profile=told["profile"],
        made_ms=done.event.noted_ms,
    )
    if connection.vendor == "postgresql":
        # Numbers that were given by hand are not counted there.
        rows.fetch(
            "SELECT setval(pg_get_serial_sequence('coldchain_room', 'id'), max(id))"
            " FROM coldchain_room"
        )


def load(done: Done) -> None:
    """So much of each lot is there from now on."""
    where = Room.objects.get(id=done.told["room"])
    Stay.objects.bulk_create(
        Stay(
            lot=one.lot,
            room=where,
            boxes=one.boxes,
            grams=one.grams,
            from_ms=done.event.at_ms,
            loaded=done.event,
        )
        for one in done.lines
    )


def unload(done: Done) -> None:
    """So much of each lot leaves; what does not goes on lying there."""
    where = int(done.told["room"])
    there = stays(done.lots, where)
    plan = [(there[one.lot.id], one) for one in done.lines]
    end_all([stay for stay, _ in plan], done.event)
    for stay, one in plan:
        if one.grams < stay.grams:
            rest = (stay.grams - one.grams, max(stay.boxes - one.boxes, 0))
            begin(one.lot, where, rest, done.event)


def stays(lots: Sequence[Lot], where: int) -> Mapping[int, Stay]:
    """The open stay of each lot in this room; the oldest, where there are several."""
    found: dict[int, Stay] = {}
    for start in range(0, len(lots), CHUNK):
        ids = [one.id for one in lots[start : start + CHUNK]]
        open_ = Stay.objects.select_for_update(of=("self",)).select_related("lot")
        found |= {
            one.lot_id: one
            for one in open_.filter(lot__in=ids, room=where, until_ms=None).order_by("-id")
        }
    return found


def pack(done: Done) -> None:
    """A new pallet with so much of lots."""
    pallet = Pallet.objects.create(
        id=done.told["pallet"],
        sscc=done.told["sscc"],
        organisation_id=done.event.organisation,
        made_ms=done.event.at_ms,
    )
    OnPallet.objects.bulk_create(
        OnPallet(pallet=pallet, lot=one.lot, boxes=one.boxes, grams=one.grams, packed=done.event)
        for one in done.lines
    )


def unpack(done: Done) -> None:
    """These lots are off the pallet; with the last of them it is no more."""
    on_it = OnPallet.objects.filter(pallet=done.told["pallet"], off=None)
    on_it.filter(lot__in=done.lots).update(off=done.event)
    if not on_it.exists():
        Pallet.objects.filter(id=done.told["pallet"]).update(ended_ms=done.event.at_ms)


def roll(done: Done) -> None:
    """A roll with its labels."""
    made = Roll.objects.create(
        id=done.told["roll"],
        organisation_id=done.event.organisation,
        labels=done.told["labels"],
        event=done.event,
        made_ms=done.event.noted_ms,
    )
    serials = serials_of(done.told["seed"], made.labels)
    Label.objects.bulk_create(
        (Label(serial=one, roll=made) for one in serials), batch_size=MAX_PARTS
    )


def serials_of(seed: str, labels: int) -> list[str]:
    """The serials of a roll, sorted, from its seed (hex)."""
    found: set[str] = set()
    for number in count():
        if len(found) == labels:
            break
        digest = sha256(bytes.fromhex(seed) + number.to_bytes(4, "big")).digest()
        found.add(gs1.short_code(int.from_bytes(digest[:DIGITS], "big") % gs1.MOST_SHORT))
    return sorted(found)


def bind(done: Done) -> None:
    """Labels are the lot's, for good."""
    (line,) = done.lines
    serials = done.told["labels"]
    for start in range(0, len(serials), MAX_PARTS):
        some = Label.objects.filter(serial__in=serials[start : start + MAX_PARTS])
        some.update(lot=line.lot, bound=done.event, bound_ms=done.event.at_ms)
