"""One's own matters: data, addresses, language, export, erasure.

A new address counts only once its owner has opened the link that was sent there; until then it
rests in the vault, and nobody learns whether somebody else has it.
"""

from __future__ import annotations

from server.accounts import deeds, links, members, vault
from server.accounts.deeds import Act
from server.accounts.models import Certificate, Passkey, Person
from server.accounts.rules import (
    ADDRESS_LINK_MS,
    ALLOWED,
    Actor,
    Datum,
    Reason,
    Refused,
    Role,
    Verdict,
    Who,
)
from server.ledger.log import writing
from server.messages import outbox

LINK = "link/address"
PENDING = "/pending"
"""After a person's id: whom an outbox message is to, at the address that is not confirmed yet."""


def set_name(who: Who, name: str, language: str, now_ms: int) -> Verdict:
    """Keep one's name and language."""
    if language not in ("ko", "en"):
        return Refused(Reason.BAD_INPUT)
    try:
        with writing():
            vault.put(who.id, Datum.NAME, name)
            Person.objects.filter(id=who.id).update(language=language)
            act = Act("accounts", "data-changed", target=who.id, detail=Datum.NAME)
            deeds.record(who, act, now_ms)
    except ValueError:
        return Refused(Reason.BAD_INPUT)
    return ALLOWED


def propose_address(who: Who, address: str, now_ms: int) -> Verdict:
    """Send a link to a new address of one's own; nothing changes before it is opened."""
    kind = vault.kind_of(address)
    try:
        plain = vault.spelled(kind, address)
    except ValueError:
        return Refused(Reason.BAD_INPUT)
    if not plain:
        return Refused(Reason.BAD_INPUT)
    with writing():
        deeds.record(who, Act("accounts", "address-proposed", target=who.id, detail=kind), now_ms)
        if vault.find(kind, plain) in (None, who.id):
            vault.put(who.id, Datum.PENDING, plain)
            links.end_all(LINK, now_ms, person=who.id)
            link = links.make(links.Wanted(LINK, ADDRESS_LINK_MS, who.id), now_ms)
            outbox.send(who.id + PENDING, "address", {"link": link.id}, now_ms)
    return ALLOWED


def confirm_address(token: str, now_ms: int) -> Person | Refused:
    """The pending address becomes the person's; whose it is."""
    with writing():
        link = links.use(token, LINK, now_ms)
        if isinstance(link, Refused):
            return link
        assert link.person is not None
        person = link.person
        plain = vault.get(person.id, Datum.PENDING) or ""
        kind = vault.kind_of(plain)
        if not plain or vault.find(kind, plain) not in (None, person.id):
            return Refused(Reason.TAKEN)
        vault.put(person.id, kind, plain)
        vault.put(person.id, Datum.PENDING, "")
        act = Act("accounts", "data-changed", target=person.id, detail=kind)
        deeds.record(Who(person.id, Actor.LINK), act, now_ms)
    return person


def export(who: Who, now_ms: int) -> dict[str, object]:
    """All that is kept of somebody, for themselves; ids and times as they are stored."""
    with writing():
        deeds.record(who, Act("accounts", "data-exported", target=who.id), now_ms)
    person = Person.objects.get(id=who.id)
    roles = person.memberships.values("organisation", "role", "from_ms", "until_ms")
    passkeys = Passkey.objects.filter(person=person).values("site", "synced", "made_ms")
    return {
        "person": person.id,
        "made_ms": person.made_ms,
        "language": person.language,
        "data": vault.export(person.id),
        "memberships": list(roles),
        "passkeys": list(passkeys),
        "pseudonyms": list(person.subjects.values("service", "subject")),
    }


def erase(who: Who, now_ms: int) -> Certificate | Refused:
    """Erase oneself; the only administrator of an organisation names another one first."""
    with writing():
        alone = [
            organisation
            for organisation, role in who.roles.items()
            if role is Role.ADMINISTRATOR and not _others(organisation, who.id)
        ]
        if alone:
            act = Act("accounts", vault.ERASED, alone[0], who.id)
            deeds.record(who, act, now_ms, Reason.LAST_ADMINISTRATOR)
            return Refused(Reason.LAST_ADMINISTRATOR)
        return vault.erase(who.id, now_ms, who)


def _others(organisation: str, person: str) -> bool:
    """Whether somebody else administers it, or nobody else belongs to it."""
    rest = [one for one in members.seats(organisation) if one.person != person]
    return not rest or any(one.role is Role.ADMINISTRATOR for one in rest)
