"""Trips for tests: exposures from (milli_celsius, hours), and strategies for hypothesis."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from science.histogram import Bin, Exposure, State, total
from science.species import Ice, IceRatio, Product, Species
from science.verdict import History, Section, Where, before

HOUR = 3_600_000
DAY = 24 * HOUR
NOW = 1_790_000_000_000
MACKEREL = Product((Species.SCOMBER_JAPONICUS,), ice=Ice.ICED)
ON_TWO = Product((Species.SCOMBER_JAPONICUS,), ice=Ice.ICED, ratio=IceRatio.ONE_TO_TWO)
MONKFISH = Product((Species.LOPHIUS_LITULON,), ice=Ice.ICED)


def spent(*parts: tuple[int, float | Fraction], state: State = State.KNOWN, u: int = 0) -> Exposure:
    """So many hours at so many milli-degrees."""
    return total(Exposure({Bin(state, at, u): int(hours * HOUR)}) for at, hours in parts)


TRIP = spent(
    (2_000, 1), (500, 6), (6_000, Fraction(3, 2)), (1_000, 10), (12_000, Fraction(1, 2)), (0, 5)
)
"""The worked trip of 24 hours."""


def history(product: Product = MACKEREL, days: int | None = 2, **more: Any) -> History:
    """The worked trip after so many days on recorded ice; None: nobody knows when it was caught."""
    ms = 0 if days is None else days * DAY
    first = [] if days is None else [before(product, ms, Bin(State.UNKNOWN, 2_000, 0))]
    given: dict[str, Any] = {
        "product": product,
        "sections": (*first, Section(Where.TRANSPORT, TRIP)),
        "until_ms": NOW,
        "catch_ms": None if days is None else NOW - DAY - ms,
        "known_from_ms": NOW - DAY,
        "graded": True,
    }
    return History(**{**given, **more})


TEMPERATURES = st.integers(-25_000, 35_000)
LENGTHS = st.integers(1, 3 * DAY)


def bins() -> st.SearchStrategy[Bin]:
    """Any bin that can be."""
    uncertain = st.integers(0, 2_000)
    charged = st.builds(Bin, st.sampled_from(State), TEMPERATURES, uncertain)
    return charged | st.just(Bin(State.UNKNOWN, None, 0))


def exposures() -> st.SearchStrategy[Exposure]:
    """Any exposure of a few bins."""
    return st.dictionaries(bins(), LENGTHS, max_size=6).map(Exposure)
