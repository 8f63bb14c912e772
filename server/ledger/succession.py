"""Whose chain this log continues: the statements at its own beginning, read and verified.

A device's openings may name any origin of that chain, and a device that still believes one of those
logs is shown the statements. It refuses a statement whose signature does not verify.
Specification: docs/protocol.md, "Successors".
"""

from __future__ import annotations

from protocol import succession
from protocol.leaf import SuccessorLeaf
from protocol.succession import MAX_CHAIN, statements
from server.ledger import log
from server.ledger.keys import Keys, verify_ed25519


def origins(keys: Keys) -> frozenset[str]:
    """This log's origin and those of its predecessors."""
    return frozenset({keys.origin, *(one.old_origin for one in chain(keys))})


def chain(keys: Keys) -> list[SuccessorLeaf]:
    """The valid statements at this log's beginning, the newest first."""
    first = log.leaves(0, 1)
    more = log.leaves(1, MAX_CHAIN - 1) if list(statements(first)) else []
    found = statements([*first, *more])
    return list(succession.chain(found, keys.log, keys.recovery, verify_ed25519))
