"""Between the sync machine and its doors: asks become requests, answers become proofs.

`ship` sends what the machine wants sent; `collect` takes what came back. Here is the one place
where a record may become *proved*: after the note was verified with the pinned key, the tree shown
to extend every tree seen before, the leaf shown to be in it, and the leaf's root rebuilt from our
own rows. Spec: docs/protocol.md, "Receipt and trust".
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.core import answers, reply, sync
from agent.core.answers import Aside
from agent.core.ranges import Ranges, run
from agent.core.reply import Answered, Distrusted, Reply
from agent.core.shelf import Cut
from agent.core.sync import Ask, AskHead, Collect, Post, Sync, View
from agent.edge import Edge
from agent.edges import pruning, slicing
from agent.edges.courier import Outcome, Request
from agent.edges.outbox import Kept, Outbox, Proof, StorageTrouble
from agent.edges.pruning import Settlement
from protocol import merkle, receipt, wire
from protocol.errors import ProtocolError
from protocol.leaf import SpanLeaf
from protocol.receipt import Trust, TwoHistories
from protocol.span import MAX_BATCH_BYTES
from protocol.wire import Answer, Receipt

JITTER_BYTES = 2
BATCH_ROOM = MAX_BATCH_BYTES - 256
TOO_MUCH = reply.Lost("no room in memory", timed_out=True)
"""Recording needs less than a batch does: so half as much is tried next time, after a while."""


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


def ship(edge: Edge, before: Sync, now_ms: int, *, hurry: bool = False) -> Sync:
    """Send the next request, if the machine has one. Never blocks, never raises."""
    outbox = edge.sealer.outbox
    if edge.courier is None or outbox.trouble is not None:
        return before
    proofs = not outbox.two_histories
    view = View(outbox.unproved, edge.courier.link_up, hurry=hurry, proofs=proofs)
    after, ask = sync.decide(before, view, now_ms)
    if ask is None:
        return after
    try:
        ask, request = _request(edge, ask)
    except StorageTrouble:
        return before
    except MemoryError:
        return answers.answered(after, (), TOO_MUCH, now_ms, _jitter(edge))[0]
    if isinstance(ask, Post) and not ask.cuts:
        # All of it has rotted; the rows are out of the way now and the next turn cuts anew.
        return before
    return replace(after, asked=ask) if edge.courier.post(request) else before


def _request(edge: Edge, ask: Ask) -> tuple[Ask, Request]:
    outbox, base = edge.sealer.outbox, f"/api/devices/{edge.sealer.identity.device}"
    since = outbox.kept.size
    match ask:
        case AskHead(after):
            return ask, Request("GET", f"{base}/head?after={after}")
        case Collect(number, seq, hashes):
            epoch = outbox.shelf(number).epoch.hex()
            query = f"epoch={epoch}&from={seq}&since={since}" + ("&hashes=1" if hashes else "")
            return ask, Request("GET", f"{base}/receipts?{query}")
        case Post(way, cuts):
            found = slicing.read(outbox, cuts, BATCH_ROOM)
            body = wire.encode_batch(found.spans)
            return Post(way, found.cuts), Request("POST", f"{base}/spans?since={since}", body)


def collect(edge: Edge, before: Sync, now_ms: int, *, hurry: bool = False) -> Sync:
    """Take what came back, if anything: settle its proofs, then tell the machine."""
    outcome = edge.courier.collect() if edge.courier else None
    if outcome is None:
        return before
    try:
        got = _meaning(outcome, before)
        asked_of = edge.sealer.outbox.unproved
        if isinstance(got, Answered) and sync.settles(before.asked, asked_of, hurry=hurry):
            got = _settle(edge, got, now_ms)
    except MemoryError:
        got = TOO_MUCH
    shelves = edge.sealer.outbox.unproved
    after, asides = answers.answered(before, shelves, got, now_ms, _jitter(edge))
    _set_aside(edge.sealer.outbox, asides)
    return after


def _jitter(edge: Edge) -> int:
    return int.from_bytes(edge.entropy(JITTER_BYTES), "big")


def retry_aside(edge: Edge, before: Sync, now_ms: int) -> Sync:
    """Once a day let the rows that were set aside try again."""
    after, due = sync.retry_aside_due(before, now_ms)
    if not due:
        return after
    try:
        edge.sealer.outbox.retry_aside()
    except StorageTrouble:
        return before
    return after


def _meaning(outcome: Outcome, asking: Sync) -> Reply:
    response = outcome.response
    if response is None:
        return reply.Lost(outcome.lost or "no answer", outcome.timed_out)
    head = isinstance(asking.asked, AskHead)
    return reply.read(response.status, response.headers, response.body, head=head)


def _set_aside(outbox: Outbox, asides: Sequence[Aside]) -> None:
    try:
        for aside in asides:
            for seq in range(aside.cut.first, aside.cut.last + 1):
                outbox.set_aside(aside.cut.number, seq, aside.problem)
    except StorageTrouble:
        # Nothing is lost: they are refused once more and set aside then.
        return


def _settle(edge: Edge, got: Answered, now_ms: int) -> Reply:
    """Verify everything the answer claims to prove; only then is anything of it kept."""
    outbox, answer = edge.sealer.outbox, got.answer
    if answer.note is None or outbox.two_histories:
        return got
    try:
        return _kept(outbox, answer, _examine(edge, answer), now_ms)
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
    kept, key = edge.sealer.outbox.kept, edge.plan.log_key
    return Trust(key.name, key, kept.size, kept.root, kept.note)


def _kept(outbox: Outbox, answer: Answer, found: Found, now_ms: int) -> Answered:
    """Checkpoint and proofs in one transaction; then what is old enough may go."""
    trust = found.trust
    if found.proofs or trust.size != outbox.kept.size:
        kept = Kept(trust.size, trust.root, trust.note)
        pruning.settle(outbox, Settlement(kept, found.proofs, answer.utc_ms), now_ms)
        pruning.free(outbox, answer.utc_ms)
    return Answered(answer, found.gained, found.lacking)


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
