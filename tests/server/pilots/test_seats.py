"""P1: seats. The last one goes to exactly one person; a free one to who has waited longest."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from server.accounts.rules import Refused
from server.messages.models import Message
from server.pilots.actions import joining, phases
from server.pilots.models import (
    Invitation,
    Participant,
)
from server.pilots.rules import (
    IN,
    Life,
    Mode,
    Reason,
)
from tests.server.ledger.test_concurrency import together
from tests.server.pilots.rig import (
    OPEN,
    Rig,
    done,
    undone,
)
from tests.server.pilots.rig import rig as made
from tests.server.pilots.tally import Tally

pytestmark = pytest.mark.django_db

HANDS, TRIES = 50, 20


def seated(rig: Rig) -> int:
    """People in a seat of the OPEN phase."""
    return Participant.objects.filter(phase=rig.phase(), state__in=IN).count()


@pytest.mark.django_db(transaction=True)
def test_P1_of_a_thousand_who_enrol_for_one_seat_exactly_one_gets_it(rig: Rig) -> None:
    rig.open(cap=1)
    poster = rig.invite()
    names = [rig.ready(poster) for _ in range(HANDS)]
    outcomes: Counter[str] = Counter()
    gate, count = threading.Barrier(HANDS), threading.Lock()

    def enrol(name: str) -> None:
        gate.wait(60)
        try:
            for _ in range(TRIES):
                result = joining.enrol(rig.person, name)
                word = str(result.reason) if isinstance(result, Refused) else "enrolled"
                with count:
                    outcomes[word] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=enrol, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    tally = Tally("P1", f"enrolments for one seat, {HANDS} at a time", "too many seated")

    def holds() -> None:
        tally.expect(outcomes["enrolled"] == seated(rig) == rig.phase().taken == 1, HANDS * TRIES)

    tally.during(holds)
    # The winner's own later tries, and everybody else's.
    assert outcomes == {
        "enrolled": 1,
        Reason.ALREADY_IN: TRIES - 1,
        Reason.CAP_FULL: (HANDS - 1) * TRIES,
    }


def test_P1_random_comings_and_goings_never_seat_more_than_the_cap() -> None:
    tally = Tally("P1", "random applications, seats, leavings and caps", "times over the cap")
    rig = made()
    rig.open(cap=3)
    poster = rig.invite()
    words = st.sampled_from(["ready", "enrol", "wait", "leave", "remove", "cap"])

    @settings(max_examples=15)
    @given(st.lists(words, min_size=12, max_size=25), st.randoms(use_true_random=False))
    def holds(script: list[str], dice: Any) -> None:
        with undone(rig):
            names: list[str] = []
            for word in script:
                _play(rig, word, names, dice, poster)
                phase = rig.phase()
                within = seated(rig) == phase.taken <= (phase.cap or 0)
                tally.expect(within)

    tally.during(holds)


def _play(rig: Rig, word: str, names: list[str], dice: Any, poster: Invitation) -> None:
    if word == "ready":
        names.append(rig.ready(poster))
    elif word == "cap":
        planned = phases.Planned(rig.notice(), OPEN, cap=dice.randint(1, 4))
        phases.amend(rig.desk(), 2, planned)
    elif names:
        name = dice.choice(names)
        acts: dict[str, Callable[[], object]] = {
            "enrol": lambda: joining.enrol(rig.person, name),
            "wait": lambda: joining.wait(rig.person, name),
            "leave": lambda: joining.withdraw(rig.person, name),
            "remove": lambda: joining.remove(rig.desk(), name),
        }
        acts[word]()


def test_P1_the_database_itself_refuses_the_seat_too_many(rig: Rig) -> None:
    rig.open(cap=1)
    rig.enrolled()
    other = Participant.objects.get(subject=rig.ready())
    with pytest.raises(IntegrityError, match="seats_within_cap"), transaction.atomic():
        Participant.objects.filter(id=other.id).update(state=Life.ENROLLED)
    Participant.objects.filter(state=Life.ENROLLED).update(state=Life.ACTIVE)
    assert rig.phase().taken == 1
    Participant.objects.filter(state=Life.ACTIVE).update(state=Life.ENDED)
    assert rig.phase().taken == 0


def test_a_free_seat_goes_to_who_has_waited_longest_and_may_have_it(rig: Rig) -> None:
    rig.open(cap=1)
    holder = rig.enrolled()
    silent, second, third = rig.apply(), rig.apply(address="010-2222-3333"), rig.apply()
    rig.agree(second)
    rig.agree(third)
    assert {rig.state(name) for name in (silent, second, third)} == {Life.WAITLISTED}
    done(joining.withdraw(rig.person, holder))
    states = [rig.state(name) for name in (silent, second, third)]
    assert states == [Life.WAITLISTED, Life.ENROLLED, Life.WAITLISTED]
    assert Message.objects.filter(template="pilot-seat").count() == 1
    # The first one comes to it as soon as there is a seat and they agree.
    done(joining.remove(rig.desk(), second))
    assert rig.state(third) == Life.ENROLLED
    done(phases.amend(rig.desk(), 2, phases.Planned(rig.notice(), OPEN, cap=2)))
    assert rig.state(silent) == Life.WAITLISTED
    rig.agree(silent)
    assert rig.state(silent) == Life.ENROLLED


def test_no_seat_is_given_while_the_switch_stops_new_ones(rig: Rig) -> None:
    rig.open(cap=1)
    holder, waiting = rig.enrolled(), rig.ready()
    assert rig.state(waiting) == Life.WAITLISTED
    rig.flip(Mode.HALT)
    done(joining.withdraw(rig.person, holder))
    assert rig.state(waiting) == Life.WAITLISTED
    rig.flip(Mode.NORMAL)
    assert rig.state(waiting) == Life.ENROLLED


@pytest.mark.django_db(transaction=True)
def test_of_many_who_leave_at_once_none_is_refused_and_each_seat_goes_on(rig: Rig) -> None:
    count = 6
    rig.open(cap=count)
    poster = rig.invite()
    seats = [rig.enrolled(poster) for _ in range(count)]
    waiting = [rig.ready(poster) for _ in range(count + 2)]

    def leave(number: int) -> None:
        done(joining.withdraw(rig.person, seats[number]))

    assert together(count, leave) == []
    assert [rig.state(name) for name in waiting] == [Life.ENROLLED] * count + [Life.WAITLISTED] * 2
    assert seated(rig) == rig.phase().taken == count
