"""Death and errors at every single statement, one after the other until none is left.

An episode is: seal an alarm and a reading, ship them, settle the proof. It is cut at statement 1,
then 2, then 3, ... of the card, or of the server, before the statement and behind it, by death and
by an error. After each cut everything is mended and drained, and everything is checked.
"""

from __future__ import annotations

import os

import pytest

from agent.core.sync import Phase
from agent.edge import Mode
from tests import reliability
from tests.sim.knife import Harm
from tests.sim.truck import Truck
from tests.sim.world import Plot, World, world

QUIET = Plot(harm=False, forget=False, copies=False, road=False)
ENOUGH = 600
CAMPAIGN = bool(os.environ.get("JAGALCHI_CAMPAIGN"))
CARD_STRIDE, START_STRIDE, HOUSE_STRIDE = (1, 1, 1) if CAMPAIGN else (2, 4, 12)
"""Only every so manieth statement, each harm beginning at another; a campaign cuts them all."""
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
    """The agent runs and is on speaking terms with the server; what waits, waits."""
    here.quiet()
    for _ in range(20):
        here.step(65_000, harm=False)
        if truck.state is not None and truck.state.sync.phase in (Phase.IDLE, Phase.IN_FLIGHT):
            break
    assert truck.state is not None
    assert truck.state.sync.phase in (Phase.IDLE, Phase.IN_FLIGHT), truck.state.status()


@HARMS
def test_D1_a_cut_at_any_statement_of_the_card(harm: Harm) -> None:
    with world(f"card {harm.name}", QUIET) as here:
        truck, at, cuts = begun(here), list(Harm).index(harm) + 1, 0
        while at < ENOUGH:
            truck.knife.arm(at, harm)
            episode(here, truck)
            if not truck.knife.struck:
                break
            mended(here, truck)
            at, cuts = at + CARD_STRIDE, cuts + 1
        here.calm()
    how = f"simulated {_words(harm)} single SQL statements of the card"
    reliability.note("D1", how, cuts, "0 committed records lost")
    assert 15 < at < ENOUGH and cuts


@HARMS
def test_D1_a_cut_at_any_statement_of_a_start(harm: Harm) -> None:
    """Each start finds the same card: its number of statements depends on what lies there."""
    with world(f"start {harm.name}", QUIET) as here:
        truck, at, cuts = begun(here), list(Harm).index(harm) + 1, 0
        truck.kill()
        image = truck.image(here.folder / "image")
        while at < ENOUGH:
            truck.put(image)
            here.checks.forgot(truck)
            truck.knife.arm(at, harm)
            truck.start()
            here.checks.all()
            if truck.state is None:
                truck.start()
            here.step(10_000, harm=False)
            truck.kill()
            if not truck.knife.struck:
                break
            at, cuts = at + START_STRIDE, cuts + 1
        here.calm()
    how = f"simulated {_words(harm)} single SQL statements of a start"
    reliability.note("D1", how, cuts, "0 committed records lost")
    assert 15 < at < ENOUGH and cuts


@HARMS
def test_S16_a_cut_at_any_step_of_the_server(harm: Harm) -> None:
    with world(f"server {harm.name}", QUIET) as here:
        truck, at, cuts = begun(here), list(Harm).index(harm) + 1, 0
        while at < ENOUGH:
            here.house.knife.arm(at, harm)
            episode(here, truck)
            struck = here.house.knife.struck
            mended(here, truck)
            if not struck:
                break
            at, cuts = at + HOUSE_STRIDE, cuts + 1
        here.calm()
        assert here.house.refusals <= {503}
    how = f"simulated {_words(harm)} statements, commits and journal writes of a request"
    reliability.note("S16", how, cuts, "0 wrong answers, 0 records lost")
    assert 40 < at < ENOUGH and cuts


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
