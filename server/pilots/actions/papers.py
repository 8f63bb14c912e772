"""The papers of a pilot: who runs it, law, insurance, public notices, consents' wording, cohorts.

It refuses a notice of a demonstration on a real server, and forgets no file and no wording.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

from django.conf import settings

from server.accounts.models import Organisation
from server.accounts.rules import Actor
from server.pilots.acting import Desk, Done, Refusal, action
from server.pilots.days import Period
from server.pilots.models import (
    Cohort,
    Consent,
    Document,
    Exemption,
    Insurance,
    Notice,
    Party,
    Phase,
    Pilot,
)
from server.pilots.rules import ConsentKind, Part, PhaseKind, Reason, Right, Service

MAX_FILE: Final = 700 << 10
MEDIA: Final = {b"%PDF-": "application/pdf", b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}
"""What a file may be, by how it begins; else it is plain text, or refused."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was handed in."""

    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Filed:
    """A public notice to be filed. `changes`: in one line, what it changed."""

    number: str
    day: date
    file: File
    changes: str = ""
    supersedes: str = ""
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """A consent in words, Korean and English: what for, which items, how long, to whom."""

    purpose: str
    kind: ConsentKind
    text: str
    text_en: str
    items: str
    retention: str
    recipient: str = ""


def found(desk: Desk, name: str, name_en: str) -> Pilot:
    """Make a pilot with its two phases, unannounced. Only the machine's operator does this."""
    if desk.who.actor is not Actor.SYSTEM:
        raise PermissionError("a pilot is made at the machine itself")
    pilot = Pilot.objects.create(
        service=Service(desk.service), name=name, name_en=name_en, made_ms=desk.now_ms
    )
    for number, kind in enumerate((PhaseKind.INTERNAL, PhaseKind.OPEN), 1):
        Phase.objects.create(pilot=pilot, number=number, kind=kind)
    return pilot


@action(Right.RUN)
def add_party(desk: Desk, organisation: str, part: Part) -> Done[Party]:
    """Give an organisation a part in the pilot."""
    if desk.who.actor is not Actor.SYSTEM:
        raise Refusal(Reason.ROLE)  # an operator who could would admit whoever signs
    if not Organisation.objects.filter(id=organisation).exists():
        raise Refusal(Reason.NOT_FOUND)
    party = Party.objects.create(
        pilot_id=desk.service, organisation_id=organisation, part=part
    )
    return Done(party, f"{organisation} {part}")


@action(Right.RUN)
def add_exemption(desk: Desk, law: str, conditions: str, period: Period) -> Done[Exemption]:
    """File an exemption: law, conditions, dates."""
    row = Exemption.objects.create(
        pilot_id=desk.service,
        law=words(law, 120),
        conditions=words(conditions, 2000),
        from_day=period.first,
        to_day=period.last,
    )
    return Done(row, f"exemption {row.id} {period.first} {period.last}")


@action(Right.RUN)
def revoke_exemption(desk: Desk, exemption: int) -> Done[None]:
    """End an exemption at once."""
    rows = Exemption.objects.filter(pilot=desk.service, id=exemption, revoked_ms=None)
    if not rows.update(revoked_ms=desk.now_ms):
        raise Refusal(Reason.NOT_FOUND)
    return Done(None, f"exemption {exemption}")


@action(Right.RUN)
def add_insurance(desk: Desk, insurer: str, policy_no: str, period: Period) -> Done[Insurance]:
    """File a liability insurance."""
    row = Insurance.objects.create(
        pilot_id=desk.service,
        insurer=words(insurer, 80),
        policy_no=words(policy_no, 40),
        from_day=period.first,
        to_day=period.last,
    )
    return Done(row, f"insurance {row.id} {period.first} {period.last}")


@action(Right.RUN)
def file_notice(desk: Desk, filed: Filed) -> Done[Notice]:
    """Enter a public notice into the register."""
    if filed.demo and not settings.JAGALCHI.demo:
        raise Refusal(Reason.DEMO_NOTICE)
    before = Notice.objects.filter(pilot=desk.service)
    if before.filter(number=filed.number).exists():
        raise Refusal(Reason.TAKEN)
    replaced = before.filter(number=filed.supersedes).first() if filed.supersedes else None
    if filed.supersedes and replaced is None:
        raise Refusal(Reason.NOT_FOUND)
    notice = Notice.objects.create(
        pilot_id=desk.service,
        number=words(filed.number, 60),
        day=filed.day,
        document=keep(filed.file, desk.now_ms),
        supersedes=replaced,
        changes=words(filed.changes, 200, empty=True),
        demo=filed.demo,
        filed_ms=desk.now_ms,
    )
    return Done(notice, f"notice {notice.id} {filed.day} {notice.document_id[:16]}")


@action(Right.RUN)
def word_consent(desk: Desk, wording: Wording) -> Done[Consent]:
    """Put a consent into words; an older version of the same purpose is outdated from now on."""
    row = new_version(desk, wording)
    return Done(row, f"{row.purpose} {row.version} {row.kind}")


def new_version(desk: Desk, wording: Wording) -> Consent:
    """The next version of a consent, in the caller's action."""
    before = Consent.objects.filter(pilot=desk.service, purpose=wording.purpose)
    return Consent.objects.create(
        pilot_id=desk.service,
        purpose=words(wording.purpose, 24),
        version=before.count() + 1,
        kind=wording.kind,
        text=words(wording.text, 2000),
        text_en=words(wording.text_en, 2000),
        items=words(wording.items, 200),
        retention=words(wording.retention, 120),
        recipient=words(wording.recipient, 120, empty=True),
        since_ms=desk.now_ms,
    )


@action(Right.RUN)
def add_cohort(desk: Desk, phase: int, name: str) -> Done[Cohort]:
    """Begin a named list for an INTERNAL phase."""
    row = Phase.objects.filter(pilot=desk.service, number=phase, kind=PhaseKind.INTERNAL).first()
    if row is None:
        raise Refusal(Reason.NOT_FOUND)
    cohort = Cohort.objects.create(phase=row, name=words(name, 40))
    return Done(cohort, f"cohort {cohort.id} phase {phase}")


def keep(file: File, now_ms: int) -> Document:
    """Keep a file under its hash; the same file again is the same row. Raises Refusal."""
    media = next((m for start, m in MEDIA.items() if file.body.startswith(start)), "")
    if not media and _plain(file.body):
        media = "text/plain; charset=utf-8"
    if not media or not 0 < len(file.body) <= MAX_FILE:
        raise Refusal(Reason.BAD_INPUT)
    digest = sha256(file.body).hexdigest()
    rest = {
        "name": words(file.name, 120),
        "media": media,
        "body": file.body,
        "made_ms": now_ms,
    }
    return Document.objects.get_or_create(sha256=digest, defaults=rest)[0]


def words(text: str, most: int, *, empty: bool = False) -> str:
    """The text without space around it. Raises Refusal if it is no text of 1 to `most` letters."""
    plain = "\n".join(line.strip() for line in text.strip().splitlines())
    fine = all(line.isprintable() for line in plain.split("\n"))
    if not fine or len(plain) > most or not (plain or empty):
        raise Refusal(Reason.BAD_INPUT)
    return plain


def _plain(body: bytes) -> bool:
    try:
        return "\x00" not in body.decode()
    except UnicodeDecodeError:
        return False
