"""A second checker, written from docs/protocol.md alone: records, spans, leaves.

It imports nothing of ours but its sibling, the second device. Numbers in the headings are the
page's. It refuses, under the page's names, whatever a verifier must refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from tests.independent.second import (
    ENROL,
    RECORD,
    ROTATE,
    N,
    Refused,
    cose_key,
    decode,
    encode,
    item_at,
    leaf_hash,
    need,
    root_of,
    sha256,
    split,
    to_be_signed,
)

Rule = Callable[[Any], None]

# 2. Keys and names, 3.1 Envelope


def public_key(cose: bytes) -> ec.EllipticCurvePublicKey:
    x, y = cose[8:40], cose[43:]
    need(len(cose) == 75 and cose_key(x, y) == cose)
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
    except ValueError:
        raise Refused("malformed") from None


def parse(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    """kid, payload and signature of an envelope whose every other byte is as it must be."""
    need(len(sealed) <= 16_384, "too-large")
    need(sealed[:8] == bytes.fromhex("d2844da201260448") and len(sealed) > 17)
    need(not 0xA0 < sealed[16] < 0xC0, "unprotected-header")
    payload, end = item_at(sealed, 17, 0)
    need(sealed[16] == 0xA0 and isinstance(payload, bytes))
    need(encode(payload) == sealed[17:end], "not-deterministic")
    need(sealed[end : end + 2] == b"\x58\x40" and len(sealed) == end + 66)
    r, s = numbers(sealed[-64:])
    need(0 < r < N and 0 < s < N)
    need(s <= N // 2, "high-s")
    return sealed[8:16], payload, sealed[-64:]


def numbers(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")


def verifies(cose: bytes, message: bytes, signature: bytes) -> bool:
    try:
        encoded = utils.encode_dss_signature(*numbers(signature))
        public_key(cose).verify(encoded, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def check_signature(sealed: bytes, cose: bytes, domain: bytes = RECORD) -> None:
    kid, payload, signature = parse(sealed)
    fits = [
        one
        for one in (RECORD, ENROL, ROTATE)
        if verifies(cose, to_be_signed(payload, kid, one), signature)
    ]
    need(bool(fits), "bad-signature")
    need(domain in fits, "wrong-domain")


# 1. Encoding, 1.1 The CDDL


def integer(low: int, high: int) -> Rule:
    def check(value: Any) -> None:
        need(type(value) is int)
        need(low <= value <= high, "out-of-range")

    return check


def octets(size: int) -> Rule:
    return lambda value: need(isinstance(value, bytes) and len(value) == size)


def text(most: int) -> Rule:
    def check(value: Any) -> None:
        need(isinstance(value, str) and value != "")
        need(len(value.encode()) <= most, "too-large")
        need(not any(one < " " or "\x7f" <= one <= "\x9f" for one in value))

    return check


def maybe(rule: Rule) -> Rule:
    return lambda value: None if value is None else rule(value)


def some(low: int, high: int, rule: Rule) -> Rule:
    """`[low*high rule]`."""

    def check(value: Any) -> None:
        need(isinstance(value, list))
        need(low <= len(value) <= high, "out-of-range")
        for one in value:
            rule(one)

    return check


def row(*rules: Rule) -> Rule:
    def check(value: Any) -> None:
        need(isinstance(value, list) and len(value) == len(rules))
        for rule, one in zip(rules, value, strict=True):
            rule(one)

    return check


def body(*rules: Rule) -> Rule:
    """A map with the keys 0, 1, 2 ..."""

    def check(value: Any) -> None:
        need(isinstance(value, dict) and list(value) == list(range(len(rules))))
        row(*rules)(list(value.values()))

    return check


def device(value: Any) -> None:
    letters = set("abcdefghijklmnopqrstuvwxyz234567")
    need(isinstance(value, str) and len(value) == 16 and set(value) <= letters)


U8, U16, U32, U53 = (integer(0, 2**bits - 1) for bits in (8, 16, 32, 53))
I32, I53 = (integer(1 - 2**bits, 2**bits - 1) for bits in (31, 53))
ONE, SIZE = integer(1, 1), integer(1, 2**53 - 1)
HASH, EPOCH = octets(32), octets(8)
QUANTITY, STATUS, REASON = integer(1, 4), integer(0, 9), integer(1, 6)
WITHOUT_VALUE = {2, 3, 4, 6, 7, 9}


# 3.2 Payload and bodies


def measured(value: Any) -> None:
    need(isinstance(value, list) and len(value) in (5, 6))
    row(U8, QUANTITY, maybe(I32), STATUS, integer(1, 15))(value[:5])
    need((value[2] is None) == (value[3] in WITHOUT_VALUE))
    for raw in value[5:]:
        I32(raw)
        need(value[2] is not None)


def position(value: Any) -> None:
    place = maybe(integer(-900_000_000, 900_000_000)), maybe(integer(-1_800_000_000, 1_800_000_000))
    rest = maybe(U32), maybe(integer(0, 35_999)), integer(0, 3), maybe(U8), maybe(U16), maybe(U53)
    body(*place, *rest)(value)
    need(value[4] != 1, "out-of-range")
    need({value[0] is None, value[1] is None} == {value[4] == 0})


def parameters(value: Any) -> None:
    need(isinstance(value, dict))
    for key, number in value.items():
        integer(1, 15)(key)
        I53(number)


def sensors(value: Any) -> None:
    some(0, 64, row(U8, text(64)))(value)
    listed = [number for number, _ in value]
    need(listed == sorted(set(listed)))


def evicted(value: Any) -> None:
    row(EPOCH, U32, U32, HASH, HASH, U32, REASON, some(0, 64, summary))(value)
    need(0 < value[5] <= value[2] - value[1] + 1, "out-of-range")


def summary(value: Any) -> None:
    row(U8, QUANTITY, I32, I32, I32)(value)
    need(value[2] <= value[3] <= value[4], "out-of-range")


def signature_form(value: Any) -> None:
    octets(64)(value)
    r, s = numbers(value)
    need(0 < r < N and 0 < s < N)
    need(s <= N // 2, "high-s")


def known_key(value: Any) -> None:
    need(isinstance(value, bytes))
    public_key(value)


HEAD, TREE_HEAD = row(EPOCH, U32, HASH), row(SIZE, HASH)
OPENING = (device, text(255), octets(16), text(64), maybe(HEAD), maybe(TREE_HEAD), sensors)
BODIES: dict[int, Rule] = {
    1: body(*OPENING, some(0, 256, row(EPOCH, U32))),
    2: body(some(1, 64, measured)),
    3: position,
    4: body(integer(1, 16), maybe(U8), parameters, maybe(EPOCH)),
    5: body(U53, U53, integer(1, 5), U53),
    6: body(SIZE, HASH),
    7: body(some(1, 16, evicted)),
    8: body(known_key, signature_form),
    9: body(REASON),
}


def open_payload(payload: bytes) -> dict[int, Any]:
    """The record in a payload."""
    record: dict[int, Any] = decode(payload, 16_384)
    need(isinstance(record, dict))
    need(record.get(0) == 1 or type(record.get(0)) is not int, "unsupported-version")
    keys = [key for key in record if key != 9]
    need(keys == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10] and encode(record.get(9, 1)) == b"\x01")
    need(record[1] in BODIES, "unknown-kind")
    rules = ONE, U8, EPOCH, U32, HASH, U53, maybe(U53), integer(0, 5), maybe(U53), BODIES[record[1]]
    row(*rules)([record[key] for key in keys])
    need(len({record[6] is None, record[7] == 0, record[8] is None}) == 1)
    need((record[1] == 1) == (record[3] == 0))
    if record[1] == 1 and (named := record[10][4]):
        need(named[0] != record[2] and named[2] == record[4], "broken-chain")
    return record


@dataclass
class Opened:
    """A record whose form has been checked, and no more."""

    sealed: bytes
    kid: bytes = field(init=False)
    fields: dict[int, Any] = field(init=False)

    def __post_init__(self) -> None:
        need(isinstance(self.sealed, bytes))
        self.kid, payload, _ = parse(self.sealed)
        self.fields, self.hash = open_payload(payload), sha256(self.sealed)
        self.epoch, self.seq, self.prev = (self.fields[key] for key in (2, 3, 4))


# 5. Spans, batches, leaves


def path_of(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*path_of(index, leaves[:k]), root_of(leaves[k:])]
    return [*path_of(index - k, leaves[k:]), root_of(leaves[:k])]


def open_batch(data: bytes) -> list[list[bytes]]:
    batch = decode(data)
    need(isinstance(batch, list) and len(batch) == 2 and type(batch[0]) is int)
    need(batch[0] == 1, "unsupported-version")
    need(isinstance(batch[1], list) and batch[1] != [])
    need(len(batch[1]) <= 16, "too-many-spans")
    return list(batch[1])


def leaf_of(name: str, span: list[bytes]) -> bytes:
    """The leaf of a span; Refused has the record's index as `index` where one is at fault."""
    need(isinstance(span, list) and span != [])
    need(len(span) <= 500, "too-many-records")
    rows = [at(index, Opened, sealed) for index, sealed in enumerate(span)]
    for index, (left, right) in enumerate(pairwise(rows), start=1):
        at(index, joined, left, right)
    first, last = rows[0], rows[-1]
    place = [name, first.epoch, first.seq, last.seq]
    return encode([1, *place, first.prev, last.hash, root_of([leaf_hash(one) for one in span])])


def at(index: int, act: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return act(*arguments)
    except Refused as refused:
        refused.index = index
        raise


def joined(left: Opened, right: Opened) -> None:
    need((left.epoch, left.kid) == (right.epoch, right.kid), "mixed-epochs")
    need((left.seq + 1, left.hash) == (right.seq, right.prev), "broken-chain")
