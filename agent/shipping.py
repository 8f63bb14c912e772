"""Between the sync machine and its doors: asks become requests, answers become proofs.

`ship` sends what the machine wants sent; `collect` takes what came back, and lets `settling` weigh
what it claims to prove. Spec: docs/protocol.md, "HTTP".
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

from agent import retune, settling
from agent.core import answers, reply, sync
from agent.core.answers import Aside
from agent.core.reply import Answered, Reply
from agent.core.sync import (
    Ask,
    AskConfig,
    AskHead,
    AskReturn,
    AskSuccession,
    Collect,
    Post,
    Sync,
    View,
)
from agent.edge import Edge
from agent.edges import following, slicing
from agent.edges.courier import Outcome, Request
from agent.edges.outbox import Outbox, StorageTrouble
from protocol import readmission, wire
from protocol.readmission import Readmission
from protocol.span import MAX_BATCH_BYTES

JITTER_BYTES = 2
BATCH_ROOM = MAX_BATCH_BYTES - 256
TOO_MUCH = reply.Lost("no room in memory", timed_out=True)
"""Recording needs less than a batch does: so half as much is tried next time, after a while."""


def ship(edge: Edge, before: Sync, now_ms: int, *, hurry: bool = False) -> Sync:
    """Send the next request, if the machine has one. Never blocks, never raises."""
    outbox = edge.sealer.outbox
    if edge.courier is None or outbox.trouble is not None or edge.sealer.heir is not None:
        # A log that has been accepted is spoken to from the next epoch on.
        return before
    view = View(
        outbox.unproved,
        edge.courier.link_up,
        hurry=hurry,
        proofs=not outbox.two_histories,
        origin=outbox.log.name,
        returns=following.is_from_before(outbox),
        kid=edge.sealer.kid,
        pace_ms=edge.plan.sync_pace_ms,
        configures=edge.tuner is not None,
    )
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
    trusted = f"since={outbox.kept.size}&log={quote(outbox.log.name)}"
    match ask:
        case AskHead(after):
            return ask, Request("GET", f"{base}/head?after={after}&log={quote(outbox.log.name)}")
        case Collect(number, seq, hashes):
            epoch = outbox.shelf(number).epoch.hex()
            query = f"epoch={epoch}&from={seq}&{trusted}" + ("&hashes=1" if hashes else "")
            return ask, Request("GET", f"{base}/receipts?{query}")
        case Post(way, cuts):
            found = slicing.read(outbox, cuts, BATCH_ROOM)
            body = wire.encode_batch(found.spans)
            return Post(way, found.cuts), Request("POST", f"{base}/spans?{trusted}", body)
        case AskSuccession():
            return ask, Request("GET", "/api/log/succession")
        case AskReturn():
            return ask, Request("POST", f"{base}/readmission", _readmission(edge))
        case AskConfig():
            return ask, Request("GET", f"{base}/config")


def _readmission(edge: Edge) -> bytes:
    voucher = edge.sealer.outbox.voucher
    if voucher is None:
        raise ValueError("nothing vouches for this device")
    return readmission.encode(Readmission(edge.plan.enrolled, edge.plan.first_key, voucher))


def collect(edge: Edge, before: Sync, now_ms: int, *, hurry: bool = False) -> Sync:
    """Take what came back, if anything: settle its proofs, then tell the machine."""
    outcome = edge.courier.collect() if edge.courier else None
    if outcome is None:
        return before
    if isinstance(before.asked, AskConfig):
        with contextlib.suppress(MemoryError):
            retune.offered(edge, outcome)
        return answers.configured(before, _jitter(edge))
    try:
        got = _weighed(edge, before, _meaning(outcome, before), now_ms, hurry)
    except MemoryError:
        got = TOO_MUCH
    shelves = edge.sealer.outbox.unproved
    after, asides = answers.answered(before, shelves, got, now_ms, _jitter(edge))
    _set_aside(edge.sealer.outbox, asides)
    return after


def _weighed(edge: Edge, before: Sync, got: Reply, now_ms: int, hurry: bool) -> Reply:
    """What an answer comes to once everything that it claims has been verified, if it is time."""
    if not isinstance(got, Answered):
        return got
    if isinstance(before.asked, AskSuccession):
        return settling.follow(edge, got.answer)
    if sync.settles(before.asked, edge.sealer.outbox.unproved, hurry=hurry):
        return settling.settle(edge, got, now_ms)
    return got


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
    head = isinstance(asking.asked, AskHead | AskReturn)
    return reply.read(response.status, response.headers, response.body, head=head)


def _set_aside(outbox: Outbox, asides: Sequence[Aside]) -> None:
    try:
        for aside in asides:
            for seq in range(aside.cut.first, aside.cut.last + 1):
                outbox.set_aside(aside.cut.number, seq, aside.problem)
    except StorageTrouble:
        # Nothing is lost: they are refused once more and set aside then.
        return
