"""D15: whatever a DHT22 does, what is handed on was measured since one last asked, or is a fault.

Tries go in where the child's lines come in; above that everything is real, up to the labels that
the agent signs.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping

import pytest

from agent.core import quality
from hal.api import KEEPS_VALUE, Fault, Measurement, Moment
from hal.drivers.trouble import fault_of
from hal.pi.polled import KINDS, PolledSensor
from protocol.bodies import Measured
from protocol.registry import Quantity, Status
from tests.hal.pi.quiet import QuietWarden
from tests.reliability import note

PACE_MS, ASKED_MS, ROWS = 2_500, 10_000, 400
Word = object
TIMEOUT = fault_of(errno.ETIMEDOUT, "")
CHECKSUM = fault_of(None, "RuntimeError: Checksum did not validate. Try again.")
WILD = (0, 3, -2, 5, 1, 7, -1, 4)
GOOD: list[Word] = [[4.1, 80.0], [4.2, 80.3], [4.1, 80.1]]
SCRIPTS: Mapping[str, tuple[list[Word], set[Fault | None]]] = {
    "timeout": ([TIMEOUT], {Fault.NO_ANSWER}),
    "every checksum wrong": ([CHECKSUM], {Fault.CHECKSUM}),
    "three of four checksums wrong": ([*[CHECKSUM] * 3, [4.1, 80.0]], {None}),
    "seven of eight checksums wrong": (
        [*[CHECKSUM] * 7, [4.1, 80.0]],
        {Fault.SUSPECT, Fault.CHECKSUM},
    ),
    "a frame of zeros": ([[0.0, 0.0]], {Fault.OUT_OF_RANGE}),
    "humidity at 99.9": ([[4.1, 99.9]], {None, Fault.SUSPECT}),
    "half the true value, one in five": ([*GOOD, [4.1, 80.2], [2.05, 40.1]], {None}),
    "double the true value, one in five": ([*GOOD, [4.1, 80.2], [8.2, 80.2]], {None}),
    "no two answers agree": (
        [[10.0 * n, 90.0 - 85 * (n % 2)] for n in WILD],
        {Fault.DISAGREE, None},
    ),
    "pulled": ([fault_of(None, "DHT sensor not found, check wiring")], {Fault.NO_ANSWER}),
    "hung and killed": ([Fault.DEADLINE], {Fault.DEADLINE}),
    "sub-zero, sign and magnitude": ([[-10.1, 65.2]], {None}),
    "sub-zero, two's complement": ([[-3264.4, 65.2]], {None}),
    "healthy": (GOOD, {None}),
}


def asked(script: list[Word], rows: int = ROWS) -> Iterable[tuple[list[Word], list[Measurement]]]:
    """Play a script at the sensor's pace; yield what went in since the last question, and out."""
    sensor, now_ms, number = PolledSensor(1, KINDS["dht"], QuietWarden()), 0, 0
    for _ in range(rows):
        went_in = []
        for _ in range(ASKED_MS // PACE_MS):
            now_ms, number = now_ms + PACE_MS, number + 1
            went_in.append(script[number % len(script)])
            sensor.heard(went_in[-1], now_ms)
        yield went_in, list(sensor.read(Moment(now_ms, None)))


def possible(words: Iterable[Word]) -> set[int]:
    """Every value that these words can stand for."""
    said = (KINDS["dht"].decode(word) or () for word in words if not isinstance(word, Fault))
    return {one.value for tuple_ in said for one in tuple_ if one.value is not None}


@pytest.mark.parametrize("name", SCRIPTS)
def test_D15_what_is_handed_on_was_measured_or_is_a_fault(name: str) -> None:
    script, expected = SCRIPTS[name]
    faults, rows, invented, wrong_tries = set[Fault | None](), 0, 0, 0
    for went_in, out in list(asked(script))[1:]:
        measured = possible(went_in)
        for one in out:
            rows += 1
            faults.add(one.fault)
            invented += one.value is not None and one.value not in measured
            wrong_tries += one.tries != len(went_in)
    told = ", ".join(sorted(fault.name.lower() if fault else "ok" for fault in faults))
    note("D15", f"DHT22: {name}", rows, f"{invented} interpolated rows; {told}")
    assert (invented, wrong_tries) == (0, 0)
    assert faults == expected


def test_D15_between_two_tries_there_is_no_value_rather_than_the_last_one() -> None:
    sensor, repeated, questions = PolledSensor(1, KINDS["dht"], QuietWarden()), 0, 0
    for now_ms in range(0, 100_000, 500):
        if now_ms % PACE_MS == 0:
            sensor.heard([4.1, 80.0], now_ms)
            sensor.read(Moment(now_ms, None))
        else:
            questions += 1
            repeated += any(one.value is not None for one in sensor.read(Moment(now_ms, None)))
    note("D15", "DHT22: asked more often than it measures", questions, f"{repeated} repeated rows")
    assert repeated == 0


def test_D15_a_stuck_value_is_labelled_after_six_hours_and_kept() -> None:
    labelled, rows = list[Status](), 0
    pasts: Mapping[quality.Key, quality.Past] = {}
    for number, (_, out) in enumerate(asked([[4.1, 80.0]], rows=7 * 360)):
        rows += 1
        seen = _clothed(out[0])
        judged, pasts = quality.judge(seen, pasts, {}, number * ASKED_MS)
        assert judged.value == 4_100
        labelled.append(judged.status)
    stuck = labelled.count(Status.STUCK)
    note("D15", "DHT22: one value for seven hours", rows, f"{stuck} rows stuck, from hour six on")
    assert labelled[: 6 * 360] == [Status.OK] * 6 * 360
    assert set(labelled[6 * 360 :]) == {Status.STUCK}


@pytest.mark.parametrize("step", [0.5, 2.0])
def test_D15_a_step_to_half_or_double_that_stays_is_labelled_when_it_comes(step: float) -> None:
    """Two halves in a row agree with each other: the agent's own check sees the step."""
    script: list[Word] = [[6.0 if n < 8 else 6.0 * step, 80.0] for n in range(16)]
    pasts: dict[quality.Key, quality.Past] = {}
    labels = []
    for number, (_, out) in enumerate(asked(script, rows=9)):
        judged, pasts = quality.judge(_clothed(out[0]), pasts, {}, number * ASKED_MS)
        labels.append(judged.status)
    assert labels.count(Status.SUSPECT) >= 2
    assert set(labels) == {Status.OK, Status.SUSPECT}


def _clothed(one: Measurement) -> Measured:
    status = Status.OK if one.fault is None else Status(int(one.fault))
    return Measured(1, Quantity.TEMPERATURE, one.value, status, one.tries)


def test_every_fault_with_a_value_is_one_that_may_have_one() -> None:
    for script, _ in SCRIPTS.values():
        for _, out in asked(script, rows=5):
            assert all(
                (one.value is None) == (one.fault in set(Fault) - KEEPS_VALUE) for one in out
            )
