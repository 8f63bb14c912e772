"""Privileged acts, done and refused: a row and an entry of the log each, in one transaction.

The entry commits to opaque ids and words of closed lists; a name, an address or a number of a
person must never be handed in here, because the log does not forget. The log itself takes the
entry with its next checkpoint: nothing waits for it. Spec: docs/protocol.md, "Leaves".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from server.accounts.models import Deed
from server.accounts.rules import Who
from server.ledger import keys, service

SALT = 32
MARK = "deed"
"""First of an entry's private part: services log other things than deeds, too."""
TOLD = ("", "at_ms", "who", "actor", "organisation", "target", "detail", "reason")
"""What the private part says, in this order."""


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
    place = (act.organisation, act.target, act.detail)
    told = [MARK, now_ms, who.id, str(who.actor), *place, str(reason or "")]
    leaf = service.stage(act.service, act.name, list[object](told), keys.entropy(SALT))
    Deed.objects.create(leaf_hash=leaf, **columns(act.service, act.name, told))
    return leaf


def columns(service: str, act: str, private: Sequence[Any]) -> dict[str, Any]:
    """The columns of the row that an entry stands for; empty for an entry that is no deed."""
    if len(private) != len(TOLD) or private[0] != MARK:
        return {}
    told = dict(zip(TOLD[1:], private[1:], strict=True))
    return {"service": service, "act": act, **told}
