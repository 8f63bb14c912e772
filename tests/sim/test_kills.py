"""Death and errors at every single statement, one after the other until none is left.

An episode is: seal an alarm and a reading, ship them, settle the proof. It is cut at statement 1,
then 2, then 3, ... of the card, or of the server, before the statement and behind it, by death and
by an error. After each cut everything is mended and drained, and everything is checked.
"""

from __future__ import annotations

import pytest

from agent.edge import Mode
from tests import reliability
from tests.sim.knife import Harm
from tests.sim.truck import Truck
from tests.sim.world import Plot, World, world

QUIET = Plot(harm=False, forget=False, copies=False, road=False)
ENOUGH = 400
HARMS = pytest.mark.parametrize("harm", list(Harm), ids=lambda harm: harm.name.lower())


def begun(here: World) -> Truck:
    """A truck on its way, with nothing waiting."""
    truck = here.fit("truck")
    for _ in range(3):
        here.step(10_000, harm=False)
    return truck


def episode(here: World, truck: Truck) -> None:
    """Two turns: what is sealed in the first is proved in the second."""
    truck.cargo.warm = not truck.cargo.warm
    here.step(10_000, harm=False)
    here.step(10_000, harm=False)


def mended(here: World, truck: Truck) -> None:
    """The agent runs, nothing waits, everything is as it must be."""
    here.quiet()
    for _ in range(60):
        if truck.state is not None and truck.state.counters.waiting == 0:
            break
        here.now_ms += 3_700_000 if _ % 20 == 19 else 2_000
        here.network.deliver()
        here.turn(truck)
        here.checks.all()
    assert truck.state is not None
    assert truck.state.counters.waiting == 0, truck.state.status()


@HARMS
def test_D1_a_cut_at_any_statement_of_the_card(harm: Harm) -> None:
    with world(f"card {harm.name}", QUIET) as here:
        truck, at = begun(here), 0
        while at < ENOUGH:
            at += 1
            truck.knife.arm(at, harm)
            episode(here, truck)
            if not truck.knife.struck:
                break
            mended(here, truck)
        here.calm()
    how = f"simulated {_words(harm)} each SQL statement of the card"
    reliability.note("D1", how, at - 1, "0 committed records lost")
    assert 15 < at < ENOUGH


@HARMS
def test_D1_a_cut_at_any_statement_of_a_start(harm: Harm) -> None:
    with world(f"start {harm.name}", QUIET) as here:
        truck, at = begun(here), 0
        while at < ENOUGH:
            at += 1
            truck.kill()
            truck.knife.arm(at, harm)
            truck.start()
            here.checks.all()
            if not truck.knife.struck:
                break
            mended(here, truck)
        here.calm()
    assert 15 < at < ENOUGH


@HARMS
def test_S16_a_cut_at_any_step_of_the_server(harm: Harm) -> None:
    with world(f"server {harm.name}", QUIET) as here:
        truck, at = begun(here), 0
        while at < ENOUGH:
            at += 1
            here.house.knife.arm(at, harm)
            episode(here, truck)
            struck = here.house.knife.struck
            mended(here, truck)
            if not struck:
                break
        here.calm()
        assert here.house.refusals <= {503}
    how = f"simulated {_words(harm)} each statement, commit and journal write of a request"
    reliability.note("S16", how, at - 1, "0 wrong answers, 0 records lost")
    assert 40 < at < ENOUGH


def test_an_orderly_stop_leaves_nothing_behind() -> None:
    with world("stop", QUIET) as here:
        truck = begun(here)
        for _ in range(8):
            here.now_ms += 2_000
            here.network.deliver()
            truck.turn(Mode.DRAIN)
            here.checks.all()
        assert truck.state is not None and truck.state.drained and truck.state.closed


def _words(harm: Harm) -> str:
    return harm.name.lower().replace("_", " ")
