"""D18: what a person has to mend is said in one line, and a crash loop wears out no card."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from agent.exits import CONFIGURATION
from tests import reliability
from tests.power import device

pytestmark = pytest.mark.power

STARTS = 3
HOUR_S = 3_600.0
PAUSE_S, LONGEST_S, STEPS = 2.0, 300.0, 6
"""RestartSec at its shortest, RestartMaxDelaySec, RestartSteps; below systemd 254 the first."""

MOST_BYTES = 1_000_000


def pauses() -> Iterator[float]:
    """systemd.service(5): from the first pause to the longest in so many equal ratios."""
    for step in range(STEPS):
        yield PAUSE_S * (LONGEST_S / PAUSE_S) ** (step / STEPS)
    while True:
        yield LONGEST_S


def starts_in_an_hour() -> int:
    """With back-off; a start that takes no time at all counts most."""
    passed, starts = 0.0, 1
    for pause in pauses():
        passed += pause
        if passed > HOUR_S:
            return starts
        starts += 1
    raise AssertionError


def test_the_back_off_is_that_of_systemd() -> None:
    first = [round(pause, 1) for pause, _ in zip(pauses(), range(STEPS + 2), strict=False)]
    assert first == [2.0, 4.6, 10.6, 24.5, 56.5, 130.1, 300.0, 300.0]
    assert starts_in_an_hour() == 18


def test_D18_a_crash_loop_says_one_line_and_wears_out_no_card() -> None:
    done = device.alone(["tests.power.failed_starts", str(STARTS)])
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    worst = max(found, key=lambda one: one["written"] + len(one["said"]))
    each = worst["written"] + len(worst["said"].encode())
    backing_off, steady = each * starts_in_an_hour(), each * int(HOUR_S / PAUSE_S)
    loud = [one["how"] for one in found if len(one["said"].splitlines()) != 1]
    wrong = [one["how"] for one in found if set(one["codes"]) != {CONFIGURATION}]
    reliability.note(
        "D18",
        f"{len(found)} ways to be broken, {STARTS} real starts each, on an ext4 of its own",
        len(found) * STARTS,
        f"{len(wrong)} without exit code {CONFIGURATION}, {len(loud)} without one line; card and"
        f" log together {backing_off:,} bytes an hour with back-off, {steady:,} without",
    )
    assert wrong == []
    assert loud == []
    assert all(one["said"].startswith("jagalchi-agent: ") for one in found)
    assert backing_off <= MOST_BYTES
    # To find out whose database it is, SQLite has to open it; everything else is known before.
    assert [one["how"] for one in found if one["written"]] in ([], ["another device's card"])
