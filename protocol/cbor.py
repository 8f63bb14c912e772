"""Deterministic CBOR (RFC 8949 section 4.2.1), the only encoding this protocol knows.

Every value has exactly one permitted byte string, so `decode` refuses all others: longer heads,
indefinite lengths, unsorted or repeated keys, trailing bytes. It also refuses what the protocol
never uses: floats, tags, bignums, undefined, map keys other than non-negative integers or text, and
more values than any structure of ours has: a megabyte of empty lists would cost seconds to read.
The reader is ours and not a library's, because a peer must not be able to reach any decoder for
tags, and because a refusal has to say what is wrong and at which byte. Written out by `cbor2`.
Spec: docs/protocol.md, section "Encoding".
"""

from __future__ import annotations

from typing import Final, NoReturn

import cbor2

from protocol.errors import ProtocolError
from protocol.registry import Problem

MAX_INT: Final = 2**53 - 1
"""Largest magnitude of any integer: what a JavaScript number holds exactly."""

MAX_DEPTH: Final = 8
"""Containers inside containers; the deepest of our own structures has five."""

MAX_ITEMS: Final = 32_768
"""Members of lists, keys and values of maps in one value; the fullest answer has some 18,400."""

_SIMPLE: Final = {0xF4: False, 0xF5: True, 0xF6: None}
_SMALL: Final = 24
_FIRST_NEGATIVE: Final = 0x20
_FIRST_BYTES: Final = 0x40
_FIRST_TEXT: Final = 0x60
_FIRST_ARRAY: Final = 0x80
_FIRST_MAP: Final = 0xA0
_FIRST_TAG: Final = 0xC0
_FIRST_OTHER: Final = 0xE0
_STOP: Final = 0xFF


def encode(value: object) -> bytes:
    """Return the one encoding of integers, bytes, text, booleans, None, lists and maps of them.

    A map's keys are all non-negative integers or all text: there the order of `cbor2` and that of
    RFC 8949 agree. Callers never pass floats.
    """
    return cbor2.dumps(value, canonical=True)


def decode(
    data: bytes, *, max_bytes: int, max_depth: int = MAX_DEPTH, max_items: int = MAX_ITEMS
) -> object:
    """Return the value of `data`, which must be its one encoding and nothing more.

    Raises ProtocolError: MALFORMED, NOT_DETERMINISTIC, OUT_OF_RANGE, TOO_DEEP, TOO_LARGE.
    """
    if len(data) > max_bytes:
        raise ProtocolError(Problem.TOO_LARGE, f"{len(data)} bytes, at most {max_bytes}")
    value, end = decode_next(data, 0, max_depth=max_depth, max_items=max_items)
    if end != len(data):
        _refuse(Problem.MALFORMED, end, "bytes follow the value")
    return value


def decode_next(
    data: bytes, at: int, *, max_depth: int = MAX_DEPTH, max_items: int = MAX_ITEMS
) -> tuple[object, int]:
    """Return the value that begins at byte `at` and where it ends; for CBOR sequences."""
    try:
        value, end = _item(data, at, max_depth, [max_items])
    except IndexError:
        end = len(data) + 1
    if end > len(data):
        _refuse(Problem.MALFORMED, len(data), "the data ends early")
    return value, end


def _refuse(problem: Problem, at: int, why: str) -> NoReturn:
    raise ProtocolError(problem, f"{why} at byte {at}")


# Reading past the end gives short slices here; `end` then exceeds the data and is refused above.
# Small numbers are read in place by the containers: they are half of every record. `room` holds one
# number: how many values there may still be.


def _item(data: bytes, at: int, depth: int, room: list[int]) -> tuple[object, int]:
    first = data[at]
    at += 1
    size = first & 31
    if size > 23 and first < _FIRST_TAG:
        size, at = _long_head(data, at, size)
    if first < _FIRST_BYTES:
        major = first >> 5
        if size > MAX_INT - major:
            _refuse(Problem.OUT_OF_RANGE, at, "an integer beyond 2^53-1")
        return ~size if major else size, at
    if first < _FIRST_TEXT:
        end = at + size
        return data[at:end], end
    if first < _FIRST_ARRAY:
        return _text(data, at, size)
    if first < _FIRST_MAP:
        return _array(data, at, size, depth, room)
    if first < _FIRST_TAG:
        return _map(data, at, size, depth, room)
    return _other(first, at)


def _long_head(data: bytes, at: int, info: int) -> tuple[int, int]:
    if info == 24:
        size, end, least = data[at], at + 1, 24
    elif info == 25:
        size, end, least = data[at] << 8 | data[at + 1], at + 2, 1 << 8
    elif info == 26:
        end, least = at + 4, 1 << 16
        size = int.from_bytes(data[at:end], "big")
    elif info == 27:
        end, least = at + 8, 1 << 32
        size = int.from_bytes(data[at:end], "big")
    else:
        _refuse(Problem.NOT_DETERMINISTIC if info == 31 else Problem.MALFORMED, at, "no length")
    if size < least:
        if end > len(data):
            raise IndexError
        _refuse(Problem.NOT_DETERMINISTIC, at, "a number in more bytes than it needs")
    return size, end


def _text(data: bytes, start: int, size: int) -> tuple[str, int]:
    end = start + size
    try:
        return data[start:end].decode("utf-8"), end
    except UnicodeDecodeError:
        if end > len(data):
            raise IndexError from None
        _refuse(Problem.MALFORMED, start, "text that is not UTF-8")


def _enter(data: bytes, at: int, items: int, depth: int, room: list[int]) -> None:
    """Refuse a container by its head alone, before any of its `items` is read."""
    if depth == 0:
        _refuse(Problem.TOO_DEEP, at, "nested too deeply")
    if items > len(data) - at:
        raise IndexError
    room[0] -= items
    if room[0] < 0:
        _refuse(Problem.TOO_LARGE, at, "too many values")


def _array(
    data: bytes, at: int, size: int, depth: int, room: list[int]
) -> tuple[list[object], int]:
    _enter(data, at, size, depth, room)
    items: list[object] = []
    for _ in range(size):
        value: object = data[at]
        if value < _SMALL:  # type: ignore[operator]
            at += 1
        else:
            value, at = _item(data, at, depth - 1, room)
        items.append(value)
    return items, at


def _map(
    data: bytes, at: int, size: int, depth: int, room: list[int]
) -> tuple[dict[object, object], int]:
    _enter(data, at, 2 * size, depth, room)
    items: dict[object, object] = {}
    least, previous = 0, b""
    for _ in range(size):
        key: object = data[at]
        if least <= key < _SMALL:  # type: ignore[operator]
            at += 1
            least = key + 1  # type: ignore[operator]
        else:
            start = at
            key, at = _long_key(data, at)
            if previous >= (previous := data[start:at]):
                _refuse(Problem.NOT_DETERMINISTIC, start, "keys out of order or repeated")
            least = _SMALL
        value: object = data[at]
        if value < _SMALL:  # type: ignore[operator]
            at += 1
        else:
            value, at = _item(data, at, depth - 1, room)
        items[key] = value
    return items, at


def _long_key(data: bytes, at: int) -> tuple[object, int]:
    first = data[at]
    if first < _SMALL:
        _refuse(Problem.NOT_DETERMINISTIC, at, "keys out of order or repeated")
    if not (first < _FIRST_NEGATIVE or _FIRST_TEXT <= first < _FIRST_ARRAY):
        _refuse(Problem.MALFORMED, at, "a key that is neither a natural number nor text")
    return _item(data, at, 0, [])


def _other(first: int, at: int) -> tuple[object, int]:
    if first in _SIMPLE:
        return _SIMPLE[first], at
    if first == _STOP:
        _refuse(Problem.MALFORMED, at, "a stop code")
    if first < _FIRST_OTHER:
        _refuse(Problem.MALFORMED, at, "a tag")
    _refuse(Problem.MALFORMED, at, "a float or an unused simple value")
