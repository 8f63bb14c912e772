"""What a restore could not bring back, in words that people can act on.

`Lost` has names of columns; here each is a thing, and what to do about it. Something that was said
anew by a correction is no longer missing.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db.models import F, Max

from protocol.registry import Text
from server.accounts.models import Organisation
from server.coldchain.logged import CHUNK
from server.coldchain.models import Event, EventLot, Lost, Lot, Place
from server.coldchain.rules import Kind

MOST: Final = 30
"""Events of one lot that its page tells of."""


class Thing(StrEnum):
    """What is missing."""

    WORDS = "words"
    VESSEL = "vessel"
    FACT = "fact"
    BUYER = "buyer"
    LABORATORY = "laboratory"
    CONTACT = "contact"
    RECEIPT = "receipt"
    PHOTO = "photo"
    PARTY = "party"
    EVERYTHING = "everything"


THINGS: Final[Mapping[str, Thing]] = {
    **dict.fromkeys(("said", "told"), Thing.WORDS),
    "vessel": Thing.VESSEL,
    **dict.fromkeys(("trade", "origin", "area", "code", "trace_no"), Thing.FACT),
    **dict.fromkeys(("dealer", "buyer_id", "krw"), Thing.BUYER),
    "laboratory": Thing.LABORATORY,
    "contact": Thing.CONTACT,
    "receipt": Thing.RECEIPT,
    "photo": Thing.PHOTO,
    "everything": Thing.EVERYTHING,
}
"""By the names in `Lost`."""

NAMES: Final[Mapping[Thing, Text]] = {
    Thing.WORDS: Text("what was written", "적은 내용"),
    Thing.VESSEL: Text("the vessel's name", "선박명"),
    Thing.FACT: Text("a name or number that was typed", "직접 입력한 명칭·번호"),
    Thing.BUYER: Text("buyer and price", "낙찰자와 가격"),
    Thing.LABORATORY: Text("the laboratory", "검사 기관"),
    Thing.CONTACT: Text("the link of who is no member", "비회원의 링크"),
    Thing.RECEIPT: Text("the link of the fisher's receipt", "어업인 확인 링크"),
    Thing.PHOTO: Text("the photo", "사진"),
    Thing.PARTY: Text("what an organisation said of itself", "기관 정보"),
    Thing.EVERYTHING: Text("all but that it happened", "있었다는 사실 외 전부"),
}
ADVICE: Final[Mapping[Thing, Text]] = {
    Thing.WORDS: Text(
        "Whoever wrote it keeps it or declares it anew.",
        "적은 사람이 보관하거나 다시 신고하세요.",
    ),
    Thing.VESSEL: Text("Enter it again by a correction.", "정정에서 다시 입력하세요."),
    Thing.FACT: Text("Enter it again by a correction.", "정정에서 다시 입력하세요."),
    Thing.BUYER: Text("The market's own list has them.", "위판장의 명세표를 보세요."),
    Thing.LABORATORY: Text("The order of the authority names it.", "수거검사 의뢰서를 보세요."),
    Thing.CONTACT: Text(
        "Withdraw the custody transfer and propose it again.",
        "인수인계를 취소하고 다시 제안하세요.",
    ),
    Thing.RECEIPT: Text(
        "Ask the fisher whether the entry is right.", "어업인에게 입력이 맞는지 확인하세요."
    ),
    Thing.PHOTO: Text("Take it from the device that took it.", "찍은 기기에서 찾아 보관하세요."),
    Thing.PARTY: Text("Its administrator enters it again.", "기관의 관리자가 다시 입력하세요."),
    Thing.EVERYTHING: Text(
        "Compare with the paper and declare what is wrong.",
        "종이 기록과 비교하고 다른 점을 신고하세요.",
    ),
}


HOW: Final[Mapping[type[Organisation | Place], str]] = {
    Organisation: "jagalchi-server organisation add NAME --kind KIND --id ID",
    Place: "its administrator adds it again under this id",
}
"""How what has no name gets one."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that an event of a lot lacks. at_ms: when it happened."""

    at_ms: int
    kind: Kind
    thing: Thing


@dataclass(frozen=True, slots=True)
class _Since:
    """What was said anew, by the number of the newest event that said it. said: each column of a
    lot, by the lot's number; parties: what an organisation said of itself."""

    said: Mapping[int, Mapping[str, int]]
    parties: Mapping[str, int]


def of(lot: Lot) -> list[Missing]:
    """What the events of a lot lack, newest first."""
    rows = Lost.objects.filter(event__lots__lot=lot).select_related("event").order_by("-event")
    since = _Since(_said_again([lot.id]), {})
    return [
        Missing(row.event.at_ms, Kind(row.event.kind), thing)
        for row in rows.distinct()[:MOST]
        for thing in sorted(_things(row, [lot.id], since))
    ]


def _things(row: Lost, lots: Sequence[int], since: _Since) -> set[Thing]:
    """What is still missing of an event: a column is back when it was said anew of all its lots."""
    event = row.event
    if event.kind == Kind.PLACE_ADDED:
        return set()  # a place without a name is told as such
    if event.kind == Kind.PARTY_TOLD:
        is_back = since.parties.get(event.organisation, 0) > event.id
        return set() if is_back else {Thing.PARTY}
    said = [since.said.get(lot, {}) for lot in lots] or [{}]
    return {
        THINGS[word]
        for word in row.words.split()
        if any(one.get(word, 0) <= event.id for one in said)
    }


def _said_again(lots: Sequence[int]) -> dict[int, dict[str, int]]:
    """The newest event that corrected each column of these lots and lacks nothing of it."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for start in range(0, len(lots), CHUNK):
        rows = EventLot.objects.filter(
            lot__in=lots[start : start + CHUNK], event__kind=Kind.CORRECTED, event__lost=None
        ).order_by("event")
        for lot, event, told in rows.values_list("lot", "event", "event__told"):
            found[lot] |= dict.fromkeys(json.loads(told)["changed"], event)
    return found


def _told_again() -> dict[str, int]:
    """The newest event by which each organisation said something of itself."""
    rows = Event.objects.filter(kind=Kind.PARTY_TOLD).values_list("organisation")
    return dict(rows.annotate(Max("id")))


def _lacking() -> Iterator[tuple[Lost, list[EventLot], _Since]]:
    """Every event that lacks something, with its lots, and what was said anew; so many at once."""
    parties, after = _told_again(), 0
    every = Lost.objects.select_related("event").order_by("event")
    while rows := list(every.filter(event__gt=after)[:CHUNK]):
        after = rows[-1].event_id
        lots: dict[int, list[EventLot]] = defaultdict(list)
        named = EventLot.objects.filter(event__in=[row.event_id for row in rows])
        for one in named.select_related("lot").order_by("id"):
            lots[one.event_id].append(one)
        ids = sorted({one.lot_id for some in lots.values() for one in some})
        since = _Since(_said_again(ids), parties)
        yield from ((row, lots[row.event_id], since) for row in rows)


def notes() -> Iterator[str]:
    """What whoever verifies is told, line by line: no finding, but not to be forgotten."""
    counted: Counter[Thing] = Counter()
    example: dict[Thing, str] = {}
    for row, lots, since in _lacking():
        things = _things(row, [one.lot_id for one in lots], since)
        counted.update(things)
        for one in things - set(example):
            lacks = (each for each in lots if one in _things(row, [each.lot_id], since))
            if found := next(lacks, None):
                example[one] = found.lot.ref
    for thing, events in sorted(counted.items()):
        where = f" (see lot {example[thing]})" if thing in example else ""
        yield (
            f"a restore could not bring back {NAMES[thing].en} of {events} event(s){where}."
            f" {ADVICE[thing].en}"
        )
    yield from _nameless()


def _nameless() -> Iterator[str]:
    for table in (Organisation, Place):
        for one in table.objects.filter(name=F("id")).order_by("id").values_list("id", flat=True):
            yield f"{table.__name__.lower()} {one} is known by its id only: {HOW[table]}"
