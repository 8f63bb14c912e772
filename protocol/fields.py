"""Checks of decoded values: the right type, the right size, a name in every refusal.

Used wherever foreign CBOR becomes one of our dataclasses. Booleans are not integers here.
Spec: docs/protocol.md, the CDDL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import Final, TypeVar

from protocol.cbor import MAX_INT
from protocol.errors import ProtocolError
from protocol.registry import Problem

U32: Final = 2**32 - 1
U16: Final = 2**16 - 1
I32: Final = 2**31 - 1

_DEVICE: Final = re.compile(r"[a-z2-7]{16}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_KEYS: Final = [tuple(range(count)) for count in range(16)]

Code = TypeVar("Code", bound=IntEnum)


def malformed(detail: str) -> ProtocolError:
    """Return the refusal for a value of the wrong shape."""
    return ProtocolError(Problem.MALFORMED, detail)


def out_of_range(name: str, value: object, allowed: str) -> ProtocolError:
    """Return the refusal for a number or code outside what is allowed."""
    return ProtocolError(Problem.OUT_OF_RANGE, f"{name} is {value}, allowed: {allowed}")


def integer(value: object, low: int, high: int, name: str) -> int:
    """Return an integer within low..high."""
    if type(value) is not int:
        raise malformed(f"{name} is not an integer")
    if not low <= value <= high:
        raise out_of_range(name, value, f"{low}..{high}")
    return value


def count(value: object, name: str) -> int:
    """Return an integer within 0..2^53-1."""
    return integer(value, 0, MAX_INT, name)


def octets(value: object, size: int, name: str) -> bytes:
    """Return a byte string of exactly `size` bytes."""
    if type(value) is not bytes or len(value) != size:
        raise malformed(f"{name} is not {size} bytes")
    return value


def some_octets(value: object, most: int, name: str) -> bytes:
    """Return a byte string of at most `most` bytes."""
    if type(value) is not bytes:
        raise malformed(f"{name} is not a byte string")
    if len(value) > most:
        raise ProtocolError(Problem.TOO_LARGE, f"{name} has {len(value)} bytes, at most {most}")
    return value


def text(value: object, most: int, name: str) -> str:
    """Return text of 1..most UTF-8 bytes without control characters."""
    if type(value) is not str or not value:
        raise malformed(f"{name} is not a non-empty text")
    if len(value.encode()) > most:
        raise ProtocolError(Problem.TOO_LARGE, f"{name} is longer than {most} bytes")
    if _CONTROL.search(value):
        raise malformed(f"{name} has control characters")
    return value


def device(value: object) -> str:
    """Return a device name: 16 characters of base32 in lower case."""
    if type(value) is not str or not _DEVICE.fullmatch(value):
        raise malformed("the device is not 16 characters of lower-case base32")
    return value


def code(table: Mapping[int, Code], value: object, name: str) -> Code:
    """Return the registered code with this number."""
    if type(value) is not int:
        raise malformed(f"{name} is not an integer")
    member = table.get(value)
    if member is None:
        raise out_of_range(name, value, "a registered code")
    return member


def codes(registry: type[Code]) -> dict[int, Code]:
    """Return the table that `code` reads."""
    return {member.value: member for member in registry}


def items(value: object, least: int, most: int, name: str) -> list[object]:
    """Return a list of least..most items."""
    if type(value) is not list:
        raise malformed(f"{name} is not a list")
    if not least <= len(value) <= most:
        raise out_of_range(f"the number of {name}", len(value), f"{least}..{most}")
    return value


def row(value: object, size: int, name: str) -> list[object]:
    """Return a list of exactly `size` items."""
    if type(value) is not list or len(value) != size:
        raise malformed(f"{name} is not a list of {size}")
    return value


def numbered(value: object, size: int, name: str) -> list[object]:
    """Return the values of a map whose keys are exactly 0..size-1."""
    if type(value) is not dict or tuple(value) != _KEYS[size]:
        raise malformed(f"{name} is not a map with the keys 0..{size - 1}")
    return list(value.values())
