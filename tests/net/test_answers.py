"""What a road does to single exchanges: an answer lost, cut, bent; a request doubled, reordered.

A real truck in this process, a real server, a proxy between them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.core.sync import Phase
from agent.loop import Mode
from protocol import wire
from tests import reliability
from tests.net.depot import Depot, Drive, driving
from tests.net.http import response_of
from tests.net.proxy import FINE, LATE, LOST, TWICE, UNHEARD, Fault, Proxy, proxied

pytestmark = pytest.mark.e2e

CAMPAIGN = bool(os.environ.get("JAGALCHI_CAMPAIGN"))
LOST_ANSWERS = 1_000
LAST_BYTE = 2_000


def test_N2_a_thousand_answers_lost_after_the_server_stored_double_nothing(
    depot: Depot, tmp_path: Path
) -> None:
    """Seven of eight answers are lost, so that old rows are sent again while new ones come."""
    with proxied(depot.address, lambda n: FINE if n % 8 == 7 else UNHEARD) as proxy:
        truck = depot.truck(tmp_path, proxy.url)
        with driving(truck) as drive:
            while proxy.told["answer lost"] < LOST_ANSWERS:
                drive.turn()
            drive.drain()
        lost, doubled = depot.lost(truck), depot.doubled(truck)
    result = f"{doubled} doubled, {lost} lost of {len(truck.rows())} records"
    reliability.note("N2", "answer thrown away on the way (proxy)", LOST_ANSWERS, result)
    assert (lost, doubled) == (0, 0)


def test_N3_requests_doubled_and_reordered_double_nothing_and_none_is_refused(
    depot: Depot, tmp_path: Path
) -> None:
    script = (TWICE, LATE, FINE, LATE, LATE, TWICE)
    with proxied(depot.address, lambda n: script[n % len(script)]) as proxy:
        truck = depot.truck(tmp_path, proxy.url)
        with driving(truck) as drive:
            drive.record(20)
            drive.drain()
            aside = drive.state.counters.set_aside
        told = proxy.told
    lost, doubled = depot.lost(truck), depot.doubled(truck)
    result = f"{doubled} doubled, {aside} valid rows refused, {lost} lost"
    times = told["doubled"] + told["reordered"]
    reliability.note("N3", "request sent twice, or after the next one (proxy)", times, result)
    assert (lost, doubled, aside) == (0, 0, 0) and min(told.values()) > 10


def closed_at(end: int) -> Fault:
    return Fault("cut", answer=end)


def reset_at(end: int) -> Fault:
    return Fault("cut", answer=end, reset=True)


def closed_or_reset_at(end: int) -> Fault:
    return Fault("cut", answer=end, reset=end % 2 == 1)


@pytest.mark.parametrize("fault", [closed_at, reset_at] if CAMPAIGN else [closed_or_reset_at])
def test_N4_an_answer_that_ends_at_any_byte_marks_nothing_and_loses_nothing(
    depot: Depot, tmp_path: Path, fault: Callable[[int], Fault]
) -> None:
    with proxied(depot.address) as proxy:
        truck = depot.truck(tmp_path, proxy.url)
        with driving(truck) as drive:
            drive.record(1)
            proxy.always(LOST)
            drive.record(3)
            length = _length_of_a_post(drive, proxy)
            ends = range(min(length, LAST_BYTE))
            before, marked = drive.state.counters.proved, 0
            for end in ends:
                proxy.always(fault(end))
                _fail_once(drive, proxy)
                marked += drive.state.counters.proved - before
            proxy.always(FINE)
            drive.drain()
        lost, doubled = depot.lost(truck), depot.doubled(truck)
    result = f"{marked} rows marked, {lost} lost, {doubled} doubled"
    how = f"answer {fault.__name__} byte k, every k (proxy)".replace("_", " ")
    reliability.note("N4", how, len(ends), result)
    assert (marked, lost, doubled) == (0, 0, 0) and len(ends) > 500


def test_N11_an_answer_with_any_byte_of_its_proof_changed_on_the_way_proves_nothing(
    depot: Depot, tmp_path: Path
) -> None:
    with proxied(depot.address) as proxy:
        truck = depot.truck(tmp_path, proxy.url)
        with driving(truck) as drive:
            drive.record(1)
            proxy.always(LOST)
            drive.record(3)
            _length_of_a_post(drive, proxy)
            places = _proof_places(proxy.newest)
            before, accepted = drive.state.counters.proved, 0
            for at in places:
                proxy.always(Fault("bent", bend=at))
                _fail_once(drive, proxy)
                accepted += drive.state.counters.proved != before
            proxy.always(FINE)
            drive.drain()
        lost = depot.lost(truck)
    how = "a byte of note, leaf or path changed on the way (proxy)"
    reliability.note("N11", how, len(places), f"{accepted} accepted, {lost} rows lost")
    assert (accepted, lost) == (0, 0) and len(places) > 50


def _proof_places(message: bytes) -> list[int]:
    """Where note, consistency proof, leaves and paths of a whole answer stand; some of them."""
    answer = wire.decode_answer(response_of(message).body)
    parts = [part for one in answer.receipts for part in (one.leaf, *one.path)]
    parts += [(answer.note or "").encode(), *answer.consistency]
    spans = [(message.index(part), len(part)) for part in parts]
    places = {place for start, size in spans for place in range(start, start + size)}
    return sorted(places)[:: 1 if CAMPAIGN else 3]


def _length_of_a_post(drive: Drive, proxy: Proxy) -> int:
    """Bytes of the answer to a batch with proofs: seen by the proxy and lost to the truck."""
    proxy.always(UNHEARD)
    _fail_once(drive, proxy)
    assert wire.decode_answer(response_of(proxy.newest).body).receipts
    return len(proxy.newest)


def _fail_once(drive: Drive, proxy: Proxy) -> None:
    """Turn until one more exchange has failed."""
    before = proxy.told.total()
    while proxy.told.total() == before or drive.state.sync.phase is Phase.IN_FLIGHT:
        drive.turn(Mode.DRAIN)
