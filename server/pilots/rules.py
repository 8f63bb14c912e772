"""What a pilot is made of and what it lets through: words of closed lists, and tables. Pure.

A state machine is a table from (state, step) to the next state; what is not in it cannot happen.
A mode of the switch is a table of what it stops. The deciding itself is `decide.py`'s.
Spec: docs/architecture.md, "Under which pilot".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final


class Service(StrEnum):
    """The four services; each has one pilot."""

    TOURS = "tours"
    REPORTS = "reports"
    VOUCHERS = "vouchers"
    COLDCHAIN = "coldchain"


class Reason(StrEnum):
    """Why a pilot says no; used in pages, API and log alike."""

    PHASE_CLOSED = "phase-closed"
    CAP_FULL = "cap-full"
    CAP_UNDECIDED = "cap-undecided"
    CAP_BELOW_TAKEN = "cap-below-taken"
    CONSENT_MISSING = "consent-missing"
    CONSENT_OUTDATED = "consent-outdated"
    NOT_ENROLLED = "not-enrolled"
    ALREADY_IN = "already-in"
    WITHDRAWN = "withdrawn"
    REMOVED = "removed"
    STOPPED_NEW = "stopped-new"
    READ_ONLY = "read-only"
    HALTED = "halted"
    EXEMPTION_EXPIRED = "exemption-expired"
    INSURANCE_EXPIRED = "insurance-expired"
    NO_NOTICE = "no-notice"
    DEMO_NOTICE = "demo-notice"
    NO_SIGNOFF = "no-signoff"
    UNCHECKED = "unchecked"
    NOT_READY = "not-ready"
    NO_DEPUTY = "no-deputy"
    OUT_OF_ZONE = "out-of-zone"
    UNREACHABLE = "unreachable"
    OVERLAP = "overlap"
    WRONG_STEP = "wrong-step"
    NUMBERS_IN_INTERNAL = "numbers-in-internal"
    INVITATION_UNKNOWN = "invitation-unknown"
    INVITATION_EXPIRED = "invitation-expired"
    INVITATION_USED = "invitation-used"
    TWO_PEOPLE = "two-people"
    TAKEN = "taken"
    NOT_FOUND = "not-found"
    ROLE = "role"
    BAD_INPUT = "bad-input"


class PhaseKind(StrEnum):
    """INTERNAL admits by named list and has no numbers; OPEN has a cap."""

    INTERNAL = "internal"
    OPEN = "open"


class PhaseState(StrEnum):
    """Where a phase stands. A running OPEN phase is what the notices call open."""

    UNANNOUNCED = "unannounced"
    ANNOUNCED = "announced"
    RUNNING = "running"
    RESCHEDULED = "rescheduled"
    CLOSED = "closed"


class PhaseStep(StrEnum):
    """What is done to a phase."""

    ANNOUNCE = "announce"
    OPEN = "open"
    AMEND = "amend"
    """A new notice for the same days: numbers were decided or changed."""
    RESCHEDULE = "reschedule"
    CLOSE = "close"


PHASE_STEPS: Final[Mapping[tuple[PhaseState, PhaseStep], PhaseState]] = {
    (PhaseState.UNANNOUNCED, PhaseStep.ANNOUNCE): PhaseState.ANNOUNCED,
    (PhaseState.ANNOUNCED, PhaseStep.OPEN): PhaseState.RUNNING,
    (PhaseState.ANNOUNCED, PhaseStep.AMEND): PhaseState.ANNOUNCED,
    (PhaseState.RUNNING, PhaseStep.AMEND): PhaseState.RUNNING,
    (PhaseState.ANNOUNCED, PhaseStep.RESCHEDULE): PhaseState.RESCHEDULED,
    (PhaseState.RUNNING, PhaseStep.RESCHEDULE): PhaseState.RESCHEDULED,
    (PhaseState.RUNNING, PhaseStep.CLOSE): PhaseState.CLOSED,
    (PhaseState.RESCHEDULED, PhaseStep.ANNOUNCE): PhaseState.ANNOUNCED,
}

RESTING: Final = frozenset({PhaseState.ANNOUNCED, PhaseState.RUNNING, PhaseState.CLOSED})
"""States that rest on a public notice: dates and numbers exist in these alone."""

JOINABLE: Final = frozenset({PhaseState.ANNOUNCED, PhaseState.RUNNING})
"""States in which people apply and enrol."""


class Dropped(StrEnum):
    """Why a plan no longer holds."""

    AMENDED = "amended"
    """Numbers only; every other reason moved the dates."""
    EPIDEMIC = "epidemic"
    WEATHER = "weather"
    NOT_READY = "not-ready"
    LAW = "law"
    CITY = "city"
    INCIDENT = "incident"


class Life(StrEnum):
    """Where a participant stands."""

    INVITED = "invited"
    APPLIED = "applied"
    WAITLISTED = "waitlisted"
    CONSENTED = "consented"
    ENROLLED = "enrolled"
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    REMOVED = "removed"
    ENDED = "ended"


class LifeStep(StrEnum):
    """What happens to a participant."""

    APPLY = "apply"
    WAIT = "wait"
    CONSENT = "consent"
    RECONSIDER = "reconsider"
    """A required consent was taken back before there was a seat."""
    ENROL = "enrol"
    USE = "use"
    WITHDRAW = "withdraw"
    REMOVE = "remove"
    END = "end"


IN: Final = frozenset({Life.ENROLLED, Life.ACTIVE})
"""States that hold a seat."""

OUT: Final = frozenset({Life.WITHDRAWN, Life.REMOVED})

COMING: Final = frozenset({Life.APPLIED, Life.WAITLISTED, Life.CONSENTED})
"""States between an application and a seat."""

_LEAVING: Final = tuple(life for life in Life if life not in OUT and life is not Life.ENDED)

PARTICIPANT_STEPS: Final[Mapping[tuple[Life, LifeStep], Life]] = {
    (Life.INVITED, LifeStep.APPLY): Life.APPLIED,
    (Life.ENDED, LifeStep.APPLY): Life.APPLIED,
    (Life.APPLIED, LifeStep.WAIT): Life.WAITLISTED,
    (Life.CONSENTED, LifeStep.WAIT): Life.WAITLISTED,
    (Life.APPLIED, LifeStep.CONSENT): Life.CONSENTED,
    (Life.WAITLISTED, LifeStep.CONSENT): Life.CONSENTED,
    (Life.CONSENTED, LifeStep.RECONSIDER): Life.APPLIED,
    (Life.CONSENTED, LifeStep.ENROL): Life.ENROLLED,
    (Life.ENROLLED, LifeStep.USE): Life.ACTIVE,
    **{(state, LifeStep.WITHDRAW): Life.WITHDRAWN for state in (*_LEAVING, Life.ENDED)},
    **{(state, LifeStep.REMOVE): Life.REMOVED for state in _LEAVING},
    **{(state, LifeStep.END): Life.ENDED for state in _LEAVING},
}


class Mode(StrEnum):
    """The switch of a pilot."""

    NORMAL = "normal"
    STOP_NEW = "stop-new"
    READ_ONLY = "read-only"
    HALT = "halt"


class FlipReason(StrEnum):
    """Why the switch was moved."""

    INCIDENT = "incident"
    CITY = "city"
    LAW = "law"
    INSURANCE = "insurance"
    LOAD = "load"
    MAINTENANCE = "maintenance"
    DRILL = "drill"
    RESOLVED = "resolved"


class ActionKind(StrEnum):
    """What sort of thing somebody wants to do; the switch and the dates act by this."""

    READ = "read"
    USE_EXISTING = "use-existing"
    """Go on with what one has: pay from a wallet, show a pass."""
    NEW = "new"
    """Begin something: issue, book, report."""
    APPLY = "apply"
    """Apply, and give consents."""
    ENROL = "enrol"
    """Take a seat."""
    MONEY_RELEASE = "money-release"
    """Money out of holds, refunds: never stopped."""
    LEAVE = "leave"
    """Withdraw, take a consent back: never stopped."""


BEGINNINGS: Final = frozenset({ActionKind.NEW, ActionKind.APPLY, ActionKind.ENROL})
UNSTOPPABLE: Final = frozenset({ActionKind.MONEY_RELEASE, ActionKind.LEAVE})

MODES: Final[Mapping[Mode, Mapping[ActionKind, Reason]]] = {
    Mode.NORMAL: {},
    Mode.STOP_NEW: dict.fromkeys(BEGINNINGS, Reason.STOPPED_NEW),
    Mode.READ_ONLY: dict.fromkeys(BEGINNINGS | {ActionKind.USE_EXISTING}, Reason.READ_ONLY),
    Mode.HALT: dict.fromkeys(frozenset(ActionKind) - UNSTOPPABLE, Reason.HALTED),
}
"""What each mode stops, and how it says so."""


class Window(StrEnum):
    """When an action is possible, measured by the days of a phase."""

    ANY = "any"
    UNTIL_END = "until-end"
    """From the announcement to the end of the last day."""
    DURING = "during"
    """From 00:00 of the first to 24:00 of the last day, KST, while the phase runs."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What one kind of action asks for: a window, cover by law and insurance, who, consents."""

    window: Window
    covered: bool
    states: frozenset[Life]
    consents: bool


ANYBODY: Final = frozenset(Life)
NOT_OUT: Final = ANYBODY - OUT

_PARTICIPATING: Final = Terms(Window.DURING, covered=True, states=IN, consents=True)
_UNSTOPPABLE: Final = Terms(Window.ANY, covered=False, states=ANYBODY, consents=False)

TERMS: Final[Mapping[ActionKind, Terms]] = {
    ActionKind.READ: Terms(Window.ANY, covered=False, states=NOT_OUT, consents=False),
    ActionKind.USE_EXISTING: _PARTICIPATING,
    ActionKind.NEW: _PARTICIPATING,
    ActionKind.APPLY: Terms(Window.UNTIL_END, covered=True, states=NOT_OUT, consents=False),
    ActionKind.ENROL: Terms(Window.UNTIL_END, covered=True, states=COMING, consents=True),
    ActionKind.MONEY_RELEASE: _UNSTOPPABLE,
    ActionKind.LEAVE: _UNSTOPPABLE,
}


class ReadinessStep(IntEnum):
    """The columns of the readiness board, in order."""

    FITTED = 1
    INSPECTED = 2
    CALIBRATED = 3
    TRIED = 4
    APPROVED = 5


def after(done: int, step: ReadinessStep, passed: bool) -> int | None:
    """Steps done after `step` was tried with `done` steps done; None: not the step that is due.

    A failed step goes back to the one before it, never sideways.
    """
    if step != done + 1:
        return None
    return int(step) if passed else max(done - 1, 0)


class BoardKind(StrEnum):
    """What stands on the readiness board."""

    TRUCK = "truck"
    PLANT = "plant"


NEEDS_BOARD: Final = frozenset({Service.COLDCHAIN})
"""Services whose OPEN phase needs at least one truck or plant, and every one of them approved."""


class Source(StrEnum):
    """Where an invitation was found."""

    POSTER = "poster"
    SHOP = "shop"
    OFFICER = "officer"
    LINK = "link"


class ConsentKind(StrEnum):
    """Each is asked separately; only REQUIRED ones are a condition of taking part."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    LOCATION = "location"
    THIRD_PARTY = "third-party"


class IncidentKind(StrEnum):
    """What sort of incident."""

    INJURY = "injury"
    PRIVACY = "privacy"
    MONEY = "money"
    OUTAGE = "outage"
    DATA = "data"
    OTHER = "other"


class Part(StrEnum):
    """What an organisation is in a pilot."""

    OPERATOR = "operator"
    PARTNER = "partner"
    CITY = "city"
    OFFICE = "office"
    """규제자유특구 추진단: reads all, signs, and writes nothing else."""


class Right(StrEnum):
    """What may be done in a pilot."""

    SEE = "see"
    SIGN = "sign"
    RUN = "run"


PARTS: Final[Mapping[Part, frozenset[Right]]] = {
    Part.OPERATOR: frozenset(Right),
    Part.PARTNER: frozenset({Right.SEE}),
    Part.CITY: frozenset({Right.SEE}),
    Part.OFFICE: frozenset({Right.SEE, Right.SIGN}),
}

DUTIES: Final = ("실증 운영", "사고 대응", "개인정보 보호")
"""Duties of the operator that have a holder and another deputy on every day of a pilot, as an
administrator of the operator types them."""

CHECKLIST: Final = ("consents", "insurance", "incidents", "training", "refunds", "handover")
"""What a sign-off page asks, each to be ticked."""
