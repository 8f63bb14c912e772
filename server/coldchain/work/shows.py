"""Lots, hand-overs and rooms as rows of a page, in the reader's language. Reads a few bounded
queries and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from django.db.models import Count, Q, QuerySet

from protocol.registry import Text
from science.species import SPECIES, Form, Kept, Species
from server.accounts import vault
from server.accounts.models import Organisation
from server.coldchain import trace
from server.coldchain.models import (
    Event,
    EventLot,
    Excursion,
    Handover,
    Label,
    Lot,
    Place,
    Room,
    Stay,
)
from server.coldchain.read import at_parent
from server.coldchain.rules import LIVE, Custody, Kind, RoomKind, Side, Status
from server.coldchain.taking import answerable
from server.coldchain.words import EVENTS, ROOMS
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import kilograms
from server.coldchain.work.words import CUSTODY, FORMS, KEPT, SIDES, STATUSES, Sign
from server.counting import Counted
from server.web.shown import moment
from server.web.words import say

E = TypeVar("E", bound=StrEnum)

PAGE: Final = 50
HISTORY: Final = 30
PARENTS: Final = 200
"""Lots before this one of which errors are told."""
KOREAN: Final = "ko"
WORDS_ONLY: Final = (Kind.DECLARED, Kind.UNDONE)
"""Events that say something of another one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A state on a page: shape, tone, word, and what it asks for."""

    shape: str
    tone: str
    word: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class LotRow:
    """A lot at a glance. warm: how many open excursions it has; side: held or recalled, if so."""

    ref: str
    code: str
    trade: str
    species: str
    form: str
    mark: Mark
    side: Mark | None
    left: str
    kilograms: str
    boxes: int
    where: str
    labels: int
    warm: int


@dataclass(frozen=True, slots=True)
class HandRow:
    """A hand-over at a glance. who: the other side, "" for a stranger without a name."""

    id: str
    lot: LotRow
    who: str
    amount: str
    kilograms: str
    boxes: int
    mark: Mark
    when: str


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A truck or a room."""

    id: int
    name: str
    kind: str
    is_truck: bool
    ours: bool
    place: str


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened to a lot. ref: of the event, if the reader may say it to be wrong."""

    when: str
    what: str
    who: str
    ref: str = ""


def mark(sign: Sign, language: str) -> Mark:
    """A sign in one language."""
    note = say(sign.note, language) if sign.note else ""
    return Mark(sign.shape, sign.tone, say(sign.word, language), note)


def amount(grams: int, boxes: int, language: str) -> str:
    """So much: "12.5 kg · 3 상자"."""
    return f"{kilograms(grams)} kg" + (f" · {boxed(boxes, language)}" if boxes else "")


def boxed(boxes: int, language: str) -> str:
    """So many: "3 상자", "1 box"."""
    return say(LABELS["boxes_unit"], language).format(n=Counted(boxes))


def trade(lot: Lot, language: str) -> str:
    """What people buy, with its size; the trade name of its species, or of the family by which it
    is sold, is said in English too."""
    own = SPECIES[Species(lot.species.split()[0])]
    family = [one for one in SPECIES.values() if one.family == own.family and not one.scientific]
    said = next((one.trade for one in (own, *family) if one.trade.ko in lot.trade), None)
    return lot.trade if language == KOREAN or not said else lot.trade.replace(said.ko, said.en, 1)


def species(words: str, language: str) -> str:
    """Scientific names, or that nobody identified it."""
    unknown = say(LABELS["species_unknown"], language)
    names = (SPECIES[Species(one)].scientific or unknown for one in words.split())
    return ", ".join(dict.fromkeys(names))


def live(organisation: str) -> QuerySet[Lot]:
    """Lots in an organisation's hands of which something is left, newest first."""
    held = Lot.objects.filter(holder=organisation, status__in=LIVE, left_grams__gt=0)
    return held.order_by("-id")


def lots(rows: Sequence[Lot], language: str) -> list[LotRow]:
    """Lots with where they are, in a few queries for all of them."""
    ids = [one.id for one in rows]
    places: dict[int, list[str]] = {}
    stays = Stay.objects.filter(lot__in=ids, until_ms=None).select_related("room__asset")
    for stay in stays.order_by("id"):
        places.setdefault(stay.lot_id, []).append(stay.room.asset.name)
    bound = Label.objects.filter(lot__in=ids, void_ms=None).order_by()
    labels = dict(bound.values_list("lot").annotate(n=Count("serial")))
    open_ = Excursion.objects.filter(lots__in=ids, signed_ms=None).order_by()
    warm = dict(open_.values_list("lots").annotate(n=Count("id")))
    return [
        _lot(one, places.get(one.id, []), (labels.get(one.id, 0), warm.get(one.id, 0)), language)
        for one in rows
    ]


def _lot(lot: Lot, places: Iterable[str], counts: tuple[int, int], language: str) -> LotRow:
    return LotRow(
        ref=lot.ref,
        code=lot.code,
        trade=trade(lot, language),
        species=species(lot.species, language),
        form=f"{say(FORMS[Form(lot.form)], language)} · {say(KEPT[Kept(lot.kept)], language)}",
        mark=mark(STATUSES[Status(lot.status)], language),
        side=mark(SIDES[Side(lot.side)], language) if lot.side else None,
        left=amount(lot.left_grams, lot.left_boxes, language),
        kilograms=kilograms(lot.left_grams),
        boxes=lot.left_boxes,
        where=", ".join(dict.fromkeys(places)),
        labels=counts[0],
        warm=counts[1],
    )


def handovers(rows: Sequence[Handover], language: str, *, given: bool) -> list[HandRow]:
    """Hand-overs with their lots; `given`: by the reader, so the other side is the taker."""
    shown = lots([row.went or row.lot for row in rows], language)
    named = vault.names({row.person for row in rows if row.person}) if given else {}
    return [
        HandRow(
            id=row.id,
            lot=lot,
            who=_other(row, named, language, given=given),
            amount=amount(row.grams, row.boxes, language),
            kilograms=kilograms(row.grams),
            boxes=row.boxes,
            mark=mark(CUSTODY[Custody(row.status)], language),
            when=moment(row.made_ms)[:16],
        )
        for row, lot in zip(rows, shown, strict=True)
    ]


def _other(row: Handover, named: Mapping[str, str], language: str, *, given: bool) -> str:
    if not given:
        return called(row.giver, language)
    if row.taker is not None:
        return called(row.taker, language)
    return named.get(row.person, "") or say(LABELS["stranger"], language)


def rooms(rows: Iterable[Room], organisation: str, language: str) -> list[RoomRow]:
    """Trucks and rooms."""
    return [
        RoomRow(
            id=row.id,
            name=row.asset.name,
            kind=say(ROOMS[RoomKind(row.kind)], language),
            is_truck=row.kind == RoomKind.TRUCK,
            ours=row.organisation_id == organisation,
            place=place_name(row.place, language) if row.place else "",
        )
        for row in rows
    ]


def place_name(place: Place, language: str) -> str:
    """What a place is called, in English where it has a name in it."""
    return place.name if language == KOREAN else place.name_en or place.name


def called(organisation: Organisation, language: str) -> str:
    """What an organisation is called, in English where it has a name in it."""
    return organisation.name if language == KOREAN else organisation.name_en or organisation.name


def history(lot: Lot, reader: str, known: frozenset[str] | None, language: str) -> list[Line]:
    """What happened to a lot, newest first, by whom: organisations, never people. reader: id of
    the organisation that reads; known: of those that are named to it, None: all."""
    about = EventLot.objects.filter(lot=lot).values("event")
    before = trace.backward((lot.id,), PARENTS).lots - {lot.id}
    wrong = EventLot.objects.filter(lot__in=before, event__kind=Kind.DECLARED).values("event")
    events = list(Event.objects.filter(Q(id__in=about) | Q(id__in=wrong)).order_by("-id")[:HISTORY])
    own = set(EventLot.objects.filter(lot=lot, event__in=events).values_list("event", flat=True))
    mine = Event.objects.filter(answerable(reader), id__in=own).exclude(kind__in=WORDS_ONLY)
    declarable = dict(mine.values_list("id", "ref"))
    rows = Organisation.objects.filter(id__in={one.organisation for one in events})
    named = rows if known is None else rows.filter(id__in=known)
    names = {one.id: called(one, language) for one in named}
    other = say(LABELS["other_organisation"], language)
    return [
        Line(
            moment(one.at_ms)[:16],
            say(_done(one, lot, is_own=one.id in own), language),
            names.get(one.organisation, other if one.organisation else ""),
            declarable.get(one.id, ""),
        )
        for one in events
    ]


def _done(event: Event, lot: Lot, *, is_own: bool) -> Text:
    """What happened; a correction, or an error that was declared, may be of a parent."""
    if not is_own:
        return LABELS["declared_at_parent"]
    return LABELS["corrected_at_parent"] if at_parent(event, lot.ref) else EVENTS[Kind(event.kind)]


def choices(words: Mapping[E, Text], language: str) -> list[tuple[str, str]]:
    """A closed list to choose from: value and word."""
    return [(str(one), say(text, language)) for one, text in words.items()]
