"""What follows a log that is lost: the statement that names it, and whose chain this log continues.

The first leaves of a successor are successor statements, its own first, then those of its
predecessor: each signed by the one recovery key that every device has pinned. A device's openings
may name any origin of that chain. It refuses a statement whose signature does not verify.
Specification: docs/protocol.md, "Spans, batches, leaves".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protocol import cbor
from protocol.checkpoint import Checkpoint
from protocol.cose import Sign
from protocol.errors import ProtocolError
from protocol.leaf import SuccessorLeaf, decode_leaf
from server.ledger import log
from server.ledger.keys import Keys, verify_ed25519

DOMAIN = b"jagalchi/successor/1\x00"
MAX_CHAIN = 16
"""Predecessors that are looked at."""


def statement(new_origin: str, old: Checkpoint, sign: Sign) -> SuccessorLeaf:
    """The leaf that says: the log of `new_origin` follows `old`, its last known checkpoint.

    sign: with the recovery key.
    """
    signature = sign(_message(new_origin, old.origin, old.size, old.root))
    return SuccessorLeaf(old.origin, old.size, old.root, signature)


def origins(keys: Keys) -> frozenset[str]:
    """This log's origin and those of its predecessors."""
    return frozenset({keys.origin, *(one.old_origin for one in chain(keys))})


def chain(keys: Keys) -> list[SuccessorLeaf]:
    """The valid statements at this log's beginning, the newest first."""
    first = log.leaves(0, 1)
    more = log.leaves(1, MAX_CHAIN - 1) if list(statements(first)) else []
    valid: list[SuccessorLeaf] = []
    origin = keys.origin
    for one in statements([*first, *more]):
        text = _message(origin, one.old_origin, one.old_size, one.old_root)
        if not verify_ed25519(keys.recovery.public, text, one.signature):
            break
        valid.append(one)
        origin = one.old_origin
    return valid


def statements(leaves: Sequence[bytes]) -> Iterator[SuccessorLeaf]:
    """The successor statements that these leaves begin with."""
    for data in leaves:
        try:
            leaf = decode_leaf(data)
        except ProtocolError:
            return
        if not isinstance(leaf, SuccessorLeaf):
            return
        yield leaf


def _message(new_origin: str, old_origin: str, size: int, root: bytes) -> bytes:
    return DOMAIN + cbor.encode([new_origin, old_origin, size, root])
