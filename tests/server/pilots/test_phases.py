"""Phases rest on notices: P3, P7 and P8, by the actions and by the database itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from server.accounts.models import Deed, Duty
from server.accounts.rules import Refused
from server.ledger import rows
from server.messages.models import Message
from server.pilots import chores, snapshot
from server.pilots.actions import board, joining, papers, phases
from server.pilots.actions.papers import File, Filed
from server.pilots.actions.phases import Planned
from server.pilots.days import Period
from server.pilots.models import BoardRow, Consent, Exemption, Notice, Phase, Plan, PolicyText, Told
from server.pilots.rules import (
    CHECKLIST,
    Dropped,
    Life,
    Mode,
    Part,
    PhaseState,
    ReadinessStep,
    Reason,
)
from tests.server.pilots.rig import (
    BOOK,
    DATA,
    INTERNAL,
    LATER,
    LOOK,
    OPEN,
    PDF,
    REFUND,
    Rig,
    done,
    no,
    on_board,
    undone,
)
from tests.server.pilots.rig import rig as made
from tests.server.pilots.tally import Tally

pytestmark = pytest.mark.django_db


def refused_by_the_database(write: Callable[[], object], rule: str) -> bool:
    """Whether the database itself says no, by that rule."""
    try:
        with transaction.atomic():
            write()
    except IntegrityError as error:
        return rule in str(error)
    return False


def test_P3_a_phase_is_announced_opened_signed_and_closed_in_this_order_only(rig: Rig) -> None:
    assert no(phases.open_phase(rig.desk(), 1)) is Reason.WRONG_STEP
    assert no(phases.close_phase(rig.desk(), 1)) is Reason.WRONG_STEP
    rig.announce(1, INTERNAL)
    rig.announce(2, OPEN, cap=10)
    assert no(phases.open_phase(rig.desk(), 2)) is Reason.NO_SIGNOFF
    done(phases.open_phase(rig.desk(), 1))
    assert no(phases.close_phase(rig.desk(), 1)) is Reason.NO_SIGNOFF
    done(phases.prepare_sign_off(rig.desk(), 1, CHECKLIST[:-1], (("김하나", "단말 2대 교체"),)))
    assert no(phases.sign_off(rig.desk(rig.people[Part.OFFICE]), 1)) is Reason.UNCHECKED
    done(phases.prepare_sign_off(rig.desk(), 1, CHECKLIST, (("김하나", "단말 2대 교체"),)))
    assert no(phases.sign_off(rig.desk(), 1)) is Reason.TWO_PEOPLE
    done(phases.sign_off(rig.desk(rig.people[Part.OFFICE]), 1))
    assert no(phases.open_phase(rig.desk(), 2)) is Reason.NO_SIGNOFF
    done(phases.close_phase(rig.desk(), 1))
    assert done(phases.open_phase(rig.desk(), 2)).state == PhaseState.RUNNING
    assert no(phases.announce(rig.desk(), 1, Planned(rig.notice(), LATER))) is Reason.WRONG_STEP


def test_P3_the_database_refuses_what_the_actions_never_do(rig: Rig) -> None:
    tally = Tally("P3", "rows written past the actions", "taken by the database")
    rig.announce(1, INTERNAL)
    rig.announce(2, OPEN, cap=10)
    notice = Notice.objects.earliest("id")
    first, second = rig.phase(1), rig.phase(2)

    def plan(phase: Phase, period: Period, **more: int) -> Callable[[], object]:
        days = {"from_day": period.first, "to_day": period.last, "made_ms": 0}
        return lambda: Plan.objects.create(phase=phase, notice=notice, **days, **more)

    def state(phase: Phase, **change: object) -> Callable[[], object]:
        return lambda: Phase.objects.filter(id=phase.id).update(**change)

    Plan.objects.filter(phase=second).update(dropped_ms=1, dropped_for=Dropped.LAW)
    writes = [
        (plan(second, Period(INTERNAL.last, OPEN.last)), "phases_never_overlap"),
        (plan(second, Period(OPEN.last, OPEN.first)), "plan_runs_up"),
        (plan(second, OPEN, cap=0), "plan_numbers_count_people"),
        (plan(second, OPEN, target_min=9, cap=8), "target_within_cap"),
        (state(first, state="closed"), "closed_with_signoff"),
        (state(second, state="running"), "open_after_internal_signoff"),
        (state(first, plan=None), "phase_rests_on_a_notice"),
        (state(second, cap=3), "plan_is_its_own"),
        (state(first, cap=3), "internal_phase_has_no_numbers"),
        (state(first, plan=second.plan), "plan"),
        (state(second, state="rescheduled", plan=None), "cap_rests_on_a_notice"),
        (state(second, state="open"), "phase_"),
    ]

    def holds() -> None:
        for write, rule in writes:
            tally.expect(refused_by_the_database(write, rule))

    tally.during(holds)


def test_P3_phases_of_one_service_never_overlap() -> None:
    tally = Tally("P3", "random days of two phases", "overlaps taken")
    days = st.dates(date(2020, 6, 1), date(2020, 6, 20))
    periods = st.tuples(days, days).map(lambda two: Period(min(two), max(two)))
    rig = made()

    @settings(max_examples=30)
    @given(periods, periods)
    def holds(one: Period, other: Period) -> None:
        with undone(rig):
            rig.announce(1, one)
            planned = Planned(rig.notice(), other, cap=5)
            result = phases.announce(rig.desk(), 2, planned)
            overlap = bool(set(one.days()) & set(other.days()))
            reason = result.reason if isinstance(result, Refused) else None
            tally.expect(reason == (Reason.OVERLAP if overlap else None))

    tally.during(holds)


def test_a_phase_without_its_cover_its_deputies_or_its_board_does_not_open(rig: Rig) -> None:
    rig.internal()
    rig.announce(2, OPEN, cap=5)
    on_board(rig, "부산 81바 1234", ReadinessStep.TRIED)
    assert no(phases.open_phase(rig.desk(), 2)) is Reason.NOT_READY
    done(board.note_readiness(rig.desk(), "부산 81바 1234", ReadinessStep.APPROVED, True, PDF))
    Duty.objects.filter(name="사고 대응").update(until_ms=rig.now_ms)
    assert no(phases.open_phase(rig.desk(), 2)) is Reason.NO_DEPUTY
    Duty.objects.update(until_ms=None)
    exemption = Exemption.objects.get(pilot=rig.service)
    done(papers.revoke_exemption(rig.desk(), exemption.id))
    assert no(phases.open_phase(rig.desk(), 2)) is Reason.EXEMPTION_EXPIRED


def test_the_cold_chain_opens_only_with_a_board_on_which_everything_is_approved() -> None:
    rig = made("coldchain").internal()
    rig.announce(2, OPEN, cap=5)
    assert no(phases.open_phase(rig.desk(), 2)) is Reason.NOT_READY
    on_board(rig, "truck 1", ReadinessStep.APPROVED)
    on_board(rig, "truck 2", ReadinessStep.CALIBRATED)
    assert no(phases.open_phase(rig.desk(), 2)) is Reason.NOT_READY
    for step in (ReadinessStep.TRIED, ReadinessStep.APPROVED):
        done(board.note_readiness(rig.desk(), "truck 2", step, True, PDF))
    done(phases.open_phase(rig.desk(), 2))


def test_a_step_on_the_board_is_the_one_that_is_due_and_a_failed_one_goes_back(rig: Rig) -> None:
    on_board(rig, "truck", ReadinessStep.CALIBRATED)

    def note(step: ReadinessStep, passed: bool) -> BoardRow | Refused:
        return board.note_readiness(rig.desk(), "truck", step, passed, PDF)

    assert no(note(ReadinessStep.APPROVED, True)) is Reason.WRONG_STEP
    assert no(note(ReadinessStep.CALIBRATED, True)) is Reason.WRONG_STEP
    assert done(note(ReadinessStep.TRIED, False)).done == ReadinessStep.INSPECTED
    assert no(note(ReadinessStep.TRIED, True)) is Reason.WRONG_STEP
    done(note(ReadinessStep.CALIBRATED, True))
    assert done(note(ReadinessStep.TRIED, True)).done == ReadinessStep.TRIED
    unlisted = board.note_readiness(rig.desk(), "?", ReadinessStep.FITTED, True, PDF)
    assert no(unlisted) is Reason.NOT_FOUND


def test_P7_a_number_or_a_date_stands_on_a_notice_or_nowhere(rig: Rig) -> None:
    unannounced = rig.phase(2)
    assert (unannounced.plan, unannounced.cap, unannounced.taken) == (None, None, 0)
    unknown = phases.announce(rig.desk(), 2, Planned(99_999, OPEN, cap=5))
    assert no(unknown) is Reason.NO_NOTICE
    numbers = phases.announce(rig.desk(), 1, Planned(rig.notice(), INTERNAL, target_min=5))
    assert no(numbers) is Reason.NUMBERS_IN_INTERNAL
    rig.announce(2, OPEN)
    policy = PolicyText.objects.filter(pilot=rig.service).order_by("-generation")[0]
    assert '"cap":null' in policy.text
    plan = rig.phase(2).plan
    assert plan is not None and (plan.cap, plan.target_min) == (None, None)


def test_P7_a_cap_that_was_undecided_is_decided_by_a_new_notice_for_the_same_days(rig: Rig) -> None:
    rig.open(cap=None)
    name = rig.ready()
    assert no(joining.enrol(rig.person, name)) is Reason.CAP_UNDECIDED
    moved = phases.amend(rig.desk(), 2, Planned(rig.notice(), LATER, cap=1))
    assert no(moved) is Reason.WRONG_STEP
    done(phases.amend(rig.desk(), 2, Planned(rig.notice(), OPEN, cap=1)))
    assert rig.phase().state == PhaseState.RUNNING
    done(joining.enrol(rig.person, name))
    less = phases.amend(rig.desk(), 2, Planned(rig.notice(), OPEN))
    assert not isinstance(less, Refused)
    assert [plan.dropped_for for plan in Plan.objects.filter(phase=rig.phase()).order_by("id")] == [
        "amended",
        "amended",
        "",
    ]


def test_a_phase_that_lasts_longer_than_the_law_of_the_sandbox_is_refused(rig: Rig) -> None:
    for last in (date(2024, 6, 20), date(9999, 12, 31)):
        forever = Planned(rig.notice(), Period(OPEN.first, last), cap=5)
        assert no(phases.announce(rig.desk(), 2, forever)) is Reason.BAD_INPUT
    rig.announce(2, Period(OPEN.first, date(2024, 6, 15)), cap=5)


def test_a_cap_below_the_seats_that_are_taken_is_refused(rig: Rig) -> None:
    rig.open(cap=5)
    for _ in range(2):
        rig.enrolled()
    smaller = phases.amend(rig.desk(), 2, Planned(rig.notice(), OPEN, cap=1))
    assert no(smaller) is Reason.CAP_BELOW_TAKEN
    assert rig.phase().cap == 5


def test_P8_a_postponement_tells_everybody_allows_nothing_and_asks_again(rig: Rig) -> None:
    rig.open(cap=5)
    silent, told = rig.enrolled(), rig.agree(rig.apply(address="010-1234-5678"))
    done(joining.enrol(rig.person, told))
    waiting = rig.apply()
    done(phases.reschedule(rig.desk(), 2, Dropped.EPIDEMIC))
    assert rig.allow(told) is Reason.PHASE_CLOSED
    chores.do(rig.now_ms)
    chores.do(rig.now_ms)  # again tells nobody twice
    reached = dict(Told.objects.values_list("participant__subject", "reached"))
    sent = Message.objects.filter(template="pilot-postponed").count()
    assert (reached, sent) == ({silent: False, told: True, waiting: False}, 1)

    tally = Tally("P8", "every hour of the old days, after a postponement", "uses allowed")
    rig.announce(2, LATER, cap=5)

    def holds() -> None:
        for day in OPEN.days():
            for hour in range(24):
                rig.at(day, hour)
                tally.expect(rig.allow(told) is Reason.PHASE_CLOSED)
                tally.expect(rig.allow(told, BOOK) is Reason.PHASE_CLOSED)

    tally.during(holds)
    assert rig.allow(told, REFUND) is None
    rig.at(date(2020, 7, 1))
    done(phases.open_phase(rig.desk(), 2))
    rig.at(LATER.first, 0)
    assert rig.allow(told) is Reason.CONSENT_OUTDATED
    rig.agree(told)
    assert rig.allow(told) is None
    assert rig.phase().taken == 2
    old, new = Plan.objects.filter(phase=rig.phase()).order_by("id")
    assert (old.dropped_for, old.from_day, new.from_day) == ("epidemic", OPEN.first, LATER.first)
    assert Consent.objects.filter(purpose=DATA).count() == 2


def test_a_postponement_needs_a_reason_of_its_own_and_something_to_postpone(rig: Rig) -> None:
    assert no(phases.reschedule(rig.desk(), 2, Dropped.CITY)) is Reason.WRONG_STEP
    rig.announce(2, OPEN)
    assert no(phases.reschedule(rig.desk(), 2, Dropped.AMENDED)) is Reason.BAD_INPUT
    assert no(phases.reschedule(rig.desk(), 3, Dropped.CITY)) is Reason.NOT_FOUND


def test_at_its_close_everybody_in_a_phase_has_come_to_the_end(rig: Rig) -> None:
    rig.open(cap=1)
    seated, waiting = rig.enrolled(), rig.apply()
    rig.sign(2)
    done(phases.close_phase(rig.desk(), 2))
    assert {rig.state(seated), rig.state(waiting)} == {Life.ENDED}
    assert rig.phase().taken == 0
    assert rig.allow(seated) is Reason.PHASE_CLOSED
    assert rig.allow(seated, LOOK) is None
    assert no(joining.enrol(rig.person, seated)) is Reason.PHASE_CLOSED


def test_a_demonstrations_notice_is_refused_by_a_real_server(rig: Rig) -> None:
    filed = Filed("데모 공고", date(2020, 4, 20), PDF, demo=True)
    assert no(papers.file_notice(rig.desk(), filed)) is Reason.DEMO_NOTICE
    assert Notice.objects.count() == 0
    # One that came in with a demonstration's database holds nothing up either.
    rig.open()
    name = rig.enrolled()
    assert rig.allow(name) is None
    Notice.objects.update(demo=True)
    snapshot.publish(rig.service, rig.now_ms)
    assert rig.allow(name) is Reason.NO_NOTICE


@pytest.mark.parametrize(
    "file",
    [
        File("a.pdf", b""),
        File("a.exe", b"MZ\x00\x90"),
        File("", b"%PDF-1.4"),
        File("a.pdf", b"%PDF-1.4" + bytes(papers.MAX_FILE)),
        File("a.html", b"\xff\xfe\x00<"),
    ],
    ids=["empty", "a program", "without a name", "too large", "no text"],
)
def test_a_file_that_is_none_is_refused_and_leaves_nothing(rig: Rig, file: File) -> None:
    deeds = Deed.objects.count()
    filed = Filed("1", date(2020, 4, 20), file)
    assert no(papers.file_notice(rig.desk(), filed)) is Reason.BAD_INPUT
    assert Notice.objects.count() == 0
    assert Deed.objects.count() == deeds + 1
    assert Deed.objects.latest("id").reason == Reason.BAD_INPUT


def test_a_notice_number_serves_once_and_replaces_only_what_there_is(rig: Rig) -> None:
    done(papers.file_notice(rig.desk(), Filed("7", date(2020, 4, 20), PDF)))
    again = Filed("7", date(2020, 5, 20), PDF)
    assert no(papers.file_notice(rig.desk(), again)) is Reason.TAKEN
    orphan = Filed("8", date(2020, 5, 20), PDF, supersedes="6")
    assert no(papers.file_notice(rig.desk(), orphan)) is Reason.NOT_FOUND
    done(papers.file_notice(rig.desk(), Filed("8", date(2020, 5, 20), PDF, supersedes="7")))


def test_every_action_is_one_deed_and_every_policy_stands_in_the_log(rig: Rig) -> None:
    rig.open()
    rig.flip(Mode.HALT)
    deeds = Deed.objects.filter(service="pilots", act="flip")
    assert [(deed.target, deed.detail) for deed in deeds] == [("tours", "normal halt drill")]
    texts = PolicyText.objects.filter(pilot=rig.service).count()
    staged = rows.fetch("SELECT leaf FROM ledger_staged")
    policies = [leaf for (leaf,) in staged if b"policy" in bytes(leaf)]
    assert len(policies) == texts > 5


