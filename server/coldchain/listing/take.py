"""A previewed list becomes lots: what is there already stays as it is, so twice is once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import landing
from server.coldchain.listing.columns import Column
from server.coldchain.listing.preview import Columns, Preview, after
from server.coldchain.models import ColumnMap, Event, Lot
from server.coldchain.rules import Reason, Status

CHUNK: Final = 500
LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a list. event: None where every row was there already."""

    event: Event | None
    landed: int
    there: int


def marked(seen: Preview) -> Preview:
    """The same preview, with the rows marked that are landed already.

    A landing that was undone is none: its rows are new again, under another number.
    """
    names = [one.landing.code for one in seen.lines if one.landing]
    found = _looked_up(seen.plan.organisation, names)
    lines = []
    for one in seen.lines:
        if one.landing is None:
            lines.append(one)
            continue
        code, there = found[one.landing.code]
        lines.append(replace(one, landing=replace(one.landing, code=code), there=there))
    return replace(seen, lines=tuple(lines))


def take(desk: Desk, seen: Preview, place: str = "") -> Taken | Refused:
    """Land what is new, all of it or nothing. The same list again lands nothing.

    Rejected rows are left out, as the preview has said; a list that was not read is refused.
    """
    if seen.fault or seen.missing or seen.plan.organisation != desk.organisation:
        return Refused(Reason.BAD_INPUT, "file")
    fresh = marked(seen)
    there = sum(one.there for one in fresh.lines)
    new = tuple(one.landing for one in fresh.new if one.landing)
    if not new:
        return Taken(None, 0, there)
    said = "\n".join([place, *(one.code for one in new)])
    key = f"list:{sha256(said.encode()).hexdigest()[:40]}"
    event = landing.land(replace(desk, key=key), new, place)
    return event if isinstance(event, Refused) else Taken(event, len(new), there)


def remember(organisation: str, columns: Columns, now_ms: int) -> None:
    """Keep which headers are which columns, for this organisation's next list."""
    kept = {str(column): title[:LONGEST] for column, title in columns.items()}
    text = json.dumps(kept, ensure_ascii=False, sort_keys=True)
    ColumnMap.objects.update_or_create(
        organisation_id=organisation, defaults={"columns": text, "told_ms": now_ms}
    )


def remembered(organisation: str) -> Columns | None:
    """What was kept; None: nothing was."""
    row = ColumnMap.objects.filter(organisation=organisation).first()
    if row is None:
        return None
    kept = json.loads(row.columns)
    return {Column(name): title for name, title in kept.items() if name in set(Column)}


def _looked_up(organisation: str, codes: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """For each number the one to use, and whether it is landed. Void ones are passed by."""
    found: dict[str, tuple[str, bool]] = {}
    asked = {code: code for code in codes}
    while asked:
        states = _states(organisation, list(asked.values()))
        voided = {}
        for code, now in asked.items():
            if states.get(now) == Status.VOID:
                voided[code] = after(now)
            else:
                found[code] = (now, now in states)
        asked = voided
    return found


def _states(organisation: str, codes: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(codes), CHUNK):
        rows = Lot.objects.filter(gtin="", code__in=codes[start : start + CHUNK])
        found |= dict(rows.filter(maker=organisation).values_list("code", "status"))
    return found
