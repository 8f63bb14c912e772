"""What the hardware says arrives in the words of the protocol, number by number, and unchanged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.core.schedule import Task
from agent.edges import instruments
from agent.edges.instruments import ROLLED_MS
from agent.edges.walltime import BELIEVABLE_MS, BUILD_UTC_MS
from hal import (
    KEEPS_VALUE,
    Bench,
    Fault,
    Fix,
    Measurement,
    Moment,
    PositionFix,
    Quantity,
    open_bench,
)
from hal.drivers.weeks import ROLLOVER_MS
from protocol import cbor
from protocol.bodies import Measured
from protocol.registry import Status

AT = Moment(1_000, BUILD_UTC_MS)
PLACE = PositionFix(fix=Fix.FIX_3D, lat_e7=1, lon_e7=2, utc_ms=BUILD_UTC_MS)


class Fixed:
    """A part that always says the same."""

    simulated = False
    wake_fd = None

    def __init__(self, says: object) -> None:
        self.says = says

    def read(self, at: Moment) -> object:
        return self.says

    def close(self) -> None:
        """Nothing to let go of."""


def fitted(sensor: tuple[Measurement, ...] = (), fix: PositionFix | None = None) -> Bench:
    bench = open_bench({})
    return replace(bench, sensors=(Fixed(sensor),), positioner=Fixed(fix))  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", [None, *Fault])
def test_every_fault_keeps_its_number_and_its_value(fault: Fault | None) -> None:
    value = -18_000 if fault is None or fault in KEEPS_VALUE else None
    said = Measurement(sensor=3, quantity=Quantity.TEMPERATURE, value=value, fault=fault, tries=2)
    seen = instruments.observe(fitted((said,)), {Task.SAMPLE}, AT)
    assert seen.measurements is not None
    (measured,) = seen.measurements
    assert (measured.sensor, measured.value, measured.tries) == (3, value, 2)
    assert int(measured.status) == (0 if fault is None else int(fault))
    # What is sealed is read back by the other end's strict reader.
    plain = cbor.decode(cbor.encode(measured.values()), max_bytes=64)
    assert Measured.read(plain) == measured


def test_only_what_is_due_is_asked() -> None:
    said = Measurement(sensor=3, quantity=Quantity.TEMPERATURE, value=1)
    bench = fitted((said,), PLACE)
    assert instruments.observe(bench, (), AT).measurements is None
    assert instruments.observe(bench, (), AT).position is None
    assert instruments.observe(bench, {Task.POSITION}, AT).position is not None


@pytest.mark.parametrize(
    ("fix", "believed"),
    [
        (PLACE, True),
        (replace(PLACE, utc_ms=BUILD_UTC_MS - 1), False),
        (replace(PLACE, utc_ms=BUILD_UTC_MS + 1 - ROLLOVER_MS), True),
        (replace(PLACE, utc_ms=BUILD_UTC_MS + ROLLED_MS - ROLLOVER_MS), True),
        (replace(PLACE, utc_ms=BUILD_UTC_MS + ROLLED_MS + 1 - ROLLOVER_MS), False),
        (replace(PLACE, utc_ms=315_964_800_000), False),  # 1980-01-06, before any satellite
        (replace(PLACE, utc_ms=BUILD_UTC_MS + BELIEVABLE_MS + 1), False),
        (replace(PLACE, fix=Fix.FIX_2D), False),
        (replace(PLACE, fault=Fault.SUSPECT), False),
        (replace(PLACE, utc_ms=None), False),
    ],
)
def test_a_receivers_date_counts_with_a_whole_fix_and_a_believable_year(
    fix: PositionFix, believed: bool
) -> None:
    seen = instruments.observe(fitted(fix=fix), {Task.POSITION}, AT).position
    assert seen is not None
    assert (seen.utc_ms is not None) is believed


def test_a_date_of_a_rolled_week_counter_is_mended_and_told() -> None:
    claimed = replace(PLACE, utc_ms=BUILD_UTC_MS + 1 - ROLLOVER_MS)
    seen = instruments.observe(fitted(fix=claimed), {Task.POSITION}, AT).position
    assert seen is not None
    assert (seen.utc_ms, seen.rolled_ms) == (BUILD_UTC_MS + 1, ROLLOVER_MS)


def test_a_receiver_that_talks_garbage_keeps_its_fault() -> None:
    silent = PositionFix(fix=Fix.NONE, fault=Fault.CHECKSUM)
    seen = instruments.observe(fitted(fix=silent), {Task.POSITION}, AT).position
    assert seen is not None
    assert (seen.fault, seen.position.lat_e7) == (Status.CHECKSUM, None)
