"""Organisations: made by the operator at the machine, before anybody can sign in."""

from __future__ import annotations

from server.accounts import deeds
from server.accounts.deeds import Act
from server.accounts.models import Kind, Organisation
from server.accounts.rules import Reason, Refused, Who, letters
from server.ledger.keys import entropy
from server.ledger.log import writing

LONGEST = 80


def add(who: Who, kind: str, names: tuple[str, str], now_ms: int) -> Organisation | Refused:
    """Make an organisation; names: Korean, and English or "". TAKEN for a second operator."""
    name, english = (one.strip() for one in names)
    fine = 0 < len(name) <= LONGEST and len(english) <= LONGEST and (name + english).isprintable()
    if not fine or kind not in Kind.values:
        return Refused(Reason.BAD_INPUT)
    with writing():
        if kind == Kind.OPERATOR and Organisation.objects.filter(kind=kind).exists():
            return Refused(Reason.TAKEN)
        made = Organisation.objects.create(
            id=letters(entropy(10)), kind=kind, name=name, name_en=english, made_ms=now_ms
        )
        deeds.record(who, Act("accounts", "organisation-made", made.id, made.id, kind), now_ms)
    return made
