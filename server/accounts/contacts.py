"""People who are known by an address alone: a participant, somebody who is handed goods."""

from __future__ import annotations

from dataclasses import dataclass

from server.accounts import members, vault


@dataclass(frozen=True, slots=True)
class Contact:
    """Where somebody can be told things: a phone number or an e-mail address; "": nowhere."""

    address: str = ""
    language: str = "ko"


def person_at(contact: Contact, now_ms: int) -> str:
    """The person of this address, or a new one; in the caller's transaction.

    Raises ValueError for a misspelt address.
    """
    if contact.address:
        kind = vault.kind_of(contact.address)
        plain = vault.spelled(kind, contact.address)
        if known := vault.find(kind, plain):
            return known
    person = members.new_person(contact.language, now_ms)
    if contact.address:
        vault.put(person.id, kind, plain)
    return person.id
