"""Where memory runs out, talking is given up before recording, and nothing counts as written."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.core.shelf import Cut
from agent.core.sync import Phase
from agent.edges.courier import Courier, Outcome, Request, Response
from agent.loop import Edge, Mode, State, begin, turn
from protocol.record import open_sealed
from tests.agent.rig import (
    Line,
    Server,
    assert_chained,
    at,
    fast_folder,
    on_disk,
    opened,
    reading,
    sealer_on,
    values,
)
from tests.agent.truck import Truck

ROOM = 100
"""Rows that may be read at once."""


class Narrow(sqlite3.Connection):
    """Memory for so many rows and no more."""

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        if sql.startswith("SELECT id, hash, sealed") and args:
            first, last = args[0]
            if last - first >= ROOM:
                raise MemoryError
        return super().execute(sql, *args)


@contextlib.contextmanager
def narrow(path: Path, line: Line) -> Iterator[tuple[Edge, State]]:
    """A truck whose memory holds no batch of its backlog."""
    truck = Truck(path, line)
    outbox, edge = truck.edge(1 << 60, drain=False)
    outbox.close()
    edge.sealer.outbox = opened(
        path, connect=lambda *a, **o: sqlite3.connect(*a, factory=Narrow, **o)
    )
    with contextlib.closing(edge.sealer.outbox):
        yield edge, begin(edge)


def test_a_batch_that_does_not_fit_in_memory_is_tried_in_halves_and_recording_goes_on() -> None:
    server = Server()
    with fast_folder() as path, narrow(path, Line(server)) as (edge, state):
        offline = replace(edge, courier=None)
        for _ in range(400):
            state = turn(offline, state, Mode.RUN)
            edge.clock.wait(10_000)
        made, phases = state.counters.made, set[Phase]()
        for _ in range(400):
            state = turn(edge, state, Mode.RUN)
            phases.add(state.sync.phase)
            edge.clock.wait(10_000)
        beats = [r.record.boot_ms for r in on_disk(path) if r.record.kind.name == "READING"]
    assert beats == list(range(0, 8_000_000, 10_000))
    assert made > 2 * ROOM
    assert Phase.BACKOFF in phases
    assert state.counters.waiting < 10
    assert len(server.records()) >= state.counters.proved > made


def test_what_was_rolled_back_for_want_of_memory_is_written_again(tmp_path: Path) -> None:
    inserted = itertools.count(1)

    class Forgetful(sqlite3.Connection):
        """At the third insertion there is no memory, and everything is rolled back."""

        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
            if sql.startswith("INSERT INTO record") and next(inserted) == 3:
                self.rollback()
                raise MemoryError
            return super().execute(sql, *args)

    outbox = opened(tmp_path, connect=lambda *a, **o: sqlite3.connect(*a, factory=Forgetful, **o))
    writer = sealer_on(outbox)
    writer.put([reading(1, 1_000)], at(1_000))
    writer.put([reading(2, 2_000)], at(2_000))
    assert outbox.trouble == "no room in memory"
    assert outbox.counters({}).committed == 1
    writer.put([reading(3, 9_000)], at(9_000))
    writer.commit(at(9_001))
    outbox.close()
    rows = on_disk(tmp_path)
    assert_chained(rows)
    assert values(rows) == [1, 2, 3]


@pytest.mark.parametrize(
    "error", [MemoryError(), ImportError("libssl"), OSError(24, "Too many open files")]
)
def test_what_talking_lacks_is_a_lost_request(error: Exception) -> None:
    class Short:
        def send(self, method: str, path: str, body: bytes, deadline_s: float) -> Response:
            raise error

    courier = Courier(Short())
    outcome = courier._carry(Request("GET", "/"))
    assert outcome == Outcome(outcome.request, None, outcome.lost, timed_out=True)
    assert outcome.lost is not None
    assert outcome.lost.startswith(f"no room to talk: {type(error).__name__}")
    courier.close()


def test_the_rows_of_a_cut_can_be_read_in_narrow_memory(tmp_path: Path) -> None:
    """The fake is as narrow as it says."""
    outbox = opened(tmp_path, connect=lambda *a, **o: sqlite3.connect(*a, factory=Narrow, **o))
    sealer_on(outbox).put([reading(number) for number in range(ROOM)], at(1))
    outbox.commit()
    assert len([open_sealed(one) for one in outbox.sound(Cut(1, 0, ROOM - 1))]) == ROOM
    with pytest.raises(MemoryError):
        outbox.sound(Cut(1, 0, ROOM))
    outbox.close()
