"""The server is lost: another log follows, and every truck ships again what it keeps.

What the recovery key did not sign, or signed about another log, changes nothing and is told. A cut
at any statement of the step leaves the old log or the new one.
"""

from __future__ import annotations

import os

import pytest

from agent.core.health import State
from agent.core.schedule import Task
from agent.edges import following, pruning
from agent.edges.following import Heir
from protocol.bodies import Closing
from protocol.opening import Opening
from protocol.registry import Kind, Reason
from server.ledger import log
from tests import reliability
from tests.sim.house import ORIGIN
from tests.sim.knife import Harm
from tests.sim.scenes import QUIET, asked, go, on_card
from tests.sim.truck import Truck
from tests.sim.world import World, world

HEIR = "log.sim/heir"
DAY_MS = 86_400_000
CAMPAIGN = bool(os.environ.get("JAGALCHI_CAMPAIGN"))
STRIDE = 1 if CAMPAIGN else 3
ENOUGH = 200


def lose(here: World, *, forget: bool = True, heir: str = HEIR, recovery: str = "") -> None:
    """The log is gone, and the operator begins another."""
    note = log.newest().note
    here.house.succeed(heir, note, forget=forget, recovery=recovery)
    here.checks.succeeded()


def openings(truck: Truck) -> list[Opening]:
    """Those on the card, in order."""
    bodies = [row.record.body for row in on_card(truck)]
    return [body for body in bodies if isinstance(body, Opening)]


@pytest.mark.parametrize("forget", [True, False], ids=["all is lost", "the database is left"])
def test_N10_trucks_follow_a_declared_successor_and_ship_again_what_they_keep(forget: bool) -> None:
    how = "simulated: server and journal lost, successor declared"
    if not forget:
        how += ", old database taken over"
    with world(f"N10 {forget}", QUIET) as here:
        trucks = [here.fit("one"), here.fit("two")]
        for number in range(3):
            go(here, 6)
            trucks[0].cargo.warm = number == 1
            trucks[1].kill()
        go(here, 6)
        kept = {truck.name: {row.hash for row in on_card(truck)} for truck in trucks}
        lose(here, forget=forget)
        go(here, 20)
        here.calm()
        lost = 0
        for truck in trucks:
            logged = {one for hashes in here.checks.logged.values() for one in hashes}
            lost += len(kept[truck.name] - logged)
            assert [one.origin for one in openings(truck)][-1] == HEIR
            assert truck.edge and truck.edge.sealer.outbox.log.name == HEIR
            assert here.checks.detail(truck).summary.standing in ("good", "excursion")
        closings = [row.record.body for row in on_card(trucks[0])]
        assert Closing(Reason.SUCCESSOR) in closings
    rows = sum(map(len, kept.values()))
    reliability.note("N10", how, rows, f"{lost} of the records still kept lost")
    assert not lost and rows > 40


def test_what_had_been_freed_is_shown_as_proved_by_the_predecessor() -> None:
    with world("freed", QUIET) as here:
        truck = here.fit("truck")
        go(here, 20)
        assert truck.edge
        outbox = truck.edge.sealer.outbox
        assert pruning.free(outbox, None) > 10
        outbox.commit()
        here.checks.all()
        freed = outbox.shelves[0].freed
        lose(here)
        go(here, 10)
        here.calm()
        newest, older = here.checks.detail(truck).epochs
        assert newest.kept and newest.kept[0].seq == freed.runs[-1][1] + 1
        assert older.former == newest.kept[0].seq
        assert older.vouched == (freed - truck.edge.sealer.outbox.shelves[0].pinned).runs
        assert not older.missing and here.checks.detail(truck).summary.gaps == 0


def test_live_records_and_alarms_go_before_what_is_shipped_again() -> None:
    with world("lane c", QUIET) as here:
        truck = here.fit("truck")
        go(here, 120)
        lose(here)
        go(here, 8)
        assert truck.state and truck.state.counters.waiting > 100
        truck.cargo.warm = True
        go(here, 3)
        newest = [row for row in on_card(truck) if row.record.kind is Kind.EVENT][-1]
        logged = here.checks.logged
        assert (truck.device, newest.record.epoch, newest.record.seq) in logged
        here.calm()


def test_a_statement_by_another_recovery_key_changes_nothing_and_is_told() -> None:
    with world("thief", QUIET) as here:
        truck = here.fit("truck")
        go(here, 6)
        proved = truck.state and truck.state.counters.proved
        lose(here, recovery="thief")
        requests = asked(here)
        go(here, 40)
        assert truck.state and truck.edge
        assert any(one.startswith("GET succession") for one in requests)
        assert truck.edge.sealer.outbox.log.name == ORIGIN and truck.edge.sealer.heir is None
        assert truck.state.health.state is State.UNFOLLOWED
        assert truck.state.counters.proved == proved
        assert {one.origin for one in openings(truck)} == {ORIGIN}
        assert truck.state.counters.set_aside == 0


def test_a_statement_about_another_log_is_not_even_offered() -> None:
    """The truck's log is none that this one follows: it is put off, and keeps everything."""
    with world("stranger", QUIET) as here:
        truck = here.fit("truck")
        go(here, 6)
        other = log.newest().note.replace(ORIGIN, "log.sim/other")
        here.house.succeed(HEIR, other, forget=True)
        here.checks.succeeded()
        go(here, 20)
        assert truck.state and truck.edge
        assert truck.edge.sealer.outbox.log.name == ORIGIN
        assert truck.state.health.state is State.PUT_OFF
        assert truck.state.counters.set_aside == 0


def test_a_statement_that_contradicts_what_was_verified_is_refused() -> None:
    """Signed by the true key, about the true log, with another root for a size that we know."""
    with world("contradiction", QUIET) as here:
        truck = here.fit("truck")
        go(here, 6)
        assert truck.edge
        note, size = log.newest().note, truck.edge.sealer.outbox.kept.size
        lines = note.split("\n")
        other = "\n".join([lines[0], str(size), "A" * 43 + "=", *lines[3:]])
        here.house.succeed(HEIR, other, forget=True)
        here.checks.succeeded()
        go(here, 30)
        assert truck.state and truck.edge.sealer.outbox.log.name == ORIGIN
        assert truck.state.health.state is State.UNFOLLOWED
        assert "histories" in truck.state.health.en


@pytest.mark.parametrize("harm", list(Harm), ids=lambda harm: harm.name.lower())
def test_D5_a_cut_at_any_statement_of_the_step_leaves_the_old_log_or_the_new(harm: Harm) -> None:
    """The card just before the step is put back again and again, and cut one statement later."""
    with world(f"step {harm.name}", QUIET) as here:
        truck = here.fit("truck")
        go(here, 6)
        lose(here, forget=False)
        heir = _accepted(here, truck)
        truck.kill()
        image, at, cuts = truck.image(here.folder / "image"), list(Harm).index(harm) + 1, 0
        struck = True
        while struck:
            truck.put(image)
            here.checks.forgot(truck)
            truck.start()
            assert truck.edge
            truck.edge.sealer.heir = heir
            truck.knife.arm(at, harm)
            here.now_ms += 10_000
            truck.turn()
            struck = bool(truck.knife.struck)
            assert at < ENOUGH
            _mended(here, truck)
            at, cuts = at + STRIDE, cuts + struck
        here.calm()
    how = f"simulated {harm.name.lower().replace('_', ' ')} a statement of the step to a successor"
    reliability.note("D5", how, cuts, "0 cards of neither log, 0 committed records lost")
    assert cuts >= 5


def _accepted(here: World, truck: Truck) -> Heir:
    """The successor that the truck has accepted, before it has stepped over to it."""
    for _ in range(90):
        here.now_ms += 1_000
        here.network.deliver()
        truck.turn()
        if truck.edge and truck.edge.sealer.heir:
            return truck.edge.sealer.heir
    raise AssertionError("the truck never heard of the successor")


def _mended(here: World, truck: Truck) -> None:
    """Started again, it is of one log altogether: what it trusts, opens and asks."""
    truck.knife.rest()
    for _ in range(3):
        here.now_ms += 10_000
        if truck.state is None:
            truck.start()
        else:
            truck.turn()
    assert truck.edge and truck.state
    outbox, newest = truck.edge.sealer.outbox, openings(truck)[-1]
    assert outbox.trouble is None and newest.origin == outbox.log.name
    assert newest.origin in (ORIGIN, HEIR)
    with outbox.using() as sql:
        assert bool(following.answers(sql)) == (newest.origin == HEIR)
    here.checks.all()
    truck.kill()


def test_a_statement_makes_nobody_sign_before_the_next_beat() -> None:
    with world("beat", QUIET) as here:
        truck = here.fit("truck")
        truck.periods = (60_000, 0)
        go(here, 6, 60_000)
        lose(here)
        _accepted(here, truck)
        signed, requests = len(truck.pen.signed), asked(here)
        assert truck.state
        beat = truck.state.schedule.next_ms[Task.SAMPLE] + truck.clock.booted_ms
        assert beat - here.now_ms > 5_000
        while here.now_ms < beat - 1_000:
            here.now_ms += 1_000
            truck.turn()
        assert len(truck.pen.signed) == signed and not requests
        here.now_ms = beat
        truck.turn()
        assert [one.origin for one in openings(truck)] == [ORIGIN, HEIR]
