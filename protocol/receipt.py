"""The trust core: "a set that refuses". Only what passes here may count as proved.

A device remembers the newest checkpoint it has verified and lets the log only ever extend it.
Every way a log, or somebody between, can go back on its word has its own name:

- BAD_NOTE: not signed by the pinned key, of another origin, or spelt wrongly.
- STALE_CHECKPOINT: smaller than what we have verified. A slow mirror does that too: try again.
- TWO_HISTORIES: same origin, same size, another root. Nothing but a lie does that; the two notes
  are the evidence, and proofs stop.
- BAD_PROOF: the consistency or inclusion proof fails. Somebody between can do that: try again.

It refuses to do IO, to keep state, and to trust a status code.
Specification: docs/protocol.md, section "Receipt and trust".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from protocol import merkle
from protocol.checkpoint import Checkpoint, LogKey, open_checkpoint
from protocol.cose import Verify
from protocol.errors import Problem, ProtocolError
from protocol.span import Leaf, SpanLeaf, decode_leaf
from protocol.wire import Receipt


@dataclass(frozen=True, slots=True)
class Trust:
    """The newest checkpoint that was verified: ``size`` leaves under ``root``.

    ``note`` is that checkpoint as it was published, None before the first: should the log show
    another root for this size one day, it is the first half of the evidence.
    """

    origin: str
    log_key: LogKey
    size: int
    root: bytes
    note: str | None = None

    @classmethod
    def start(cls, log_key: LogKey) -> Trust:
        """What a freshly enrolled device trusts: the empty tree of the pinned log."""
        return cls(log_key.name, log_key, 0, merkle.EMPTY)


class TwoHistories(ProtocolError):
    """The log signed two roots for one size: ``known`` and ``other`` are the two notes."""

    def __init__(self, known: str | None, other: str) -> None:
        super().__init__(Problem.TWO_HISTORIES, "two notes of one size with different roots")
        self.known = known
        self.other = other


def advance(
    trust: Trust, note: str, since: int, consistency: Sequence[bytes], verify: Verify
) -> Trust:
    """Verify ``note`` and that its tree extends ours; return what is trusted from now on.

    ``since`` is the size that the proof ``consistency`` starts from: it must be ours. Raises
    ProtocolError BAD_NOTE, STALE_CHECKPOINT, BAD_PROOF, or TwoHistories with both notes.
    """
    seen = open_checkpoint(note, trust.log_key, verify)
    if seen.origin != trust.origin or (seen.size == 0 and seen.root != merkle.EMPTY):
        raise ProtocolError(Problem.BAD_NOTE, f"not a checkpoint of {trust.origin}")
    if seen.size < trust.size:
        raise ProtocolError(Problem.STALE_CHECKPOINT, f"{seen.size} is less than {trust.size}")
    if seen.size == trust.size and seen.root != trust.root:
        raise TwoHistories(trust.note, note)
    if since != trust.size or not _extends(trust, seen, consistency):
        raise ProtocolError(Problem.BAD_PROOF, f"no proof from {trust.size} to {seen.size}")
    return replace(trust, size=seen.size, root=seen.root, note=note)


def proved(trust: Trust, receipt: Receipt) -> Leaf:
    """The leaf that ``receipt`` proves to be in the trusted tree. Raises BAD_PROOF."""
    leaf = merkle.leaf_hash(receipt.leaf)
    if not merkle.verify_inclusion(leaf, receipt.index, trust.size, receipt.path, trust.root):
        raise ProtocolError(Problem.BAD_PROOF, f"entry {receipt.index} is not under {trust.size}")
    return decode_leaf(receipt.leaf)


def covers(leaf: SpanLeaf, hashes: Sequence[bytes]) -> bool:
    """Whether these are the tree leaf hashes of exactly the records that ``leaf`` commits to.

    ``hashes`` are ``merkle.leaf_hash(sealed)``, one per record from ``leaf.first`` to
    ``leaf.last``; from our own rows, or from the server where we have forgotten some.
    """
    return len(hashes) == leaf.last - leaf.first + 1 and merkle.root(hashes) == leaf.root


def stands(leaf: SpanLeaf, hashes: Sequence[bytes], seq: int, sealed: bytes) -> bool:
    """Whether our own record ``seq`` stands at its place among hashes that ``covers`` accepted."""
    inside = leaf.first <= seq <= leaf.last
    return inside and hashes[seq - leaf.first] == merkle.leaf_hash(sealed)


def _extends(trust: Trust, seen: Checkpoint, consistency: Sequence[bytes]) -> bool:
    return merkle.verify_consistency(trust.size, trust.root, seen.size, seen.root, consistency)
