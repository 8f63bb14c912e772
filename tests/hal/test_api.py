"""The values of the hardware interface cannot contradict themselves."""

from __future__ import annotations

from enum import IntEnum

import pytest

from hal import api
from protocol import registry


@pytest.mark.parametrize(
    ("ours", "wire"),
    [(api.Quantity, registry.Quantity), (api.Fault, registry.Status), (api.Fix, registry.Fix)],
)
def test_codes_are_those_of_the_wire(ours: type[IntEnum], wire: type[IntEnum]) -> None:
    on_wire = {member.name: member.value for member in wire if member.name != "OK"}
    assert {member.name: member.value for member in ours} == on_wire


@pytest.mark.parametrize("fault", list(api.Fault))
def test_a_value_is_there_exactly_when_its_fault_leaves_one(fault: api.Fault) -> None:
    fits = 4000 if fault in api.KEEPS_VALUE else None
    contradicts = None if fault in api.KEEPS_VALUE else 4000
    said = api.Measurement(sensor=1, quantity=api.Quantity.TEMPERATURE, value=fits, fault=fault)
    assert said.fault is fault
    with pytest.raises(ValueError, match="does not go with"):
        api.Measurement(sensor=1, quantity=api.Quantity.TEMPERATURE, value=contradicts, fault=fault)


def test_a_good_measurement_has_a_value() -> None:
    with pytest.raises(ValueError, match="does not go with"):
        api.Measurement(sensor=1, quantity=api.Quantity.TEMPERATURE, value=None)


@pytest.mark.parametrize(
    ("fix", "lat", "lon"),
    [
        (api.Fix.NONE, 1, 1),
        (api.Fix.NONE, None, 1),
        (api.Fix.FIX_2D, None, None),
        (api.Fix.FIX_3D, 351, None),
    ],
)
def test_no_fix_means_no_position(fix: api.Fix, lat: int | None, lon: int | None) -> None:
    with pytest.raises(ValueError, match="does not go with"):
        api.PositionFix(fix=fix, lat_e7=lat, lon_e7=lon)


@pytest.mark.parametrize("count", range(1, 10))
def test_blinks_can_be_counted_and_move(count: int) -> None:
    pattern = api.blinks(count)
    assert [len(dark) for dark in pattern.split("**")[1:-1]] == [2] * (count - 1)
    assert pattern.count("**") == count
    assert len(pattern) - len(pattern.rstrip(".")) >= 12  # the pause is longer than any gap


@pytest.mark.parametrize("count", [-1, 0, 10])
def test_blinks_nobody_can_count_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="counted"):
        api.blinks(count)
