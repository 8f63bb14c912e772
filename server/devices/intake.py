"""A batch from a device: decode, verify, judge, log, answer with proof.

Signatures are checked first and without a lock. Then one transaction under the device's row lock
judges the spans and stages their leaves; only when it has committed is the log extended and the
answer made. Done but looked failed, or failed and not done: the device sends the same again, and
gets an equivalent answer. Spec: docs/protocol.md, sections "HTTP" and "What a server accepts".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from protocol import cose, wire
from protocol.errors import ProtocolError
from protocol.registry import Problem
from protocol.span import Span
from server.devices import crypto, quarantine, receipts
from server.devices.models import Device, DeviceKey
from server.ledger import log

Checked = Span | ProtocolError


def receive(device: str, body: bytes, since: int, now_ms: int) -> wire.Answer:
    """Take in one batch and answer it.

    since: size of the checkpoint the device trusts. Raises ProtocolError for the whole request:
    UNKNOWN_DEVICE, what decode_batch raises, LOG_UNAVAILABLE; a span's trouble is in its verdict.
    """
    keys = _keys(device)  # before the body is decoded: a stranger's is not worth that
    checked = _check(wire.decode_batch(body), keys, device)
    verdicts, leaves = _judge(device, checked, now_ms)
    return receipts.answer(verdicts, leaves, since, now_ms)


def _keys(device: str) -> dict[bytes, bytes]:
    rows = DeviceKey.objects.filter(device=device).values_list("kid", "cose_key")
    keys = {bytes(kid): cose.decode_key(bytes(key)) for kid, key in rows}
    if not keys:
        raise ProtocolError(Problem.UNKNOWN_DEVICE, "no device of this name is enrolled here")
    return keys


def _check(
    batch: Sequence[Sequence[bytes]], keys: dict[bytes, bytes], device: str
) -> list[Checked]:
    """Decode span after span while the pool verifies those decoded already."""
    opened: list[Checked] = []
    checks: list[crypto.Check | None] = []
    for records in batch:
        one = _open(records)
        opened.append(one)
        checks.append(crypto.begin_check(one, keys, device) if isinstance(one, Span) else None)
    results = [check.result() if check else None for check in checks]
    return [refused or one for one, refused in zip(opened, results, strict=True)]


def _open(records: Sequence[bytes]) -> Checked:
    try:
        return Span.open(records)
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
    with log.writing():
        row = Device.objects.select_for_update().get(name=device)
        batch, judged = quarantine.judged(row, spans, now_ms)
    verdicts = iter(judged)
    merged = [next(verdicts) if isinstance(one, Span) else _refused(one) for one in checked]
    leaves = [leaf for span in spans for leaf in batch.covering(span)]
    return merged, list(dict.fromkeys(leaves))


def _refused(error: ProtocolError) -> wire.Verdict:
    return wire.Verdict(wire.VerdictCode.REFUSED, error.problem, error.index)
