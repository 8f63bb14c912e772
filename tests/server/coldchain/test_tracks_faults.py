"""Reading the log twice: failed and not done, at each statement; done, but looked failed. And two
who read it at once.
"""

from __future__ import annotations

import os
from itertools import count
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from protocol.bodies import Anchor
from protocol.registry import Event, TimeSource
from science.timeline import Stretch
from server.coldchain import cells, tracks
from server.coldchain.models import Cell, Followed, Hint, SpanRead, Track
from tests.server.coldchain.recorder import BEAT, START, Recorder, door, temperatures
from tests.server.ledger.faults import Trap, faulty_database

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = 3_600_000
STRIDE = 1 if os.environ.get("JAGALCHI_CAMPAIGN") else 3
"""Every step in a campaign, every third one otherwise."""
WINDOW = Stretch(START, START + 3 * HOUR)


@pytest.fixture
def recorder(db: None, client: Client) -> Recorder:
    """A device that has posted readings, a door, and readings that an anchor dates later."""
    made = Recorder.enrol(client)
    made.measure([1_000, 2_000, 3_000])
    made.say(door(Event.DOOR_OPENED), START + 4 * BEAT)
    made.say(temperatures(4_000), None, boot_ms=5 * BEAT)
    made.say(Anchor(6 * BEAT, START + 6 * BEAT, TimeSource.NTP, 50), START + 6 * BEAT)
    made.measure([5_000, 6_000], START + 7 * BEAT)
    made.post(3, 6)
    return made


def state() -> list[list[Any]]:
    """Everything that is derived, without its row numbers."""
    tables = [
        Track.objects.order_by("from_ms", "span").values_list("span", "from_ms", "packed"),
        SpanRead.objects.order_by("span").values_list("span", "blind", "undated"),
        Hint.objects.values_list("seq", "utc_ms"),
        Followed.objects.values_list("number"),
    ]
    return [[tuple(map(_plain, one)) for one in table] for table in tables]


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def empty() -> None:
    """Nothing was read yet."""
    for model in (Cell, Track, SpanRead, Hint, Followed):
        model.objects.all().delete()


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done but looked failed"])
def test_a_failure_at_any_step_leaves_what_the_next_one_makes_right(
    recorder: Recorder, done: bool
) -> None:
    tracks.follow_all()
    wanted, exposure = state(), cells.exposure(recorder.asset, WINDOW)
    assert len(wanted[0]) == 3 and exposure.unknown_ms < exposure.all_ms
    failed = 0
    for step in count(1 + done, STRIDE):
        empty()
        trap = Trap(step, done=done)
        try:
            with faulty_database(trap):
                tracks.follow_all()
                cells.exposure(recorder.asset, WINDOW)
        except OperationalError:
            failed += 1
        if not trap.sprung:
            break
        connection.close()
        tracks.follow_all()
        assert state() == wanted, trap.sprung
        assert cells.exposure(recorder.asset, WINDOW) == exposure, trap.sprung
        assert cells.exposure(recorder.asset, WINDOW) == exposure, trap.sprung
    assert failed > 20


def test_two_who_read_the_log_at_once_read_each_span_once(recorder: Recorder) -> None:
    tracks.follow_all()
    wanted = state()
    empty()
    together, read, failed = Barrier(2), list[int](), list[Exception]()

    def reader() -> None:
        together.wait()
        try:
            while (step := tracks.follow(1)).entries:
                read.append(step.spans)
                cells.exposure(recorder.asset, WINDOW)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [Thread(target=reader) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert state() == wanted
    # the second span is read again when the anchor comes, if it had come before
    assert sum(read) in (3, 4)
