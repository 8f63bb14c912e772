"""What an answer proves, and whom to believe: the one place where a record may become *proved*.

After the note was verified with the key that is believed, the tree shown to extend every tree seen
before, the leaf shown to be in it, and the leaf's root rebuilt from our own rows. And the one place
where another log may be accepted: on a statement of the recovery key pinned at enrolment.
Spec: docs/protocol.md, "Receipt and trust".
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.core import reply
from agent.core.ranges import Ranges, run
from agent.core.reply import Answered, Distrusted, Reply
from agent.core.shelf import Cut
from agent.edge import Edge
from agent.edges import following, pruning, slicing
from agent.edges.following import Heir
from agent.edges.outbox import Kept, Outbox, Proof, StorageTrouble
from agent.edges.pruning import Settlement
from protocol import merkle, readmission, receipt, succession, wire
from protocol.errors import ProtocolError
from protocol.leaf import SpanLeaf
from protocol.readmission import Voucher
from protocol.receipt import Trust, TwoHistories
from protocol.wire import Answer, Receipt


@dataclass(frozen=True, slots=True)
class Claim:
    """A receipt whose leaf is in the trusted tree; `hashes` as the server gave them, or none."""

    receipt: Receipt
    leaf: SpanLeaf
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer proves: the checkpoint, proofs to keep, rows gained; whether hashes lack."""

    trust: Trust
    proofs: tuple[Proof, ...] = ()
    gained: int = 0
    lacking: bool = False


def settle(edge: Edge, got: Answered, now_ms: int) -> Reply:
    """Verify everything the answer claims to prove; only then is anything of it kept."""
    outbox, answer = edge.sealer.outbox, got.answer
    if answer.note is None or outbox.two_histories:
        return got
    try:
        return _kept(edge, answer, _examine(edge, answer), now_ms)
    except TwoHistories as lie:
        _keep_evidence(outbox, lie)
        return got
    except ProtocolError as error:
        return Distrusted(error.problem)
    except StorageTrouble:
        return reply.Busy("the card failed while proofs were being written")


def _keep_evidence(outbox: Outbox, lie: TwoHistories) -> None:
    """The two notes are all that anybody needs to convict the log; proofs stop from here on."""
    with contextlib.suppress(StorageTrouble):
        outbox.keep_two_histories(lie.known or "", lie.other)


def _trust(edge: Edge) -> Trust:
    kept, key = edge.sealer.outbox.kept, edge.sealer.outbox.log
    return Trust(key.name, key, kept.size, kept.root, kept.note)


def _kept(edge: Edge, answer: Answer, found: Found, now_ms: int) -> Answered:
    """Checkpoint and proofs in one transaction; then what is old enough may go."""
    outbox, trust = edge.sealer.outbox, found.trust
    if found.proofs or trust.size != outbox.kept.size:
        kept = Kept(trust.size, trust.root, trust.note)
        voucher = _voucher(edge, found)
        pruning.settle(outbox, Settlement(kept, found.proofs, answer.utc_ms, voucher), now_ms)
        pruning.free(outbox, answer.utc_ms)
    return Answered(answer, found.gained, found.lacking)


def _voucher(edge: Edge, found: Found) -> Voucher | None:
    """The first proof of this log that holds the device's very first opening."""
    outbox, who = edge.sealer.outbox, edge.sealer.identity
    if outbox.voucher is not None and not following.is_from_before(outbox):
        return None
    for proof in found.proofs:
        receipt = Receipt(proof.leaf, proof.place, proof.path)
        voucher = Voucher(outbox.log.vkey, found.trust.note or "", receipt)
        if proof.first == 0 and readmission.vouches(voucher, who.device, who.genesis):
            return voucher
    return None


def _examine(edge: Edge, answer: Answer) -> Found:
    """Raises ProtocolError when anything in the answer fails to verify."""
    note = answer.note or ""
    trust = receipt.advance(_trust(edge), note, answer.since, answer.consistency, edge.verify)
    leaves = [receipt.proved(trust, one) for one in answer.receipts]
    hashes = answer.hashes or ((),) * len(leaves)
    found = Found(trust)
    for one, leaf, given in zip(answer.receipts, leaves, hashes, strict=True):
        if isinstance(leaf, SpanLeaf):
            found = _weigh(edge, found, Claim(one, leaf, given))
    return found


def _weigh(edge: Edge, found: Found, claim: Claim) -> Found:
    """What one proved leaf says about our own rows: proved, not ours, or hashes are lacking."""
    leaf, outbox = claim.leaf, edge.sealer.outbox
    shelf = next((one for one in outbox.unproved if one.epoch == leaf.epoch), None)
    if shelf is None or leaf.device != edge.sealer.identity.device:
        return found
    waiting = shelf.waiting & run(leaf.first, leaf.last)
    if not waiting:
        return found
    own = slicing.own(outbox, Cut(shelf.number, leaf.first, leaf.last))
    rotten = [seq for seq in waiting if seq not in own]
    if rotten:
        # They get a tombstone with the next reading; then the rest of this leaf can be proved.
        for seq in rotten:
            outbox.rot(shelf.number, seq)
        return found
    whole = len(own) == leaf.last - leaf.first + 1
    if not whole and not claim.hashes:
        return replace(found, lacking=True)
    hashes = tuple(merkle.leaf_hash(one) for one in own.values()) if whole else claim.hashes
    if not receipt.covers(leaf, hashes) or not _stand(leaf, hashes, own, waiting):
        return found
    proof = Proof(
        number=shelf.number,
        first=leaf.first,
        last=min(leaf.last, shelf.last),
        place=claim.receipt.index,
        size=found.trust.size,
        leaf=claim.receipt.leaf,
        path=claim.receipt.path,
    )
    return replace(found, proofs=(*found.proofs, proof), gained=found.gained + len(waiting))


def _stand(leaf: SpanLeaf, hashes: Sequence[bytes], own: dict[int, bytes], rows: Ranges) -> bool:
    """Whether each of our waiting rows stands in its place."""
    return all(receipt.stands(leaf, hashes, seq, own[seq]) for seq in rows)


def follow(edge: Edge, answer: Answer) -> Reply:
    """Accept a successor on the recovery key's word alone; it is believed from the next beat on."""
    outbox = edge.sealer.outbox
    try:
        roots, recovery = following.verified(outbox), outbox.owner.recovery
        trust = succession.follow(_trust(edge), roots, recovery, answer, edge.verify)
    except ProtocolError as error:
        return reply.Unfollowed(error.problem)
    except StorageTrouble:
        return reply.Busy("the card failed while a successor was being examined")
    edge.sealer.heir = Heir(trust, wire.encode_answer(answer))
    return reply.Followed()
