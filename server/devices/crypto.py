"""Signatures checked with OpenSSL (`cryptography`), many at once, on a small pool of threads.

Verification releases the interpreter's lock, so two threads use two cores. The pool's queue is
bounded by its callers: each waits for its own spans. It signs nothing and knows no database.
Spec: docs/protocol.md, section "Checking a record".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from protocol import record
from protocol.errors import ProtocolError
from protocol.record import Sealed
from protocol.registry import Kind, Problem
from protocol.span import Span

THREADS = 2
CHUNK = 64
"""Records per task: enough to forget the cost of a task, few enough to share one span of 500."""

_ES256 = ec.ECDSA(SHA256())


@lru_cache(maxsize=4096)
def _public_key(xy: bytes) -> ec.EllipticCurvePublicKey:
    """Unpacking a point costs as much as checking a signature: keep those in use."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + xy)


def verify_es256(xy: bytes, message: bytes, signature: bytes) -> bool:
    """Protocol's `Verify` for P-256: xy and signature (r||s) are 64 bytes each."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        _public_key(xy).verify(encode_dss_signature(r, s), message, _ES256)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Protocol's `Verify` for Ed25519: public is 32 bytes, signature 64."""
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Check:
    """The verification of one span, under way on the pool."""

    tasks: tuple[Future[ProtocolError | None], ...]

    def result(self) -> ProtocolError | None:
        """Wait for it: None, or the refusal with the index of the first record at fault.

        Problems: UNKNOWN_KEY, BAD_SIGNATURE, WRONG_DOMAIN, PROOF_OF_POSSESSION.
        """
        results = [task.result() for task in self.tasks]
        return next((refused for refused in results if refused is not None), None)


def begin_check(span: Span, keys: Mapping[bytes, bytes], device: str) -> Check:
    """Begin to verify every record of a span; the caller goes on with the next one meanwhile.

    keys: kid -> x||y of this device.
    """
    xy = keys.get(span.records[0].kid)
    starts = range(0, len(span.records), CHUNK)
    chunks = [(start, span.records[start : start + CHUNK]) for start in starts]
    pool = _pool()
    return Check(tuple(pool.submit(_check, chunk, start, xy, device) for start, chunk in chunks))


@cache
def _pool() -> ThreadPoolExecutor:
    # Made at first use, never at import: threads do not survive the fork into a worker process.
    return ThreadPoolExecutor(THREADS, thread_name_prefix="verify")


def _check(
    records: Sequence[Sealed], start: int, xy: bytes | None, device: str
) -> ProtocolError | None:
    if xy is None:
        return ProtocolError(Problem.UNKNOWN_KEY, "no key of this device has this kid", index=start)
    for index, sealed in enumerate(records, start):
        try:
            record.verify(sealed, xy, verify_es256)
            if sealed.record.kind is Kind.ROTATION:
                record.verify_rotation(sealed.record, device, verify_es256)
        except ProtocolError as refused:
            return refused.at(index=index)
    return None
