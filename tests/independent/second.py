"""A second device, written from docs/protocol.md alone: it imports nothing of ours.

It enrols, seals, posts, and believes nothing but proofs that it has checked itself. CBOR and the
tree are short enough to be written out, so it needs the `cryptography` package (43 or newer) and
nothing else. It is no product: no card, no retry, one log. Numbers in the headings are the page's.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.hashes import SHA256

N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ES256 = ec.ECDSA(SHA256(), deterministic_signing=True)
PROTECTED = bytes.fromhex("a201260448")
RECORD, ENROL, ROTATE = b"jagalchi/record/1", b"jagalchi/enrol/1", b"jagalchi/rotate/1"


class Refused(Exception):
    """What the page says to refuse, under the name that it gives; in a span, with the place."""

    def __init__(self, problem: str, index: int | None = None) -> None:
        super().__init__(problem)
        self.problem, self.index = problem, index


def need(condition: bool, problem: str = "malformed") -> None:
    if not condition:
        raise Refused(problem)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


# 1. Encoding


def head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    power = next(i for i in range(4) if number < 1 << (8 << i))
    return bytes([major << 5 | 24 + power]) + number.to_bytes(1 << power, "big")


def encode(value: Any) -> bytes:
    match value:
        case None | True | False:
            return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case bytes():
            return head(2, len(value)) + value
        case str():
            return head(3, len(value.encode())) + value.encode()
        case dict():
            pairs = sorted((encode(key), encode(item)) for key, item in value.items())
            return head(5, len(pairs)) + b"".join(key + item for key, item in pairs)
    return head(4, len(value)) + b"".join(map(encode, value))


def decode(data: bytes, most: int = 1 << 20) -> Any:
    """The value whose one encoding these bytes are."""
    need(len(data) <= most, "too-large")
    value, end = item_at(data, 0, 0)
    need(end == len(data))
    need(encode(value) == data, "not-deterministic")
    return value


def item_at(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    """The item that begins at `at`, and where it ends; its heads may still be too long."""
    need(at < len(data))
    major, info = data[at] >> 5, data[at] & 31
    if major == 7:
        need(info in (20, 21, 22))
        return {20: False, 21: True, 22: None}[info], at + 1
    need(info != 31, "not-deterministic")
    need(info < 28 and major != 6)
    width = 0 if info < 24 else 1 << info - 24
    at += 1 + width
    need(at <= len(data))
    number = int.from_bytes(data[at - width : at], "big") if width else info
    if major < 2:
        need(number + major < 2**53, "out-of-range")
        return (~number if major else number), at
    if major < 4:
        need(at + number <= len(data))
        piece = data[at : at + number]
        return (piece if major == 2 else text_of(piece)), at + number
    need(depth < 8, "too-deep")
    return (list_at if major == 4 else map_at)(data, at, depth + 1, number)


def text_of(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused("malformed") from None


def list_at(data: bytes, at: int, depth: int, count: int) -> tuple[list[Any], int]:
    items = []
    for _ in range(count):
        item, at = item_at(data, at, depth)
        items.append(item)
    return items, at


def map_at(data: bytes, at: int, depth: int, count: int) -> tuple[dict[Any, Any], int]:
    items: dict[Any, Any] = {}
    for _ in range(count):
        key, at = item_at(data, at, depth)
        need(isinstance(key, str) or (type(key) is int and key >= 0))
        need(key not in items, "not-deterministic")
        items[key], at = item_at(data, at, depth)
    return items, at


# 2. Keys and names, 3.1 the envelope


def cose_key(x: bytes, y: bytes) -> bytes:
    return bytes.fromhex("a401022001215820") + x + bytes.fromhex("225820") + y


def kid_of(cose: bytes) -> bytes:
    return sha256(cose)[:8]


def device_of(cose: bytes) -> str:
    return base64.b32encode(sha256(cose)[:10]).decode().lower()


def to_be_signed(payload: bytes, kid: bytes, domain: bytes) -> bytes:
    return encode(["Signature1", PROTECTED + kid, domain, payload])


class Key:
    """A device key: its secret, and the COSE_Key that everybody may know."""

    def __init__(self, secret: ec.EllipticCurvePrivateKey | None = None) -> None:
        self.secret = secret or ec.generate_private_key(ec.SECP256R1())
        point = self.secret.public_key().public_numbers()
        self.cose = cose_key(point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big"))

    def sign(self, message: bytes) -> bytes:
        r, s = utils.decode_dss_signature(self.secret.sign(message, ES256))
        return r.to_bytes(32, "big") + min(s, N - s).to_bytes(32, "big")

    def seal(self, payload: bytes, domain: bytes = RECORD) -> bytes:
        kid = kid_of(self.cose)
        signature = self.sign(to_be_signed(payload, kid, domain))
        parts = encode(PROTECTED + kid), b"\xa0", encode(payload), encode(signature)
        return b"\xd2\x84" + b"".join(parts)


# 6. The tree


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data)


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


def split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def root_of(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"")
    k = split(len(leaves))
    return node(root_of(leaves[:k]), root_of(leaves[k:]))


def climb(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root to which leaf and path lead; a path that is too long or too short leads nowhere."""
    need(0 <= index < size and bool(path) is (size > 1), "bad-proof")
    if size == 1:
        return leaf
    k = split(size)
    if index < k:
        return node(climb(leaf, index, k, path[:-1]), path[-1])
    return node(path[-1], climb(leaf, index - k, size - k, path[:-1]))


def check_consistency(old: tuple[int, bytes], new: tuple[int, bytes], path: list[bytes]) -> None:
    if old[0] in (0, new[0]):
        need(not path and (old[0] < new[0] or old == new), "bad-proof")
        return
    need(old[0] < new[0], "bad-proof")
    need(both(old, new[0], path, True) == (old[1], new[1]), "bad-proof")


def both(
    old: tuple[int, bytes], size: int, path: list[bytes], whole: bool
) -> tuple[bytes, bytes]:
    """The roots, then and now, of a subtree; `whole` while its left edge is the tree's."""
    if old[0] == size:
        need(len(path) == (0 if whole else 1), "bad-proof")
        root = old[1] if whole else path[0]
        return root, root
    need(bool(path), "bad-proof")
    k, other = split(size), path[-1]
    if old[0] <= k:
        then, now = both(old, k, path[:-1], whole)
        return then, node(now, other)
    then, now = both((old[0] - k, old[1]), size - k, path[:-1], False)
    return node(other, then), node(other, now)


# 7.1 Checkpoint, 8. Receipt and trust


def unbase64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raw = b""
    need(base64.b64encode(raw).decode() == text, "bad-note")
    return raw


def open_vkey(vkey: str) -> tuple[str, bytes, bytes]:
    """Name, key hash and public key."""
    name, digest, rest = vkey.split("+", 2)
    raw = unbase64(rest)
    key_hash = sha256(name.encode() + b"\n" + raw)[:4]
    need(len(raw) == 33 and raw[0] == 1 and key_hash.hex() == digest, "bad-note")
    return name, key_hash, raw[1:]


def open_note(note: str, vkey: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint that this key signed for the log of its own name."""
    name, key_hash, public = open_vkey(vkey)
    text, found, tail = note.rpartition("\n\n")
    lines = text.split("\n")
    need(bool(found) and tail.endswith("\n") and len(lines) >= 3 and lines[0] == name, "bad-note")
    need(lines[1].isdecimal() and str(int(lines[1])) == lines[1], "bad-note")
    marked = [line.removeprefix(f"— {name} ") for line in tail.split("\n") if f"— {name} " in line]
    ours = [raw[4:] for raw in map(unbase64, marked) if raw[:4] == key_hash]
    root = unbase64(lines[2])
    need(bool(ours) and len(root) == 32, "bad-note")
    try:
        key = ed25519.Ed25519PublicKey.from_public_bytes(public)
        key.verify(ours[0], text.encode() + b"\n")
    except InvalidSignature:
        raise Refused("bad-note") from None
    return int(lines[1]), root


@dataclass
class Trust:
    """The newest checkpoint that this device has verified."""

    vkey: str
    size: int = 0
    root: bytes = field(default_factory=lambda: sha256(b""))

    def move(self, note: str, since: int, path: list[bytes]) -> None:
        size, root = open_note(note, self.vkey)
        need(size >= self.size, "stale-checkpoint")
        need(size > self.size or root == self.root, "two-histories")
        need(since == self.size, "bad-proof")
        check_consistency((self.size, self.root), (size, root), path)
        self.size, self.root = size, root


# 9. HTTP, 11. Enrolment, and the device itself


def call(url: str, body: bytes | None = None) -> bytes:
    """The answer's body; a problem document becomes Refused."""
    headers = {} if body is None else {"Content-Type": "application/cbor"}
    try:
        request = urllib.request.Request(url, data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        slug = str(json.loads(error.read())["type"]).removeprefix("urn:jagalchi:problem:")
        raise Refused(slug) from None


@dataclass
class Device:
    """A key, what was pinned, every record that was sealed, and the places that are proved."""

    url: str
    key: Key = field(default_factory=Key)
    name: str = ""
    origin: str = ""
    trust: Trust = field(default_factory=lambda: Trust(""))
    epoch: bytes = b""
    last: bytes = b""
    sealed: dict[tuple[bytes, int], bytes] = field(default_factory=dict)
    proved: set[tuple[bytes, int]] = field(default_factory=set)

    def enrol(self, token: str) -> None:
        possession = encode({0: 1, 1: self.key.cose, 2: sha256(token.encode())})
        request = encode([1, token, self.key.seal(possession, ENROL)])
        answer = call(f"{self.url}/api/enrol", request)
        fields = decode(answer)
        self.name, self.origin, self.trust = fields[1], fields[2], Trust(fields[3])
        need(self.name == device_of(self.key.cose), "wrong-device")
        need(open_vkey(self.trust.vkey)[0] == self.origin, "bad-note")
        self.last = sha256(answer)

    def open(self, **named: str) -> bytes:
        """Begin an epoch; `device` and `origin` may be named falsely."""
        newest = list(self.sealed)[-1:]
        before = [*newest[0], self.last] if newest else None
        self.epoch = os.urandom(8)
        who = {0: named.get("device", self.name), 1: named.get("origin", self.origin)}
        rest = {2: os.urandom(16), 3: "second 1", 4: before, 5: None, 6: [[1, "air"]], 7: []}
        return self.seal(1, who | rest)

    def seal(self, kind: int, body: dict[int, Any], simulated: bool = False) -> bytes:
        """The next record of this epoch, sealed and kept."""
        seq = sum(epoch == self.epoch for epoch, _ in self.sealed)
        now, up = time.time_ns() // 1_000_000, time.monotonic_ns() // 1_000_000
        record = {0: 1, 1: kind, 2: self.epoch, 3: seq, 4: self.last, 5: up, 6: now, 7: 2, 8: 1000}
        sealed = self.key.seal(encode(record | ({9: 1} if simulated else {}) | {10: body}))
        self.sealed[self.epoch, seq], self.last = sealed, sha256(sealed)
        return sealed

    def read(self, milli_celsius: int) -> bytes:
        return self.seal(2, {0: [[1, 1, milli_celsius, 0, 1]]})

    def rotate(self, new: Key) -> bytes:
        """A rotation to `new`: the next epoch is to open under it."""
        place = [self.epoch, list(self.sealed)[-1][1], self.last]
        consent = to_be_signed(encode([self.name, place]), kid_of(new.cose), ROTATE)
        return self.seal(8, {0: new.cose, 1: new.sign(consent)})

    def post(self, *spans: list[bytes]) -> list[tuple[int, str | None, int | None]]:
        """The verdicts; what the answer proves is in `proved` afterwards."""
        path = f"{self.url}/api/devices/{self.name}/spans?since={self.trust.size}"
        answer = decode(call(path, encode([1, list(spans)])))
        self.believe(answer)
        return [(code, problem, index) for code, problem, index in answer[1]]

    def collect(self, *, hashes: bool = False) -> None:
        """Ask for every receipt of this epoch."""
        start: int | None = 0
        while start is not None:
            query = f"epoch={self.epoch.hex()}&from={start}&since={self.trust.size}"
            query += "&hashes=1" if hashes else ""
            answer = decode(call(f"{self.url}/api/devices/{self.name}/receipts?{query}"))
            self.believe(answer)
            start = answer[6] if (answer[6] or 0) > start else None

    def believe(self, answer: dict[int, Any]) -> None:
        """Section 8, steps 1 to 5."""
        if answer[2] is None:
            return
        self.trust.move(answer[2], answer[3], answer[4])
        for at, (leaf, index, path) in enumerate(answer[5]):
            root = climb(leaf_hash(leaf), index, self.trust.size, path)
            need(root == self.trust.root, "bad-proof")
            self.prove(decode(leaf), answer[8][at] if 8 in answer else [])

    def prove(self, leaf: list[Any], given: list[bytes]) -> None:
        """Count as proved what this leaf commits to of our own bytes, if it is ours."""
        if leaf[:2] != [1, self.name]:
            return
        epoch, first, last, root = leaf[2], leaf[3], leaf[4], leaf[7]
        places = [(epoch, seq) for seq in range(first, last + 1)]
        own = {at: leaf_hash(self.sealed[at]) for at in places if at in self.sealed}
        row = given if len(own) < len(places) else list(own.values())
        whole = len(row) == len(places) and root_of(row) == root
        if whole and all(row[seq - first] == own[epoch, seq] for epoch, seq in own):
            self.proved |= set(own)


def main(url: str, token: str) -> None:
    device = Device(url)
    device.enrol(token)
    spans = [device.open(), *(device.read(-18_000 - number) for number in range(9))]
    print(device.name, device.post(spans), f"{len(device.proved)} of {len(spans)} proved")


if __name__ == "__main__":
    main(*sys.argv[1:])
