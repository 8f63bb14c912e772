"""Signs that a sensor needs looking at; and what an honest truck shows: none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from science.plausibility import Glance, Sign, signs
from science.timeline import MINUTE_MS, Stretch

DOORS = [Stretch((180 + 480 * n) * MINUTE_MS, (188 + 480 * n) * MINUTE_MS) for n in range(3)]


def glances(
    warmest: Callable[[int, int], int | None] = lambda _, value: value,
    display: Callable[[int, int], int | None] = lambda _, value: value,
    coldest: Callable[[int, int], int | None] = lambda _, value: value - 800,
    silent: int = 0,
) -> list[Glance]:
    """Thirty hours of an honest hold: cycling, a defrost every six hours, doors that are felt."""
    out = []
    for minute in range(30 * 60):
        value = 1_000 + minute % 12 * 100
        value += 1_500 if minute % 360 in range(100, 118) else 0
        value += 2_000 if any(d[0] <= minute * MINUTE_MS + 60_000 < d[1] for d in DOORS) else 0
        cold = coldest(minute, value)
        shown = display(minute, value - 800)
        out.append(Glance(minute * MINUTE_MS, warmest(minute, value), cold, silent, shown))
    return out


def told(found: list[Glance]) -> set[Sign]:
    return {one.sign for one in signs(found, DOORS)}


def test_an_honest_hold_shows_no_sign() -> None:
    assert told(glances()) == set()


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (glances(warmest=lambda *_: 1_500, coldest=lambda *_: 1_400),
         {Sign.FLAT, Sign.DOOR_UNFELT, Sign.NO_DEFROST}),
        (glances(warmest=lambda m, v: 1_000 + m % 12 * 20), {Sign.DOOR_UNFELT, Sign.NO_DEFROST}),
        (glances(coldest=lambda m, v: v - 3_500), {Sign.DIVERGING}),
        (glances(silent=1), {Sign.SILENT}),
        (glances(display=lambda m, v: v - 2_500), {Sign.FAKE_COLD}),
    ],
    ids=["flat", "deaf", "diverging", "silent", "fake"],
)  # fmt: skip
def test_what_needs_a_look(found: list[Glance], wanted: set[Sign]) -> None:
    # the display follows the cold end, which the second case leaves alone
    assert told(found) - {Sign.DIVERGING} == wanted - {Sign.DIVERGING}
    assert (Sign.DIVERGING in told(found)) or Sign.DIVERGING not in wanted


def test_one_odd_reading_is_no_sign() -> None:
    assert told(glances(coldest=lambda m, v: v - (9_000 if m == 77 else 800))) == set()
    assert signs([], []) == ()
