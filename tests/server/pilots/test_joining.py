"""People come in and leave: P1 and P4, invitations, consents, the waiting list, refusals."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from server.accounts import links, vault
from server.accounts.models import Deed, Membership, Person
from server.accounts.rules import Datum, Refused
from server.messages.models import Message
from server.pilots import chores, funnel
from server.pilots.actions import joining, papers, phases
from server.pilots.actions.joining import Contact, Invited
from server.pilots.actions.papers import Wording
from server.pilots.days import DAY_MS
from server.pilots.decide import Action
from server.pilots.funnel import STAGES, Room
from server.pilots.life import times
from server.pilots.models import (
    ConsentGiven,
    Erasure,
    Invitation,
    LifeEntry,
    Participant,
    Way,
)
from server.pilots.rules import (
    IN,
    PARTICIPANT_STEPS,
    ActionKind,
    ConsentKind,
    Life,
    LifeStep,
    Mode,
    Part,
    Reason,
    Source,
)
from tests.server.pilots.bank import PATH, Bank
from tests.server.pilots.bank import bank as the_bank
from tests.server.pilots.rig import (
    DATA,
    INTERNAL,
    LOOK,
    NEWS,
    OPEN,
    REFUND,
    TRACK,
    USE,
    Rig,
    done,
    no,
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
    Membership.objects.create(
        person_id=person, organisation_id=rig.organisations[Part.CITY], role="viewer", from_ms=0
    )
    name = rig.apply(poster, "010-9999-8888")
    done(joining.withdraw(rig.person, name))
    chores.do(rig.now_ms)
    assert vault.find(Datum.PHONE, "010-9999-8888") == person


def token(invitation: Invitation) -> str:
    return joining.address(invitation).rpartition("/")[2]


def test_an_invitation_that_is_wrong_expired_or_used_up_is_refused_and_leaves_nothing(
    rig: Rig,
) -> None:
    rig.open(cap=5)
    once, brief = rig.invite(uses=1), rig.invite(life_ms=DAY_MS)
    rig.apply(once)
    people = Person.objects.count()
    rig.now_ms += DAY_MS
    cases = {"x" * 26: "unknown", token(brief): "expired", token(once): "used"}
    for text, reason in cases.items():
        result = joining.apply(rig.person, text, Contact())
        assert no(result) == f"invitation-{reason}"
        assert Deed.objects.latest("id").reason == f"invitation-{reason}"
    assert Person.objects.count() == people
    assert Participant.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_a_single_invitation_at_once_one_gets_in(rig: Rig) -> None:
    rig.open(cap=5)
    once = rig.invite(uses=1)
    outcomes: list[str] = []
    gate = threading.Barrier(8)

    def apply() -> None:
        gate.wait(20)
        try:
            result = joining.apply(rig.person, token(once), Contact())
            outcomes.append(str(result.reason) if isinstance(result, Refused) else "applied")
        finally:
            connection.close()

    threads = [threading.Thread(target=apply) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["applied"] + ["invitation-used"] * 7
    assert Participant.objects.count() == Invitation.objects.get(id=once.id).used == 1


def test_an_internal_phase_admits_by_its_named_list_only(rig: Rig) -> None:
    rig.announce(1, INTERNAL)
    done(papers.add_cohort(rig.desk(), 1, "시연단"))
    for wanted in (
        Invited(1, Source.OFFICER, DAY_MS, uses=1),
        Invited(1, Source.OFFICER, DAY_MS, cohort="시연단"),
        Invited(2, Source.OFFICER, DAY_MS, cohort="시연단", uses=1),
    ):
        assert no(joining.invite(rig.desk(), wanted)) is Reason.BAD_INPUT
    assert no(papers.add_cohort(rig.desk(), 2, "x")) is Reason.NOT_FOUND
    done(phases.open_phase(rig.desk(), 1))
    rig.at(INTERNAL.first)
    name = rig.enrolled(rig.invite(phase=1, source=Source.OFFICER, cohort="시연단", uses=1))
    assert rig.allow(name) is None
    internal = rig.phase(1)
    assert internal.taken == 0 and internal.cap is None


def test_consents_are_given_one_by_one_and_each_has_its_receipt(rig: Rig) -> None:
    rig.open(cap=5)
    name = rig.apply()
    rig.agree(name, [NEWS, TRACK])
    assert rig.state(name) == Life.APPLIED
    assert no(joining.enrol(rig.person, name)) is Reason.CONSENT_MISSING
    rig.agree(name, [DATA])
    assert rig.state(name) == Life.CONSENTED
    rig.agree(name, [DATA])  # again is the same receipt
    receipts = ConsentGiven.objects.filter(participant__subject=name)
    assert sorted(one.consent.purpose for one in receipts) == [DATA, NEWS, TRACK]
    tracked = Action("follow", ActionKind.USE_EXISTING, purposes=(TRACK,))
    done(joining.enrol(rig.person, name))
    assert rig.allow(name, tracked) is None
    done(joining.take_back(rig.person, name, TRACK))
    assert rig.allow(name, tracked) is Reason.CONSENT_MISSING
    assert rig.allow(name) is None
    assert no(joining.take_back(rig.person, name, TRACK)) is Reason.CONSENT_MISSING
    done(joining.take_back(rig.person, name, DATA))
    assert rig.allow(name) is Reason.CONSENT_MISSING


def test_a_required_consent_that_is_taken_back_before_the_seat_asks_for_it_again(rig: Rig) -> None:
    rig.open(cap=5)
    name = rig.ready()
    done(joining.take_back(rig.person, name, DATA))
    assert rig.state(name) == Life.APPLIED
    rig.agree(name)
    done(joining.enrol(rig.person, name))


def test_a_page_that_was_read_before_the_wording_changed_gives_no_consent(rig: Rig) -> None:
    rig.open(cap=5)
    name, late = rig.enrolled(), rig.apply()
    words = ("새 동의", "a new consent", "item", "2 years")
    done(papers.word_consent(rig.desk(), Wording(DATA, ConsentKind.REQUIRED, *words)))
    assert no(joining.consent(rig.person, late, DATA, 1)) is Reason.CONSENT_OUTDATED
    assert no(joining.consent(rig.person, late, "unheard", 1)) is Reason.NOT_FOUND
    assert rig.allow(name) is Reason.CONSENT_OUTDATED
    rig.agree(name)
    assert rig.allow(name) is None


def test_nobody_joins_a_phase_that_is_over_or_a_pilot_that_stops_new_ones(rig: Rig) -> None:
    rig.open(cap=5)
    poster, name = rig.invite(), rig.ready()
    rig.flip(Mode.STOP_NEW)
    assert no(joining.apply(rig.person, token(poster), Contact())) is Reason.STOPPED_NEW
    assert no(joining.enrol(rig.person, name)) is Reason.STOPPED_NEW
    rig.flip(Mode.NORMAL)
    rig.at(OPEN.last, 24)
    assert no(joining.apply(rig.person, token(poster), Contact())) is Reason.PHASE_CLOSED
    assert no(joining.enrol(rig.person, name)) is Reason.PHASE_CLOSED
    assert no(joining.wait(rig.person, name)) is Reason.PHASE_CLOSED
    rig.at(OPEN.last, 23)
    done(joining.enrol(rig.person, name))


def test_whether_an_address_is_known_is_told_to_that_address_only(rig: Rig) -> None:
    rig.open(cap=5)
    poster, address = token(rig.invite()), Contact("010-1234-5678")
    first = done(joining.apply(rig.person, poster, address))
    again = done(joining.apply(rig.person, poster, address))
    assert first == again == joining.Joined(None)
    assert Participant.objects.count() == 1
    assert Message.objects.filter(template="pilot-link").count() == 2
    wrong = Contact("not a number")
    assert no(joining.apply(rig.person, poster, wrong)) is Reason.BAD_INPUT


def test_a_personal_link_leads_to_its_person_for_as_long_as_they_are_in(rig: Rig) -> None:
    rig.open(cap=5)
    joined = done(joining.apply(rig.person, token(rig.invite()), Contact()))
    link = links.look(joined.link.rpartition("/")[2], "mine", rig.now_ms)
    assert not isinstance(link, Refused) and link.target == "tours"
    assert joined.participant is not None
    done(joining.withdraw(rig.person, joined.participant.subject))
    chores.do(rig.now_ms)
    assert isinstance(links.look(joined.link.rpartition("/")[2], "mine", rig.now_ms), Refused)


def test_a_stranger_to_the_pilot_is_told_so(rig: Rig) -> None:
    rig.open(cap=5)
    for result in (
        joining.enrol(rig.person, "x" * 26),
        joining.withdraw(rig.person, "x" * 26),
        joining.remove(rig.desk(), "x" * 26),
    ):
        assert no(result) is Reason.NOT_ENROLLED
    assert rig.allow("x" * 26) is Reason.NOT_ENROLLED
    joining.used("x" * 26, rig.service, rig.now_ms)
    assert Way.objects.count() == 0


def test_uses_make_the_funnel_once_a_day_and_the_second_day_counts_as_coming_back(rig: Rig) -> None:
    rig.open(cap=5)
    name = rig.enrolled()
    way = Way.objects.get()
    assert way.enrolled is not None and way.first_use is None
    for hours in (0, 1, 5):
        joining.used(name, rig.service, rig.now_ms + hours * 3_600_000)
    way.refresh_from_db()
    used = Way.objects.values_list("first_use", "second_use")
    assert used.get() == (rig.now_ms, None)
    assert rig.state(name) == Life.ACTIVE
    joining.used(name, rig.service, rig.now_ms + DAY_MS)
    joining.used(name, rig.service, rig.now_ms + 8 * DAY_MS)
    way.refresh_from_db()
    assert (way.second_use, way.d7) == (rig.now_ms + DAY_MS, rig.now_ms + 8 * DAY_MS)
    assert all(times(way)[stage] is not None for stage in STAGES[:7])


def test_P6_the_database_refuses_a_later_stage_without_the_earlier_one(rig: Rig) -> None:
    rig.open(cap=5)
    rig.enrolled()
    tally = Tally("P6", "a stage written without the one before it", "taken by the database")

    def holds() -> None:
        for earlier in STAGES[:4]:
            with pytest.raises(IntegrityError, match="after"), transaction.atomic():
                Way.objects.update(**{earlier: None})
            tally.expect(True)

    tally.during(holds)


def test_every_step_of_a_life_is_kept_and_the_last_entry_is_the_row(rig: Rig) -> None:
    rig.open(cap=5)
    name = rig.enrolled()
    done(joining.take_back(rig.person, name, DATA))
    done(joining.withdraw(rig.person, name))
    one = Participant.objects.get(subject=name)
    entries = list(LifeEntry.objects.filter(participant=one).order_by("number"))
    assert [entry.number for entry in entries] == list(range(1, one.entries + 1))
    states = [entry.state for entry in entries]
    assert states[0] == Life.INVITED and states[-1] == one.state == Life.WITHDRAWN
    assert json.loads(entries[-1].given) == json.loads(one.given) == {}


def test_the_table_of_lives_leads_nowhere_from_withdrawn_and_removed() -> None:
    ends = {Life.WITHDRAWN, Life.REMOVED}
    assert not [state for state, _ in PARTICIPANT_STEPS if state in ends]
    assert {step for _, step in PARTICIPANT_STEPS} == set(LifeStep)
    assert set(PARTICIPANT_STEPS.values()) | {Life.INVITED} == set(Life)
