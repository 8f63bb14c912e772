"""The phases of a pilot: announced by a notice, opened, amended, postponed, signed off, closed.

A date or a number comes with a notice or not at all. A postponement drops the plan, which stays
readable, and asks every consent again; nobody is moved silently (`telling`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server.ledger import rows
from server.pilots import duties, snapshot
from server.pilots.acting import Desk, Done, Refusal, action, enter, person
from server.pilots.actions.papers import Wording, new_version, words
from server.pilots.days import Period, begins_ms
from server.pilots.life import end_all, promote
from server.pilots.models import (
    BoardRow,
    Notice,
    Phase,
    Plan,
    SignOff,
)
from server.pilots.rules import (
    CHECKLIST,
    COMING,
    DUTIES,
    IN,
    NEEDS_BOARD,
    PHASE_STEPS,
    ConsentKind,
    Dropped,
    PhaseKind,
    PhaseState,
    PhaseStep,
    ReadinessStep,
    Reason,
    Right,
    Service,
)

LONGEST_DAYS: Final = 4 * 366
"""Two years and one extension of the same, as the law of the sandbox has it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a notice says of a phase. `notice`: its row. None: undecided. `zone`: districts."""

    notice: int
    period: Period
    target_min: int | None = None
    cap: int | None = None
    zone: tuple[str, ...] = ()


@action(Right.RUN)
def announce(desk: Desk, number: int, planned: Planned) -> Done[Plan]:
    """Rest a phase on a notice: dates, and for an OPEN phase numbers as far as they are decided."""
    phase = _phase(desk, number)
    postponed = phase.state == PhaseState.RESCHEDULED
    state = _next(phase, PhaseStep.ANNOUNCE)
    if postponed:
        _ask_again(desk)
    plan = _rest(desk, phase, planned, state)
    return Done(plan, _told(phase, plan))


@action(Right.RUN)
def amend(desk: Desk, number: int, planned: Planned) -> Done[Plan]:
    """Decide or change numbers by a new notice; the days stay."""
    phase = _phase(desk, number)
    state = _next(phase, PhaseStep.AMEND)
    before = _plan(phase)
    if planned.period != Period(before.from_day, before.to_day):
        raise Refusal(Reason.WRONG_STEP)
    _end(before, Dropped.AMENDED, desk.now_ms)
    plan = _rest(desk, phase, planned, state)
    return Done(plan, _told(phase, plan))


@action(Right.RUN)
def reschedule(desk: Desk, number: int, reason: Dropped) -> Done[Plan]:
    """Postpone: the plan is dropped, its days allow nothing, and everybody in it is to be told."""
    phase = _phase(desk, number)
    state = _next(phase, PhaseStep.RESCHEDULE)
    if reason is Dropped.AMENDED:
        raise Refusal(Reason.BAD_INPUT)
    plan = _plan(phase)
    phase.state, phase.plan, phase.cap = state, None, None
    phase.save(update_fields=["state", "plan", "cap"])
    _end(plan, reason, desk.now_ms)
    _list_who_is_to_be_told(plan, desk.now_ms)
    return Done(plan, f"phase {number} plan {plan.id} {reason}")


@action(Right.RUN)
def open_phase(desk: Desk, number: int) -> Done[Phase]:
    """Let a phase run: an OPEN one after a signed INTERNAL one, with everything on the board
    approved, every duty held, and law and insurance in force on its first day."""
    phase = _phase(desk, number)
    state = _next(phase, PhaseStep.OPEN)
    if phase.kind == PhaseKind.OPEN:
        _check_internal(phase)
        _check_board(desk.service)
    _check_duties(desk)
    _check_cover(desk.service, _plan(phase))
    phase.state = state
    phase.save(update_fields=["state"])
    return Done(phase, f"phase {number}")


@action(Right.RUN)
def prepare_sign_off(
    desk: Desk, number: int, checked: tuple[str, ...], defects: tuple[tuple[str, str], ...]
) -> Done[SignOff]:
    """Write the sign-off page of a running phase: what was checked; open defects as (owner, what).

    A page that was not signed is replaced.
    """
    if set(checked) - set(CHECKLIST):
        raise Refusal(Reason.BAD_INPUT)
    phase = _phase(desk, number)
    if phase.state != PhaseState.RUNNING:
        raise Refusal(Reason.WRONG_STEP)
    lines = [f"{words(owner, 40)}: {words(what, 200)}" for owner, what in defects]
    SignOff.objects.filter(phase=phase, signed_ms=None).delete()
    page = SignOff.objects.create(
        phase=phase,
        checklist=" ".join(one for one in CHECKLIST if one in checked),
        defects="\n".join(lines),
        prepared_by=desk.who.id,
        prepared_ms=desk.now_ms,
    )
    return Done(page, f"phase {number} checked {len(checked)} defects {len(lines)}")


@action(Right.SIGN)
def sign_off(desk: Desk, number: int) -> Done[SignOff]:
    """Sign the page, for an organisation with that right: somebody else than who prepared it."""
    phase = _phase(desk, number)
    page = SignOff.objects.filter(phase=phase, signed_ms=None).first()
    if page is None:
        raise Refusal(Reason.NOT_FOUND)
    if page.checklist.split() != list(CHECKLIST):
        raise Refusal(Reason.UNCHECKED)
    if person(desk) == page.prepared_by:
        raise Refusal(Reason.TWO_PEOPLE)
    page.signed_by, page.signed_ms = desk.who.id, desk.now_ms
    page.signed_for_id = enter(desk, Right.SIGN)
    page.save()
    return Done(page, f"phase {number} for {page.signed_for_id}")


@action(Right.RUN)
def close_phase(desk: Desk, number: int) -> Done[Phase]:
    """Close a phase whose page is signed; whoever is in it has come to the end."""
    phase = _phase(desk, number)
    state = _next(phase, PhaseStep.CLOSE)
    if not SignOff.objects.filter(phase=phase, signed_ms__isnull=False).exists():
        raise Refusal(Reason.NO_SIGNOFF)
    phase.state = state
    phase.save(update_fields=["state"])
    ended = end_all(phase, desk.now_ms)
    return Done(phase, f"phase {number} ended {ended}")


def _phase(desk: Desk, number: int) -> Phase:
    found = Phase.objects.select_for_update(of=("self",)).select_related("plan")
    row = found.filter(pilot=desk.service, number=number).first()
    if row is None:
        raise Refusal(Reason.NOT_FOUND)
    return row


def _plan(phase: Phase) -> Plan:
    if phase.plan is None:
        raise Refusal(Reason.NO_NOTICE)
    return phase.plan


def _next(phase: Phase, step: PhaseStep) -> PhaseState:
    state = PHASE_STEPS.get((PhaseState(phase.state), step))
    if state is None:
        raise Refusal(Reason.WRONG_STEP)
    return state


def _rest(desk: Desk, phase: Phase, planned: Planned, state: PhaseState) -> Plan:
    """Put a phase on a plan of that notice; who waits gets the seats that are new."""
    notice = Notice.objects.filter(pilot=desk.service, id=planned.notice).first()
    if notice is None:
        raise Refusal(Reason.NO_NOTICE)
    if (planned.period.last - planned.period.first).days > LONGEST_DAYS:
        raise Refusal(Reason.BAD_INPUT)
    numbers = (planned.target_min, planned.cap)
    if phase.kind == PhaseKind.INTERNAL and numbers != (None, None):
        raise Refusal(Reason.NUMBERS_IN_INTERNAL)
    if planned.cap is not None and planned.cap < phase.taken:
        raise Refusal(Reason.CAP_BELOW_TAKEN)
    plan = Plan.objects.create(
        phase=phase,
        notice=notice,
        from_day=planned.period.first,
        to_day=planned.period.last,
        target_min=planned.target_min,
        cap=planned.cap,
        zone="\n".join(words(one, 40) for one in planned.zone),
        made_ms=desk.now_ms,
    )
    phase.state, phase.plan, phase.cap = state, plan, planned.cap
    phase.save(update_fields=["state", "plan", "cap"])
    promote(phase, desk.now_ms)
    return plan


def _end(plan: Plan, reason: Dropped, now_ms: int) -> None:
    plan.dropped_ms, plan.dropped_for = now_ms, reason
    plan.save(update_fields=["dropped_ms", "dropped_for"])


def _list_who_is_to_be_told(plan: Plan, now_ms: int) -> None:
    """One statement, however many they are."""
    states = sorted(COMING | IN)
    marks = ", ".join(["%s"] * len(states))
    rows.execute(
        "INSERT INTO pilots_told (plan_id, participant_id, at_ms, reached)"
        " SELECT %s, id, %s, NULL FROM pilots_participant"
        f" WHERE phase_id = %s AND state IN ({marks})",
        [plan.id, now_ms, plan.phase_id, *map(str, states)],
    )


def _ask_again(desk: Desk) -> None:
    """The period has changed, so each consent becomes a new version, to be given anew."""
    for one in snapshot.consents(desk.service):
        kind = ConsentKind(one.kind)
        rest = (one.text, one.text_en, one.items, one.retention, one.recipient)
        new_version(desk, Wording(one.purpose, kind, *rest))


def _check_internal(phase: Phase) -> None:
    internal = Phase.objects.filter(pilot=phase.pilot_id, kind=PhaseKind.INTERNAL)
    if not internal.filter(state=PhaseState.CLOSED, signoffs__signed_ms__isnull=False).exists():
        raise Refusal(Reason.NO_SIGNOFF)


def _check_board(service: str) -> None:
    board = BoardRow.objects.filter(pilot=service)
    if Service(service) in NEEDS_BOARD and not board.exists():
        raise Refusal(Reason.NOT_READY)
    if board.exclude(done=ReadinessStep.APPROVED).exists():
        raise Refusal(Reason.NOT_READY)


def _check_duties(desk: Desk) -> None:
    held = {row.name for row in duties.of(desk.service) if row.until_ms is None}
    if set(DUTIES) - held:
        raise Refusal(Reason.NO_DEPUTY)


def _check_cover(service: str, plan: Plan) -> None:
    policy, start = snapshot.derive(service), begins_ms(plan.from_day)
    if not any(period.holds(start) for period in policy.exemptions):
        raise Refusal(Reason.EXEMPTION_EXPIRED)
    if not any(period.holds(start) for period in policy.insurances):
        raise Refusal(Reason.INSURANCE_EXPIRED)


def _told(phase: Phase, plan: Plan) -> str:
    numbers = f"min {plan.target_min} cap {plan.cap}"
    return (
        f"phase {phase.number} plan {plan.id} notice {plan.notice_id}"
        f" {plan.from_day} {plan.to_day} {numbers}"
    )
