"""Organisations: made by the operator at the machine, before anybody can sign in."""

from __future__ import annotations

from server.accounts import deeds
from server.accounts.deeds import Act
from server.accounts.models import Kind, Organisation
from server.accounts.rules import Reason, Refused, Who, letters
from server.ledger.keys import entropy
from server.ledger.log import writing

LONGEST = 80


def add(
    who: Who, kind: str, names: tuple[str, str], now_ms: int, known_as: str = ""
) -> Organisation | Refused:
    """Make an organisation; names: Korean, and English or "". TAKEN for a second operator.

    known_as: the id of one of which a restore brought back no more than that; NOT_FOUND for others.
    """
    name, english = (one.strip() for one in names)
    fine = 0 < len(name) <= LONGEST and len(english) <= LONGEST and (name + english).isprintable()
    if not fine or kind not in Kind.values:
        return Refused(Reason.BAD_INPUT)
    with writing():
        if kind == Kind.OPERATOR and Organisation.objects.filter(kind=kind).exists():
            return Refused(Reason.TAKEN)
        made = Organisation(id=letters(entropy(10)), made_ms=now_ms)
        if known_as:
            found = Organisation.objects.filter(id=known_as, name=known_as).first()
            if found is None:
                return Refused(Reason.NOT_FOUND)
            made = found
        made.kind, made.name, made.name_en = kind, name, english
        made.save(force_insert=not known_as)
        deeds.record(who, Act("accounts", "organisation-made", made.id, made.id, kind), now_ms)
    return made
