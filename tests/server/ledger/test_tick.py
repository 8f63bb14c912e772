"""Every minute a tick, from one worker only; stragglers and trouble are met on the way."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.leaf import TickLeaf, decode_leaf
from server.ledger import log, rows, sequencing
from server.ledger.tick import PERIOD_MS, Pulse, Ticker
from server.ledger.writing import writing
from server.options import Options
from tests.server.conftest import NOW_MS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lock(installation: Options) -> Path:
    return installation.home / "tick.lock"


@pytest.fixture
def pulse(lock: Path) -> Iterator[Pulse]:
    pulse = Pulse(lock)
    yield pulse
    pulse.close()


def ticks() -> list[int]:
    leaves = map(decode_leaf, log.leaves(0, 100))
    return [leaf.utc_ms for leaf in leaves if isinstance(leaf, TickLeaf)]


def test_a_tick_at_once_and_then_every_minute(pulse: Pulse) -> None:
    at = [NOW_MS + offset for offset in (0, 1, PERIOD_MS - 1, PERIOD_MS, PERIOD_MS + 999)]
    assert [pulse.beat(moment) for moment in at] == [True, False, False, True, False]
    assert ticks() == [NOW_MS, NOW_MS + PERIOD_MS]


def test_of_two_workers_one_ticks_and_the_other_takes_over(pulse: Pulse, lock: Path) -> None:
    other = Pulse(lock)
    assert pulse.beat(NOW_MS) and not other.beat(NOW_MS + PERIOD_MS)
    pulse.close()
    assert other.beat(NOW_MS + PERIOD_MS)
    other.close()
    assert ticks() == [NOW_MS, NOW_MS + PERIOD_MS]


def test_what_a_request_left_staged_is_sequenced_by_the_next_beat(pulse: Pulse) -> None:
    pulse.beat(NOW_MS)
    with writing():
        log.stage(b"left")
    assert not pulse.beat(NOW_MS + 1000)
    assert log.leaves(1, 9) == [b"left"]


def test_a_clock_set_back_does_not_silence_the_log(pulse: Pulse) -> None:
    pulse.beat(NOW_MS)
    assert pulse.beat(NOW_MS - 3_600_000)
    assert ticks() == [NOW_MS, NOW_MS - 3_600_000]


def test_trouble_is_told_once_and_its_end_too(
    pulse: Pulse, caplog: pytest.LogCaptureFixture
) -> None:
    ticker = Ticker(pulse)
    head = log.newest()
    rows.execute("DELETE FROM ledger_checkpoint")
    with caplog.at_level(logging.ERROR):
        ticker._beat()
        ticker._beat()
        sequencing.record(head, None)
        ticker._beat()
    assert [record.message for record in caplog.records] == [
        "the log cannot be extended: this log was never begun",
        "over: the log cannot be extended",
    ]


def test_a_ticker_starts_and_stops(lock: Path) -> None:
    ticker = Ticker(Pulse(lock))
    ticker.start()
    ticker.stop()
    assert not ticker._thread.is_alive()
