"""Whether an action is allowed: one pure function of a policy, a participant, and the time.

A `Policy` is all that a pilot says at one moment, small and with a canonical text, so that it can
be kept, committed to and decided by again. `decide` names the first reason of a fixed order: the
switch, the phase, law and insurance, the place, the person, the consents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Final

from server.accounts.rules import ALLOWED, Refused, Verdict
from server.pilots.days import Period
from server.pilots.rules import (
    JOINABLE,
    MODES,
    TERMS,
    ActionKind,
    Life,
    Mode,
    PhaseKind,
    PhaseState,
    Reason,
    Terms,
    Window,
)


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase as the policy sees it. `zone`: districts, none meaning the whole zone of the pilot.

    No period: it rests on no notice. `cap` None: undecided. `demo`: its notice is a demonstration.
    """

    number: int
    kind: PhaseKind
    state: PhaseState
    period: Period | None = None
    cap: int | None = None
    zone: tuple[str, ...] = ()
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Consent:
    """The current version of one consent. `needed`: a condition of taking part."""

    purpose: str
    version: int
    needed: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """All that a pilot says at one moment."""

    mode: Mode = Mode.NORMAL
    phases: tuple[Phase, ...] = ()
    exemptions: tuple[Period, ...] = ()
    insurances: tuple[Period, ...] = ()
    consents: tuple[Consent, ...] = ()

    def text(self) -> str:
        """Canonical JSON: equal policies have equal texts."""
        return json.dumps(asdict(self), default=str, sort_keys=True, separators=(",", ":"))

    def real(self) -> Policy:
        """The policy without what rests on a demonstration's notice: a real server's."""
        if not any(phase.demo for phase in self.phases):
            return self
        phases = (replace(p, period=None, cap=None) if p.demo else p for p in self.phases)
        return replace(self, phases=tuple(phases))


@dataclass(frozen=True, slots=True)
class Subject:
    """A participant as `decide` sees them; `given`: version by purpose of what was agreed to."""

    state: Life
    phase: int = 0
    given: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody wants to do. `phase`: the one to join (APPLY, ENROL), else the one that runs.

    `zone`: the district where it happens, if it has one. `purposes`: consents that this action
    needs beyond those of taking part (the location of a track, say).
    """

    name: str
    kind: ActionKind
    phase: int = 0
    zone: str = ""
    purposes: tuple[str, ...] = ()


NOBODYS: Final = Subject(Life.ACTIVE)
"""Stands for acts that are no participant's own: those of the service's staff and machines."""


def decide(policy: Policy, subject: Subject | None, action: Action, at_ms: int) -> Verdict:
    """Allowed, or the first reason why not. `subject`: None for a stranger, NOBODYS for staff."""
    terms = TERMS[action.kind]
    phase = _phase(policy, action, terms, at_ms)
    reason = (
        MODES[policy.mode].get(action.kind)
        or (phase if isinstance(phase, Reason) else None)
        or _uncovered(policy, terms, at_ms)
        or _elsewhere(phase, action)
        or _person(subject, phase, action)
        or _consents(policy, subject, action)
        or _numbers(phase, action)
    )
    return Refused(reason) if reason else ALLOWED


def _phase(policy: Policy, action: Action, terms: Terms, at_ms: int) -> Phase | Reason | None:
    """The phase that the action falls into; None where it needs none."""
    if terms.window is Window.ANY:
        return None
    announced = [phase for phase in policy.phases if phase.period]
    if terms.window is Window.UNTIL_END:
        announced = [phase for phase in announced if phase.number == action.phase]
    if not announced:
        return Reason.NO_NOTICE
    fitting = (phase for phase in announced if _fits(phase, terms.window, at_ms))
    return next(fitting, Reason.PHASE_CLOSED)


def _fits(phase: Phase, window: Window, at_ms: int) -> bool:
    if phase.period is None:
        return False
    if window is Window.DURING:
        return phase.state is PhaseState.RUNNING and phase.period.holds(at_ms)
    return phase.state in JOINABLE and not phase.period.over(at_ms)


def _uncovered(policy: Policy, terms: Terms, at_ms: int) -> Reason | None:
    if not terms.covered:
        return None
    if not any(period.holds(at_ms) for period in policy.exemptions):
        return Reason.EXEMPTION_EXPIRED
    if not any(period.holds(at_ms) for period in policy.insurances):
        return Reason.INSURANCE_EXPIRED
    return None


def _elsewhere(phase: Phase | Reason | None, action: Action) -> Reason | None:
    if not isinstance(phase, Phase) or not phase.zone or not action.zone:
        return None
    return None if action.zone in phase.zone else Reason.OUT_OF_ZONE


def _person(
    subject: Subject | None, phase: Phase | Reason | None, action: Action
) -> Reason | None:
    if subject is NOBODYS:
        return None
    if subject is None:
        return None if action.kind is ActionKind.APPLY else Reason.NOT_ENROLLED
    terms = TERMS[action.kind]
    if subject.state not in terms.states:
        out = {Life.WITHDRAWN: Reason.WITHDRAWN, Life.REMOVED: Reason.REMOVED}
        return out.get(subject.state, Reason.NOT_ENROLLED)
    if isinstance(phase, Phase) and terms.consents and subject.phase != phase.number:
        return Reason.NOT_ENROLLED
    return None


def _consents(policy: Policy, subject: Subject | None, action: Action) -> Reason | None:
    if subject is None or subject is NOBODYS:
        return None
    terms = TERMS[action.kind]
    asked = {one.purpose: one for one in policy.consents}
    needed = {one.purpose for one in policy.consents if one.needed and terms.consents}
    for purpose in sorted(needed | set(action.purposes)):
        given = subject.given.get(purpose)
        if given is None or purpose not in asked:
            return Reason.CONSENT_MISSING
        if given != asked[purpose].version:
            return Reason.CONSENT_OUTDATED
    return None


def _numbers(phase: Phase | Reason | None, action: Action) -> Reason | None:
    undecided = isinstance(phase, Phase) and phase.kind is PhaseKind.OPEN and phase.cap is None
    return Reason.CAP_UNDECIDED if undecided and action.kind is ActionKind.ENROL else None


def read(text: str) -> Policy:
    """The policy of a canonical text; inverse of `Policy.text`."""
    plain = json.loads(text)
    return Policy(
        mode=Mode(plain["mode"]),
        phases=tuple(map(_read_phase, plain["phases"])),
        exemptions=tuple(map(_read_period, plain["exemptions"])),
        insurances=tuple(map(_read_period, plain["insurances"])),
        consents=tuple(Consent(**one) for one in plain["consents"]),
    )


def _read_phase(plain: dict[str, Any]) -> Phase:
    return Phase(
        number=plain["number"],
        kind=PhaseKind(plain["kind"]),
        state=PhaseState(plain["state"]),
        period=_read_period(plain["period"]) if plain["period"] else None,
        cap=plain["cap"],
        zone=tuple(plain["zone"]),
        demo=plain["demo"],
    )


def _read_period(plain: dict[str, str]) -> Period:
    return Period(date.fromisoformat(plain["first"]), date.fromisoformat(plain["last"]))
