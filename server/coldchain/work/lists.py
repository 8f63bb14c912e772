"""The night's list (위판 명단): a spreadsheet or pasted rows, which column is what, a look at every
row with what is rejected and what is there already, then all that is new as lots at once.

What was sent is kept until the next day, so that it is sent once and looked at as often as needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from server.accounts.rules import DAY_MS, Refused
from server.coldchain.acting import Desk
from server.coldchain.listing import preview, words
from server.coldchain.listing.columns import Column
from server.coldchain.listing.preview import Columns, Plan, Preview
from server.coldchain.listing.take import Taken, marked, remember, remembered, take
from server.coldchain.models import Event, Lot, Place
from server.coldchain.work.frame import Here, task
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Blank, Hint, Sheet, kilograms
from server.coldchain.work.shows import boxed
from server.pilots.actions.papers import MAX_FILE
from server.pilots.days import day_of
from server.pilots.models import Document

SHOWN: Final = 200
NAME: Final = "list"
MEDIA: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the look before: its number in the file, what it would become, and why not."""

    number: int
    trade: str
    grams: str
    boxes: str
    code: str
    sign: tuple[str, str, str]
    why: tuple[str, ...]


def _show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    places = Place.objects.filter(organisation=here.organisation, ended_ms=None).order_by("name")
    content: dict[str, object] = {"places": list(places.values_list("id", "name")[:50])}
    digest = _keep(here, sheet)
    if not digest:
        return content
    seen = _look(here, sheet, digest)
    chosen = dict(seen.columns or {})
    rows = sorted(seen.lines, key=lambda one: (_rank(one), one.number))
    return {
        **content,
        "digest": digest,
        "fault": here.say(words.FAULTS[seen.fault]) if seen.fault else "",
        "missing": [here.say(words.COLUMNS[one]) for one in seen.missing],
        "head": seen.headers,
        "columns": [
            (str(one), here.say(text), chosen.get(one, "")) for one, text in words.COLUMNS.items()
        ],
        "lines": [_line(here, one) for one in rows[:SHOWN]],
        "more": max(len(rows) - SHOWN, 0),
        "good": len(seen.new),
        "rejected": len(seen.rejected),
        "known": len(seen.lines) - len(seen.new) - len(seen.rejected),
    }


def _keep(here: Here, sheet: Sheet) -> str:
    """Keep what was sent; its digest, or that of what was sent before, "" for neither."""
    sent = sheet.file("file", Hint.SHEET)
    pasted = str(sheet.typed.get("rows", ""))[:MAX_FILE]
    body = sent.body if sent else pasted.encode()
    if not body.strip():
        digest = sheet.text("digest")
        return digest if Document.objects.filter(sha256=digest, name=NAME).exists() else ""
    Document.objects.filter(name=NAME, made_ms__lt=here.now_ms - DAY_MS).delete()
    digest = sha256(here.organisation.id.encode() + body).hexdigest()
    rest = {"name": NAME, "media": MEDIA, "body": body, "made_ms": here.now_ms}
    Document.objects.get_or_create(sha256=digest, defaults=rest)
    return digest


def _look(here: Here, sheet: Sheet, digest: str) -> Preview:
    """What the kept list would become, with the columns as chosen, as remembered, or guessed."""
    body = bytes(Document.objects.get(sha256=digest, name=NAME).body)
    night, organisation = day_of(here.now_ms), here.organisation.id
    if sheet.text("mapped"):
        return _previewed(body, Plan(organisation, night, here.now_ms, _chosen(sheet)))
    kept = remembered(organisation)
    seen = _previewed(body, Plan(organisation, night, here.now_ms, kept))
    if kept is not None and seen.missing:
        return _previewed(body, Plan(organisation, night, here.now_ms))
    return seen


def _previewed(body: bytes, plan: Plan) -> Preview:
    return marked(preview.preview(body, plan))


def _chosen(sheet: Sheet) -> Columns:
    typed = {one: sheet.text(f"col_{one}") for one in Column}
    return {one: title for one, title in typed.items() if title}


def _rank(line: preview.Line) -> int:
    """What is rejected comes first, then what is known: that is what somebody must look at."""
    if line.rejects:
        return 0
    return 2 if line.is_new else 1


def _line(here: Here, line: preview.Line) -> Line:
    signs = (("✕", "bad", "row_rejected"), ("△", "warn", "row_known"), ("✓", "good", "row_good"))
    shape, tone, word = signs[_rank(line)]
    landing = line.landing
    return Line(
        number=line.number,
        trade=landing.trade if landing else "",
        grams=kilograms(landing.grams) if landing else "",
        boxes=boxed(landing.boxes, here.language) if landing and landing.boxes else "",
        code=landing.code if landing else "",
        sign=(shape, tone, here.say(LABELS[word])),
        why=tuple(_why(here, line)),
    )


def _why(here: Here, line: preview.Line) -> list[str]:
    found = [
        f"{here.say(words.COLUMNS[one.column])} “{one.cell}”: {here.say(words.REJECTS[one.why])}"
        for one in line.rejects
    ]
    if line.twice_of is not None:
        found.append(here.say(words.TWICE).format(row=line.twice_of))
    return [*found, here.say(words.THERE)] if line.there else found


def _act(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    digest = _keep(here, sheet)
    if not digest:
        raise Blank("file", Hint.SHEET)
    seen = _look(here, sheet, digest)
    done = take(desk, seen, sheet.text("place"))
    if isinstance(done, Refused):
        return done
    remember(here.organisation.id, seen.columns or {}, here.now_ms)
    return done.event or _before(here, seen, done)


def _before(here: Here, seen: Preview, done: Taken) -> Event:
    """The landing that took these rows in: this form was sent twice. Raises Blank for none."""
    codes = [one.landing.code for one in seen.lines if one.landing]
    lots = Lot.objects.filter(maker=here.organisation, code__in=codes[:SHOWN])
    row = lots.select_related("event").order_by("-id").first()
    if not done.there or row is None:
        raise Blank("file", Hint.NOTHING)
    return row.event


lists = task("lists", _show, _act)
