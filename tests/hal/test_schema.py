"""The options of real parts: every mistake is named, and a factory takes what the schema takes."""

from __future__ import annotations

import pytest

import hal
from hal import schema
from hal.catalog import TABLE
from hal.schema import PARTS, Text, Whole, Word


def real(target: str) -> bool:
    return target.startswith("hal.pi.")


def test_every_real_part_of_the_catalog_has_its_options_here() -> None:
    named = {(kind, part) for kind, parts in TABLE.items() for part in parts if real(parts[part])}
    assert named == set(PARTS)


def smallest(kind: str, part: str) -> dict[str, object]:
    """Only what has to be given."""
    return {name: 5 for name, key in PARTS[kind, part].items() if key.default is None}


def wrong(key: Whole | Word | Text) -> list[object]:
    if isinstance(key, Whole):
        return [key.least - 1, key.most + 1, True, "4", 4.0, None]
    return ["x\x00", 7, True, None] + (["perhaps"] if isinstance(key, Word) else ["x" * 256])


@pytest.mark.parametrize(("kind", "part"), sorted(PARTS))
def test_each_option_out_of_its_bounds_is_named_with_what_fits(kind: str, part: str) -> None:
    opening = {"sensor": hal.open_sensor, "positioner": hal.open_positioner}
    opening |= {"contact": hal.open_contact, "light": hal.open_light}
    good = smallest(kind, part)
    assert list(schema.problems(kind, part, good)) == []
    for name, key in PARTS[kind, part].items():
        for value in wrong(key):
            given = {**good, name: value}
            assert list(schema.problems(kind, part, given)) == [(name, key.expected)]
            with pytest.raises(hal.HalError, match=f"{part}: {name} = "):
                opening[kind](part, {"number": 1, **given})


def test_all_mistakes_of_a_part_are_told_and_an_unknown_option_with_the_known_ones() -> None:
    given = {"pin": 99, "pulseio": "maybe", "pim": 4}
    assert list(schema.problems("sensor", "dht", given)) == [
        ("pin", "a whole number from 0 to 27"),
        ("pulseio", "one of probe, yes, no"),
        ("pim", "one of the options of dht: deadline_ms, pace_ms, pin, pulseio"),
    ]


def test_parts_that_are_not_real_are_not_judged_here() -> None:
    assert list(schema.problems("sensor", "mock-truck", {"channel": 7})) == []
