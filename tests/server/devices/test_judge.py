"""judge(held, span), rule by rule, and that slicing and order change nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.bodies import Gossip, Rotation
from protocol.record import Sealed
from protocol.registry import Problem, Reason
from protocol.span import Span
from protocol.tombstone import Evicted, Tombstone
from server.devices import epochs
from server.devices.held import Key
from server.devices.judge import (
    MAX_ALTERNATIVES,
    MAX_CONTESTED,
    MAX_GAPS,
    Accept,
    Duplicate,
    Fork,
    Refuse,
)
from tests.protocol import build
from tests.server.devices.cards import Card, Memory, histories, shipments, spans


def card(count: int = 20) -> Card:
    made = Card()
    made.start()
    made.write(count - 1)
    return made


def test_a_new_span_is_taken_whole_and_the_same_again_is_a_duplicate() -> None:
    memory, (span,) = Memory(), spans(card().here)
    assert memory.post(span) == Accept(((0, 19),))
    assert memory.post(span) == Duplicate()


def test_only_what_is_missing_is_taken() -> None:
    memory, here = Memory(), card().here
    memory.post(Span.of(here[:5]))
    memory.post(Span.of(here[8:12]))
    assert memory.post(Span.of(here)) == Accept(((5, 7), (12, 19)))


def test_the_opening_goes_first_and_so_does_its_parents() -> None:
    made = card(5)
    first = made.here
    made.start()
    second = made.here
    memory = Memory()
    assert memory.post(Span.of(first[1:])) == Refuse(Problem.OPENING_FIRST, 0)
    assert memory.post(Span.of(second)) == Refuse(Problem.OPENING_FIRST, 0)
    memory.post(Span.of(first[:1]))
    assert memory.post(Span.of(second)) == Accept(((0, 0),))


def test_a_simulated_record_is_refused_at_its_index_unless_this_is_a_demonstration() -> None:
    records = build.chain(3)
    records = build.append(records, build.reading(3), simulated=True)
    assert Memory().post(Span.of(records)) == Refuse(Problem.SIMULATED, 3)


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        (build.chain(2, who=build.key("thief")), Problem.WRONG_DEVICE),
        (build.chain(2, origin="other.log/1"), Problem.WRONG_ORIGIN),
        (build.chain(2, first_prev=build.digest("other answer")), Problem.BROKEN_CHAIN),
    ],
)
def test_an_opening_names_this_device_this_log_and_this_enrolment(
    records: list[Sealed], problem: Problem
) -> None:
    assert Memory().post(Span.of(records)) == Refuse(problem, 0)


def test_a_key_of_nobody_is_refused() -> None:
    memory, made = Memory(), card(3)
    memory.post(Span.of(made.here[:1]))
    made.who = build.key("thief")
    made.write()
    assert memory.post(Span.of(made.here[3:])) == Refuse(Problem.UNKNOWN_KEY, 0)


def test_an_epoch_keeps_one_key() -> None:
    memory, made = Memory(), card(3)
    memory.post(Span.of(made.here))
    made.who = build.key("second")
    keys = {**memory.held.keys, made.who.kid: Key(1, ended=False)}
    memory.held = replace(memory.held, keys=keys)
    made.write()
    assert memory.post(Span.of(made.here[3:])) == Refuse(Problem.MIXED_EPOCHS, 0)


def test_two_records_for_one_number_are_a_fork_and_both_are_kept() -> None:
    memory, made = Memory(), card(6)
    clone = made.copy_at(3)
    clone.gossip(7, build.digest("root"))
    clone.write(2)
    memory.post(Span.of(made.here))
    verdict = memory.post(Span.of(clone.here))
    assert isinstance(verdict, Fork)
    assert {c.point[1] for c in verdict.conflicts} == {4, 5}
    assert memory.post(Span.of(clone.here[4:])) == Duplicate()
    assert {(s.record.seq, s.hash) for s in (*made.here, *clone.here)} == {
        (seq, digest) for _, seq, digest in memory.rows()
    }


def test_a_joint_that_does_not_fit_is_a_fork() -> None:
    memory, made = Memory(), card(6)
    clone = made.copy_at(3)
    clone.gossip(7, build.digest("root"))
    clone.write(2)
    memory.post(Span.of(made.here[:5]))
    assert isinstance(memory.post(Span.of(clone.here[5:])), Fork)


def test_alternatives_of_one_number_are_bounded() -> None:
    memory, made = Memory(), card(5)
    memory.post(Span.of(made.here))
    verdicts = []
    for number in range(MAX_ALTERNATIVES + 1):
        clone = made.copy_at(3)
        clone.gossip(number + 1, build.digest("root"))
        verdicts.append(memory.post(Span.of(clone.here[4:])))
    assert [type(verdict) for verdict in verdicts] == [Fork] * MAX_ALTERNATIVES + [Refuse]
    assert verdicts[-1] == Refuse(Problem.CONTESTED_FULL, 0)


def test_contested_records_of_a_device_are_bounded() -> None:
    memory, made = Memory(), card(5)
    memory.post(Span.of(made.here))
    clone = made.copy_at(3)
    clone.gossip(1, build.digest("root"))
    memory.held = replace(memory.held, contested=MAX_CONTESTED - 4)
    assert memory.post(Span.of(clone.here)) == Refuse(Problem.CONTESTED_FULL)
    assert isinstance(memory.post(Span.of(clone.here[1:])), Fork)


def test_one_gap_too_many_is_refused_and_a_filled_one_makes_room() -> None:
    memory, made = Memory(), card(2 * MAX_GAPS + 4)
    for seq in range(0, 2 * MAX_GAPS + 2, 2):
        assert memory.post(Span.of(made.here[seq : seq + 1])) == Accept(((seq, seq),))
    beyond = Span.of(made.here[-1:])
    assert memory.held.gaps == MAX_GAPS
    assert memory.post(beyond) == Refuse(Problem.TOO_MANY_GAPS)
    memory.post(Span.of(made.here[1:2]))
    assert isinstance(memory.post(beyond), Accept)


def gone(made: Card, first: int, last: int) -> Evicted:
    """The range first..last of the card's current epoch, as its tombstone tells it."""
    epoch, before, end = made.here[0].record.epoch, made.here[first - 1].hash, made.here[last].hash
    return Evicted(epoch, first, last, before, end, last - first + 1, Reason.EVICTED)


def test_a_tombstone_explains_a_gap_and_what_fits_is_still_taken() -> None:
    memory, made = Memory(), card(20)
    made.add(Tombstone((gone(made, 5, 9),)))
    here = made.here
    memory.post(Span.of(here[:5]))
    memory.post(Span.of(here[10:]))
    (epoch,) = memory.epochs
    assert (epoch.gaps, epoch.missing, epoch.evicted) == (0, (), ((5, 9),))
    assert memory.post(Span.of(here[5:8])) == Accept(((5, 7),))


@pytest.mark.parametrize("end", ["prev", "last"])
@pytest.mark.parametrize("rows_first", [True, False])
def test_a_tombstone_that_contradicts_the_rows_is_a_fork(end: str, rows_first: bool) -> None:
    memory, made = Memory(), card(20)
    lie = build.digest("lie")
    told = gone(made, 5, 9)
    told = replace(told, prev_hash=lie) if end == "prev" else replace(told, last_hash=lie)
    made.add(Tombstone((told,)))
    here = made.here
    rows, stone = Span.of(here[:15]), Span.of(here[15:])
    memory.post(Span.of(here[:1]))
    first, second = (rows, stone) if rows_first else (stone, rows)
    assert isinstance(memory.post(first), Accept)
    assert isinstance(memory.post(second), Fork)
    assert memory.forked == {here[0].record.epoch}


def test_tombstones_agree_at_shared_ends() -> None:
    memory, made = Memory(), card(20)
    made.add(Tombstone((gone(made, 5, 9),)))
    made.add(Tombstone((replace(gone(made, 10, 12), prev_hash=build.digest("lie")),)))
    memory.post(Span.of(made.here[:2]))
    assert isinstance(memory.post(Span.of(made.here[15:])), Fork)


def test_an_opening_and_the_future_cannot_be_evicted() -> None:
    made = card(4)
    stone = Tombstone((gone(made, 1, 2),))
    no_opening = Evicted(made.here[0].record.epoch, 0, 2, bytes(32), bytes(32), 3, Reason.EVICTED)
    future = Evicted(made.here[0].record.epoch, 3, 9, bytes(32), bytes(32), 3, Reason.EVICTED)
    for lie in (no_opening, future):
        other = made.copy_at(3)
        other.add(Tombstone((*stone.ranges, lie)))
        assert Memory().post(Span.of(other.here)) == Refuse(Problem.OUT_OF_RANGE, 4)


def test_after_a_revocation_only_what_is_committed_to_is_taken() -> None:
    memory, made = Memory(), card(10)
    here = made.here
    memory.post(Span.of(here[:1]))
    memory.post(Span.of(here[6:8]))
    memory.revoke()
    assert memory.post(Span.of(here[8:])) == Refuse(Problem.REVOKED, 0)
    assert memory.post(Span.of(here[1:3])) == Refuse(Problem.REVOKED, 0)
    assert memory.post(Span.of(here)) == Refuse(Problem.REVOKED, 8)
    assert memory.post(Span.of(here[6:8])) == Duplicate()
    assert memory.post(Span.of(here[3:6])) == Accept(((3, 5),))
    assert memory.post(Span.of(here[1:3])) == Accept(((1, 2),))


def rotation_to(name: str) -> Rotation:
    return Rotation(build.key(name).cose_key, b"\x01" * 32 + bytes(31) + b"\x01")


def test_a_rotation_introduces_a_key_and_the_first_opening_under_it_ends_the_old() -> None:
    memory, made = Memory(), card(8)
    device, old, here = made.who.device, made.who, made.here
    made.add(rotation_to("next"))
    memory.post(Span.of(here[:1]))
    memory.post(Span.of(here[8:]))
    assert not memory.held.keys[old.kid].ended
    made.who = build.key("next")
    made.start(device=device)
    assert memory.post(Span.of(made.here)) == Accept(((0, 0),))
    assert memory.held.keys[old.kid].ended
    assert memory.post(Span.of(here[1:4])) == Refuse(Problem.REVOKED, 0)
    assert memory.post(Span.of(here[4:8])) == Accept(((4, 7),))


def test_a_rotation_under_a_revoked_key_gives_no_living_key() -> None:
    memory, made = Memory(), card(8)
    made.add(rotation_to("next"))
    made.write()
    memory.post(Span.of(made.here[:1]))
    memory.post(Span.of(made.here[9:]))
    memory.revoke()
    assert memory.post(Span.of(made.here[1:9])) == Accept(((1, 8),))
    assert all(key.ended for key in memory.held.keys.values())


def test_a_key_of_another_device_cannot_be_rotated_to() -> None:
    made = card(2)
    made.add(rotation_to("taken"))
    memory = Memory()
    memory.held = replace(memory.held, foreign=frozenset({build.key("taken").kid}))
    assert memory.post(Span.of(made.here)) == Refuse(Problem.KEY_TAKEN, 2)


# Any slicing, any order


def seen(memory: Memory) -> tuple[object, ...]:
    """What must not depend on slicing and order."""
    runs = {epoch.id: (epoch.held, epoch.told) for epoch in memory.epochs}
    return runs, epochs.tails(memory.epochs), memory.rows(), memory.forked


@given(st.data())
def test_any_slicing_and_any_order_end_alike(data: st.DataObject) -> None:
    made = data.draw(histories())
    plain, other = Memory(), Memory()
    for records in made.epochs.values():
        assert isinstance(plain.post(Span.of(records)), Accept)
    assert other.post_all(data.draw(shipments(made))) == []
    assert seen(other) == seen(plain)
    assert other.held.gaps == 0
    assert other.forked == set()


@given(st.data())
def test_a_forked_epoch_is_told_in_any_slicing_and_order_and_nothing_is_lost(
    data: st.DataObject,
) -> None:
    made = card(6)
    at = data.draw(st.integers(0, 4))
    epoch = made.here[0].record.epoch
    clone = made.copy_at(at)
    clone.add(Gossip(3, build.digest("root")))
    clone.write(data.draw(st.integers(0, 3)))
    pending = data.draw(shipments(made)) + data.draw(shipments(clone))
    order = data.draw(st.permutations(range(len(pending))))
    memory = Memory()
    assert memory.post_all([pending[at] for at in order]) == []
    assert memory.forked == {epoch}
    assert {(seq, digest) for _, seq, digest in memory.rows()} == {
        (one.record.seq, one.hash) for one in (*made.here, *clone.here)
    }
