"""Pairwise pseudonyms: each service knows a person under a name of its own, and no two can compare.

    subject = base32(HMAC-SHA256(K_service, person's salt || person id))[:26]

The salt goes when the person is erased; then nobody, we included, can make the name again. The way
back needs a stored row, says why, and is a deed every time. Spec: docs/adr/0009.
"""

from __future__ import annotations

import hmac

from server.accounts import deeds, vault
from server.accounts.deeds import Act
from server.accounts.masters import SUBJECTS, derived
from server.accounts.models import Subject
from server.accounts.rules import Who, Why, letters
from server.ledger.log import writing

LETTERS = 26


def subject(person: str, service: str) -> str:
    """The name of a person towards one service, always the same. Raises vault.Erased."""
    with writing():
        message = vault.salt(person) + person.encode()
        digest = hmac.digest(derived(SUBJECTS, f"subject/{service}"), message, "sha256")
        name = letters(digest)[:LETTERS]
        Subject.objects.get_or_create(service=service, subject=name, person_id=person)
        return name


def person_of(service: str, subject: str, who: Who, why: Why, now_ms: int) -> str | None:
    """Lead a pseudonym back to its person, and write down who did it and what for.

    None for a name of nobody, or of somebody who was erased.
    """
    with writing():
        row = Subject.objects.filter(service=service, subject=subject).first()
        deeds.record(who, Act(service, "subject-linked", target=subject, detail=why), now_ms)
        return row.person_id if row else None
