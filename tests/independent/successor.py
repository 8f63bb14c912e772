"""A second look at section 11.1, written from docs/protocol.md alone: whom to follow and admit.

It imports nothing of ours but its siblings. Numbers in the headings are the page's.
"""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.independent.checker import public_key
from tests.independent.second import (
    Refused,
    Trust,
    climb,
    decode,
    device_of,
    encode,
    leaf_hash,
    need,
    open_note,
    open_vkey,
    sha256,
)

# 11.1 Successors: the device


def follow(old: Trust, recovery: str, answer: bytes) -> Trust:
    """Whom a device believes once it was given this answer about the log that it trusts."""
    fields = decode(answer)
    leaves = [decode(leaf) for leaf, _, _ in fields[5]]
    need(bool(leaves) and leaves[0][0] == 4 and len(leaves[0]) == 6, "unknown-key")
    vkey = leaves[0][5]
    said = list(chain(leaves, open_vkey(vkey)[0], recovery))
    need(bool(said), "bad-signature")
    ours = open_vkey(old.vkey)[0]
    mine = [one for one in said if one[1] == ours]
    need(bool(mine) and open_vkey(vkey)[0] != ours, "wrong-origin")
    need(mine[0][2] != old.size or mine[0][3] == old.root, "two-histories")
    new = Trust(vkey)
    new.move(fields[2], fields[3], fields[4])
    for at, (leaf, index, path) in enumerate(fields[5][: len(said)]):
        need(index == at, "bad-proof")
        need(climb(leaf_hash(leaf), index, new.size, path) == new.root, "bad-proof")
    return new


def chain(leaves: list[list[Any]], origin: str, recovery: str) -> Any:
    """The statements at the beginning that the recovery key signed, each of the log before."""
    for leaf in leaves:
        if leaf[0] != 4 or not signed(leaf, origin, recovery):
            return
        yield leaf
        origin = leaf[1]


def signed(leaf: list[Any], origin: str, recovery: str) -> bool:
    _, old_origin, old_size, old_root, signature, *vkey = leaf
    if vkey and open_vkey(vkey[0])[0] != origin:
        return False
    text = b"jagalchi/successor/1\x00" + encode([origin, old_origin, old_size, old_root, *vkey])
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(open_vkey(recovery)[2]).verify(signature, text)
    except InvalidSignature:
        return False
    return True


# 11.1 Successors: the server that takes a device back


def readmit(device: str, known: str | None, request: bytes) -> None:
    version, answer, cose, (vkey, note, (leaf, index, path)) = decode(request)
    need(version == 1, "unsupported-version")
    need({device_of(cose), decode(answer)[1]} == {device}, "wrong-device")
    public_key(cose)
    if known is None:
        raise Refused("wrong-origin")
    open_note(known, vkey)
    size, root = open_note(note, vkey)
    need(climb(leaf_hash(leaf), index, size, path) == root, "bad-proof")
    span = decode(leaf)
    first = span[:2] == [1, device] and (span[3], span[5]) == (0, sha256(answer))
    need(first, "wrong-device")
