"""A second look at section 11.2, written from docs/protocol.md alone: what a device may be told.

It imports nothing of ours but its sibling. Ranges are those of section 14.
"""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.independent.second import decode, need, open_vkey, sha256

SETTINGS = {
    1: (5_000, 300_000),
    2: (60_000, 86_400_000),
    3: (0, 600_000),
    4: (0, 2),
    5: (0, 1),
}
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
TIMES = ((0, 21_600_000), (0, 2_678_400_000))
LIMITED = {
    1: ((-80_000, 60_000), (0, 10_000), *TIMES),
    2: ((0, 100_000), (0, 20_000), *TIMES),
}


def number(value: Any, low: int, high: int) -> None:
    need(type(value) is int)
    need(low <= value <= high, "out-of-range")


def listed(value: Any, size: int) -> list[Any]:
    need(isinstance(value, list) and len(value) == size)
    return list(value)


def open_document(data: bytes, vkey: str) -> dict[int, Any]:
    """What a signed document says; the signature first."""
    version, body, signature = listed(decode(data, 8_192), 3)
    need(type(version) is int)
    need(version == 1, "unsupported-version")
    need(isinstance(body, bytes) and isinstance(signature, bytes) and len(signature) == 64)
    key = ed25519.Ed25519PublicKey.from_public_bytes(open_vkey(vkey)[2])
    try:
        key.verify(signature, b"jagalchi/config/1\x00" + body)
    except InvalidSignature:
        need(False, "bad-signature")
    return read(decode(body, 8_192))


def read(said: Any) -> dict[int, Any]:
    need(isinstance(said, dict) and list(said) == [0, 1, 2, 3, 4, 5])
    need(isinstance(said[0], str) and len(said[0]) == 16 and set(said[0]) <= set(LETTERS))
    number(said[1], 1, 2**32 - 1)
    number(said[2], 0, 2**53 - 1)
    origin, size, last = listed(said[3], 3)
    need(isinstance(origin, str) and bool(origin))
    number(size, 0, 2**53 - 1)
    number(last, size, 2**53 - 1)
    need(isinstance(said[4], dict) and isinstance(said[5], list))
    for key, value in said[4].items():
        need(type(key) is int)
        need(key in SETTINGS, "out-of-range")
        number(value, *SETTINGS[key])
    for one in said[5]:
        limit(one)
    ids = [one[0] for one in said[5]]
    need(ids == sorted(set(ids)))
    return dict(said)


def limit(value: Any) -> None:
    id_, sensor, quantity, above, *numbers = listed(value, 8)
    need(type(quantity) is int)
    need(quantity in LIMITED, "out-of-range")
    number(id_, 0, 255)
    number(sensor, 0, 255)
    number(above, 0, 1)
    for one, (low, high) in zip(numbers, LIMITED[quantity], strict=True):
        number(one, low, high)


def mark(data: bytes) -> int:
    """By what a record names the document."""
    return int.from_bytes(sha256(data)[:8], "big") >> 12
