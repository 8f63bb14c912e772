"""A trip: what one unloading took out of one truck, from when it was loaded. Its paper on one page.

The paper (온도기록지 + 인수증) is made of the records whenever it is asked for, so that late ones
are in it; it says when it was made. A consignee reads of its own lots, the carrier of all of them,
whoever took no part of none. Nothing here knows a price, a driver or a position.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from science.limits import Line
from science.timeline import Stretch
from server.accounts.models import Organisation
from server.coldchain import saying
from server.coldchain.acting import INSPECTORS
from server.coldchain.models import Event, Handover, Lot, Room, Stay
from server.coldchain.papers import air
from server.coldchain.papers.sheet import (
    NONE,
    SIMULATED,
    Code,
    Paper,
    Table,
    minutes,
    shortened,
    weight,
    when,
)
from server.coldchain.rules import Custody, Kind, RoomKind
from server.coldchain.shopper import views as shopper
from server.coldchain.shopper.gather import Code as Scanned
from server.ledger import log

LOTS, HANDS = 8, 6
"""Rows that one page holds."""
CODES = 3
MOST_STEPS = 50
"""How often a load may have been split on the way."""
STRANGER = "비회원"
ANSWERS = {
    Custody.PROPOSED: "수령 미확인(답 없음)",
    Custody.ACCEPTED: "인수 확인",
    Custody.PART: "일부 인수",
    Custody.REFUSED: "인수 거부",
    Custody.ONE_SIDED: "수령 미확인",
}
ANSWERED = (Custody.ACCEPTED, Custody.PART, Custody.REFUSED)
NOTES = (
    "공기 온도 기준이며 어체 온도가 아닙니다. 법적 책임 판단이 아닙니다.",
    "기록이 없는 칸은 '기록 없음'으로 두고 채우지 않습니다. 시각은 한국 시각입니다.",
)


@dataclass(frozen=True, slots=True)
class Aboard:
    """So much of a lot, on the truck since when; loader: the organisation that loaded it; began_ms:
    when that loading began, None: nobody noted it."""

    lot: Lot
    grams: int
    boxes: int
    from_ms: int
    loader: str
    began_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Trip:
    """One unloading. undone: it was taken back afterwards."""

    event: Event
    room: Room
    aboard: tuple[Aboard, ...]
    hands: tuple[Handover, ...]
    undone: bool

    @property
    def window(self) -> Stretch:
        """From the first loading to the unloading."""
        return Stretch(min(one.from_ms for one in self.aboard), self.event.at_ms)

    @property
    def carrier(self) -> str:
        """Whose truck it is."""
        return self.room.organisation_id


def of(ref: str) -> Trip | None:
    """The whole trip that this unloading ended; None: it is no unloading of a truck."""
    event = Event.objects.filter(ref=ref, kind=Kind.UNLOADED).first()
    stays = list(
        Stay.objects.filter(unloaded=event, room__kind=RoomKind.TRUCK)
        .select_related("lot", "room__asset", "room__organisation", "loaded")
        .order_by("id")
        if event
        else ()
    )
    if event is None or not stays:
        return None
    first = [_began(one) for one in stays]
    names = _names({one.loaded.organisation for one in first})
    aboard = tuple(
        Aboard(
            *(stay.lot, stay.grams, stay.boxes, began.from_ms, _name(names, began)),
            _noted(began.loaded),
        )
        for stay, began in zip(stays, first, strict=True)
    )
    undone = Event.objects.filter(corrects=event, kind=Kind.UNDONE).exists()
    return Trip(event, stays[0].room, aboard, _hands(aboard, event.at_ms), undone)


def _began(stay: Stay) -> Stay:
    """The stay in which this load was brought aboard: one that was split goes on as another."""
    for _ in range(MOST_STEPS):
        if stay.loaded.kind == Kind.LOADED:
            break
        before = Stay.objects.filter(unloaded=stay.loaded, room=stay.room_id)
        found = before.select_related("loaded").order_by("from_ms", "id").first()
        if found is None:
            break
        stay = found
    return stay


def _name(names: Mapping[str, str], stay: Stay) -> str:
    return names.get(stay.loaded.organisation, NONE)


def _names(organisations: Collection[str]) -> dict[str, str]:
    rows = Organisation.objects.filter(id__in=organisations)
    return dict(rows.values_list("id", "name"))


def _hands(aboard: Sequence[Aboard], until_ms: int) -> tuple[Handover, ...]:
    """Hand-overs that were open at some moment of the trip, by when they happened: an office may
    tell of all of it later."""
    ids, from_ms = [one.lot.id for one in aboard], min(one.from_ms for one in aboard)
    mine = Q(lot__in=ids) | Q(went__in=ids)
    rows = Handover.objects.filter(mine, proposed__at_ms__lte=until_ms)
    rows = rows.filter(Q(settled=None) | Q(settled__at_ms__gte=from_ms))
    some = rows.exclude(status=Custody.WITHDRAWN).order_by("id")
    return tuple(some.select_related("lot", "giver", "taker", "carrier", "settled"))


def unloadings(organisation: str) -> QuerySet[Event]:
    """Unloadings that ended trips of which this organisation sees something as `seen_by` has it:
    of its own trucks, and of what it gave, was to take, or holds; newest first."""
    lot, from_ms = OuterRef("lot"), OuterRef("from_ms")
    hands = Handover.objects.filter(Q(giver=organisation) | Q(taker=organisation))
    hands = hands.filter(Q(lot=lot) | Q(went=lot), proposed__at_ms__lte=OuterRef("until_ms"))
    hands = hands.filter(Q(settled=None) | Q(settled__at_ms__gte=from_ms))
    took_part = Exists(hands.exclude(status=Custody.WITHDRAWN))
    ours = Q(room__organisation=organisation) | Q(lot__holder=organisation) | Q(took_part)
    stays = Stay.objects.filter(ours, room__kind=RoomKind.TRUCK)
    found = Event.objects.filter(kind=Kind.UNLOADED, id__in=stays.values("unloaded"))
    return found.order_by("-at_ms", "-id")


def seen_by(trip: Trip | None, organisation: str) -> Trip | None:
    """What an organisation sees of a trip: all as its carrier or as an authority, else the lots
    that it gave, is to take, or unloaded, and its own hand-overs; None: it took no part."""
    if trip is None or trip.carrier == organisation:
        return trip
    if Organisation.objects.filter(id=organisation, kind__in=INSPECTORS).exists():
        return trip
    hands = tuple(one for one in trip.hands if organisation in (one.giver_id, one.taker_id))
    held = {one.lot.id for one in trip.aboard if one.lot.holder_id == organisation}
    return part(replace(trip, hands=hands), held.union(*map(_lots_of, hands)))


def _lots_of(hand: Handover) -> set[int]:
    """The lot that was offered, and the one that went."""
    return {id for id in (hand.lot_id, hand.went_id) if id is not None}


def for_stranger(trip: Trip | None, person: str) -> Trip | None:
    """What somebody without an account sees: what is handed over to them."""
    if trip is None or not person:
        return None
    mine = tuple(one for one in trip.hands if one.person == person)
    return part(replace(trip, hands=mine), set[int]().union(*map(_lots_of, mine)))


def part(trip: Trip, lots: Collection[int]) -> Trip | None:
    """A trip with these lots alone."""
    aboard = tuple(one for one in trip.aboard if one.lot.id in lots)
    hands = tuple(one for one in trip.hands if _lots_of(one) & set(lots))
    return Trip(trip.event, trip.room, aboard, hands, trip.undone) if aboard else None


def paper(trip: Trip, now_ms: int) -> Paper:
    """온도기록지 + 인수증."""
    window, lots = trip.window, [one.lot for one in trip.aboard]
    asset, known = trip.room.asset_id, window.until_ms > window.from_ms
    shown = air.lines(lots, window.until_ms)
    measured = air.of(asset, window) if known else None
    return Paper(
        name=f"trip-{trip.event.ref}",
        title="온도기록지 · 인수증",
        subtitle="되돌린 하차입니다. 아래는 그때의 기록입니다." if trip.undone else "",
        facts=_facts(trip, measured),
        curve=air.curve("적재고 공기 온도", asset, window, shown) if known else None,
        tables=(*_limits(shown, measured), _lots(trip), _receipts(trip)),
        codes=_codes(lots),
        notes=(*NOTES, saying.mean_kinetic_rule().ko, _entry(trip.event), made(now_ms)),
        banner=banner(),
    )


def made(now_ms: int) -> str:
    """When a paper was made, and that late records come after it."""
    return f"만든 시각 {when(now_ms)}. 늦게 도착한 기록은 다음 출력에 들어갑니다."


def banner() -> str:
    """What a demonstration says of itself."""
    return SIMULATED if settings.JAGALCHI.demo else ""


def _facts(trip: Trip, measured: air.Air | None) -> list[tuple[str, str]]:
    window = trip.window
    truck = f"{trip.room.asset.name} · {trip.room.organisation.name}"
    loaders = ", ".join(dict.fromkeys(one.loader for one in trip.aboard))
    unloader = _names({trip.event.organisation}).get(trip.event.organisation, NONE)
    return [
        ("차량 · 운송", truck),
        ("최저 / 최고", NONE if measured is None else f"{measured.least} / {measured.most}"),
        ("상차", f"{when(window.from_ms)} · {loaders}"),
        ("평균", NONE if measured is None else measured.mean),
        ("하차", f"{when(window.until_ms)} · {unloader}"),
        ("기록 없는 시간", NONE if measured is None else measured.unknown),
        ("상차 걸린 시간", _loading(trip)),
        (air.KINETIC, NONE if measured is None else measured.kinetic),
        ("하차 걸린 시간", took(_noted(trip.event), trip.event.at_ms)),
    ]


def _noted(event: Event) -> int | None:
    """When this loading or unloading began, as it was told."""
    began_ms = json.loads(event.told).get("began_ms")
    return began_ms if isinstance(began_ms, int) else None


def _loading(trip: Trip) -> str:
    first = min(trip.aboard, key=lambda one: one.from_ms)
    return took(first.began_ms, first.from_ms)


def took(began_ms: int | None, ended_ms: int) -> str:
    """How long it took; the guide's 20 minutes are no law, and judge nobody here."""
    return NONE if began_ms is None else minutes(ended_ms - began_ms)


def _limits(shown: Sequence[Line], measured: air.Air | None) -> Iterator[Table]:
    if measured is None:
        return
    header = ("기준", "구분", "결과", "확인", "가능", "문·제상", "기록 없음")
    rows = air.judged(shown, measured.exposure)
    yield Table("기준별 시간", header, rows, (34, 14, 32, 11, 11, 11, 13))


def _lots(trip: Trip) -> Table:
    rows = [
        (one.lot.trade, one.lot.code, weight(one.grams, one.boxes), when(one.from_ms), one.loader)
        for one in trip.aboard
    ]
    header = ("품목", "로트 번호", "수량", "상차 시각", "상차한 기관")
    return Table("실은 것", header, shortened(rows, LOTS), (22, 30, 28, 26, 24))


def _receipts(trip: Trip) -> Table:
    rows = [_receipt(one) for one in trip.hands]
    blank = (NONE, NONE, NONE, "수령 미확인", NONE)
    header = ("품목", "넘긴 기관", "받는 곳", "인수", "시각 · 받은 수량")
    told = shortened(rows or [blank], HANDS)
    return Table("인수", header, told, (20, 24, 24, 28, 34))


def _receipt(one: Handover) -> Sequence[str]:
    state = Custody(one.status)
    taker = one.taker.name if one.taker else STRANGER
    took = NONE
    if one.settled is not None and state in ANSWERED:
        took = f"{when(one.settled.at_ms)} · {weight(one.took_grams, one.took_boxes)}"
    return (one.lot.trade, one.giver.name, taker, ANSWERS.get(state, NONE), took)


def _codes(lots: Sequence[Lot]) -> list[Code]:
    return [Code(one.code, shopper.address_of(Scanned(one))) for one in lots[:CODES]]


def _entry(event: Event) -> str:
    """Where the log has this unloading."""
    leaf = bytes(event.leaf_hash)
    number = log.index_of([leaf]).get(leaf)
    place = "아직 공개 기록에 들어가지 않음" if number is None else f"공개 기록 {number:,}번"
    return f"하차 {event.ref} · {place} · {leaf.hex()}"
