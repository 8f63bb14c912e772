"""The story of a demonstration: mackerel and a monkfish lot from a landing to a shelf, in eight
hours that end now. All of it by the real actions, told now of the hours before, as offices do.

The story's devices measure the air meanwhile, and its people keep pace with them: what is on the
truck whose compressor fails is transshipped once the truck has complained. `jagalchi-server demo`
alone calls it: organisations, people, devices and a running phase are there already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from science.balance import Step
from science.species import Ice, Species
from server.accounts.models import Membership
from server.accounts.rules import Actor, Refused, Role, Who
from server.coldchain import excursions
from server.coldchain.acting import Desk
from server.coldchain.actions import custody, labels, landing, loading, places, selling, working
from server.coldchain.actions.custody import To
from server.coldchain.actions.landing import Landing, Sold
from server.coldchain.actions.places import Facts, Site
from server.coldchain.actions.working import Job, Out
from server.coldchain.excursions import Measure, Stage
from server.coldchain.handing import Answer
from server.coldchain.models import Event, EventLot, Excursion, Handover, Label, Lot, Room
from server.coldchain.rules import MINUTE_MS, Gear, Part, PlaceKind, RoomKind, Source
from server.coldchain.shopper import codes
from server.coldchain.taking import Amount

KG: Final = 1_000
CAUGHT: Final = -240
"""Minutes before the story: four hours on ice on board."""
FRESH: Final = "kr_chilled"
TRUCK_A, TRUCK_B = "데모 85바 3141", "데모 86바 2718"
PLANT_ROOM, SHELF = "데모 가공장 냉장실", "데모 소매점 진열장"
SITES: Final[Mapping[str, Site]] = {
    "cooperative": Site(
        PlaceKind.MARKET, "데모 위판장", "부산 서구", "Demo market", "Seo-gu, Busan"
    ),
    "plant": Site(PlaceKind.PLANT, "데모 가공장", "부산 사하구", "Demo plant", "Saha-gu, Busan"),
    "shop": Site(PlaceKind.SHOP, "데모 소매점", "서울 송파구", "Demo shop", "Songpa, Seoul"),
}
ROOMS: Final = (
    ("carrier", TRUCK_A, RoomKind.TRUCK, "melting_ice"),
    ("carrier", TRUCK_B, RoomKind.TRUCK, FRESH),
    ("plant", PLANT_ROOM, RoomKind.COLD_ROOM, FRESH),
    ("shop", SHELF, RoomKind.DISPLAY, FRESH),
)
"""Whose, name of the asset, kind, profile."""
DEALER: Final = "17"
MACKEREL, MONKFISH = "9520000000011", "9520000000028"
"""Product numbers of the prefix that GS1 keeps for demonstrations and examples (952)."""
NO_HARM: Final = "데모: 얼음이 충분하고 냄새가 없음"
LATEST: Final = 720
"""The minute up to which the second truck waits for word of the first: a slow machine has its word
late, and the story has to end."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a shopper scans: of a box of mackerel, of a box of monkfish."""

    shopper_url: str
    monkfish_url: str


class Story:
    """Everybody's desks, with a clock in minutes since the story began."""

    def __init__(self, organisations: Mapping[str, str], begun_ms: int, now_ms: int) -> None:
        """`organisations`: ids by kind; each has its demonstration's people."""
        self._ids, self._begun_ms, self._now_ms = organisations, begun_ms, now_ms
        self._rooms: dict[str, int] = {}
        self._places: dict[str, str] = {}
        self._lots: tuple[Lot, ...] = ()
        self._offers: tuple[Answer, ...] = ()
        self._heard = False
        self._rest = [(255, self._transship), (390, self._to_wholesaler), (435, self._to_shop)]

    def begin(self, site: str) -> Addresses:
        """Up to the loading of the first truck; `site`: the address of this server.

        Raises RuntimeError.
        """
        self._settle_in()
        mackerel, monkfish = self._market()
        self._carry_to_plant(mackerel, monkfish)
        self._lots = self._work(mackerel, monkfish)
        found = [f"{site}{self._label(one)}" for one in self._lots]
        self._offers = self._offer("plant", "wholesaler", 160, self._lots)
        self._unload("plant", PLANT_ROOM, 170, self._lots)
        self._load("carrier", TRUCK_A, 170, self._lots)
        return Addresses(*found)

    def go_on(self, minute: int, now_ms: int) -> bool:
        """Tell what has happened up to this minute; whether the story is over."""
        self._now_ms = now_ms
        self._heard = self._heard or self._heed(minute)
        may = self._heard or minute >= LATEST
        while may and self._rest and self._rest[0][0] <= minute:
            self._rest.pop(0)[1]()
        return not self._rest

    def desk(self, kind: str, minute: int, role: Role = Role.OPERATOR) -> Desk:
        """The desk of somebody of an organisation, at a minute of the story."""
        organisation = self._ids[kind]
        here = Membership.objects.filter(organisation=organisation, role=role, until_ms=None)
        who = Who(here[0].person_id, Actor.PERSON, {organisation: role})
        at_ms = min(self._begun_ms + minute * MINUTE_MS, self._now_ms)
        return Desk(who, organisation, self._now_ms, at_ms=at_ms)

    def _settle_in(self) -> None:
        """Places, rooms and trucks; the market knows its dealer."""
        boss = Role.ADMINISTRATOR
        for kind, site in SITES.items():
            event = done(places.add_place(self.desk(kind, 0, boss), site))
            self._places[kind] = event.place_id or ""
        for kind, asset, room, profile in ROOMS:
            place = self._places.get(kind, "")
            done(places.add_room(self.desk(kind, 0, boss), asset, room, place, profile))
            self._rooms[asset] = Room.objects.get(asset__name=asset).id
        facts = Facts("부산 서구", "Seo-gu, Busan", dealer=DEALER)
        done(places.tell_party(self.desk("wholesaler", 0, boss), facts))

    def _market(self) -> tuple[Lot, Lot]:
        """양륙, 선별, 위판: the big mackerel, and the monkfish beside it."""
        caught = self._begun_ms + CAUGHT * MINUTE_MS
        told: dict[str, Any] = {
            "catch_ms": caught,
            "catch_by": Source.FISHER,
            "ice": Ice.ICED,
            "area": "61",
        }
        told |= {"origin": "연근해산", "gear": Gear.PURSE_SEINE, "graded": True}
        listed = (
            Landing("고등어", Species.SCOMBER_JAPONICUS, 1000 * KG, 50, **told),
            Landing("아귀", Species.LOPHIUS_LITULON, 200 * KG, 20, **told),
        )
        desk = self.desk("cooperative", 5)
        landed, monkfish = made(done(landing.land(desk, listed, self._places["cooperative"])))
        sizes = (Out(600 * KG, 30), Out(300 * KG, 15), Out(85 * KG, 5, feed=True))
        job = Job((Amount(landed.ref),), sizes, loss=15 * KG)
        big, _small, _feed = made(done(working.sort(self.desk("cooperative", 15), job)))
        sold = (Sold(big.ref, DEALER, 3_000_000), Sold(monkfish.ref, DEALER, 1_400_000))
        done(landing.award(self.desk("cooperative", 30), sold))
        return big, monkfish

    def _carry_to_plant(self, *lots: Lot) -> None:
        offers = self._offer("cooperative", "plant", 40, lots)
        self._load("carrier", TRUCK_A, 45, lots)
        self._unload("carrier", TRUCK_A, 105, lots)
        done(custody.accept(self.desk("plant", 108), offers))
        self._load("plant", PLANT_ROOM, 110, lots)

    def _work(self, mackerel: Lot, monkfish: Lot) -> tuple[Lot, Lot]:
        """손질, 소분: gutted both; half of the monkfish goes on."""
        out = Out(510 * KG, 51, gtin=MACKEREL)
        job = Job((Amount(mackerel.ref),), (out,), waste=80 * KG, loss=10 * KG)
        (fish,) = made(done(working.transform(self.desk("plant", 125), Step.GUT, job)))
        job = Job((Amount(monkfish.ref),), (Out(150 * KG, 15),), waste=45 * KG, loss=5 * KG)
        (gutted,) = made(done(working.transform(self.desk("plant", 140), Step.GUT, job)))
        halves = (Out(75 * KG, 8, gtin=MONKFISH), Out(75 * KG, 7))
        job = Job((Amount(gutted.ref, 150 * KG, 15),), halves)
        tail, _rest = made(done(working.split(self.desk("plant", 150), job)))
        return fish, tail

    def _heed(self, minute: int) -> bool:
        """The driver of the first truck has word that it is too warm, and does something."""
        rows = Excursion.objects.filter(room=self._rooms[TRUCK_A], lots__in=self._lots)
        desk, known = self.desk("carrier", minute), set(rows.values_list("id", flat=True))
        for one in sorted(known):
            excursions.take(desk, one, Stage.KNOWN)
            excursions.take(desk, one, Stage.ACTED, Measure.MOVED)
        return bool(known)

    def _transship(self) -> None:
        """환적: from the truck whose compressor failed into the second one."""
        self._unload("carrier", TRUCK_A, 255, self._lots)
        self._load("carrier", TRUCK_B, 255, self._lots)

    def _to_wholesaler(self) -> None:
        """Accepted with a reason: nobody has said yet what becomes of goods that were warm."""
        self._unload("carrier", TRUCK_B, 390, self._lots)
        done(custody.accept(self.desk("wholesaler", 392), self._offers, NO_HARM))
        self._offers = self._offer("wholesaler", "shop", 400, self._lots)
        self._load("carrier", TRUCK_B, 405, self._lots)

    def _to_shop(self) -> None:
        self._unload("carrier", TRUCK_B, 435, self._lots)
        done(custody.accept(self.desk("shop", 437), self._offers, NO_HARM))
        self._load("shop", SHELF, 440, self._lots)
        done(selling.put_on_sale(self.desk("shop", 455), tuple(one.ref for one in self._lots)))

    def _offer(
        self, giver: str, taker: str, minute: int, lots: tuple[Lot, ...]
    ) -> tuple[Answer, ...]:
        to = To(self._ids[taker], self._ids["carrier"])
        event = done(custody.offer(self.desk(giver, minute), to, _all(lots)))
        rows = Handover.objects.filter(proposed=event).order_by("lot")
        return tuple(Answer(row.id) for row in rows)

    def _load(self, kind: str, room: str, minute: int, lots: tuple[Lot, ...]) -> None:
        done(loading.load(self.desk(kind, minute), self._rooms[room], _all(lots)))

    def _unload(self, kind: str, room: str, minute: int, lots: tuple[Lot, ...]) -> None:
        done(loading.unload(self.desk(kind, minute), self._rooms[room], _all(lots)))

    def _label(self, lot: Lot) -> str:
        """The address on the first of two labels that are bound to a lot after repacking."""
        roll = done(labels.make_roll(self.desk("plant", 152), 24))
        serials = Label.objects.filter(roll__event=roll).order_by("serial")
        two = tuple(serials.values_list("serial", flat=True)[:2])
        done(labels.bind(self.desk("plant", 155), lot.ref, two))
        return codes.address("", lot.gtin, lot.code, two[0])


def made(event: Event) -> list[Lot]:
    """The lots that an event made, in order."""
    named = EventLot.objects.filter(event=event, part=Part.MADE).select_related("lot")
    return [one.lot for one in named.order_by("id")]


def done(result: Event | Refused) -> Event:
    """The event. Raises RuntimeError for a refusal."""
    if isinstance(result, Refused):
        raise RuntimeError(f"the demonstration's story was refused: {result.reason}")
    return result


def _all(lots: tuple[Lot, ...]) -> tuple[Amount, ...]:
    return tuple(Amount(one.ref) for one in lots)
