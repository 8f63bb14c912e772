"""What a stick brings is judged like what the network brings, and ends in the same records."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from protocol import bundle, wire
from protocol.errors import ProtocolError
from protocol.record import Sealed
from protocol.registry import Problem
from protocol.span import MAX_BATCH_BYTES
from server.devices import carried, commands, overview
from server.devices.models import HeldSpan
from server.ledger import log
from server.ledger.tick import now_ms
from tests import reliability
from tests.protocol import build
from tests.server.conftest import ORIGIN
from tests.server.devices.trucks import Truck

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def truck(client: Client) -> Truck:
    return Truck.enrol(client)


def stick(truck: Truck, records: Sequence[bytes]) -> bytes:
    """An evidence file of these records, as `export` writes it."""
    keys = (truck.who.cose_key,)
    vkey = wire.decode_enrol_answer(truck.answer).log_vkey
    return bundle.write(
        bundle.Evidence(truck.device, ORIGIN, vkey, 1, keys, tuple(records), proofs=())
    )


def bring(truck: Truck, records: Sequence[bytes]) -> carried.Outcome:
    return carried.take(stick(truck, records), now_ms())


def raw(chain: Sequence[Sealed]) -> list[bytes]:
    return [one.sealed for one in chain]


def test_records_without_a_network_arrive_whole_and_are_proved(truck: Truck) -> None:
    chain = truck.chain(1_203)
    outcome = bring(truck, raw(chain))
    assert (outcome.good, outcome.taken, outcome.refused) == (1_203, 1_203, [])
    assert overview.rows_of(truck.device) == (1_203, 1_203)
    assert truck.codes(chain[:500]) == ["duplicate"]
    assert truck.proved[0].last == 499


def test_a_second_import_and_one_after_the_network_add_only_what_is_missing(truck: Truck) -> None:
    chain = truck.chain(60)
    truck.post(chain[:20], chain[30:40])
    first = bring(truck, raw(chain))
    size = log.newest().size
    again = bring(truck, raw(chain))
    assert (first.good, first.taken) == (60, 30)
    assert (again.good, again.taken, log.newest().size) == (60, 0, size)
    assert overview.rows_of(truck.device) == (60, 60)


@pytest.mark.parametrize("place", [0, 1, 29, 57, 58])
def test_a_rotten_record_costs_itself_only(place: int, truck: Truck) -> None:
    records = raw(truck.chain(59))
    whole = bring(truck, records[:1]) if place == 0 else None
    records[place] = records[place][:-1] + bytes([records[place][-1] ^ 1])
    outcome = bring(truck, records)
    assert whole is None or whole.taken == 1
    assert [(one.problem, one.where.partition("/")[2]) for one in outcome.refused] == [
        (Problem.BAD_SIGNATURE, str(place))
    ]
    held = overview.rows_of(truck.device)
    reliability.note(
        "L10", "evidence file with a flipped record, imported", 1, f"{held[0]} of 58 others held"
    )
    assert held == (58 + (place == 0),) * 2


def test_garbage_in_the_place_of_a_record_is_named_by_its_place(truck: Truck) -> None:
    records = raw(truck.chain(9))
    records[4] = b"nothing"
    outcome = bring(truck, records)
    (one,) = outcome.refused
    assert (one.where, outcome.good) == ("item 4 of the file", 8)
    assert one.problem is Problem.MALFORMED


def test_a_file_without_the_opening_waits_for_one_that_has_it(truck: Truck) -> None:
    records = raw(truck.chain(40))
    outcome = bring(truck, records[10:])
    assert {one.problem for one in outcome.refused} == {Problem.OPENING_FIRST}
    assert (len(outcome.refused), outcome.good) == (30, 0)
    assert bring(truck, records[:5]).taken == 5
    assert bring(truck, records[10:]).taken == 30


def test_two_versions_of_a_record_are_kept_as_evidence(truck: Truck) -> None:
    truck.post(truck.chain(9))
    other = truck.append(truck.chain(4), build.reading(99))
    outcome = bring(truck, raw(other)[4:])
    assert (outcome.contested, outcome.taken) == (1, 0)
    assert HeldSpan.objects.filter(contested=True).count() == 1


def test_what_a_revoked_device_brings_late_is_refused_at_once(truck: Truck) -> None:
    chain = truck.chain(300)
    truck.post(chain[:10])
    commands.revoke(truck.device, now_ms=now_ms())
    outcome = bring(truck, raw(chain))
    assert outcome.good == 10
    assert {one.problem for one in outcome.refused} == {Problem.REVOKED}
    assert len(outcome.refused) == 290


def test_nothing_is_taken_for_a_device_nobody_enrolled_or_out_of_no_file(truck: Truck) -> None:
    stranger = Truck(truck.client, build.key("stranger"), truck.answer, truck.trust)
    with pytest.raises(ProtocolError) as refused:
        bring(stranger, raw(truck.chain(2)))
    assert refused.value.problem is Problem.UNKNOWN_DEVICE
    for data in (b"", b"hello", bytes(100)):
        with pytest.raises(ProtocolError):
            carried.take(data, 1)


def test_the_keys_a_file_brings_along_count_for_nothing(truck: Truck) -> None:
    thief = build.key("thief")
    forged = build.chain(
        3, who=thief, epoch="epoch 1", first_prev=truck.chain(1)[0].record.prev, origin=ORIGIN
    )
    outcome = bring(truck, raw(forged))
    assert outcome.good == 0
    assert {one.problem for one in outcome.refused} == {Problem.UNKNOWN_KEY}


CHAIN = build.chain(40)


@given(st.lists(st.integers(0, 39) | st.binary(max_size=3), max_size=60))
def test_runs_hold_everything_once_in_order_and_each_is_contiguous(
    picks: list[int | bytes],
) -> None:
    records = [CHAIN[one].sealed if isinstance(one, int) else one for one in picks]
    found = list(carried.runs(records))
    assert [pair for run in found for pair in run] == list(enumerate(records))
    for run in found:
        seqs = [picks[place] for place, _ in run]
        assert len(run) == 1 or seqs == list(range(int(seqs[0]), int(seqs[0]) + len(seqs)))


@given(st.lists(st.integers(1, 16_384), max_size=200), st.integers(1, 500))
def test_a_batch_fits_a_request_and_nothing_is_left_out(sizes: list[int], length: int) -> None:
    rows = [(place, bytes(size)) for place, size in enumerate(sizes)]
    todo: deque[carried.Run] = deque(rows[i : i + length] for i in range(0, len(rows), length))
    carried_rows: list[tuple[int, bytes]] = []
    while todo:
        batch = carried._batch(todo)
        assert 0 < len(batch) <= 16
        assert sum(len(sealed) for run in batch for _, sealed in run) < MAX_BATCH_BYTES - 4_000
        carried_rows += [pair for run in batch for pair in run]
    assert carried_rows == rows
