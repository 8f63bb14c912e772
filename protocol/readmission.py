"""A device comes back to a log that has lost everything, and shows that its predecessor knew it.

What it shows is the leaf of a span that begins with the device's very first opening, proved by the
lost log's own checkpoint. That opening hangs on the enrolment answer, so the leaf vouches for both
device and answer. The lost log's key is the one that its last known checkpoint verifies under.
It refuses to rest on anybody's word: nothing in the request is believed that is not proved.
Spec: docs/protocol.md, section "Successors".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocol import cbor, cose, fields, receipt, wire
from protocol.checkpoint import LogKey, open_checkpoint
from protocol.cose import Verify
from protocol.errors import Problem, ProtocolError
from protocol.leaf import SpanLeaf, decode_leaf
from protocol.receipt import Trust
from protocol.wire import EnrolAnswer, Receipt

VERSION: Final = 1
MAX_BYTES: Final = 65_536
MAX_NOTE: Final = 16_384


@dataclass(frozen=True, slots=True)
class Voucher:
    """How the lost log vouched for a device: its verifier key, a checkpoint, a leaf under it."""

    log_vkey: str
    note: str
    receipt: Receipt

    def values(self) -> list[object]:
        """Return the three elements of the list."""
        leaf, index, path = self.receipt.leaf, self.receipt.index, self.receipt.path
        return [self.log_vkey, self.note, [leaf, index, list(path)]]

    @classmethod
    def read(cls, value: object) -> Voucher:
        """Read the list of three."""
        vkey, note, proof = fields.row(value, 3, "voucher")
        if type(note) is not str or len(note) > MAX_NOTE:
            raise fields.malformed(f"a note is a text of at most {MAX_NOTE} characters")
        key = fields.text(vkey, wire.MAX_TEXT, "log key")
        return cls(key, note, wire.decode_receipt(proof))


@dataclass(frozen=True, slots=True)
class Readmission:
    """The request: the enrolment answer as it was kept, the device's first key, the voucher."""

    answer: bytes
    cose_key: bytes
    voucher: Voucher


def encode(request: Readmission) -> bytes:
    """``[1, answer, key, [log_vkey, note, [leaf, index, path]]]``."""
    return cbor.encode([VERSION, request.answer, request.cose_key, request.voucher.values()])


def decode(data: bytes) -> Readmission:
    """Read a request; nothing in it is proved yet."""
    row = fields.row(cbor.decode(data, max_bytes=MAX_BYTES), 4, "readmission")
    version, answer, cose_key, voucher = row
    if type(version) is not int or version != VERSION:
        raise ProtocolError(Problem.UNSUPPORTED_VERSION, "the readmission is of another version")
    return Readmission(
        fields.some_octets(answer, wire.MAX_ENROL_BYTES, "enrolment answer"),
        fields.octets(cose_key, cose.KEY_BYTES, "key"),
        Voucher.read(voucher),
    )


def vouches(voucher: Voucher, device: str, genesis: bytes) -> bool:
    """Whether the leaf, taken as it is, begins with the opening that hangs on this genesis."""
    leaf = decode_leaf(voucher.receipt.leaf)
    if not isinstance(leaf, SpanLeaf):
        return False
    return (leaf.device, leaf.first, leaf.prev_hash) == (device, 0, genesis)


def examine(request: Readmission, device: str, known: str | None, verify: Verify) -> EnrolAnswer:
    """Return the answer under which the predecessor had enrolled `device`, once all holds.

    known: the last known checkpoint of the log that the voucher names; None: no predecessor.
    Raises ProtocolError: WRONG_DEVICE, WRONG_ORIGIN, BAD_NOTE, BAD_PROOF.
    """
    answer, voucher = wire.decode_enrol_answer(request.answer), request.voucher
    if {cose.device_id(request.cose_key), answer.device} != {device}:
        raise ProtocolError(Problem.WRONG_DEVICE, "key or enrolment answer is another device's")
    cose.decode_key(request.cose_key)
    if known is None:
        raise ProtocolError(Problem.WRONG_ORIGIN, "the voucher is of no log that this one follows")
    key = LogKey.parse(voucher.log_vkey)
    open_checkpoint(known, key, verify)
    seen = open_checkpoint(voucher.note, key, verify)
    receipt.proved(Trust(seen.origin, key, seen.size, seen.root), voucher.receipt)
    if not vouches(voucher, device, wire.first_prev(request.answer)):
        raise ProtocolError(Problem.WRONG_DEVICE, "the leaf is not of this device's first opening")
    return answer


def log_of(voucher: Voucher) -> str:
    """The name of the log that is said to vouch."""
    return LogKey.parse(voucher.log_vkey).name
