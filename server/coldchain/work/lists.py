"""The night's list (위판 명단): a file or pasted rows, which column is what, a look at every row
with what is rejected and what is there already, and then all good rows as lots at once.

Sent in again, the same list changes nothing: a row has the same lot number each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import landing
from server.coldchain.models import Event, Lot, Place
from server.coldchain.work import tables
from server.coldchain.work.frame import Here, task
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Blank, Hint, Sheet
from server.coldchain.work.tables import Column, Row, Table
from server.coldchain.work.words import HINTS
from server.pilots.actions.papers import MAX_FILE
from server.pilots.days import day_of
from server.pilots.models import Document

SHOWN: Final = 200
NAME: Final = "list"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the look before: its number, cells, and what becomes of it."""

    number: int
    cells: tuple[str, ...]
    shape: str
    tone: str
    word: str
    why: str


def _show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    places = Place.objects.filter(organisation=here.organisation, ended_ms=None).order_by("name")
    content: dict[str, object] = {"places": list(places.values_list("id", "name")[:50])}
    digest = _keep(here, sheet)
    table = _table(digest)
    if table is None:
        return {**content, "unread": bool(digest)}
    columns = _columns(sheet, table)
    rows = tables.rows(table, columns, _day(here))
    known = _known(here, rows)
    lines = [_line(here, row, known) for row in _odd_first(rows, known)]
    good = sum(row.landing is not None and row.landing.code not in known for row in rows)
    return {
        **content,
        "digest": digest,
        "head": table.head,
        "columns": [
            (str(one), here.say(LABELS[f"col_{one}"]), columns.get(one, -1)) for one in Column
        ],
        "lines": lines[:SHOWN],
        "more": max(len(lines) - SHOWN, 0),
        "good": good,
        "rejected": sum(row.landing is None for row in rows),
        "known": sum(row.landing is not None and row.landing.code in known for row in rows),
    }


def _keep(here: Here, sheet: Sheet) -> str:
    """Keep what was sent until it is taken in; its digest, also of what was sent before."""
    sent = sheet.file("file", Hint.SHEET)
    pasted = str(sheet.typed.get("rows", ""))[:MAX_FILE]
    body = sent.body if sent else pasted.encode()
    if not body.strip():
        digest = sheet.text("digest")
        return digest if Document.objects.filter(sha256=digest, name=NAME).exists() else ""
    digest = sha256(here.organisation.id.encode() + body).hexdigest()
    rest = {"name": NAME, "media": "text/plain; charset=utf-8", "body": body}
    Document.objects.get_or_create(sha256=digest, defaults={**rest, "made_ms": here.now_ms})
    return digest


def _table(digest: str) -> Table | None:
    row = Document.objects.filter(sha256=digest, name=NAME).first() if digest else None
    return tables.read(bytes(row.body)) if row else None


def _columns(sheet: Sheet, table: Table) -> dict[Column, int]:
    """Which column is what: as chosen, else by the names in the head."""
    if not sheet.text("mapped"):
        return tables.guess(table.head)
    chosen = {one: sheet.text(f"col_{one}") for one in Column}
    return {
        one: int(text)
        for one, text in chosen.items()
        if text.isascii() and text.isdecimal() and int(text) < len(table.head)
    }


def _day(here: Here) -> str:
    return f"{day_of(here.now_ms):%y%m%d}"


def _known(here: Here, rows: list[Row]) -> set[str]:
    """Lot numbers of the list that are taken already, or stand in it twice."""
    codes = [row.landing.code for row in rows if row.landing]
    known: set[str] = set()
    for start in range(0, len(codes), 500):
        some = Lot.objects.filter(code__in=codes[start : start + 500])
        known |= set(some.filter(maker=here.organisation).values_list("code", flat=True))
    return known | {code for code, times in Counter(codes).items() if times > 1}


def _odd_first(rows: list[Row], known: set[str]) -> list[Row]:
    """What is rejected comes first, then what is known: that is what somebody must look at."""
    return sorted(rows, key=lambda row: (_rank(row, known), row.number))


def _rank(row: Row, known: set[str]) -> int:
    if row.landing is None:
        return 0
    return 1 if row.landing.code in known else 2


def _line(here: Here, row: Row, known: set[str]) -> Line:
    signs = (("✕", "bad", "row_rejected"), ("△", "warn", "row_known"), ("✓", "good", "row_good"))
    shape, tone, word = signs[_rank(row, known)]
    why = ""
    if row.hint is not None:
        why = f"{here.say(LABELS[f'col_{row.wrong}'])}: {here.say(HINTS[row.hint])}"
    return Line(row.number, row.cells, shape, tone, here.say(LABELS[word]), why)


def _act(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    before = Event.objects.filter(organisation=desk.organisation, key=desk.key).exclude(key="")
    if (done := before.first()) is not None:
        return done  # Sent twice: the list itself was thrown away the first time.
    digest = _keep(here, sheet)
    table = _table(digest)
    if table is None:
        raise Blank("file", Hint.SHEET)
    rows = tables.rows(table, _columns(sheet, table), _day(here))
    known = _known(here, rows)
    good = tuple(row.landing for row in rows if row.landing and row.landing.code not in known)
    if not good:
        raise Blank("file", Hint.NOTHING)
    landed = landing.land(desk, good, sheet.text("place"))
    if isinstance(landed, Event):
        Document.objects.filter(sha256=digest, name=NAME).delete()
    return landed


lists = task("lists", _show, _act)
