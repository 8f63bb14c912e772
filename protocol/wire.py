"""The bodies that truck and server exchange over HTTP, all of them deterministic CBOR.

Batch up, answer down; the head (what the server holds); enrolment. Nothing here is signed except
the proof of possession inside an enrolment: records, notes and proofs carry their own.
It refuses every body that is too large, too long or spelt differently, and names the field.
Specification: docs/protocol.md, sections "Receipt and trust", "HTTP" and "Enrolment".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from itertools import pairwise

from protocol import cbor, cose, fields
from protocol.checkpoint import LogKey
from protocol.errors import Problem, ProtocolError
from protocol.merkle import HASH_SIZE
from protocol.span import MAX_BATCH_BYTES, MAX_RECORDS, MAX_SPANS
from protocol.tiles import MAX_ENTRY_BYTES

MEDIA_TYPE = "application/cbor"
MAX_ANSWER_BYTES = 1 << 20
MAX_ENROL_BYTES = 4096
MAX_RECEIPTS = 32
MAX_PATH = 64
MAX_HELD_EPOCHS = 256
MAX_HELD_RANGES = 512
MAX_HEAD_ITEMS = 1 << 19
MAX_TEXT = 512
MAX_TOKEN = 128

_EPOCH_SIZE = 8
_PROBLEMS = frozenset(problem.value for problem in Problem)


class VerdictCode(IntEnum):
    """What became of one span of a batch."""

    ACCEPTED = 0
    DUPLICATE = 1
    FORK = 2
    REFUSED = 3


_VERDICTS = fields.codes(VerdictCode)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The server's judgement of one span; ``index`` is the record at fault, counted in the span."""

    code: VerdictCode
    problem: Problem | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A leaf, its number in the log, and its inclusion path under the answer's checkpoint."""

    leaf: bytes
    index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a batch, and to a request for receipts.

    ``verdicts``: one per span, in the order sent. ``note``: the checkpoint, or None when the log
    has nothing to prove yet. ``since``: the size that ``consistency`` starts from. ``next``: the
    cursor for more receipts, None when there are none. ``hashes``, if asked for: per receipt, the
    tree leaf hashes (``merkle.leaf_hash`` of the sealed bytes) of that leaf's records.
    """

    verdicts: tuple[Verdict, ...]
    note: str | None
    since: int
    consistency: tuple[bytes, ...]
    receipts: tuple[Receipt, ...]
    next: int | None
    utc_ms: int
    hashes: tuple[tuple[bytes, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class HeldEpoch:
    """What the server holds of one epoch: closed ranges (first, last) of seq, ascending."""

    epoch: bytes
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class HeadAnswer:
    """What the server holds of a device; ``size``: the log's newest; ``next``: cursor or None."""

    epochs: tuple[HeldEpoch, ...]
    size: int
    next: int | None


@dataclass(frozen=True, slots=True)
class EnrolAnswer:
    """What a device pins for life: its name, the log, and the keys it will ever obey."""

    device: str
    origin: str
    log_vkey: str
    recovery_vkey: str
    config_vkey: str
    utc_ms: int
    asset: str
    demo: bool

    def log_key(self) -> LogKey:
        """The log's key. Raises BAD_NOTE when it is not one, or bears another name than origin."""
        key = LogKey.parse(self.log_vkey)
        if key.name != self.origin:
            raise ProtocolError(Problem.BAD_NOTE, "the log's key does not bear the log's name")
        return key

    def recovery_key(self) -> LogKey:
        """The key that may declare the log's successor. Raises BAD_NOTE when it is not one."""
        return LogKey.parse(self.recovery_vkey)

    def config_key(self) -> LogKey:
        """The key that may tell the device what to do. Raises BAD_NOTE when it is not one."""
        return LogKey.parse(self.config_vkey)


def encode_batch(spans: Iterable[Iterable[bytes]]) -> bytes:
    """``[1, [[sealed, ...], ...]]``: up to 16 spans of up to 500 sealed records."""
    return cbor.encode([1, [list(span) for span in spans]])


def decode_batch(data: bytes) -> list[list[bytes]]:
    """Read a batch; the records are still closed. An error about a span names its place."""
    version, spans = fields.row(cbor.decode(data, max_bytes=MAX_BATCH_BYTES), 2, "batch")
    _check_version(version, "batch")
    if type(spans) is not list or not spans:
        raise fields.malformed("a batch is a list of spans, not empty")
    if len(spans) > MAX_SPANS:
        raise ProtocolError(Problem.TOO_MANY_SPANS, f"{len(spans)} spans, at most {MAX_SPANS}")
    return [_decode_span(span, at) for at, span in enumerate(spans)]


def encode_answer(answer: Answer) -> bytes:
    """The answer as bytes; ``hashes`` is left out when empty."""
    body: dict[int, object] = {
        0: 1,
        1: [[int(v.code), v.problem and v.problem.value, v.index] for v in answer.verdicts],
        2: answer.note,
        3: answer.since,
        4: list(answer.consistency),
        5: [[r.leaf, r.index, list(r.path)] for r in answer.receipts],
        6: answer.next,
        7: answer.utc_ms,
    }
    if answer.hashes:
        body[8] = [list(hashes) for hashes in answer.hashes]
    return cbor.encode(body)


def decode_answer(data: bytes) -> Answer:
    """Read an answer. Nothing in it is proved yet: see ``receipt.py``."""
    raw = cbor.decode(data, max_bytes=MAX_ANSWER_BYTES)
    size = 9 if isinstance(raw, dict) and 8 in raw else 8
    body = fields.numbered(raw, size, "answer")
    _check_version(body[0], "answer")
    receipts = tuple(map(decode_receipt, fields.items(body[5], 0, MAX_RECEIPTS, "receipts")))
    return Answer(
        verdicts=tuple(map(_decode_verdict, fields.items(body[1], 0, MAX_SPANS, "verdicts"))),
        note=_decode_note(body[2]),
        since=fields.count(body[3], "since"),
        consistency=_hashes(body[4], MAX_PATH, "consistency"),
        receipts=receipts,
        next=_optional_count(body[6], "next"),
        utc_ms=fields.count(body[7], "utc_ms"),
        hashes=_decode_leaf_hashes(body[8], len(receipts)) if size == 9 else (),
    )


def encode_head(head: HeadAnswer) -> bytes:
    """``{0: 1, 1: [[epoch, [[first, last], ...]], ...], 2: size, 3: next}``."""
    epochs = [[held.epoch, [list(pair) for pair in held.ranges]] for held in head.epochs]
    return cbor.encode({0: 1, 1: epochs, 2: head.size, 3: head.next})


def decode_head(data: bytes) -> HeadAnswer:
    """Read what the server holds."""
    raw = cbor.decode(data, max_bytes=MAX_ANSWER_BYTES, max_items=MAX_HEAD_ITEMS)
    body = fields.numbered(raw, 4, "head")
    _check_version(body[0], "head")
    epochs = fields.items(body[1], 0, MAX_HELD_EPOCHS, "epochs")
    return HeadAnswer(
        epochs=tuple(map(_decode_held, epochs)),
        size=fields.count(body[2], "size"),
        next=_optional_count(body[3], "next"),
    )


def make_enrol(token: str, cose_key: bytes, sign: cose.Sign) -> bytes:
    """A request to enrol: the token, and a proof that we hold the key's private half."""
    payload = cbor.encode({0: 1, 1: cose_key, 2: sha256(token.encode()).digest()})
    sealed = cose.seal(payload, cose.key_id(cose_key), cose.ENROL_DOMAIN, sign)
    return cbor.encode([1, token, sealed])


def open_enrol(data: bytes, verify: cose.Verify) -> tuple[str, bytes]:
    """Read a request to enrol and verify its proof; return (token, cose_key).

    Raises ProtocolError: PROOF_OF_POSSESSION when the proof is not for this key and this token,
    WRONG_DOMAIN when the signature was made for another purpose.
    """
    outer = fields.row(cbor.decode(data, max_bytes=MAX_ENROL_BYTES), 3, "enrolment")
    _check_version(outer[0], "enrolment")
    token = fields.text(outer[1], MAX_TOKEN, "token")
    envelope = cose.parse(fields.some_octets(outer[2], MAX_ENROL_BYTES, "proof"))
    inner = fields.numbered(cbor.decode(envelope.payload, max_bytes=MAX_ENROL_BYTES), 3, "proof")
    _check_version(inner[0], "proof")
    cose_key = fields.octets(inner[1], cose.KEY_BYTES, "key")
    digest = fields.octets(inner[2], HASH_SIZE, "token hash")
    if digest != sha256(token.encode()).digest() or envelope.kid != cose.key_id(cose_key):
        raise _not_possessed()
    _check_possession(envelope, cose_key, verify)
    return token, cose_key


def encode_enrol_answer(answer: EnrolAnswer) -> bytes:
    """The answer to an enrolment; the device keeps these very bytes."""
    names = (answer.device, answer.origin, answer.log_vkey, answer.recovery_vkey)
    body: tuple[object, ...] = (
        1,
        *names,
        answer.config_vkey,
        answer.utc_ms,
        answer.asset,
        int(answer.demo),
    )
    return cbor.encode(dict(enumerate(body)))


def decode_enrol_answer(data: bytes) -> EnrolAnswer:
    """Read the answer to an enrolment; check its key with ``log_key``."""
    raw = cbor.decode(data, max_bytes=MAX_ENROL_BYTES)
    body = fields.numbered(raw, 9, "enrolment answer")
    _check_version(body[0], "enrolment answer")
    return EnrolAnswer(
        device=fields.device(body[1]),
        origin=fields.text(body[2], MAX_TEXT, "origin"),
        log_vkey=fields.text(body[3], MAX_TEXT, "log key"),
        recovery_vkey=fields.text(body[4], MAX_TEXT, "recovery key"),
        config_vkey=fields.text(body[5], MAX_TEXT, "configuration key"),
        utc_ms=fields.count(body[6], "utc_ms"),
        asset=fields.text(body[7], MAX_TEXT, "asset"),
        demo=bool(fields.integer(body[8], 0, 1, "demo")),
    )


def first_prev(enrol_answer: bytes) -> bytes:
    """What a device's very first opening names as its predecessor: the hash of its enrolment."""
    return sha256(enrol_answer).digest()


def _check_version(value: object, what: str) -> None:
    if type(value) is not int:
        raise fields.malformed(f"the {what}'s version is not an integer")
    if value != 1:
        raise ProtocolError(Problem.UNSUPPORTED_VERSION, f"the {what} has version {value}")


def _decode_span(span: object, at: int) -> list[bytes]:
    if type(span) is not list or not span:
        raise ProtocolError(Problem.MALFORMED, "a span is a list of records", span=at)
    if len(span) > MAX_RECORDS:
        detail = f"{len(span)} records, at most {MAX_RECORDS}"
        raise ProtocolError(Problem.TOO_MANY_RECORDS, detail, span=at)
    for index, sealed in enumerate(span):
        if type(sealed) is not bytes:
            detail = "a record is a byte string"
            raise ProtocolError(Problem.MALFORMED, detail, span=at, index=index)
    return span


def _decode_note(value: object) -> str | None:
    # Not fields.text: a note has many lines. checkpoint.py refuses what else it may not hold.
    if value is None or type(value) is str:
        return value
    raise fields.malformed("note is neither text nor null")


def _decode_verdict(value: object) -> Verdict:
    code, problem, index = fields.row(value, 3, "verdict")
    at = None if index is None else fields.integer(index, 0, MAX_RECORDS - 1, "index")
    return Verdict(fields.code(_VERDICTS, code, "verdict"), _decode_problem(problem), at)


def _decode_problem(value: object) -> Problem | None:
    if value is None:
        return None
    slug = fields.text(value, MAX_TEXT, "problem")
    if slug not in _PROBLEMS:
        raise fields.out_of_range("problem", slug, "a registered problem")
    return Problem(slug)


def decode_receipt(value: object) -> Receipt:
    """Read ``[leaf, index, path]``."""
    leaf, index, path = fields.row(value, 3, "receipt")
    return Receipt(
        fields.some_octets(leaf, MAX_ENTRY_BYTES, "leaf"),
        fields.count(index, "index"),
        _hashes(path, MAX_PATH, "path"),
    )


def _decode_leaf_hashes(value: object, receipts: int) -> tuple[tuple[bytes, ...], ...]:
    if not receipts:
        raise fields.malformed("hashes without receipts")
    lists = fields.row(value, receipts, "hashes")
    return tuple(_hashes(hashes, MAX_RECORDS, "hashes") for hashes in lists)


def _decode_held(value: object) -> HeldEpoch:
    epoch, ranges = fields.row(value, 2, "epoch")
    pairs = tuple(map(_decode_range, fields.items(ranges, 0, MAX_HELD_RANGES, "ranges")))
    if any(left[1] + 1 >= right[0] for left, right in pairwise(pairs)):
        raise fields.malformed("ranges are not ascending and apart")
    return HeldEpoch(fields.octets(epoch, _EPOCH_SIZE, "epoch"), pairs)


def _decode_range(value: object) -> tuple[int, int]:
    first, last = fields.row(value, 2, "range")
    low = fields.integer(first, 0, fields.U32, "first")
    return low, fields.integer(last, low, fields.U32, "last")


def _hashes(value: object, most: int, name: str) -> tuple[bytes, ...]:
    return tuple(fields.octets(h, HASH_SIZE, name) for h in fields.items(value, 0, most, name))


def _optional_count(value: object, name: str) -> int | None:
    return None if value is None else fields.count(value, name)


def _check_possession(envelope: cose.Envelope, cose_key: bytes, verify: cose.Verify) -> None:
    try:
        cose.check(envelope, cose.decode_key(cose_key), cose.ENROL_DOMAIN, verify)
    except ProtocolError as error:
        if error.problem is Problem.BAD_SIGNATURE:
            raise _not_possessed() from None
        raise


def _not_possessed() -> ProtocolError:
    return ProtocolError(Problem.PROOF_OF_POSSESSION, "the proof is not for this key and token")
