"""What the road, the clock and strangers do to one truck: every case by name and number."""

from __future__ import annotations

import os

from agent import shipping
from agent.core.health import State
from agent.edges.courier import Outcome, Response
from protocol import wire
from protocol.leaf import SpanLeaf, decode_leaf
from tests import reliability
from tests.protocol import build
from tests.sim.network import Fate
from tests.sim.scenes import FORGETFUL, QUIET, Hand, go, link, on_card
from tests.sim.truck import Truck
from tests.sim.world import World, world

CAMPAIGN = bool(os.environ.get("JAGALCHI_CAMPAIGN"))
LOST_ANSWERS = 1_000 if CAMPAIGN else 60
MUTANTS = 10_000 if CAMPAIGN else 300
YEARS_MS = 31_557_600_000
HOUR_MS = 3_600_000


def test_N2_an_answer_lost_after_the_server_stored_is_asked_for_again_and_doubles_nothing() -> None:
    with world("N2", QUIET) as here:
        truck = here.fit("truck")
        go(here, 3)
        here.network.weights = {Fate.UNHEARD: 1}
        while here.network.told["UNHEARD"] < LOST_ANSWERS:
            here.step(1_000_000, harm=False)
        here.calm()
        twice = [at for at, hashes in here.checks.logged.items() if len(hashes) != 1]
        records, held = sum(_records(here)), len(here.checks.logged)
    reliability.note("N2", "simulated: the answer lost", LOST_ANSWERS, f"{len(twice)} doubled")
    assert not twice and records == held > 0
    assert truck.name == "truck"


def _records(here: World) -> list[int]:
    leaves = [decode_leaf(leaf) for leaf in here.checks.leaves]
    return [leaf.last - leaf.first + 1 for leaf in leaves if isinstance(leaf, SpanLeaf)]


def test_N3_requests_doubled_and_reordered_double_nothing_and_none_is_refused() -> None:
    with world("N3", QUIET) as here:
        trucks = [here.fit("one"), here.fit("two")]
        here.network.weights = {Fate.TWICE: 1, Fate.LATE: 1}
        here.network.slow_ms = 40_000
        go(here, 30, 15_000)
        here.calm()
        doubled = here.network.told["TWICE"] + here.network.told["LATE"]
        aside = [truck.state.counters.set_aside for truck in trucks if truck.state]
        twice = sum(_records(here)) - len(here.checks.logged)
    how = "simulated: requests doubled and delivered out of order"
    result = f"{twice} doubled, {sum(aside)} valid rows refused"
    reliability.note("N3", how, doubled, result)
    assert twice == 0 and aside == [0, 0] and doubled > 10


def _last_answer(here: World, truck: Truck) -> Response:
    """Turn until an answer with receipts lies at the truck's door, not yet taken in."""
    for _ in range(40):
        here.now_ms += 10_000
        here.network.deliver()
        outcome = truck.courier and truck.courier._outcome
        if outcome and outcome.response and _receipts(outcome.response):
            return outcome.response
        truck.turn()
    raise AssertionError("no answer came")


def _receipts(response: Response) -> bool:
    try:
        return bool(wire.decode_answer(response.body).receipts)
    except ValueError:
        return False


def _fed(here: World, truck: Truck, response: Response) -> int:
    """Rows proved once the truck has taken this in; it is back where it was afterwards."""
    assert truck.edge and truck.state and truck.courier and truck.courier._outcome
    asked = truck.courier._outcome.request
    truck.courier._outcome = Outcome(asked, response)
    boot_ms = here.now_ms - truck.clock.booted_ms
    after = shipping.collect(truck.edge, truck.state.sync, boot_ms, hurry=True)
    truck.courier._busy = True
    truck.courier._outcome = Outcome(asked, response)
    assert after is not truck.state.sync
    return sum(len(shelf.proved) for shelf in truck.edge.sealer.outbox.shelves)


def test_N4_an_answer_cut_at_any_byte_proves_nothing() -> None:
    with world("N4", QUIET) as here:
        truck = here.fit("truck")
        go(here, 2)
        whole = _last_answer(here, truck)
        cuts = range(len(whole.body))
        proved = {_fed(here, truck, Response(200, whole.headers, whole.body[:cut])) for cut in cuts}
        before = proved.pop()
        assert not proved and _fed(here, truck, whole) > before
    reliability.note("N4", "simulated: the answer cut at byte k", len(cuts), "0 marked, 0 lost")


def test_N11_an_answer_with_any_byte_changed_proves_nothing_that_the_log_does_not_hold() -> None:
    with world("N11", QUIET) as here:
        truck = here.fit("truck")
        go(here, 2)
        whole = _last_answer(here, truck)
        told = wire.decode_answer(whole.body)
        forged, taken = 0, 0
        before = _fed(here, truck, Response(200, whole.headers, b""))
        for part in (told.note or "").encode(), *_proof_bytes(told):
            start = whole.body.find(part)
            for at in range(start, start + len(part), 1 if CAMPAIGN else 5):
                body = bytearray(whole.body)
                body[at] ^= 1 + at % 255
                forged += 1
                taken += _fed(here, truck, Response(200, whole.headers, bytes(body))) != before
        assert _fed(here, truck, whole) > before
    how = "simulated: a byte of note, leaf or path changed"
    reliability.note("N11", how, forged, f"{taken} accepted")
    assert not taken and forged > 50


def _proof_bytes(answer: wire.Answer) -> list[bytes]:
    found = [part for receipt in answer.receipts for part in (receipt.leaf, *receipt.path)]
    return [*found, *answer.consistency]


def test_N5_a_line_that_stalls_for_ever_never_holds_up_a_reading() -> None:
    with world("N5", QUIET) as here:
        truck = here.fit("truck")
        go(here, 2)
        here.network.weights = {Fate.LATE: 1}
        reads = truck.cargo.reads
        go(here, 120)
        assert truck.cargo.reads - reads == 120
        assert truck.state and truck.state.sync.reach < 500
        assert truck.state.health.state is State.OFFLINE
        here.calm()
    reliability.note("N5", "simulated: every answer stalls", 120, "0 readings late, 0 lost")


def test_N10_a_server_put_back_beside_its_journal_has_lost_nothing() -> None:
    with world("N10", QUIET) as here:
        trucks = [here.fit("one"), here.fit("two")]
        times = 4
        for _ in range(times):
            here.back_up()
            go(here, 12)
            here.restore()
            go(here, 4)
        here.calm()
        rows = [here.checks.detail(truck).summary.rows for truck in trucks]
        assert rows == [len(here.checks.cards[truck.name].committed) for truck in trucks]
    reliability.note("N10", "simulated: older database beside the journal", times, "0 lost")


def test_N10_a_server_put_back_without_its_journal_proves_nothing_and_loses_no_row() -> None:
    """Nobody declared it: what it proves is refused, it is told after an hour, rows are kept."""
    with world("N10 bare", QUIET) as here:
        truck = here.fit("truck")
        go(here, 2)
        here.back_up()
        go(here, 14)
        assert here.copy and truck.state and truck.state.tree[0] > 3
        here.house.put_back(here.copy, journal=True)
        here.house.start()
        here.house.ticked_ms = here.now_ms + 1 << 40
        here.checks.log = lambda: None  # type: ignore[method-assign]
        proved, rows = truck.state.counters.proved, len(on_card(truck))
        for _ in range(10):
            here.now_ms += 600_000
            here.network.deliver()
            truck.turn()
        assert truck.state.counters.proved == proved
        assert len(on_card(truck)) > rows and truck.state.counters.waiting > 0


def test_D12_no_row_bears_a_trusted_time_that_is_wrong() -> None:
    clocks = {"1970": -1_800_000_000_000, "2047": 21 * YEARS_MS, "an hour back": -HOUR_MS}
    with world("D12", QUIET) as here:
        truck = here.fit("truck")
        go(here, 2)
        for name, skew in clocks.items():
            truck.clock.skew_ms, truck.clock.vouched = skew, name == "2047"
            go(here, 3)
            truck.clock.skew_ms, truck.clock.vouched = 0, True
            go(here, 3)
        truck.clock.vouched, truck.clock.synced_ms = False, here.now_ms
        go(here, 3)
        truck.clock.skew_ms = -HOUR_MS
        go(here, 3)
        truck.clock.skew_ms, truck.clock.vouched = 0, True
        rows = [row.record for row in on_card(truck)]
        here.calm()
    booted = truck.clock.booted_ms
    wrong = [
        row
        for row in rows
        if row.utc_ms is not None
        and abs(row.utc_ms - row.boot_ms - booted) > (row.uncertainty_ms or 0)
    ]
    blind = sum(row.utc_ms is None for row in rows)
    how = "simulated clock at 1970, at 2047, an hour back, the same beside a time service's file"
    reliability.note("D12", how, len(clocks) + 1, f"{len(wrong)} wrong")
    assert not wrong and blind >= 3 * (len(clocks) + 1) - 1


def test_D9_an_opening_that_rots_before_it_was_delivered_stops_nothing() -> None:
    """Nothing of its epoch, or of one after it, would be taken without it."""
    with world("D9", QUIET) as here:
        truck = here.fit("truck")
        link(truck, up=False)
        go(here, 6)
        here.power_cut(truck)
        go(here, 6)
        assert truck.edge
        with truck.edge.sealer.outbox.using() as sql:
            spoilt = "substr(sealed, 1, 99) || x'5a' || substr(sealed, 101)"
            sql.execute(f"UPDATE record SET sealed = CAST({spoilt} AS BLOB) WHERE kind = 1")
        link(truck, up=True)
        for _ in range(12):
            here.now_ms += 10_000
            here.network.deliver()
            truck.turn()
        here.calm()
        missing = len(on_card(truck)) - here.checks.detail(truck).summary.rows
    how = "simulated: the openings of two epochs rot before they are delivered"
    reliability.note("D9", how, 2, f"{missing} lost")
    assert missing == 0


def test_D21_an_old_image_put_back_is_shown_and_signs_no_number_twice() -> None:
    with world("D21", FORGETFUL) as here:
        truck = here.fit("truck")
        go(here, 4)
        image = truck.image(here.folder / "old image")
        go(here, 8, 30_000)
        here.power_cut(truck)
        truck.put(image)
        here.checks.forgot(truck)
        go(here, 6)
        here.calm()
        assert here.checks.detail(truck).tails and not truck.pen.twice
    reliability.note("D21", "simulated: an old image put back", 1, "shown, 0 signed twice")


def test_S1_no_mutant_of_a_batch_is_taken() -> None:
    with world("S1", QUIET) as here:
        hand, other = Hand(here, "one"), Hand(here, "two")
        rows = hand.chain(4, "epoch")
        good = wire.encode_batch([build.raw(rows)])
        taken = 0
        for number in range(MUTANTS):
            at = int.from_bytes(build.digest(f"at {number}", 4), "big") % len(good)
            bent = bytearray(good)
            bent[at] ^= 1 + number % 255
            taken += _is_taken(hand.send(bytes(bent)))
        taken += _is_taken(hand.send(good, other.who.device))
        assert not taken and hand.said(rows) == ["accepted"]
        assert hand.said(rows) == ["duplicate"]
    reliability.note("S1", "simulated: one byte of a batch changed", MUTANTS, f"{taken} accepted")


def _is_taken(response: Response) -> bool:
    assert response.status < 500, response.body
    if response.status not in (200, 202):
        return False
    verdicts = wire.decode_answer(response.body).verdicts
    return any(one.code is not wire.VerdictCode.REFUSED for one in verdicts)
