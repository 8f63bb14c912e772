"""A device gets a new key: the old one signs until the log has proved that the new one follows it.

Wherever it is cut, the next start signs with one of the two, and the server takes what it signs.
"""

from __future__ import annotations

import os

import pytest

from agent.core.shelf import Cut
from protocol.bodies import Closing, Rotation
from protocol.record import Sealed
from protocol.registry import Kind, Reason
from tests import reliability
from tests.protocol import build
from tests.sim.knife import Harm, Knife
from tests.sim.network import Fate
from tests.sim.scenes import QUIET, go, link, on_card
from tests.sim.test_successor import lose
from tests.sim.truck import Pen, Truck
from tests.sim.world import World, world

CAMPAIGN = bool(os.environ.get("JAGALCHI_CAMPAIGN"))
STRIDE = 1 if CAMPAIGN else 3
ENOUGH = 400


def kids(truck: Truck) -> list[bytes]:
    """Which key sealed each epoch on the card, in order."""
    return [row.kid for row in on_card(truck) if row.record.kind is Kind.OPENING]


def shown(truck: Truck) -> tuple[object, object]:
    """The key in use and the one that shall follow, as `status` says."""
    assert truck.state
    status = truck.state.status()
    return status["key"], status["next_key"]


def rotations(truck: Truck) -> list[Sealed]:
    """The rotations on the card."""
    return [row for row in on_card(truck) if isinstance(row.record.body, Rotation)]


def test_the_old_key_seals_until_the_receipt_of_the_rotation_is_verified() -> None:
    with world("rotate", QUIET) as here:
        truck = here.fit("truck")
        go(here, 4)
        link(truck, up=False)
        new = truck.keys.wish(build.key("heir"))
        go(here, 12)
        # No proof, no change, over a restart too.
        truck.kill()
        go(here, 12)
        (rotation,) = rotations(truck)
        assert {row.kid for row in on_card(truck)} == {truck.pen.kid} != {new.kid}
        assert shown(truck) == (truck.pen.kid.hex(), new.kid.hex())
        link(truck, up=True)
        go(here, 12)
        rows = on_card(truck)
        opened = next(at for at, row in enumerate(rows) if row.kid == new.kid)
        assert rows[opened].record.kind is Kind.OPENING
        assert rows[opened - 1].record.body == Closing(Reason.ROTATED)
        assert {row.kid for row in rows[:opened]} == {truck.pen.kid}
        assert {row.kid for row in rows[opened:]} == {new.kid}
        assert truck.edge and rotation.record.seq in truck.edge.sealer.outbox.shelves[0].proved
        assert shown(truck) == (new.kid.hex(), None)
        here.calm()
        assert [key.ended_ms is None for key in here.checks.detail(truck).keys] == [False, True]


def test_the_rotation_is_a_span_of_its_own_and_goes_first() -> None:
    with world("rotation first", QUIET) as here:
        truck = here.fit("truck")
        link(truck, up=False)
        go(here, 30)
        truck.keys.wish(build.key("heir"))
        go(here, 30)
        link(truck, up=True)
        go(here, 2)
        (rotation,) = rotations(truck)
        here.network.deliver()
        here.checks.log()
        logged = here.checks.logged
        place = (truck.device, rotation.record.epoch, rotation.record.seq)
        assert place in logged
        assert (*place[:2], rotation.record.seq - 1) not in logged
        here.calm()


def test_a_backlog_under_the_old_key_still_arrives_whole_and_unaccused() -> None:
    """The switch comes while hundreds of the old key's records wait: they go backwards."""
    with world("backlog", QUIET) as here:
        truck = here.fit("truck")
        link(truck, up=False)
        go(here, 700)
        truck.keys.wish(build.key("heir"))
        go(here, 2)
        here.network.slow_ms = 9_000
        link(truck, up=True)
        while kids(truck)[-1] == truck.pen.kid:
            go(here, 1)
        assert truck.edge
        shelf = truck.edge.sealer.outbox.shelves[0]
        assert len(shelf.waiting) > 300
        here.calm()
        assert here.checks.detail(truck).summary.standing in ("good", "excursion")
        assert truck.state and truck.state.counters.set_aside == 0


def test_after_a_rotation_a_successor_that_knew_nobody_gets_everything_again() -> None:
    with world("rotated heir", QUIET) as here:
        truck = here.fit("truck")
        go(here, 6)
        truck.keys.wish(build.key("heir"))
        go(here, 12)
        assert len(set(kids(truck))) == 2
        kept = {row.hash for row in on_card(truck)}
        lose(here)
        go(here, 20)
        here.calm()
        logged = {one for hashes in here.checks.logged.values() for one in hashes}
        assert kept <= logged
        assert truck.state and truck.state.counters.set_aside == 0


@pytest.mark.parametrize("harm", list(Harm), ids=lambda harm: harm.name.lower())
def test_D5_a_cut_at_any_step_of_a_rotation_leaves_the_old_key_or_the_new(harm: Harm) -> None:
    """Statements of the card and the rename of the key file, one after the other."""
    at, cuts, struck = list(Harm).index(harm) + 1, 0, True
    with world(f"rotations {harm.name}", QUIET) as here:
        truck = here.fit("truck")
        go(here, 4)
        while struck:
            new = truck.keys.wish(build.key(f"heir {at}"))
            truck.knife.arm(at, harm)
            _until_in_use(here, truck, new)
            struck = bool(truck.knife.struck)
            truck.knife.rest()
            at, cuts = at + STRIDE, cuts + struck
            assert at < ENOUGH
        here.calm()
        keys = here.checks.detail(truck).keys
        assert [key.ended_ms is None for key in keys] == [False] * (len(keys) - 1) + [True]
    how = f"simulated {harm.name.lower().replace('_', ' ')} a step of a key rotation"
    reliability.note("D5", how, cuts, "0 devices without a key, 0 with two, 0 records lost")
    assert cuts >= 8


@pytest.mark.parametrize("harm", list(Harm), ids=lambda harm: harm.name.lower())
def test_D5_a_cut_at_the_rename_of_the_key_leaves_the_old_key_or_the_new(harm: Harm) -> None:
    with world(f"rename {harm.name}", QUIET) as here:
        truck = here.fit("truck")
        go(here, 4)
        truck.keys.knife = Knife()
        truck.keys.knife.arm(1, harm)
        new = truck.keys.wish(build.key("heir"))
        _until_in_use(here, truck, new)
        assert truck.keys.knife.struck == "promote"
        here.calm()


def test_a_card_that_forgot_the_rename_opens_no_epoch_under_the_ended_key() -> None:
    with world("unrenamed", QUIET) as here:
        truck = here.fit("truck")
        go(here, 4)
        new = truck.keys.wish(build.key("heir"))
        _until_in_use(here, truck, new)
        go(here, 4)
        truck.kill()
        truck.keys.put_back(truck.pen, new)
        go(here, 6)
        assert kids(truck)[-1] == new.kid and truck.keys.next is None
        here.calm()


def _until_in_use(here: World, truck: Truck, new: Pen) -> None:
    """Steps of ten seconds; after each the card, the files and the agent agree on one key."""
    for _ in range(40):
        go(here, 1)
        if truck.state is None:
            continue
        assert truck.edge and truck.edge.sealer.kid == truck.keys.used.kid
        if truck.keys.used is new and kids(truck)[-1] == new.kid:
            assert truck.keys.next is None
            return
    raise AssertionError("the new key never came into use")


def test_a_lost_answer_to_the_rotation_is_asked_for_again() -> None:
    with world("unheard", QUIET) as here:
        truck = here.fit("truck")
        go(here, 4)
        new = truck.keys.wish(build.key("heir"))
        here.network.weights = {Fate.UNHEARD: 1}
        go(here, 6)
        assert truck.edge and rotations(truck)
        cut = Cut(1, rotations(truck)[0].record.seq, rotations(truck)[0].record.seq)
        assert cut.first not in truck.edge.sealer.outbox.shelf(1).proved
        here.network.weights = {}
        go(here, 20)
        assert kids(truck)[-1] == new.kid
