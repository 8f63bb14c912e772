"""The simulated light remembers its history and moves as its pattern says."""

from __future__ import annotations

import hal
from hal.api import SLOT_MS, Moment
from hal.mock.light import REMEMBERED, MockLight


def test_history_holds_changes_only() -> None:
    light = MockLight()
    for boot_ms, pattern in [(0, "*."), (5, "*."), (9, "**"), (12, "*.")]:
        light.show(pattern, Moment(boot_ms, None))
    assert list(light.history) == [(0, "*."), (9, "**"), (12, "*.")]


def test_an_onlooker_can_count_the_blinks() -> None:
    light = MockLight()
    assert not light.lit(Moment(0, None))
    light.show(hal.blinks(3), Moment(500, None))
    length = len(hal.blinks(3)) * SLOT_MS
    seen = [light.lit(Moment(500 + ms, None)) for ms in range(0, 2 * length, SLOT_MS)]
    rises = sum(1 for before, after in zip([False, *seen], seen, strict=False) if after > before)
    assert rises == 6


def test_history_is_bounded_and_survives_closing() -> None:
    light = MockLight()
    for number in range(3 * REMEMBERED):
        light.show("*" * (number % 7 + 1), Moment(number, None))
    light.close()
    assert len(light.history) == REMEMBERED
    assert light.history[-1][0] == 3 * REMEMBERED - 1
