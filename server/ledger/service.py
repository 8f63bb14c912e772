"""Service entries: what the server itself has to say, committed to in the log, told to nobody.

The leaf holds HMAC-SHA256(salt, private part); salt and private part are the leaf's body, which is
journalled with it and never published. Deleting the body erases the content and leaves the proof.
It refuses to know what an entry means. Specification: docs/protocol.md, "Leaves".
"""

from __future__ import annotations

import hmac

from protocol import cbor
from protocol.leaf import ServiceLeaf, encode_leaf
from server.ledger import log

MAX_BODY = 1 << 20
MIN_SALT = 16


def stage(service: str, kind: str, private: list[object], salt: bytes) -> bytes:
    """Queue one entry in the caller's transaction; return its leaf hash. Idempotent.

    salt: at least 16 bytes that readers of the log cannot guess.
    """
    if len(salt) < MIN_SALT:
        raise ValueError(f"a salt has at least {MIN_SALT} bytes")
    leaf = ServiceLeaf(service, kind, {}, _commitment(salt, private))
    return log.stage(encode_leaf(leaf), cbor.encode([salt, private]))


def opened(leaf: ServiceLeaf, body: bytes) -> list[object]:
    """The private part. Raises ValueError or ProtocolError if the leaf does not commit to it."""
    match cbor.decode(body, max_bytes=MAX_BODY):
        case [bytes() as salt, list() as private] if _commitment(salt, private) == leaf.commitment:
            return private
    raise ValueError("the leaf does not commit to this body")


def _commitment(salt: bytes, private: list[object]) -> bytes:
    return hmac.digest(salt, cbor.encode(private), "sha256")
