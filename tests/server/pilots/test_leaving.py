"""P4: leaving. Nothing is processed any more, and everything that is owed is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.accounts import vault
from server.accounts.models import Deed
from server.accounts.rules import Datum
from server.ledger import log
from server.pilots import again, chores, funnel, snapshot
from server.pilots.actions import joining, switch
from server.pilots.decide import Action
from server.pilots.funnel import Room
from server.pilots.life import times
from server.pilots.models import (
    ConsentGiven,
    Erasure,
    Flip,
    Participant,
    Way,
)
from server.pilots.rules import (
    IN,
    ActionKind,
    FlipReason,
    Life,
    Mode,
    Part,
    Reason,
)
from tests.server.pilots.bank import PATH, Bank
from tests.server.pilots.bank import bank as the_bank
from tests.server.pilots.rig import (
    DATA,
    LOOK,
    REFUND,
    USE,
    Rig,
    done,
    no,
)
from tests.server.pilots.tally import Tally

pytestmark = pytest.mark.django_db

KINDS = [
    USE,
    LOOK,
    Action("book", ActionKind.NEW),
    Action("apply", ActionKind.APPLY, phase=2),
    Action("enrol", ActionKind.ENROL, phase=2),
]


@pytest.fixture
def bank(settings: Any) -> Bank:
    """A bank that is wired to the tours and holds nothing."""
    settings.PILOT_PORTS = {"tours": PATH}
    the_bank.__dict__.update(Bank().__dict__)
    return the_bank


@pytest.mark.parametrize("state", [Life.APPLIED, Life.CONSENTED, Life.ENROLLED, Life.ACTIVE])
def test_P4_after_a_withdrawal_nothing_is_processed_and_everything_owed_is_done(
    rig: Rig, bank: Bank, state: Life
) -> None:
    rig.open(cap=5)
    name = rig.apply(address="010-1234-5678")
    if state is not Life.APPLIED:
        rig.agree(name)
    if state in IN:
        done(joining.enrol(rig.person, name))
    if state is Life.ACTIVE:
        joining.used(name, rig.service, rig.now_ms)
    assert rig.state(name) == state
    bank.held[name] = 10_000
    before = _figures(rig)
    done(joining.withdraw(rig.person, name))
    tally = Tally("P4", f"every kind of act after a withdrawal from {state}", "processed")

    def holds() -> None:
        for action in KINDS:
            tally.expect(rig.allow(name, action) is not None)

    tally.during(holds)
    assert rig.allow(name) is Reason.WITHDRAWN
    assert rig.allow(name, REFUND) is None
    assert no(joining.consent(rig.person, name, DATA, 1)) is Reason.WITHDRAWN
    assert no(joining.withdraw(rig.person, name)) is Reason.WITHDRAWN
    chores.do(rig.now_ms)
    owed = Erasure.objects.get(participant__subject=name)
    assert owed.done_ms is not None and owed.done_ms <= owed.due_ms
    assert bank.held == {}
    assert vault.find(Datum.PHONE, "010-1234-5678") is None
    assert not ConsentGiven.objects.filter(withdrawn_ms=None).exists()
    assert _figures(rig) == before


def _figures(rig: Rig) -> object:
    ways = Way.objects.filter(participant__pilot=rig.service).order_by("id")
    walks = [funnel.Walk(way.source, times(way), way.second_use is not None) for way in ways]
    return funnel.figures(walks, 1_000, Room(5, rig.now_ms))


@pytest.mark.parametrize("fault", ["fail_before", "fail_after"])
def test_P4_what_a_withdrawal_owes_survives_a_service_that_fails(
    rig: Rig, bank: Bank, fault: str
) -> None:
    rig.open(cap=5)
    names = [rig.enrolled() for _ in range(3)]
    bank.held.update(dict.fromkeys(names, 500))
    for name in names:
        done(joining.withdraw(rig.person, name))
    setattr(bank, fault, 1)
    with pytest.raises(chores.Owed, match="bank"):
        chores.do(rig.now_ms)
    left = Erasure.objects.filter(done_ms=None).count()
    chores.do(rig.now_ms)
    chores.do(rig.now_ms)
    how = f"the service {fault.replace('_', 's ')} its refund is done"
    tally = Tally("P4", how, "owed at the end")
    tally.during(lambda: tally.expect(bank.held == {}, len(names)))
    assert left == 1  # one failure keeps nobody else waiting
    assert not Erasure.objects.filter(done_ms=None).exists()
    assert bank.calls == len(names) + 1


def test_somebody_with_a_role_elsewhere_keeps_their_account_when_they_leave(rig: Rig) -> None:
    rig.open(cap=5)
    person, poster = rig.people[Part.CITY].id, rig.invite()
    vault.put(person, Datum.PHONE, "010-9999-8888")
    name = rig.apply(poster, "010-9999-8888")
    done(joining.withdraw(rig.person, name))
    chores.do(rig.now_ms)
    assert vault.find(Datum.PHONE, "010-9999-8888") == person


def test_whoever_deletes_their_account_leaves_every_pilot(rig: Rig) -> None:
    rig.open(cap=5)
    name = rig.agree(rig.apply(address="010-7777-6666"))
    done(joining.enrol(rig.person, name))
    person = vault.find(Datum.PHONE, "010-7777-6666")
    assert person is not None
    vault.erase(person, rig.now_ms)
    chores.sweep(rig.now_ms)
    chores.do(rig.now_ms)
    assert rig.state(name) == Life.WITHDRAWN
    assert Erasure.objects.get().done_ms == rig.now_ms
    assert rig.phase().taken == 0
    chores.sweep(rig.now_ms)
    assert Erasure.objects.count() == 1


def test_one_worker_does_the_chores_and_another_takes_over(rig: Rig, tmp_path: Path) -> None:
    rig.open(cap=5)
    name = rig.enrolled()
    done(joining.withdraw(rig.person, name))
    first, second = chores.Rounds(tmp_path / "lock"), chores.Rounds(tmp_path / "lock")
    first.beat(rig.now_ms)
    assert Erasure.objects.get().done_ms is not None
    other = rig.enrolled()
    done(joining.withdraw(rig.person, other))
    second.beat(rig.now_ms)
    assert Erasure.objects.filter(done_ms=None).count() == 1
    first.close()
    second.beat(rig.now_ms)
    assert not Erasure.objects.filter(done_ms=None).exists()
    second.close()


@pytest.mark.django_db(transaction=True)
def test_a_restored_database_is_told_of_withdrawals_and_of_a_halt_that_came_later(rig: Rig) -> None:
    rig.open(cap=5)
    stays, leaves = rig.enrolled(), rig.enrolled()
    before = log.sequence(rig.now_ms).size
    done(joining.withdraw(rig.person, leaves))
    rig.flip(Mode.HALT)
    asked = done(switch.flip(rig.desk(), Mode.NORMAL, FlipReason.RESOLVED))
    after = log.sequence(rig.now_ms).size
    # As the backup had it.
    asked.delete()
    Flip.objects.all().delete()
    snapshot.publish(rig.service, rig.now_ms)
    Erasure.objects.all().delete()
    Participant.objects.filter(subject=leaves).update(state=Life.ENROLLED, given='{"data": 1}')
    assert rig.allow(leaves) is None
    again.rebuild(before, after, rig.now_ms)
    assert rig.state(leaves) == Life.WITHDRAWN and Erasure.objects.count() == 1
    assert rig.state(stays) == Life.ENROLLED
    assert rig.allow(stays) is Reason.HALTED
    deeds = Deed.objects.count()
    again.rebuild(before, after, rig.now_ms)
    assert Deed.objects.count() == deeds
