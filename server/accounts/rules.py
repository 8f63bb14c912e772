"""Who may do what: one table and one pure function. No IO, no clock.

A right is a need of an action, held by a role in one organisation, and narrowed by how somebody
came in. A verdict is a value: `Allowed`, or `Refused` with a reason of a closed list. An
organisation that is not one's own is answered like one that does not exist, so that names cannot
be tried out. Every action of every room asks `may`; what a pilot adds (phase, consent, flag) is
`server.pilots`' business. Spec: docs/architecture.md, "Who may do what".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody is in one organisation."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Need(StrEnum):
    """What an action asks of whoever does it."""

    OPEN = "open"
    """Nothing: strangers may."""
    SELF = "self"
    """To be somebody: it concerns one's own account only."""
    SEE = "see"
    OPERATE = "operate"
    AUDIT = "audit"
    ADMINISTER = "administer"


class Actor(StrEnum):
    """How somebody came in."""

    NOBODY = "nobody"
    PERSON = "person"
    """By passkey or password."""
    BADGE = "badge"
    """By badge and PIN on a shared tablet: daily work only."""
    LINK = "link"
    """By a one-time link: one's own matters only."""
    GUEST = "guest"
    """By an inspector's code: sees, for a limited time."""
    KEY = "key"
    """A program with an organisation's API key."""
    SYSTEM = "system"
    """The operator at the machine itself, or the server's own clockwork."""


class Datum(StrEnum):
    """What is personal, and kept in the vault only."""

    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    PENDING = "pending"
    """An address that its person has not confirmed yet."""


class Why(StrEnum):
    """What for a pseudonym is led back to its person."""

    NOTICE = "notice"
    """To tell them something."""
    SUPPORT = "support"
    """They asked."""
    LEGAL = "legal"
    """An authority asked, with a legal basis."""
    ERASURE = "erasure"
    """To delete what is theirs."""


class Reason(StrEnum):
    """Why something was refused; used in pages, API and log alike."""

    SIGNED_OUT = "signed-out"
    NOT_FOUND = "not-found"
    ROLE = "role"
    WAY_IN = "way-in"
    SCOPE = "scope"
    WRONG = "wrong"
    EXPIRED = "expired"
    USED = "used"
    REVOKED = "revoked"
    TOO_MANY = "too-many"
    OWN_ROLE = "own-role"
    LAST_ADMINISTRATOR = "last-administrator"
    SAME_PERSON = "same-person"
    TAKEN = "taken"
    BAD_INPUT = "bad-input"
    INTERNAL_ADDRESS = "internal-address"
    FORGED = "forged"
    """The request does not come from one of our pages."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Go ahead."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and why: a member of a closed StrEnum (here `Reason`; pilots have more of their own).

    at: the field of what was asked that is the reason, "" where no single one is.
    """

    reason: StrEnum
    at: str = ""


Verdict = Allowed | Refused

ALLOWED: Final = Allowed()

GIVES: Final[Mapping[Role, frozenset[Need]]] = {
    Role.VIEWER: frozenset({Need.SEE}),
    Role.OPERATOR: frozenset({Need.SEE, Need.OPERATE}),
    Role.AUDITOR: frozenset({Need.SEE, Need.AUDIT}),
    Role.ADMINISTRATOR: frozenset({Need.SEE, Need.OPERATE, Need.ADMINISTER}),
}
"""What a role gives. Auditing and administering never meet in one role."""

PASSES: Final[Mapping[Actor, frozenset[Need]]] = {
    Actor.NOBODY: frozenset({Need.OPEN}),
    Actor.PERSON: frozenset(Need),
    Actor.BADGE: frozenset({Need.OPEN, Need.SEE, Need.OPERATE}),
    Actor.LINK: frozenset({Need.OPEN, Need.SELF}),
    Actor.GUEST: frozenset({Need.OPEN, Need.SEE}),
    Actor.KEY: frozenset({Need.OPEN, Need.SEE, Need.OPERATE, Need.AUDIT}),
    Actor.SYSTEM: frozenset(Need),
}
"""What each way in lets through, whatever the role."""


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody at the door: an opaque id, how they came in, and their roles by organisation.

    `scopes`: the services an API key or guest code is good for; None: all. `language`: "ko" or
    "en". An erased person, an ended membership or a revoked key never becomes a Who with roles.
    """

    id: str = ""
    actor: Actor = Actor.NOBODY
    roles: Mapping[str, Role] = field(default_factory=dict)
    scopes: frozenset[str] | None = None
    language: str = "ko"


NOBODY: Final = Who()
CLOCKWORK: Final = Who(actor=Actor.SYSTEM)
"""The operator at the machine, or the server's own clockwork."""


def may(who: Who, need: Need, organisation: str = "", service: str = "") -> Verdict:
    """Whether somebody may do what needs `need` in this organisation, by this service.

    OPEN and SELF look at no organisation. The order of the reasons tells a stranger nothing.
    """
    if need is Need.OPEN:
        return ALLOWED
    if who.actor is Actor.NOBODY:
        return Refused(Reason.SIGNED_OUT)
    if who.actor is Actor.SYSTEM:
        return ALLOWED
    if need is not Need.SELF and organisation not in who.roles:
        return Refused(Reason.NOT_FOUND)
    if need not in PASSES[who.actor]:
        return Refused(Reason.WAY_IN)
    if who.scopes is not None and service not in who.scopes:
        return Refused(Reason.SCOPE)
    if need is not Need.SELF and need not in GIVES[who.roles[organisation]]:
        return Refused(Reason.ROLE)
    return ALLOWED


@dataclass(frozen=True, slots=True)
class Seat:
    """One open membership of an organisation, as `may_seat` looks at it."""

    person: str
    role: Role


def may_seat(actor: str, person: str, role: Role | None, seats: tuple[Seat, ...]) -> Verdict:
    """Whether an administrator may give `person` this role (None: take it away).

    Nobody changes their own role, so nobody raises it; and an organisation keeps an administrator.
    """
    if actor == person:
        return Refused(Reason.OWN_ROLE)
    before = next((seat.role for seat in seats if seat.person == person), None)
    losing = before is Role.ADMINISTRATOR and role is not Role.ADMINISTRATOR
    others = any(s.role is Role.ADMINISTRATOR and s.person != person for s in seats)
    if losing and not others:
        return Refused(Reason.LAST_ADMINISTRATOR)
    return ALLOWED


def letters(data: bytes) -> str:
    """Bytes as lower-case letters and digits 2 to 7, five bits each."""
    return base64.b32encode(data).decode().rstrip("=").lower()


# How long things last, UTC milliseconds

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

INVITATION_MS: Final = 7 * DAY_MS
SIGN_IN_LINK_MS: Final = 15 * MINUTE_MS
ADDRESS_LINK_MS: Final = HOUR_MS
BADGE_UNUSED_MS: Final = 7 * DAY_MS
"""A badge whose PIN nobody chose."""
GUEST_LONGEST_MS: Final = 7 * DAY_MS
KEY_LIFE_MS: Final = 366 * DAY_MS

SESSION_MS: Final[Mapping[Actor, int]] = {
    Actor.PERSON: 12 * HOUR_MS,
    Actor.BADGE: 10 * HOUR_MS,
    Actor.LINK: HOUR_MS,
    Actor.GUEST: 12 * HOUR_MS,
}
"""From sign-in on; a guest's also ends with the code."""

KEY_ROLES: Final = (Role.VIEWER, Role.OPERATOR, Role.AUDITOR)
"""What a program may be. Administering is for people."""

SERVICES: Final = (
    "accounts",
    "devices",
    "pilots",
    "coldchain",
    "vouchers",
    "tours",
    "reports",
    "console",
)
"""What a key or a guest's code may be limited to."""

MAX_ROWS: Final = 500
"""In one answer of the API."""

PIN_DIGITS: Final = 6
PIN_FAILURES: Final = 5
"""Wrong PINs in a row after which a badge has to be issued anew."""


# Tries


class Try(StrEnum):
    """What can be tried too often."""

    PASSWORD = "password"
    PIN = "pin"
    RECOVERY = "recovery"
    GUEST = "guest"
    LINK = "link"
    ASK_LINK = "ask-link"
    PASSKEY = "passkey"
    CEREMONY = "ceremony"
    """How often a stranger may begin to sign in by passkey: each makes a session."""
    KEY = "key"
    REFUSAL = "refusal"
    """How many refusals of one account are written down."""


class Of(StrEnum):
    """Whose tries are counted together."""

    ACCOUNT = "account"
    ADDRESS = "address"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` tries in each window of that length."""

    of: Of
    count: int
    window_ms: int


_GUESSED: Final = (
    Limit(Of.ACCOUNT, 5, MINUTE_MS),
    Limit(Of.ACCOUNT, 20, 10 * MINUTE_MS),
    Limit(Of.ADDRESS, 10, MINUTE_MS),
    Limit(Of.EVERYBODY, 300, MINUTE_MS),
)
_HELD: Final = (Limit(Of.ADDRESS, 10, MINUTE_MS), Limit(Of.EVERYBODY, 300, MINUTE_MS))
"""Of what cannot be guessed, only failures are counted."""

LIMITS: Final[Mapping[Try, tuple[Limit, ...]]] = {
    Try.PASSWORD: _GUESSED,
    Try.PIN: (
        # Many workers share one tablet, and so one address.
        Limit(Of.ACCOUNT, 5, MINUTE_MS),
        Limit(Of.ADDRESS, 60, MINUTE_MS),
        Limit(Of.EVERYBODY, 600, MINUTE_MS),
    ),
    Try.RECOVERY: _GUESSED,
    Try.GUEST: _GUESSED,
    Try.LINK: _HELD,
    Try.ASK_LINK: (
        Limit(Of.ACCOUNT, 3, 10 * MINUTE_MS),
        Limit(Of.ADDRESS, 5, MINUTE_MS),
        Limit(Of.EVERYBODY, 120, MINUTE_MS),
    ),
    Try.PASSKEY: _HELD,
    Try.CEREMONY: (Limit(Of.ADDRESS, 60, MINUTE_MS), Limit(Of.EVERYBODY, 3_000, MINUTE_MS)),
    Try.KEY: _HELD,
    Try.REFUSAL: (Limit(Of.ACCOUNT, 20, 10 * MINUTE_MS),),
}
"""Windows begin at fixed times, so that twice `count` may fall into one minute: 10 at most."""
