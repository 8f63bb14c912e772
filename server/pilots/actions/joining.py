"""How people come in and leave: invitations, applications, consents, seats, withdrawal.

A person acts by a personal link and is known here by a pseudonym only. A withdrawal is in force
when its transaction commits; what it still owes (`chores.erase`) follows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.db.models import F

from server.accounts import contacts, links, subjects
from server.accounts.contacts import Contact
from server.accounts.rules import Allowed, letters
from server.ledger.keys import entropy
from server.ledger.writing import writing
from server.pilots import policy, snapshot
from server.pilots.acting import Desk, Done, Refusal, action
from server.pilots.days import day_of
from server.pilots.decide import Action, Policy
from server.pilots.funnel import Stage
from server.pilots.life import (
    find,
    link,
    may_enrol,
    move,
    note_use,
    promote,
    reach,
    seat,
    tell,
    write,
)
from server.pilots.models import (
    Cohort,
    Consent,
    ConsentGiven,
    Erasure,
    Invitation,
    Participant,
    Phase,
    Way,
)
from server.pilots.rules import (
    IN,
    ActionKind,
    ConsentKind,
    Life,
    LifeStep,
    PhaseKind,
    Reason,
    Right,
    Source,
)

ERASE_WITHIN_MS: Final = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation to be made. uses: None for a poster; a named list's serves once."""

    phase: int
    source: Source
    life_ms: int
    cost_krw: int = 0
    uses: int | None = None
    cohort: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """An application that was taken. link: the personal link; "" when it was sent instead."""

    participant: Participant | None
    link: str = ""


@action(Right.RUN)
def invite(desk: Desk, wanted: Invited) -> Done[Invitation]:
    """Make an invitation. An INTERNAL phase admits by a cohort's, each good for one person."""
    phase = Phase.objects.filter(pilot=desk.service, number=wanted.phase).first()
    if phase is None:
        raise Refusal(Reason.NOT_FOUND)
    internal = phase.kind == PhaseKind.INTERNAL
    cohort = Cohort.objects.filter(phase=phase, name=wanted.cohort).first()
    listed = cohort is not None and wanted.uses == 1
    if listed != internal or bool(wanted.cohort) != internal:
        raise Refusal(Reason.BAD_INPUT)
    code = letters(entropy(10))
    row = Invitation.objects.create(
        phase=phase,
        cohort=cohort,
        source=wanted.source,
        code=code,
        digest=_digest(links.token(code)),
        cost_krw=wanted.cost_krw,
        uses=wanted.uses,
        made_ms=desk.now_ms,
        expires_ms=desk.now_ms + wanted.life_ms,
    )
    return Done(row, f"invitation {row.id} phase {wanted.phase} {wanted.source}")


def address(invitation: Invitation) -> str:
    """The address that an invitation's link or QR code leads to."""
    return f"{settings.JAGALCHI.address}/join/{links.token(invitation.code)}"


def invitation_of(token: str, now_ms: int) -> Invitation | Reason:
    """The invitation of this token, if it serves now; changes nothing."""
    rows = Invitation.objects.select_related("phase__pilot", "phase__plan", "cohort")
    row = rows.filter(digest=_digest(token)).first()
    if row is None:
        return Reason.INVITATION_UNKNOWN
    if row.expires_ms <= now_ms:
        return Reason.INVITATION_EXPIRED
    if row.uses is not None and row.used >= row.uses:
        return Reason.INVITATION_USED
    return row


@action(None)
def apply(desk: Desk, token: str, contact: Contact) -> Done[Joined]:
    """Apply by an invitation. Who gives an address gets the personal link there, and nobody learns
    whether the address was known; who gives none is handed the link."""
    invitation = invitation_of(token, desk.now_ms)
    if isinstance(invitation, Reason):
        raise Refusal(invitation)
    if invitation.phase.pilot_id != desk.service:
        raise Refusal(Reason.INVITATION_UNKNOWN)
    person = _person(contact, desk.now_ms)
    name = subjects.subject(person, desk.service)
    one = find(desk.service, name)
    if one is None or one.state == Life.ENDED:
        one = _begin(desk, invitation, name, one)
    if contact.address:
        tell(one, "pilot-link", desk.now_ms)
        return Done(Joined(None), f"invitation {invitation.id}", name)
    path = links.address(link(person, one, desk.now_ms))
    return Done(Joined(one, path), f"invitation {invitation.id}", name)


@action(None)
def consent(desk: Desk, name: str, purpose: str, version: int) -> Done[ConsentGiven]:
    """Give one consent, to the version that was read."""
    one = _participant(desk, name)
    _check(desk, name, Action("consent", ActionKind.APPLY, phase=one.phase.number))
    current = {row.purpose: row for row in snapshot.consents(desk.service)}
    if purpose not in current:
        raise Refusal(Reason.NOT_FOUND)
    if current[purpose].version != version:
        raise Refusal(Reason.CONSENT_OUTDATED)
    receipt = _give(desk, one, current[purpose])
    reach(one, Stage.VERIFIED, desk.now_ms)
    _settle(desk, one, list(current.values()))
    return Done(receipt, f"{purpose} {version} {receipt.receipt}", name)


@action(None)
def take_back(desk: Desk, name: str, purpose: str) -> Done[None]:
    """Take one consent back; what needed it is refused from now on."""
    one = _participant(desk, name)
    _check(desk, name, Action("take-back", ActionKind.LEAVE))
    given = json.loads(one.given)
    if given.pop(purpose, None) is None:
        raise Refusal(Reason.CONSENT_MISSING)
    receipts = ConsentGiven.objects.filter(participant=one, consent__purpose=purpose)
    receipts.filter(withdrawn_ms=None).update(withdrawn_ms=desk.now_ms)
    one.given = json.dumps(given, sort_keys=True)
    if one.state == Life.CONSENTED and not _complete(given, snapshot.consents(desk.service)):
        move(one, LifeStep.RECONSIDER, desk.now_ms)
    else:
        write(one, desk.now_ms)
    return Done(None, purpose, name)


@action(None)
def enrol(desk: Desk, name: str) -> Done[Participant]:
    """Take a seat: of many at once for the last one, exactly one gets it."""
    one = _participant(desk, name)
    if one.state in IN:
        raise Refusal(Reason.ALREADY_IN)
    if reason := may_enrol(_policy(desk), one, desk.now_ms):
        raise Refusal(reason)
    if one.phase.cap is not None and one.phase.taken >= one.phase.cap:
        raise Refusal(Reason.CAP_FULL)
    seat(one, desk.now_ms)
    return Done(one, f"phase {one.phase.number}", name)


@action(None)
def wait(desk: Desk, name: str) -> Done[Participant]:
    """Join the waiting list: the next free seat goes to who has waited longest."""
    one = _participant(desk, name)
    _check(desk, name, Action("wait", ActionKind.APPLY, phase=one.phase.number))
    move(one, LifeStep.WAIT, desk.now_ms)
    return Done(one, f"phase {one.phase.number}", name)


@action(None)
def withdraw(desk: Desk, name: str) -> Done[Participant]:
    """Leave, at any time and in any mode. Everything later is refused; erasing follows."""
    one = _participant(desk, name)
    _check(desk, name, Action("withdraw", ActionKind.LEAVE))
    one.given = "{}"
    move(one, LifeStep.WITHDRAW, desk.now_ms)
    receipts = ConsentGiven.objects.filter(participant=one, withdrawn_ms=None)
    receipts.update(withdrawn_ms=desk.now_ms)
    due = desk.now_ms + ERASE_WITHIN_MS
    Erasure.objects.create(participant=one, asked_ms=desk.now_ms, due_ms=due)
    promote(one.phase, desk.now_ms)
    return Done(one, f"phase {one.phase.number}", name)


@action(Right.RUN)
def remove(desk: Desk, name: str) -> Done[Participant]:
    """Take a participant out; the seat goes to who waits."""
    one = _participant(desk, name)
    move(one, LifeStep.REMOVE, desk.now_ms)
    promote(one.phase, desk.now_ms)
    return Done(one, f"phase {one.phase.number}", name)


def used(name: str, service: str, at_ms: int) -> None:
    """Note that a participant used the service: called by it, in its own transaction.

    The same day again changes nothing; somebody who is in no phase is left alone.
    """
    today = day_of(at_ms)
    with writing():
        one = find(service, name)
        if one is None or one.state not in IN:
            return
        way = Way.objects.get(participant=one)
        if way.last_day is not None and way.last_day >= today:
            return
        note_use(way, at_ms)
        way.last_day = today
        way.save()
        if one.state == Life.ENROLLED:
            move(one, LifeStep.USE, at_ms)


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _participant(desk: Desk, name: str) -> Participant:
    one = find(desk.service, name)
    if one is None:
        raise Refusal(Reason.NOT_ENROLLED)
    return one


def _check(desk: Desk, name: str, wish: Action) -> None:
    verdict = policy.weigh(name, desk.service, wish, desk.now_ms).verdict
    if not isinstance(verdict, Allowed):
        raise Refusal(Reason(verdict.reason))


def _policy(desk: Desk) -> Policy:
    found = snapshot.derive(desk.service)
    return found if settings.JAGALCHI.demo else found.real()


def _person(contact: Contact, now_ms: int) -> str:
    try:
        return contacts.person_at(contact, now_ms)
    except ValueError:
        raise Refusal(Reason.BAD_INPUT) from None


def _begin(
    desk: Desk, invitation: Invitation, name: str, before: Participant | None
) -> Participant:
    """Use the invitation up and begin a life, or another phase of one."""
    phase = invitation.phase
    _check(desk, name, Action("apply", ActionKind.APPLY, phase=phase.number))
    # Beyond `uses` the database refuses.
    Invitation.objects.filter(id=invitation.id).update(used=F("used") + 1)
    one = before or Participant(pilot_id=desk.service, subject=name)
    one.phase, one.invitation = phase, invitation
    if before is None:
        write(one, desk.now_ms)
        Way.objects.create(participant=one, source=invitation.source)
    reach(one, Stage.INSTALLED, desk.now_ms)
    move(one, LifeStep.APPLY, desk.now_ms)
    if phase.cap is not None and phase.taken >= phase.cap:
        move(one, LifeStep.WAIT, desk.now_ms)
    return one


def _give(desk: Desk, one: Participant, row: Consent) -> ConsentGiven:
    given = json.loads(one.given)
    receipts = ConsentGiven.objects.filter(participant=one, withdrawn_ms=None)
    if given.get(row.purpose) == row.version:
        return receipts.get(consent=row)
    receipts.filter(consent__purpose=row.purpose).update(withdrawn_ms=desk.now_ms)
    one.given = json.dumps({**given, row.purpose: row.version}, sort_keys=True)
    write(one, desk.now_ms)
    return ConsentGiven.objects.create(
        participant=one, consent=row, receipt=letters(entropy(10)), at_ms=desk.now_ms
    )


def _settle(desk: Desk, one: Participant, asked: list[Consent]) -> None:
    """With the last required consent an applicant has consented; who waits may now be next."""
    if not _complete(json.loads(one.given), asked):
        return
    reach(one, Stage.CONSENTED, desk.now_ms)
    if one.state == Life.APPLIED:
        move(one, LifeStep.CONSENT, desk.now_ms)
    elif one.state == Life.WAITLISTED:
        promote(one.phase, desk.now_ms)


def _complete(given: dict[str, int], asked: list[Consent]) -> bool:
    needed = {one.purpose: one.version for one in asked if one.kind == ConsentKind.REQUIRED}
    return all(given.get(purpose) == version for purpose, version in needed.items())
