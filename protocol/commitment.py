"""What a service entry commits to: HMAC-SHA256(salt, private part), opened by whoever has both.

The content is the CBOR list [salt, private part]. It is not in the log; who is given it can check
that the log has committed to it, and whoever is not learns nothing. Deleting it erases what was
said and leaves the proof that something was. Spec: docs/protocol.md, "Spans, batches, leaves".
"""

from __future__ import annotations

import hmac
from typing import Final

from protocol import cbor
from protocol.errors import ProtocolError
from protocol.leaf import ServiceLeaf
from protocol.registry import Problem

MAX_CONTENT: Final = 1 << 20
MIN_SALT: Final = 16


def commitment(salt: bytes, private: list[object]) -> bytes:
    """Return the 32 bytes that stand in the leaf."""
    return hmac.digest(salt, cbor.encode(private), "sha256")


def content(salt: bytes, private: list[object]) -> bytes:
    """Return the bytes that `opened` takes."""
    return cbor.encode([salt, private])


def opened(leaf: ServiceLeaf, body: bytes) -> list[object]:
    """Return the private part. Raises BAD_PROOF, MALFORMED and what `cbor` raises."""
    match cbor.decode(body, max_bytes=MAX_CONTENT):
        case [bytes() as salt, list() as private] if len(salt) >= MIN_SALT:
            if commitment(salt, private) == leaf.commitment:
                return private
            raise ProtocolError(Problem.BAD_PROOF, "the leaf does not commit to this content")
    raise ProtocolError(Problem.MALFORMED, "a content is not [salt, private part]")
