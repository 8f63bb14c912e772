"""구간별 온도 기록서: in whose hands a lot was in each section, where, and the air there.

Sections are cut wherever the hands or the place change, of the lot and of all that it came from.
Air temperatures; nothing here judges anybody. Who is named: those that the reader has to do with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from science.timeline import Stretch
from server.coldchain import exposures, partners, saying
from server.coldchain.export.inspector import NOTE
from server.coldchain.models import Handover, Lot, Stay
from server.coldchain.papers import air
from server.coldchain.papers.sheet import NONE, Code, Curve, Paper, Table, minutes, weight, when
from server.coldchain.papers.trips import NOTES, STRANGER, banner, made
from server.coldchain.rules import Custody, RoomKind
from server.coldchain.shopper import readings
from server.coldchain.shopper import views as shopper
from server.coldchain.shopper.band import draw
from server.coldchain.shopper.gather import Code as Scanned
from server.coldchain.taking import visible
from server.coldchain.words import ROOMS

Named = Mapping[int, frozenset[str]]
"""By lot: the organisations that are named."""
OTHER = "다른 기관"
UNCONFIRMED = "수령 미확인"
MOST = 200
"""Sections of one record."""
HEADER = ("구간", "보유", "장소", "최저", "최고", "평균", air.KINETIC, "기록 없음")
WIDTHS = (38, 19, 22, 12, 12, 12, 17, 15)


@dataclass(frozen=True, slots=True)
class Section:
    """Between two changes: who held `lot`, and the stay that it was in; None: nobody says."""

    lot: Lot
    window: Stretch
    holder: str
    stay: Stay | None
    where: str


def sections(lot: Lot, now_ms: int, named: Named | None = None) -> list[Section]:
    """The sections of a lot and its line in order of time; named: who may be told of which lot,
    None: all. Raises exposures.TooManyParents."""
    found: list[Section] = []
    for one in exposures.ancestors(lot, now_ms):
        known = None if named is None else named.get(one.lot.pk, frozenset())
        found += _of(one.lot, one.until_ms, known)
    return sorted(found, key=lambda one: (one.window.from_ms, one.lot.pk))


def _of(lot: Lot, until_ms: int, known: frozenset[str] | None) -> Iterator[Section]:
    stays = list(
        Stay.objects.filter(lot=lot).select_related("room__asset", "room__place").order_by("id")
    )
    hands = [(at, name if _told(id, known) else OTHER) for at, id, name in _hands(lot)]
    begun_ms = min([lot.made_ms, *(one.from_ms for one in stays)])
    ends = [at for one in stays for at in (one.from_ms, one.until_ms) if at is not None]
    edges = {begun_ms, until_ms, *ends, *(at for at, _ in hands)}
    inside = sorted(at for at in edges if begun_ms <= at <= until_ms)
    for from_ms, end_ms in pairwise(inside):
        here: list[Stay | None] = [one for one in stays if _covers(one, from_ms)]
        holder = next(name for at, name in reversed(hands) if at <= from_ms or at == hands[0][0])
        window = Stretch(from_ms, end_ms)
        for stay in here or [None]:
            yield Section(lot, window, holder, stay, _where(stay, known))


def _told(organisation: str, known: frozenset[str] | None) -> bool:
    """Whether an organisation is named; "": nobody's name."""
    return not organisation or known is None or organisation in known


def _where(stay: Stay | None, known: frozenset[str] | None) -> str:
    """The kind of a room, and its name where its organisation is named."""
    if stay is None:
        return NONE
    room = stay.room
    kind, place = ROOMS[RoomKind(room.kind)].ko, room.place.name if room.place else room.asset.name
    return f"{kind} · {place}" if _told(room.organisation_id, known) else f"{kind} · {OTHER}"


def _covers(stay: Stay, at_ms: int) -> bool:
    return stay.from_ms <= at_ms and (stay.until_ms is None or at_ms < stay.until_ms)


def _hands(lot: Lot) -> list[tuple[int, str, str]]:
    """Whose hands it was in from when on, by time: id and name; no id for who is no member."""
    found = [(lot.made_ms, lot.maker_id, lot.maker.name)]
    rows = Handover.objects.filter(went=lot).select_related("taker", "settled")
    for one in rows.order_by("made_ms", "id"):
        if one.status == Custody.ONE_SIDED:
            found.append((one.made_ms, "", UNCONFIRMED))
        elif one.status in (Custody.ACCEPTED, Custody.PART) and one.settled is not None:
            name = one.taker.name if one.taker else STRANGER
            found.append((one.settled.at_ms, one.taker_id or "", name))
    return sorted(found)


def named_for(lot: Lot, organisation: str, now_ms: int) -> Named:
    """Whom an organisation dealt with, of each lot of the line that it has to do with."""
    line = [one.lot.pk for one in exposures.ancestors(lot, now_ms)]
    mine = Lot.objects.filter(visible(organisation), pk__in=line)
    return {one.pk: partners.of(one, organisation).organisations for one in mine}


def paper(lot: Lot, found: Sequence[Section], now_ms: int) -> Paper:
    """The record as a paper."""
    rows = [_row(one) for one in found[:MOST]]
    rest = f"외 {len(found) - MOST}개 구간" if len(found) > MOST else ""
    return Paper(
        name=f"record-{lot.ref}",
        title="구간별 온도 기록서",
        subtitle=NOTE.partition("– ")[2],
        facts=[
            ("품목", lot.trade),
            ("로트 번호", lot.code),
            ("수량", weight(lot.grams, lot.boxes)),
            ("이력번호", lot.trace_no or NONE),
        ],
        curve=_curve(lot, found),
        tables=(Table("구간별 보유와 공기 온도", HEADER, rows, WIDTHS, rest),),
        codes=[Code(lot.code, shopper.address_of(Scanned(lot)))],
        notes=(*NOTES, saying.mean_kinetic_rule().ko, made(now_ms)),
        banner=banner(),
    )


def _row(one: Section) -> Sequence[str]:
    from_ms, until_ms = one.window
    time = f"{when(from_ms)} ~ {when(until_ms)[5:]}"
    if one.stay is None:
        return (time, one.holder, one.where, *[NONE] * 4, minutes(until_ms - from_ms))
    at = air.of(one.stay.room.asset_id, one.window)
    return (time, one.holder, one.where, at.least, at.most, at.mean, at.kinetic, at.unknown)


def _curve(lot: Lot, found: Sequence[Section]) -> Curve | None:
    if not found:
        return None
    window = Stretch(found[0].window.from_ms, max(one.window.until_ms for one in found))
    stretches = [(one.stay.room.asset_id, one.window) for one in found if one.stay is not None]
    band = draw(readings.of(stretches), window, air.COLUMNS)
    shown = air.lines([lot], window.until_ms)
    return Curve("있던 곳의 공기 온도", band, shown, air.CURVE_NOTE)
