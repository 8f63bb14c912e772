"""The fullest structure of each kind is still read: the limit on values refuses nothing of ours."""

from __future__ import annotations

from dataclasses import replace

from protocol import record, wire
from protocol.bodies import Evicted, KeptFrom, Measured, Reading, SensorLabel, Summary, Tombstone
from protocol.registry import Kind, Problem, Quantity, Reason, Status
from protocol.wire import Answer, HeadAnswer, HeldEpoch, Receipt, Verdict, VerdictCode
from tests.protocol import build
from tests.protocol.build import Place, digest

HASH = digest("any")
PLACE = Place(digest("epoch", 8), 9_000, HASH)


def test_the_fullest_batch_is_read() -> None:
    batch = [[b""] * 500] * 16
    assert wire.decode_batch(wire.encode_batch(batch)) == batch


def test_the_fullest_answer_is_read() -> None:
    answer = Answer(
        verdicts=(Verdict(VerdictCode.REFUSED, Problem.REVOKED, 1),) * 16,
        note="note",
        since=1,
        consistency=(HASH,) * 64,
        receipts=(Receipt(b"leaf", 1, (HASH,) * 64),) * 32,
        next=1,
        utc_ms=1,
        hashes=((HASH,) * 500,) * 32,
    )
    assert wire.decode_answer(wire.encode_answer(answer)) == answer


def test_the_fullest_head_is_read() -> None:
    ranges = tuple((2 * at, 2 * at) for at in range(512))
    head = HeadAnswer((HeldEpoch(bytes(8), ranges),) * 256, 1, 1)
    assert wire.decode_head(wire.encode_head(head)) == head


def test_the_fullest_records_are_read() -> None:
    summaries = (Summary(1, Quantity.TEMPERATURE, 0, 0, 0),) * 64
    gone = Evicted(PLACE.epoch, 1, 1, HASH, HASH, 1, Reason.EVICTED, summaries)
    full = (
        Tombstone((gone,) * 16),
        Reading((Measured(1, Quantity.TEMPERATURE, 0, Status.OK, 1, 0),) * 64),
    )
    for body in full:
        made = build.record(body.KIND, body, PLACE)
        assert record.decode(record.encode(made)) == made
    labels = tuple(SensorLabel(number, "a") for number in range(64))
    kept = (KeptFrom(PLACE.epoch, 1),) * 256
    opening = replace(build.opening(build.key()), sensors=labels, kept_from=kept)
    made = build.record(Kind.OPENING, opening, Place(PLACE.epoch, 0, HASH))
    assert record.decode(record.encode(made)) == made

