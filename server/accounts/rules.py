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
    """By a one-time link: the one thing that the link is for."""
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


@dataclass(frozen=True, slots=True)
class Allowed:
    """Go ahead."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and why: a member of a closed StrEnum (here `Reason`; pilots have more of their own)."""

    reason: StrEnum


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
    Actor.LINK: frozenset({Need.OPEN}),
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


KEY_LIFE_MS: Final = 366 * 24 * 3_600_000
KEY_ROLES: Final = (Role.VIEWER, Role.OPERATOR, Role.AUDITOR)
"""What a program may be. Administering is for people."""


def letters(data: bytes) -> str:
    """Bytes as lower-case letters and digits 2 to 7, five bits each."""
    return base64.b32encode(data).decode().rstrip("=").lower()
