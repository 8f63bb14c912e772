"""People come in: invitations, applications, consents, uses; and who is refused."""

from __future__ import annotations

import json

import pytest
from django.db import IntegrityError, transaction

from server.accounts import links
from server.accounts.contacts import Contact
from server.accounts.models import Deed, Person
from server.accounts.rules import Refused
from server.messages.models import Message
from server.pilots import chores
from server.pilots.actions import joining, papers, phases
from server.pilots.actions.joining import Invited
from server.pilots.actions.papers import Wording
from server.pilots.days import DAY_MS
from server.pilots.decide import Action
from server.pilots.funnel import STAGES
from server.pilots.life import times
from server.pilots.models import (
    ConsentGiven,
    Invitation,
    LifeEntry,
    Participant,
    Way,
)
from server.pilots.rules import (
    PARTICIPANT_STEPS,
    ActionKind,
    ConsentKind,
    Life,
    LifeStep,
    Mode,
    Reason,
    Source,
)
from tests.server.ledger.test_concurrency import together
from tests.server.pilots.rig import (
    DATA,
    INTERNAL,
    NEWS,
    OPEN,
    TRACK,
    Rig,
    done,
    no,
)
from tests.server.pilots.tally import Tally

pytestmark = pytest.mark.django_db


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

    def apply(_: int) -> None:
        result = joining.apply(rig.person, token(once), Contact())
        outcomes.append(str(result.reason) if isinstance(result, Refused) else "applied")

    assert together(8, apply) == []
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
