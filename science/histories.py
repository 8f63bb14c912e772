"""A history as data, and back: whoever holds it judges it again and gets the same verdict.

Integers, words of closed lists and nulls; no lot, no place and no owner is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from science.histogram import Bin, Exposure, State
from science.species import Form, Ice, IceRatio, Kept, Product, Species
from science.spoilage import Score, Side
from science.verdict import Certificate, History, Section, Where

VERSION: Final = 1
PLAIN: Final = ("until_ms", "catch_ms", "known_from_ms", "use_by_ms", "graded")


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
        "sections": [[str(one.where), one.exposure.told()] for one in history.sections],
        "scores": [[str(one.side), one.qi, one.qi_max, one.after] for one in history.scores],
        "certificate": str(history.certificate),
    }


def read(said: Mapping[str, Any]) -> History:
    """The history of a canonical form. Raises ValueError for another version, or none of ours."""
    if said.get("version") != VERSION:
        raise ValueError(f"a history of version {said.get('version')}, known: {VERSION}")
    species, form, kept, ice, ratio = said["product"]
    return History(
        product=Product(
            tuple(map(Species, species)), Form(form), Kept(kept), Ice(ice), IceRatio(ratio)
        ),
        sections=tuple(Section(Where(where), _exposure(rows)) for where, rows in said["sections"]),
        scores=tuple(Score(Side(side), *rest) for side, *rest in said["scores"]),
        certificate=Certificate(said["certificate"]),
        **{name: said[name] for name in PLAIN},
    )


def _exposure(rows: list[list[Any]]) -> Exposure:
    return Exposure({Bin(State(state), milli, doubt): ms for state, milli, doubt, ms in rows})
