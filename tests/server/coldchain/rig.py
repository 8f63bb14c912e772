"""A harbour with everybody of one chain in it, under a pilot that runs; and lots in their hands.

Times are handed in: a chain starts on 2 June 2020, noon in Korea, and `chain.later(minutes)` moves
its clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from science.species import Ice, Species
from server.accounts import contacts
from server.accounts.contacts import Contact
from server.accounts.models import Membership
from server.accounts.rules import NOBODY, Actor, Refused, Role, Who
from server.coldchain.acting import Desk
from server.coldchain.actions import custody, landing, loading, places, working
from server.coldchain.actions.custody import To
from server.coldchain.actions.landing import Landing
from server.coldchain.actions.places import Site
from server.coldchain.actions.working import Job, Out
from server.coldchain.handing import Answer
from server.coldchain.models import Event, EventLot, Handover, Lot, Place, Room
from server.coldchain.rules import OPEN_CUSTODY, Gear, Part, PlaceKind, RoomKind, Source
from server.coldchain.taking import Amount
from server.devices.models import Asset
from server.pilots.actions import phases
from tests.server.pilots import rig as pilots

MINUTE, HOUR = 60_000, 3_600_000
NAMES = ("cooperative", "plant", "carrier", "wholesaler", "shop", "agency")
KG = 1000
PHOTO = "ab" * 32
OWN_TRUCKS = ("own truck 1", "own truck 2")
"""The cooperative's; the others are the carrier's."""


def done(result: Event | Refused) -> Event:
    """The event of an action that had to succeed."""
    assert not isinstance(result, Refused), result
    return result


def no(result: object) -> str:
    """The reason of an action that had to be refused."""
    assert isinstance(result, Refused), result
    return str(result.reason)


@dataclass
class Chain:
    """Everybody, their ids, and a clock."""

    pilot: pilots.Rig
    ids: dict[str, str]
    people: dict[str, Who]
    now_ms: int
    market: Place = field(init=False)
    rooms: dict[str, int] = field(default_factory=dict)

    def later(self, minutes: int = 10) -> Chain:
        """Let time go by."""
        self.now_ms += minutes * MINUTE
        return self

    def desk(self, name: str, **more: Any) -> Desk:
        """Somebody's desk now."""
        return Desk(self.people[name], self.ids[name], self.now_ms, **more)

    def stranger(self, **more: Any) -> Desk:
        """The desk of somebody without an account."""
        return Desk(NOBODY, "", self.now_ms, **more)

    def land(self, name: str = "cooperative", *landings: Landing, **more: Any) -> Lot:
        """Land one lot, or the first of several."""
        listed = landings or (mackerel(self, **more),)
        event = done(landing.land(self.desk(name), listed, self.market.id * (name == NAMES[0])))
        return made(event)[0]

    def hand(self, lot: Lot, giver: str, taker: str, grams: int | None = None) -> Lot:
        """Hand a lot (or so much of it) over, and have it accepted; return what the taker has."""
        row = self.offer(lot, giver, taker, grams)
        done(custody.accept(self.desk(taker), (Answer(row.id),)))
        row.refresh_from_db()
        assert row.went is not None
        return row.went

    def offer(self, lot: Lot, giver: str, taker: str, grams: int | None = None) -> Handover:
        """Propose a hand-over."""
        to = To(self.ids[taker], self.ids["carrier"] if giver != "carrier" else "")
        event = done(custody.offer(self.desk(giver), to, (Amount(lot.ref, grams),)))
        return Handover.objects.get(proposed=event)

    def split(self, lot: Lot, *grams: int, name: str = "cooperative") -> list[Lot]:
        """Split a lot into parts of that weight."""
        job = Job((Amount(lot.ref, sum(grams)),), tuple(Out(one) for one in grams))
        return made(done(working.split(self.desk(name), job)))

    def load(self, room: str, *lots: Lot, name: str = "cooperative") -> Event:
        """Load all of these: whoever runs the room does. What it has no part in yet is offered to
        it by `name`, and the offer withdrawn when it is aboard."""
        amounts = tuple(Amount(one.ref) for one in lots)
        runs = self.runs(room)
        offered = self._offered(name, runs, lots) if runs != name else ()
        event = done(loading.load(self.desk(runs), self.rooms[room], amounts))
        if offered:
            done(custody.withdraw(self.desk(name), offered))
        return event

    def runs(self, room: str) -> str:
        """Who runs a truck or room."""
        owner = Room.objects.get(id=self.rooms[room]).organisation_id
        return next(name for name, id_ in self.ids.items() if id_ == owner)

    def _offered(self, name: str, runs: str, lots: tuple[Lot, ...]) -> tuple[str, ...]:
        whose = Q(carrier=self.ids[runs]) | Q(taker=self.ids[runs])
        open_ = Handover.objects.filter(whose, status__in=OPEN_CUSTODY)
        has = {*open_.values_list("lot", flat=True), *open_.values_list("went", flat=True)}
        left = tuple(Amount(one.ref) for one in lots if one.id not in has)
        if not left:
            return ()
        event = done(custody.offer(self.desk(name), To(self.ids[runs]), left))
        return tuple(Handover.objects.filter(proposed=event).values_list("id", flat=True))

    def touched_by_another(self, lot: Lot) -> Event:
        """Somebody else of the cooperative goes on with a lot: throws a gram of it away."""
        boss = pilots.member("another", self.ids["cooperative"], Role.OPERATOR)
        desk = Desk(boss, self.ids["cooperative"], self.now_ms)
        return done(working.waste(desk, (Amount(lot.ref, 1),)))

    def unload(self, room: str, *lots: Lot, name: str = "cooperative") -> Event:
        """Unload all of these."""
        amounts = tuple(Amount(one.ref) for one in lots)
        return done(loading.unload(self.desk(name), self.rooms[room], amounts))


def mackerel(chain: Chain, grams: int = 1000 * KG, boxes: int = 50, **more: Any) -> Landing:
    """A landing of mackerel on ice, caught four hours ago."""
    known = {
        "catch_ms": chain.now_ms - 4 * HOUR,
        "catch_by": Source.FISHER,
        "ice": Ice.ICED,
        "area": "61",
        "gear": Gear.PURSE_SEINE,
        "vessel": "제3부산호",
        "origin": "연근해산",
        **more,
    }
    species = known.pop("species", Species.SCOMBER_JAPONICUS)
    return Landing("고등어", species, grams, boxes, **known)


def made(event: Event) -> list[Lot]:
    """The lots that an event made, in order."""
    named = EventLot.objects.filter(event=event, part=Part.MADE).select_related("lot")
    return [one.lot for one in named.order_by("id")]


def again(lot: Lot) -> Lot:
    """The lot as it is now."""
    return Lot.objects.get(id=lot.id)


def chain() -> Chain:
    """Everybody at their places, with a truck each way, cold rooms and a running pilot."""
    pilot = pilots.rig("coldchain")
    pilot.announce(1, pilots.INTERNAL)
    pilots.done(phases.open_phase(pilot.desk(), 1))
    now_ms = pilot.at(pilots.INTERNAL.first).now_ms
    ids = {name: pilots.organisation(name, name) for name in NAMES}
    people = {name: _reachable(name, id) for name, id in ids.items()}
    built = Chain(pilot, ids, people, now_ms)
    bosses = {
        name: pilots.member(f"{name}boss", id, Role.ADMINISTRATOR) for name, id in ids.items()
    }
    desks = {name: Desk(bosses[name], ids[name], now_ms - 24 * HOUR) for name in NAMES}
    _pilot_ran(built, desks)
    return built


def _reachable(name: str, organisation: str) -> Who:
    """Somebody who may act for an organisation and has a phone."""
    phone = f"010-2000-{NAMES.index(name):04}"
    person = contacts.person_at(Contact(phone), 0)
    Membership.objects.create(
        person_id=person, organisation_id=organisation, role=Role.OPERATOR, from_ms=0
    )
    return Who(person, Actor.PERSON, {organisation: Role.OPERATOR})


def _pilot_ran(built: Chain, desks: dict[str, Desk]) -> None:
    """Places and rooms: added as an administrator, on the first day of the pilot."""
    kinds = {"cooperative": PlaceKind.MARKET, "plant": PlaceKind.PLANT, "shop": PlaceKind.SHOP}
    at = {name: Desk(one.who, one.organisation, built.now_ms) for name, one in desks.items()}
    for name, kind in kinds.items():
        event = done(places.add_place(at[name], Site(kind, f"{name} 1", "부산")))
        assert event.place is not None
        if name == "cooperative":
            built.market = event.place
        room = RoomKind.COLD_ROOM
        _room(built, at[name], f"{name} room", room, event.place.id)
    for truck in ("truck 1", "truck 2"):
        _room(built, at["carrier"], truck, RoomKind.TRUCK, "")
    for truck in OWN_TRUCKS:
        _room(built, at["cooperative"], truck, RoomKind.TRUCK, "")


def _room(built: Chain, desk: Desk, name: str, kind: RoomKind, place: str) -> None:
    Asset.objects.create(name=name, made_ms=0, organisation=desk.organisation)
    done(places.add_room(desk, name, kind, place))
    built.rooms[name] = Room.objects.get(asset__name=name).id


def refused_by_the_database(write: Any, rule: str) -> bool:
    """Whether the database itself says no, by that rule."""
    try:
        with transaction.atomic():
            write()
    except IntegrityError as error:
        return rule in str(error)
    return False


@contextmanager
def undone() -> Iterator[None]:
    """Take everything back at the end: one example of many in one chain."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
