"""What a new lot has from those it came from: never a better history than the worst of them. Pure
but for the columns of a lot, which it reads and never writes.

Of several parents the child takes the worse start: the earliest catch, and none if one is unknown;
the worst ice; all species' names. What differs otherwise is named side by side or left blank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from science.species import GRADED_FORMS, Form, Ice, Kept
from server.coldchain.models import Lot
from server.coldchain.rules import Gear, Source

T = TypeVar("T")

WORST_ICE: Final = (Ice.ICED, Ice.RSW, Ice.NONE, Ice.UNSTATED)
"""From best to worst."""


def inherited(parents: Sequence[Lot]) -> dict[str, Any]:
    """The columns of a child of these lots, before what its making says of it."""
    first = parents[0]
    catches = [one.catch_ms for one in parents]
    known = None not in catches
    ratios = [one.ice_ratio for one in parents]
    return {
        "catch_ms": min(one for one in catches if one is not None) if known else None,
        "catch_by": _same(parents, lambda one: one.catch_by, str(Source.NOBODY)) if known else "",
        "ice": max((one.ice for one in parents), key=list(map(str, WORST_ICE)).index),
        "ice_ratio": max(ratios) if all(ratios) else "",
        "species": " ".join(_union(one.species.split() for one in parents)),
        "trade": "·".join(_union([one.trade] for one in parents))[:40],
        "area": " ".join(_union(one.area.split() for one in parents))[:40],
        "origin": "·".join(_union([one.origin] for one in parents if one.origin))[:40],
        "gear": _same(parents, lambda one: one.gear, str(Gear.OTHER)),
        "vessel": _same(parents, lambda one: one.vessel, ""),
        "landed_id": _same(parents, lambda one: one.landed_id, None),
        "trace_no": _same(parents, lambda one: one.trace_no, ""),
        "use_by": min((one.use_by for one in parents if one.use_by), default=None),
        "form": next((one.form for one in parents if one.form not in GRADED_FORMS), first.form),
        "kept": _same(parents, lambda one: one.kept, str(Kept.CHILLED)),
        "feed": any(one.feed for one in parents),
        "graded": all(one.graded for one in parents),
    }


def shaped(parents: Sequence[Lot], form: Form, kept: Kept) -> Form | None:
    """The form of a child that is said to be this; None where it cannot be.

    What is cut, salted or thawed never becomes a whole fish again, whose freshness is calculated;
    fish that was frozen and is not any more is thawed.
    """
    if form not in GRADED_FORMS:
        return form
    if any(one.form not in GRADED_FORMS for one in parents):
        return None
    was_frozen = any(one.kept == Kept.FROZEN for one in parents)
    return Form.THAWED if was_frozen and kept is Kept.CHILLED else form


def shares(used: Mapping[int, int], made: Mapping[str, int]) -> dict[tuple[int, str], int]:
    """How many grams of each child came from each parent, by weight: whole grams, sums exact.

    used: grams by parent; made: grams by child. What rounding leaves falls to the last parent.
    """
    total, found = sum(used.values()), {}
    *others, last = used
    for child, grams in made.items():
        rest = grams
        for parent in others:
            found[parent, child] = grams * used[parent] // total
            rest -= found[parent, child]
        found[last, child] = rest
    return found


def _same(parents: Sequence[Lot], of: Callable[[Lot], T], otherwise: T) -> T:
    values = {of(one) for one in parents}
    return values.pop() if len(values) == 1 else otherwise


def _union(words: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(word for some in words for word in some))
