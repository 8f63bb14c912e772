"""A batch from a device: decode, verify, judge, log, answer with proof.

Signatures are checked first and without a lock. Then one transaction under the device's row lock
judges the spans and stages their leaves; only when it has committed is the log extended and the
answer made. Done but looked failed, or failed and not done: the device sends the same again, and
gets an equivalent answer. Spec: docs/protocol.md, sections "HTTP" and "What a server accepts".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from protocol import wire
from protocol.errors import ProtocolError
from protocol.registry import Problem
from protocol.span import Span
from server.devices import crypto, quarantine, receipts, shelf
from server.ledger import log

Checked = Span | ProtocolError


def receive(device: str, body: bytes, since: int, now_ms: int) -> wire.Answer:
    """Take in one batch and answer it.

    since: size of the checkpoint the device trusts. Raises ProtocolError for the whole request:
    UNKNOWN_DEVICE, what decode_batch raises, LOG_UNAVAILABLE; a span's trouble is in its verdict.
    """
    keys = shelf.keys_of(device)  # before the body is decoded: a stranger's is not worth that
    if not keys:
        raise ProtocolError(Problem.UNKNOWN_DEVICE, "no device of this name is enrolled here")
    checked = [_open(records, keys, device) for records in wire.decode_batch(body)]
    verdicts, leaves = _judge(device, checked, now_ms)
    return receipts.answer(verdicts, leaves, since, now_ms)


def _open(records: Sequence[bytes], keys: dict[bytes, bytes], device: str) -> Checked:
    try:
        return crypto.open_span(records, keys, device)
    except ProtocolError as refused:
        return refused


def _judge(
    device: str, checked: Iterable[Checked], now_ms: int
) -> tuple[list[wire.Verdict], list[bytes]]:
    """Return a verdict per span, and the leaves that hold what was posted."""
    checked = list(checked)
    spans = [span for span in checked if isinstance(span, Span)]
    if not spans:
        return [_refused(one) for one in checked if isinstance(one, ProtocolError)], []
    with log.staging():
        batch, judged = quarantine.judged(shelf.locked(device), spans, now_ms)
    verdicts = iter(judged)
    merged = [next(verdicts) if isinstance(one, Span) else _refused(one) for one in checked]
    leaves = [leaf for span in spans for leaf in batch.covering(span)]
    return merged, list(dict.fromkeys(leaves))


def _refused(error: ProtocolError) -> wire.Verdict:
    return wire.Verdict(wire.VerdictCode.REFUSED, error.problem, error.index)
