"""Privileged acts, done and refused: a row and an entry of the log each, in one transaction.

The entry commits to opaque ids and words of closed lists; a name, an address or a number of a
person must never be handed in here, because the log does not forget. The log itself takes the
entry with its next checkpoint: nothing waits for it. Spec: docs/protocol.md, "Leaves".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from server.accounts.models import Deed
from server.accounts.rules import Who
from server.ledger import keys, service

SALT = 32


@dataclass(frozen=True, slots=True)
class Act:
    """What was done (or refused): `target` is an id, `detail` words of closed lists or numbers."""

    service: str
    name: str
    organisation: str = ""
    target: str = ""
    detail: str = ""


def record(who: Who, act: Act, now_ms: int, reason: StrEnum | None = None) -> bytes:
    """Write one act down, in the caller's transaction; return its entry's leaf hash.

    `reason`: why it was refused, None when it was done.
    """
    why = str(reason or "")
    told = [now_ms, who.id, str(who.actor), act.organisation, act.target, act.detail, why]
    leaf = service.stage(act.service, act.name, list[object](told), keys.entropy(SALT))
    Deed.objects.create(
        at_ms=now_ms,
        who=who.id,
        actor=who.actor,
        service=act.service,
        act=act.name,
        organisation=act.organisation,
        target=act.target,
        detail=act.detail,
        reason=why,
        leaf_hash=leaf,
    )
    return leaf
