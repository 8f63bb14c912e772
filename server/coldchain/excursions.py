"""What people do about a temperature excursion: known, acted on, disposed of, signed, in order.

Each step is one act with its person, kept in the record of acts and in the log: room, limit and
time of the excursion and a word of a closed list, no free text. A step that was taken is not taken
again; asked for once more by the same person with the same word it is simply there. Excursions are
evaluated from readings, so after a restore a row may be a new one: by its acts it is as far as it
was. Spec: docs/coldchain.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db.models import Q, QuerySet

from server.accounts import deeds
from server.accounts.deeds import Act
from server.accounts.models import Deed
from server.accounts.rules import ALLOWED, Actor, Need, Refused, Verdict, may
from server.coldchain.acting import Desk
from server.coldchain.models import Excursion
from server.coldchain.rules import SERVICE, Reason
from server.ledger.writing import writing
from server.pilots import policy
from server.pilots.decide import Action
from server.pilots.rules import ActionKind


class Stage(StrEnum):
    """How far the handling of an excursion is."""

    NEW = "new"
    KNOWN = "known"
    ACTED = "acted"
    DISPOSED = "disposed"
    SIGNED = "signed"


class Measure(StrEnum):
    """조치: what was done about the warmth."""

    DOOR_CLOSED = "door-closed"
    UNIT_CHECKED = "unit-checked"
    MOVED = "moved"
    ICED = "iced"
    NOTHING = "nothing"
    """Nothing could be done."""


class Disposition(StrEnum):
    """처분: what became of the goods."""

    KEPT = "kept"
    HELD = "held"
    RETURNED = "returned"
    SCRAPPED = "scrapped"


NEXT: Final[Mapping[Stage, Stage]] = {
    Stage.NEW: Stage.KNOWN,
    Stage.KNOWN: Stage.ACTED,
    Stage.ACTED: Stage.DISPOSED,
    Stage.DISPOSED: Stage.SIGNED,
}
COLUMNS: Final[Mapping[Stage, str]] = {
    Stage.KNOWN: "acknowledged_ms",
    Stage.ACTED: "acted_ms",
    Stage.DISPOSED: "disposed_ms",
    Stage.SIGNED: "signed_ms",
}
WORDS: Final[Mapping[Stage, type[StrEnum] | None]] = {
    Stage.KNOWN: None,
    Stage.ACTED: Measure,
    Stage.DISPOSED: Disposition,
    Stage.SIGNED: None,
}
"""What each step says; None: no word."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken. organisation, person: ids; word: of a closed list, or ""."""

    stage: Stage
    at_ms: int
    organisation: str
    person: str
    word: str


def of(organisation: str, *, signed: bool = False) -> QuerySet[Excursion]:
    """Excursions in an organisation's rooms and trucks, and of lots in its hands: open ones, or
    those that were closed and signed."""
    ours = Q(room__organisation=organisation) | Q(lots__holder=organisation)
    return Excursion.objects.filter(ours, signed_ms__isnull=not signed).distinct()


def stage(row: Excursion) -> Stage:
    """The last step that was taken."""
    done = [one for one, column in COLUMNS.items() if getattr(row, column) is not None]
    return done[-1] if done else Stage.NEW


def history(row: Excursion) -> list[Taken]:
    """Who took which step, in order."""
    times = [at_ms for one in COLUMNS.values() if (at_ms := getattr(row, one)) is not None]
    return [
        Taken(step, one.at_ms, one.organisation, one.who, one.detail)
        for step, one in _acts(row, at_ms__in=times)
        if getattr(row, COLUMNS[step]) == one.at_ms
    ]


def take_again(row: Excursion) -> None:
    """Take the steps that people took of this excursion, as far as its row does not know them. A
    step that stands in another row is that one's alone."""
    lacking = {
        COLUMNS[step]: one.at_ms
        for step, one in _acts(row, at_ms__gte=row.from_ms)
        if getattr(row, COLUMNS[step]) is None and _is_of(row, one) and not _stands(row, step, one)
    }
    for column, at_ms in lacking.items():
        setattr(row, column, at_ms)
    if lacking:
        row.save(update_fields=list(lacking))


def target(row: Excursion) -> str:
    """What an act names: room, limit, and from when to when it is (nothing: not over)."""
    end = "" if row.until_ms is None else row.until_ms
    return f"{row.room_id}/{row.limit}/{row.from_ms}-{end}"


def _acts(row: Excursion, **when: object) -> list[tuple[Stage, Deed]]:
    """What was done then about excursions of this room and limit; acts of before name a row.
    Nobody acts on an excursion before it begins, and a room has ever more of them."""
    ours = Q(target__startswith=f"{row.room_id}/{row.limit}/") | Q(target=str(row.id))
    rows = Deed.objects.filter(ours, service=SERVICE, act__startswith=ACT, reason="", **when)
    return [(Stage(one.act.removeprefix(ACT)), one) for one in rows.order_by("id")]


def _stands(row: Excursion, step: Stage, act: Deed) -> bool:
    """Whether a step stands in a row of that room and limit."""
    rows = Excursion.objects.filter(room=row.room_id, limit=row.limit)
    return rows.filter(**{COLUMNS[step]: act.at_ms}).exists()


def _is_of(row: Excursion, act: Deed) -> bool:
    """Whether an act is about this time: they overlap, and who acted on what was not over yet knew
    of it up to then."""
    times = act.target.rpartition("/")[2].partition("-")
    if not times[1]:
        return False
    from_ms, until_ms = int(times[0]), int(times[2] or act.at_ms)
    return row.from_ms <= until_ms and (row.until_ms is None or row.until_ms >= from_ms)


def take(desk: Desk, excursion: int, wanted: Stage, word: str = "") -> Verdict:
    """Take the next step. A signature needs a person who is no shared tablet."""
    allowed = may(desk.who, Need.OPERATE, desk.organisation, SERVICE)
    if isinstance(allowed, Refused):
        return allowed
    if wanted is Stage.SIGNED and desk.who.actor is not Actor.PERSON:
        return Refused(Reason.PERSON_NEEDED)
    kind = WORDS.get(wanted)
    if wanted is Stage.NEW or (word in list(kind) if kind else not word) is False:
        return Refused(Reason.BAD_INPUT, "word")
    action = Action(f"excursion-{wanted}", ActionKind.LEAVE)
    verdict = policy.allow("", SERVICE, action, desk.now_ms)
    return verdict if isinstance(verdict, Refused) else _write(desk, excursion, wanted, word)


def _write(desk: Desk, excursion: int, wanted: Stage, word: str) -> Verdict:
    with writing():
        mine = of(desk.organisation).filter(id=excursion).values("id")
        row = Excursion.objects.select_for_update().filter(id__in=mine).first()
        known = row or Excursion.objects.filter(id=excursion).first()
        before = [one for one in history(known) if one.stage is wanted] if known else []
        if any((one.person, one.word) == (desk.who.id, word) for one in before):
            return ALLOWED
        if row is None:
            return Refused(Reason.NOT_FOUND)
        if NEXT.get(stage(row)) is not wanted:
            return Refused(Reason.WRONG_STATE)
        setattr(row, COLUMNS[wanted], desk.now_ms)
        row.save(update_fields=[COLUMNS[wanted]])
        act = Act(SERVICE, f"{ACT}{wanted}", desk.organisation, target(row), word)
        deeds.record(desk.who, act, desk.now_ms)
    return ALLOWED


ACT: Final = "excursion-"
