"""What nobody honest sends: CBOR, JSON, addresses and headers, made from a die of known seed."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from random import Random
from urllib.parse import quote_from_bytes

from protocol import cbor, wire

DEEP = 100_000
Body = bytes

CBOR_ATOMS: tuple[bytes, ...] = (
    b"\xf9\x7e\x00",  # NaN
    b"\xfb" + struct.pack(">d", float("inf")),
    b"\xfa\x7f\xc0\x00\x00",
    b"\xf7",  # undefined
    b"\xf8\xff",
    b"\xff",  # a stop code
    b"\x9f\x01\xff",  # of indefinite length: list, map, bytes, text
    b"\xbf\x01\x02\xff",
    b"\x5f\x41\x00\x41\x00\xff",
    b"\x7f\x61\x61\xff",
    b"\x9f",
    b"\x1b" + b"\xff" * 8,  # 2^64 - 1
    b"\x3b" + b"\xff" * 8,
    b"\x1b\x00\x20" + bytes(6),  # 2^53
    b"\x1b\x7f" + b"\xff" * 7,  # 2^63 - 1
    b"\xc2\x59\x08\x1b" + b"\xff" * 2075,  # a number of 5,000 digits
    b"\xc1\x00",
    b"\xd9\xd9\xf7\x80",
    b"\xdb" + b"\xff" * 8 + b"\x00",  # the last tag
    b"\xd8\x1c\x81\xd8\x1d\x00",  # a list that holds itself
    b"\xa2\x01\x00\x01\x00",  # a key twice
    b"\xa2\x61a\x00\x61a\x00",
    b"\xa1\x80\x00",
    b"\x61\xff",  # not UTF-8
    b"\x63\xed\xa0\x80",  # half a surrogate pair
    b"\x66\xed\xa0\x80\xed\xb0\x80",
    b"\x64\xef\xbb\xbfa",  # a byte order mark
    b"\x61\x00",
    b"\x9b" + b"\xff" * 8,
    b"\xbb" + b"\x7f" * 8,
    b"\x5b\x00\x00\x00\x01" + bytes(4),
    b"\x9a\x00\x0f\x42\x40" + b"\x80" * 1_000_000,  # a megabyte of empty lists
    b"\x81" * DEEP + b"\x00",
    b"\xa1\x00" * DEEP + b"\x00",
    b"\xd9\xd9\xf7" * DEEP,
    b"",
)

JSON_TEXTS: tuple[bytes, ...] = (
    b"NaN",
    b"[Infinity, -Infinity, 1e999]",
    b'{"a": 1, "a": 2}',
    b"9" * 5_000,
    b"[9223372036854775808, -9223372036854775809, 18446744073709551616]",
    b"[" * DEEP,
    b'{"a":' * DEEP,
    b"[" * DEEP + b"]" * DEEP,
    b'"\\ud800"',
    b'"\\udfff\\ud800"',
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    b'"\xff\xfe"',
    b'"\xed\xa0\x80"',
    b'{"__proto__": {"x": 1}}',
    b"null",
    b"",
    b"\x00",
)

VALUES: tuple[bytes, ...] = (
    b"",
    b"-1",
    b"NaN",
    b"Infinity",
    b"1e999",
    b"1.5",
    b"0x10",
    b"1_000",
    b" 1",
    b"+1",
    b"9007199254740992",
    b"9223372036854775808",
    b"-9223372036854775809",
    b"18446744073709551616",
    b"9" * 1_500,
    b"\xef\xbb\xbf1",
    b"\xed\xa0\x80",
    b"\xff",
    b"\x00",
    b"\r\nX: y",
    "١٢٣".encode(),
    "²".encode(),
    b"true",
    b"null",
    b"[]",
    b"' OR 1=1 --",
    b"../../etc/passwd",
    b"%00",
    b"0123456789abcdef",
    b"aaaaaaaaaaaaaaaa",
)

TYPES = (
    wire.MEDIA_TYPE,
    "application/json",
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded; charset=utf-7",
    "application/cbor; charset=\xff",
    "",
)
POSTS = ("/api/enrol", "/api/devices/{device}/spans", "/api/log/evidence")
GETS: dict[str, tuple[str, ...]] = {
    "/api/devices/{device}/head": ("after",),
    "/api/devices/{device}/receipts": ("epoch", "from", "since", "hashes"),
    "/api/devices/{device}/config": ("x",),
    "/api/devices/{value}/head": ("after",),
    "/api/{value}": ("x",),
    "/devices/{device}": ("lang",),
    "/devices/{value}": ("lang",),
    "/": ("page", "lang"),
    "/tile/0/{value}": ("x",),
    "/tile/entries/{value}": ("x",),
    "/tile/{value}/000": ("x",),
    "/checkpoint": ("x",),
    "/{value}": ("x",),
}


class Stranger:
    """Makes requests; `device` is one that is enrolled, `bodies` are honest ones to begin from."""

    def __init__(self, seed: int, device: str, bodies: tuple[bytes, ...]) -> None:
        self._dice = Random(seed)
        self._device, self._bodies = device, bodies
        self._makers: tuple[Callable[[], bytes], ...] = (self._ask, self._post, self._post)

    def requests(self, count: int) -> Iterator[bytes]:
        """So many requests, whole."""
        for _ in range(count):
            yield self._dice.choice(self._makers)()

    def _value(self) -> str:
        return quote_from_bytes(self._dice.choice(VALUES), safe="")

    def _ask(self) -> bytes:
        path, names = self._dice.choice(list(GETS.items()))
        where = path.format(device=self._device, value=self._value())
        some = self._dice.sample(names, self._dice.randint(0, len(names)))
        pairs = [(name, self._value()) for name in (*some, *some[:1]) if self._dice.random() < 0.9]
        query = "&".join(f"{name}={value}" for name, value in pairs)
        return _head("GET", f"{where}?{query}", self._odd_header()) + b"\r\n"

    def _post(self) -> bytes:
        path = self._dice.choice(POSTS).format(device=self._device)
        body = self._json() if self._dice.random() < 0.2 else self._cbor()
        kind = self._dice.choice(TYPES) if self._dice.random() < 0.3 else wire.MEDIA_TYPE
        head = _head("POST", f"{path}?since={self._value()}", self._odd_header())
        if self._dice.random() < 0.7:
            head = _head("POST", path, "")
        length = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        return head + length.encode("latin-1") + body

    def _odd_header(self) -> str:
        name = self._dice.choice(("Accept-Language", "Cookie", "Accept", "If-None-Match", "Range"))
        value = self._dice.choice(VALUES).decode("latin-1").replace("\r\n", "").replace("\0", "")
        return f"{name}: {value}\r\n" if self._dice.random() < 0.3 else ""

    def _json(self) -> bytes:
        return self._dice.choice(JSON_TEXTS)

    def _cbor(self) -> bytes:
        """An atom alone, wrapped, put into an honest body, or an honest body mangled."""
        atom, honest = self._dice.choice(CBOR_ATOMS), self._dice.choice(self._bodies)
        at = self._dice.randrange(len(honest))
        made = self._dice.choice(
            (
                atom,
                b"\x82\x01\x81" + atom,
                b"\x82\x01\x81\x81" + atom,
                b"\x83\x01" + cbor.encode("token") + atom,
                honest[:at] + atom + honest[at + 1 :],
                honest[:at] + self._dice.randbytes(3) + honest[at + 3 :],
                wire.encode_batch([[atom[:16_000]]]),
                wire.encode_batch([[honest[:100]], [atom[:16_000]]]),
            )
        )
        return made[: 1 << 20]


def _head(method: str, target: str, more: str) -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}".encode("latin-1")
