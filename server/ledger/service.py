"""Service entries: what the server itself has to say, committed to in the log, told to nobody.

The leaf holds HMAC-SHA256(salt, private part); salt and private part are the leaf's body, which is
journalled with it and never published. Deleting the body erases the content and leaves the proof.
It refuses to know what an entry means. Specification: docs/protocol.md, "Leaves".
"""

from __future__ import annotations

from protocol.commitment import MIN_SALT, commitment, content, opened
from protocol.leaf import ServiceLeaf, encode_leaf
from server.ledger import log

__all__ = ["opened", "stage"]


def stage(service: str, kind: str, private: list[object], salt: bytes) -> bytes:
    """Queue one entry in the caller's transaction; return its leaf hash. Idempotent.

    salt: at least 16 bytes that readers of the log cannot guess.
    """
    if len(salt) < MIN_SALT:
        raise ValueError(f"a salt has at least {MIN_SALT} bytes")
    leaf = ServiceLeaf(service, kind, {}, commitment(salt, private))
    return log.stage(encode_leaf(leaf), content(salt, private))
