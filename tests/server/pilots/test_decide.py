"""What is allowed, by the table and by the calendar: P2 and the kill switch, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.rules import ALLOWED, Refused
from server.pilots.days import Period, begins_ms, ends_ms
from server.pilots.decide import NOBODYS, Action, Consent, Phase, Policy, Subject, decide, read
from server.pilots.rules import (
    MODES,
    TERMS,
    ActionKind,
    Life,
    Mode,
    PhaseKind,
    PhaseState,
    Reason,
    Window,
)
from tests.server.pilots.tally import Tally

KST = timedelta(hours=9)
FIRST, LAST = date(2020, 6, 15), date(2020, 6, 30)
COVER = Period(date(2020, 1, 1), date(2020, 12, 31))
RUNNING = Phase(2, PhaseKind.OPEN, PhaseState.RUNNING, Period(FIRST, LAST), 1_000)
GOOD = Policy(
    phases=(RUNNING,),
    exemptions=(COVER,),
    insurances=(COVER,),
    consents=(Consent("data", 2, True), Consent("track", 1, False)),
)
SOMEBODY = Subject(Life.ACTIVE, 2, {"data": 2})
NOON = begins_ms(FIRST) + 12 * 3_600_000
RIDE = Action("ride", ActionKind.USE_EXISTING)

DAYS = st.dates(date(2020, 5, 1), date(2020, 9, 30))
PERIODS = st.tuples(DAYS, DAYS).map(lambda two: Period(min(two), max(two)))
PHASES = st.builds(
    Phase,
    number=st.sampled_from([1, 2]),
    kind=st.sampled_from(PhaseKind),
    state=st.sampled_from(PhaseState),
    period=st.one_of(st.none(), PERIODS),
    cap=st.one_of(st.none(), st.integers(1, 9)),
    zone=st.sampled_from([(), ("해운대구",)]),
    demo=st.booleans(),
)
POLICIES = st.builds(
    Policy,
    mode=st.sampled_from(Mode),
    phases=st.lists(PHASES, max_size=2).map(tuple),
    exemptions=st.lists(PERIODS, max_size=2).map(tuple),
    insurances=st.lists(PERIODS, max_size=2).map(tuple),
    consents=st.lists(
        st.builds(Consent, st.sampled_from(["a", "b"]), st.integers(1, 3), st.booleans()),
        max_size=2,
        unique_by=lambda one: one.purpose,
    ).map(tuple),
)
SUBJECTS = st.builds(
    Subject,
    state=st.sampled_from(Life),
    phase=st.sampled_from([1, 2]),
    given=st.dictionaries(st.sampled_from(["a", "b"]), st.integers(1, 3)),
)
ACTIONS = st.builds(
    Action,
    name=st.just("act"),
    kind=st.sampled_from(ActionKind),
    phase=st.sampled_from([1, 2]),
    zone=st.sampled_from(["", "해운대구", "영도구"]),
    purposes=st.sampled_from([(), ("a",)]),
)


@st.composite
def moments(draw: st.DrawFn, policy: Policy) -> int:
    """Any time, and more often than not the edge of a day that matters."""
    periods = [p.period for p in policy.phases if p.period]
    edges = [t for p in [*periods, *policy.exemptions] for t in (p.first, p.last)]
    day: date = draw(st.one_of(DAYS, st.sampled_from(edges)) if edges else DAYS)
    return draw(st.sampled_from([begins_ms(day), ends_ms(day)])) + draw(st.sampled_from([-1, 0, 1]))


def _within(period: Period, at_ms: int) -> bool:
    """By the calendar of the standard library instead of our own arithmetic."""
    day = (datetime.fromtimestamp(at_ms / 1000, UTC) + KST).date()
    return period.first <= day <= period.last


def _participates(policy: Policy, subject: Subject, action: Action, at_ms: int) -> bool:
    """P2 in other words: everything that must hold for somebody to use what a phase offers."""
    zones = [
        phase
        for phase in policy.phases
        if phase.period and phase.state is PhaseState.RUNNING and _within(phase.period, at_ms)
    ]
    phase = zones[0] if zones else None
    needed = [c for c in policy.consents if c.needed or c.purpose in action.purposes]
    return (
        phase is not None
        and any(_within(period, at_ms) for period in policy.exemptions)
        and any(_within(period, at_ms) for period in policy.insurances)
        and (not phase.zone or not action.zone or action.zone in phase.zone)
        and subject.state in (Life.ENROLLED, Life.ACTIVE)
        and subject.phase == phase.number
        and all(subject.given.get(c.purpose) == c.version for c in needed)
        and set(action.purposes) <= {c.purpose for c in policy.consents}
    )


def test_P2_nothing_of_a_phase_outside_its_days_its_cover_and_current_consents() -> None:
    tally = Tally("P2", "random policy, person and midnight", "wrong verdicts")

    @given(st.data(), POLICIES, SUBJECTS, ACTIONS)
    def holds(data: st.DataObject, policy: Policy, subject: Subject, action: Action) -> None:
        at_ms = data.draw(moments(policy))
        action = replace(action, kind=ActionKind.USE_EXISTING)
        stopped = policy.mode in (Mode.READ_ONLY, Mode.HALT)
        expected = not stopped and _participates(policy, subject, action, at_ms)
        tally.expect((decide(policy, subject, action, at_ms) == ALLOWED) == expected)

    tally.during(holds)


EDGES = {
    begins_ms(FIRST) - 1: Reason.PHASE_CLOSED,
    begins_ms(FIRST): None,
    ends_ms(LAST) - 1: None,
    ends_ms(LAST): Reason.PHASE_CLOSED,
}


def test_P2_a_phase_begins_at_midnight_in_korea_and_ends_at_midnight_to_the_millisecond() -> None:
    tally = Tally("P2", "first and last millisecond of a phase, KST", "wrong verdicts")

    def holds() -> None:
        for at_ms, reason in EDGES.items():
            tally.expect(_reason(GOOD, SOMEBODY, RIDE, at_ms) is reason)

    tally.during(holds)


@pytest.mark.parametrize(
    ("policy", "subject", "action", "reason"),
    [
        (GOOD, SOMEBODY, RIDE, None),
        (Policy(), SOMEBODY, RIDE, Reason.NO_NOTICE),
        (replace(GOOD, exemptions=()), SOMEBODY, RIDE, Reason.EXEMPTION_EXPIRED),
        (replace(GOOD, insurances=()), SOMEBODY, RIDE, Reason.INSURANCE_EXPIRED),
        (GOOD, None, RIDE, Reason.NOT_ENROLLED),
        (GOOD, replace(SOMEBODY, state=Life.WITHDRAWN), RIDE, Reason.WITHDRAWN),
        (GOOD, replace(SOMEBODY, state=Life.REMOVED), RIDE, Reason.REMOVED),
        (GOOD, replace(SOMEBODY, state=Life.APPLIED), RIDE, Reason.NOT_ENROLLED),
        (GOOD, replace(SOMEBODY, phase=1), RIDE, Reason.NOT_ENROLLED),
        (GOOD, replace(SOMEBODY, given={}), RIDE, Reason.CONSENT_MISSING),
        (GOOD, replace(SOMEBODY, given={"data": 1}), RIDE, Reason.CONSENT_OUTDATED),
        (GOOD, SOMEBODY, replace(RIDE, purposes=("track",)), Reason.CONSENT_MISSING),
        (GOOD, SOMEBODY, replace(RIDE, purposes=("unheard",)), Reason.CONSENT_MISSING),
        (GOOD, NOBODYS, RIDE, None),
        (GOOD, None, Action("apply", ActionKind.APPLY, phase=2), None),
        (GOOD, None, Action("apply", ActionKind.APPLY, phase=1), Reason.NO_NOTICE),
    ],
)
def test_each_reason_has_its_case(
    policy: Policy, subject: Subject | None, action: Action, reason: Reason | None
) -> None:
    assert _reason(policy, subject, action, NOON) is reason


def test_out_of_its_zone_nothing_of_a_phase_is_allowed() -> None:
    here = replace(GOOD, phases=(replace(RUNNING, zone=("해운대구",)),))
    assert _reason(here, SOMEBODY, replace(RIDE, zone="영도구"), NOON) is Reason.OUT_OF_ZONE
    assert _reason(here, SOMEBODY, replace(RIDE, zone="해운대구"), NOON) is None


def test_P7_an_open_phase_whose_cap_is_undecided_admits_nobody() -> None:
    undecided = replace(GOOD, phases=(replace(RUNNING, cap=None),))
    ready, enrol = replace(SOMEBODY, state=Life.CONSENTED), Action("e", ActionKind.ENROL, phase=2)
    assert _reason(undecided, ready, enrol, NOON) is Reason.CAP_UNDECIDED
    assert _reason(GOOD, ready, enrol, NOON) is None
    internal = replace(undecided, phases=(replace(RUNNING, kind=PhaseKind.INTERNAL, cap=None),))
    assert _reason(internal, ready, enrol, NOON) is None


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("kind", ActionKind)
def test_the_switch_stops_what_its_table_says_and_nothing_else(
    mode: Mode, kind: ActionKind
) -> None:
    subject = SOMEBODY
    if kind in (ActionKind.APPLY, ActionKind.ENROL):
        subject = replace(SOMEBODY, state=Life.CONSENTED)
    action = Action("act", kind, phase=2)
    assert _reason(replace(GOOD, mode=mode), subject, action, NOON) is MODES[mode].get(kind)


@given(st.data(), POLICIES, SUBJECTS)
def test_money_is_released_and_people_may_leave_under_every_policy_at_every_time(
    data: st.DataObject, policy: Policy, subject: Subject
) -> None:
    kind = data.draw(st.sampled_from([ActionKind.MONEY_RELEASE, ActionKind.LEAVE]))
    assert decide(policy, subject, Action("act", kind), data.draw(moments(policy))) == ALLOWED


def test_every_kind_of_action_has_its_terms_and_every_mode_its_table() -> None:
    assert set(TERMS) == set(ActionKind)
    assert set(MODES) == set(Mode)
    assert {terms.window for terms in TERMS.values()} == set(Window)


@given(POLICIES)
def test_a_policy_is_read_back_as_it_was_written(policy: Policy) -> None:
    assert read(policy.text()) == policy
    assert read(policy.text()).text() == policy.text()


@given(POLICIES)
def test_on_a_real_server_nothing_rests_on_a_demonstrations_notice(policy: Policy) -> None:
    real = policy.real()
    assert not any(phase.demo and (phase.period or phase.cap) for phase in real.phases)
    kept = [phase for phase in policy.phases if not phase.demo]
    assert [phase for phase in real.phases if not phase.demo] == kept


def _reason(policy: Policy, subject: Subject | None, action: Action, at_ms: int) -> object:
    verdict = decide(policy, subject, action, at_ms)
    return verdict.reason if isinstance(verdict, Refused) else None
