"""Every SQL statement fails once, done or not done: nothing is lost, doubled, or signed twice."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.chain import Draft, Lane
from agent.core.shelf import Counters, count
from agent.edges import pruning, sealer
from agent.edges.outbox import Caps, Kept, Outbox, Proof, StorageTrouble
from agent.edges.pruning import Settlement
from agent.edges.sealer import Sealer
from protocol import cbor, record
from protocol.bodies import EventBody, Gossip
from protocol.registry import Event, Kind, Param, Reason
from tests.agent.rig import (
    IDENTITY,
    SIGNER,
    Breaker,
    assert_chained,
    at,
    epochs,
    fast_folder,
    on_disk,
    opened,
    reading,
    sealer_on,
    values,
)

READINGS = 14


@dataclass
class Notary:
    """A signer that remembers what it signed under which number."""

    signed: dict[tuple[bytes, int], set[bytes]] = field(default_factory=dict)

    public = SIGNER.public
    kid = SIGNER.kid

    def sign(self, message: bytes) -> bytes:
        structure: Any = cbor.decode(message, max_bytes=1 << 16)
        payload = structure[3]
        made = record.decode(payload)
        self.signed.setdefault((made.epoch, made.seq), set()).add(payload)
        return SIGNER.sign(message)


@dataclass
class Run:
    """One short life of an agent on a disk that breaks."""

    path: Path
    breaker: Breaker
    caps: Caps = field(default_factory=Caps)
    notary: Notary = field(default_factory=Notary)

    def live(self) -> tuple[Outbox, Sealer]:
        """Fourteen readings, one of them an alarm, a settlement, then a calm end."""
        outbox = opened(self.path, self.caps, self.breaker.connect)
        writer = Sealer(outbox, self.notary, IDENTITY, epochs())
        writer.begin(at(0))
        for beat in range(1, READINGS + 1):
            lane = Lane.ALARM if beat == 5 else Lane.ROUTINE
            writer.put([reading(beat, beat * 10_000, lane)], at(beat * 10_000))
            writer.tend(at(beat * 10_000 + 5_000))
            if beat == 8:
                self._settle(outbox)
        self.breaker.last = 0
        for beat in range(READINGS + 1, READINGS + 4):
            writer.tend(at(beat * 10_000))
        writer.close(at((READINGS + 4) * 10_000), Reason.STOP)
        return outbox, writer

    def _settle(self, outbox: Outbox) -> None:
        try:
            number = outbox.shelves[-1].number
            proof = Proof(number, 0, 0, 7, 9, b"leaf", (bytes(32),))
            pruning.settle(outbox, Settlement(Kept(9, bytes(32), "note"), (proof,), 5), 80_000)
        except (StorageTrouble, IndexError):
            return


def statements() -> int:
    """How many statements such a life takes on a good disk."""
    breaker = Breaker(1 << 60, done=False)
    with fast_folder() as path:
        Run(path, breaker).live()[0].close()
    return breaker.count


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done but looked failed"])
@pytest.mark.parametrize("length", [1, 25], ids=["once", "for a while"])
def test_no_failing_statement_loses_or_doubles_a_reading(done: bool, length: int) -> None:
    total = statements()
    assert total > 100
    for nth in range(1, total + 1, 1 if length == 1 else 7):
        with fast_folder() as path:
            run = Run(path, Breaker(nth, done=done, last=nth + length - 1))
            outbox, writer = run.live()
            counters = outbox.counters({}, ring=writer.ring, overflowed=writer.overflowed)
            outbox.close()
            rows = on_disk(path)
            assert values(rows) == list(range(1, READINGS + 1)), f"statement {nth}"
            assert_chained(rows)
            assert all(len(payloads) == 1 for payloads in run.notary.signed.values()), nth
            assert (counters.committed, counters.uncommitted) == (len(rows), 0), nth
            assert counters.committed == counters.waiting + counters.proved + counters.evicted
            again = opened(path)
            assert again.counters({}).committed == len(rows)
            again.close()


def test_a_storage_error_is_told_in_the_next_epoch_once(tmp_path: Path) -> None:
    breaker = Breaker(1 << 60, done=False)
    outbox = opened(tmp_path, connect=breaker.connect)
    writer = sealer_on(outbox)
    breaker.first, breaker.last = breaker.count + 1, breaker.count + 10
    for beat in range(1, 100):
        writer.put([reading(beat, beat * 1_000)], at(beat * 1_000))
    writer.commit(at(100_000))
    assert writer.trouble_since_ms is None
    outbox.close()
    events = [row.record.body for row in on_disk(tmp_path)]
    told = [body for body in events if isinstance(body, EventBody)]
    assert [body.event for body in told] == [Event.STORAGE_TROUBLE]
    assert dict(told[0].params)[Param.SINCE_MS] == 1_000
    kinds = [row.record.kind for row in on_disk(tmp_path)]
    assert kinds.count(Kind.OPENING) == 2


def test_the_card_is_tried_again_every_five_seconds_not_in_every_turn(tmp_path: Path) -> None:
    breaker = Breaker(1 << 60, done=False)
    outbox = opened(tmp_path, connect=breaker.connect)
    writer = sealer_on(outbox)
    breaker.first, breaker.last = breaker.count + 1, 1 << 60
    writer.put([reading(1)], at(1_000))
    tried = breaker.count
    for ms in range(1_001, 1_000 + sealer.RETRY_MS):
        writer.tend(at(ms))
    assert breaker.count == tried
    writer.tend(at(1_000 + sealer.RETRY_MS))
    assert breaker.count > tried
    outbox.close()


def test_the_ring_keeps_the_newest_and_counts_what_it_lets_go(tmp_path: Path) -> None:
    breaker = Breaker(1 << 60, done=False)
    outbox = opened(tmp_path, connect=breaker.connect)
    writer = sealer_on(outbox)
    breaker.first, breaker.last = breaker.count + 1, 1 << 60
    count = sealer.RING_DRAFTS + 10
    writer.put([reading(number, number) for number in range(count)], at(0))
    assert (writer.ring, writer.overflowed) == (sealer.RING_DRAFTS, 10)
    balance = outbox.counters({}, ring=writer.ring, overflowed=writer.overflowed)
    assert balance.made == balance.committed + balance.uncommitted + balance.overflowed
    assert balance.made == 1 + count
    outbox.close()


def test_records_sealed_anew_keep_the_moment_they_were_made_at(tmp_path: Path) -> None:
    breaker = Breaker(1 << 60, done=False)
    outbox = opened(tmp_path, connect=breaker.connect)
    writer = sealer_on(outbox)
    writer.put([reading(1, 1_000), Draft(Gossip(1, bytes(32)), at(1_000))], at(1_000))
    breaker.first = breaker.last = breaker.count + 1
    writer.put([reading(2, 2_000)], at(2_000))
    writer.put([reading(3, 9_000)], at(9_000))
    writer.commit(at(9_000))
    outbox.close()
    rows = [row.record for row in on_disk(tmp_path)]
    assert [(r.seq, r.boot_ms) for r in rows[1:]] == [
        (0, 1_000),
        (1, 1_000),
        (2, 1_000),
        (3, 2_000),
        (4, 9_000),
    ]
    # Gossip of the broken transaction spoke of a state that is gone.
    assert not any(isinstance(r.body, Gossip) for r in rows)


def test_a_trouble_at_the_very_start_delays_the_opening_only(tmp_path: Path) -> None:
    breaker = Breaker(1, done=False, last=30)
    outbox = opened(tmp_path, connect=breaker.connect)
    writer = sealer_on(outbox)
    assert writer.head is None
    for beat in range(1, 40):
        writer.put([reading(beat, beat * 10_000)], at(beat * 10_000))
    outbox.close()
    assert values(on_disk(tmp_path)) == list(range(1, 40))


def test_durable_work_moves_the_mark_for_the_watchdog_and_nothing_else_does(tmp_path: Path) -> None:
    breaker = Breaker(1 << 60, done=False)
    outbox = opened(tmp_path, connect=breaker.connect)
    writer = sealer_on(outbox)
    writer.put([reading(1)], at(1_000))
    writer.tend(at(2_000))
    assert writer.durable_ms == 0
    writer.tend(at(6_000))
    assert writer.durable_ms == 6_000
    breaker.first, breaker.last = breaker.count + 1, 1 << 60
    writer.put([reading(2, lane=Lane.ALARM)], at(7_000))
    assert writer.durable_ms == 6_000
    outbox.close()


steps = st.lists(
    st.tuples(
        st.sampled_from(["reading", "alarm", "commit", "restart", "break", "settle", "aside"]),
        st.integers(0, 12),
    ),
    max_size=25,
)


@given(steps)
def test_the_counters_balance_after_any_sequence(script: list[tuple[str, int]]) -> None:
    with fast_folder() as path:
        life = Life(path)
        for what, number in script:
            life.step(what, number)
            life.assert_balanced()
        life.end()


@dataclass
class Life:
    """An agent to which anything may happen."""

    path: Path
    breaker: Breaker = field(default_factory=lambda: Breaker(1 << 60, done=False))
    entropy: Any = field(default_factory=epochs)
    now_ms: int = 0
    made: int = 0

    def __post_init__(self) -> None:
        self.outbox = opened(self.path, connect=self.breaker.connect)
        self.writer = sealer_on(self.outbox, self.entropy)

    def step(self, what: str, number: int) -> None:
        self.now_ms += 6_000
        if what in ("reading", "alarm"):
            lane = Lane.ALARM if what == "alarm" else Lane.ROUTINE
            drafts = [reading(self.made + more, self.now_ms, lane) for more in range(number)]
            self.made += number
            self.writer.put(drafts, at(self.now_ms))
        elif what == "commit":
            self.writer.commit(at(self.now_ms))
        elif what == "break":
            self.breaker.first = self.breaker.count + 1
            self.breaker.last = self.breaker.count + number
        elif what == "restart":
            self.calm()
            self.outbox.close()
            self.__post_init__()
        else:
            _touch(self.outbox, what, number)

    def calm(self) -> None:
        self.breaker.last = 0
        self.now_ms += 100_000
        self.writer.tend(at(self.now_ms))
        self.writer.commit(at(self.now_ms))

    def counters(self) -> Counters:
        return self.outbox.counters({}, ring=self.writer.ring, overflowed=self.writer.overflowed)

    def assert_balanced(self) -> None:
        found = self.counters()
        assert found.made == found.committed + found.uncommitted + found.overflowed
        assert found.committed == found.waiting + found.proved + found.evicted
        assert found.set_aside <= found.waiting
        apart, gone = found.uncommitted, found.overflowed
        assert found == count(self.outbox.shelves, {}, uncommitted=apart, overflowed=gone)
        assert self.outbox.unproved == tuple(s for s in self.outbox.shelves if s.waiting)

    def end(self) -> None:
        self.calm()
        found = self.counters()
        self.outbox.close()
        rows = on_disk(self.path)
        assert values(rows) == list(range(self.made))
        assert (found.committed, found.uncommitted) == (len(rows), 0)
        reopened = opened(self.path)
        assert reopened.counters({}) == found
        reopened.close()


def _touch(outbox: Outbox, what: str, number: int) -> None:
    shelf = next((s for s in outbox.shelves if s.last >= number), None)
    if shelf is None:
        return
    try:
        if what == "aside":
            outbox.set_aside(shelf.number, number, "bad-signature")
        else:
            proof = Proof(shelf.number, 0, number, number, 9, b"leaf", ())
            pruning.settle(outbox, Settlement(Kept(9, bytes(32), "n"), (proof,), 5), 0)
    except StorageTrouble:
        return


def test_the_breaker_breaks(tmp_path: Path) -> None:
    for done in (False, True):
        breaker = Breaker(2, done=done)
        sql = breaker.connect(str(tmp_path / f"{done}.db"), isolation_level=None)
        sql.execute("CREATE TABLE t (a)")
        with pytest.raises(sqlite3.OperationalError):
            sql.execute("INSERT INTO t VALUES (1)")
        assert sql.execute("SELECT count(*) FROM t").fetchone()[0] == int(done)
        sql.close()
