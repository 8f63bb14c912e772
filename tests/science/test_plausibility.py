"""Signs that a sensor needs looking at; and what an honest truck shows: none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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


EVER = [Stretch(0, 30 * 60 * MINUTE_MS)]


def told(found: list[Glance], cooled: Sequence[Stretch] = EVER) -> set[Sign]:
    return {one.sign for one in signs(found, DOORS, cooled)}


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
    assert signs([], [], EVER) == ()


def test_air_that_stands_still_is_no_sign_where_nothing_cools_it() -> None:
    still = glances(warmest=lambda *_: 1_500, coldest=lambda *_: 1_400, display=lambda *_: -5_000)
    assert told(still, []) == {Sign.FAKE_COLD}
    assert Sign.FLAT in told(still, [Stretch(0, 7 * 60 * MINUTE_MS)])
    assert told(still, [Stretch(n, n + 170 * MINUTE_MS) for n in (0, 190 * MINUTE_MS)]) == {
        Sign.FAKE_COLD
    }


def test_nothing_is_said_across_a_silence() -> None:
    whole = glances(warmest=lambda *_: 1_500, coldest=lambda *_: 1_400, silent=1)
    cut = [one for one in whole if one.at_ms // MINUTE_MS % 25 < 12]
    assert {Sign.FLAT, Sign.NO_DEFROST, Sign.SILENT} <= told(whole)
    assert told(cut) & {Sign.FLAT, Sign.NO_DEFROST, Sign.SILENT} == set()
    kept = [one for one in whole if one.at_ms // MINUTE_MS % 25 < 16]
    assert told(kept) == told(whole)
