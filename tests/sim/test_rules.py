"""One scene for each rule that an earlier version of the protocol was broken by.

docs/protocol.md marks what these rules are; each test plays the schedule that made one necessary.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection

from agent.core.health import State
from agent.edge import Mode
from agent.edges.outbox import Caps, LockedOutbox
from protocol import cose
from protocol.bodies import EventBody, Rotation
from protocol.opening import Opening
from protocol.record import Sealed, rotation_message, seal
from protocol.registry import Event, Kind, Problem
from protocol.span import Span
from protocol.tombstone import Tombstone
from server.devices.commands import revoke
from server.devices.held import Held, House, Key
from server.devices.judge import Accept, Refuse, judge
from server.ledger import log, tick
from tests.protocol import build
from tests.sim.house import ORIGIN
from tests.sim.knife import Harm
from tests.sim.network import Fate
from tests.sim.scenes import FORGETFUL, QUIET, Hand, asked, go, link, on_card
from tests.sim.world import world


def test_gossip_stands_before_a_due_reading_ten_minutes_apart_and_is_no_reason_to_ship() -> None:
    with world("gossip", QUIET) as here:
        truck = here.fit("truck")
        truck.periods = (60_000, 0)
        go(here, 45, 60_000)
        go(here, 6, 1_000)
        requests = asked(here)
        # Between two readings nothing is sealed, so nothing is shipped, whatever was proved.
        go(here, 5, 1_000)
        assert not [one for one in requests if one.startswith("POST")]
        for _ in range(6):
            here.now_ms += 2_000
            here.network.deliver()
            truck.turn(Mode.DRAIN)
        rows = [row.record for row in on_card(truck)]
    spoken = [at for at, row in enumerate(rows) if row.kind is Kind.GOSSIP]
    times = [rows[at].boot_ms for at in spoken]
    assert len(times) >= 3
    assert all(after - before >= 600_000 for before, after in pairwise(times))
    for at in spoken:
        assert rows[at + 1].kind is Kind.READING and rows[at + 1].boot_ms == rows[at].boot_ms
    assert rows[-1].kind is Kind.CLOSING


@pytest.mark.parametrize("harm", [Harm.FAIL_BEFORE, Harm.FAIL_AFTER])
def test_after_any_storage_error_a_new_epoch_names_the_head_that_is_on_the_card(harm: Harm) -> None:
    with world("trouble", QUIET) as here:
        truck, seen = here.fit("truck"), 0
        go(here, 2)
        for at in (1, 2, 3):
            before = truck.state and truck.state.head
            truck.knife.arm(at, harm)
            go(here, 4)
            assert truck.state and truck.state.head and before
            seen += truck.state.head.epoch != before.epoch
        rows = on_card(truck)
        here.calm()
    assert seen == 3
    events = [r.record.body.event for r in rows if isinstance(r.record.body, EventBody)]
    assert events.count(Event.STORAGE_TROUBLE) == 3


def test_a_head_that_is_not_the_one_last_committed_opens_a_new_epoch() -> None:
    """The card lost its newest row under a running agent: it does not go on as if it had not."""
    with world("head", FORGETFUL) as here:
        truck = here.fit("truck")
        link(truck, up=False)
        go(here, 3)
        first = on_card(truck)
        assert truck.edge
        with truck.edge.sealer.outbox.using() as sql:
            sql.execute("DELETE FROM record WHERE id = (SELECT max(id) FROM record)")
        here.checks.forgot(truck)
        for _ in range(3):
            here.now_ms += 10_000
            truck.turn()
        opening = [row for row in on_card(truck) if row.record.kind is Kind.OPENING][-1].record
        assert isinstance(opening.body, Opening)
        assert opening.body.head and opening.body.head.hash == first[-2].hash
        assert opening.epoch != first[-1].record.epoch and not truck.pen.twice


def test_a_second_agent_is_kept_off_the_card() -> None:
    with world("lock", QUIET) as here:
        truck = here.fit("truck")
        go(here, 1)
        state, truck.state = truck.state, None
        with pytest.raises(LockedOutbox):
            truck.start()
        truck.state = state


def test_openings_come_first_and_oldest_first_and_a_refusal_sets_nothing_aside() -> None:
    with world("openings", QUIET) as here:
        hand = Hand(here, "by hand")
        first = hand.chain(3, "one")
        second = hand.chain(3, "two", first[-1].head)
        third = hand.chain(3, "three", second[-1].head)
        assert hand.said(third, first[1:]) == ["opening-first", "opening-first"]
        # The parent's opening is enough: its later rows may come last.
        assert hand.said(first[:1], second, third, first[1:]) == ["accepted"] * 4
        truck = here.fit("truck")
        link(truck, up=False)
        for _ in range(5):
            go(here, 2)
            truck.kill()
        link(truck, up=True)
        for _ in range(12):
            go(here, 1)
            assert truck.state is None or truck.state.counters.set_aside == 0
        here.calm()


def test_a_span_that_would_open_one_gap_too_many_is_refused_and_taken_later() -> None:
    with world("gaps", QUIET) as here:
        hand = Hand(here, "by hand")
        rows = hand.chain(520, "one")
        lone = [rows[at : at + 1] for at in range(0, 518, 2)]
        said = [word for at in range(0, len(lone), 16) for word in hand.said(*lone[at : at + 16])]
        assert said == ["accepted"] * 257 + ["too-many-gaps"] * (len(lone) - 257)
        assert hand.said(rows[1:2], lone[257]) == ["accepted", "accepted"]
        assert hand.said(lone[258]) == ["too-many-gaps"]


def test_D21_a_lost_tail_is_shown_in_any_order_and_is_no_accusation() -> None:
    with world("tail", FORGETFUL) as here:
        truck = here.fit("truck")
        go(here, 6)
        here.forget(truck, 3)
        go(here, 6)
        here.calm()
        shown = here.checks.detail(truck)
        assert len(shown.tails) >= 1
        assert shown.summary.standing == "forgetful"
        assert shown.summary.lost == len(here.checks.cards[truck.name].forgotten)


class Intruder:
    """Posts in the middle of another request, at its `moment`-th statement outside any lock."""

    def __init__(self, hand: Hand, moment: int, spans: Sequence[Sequence[Sealed]]) -> None:
        self.hand, self.moment, self.spans = hand, moment, spans
        self.met, self.steps = False, 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """See Django's execute_wrapper."""
        free = not connection.in_atomic_block and not sql.startswith("BEGIN")
        self.steps += free
        if free and self.steps == self.moment and not self.met:
            self.met = True
            assert set(self.hand.said(*self.spans)) <= {"accepted", "duplicate"}
        return execute(sql, params, many, context)


def test_two_requests_that_overlap_in_any_way_leave_every_record_once() -> None:
    """The second arrives at every moment at which the first does not hold the device's lock."""
    with world("overlap", QUIET) as here:
        hand, head, moment, met = Hand(here, "by hand"), None, 0, True
        while met:
            moment += 1
            rows = hand.chain(6, f"epoch {moment}", head)
            head, intruder = rows[-1].head, Intruder(hand, moment, [rows[:1], rows[3:]])
            with connection.execute_wrapper(intruder):
                said = hand.said(rows[:2], rows[1:5], rows)
            met = intruder.met
            assert set(said) <= {"accepted", "duplicate"}
            assert set(hand.said(rows)) == {"duplicate"}
        assert moment >= 3
        sql = "SELECT count(*), sum(last - first + 1) FROM devices_heldspan"
        with connection.cursor() as cursor:
            spans, records = cursor.execute(sql).fetchone()
    assert records == 6 * moment and spans >= moment


def test_D20_gossiping_clones_are_a_fork_and_no_record_of_theirs_is_refused() -> None:
    with world("clone", QUIET) as here:
        truck = here.fit("truck")
        go(here, 3)
        here.clone(truck, "clone")
        here.checks.clones |= {"truck", "clone"}
        go(here, 8, 300_000)
        here.calm()
        shown = here.checks.detail(truck)
        assert shown.summary.standing == "forked" and shown.forks


def test_a_leaf_of_which_the_card_lost_rows_is_proved_by_the_servers_hashes() -> None:
    with world("hashes", FORGETFUL) as here:
        truck = here.fit("truck")
        go(here, 3)
        link(truck, up=False)
        go(here, 6)
        link(truck, up=True)
        requests = asked(here)
        for _ in range(12):
            go(here, 1)
            under_way = truck.courier and truck.courier.asked
            if under_way and under_way.method == "POST":
                here.network.weights = {Fate.UNHEARD: 1}
                go(here, 1)
                break
        here.forget(truck, 4)
        here.calm()
    assert any("hashes=1" in one for one in requests), requests


def test_two_notes_of_one_size_with_two_roots_end_proofs_and_nothing_else() -> None:
    """A server put back from yesterday's copy, journal and all, which nobody declared."""
    with world("two histories", QUIET) as here:
        truck = here.fit("truck")
        go(here, 2)
        here.back_up()
        go(here, 12)
        copy = here.copy
        assert copy and truck.state and truck.state.tree[0] > 2
        here.house.put_back(copy, journal=True)
        here.house.start()
        here.checks.log = lambda: None  # type: ignore[method-assign]
        here.house.ticked_ms = here.now_ms + (1 << 40)
        link(truck, up=False)
        go(here, 20)
        # As long as what the truck has seen: the receipts it asks for stand under another root.
        while log.newest().size < truck.state.tree[0]:
            tick.tick(here.now_ms + log.newest().size)
        link(truck, up=True)
        go(here, 8)
        assert truck.state.health.state is State.LOG_INCONSISTENT
        proved, made = truck.state.counters.proved, truck.state.counters.committed
        requests = asked(here)
        go(here, 6, 70_000)
        assert truck.state.counters.proved == proved
        assert truck.state.counters.committed > made
        assert any(one.startswith("POST") for one in requests)
        rows = [row.record.body for row in on_card(truck)]
    assert any(isinstance(b, EventBody) and b.event is Event.LOG_INCONSISTENT for b in rows)


def test_a_successor_takes_openings_that_name_a_predecessor_and_no_other_log() -> None:
    """The judge's half of the rule; test_successor.py plays the whole of it."""
    who = build.key("truck")
    rows = build.chain(3, who=who, origin="log.old/1")
    span = Span.of(rows)
    keys = {who.kid: Key(0, ended=False)}
    enrolment = build.digest("enrolment answer")
    heir = House(who.device, frozenset({"log.new/2", "log.old/1"}), enrolment)
    other = House(who.device, frozenset({"log.new/2"}), enrolment)
    assert isinstance(judge(Held(heir, keys), span), Accept)
    assert judge(Held(other, keys), span) == Refuse(Problem.WRONG_ORIGIN, 0)


def test_a_rotated_key_is_ended_by_the_first_opening_under_the_new_one() -> None:
    """The server's half; the old key goes on until it is replaced. See test_rotation.py."""
    with world("rotation", QUIET) as here:
        hand, heir = Hand(here, "by hand"), build.key("heir")
        rows = hand.chain(3, "one")
        message = rotation_message(hand.who.device, rows[-1].head, heir.cose_key)
        rows = hand.more(rows, Rotation(heir.cose_key, cose.low_s(heir.sign(message))))
        assert hand.said(rows) == ["accepted"]
        rows = hand.more(rows, build.reading(9))
        assert hand.said(rows[-1:]) == ["accepted"]
        body = build.opening(hand.who, rows[-1].head, ORIGIN)
        place = build.Place(build.digest("two", 8), 0, rows[-1].hash)
        opening = seal(build.record(Kind.OPENING, body, place), heir.kid, heir.sign)
        assert hand.said([opening]) == ["accepted"]
        rows = hand.more(rows, build.reading(10))
        assert hand.said(rows[-1:]) == ["revoked"]
        following = build.append([opening], build.reading(11), who=heir)
        assert hand.said(following[1:]) == ["accepted"]


def test_what_was_committed_to_before_a_revocation_is_released_from_quarantine() -> None:
    with world("revocation", QUIET) as here:
        hand = Hand(here, "by hand")
        rows = hand.chain(12, "one")
        assert hand.said(rows[:2], rows[8:]) == ["accepted", "accepted"]
        revoke(hand.who.device, now_ms=here.now())
        assert hand.said(rows[2:5]) == ["revoked"]
        # What the held rows name is taken, and what touches it on the left is judged again.
        assert hand.said(rows[5:8]) == ["accepted"]
        assert hand.said(rows) == ["duplicate"]


def test_eviction_follows_the_declared_order_and_leaves_no_gap_unexplained() -> None:
    with world("eviction", QUIET) as here:
        truck = here.fit("truck", Caps(rows=60))
        link(truck, up=False)
        for turn in range(90):
            truck.cargo.warm = turn in (5, 6)
            truck.door.open = turn in range(20, 24)
            go(here, 1)
        assert truck.state
        rows = [row.record for row in on_card(truck)]
        kinds = [row.kind for row in rows]
        assert len(rows) <= 60 and truck.state.counters.evicted > 30
        assert truck.state.counters.overflowed == 0
        assert Kind.OPENING in kinds and kinds.count(Kind.EVENT) >= 4
        told = [row.body for row in rows if isinstance(row.body, Tombstone)]
        count = sum(gone.count for tomb in told for gone in tomb.ranges)
        assert count == truck.state.counters.evicted
        link(truck, up=True)
        here.calm()
        assert here.checks.detail(truck).summary.gaps == 0
