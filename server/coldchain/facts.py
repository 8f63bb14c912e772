"""What was said of a lot, as the log has it: ids, words of closed lists, integers, dates.

A trade name, an origin, an area or a number that people typed is logged where it is a word that
everybody knows or has the shape of such a number: a lot number as we give it or a short one, an
이력번호 of 12 or 13 digits that is no phone and no resident registration number. Any other stays in
the table, and the log has a digest of all of it together. The vessel's name is never logged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, Final

from science.species import SPECIES, Species
from server.accounts.rules import letters
from server.coldchain.days import code_of
from server.coldchain.models import Lot

FACTS: Final = (
    "code",
    "gtin",
    "maker_id",
    "made_ms",
    "trade",
    "species",
    "form",
    "kept",
    "feed",
    "catch_ms",
    "catch_by",
    "ice",
    "ice_ratio",
    "area",
    "gear",
    "landed_id",
    "origin",
    "use_by",
    "trace_no",
    "boxes",
    "grams",
)
"""Columns of a lot that the log commits to by a digest."""
LOGGED: Final = (*FACTS, "graded", "status")
"""Columns that stand in the log themselves; `status`: with which the lot was made."""
GIVEN_ONCE: Final = ("maker_id", "made_ms", "status")
"""What no correction changes."""
CHANGEABLE: Final = tuple(one for one in LOGGED if one not in GIVEN_ONCE)

_CODE: Final = re.compile(r"|[A-Z]?-?[0-9]{1,6}|[0-9]{6}[A-Z2-7]{8}")
_PHONE: Final = r"0|82"
_RESIDENT: Final = r"[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{7}$"
_TRACE_NO: Final = re.compile(rf"|(?!{_PHONE}|{_RESIDENT})[0-9]{{12,13}}")
_FAO: Final = "18|21|27|31|34|37|41|47|48|51|57|58|61|67|71|77|81|87|88"
"""FAO major fishing areas of the sea; a part of one is one or two digits, with a letter or not."""
_PART: Final = r"\.(?:[0-9]{1,2}[A-Za-z]?|[A-Za-z])"
_AREA: Final = re.compile(rf"(?:(?:{_FAO})(?:{_PART}){{0,4}}(?: |$)){{0,4}}")
_SIZE: Final = re.compile(r"특|특?[대중소]|\d+([-~]\d+)?(kg|g|미|cm)?")
TRADES: Final = frozenset(
    word
    for one in SPECIES.values()
    for text in (one.trade.en, one.trade.ko)
    for word in text.split()
)
ORIGINS: Final = frozenset(
    f"{one}산"
    for one in ("국", "연근해", "원양", "국내", "수입", "노르웨이", "중국", "일본", "러시아")
)


def _trade(text: str) -> bool:
    words = re.split(r"[ ·()]+", text)
    return all(not one or one in TRADES or _SIZE.fullmatch(one) for one in words)


def _origin(text: str) -> bool:
    return all(not one or one in ORIGINS for one in text.split("·"))


TEXTS: Final[Mapping[str, Callable[[str], bool]]] = {
    "trade": _trade,
    "origin": _origin,
    "area": lambda text: bool(_AREA.fullmatch(text)),
    "code": lambda text: bool(_CODE.fullmatch(text)),
    "trace_no": lambda text: bool(_TRACE_NO.fullmatch(text)),
}
"""Columns that people type, and whether what they typed may stand in the log."""


def digest(lot: Lot) -> str:
    """A digest of what was said of a lot when it was made, or when that was corrected last."""
    text = "\n".join(str(getattr(lot, name)) for name in FACTS)
    return letters(sha256(text.encode()).digest()[:10])


def kept_back(lots: Sequence[Lot]) -> set[str]:
    """The columns of these lots in which somebody typed what does not enter the log."""
    typed = {(name, getattr(lot, name)) for lot in lots for name in TEXTS}
    return {name for name, text in typed if not TEXTS[name](text)}


def packed(lots: Sequence[Lot]) -> str:
    """What is said of these lots: what is the same of all once, the rest as columns."""
    if not lots:
        return ""
    columns = {name: [_logged(lot, name) for lot in lots] for name in LOGGED}
    same = {name: rows[0] for name, rows in columns.items() if rows.count(rows[0]) == len(rows)}
    each = {name: rows for name, rows in columns.items() if name not in same}
    return json.dumps({"same": same, "each": each}, separators=(",", ":"), ensure_ascii=False)


def unpacked(text: str, count: int) -> Iterator[dict[str, Any]]:
    """The way back, for so many lots; None for a text that the log does not have."""
    told = json.loads(text) if text else {"same": {}, "each": {}}
    for place in range(count):
        yield told["same"] | {name: rows[place] for name, rows in told["each"].items()}


def lot_of(ref: str, told: Mapping[str, Any]) -> Lot:
    """A lot as it was made, not yet written; in place of a text that the log does not have stands
    what can be known without it."""
    lot = Lot(ref=ref, maker_id=told["maker_id"], made_ms=told["made_ms"], status=told["status"])
    lot.trade = SPECIES[Species(told["species"].split()[0])].trade.ko
    lot.code = code_of(told["made_ms"], ref)
    lot.grams = lot.boxes = lot.left_grams = lot.left_boxes = 0
    put(lot, told)
    lot.holder_id = lot.maker_id
    return lot


def put(lot: Lot, told: Mapping[str, Any]) -> None:
    """Say this of a lot, not yet written; a text that the log does not have stays as it is, and
    what was taken of the lot stays taken."""
    lot.left_grams += told["grams"] - lot.grams
    lot.left_boxes += told["boxes"] - lot.boxes
    for name in CHANGEABLE:
        if told[name] is not None or name not in TEXTS:
            setattr(lot, name, told[name])
    lot.use_by = date.fromisoformat(told["use_by"]) if told["use_by"] else None


def _logged(lot: Lot, name: str) -> Any:
    value = getattr(lot, name)
    if name in TEXTS and not TEXTS[name](value):
        return None
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value
