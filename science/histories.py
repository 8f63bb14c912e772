"""A history as data, and back: whoever holds it judges it again and gets the same verdict.

Integers, words of closed lists, names of devices and nulls; no lot, no place and no owner is in it.
Spec: docs/freshness.md, "A verdict computed again".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from science.histogram import Bin, Exposure, State
from science.species import Form, Ice, IceRatio, Kept, Product, Species
from science.spoilage import Score, Side
from science.verdict import Certificate, History, Section, Source, Where

VERSION: Final = 1
PLAIN: Final = ("until_ms", "catch_ms", "known_from_ms", "use_by_ms", "graded", "entries")
MAYBE: Final = frozenset({"catch_ms", "known_from_ms", "use_by_ms"})
"""Those that may be null."""
MOST: Final = 2**53 - 1
BROKEN: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What comes of data that is no history; somebody else may have written it."""


def told(history: History) -> dict[str, Any]:
    """The canonical form."""
    product = history.product
    return {
        **{name: getattr(history, name) for name in PLAIN},
        "version": VERSION,
        "product": [
            [str(one) for one in product.species],
            *map(str, (product.form, product.kept, product.ice, product.ratio)),
        ],
        "sections": [_section_told(one) for one in history.sections],
        "scores": [[str(one.side), one.qi, one.qi_max, one.after] for one in history.scores],
        "certificate": str(history.certificate),
    }


def text(history: History) -> str:
    """The canonical form as the one JSON text whose hash the log commits to."""
    return json.dumps(told(history), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def read(said: Mapping[str, Any]) -> History:
    """The history of a canonical form. Raises ValueError for another version, or none of ours."""
    if said.get("version") != VERSION:
        raise ValueError(f"a history of version {said.get('version')}, known: {VERSION}")
    species, form, kept, ice, ratio = said["product"]
    return History(
        product=Product(
            tuple(map(Species, species)), Form(form), Kept(kept), Ice(ice), IceRatio(ratio)
        ),
        sections=tuple(_section(*one) for one in said["sections"]),
        scores=tuple(Score(Side(side), *rest) for side, *rest in said["scores"]),
        certificate=Certificate(said["certificate"]),
        **{name: _plain(name, said[name]) for name in PLAIN},
    )


def parse(data: bytes) -> History:
    """The history of a text that a stranger gave us. Raises ValueError for everything else, a
    second spelling of it too."""
    try:
        said = json.loads(data.decode())
        history = read(said)
        same = text(history).encode() == data
    except BROKEN as error:
        raise ValueError(f"not a history: {error}") from error
    if not same:
        raise ValueError("not a history in its canonical form")
    return history


def _section_told(one: Section) -> list[object]:
    return [
        str(one.where),
        one.exposure.told(),
        one.places,
        [list(source) for source in one.sources],
    ]


def _plain(name: str, value: Any) -> Any:
    if name == "graded":
        return bool(value)
    return None if value is None and name in MAYBE else _whole(value)


def _whole(value: Any) -> int:
    """A number that is one: somebody else may have written it."""
    if type(value) is not int or abs(value) > MOST:
        raise ValueError(f"{value!r:.40} is no whole number of ours")
    return value


def _section(
    where: str, rows: list[list[Any]], places: int, sources: list[tuple[str, int]]
) -> Section:
    found = tuple(Source(str(device), _whole(readings)) for device, readings in sources)
    return Section(Where(where), _exposure(rows), _whole(places), found)


def _exposure(rows: list[list[Any]]) -> Exposure:
    return Exposure(
        {
            Bin(State(state), None if milli is None else _whole(milli), _whole(doubt)): _whole(ms)
            for state, milli, doubt, ms in rows
        }
    )
