"""DS18B20: the nine bytes of its scratchpad, as the kernel's w1_slave file prints them. Pure.

Maxim DS18B20 data sheet: memory map (figure 9), resolution (table 2), CRC (x^8 + x^5 + x^4 + 1).
The checksum is computed here again: a shorted line reads as nine zeros, whose checksum fits.
+85 is what it says between power-on and its first conversion, and no cold chain knows the true one;
-127 is what other libraries say for "nothing there". Both are refused.
"""

from __future__ import annotations

import re

from hal.api import Fault, Quantity
from hal.drivers.tries import Rules, Said, failed

RULES: Rules = {Quantity.TEMPERATURE: None}
COLDEST, HOTTEST = -55_000, 125_000
POWER_ON = 0x0550
BYTES = re.compile(r"(?:[0-9a-f]{2} ){9}")
UNDEFINED_BITS = {0x1F: 0x7, 0x3F: 0x3, 0x5F: 0x1, 0x7F: 0x0}
"""Configuration byte: which of the lowest bits mean nothing at this resolution."""


def decode(raw: object) -> tuple[Said, ...] | None:
    """What the file said; None if that is no such file."""
    found = BYTES.match(raw) if isinstance(raw, str) else None
    if found is None:
        return None
    pad = bytes.fromhex(found[0])
    if crc8(pad[:8]) != pad[8]:
        return failed(RULES, Fault.CHECKSUM)
    milli = None if not any(pad) else _milli(pad)
    if milli is None:
        return failed(RULES, Fault.OUT_OF_RANGE)
    return (Said(Quantity.TEMPERATURE, milli),)


def _milli(pad: bytes) -> int | None:
    bits = int.from_bytes(pad[:2], "little")
    if bits == POWER_ON or pad[4] not in UNDEFINED_BITS:
        return None
    sixteenths = int.from_bytes(pad[:2], "little", signed=True) & ~UNDEFINED_BITS[pad[4]]
    milli = round(sixteenths * 62.5)
    return milli if COLDEST <= milli <= HOTTEST else None


def crc8(data: bytes) -> int:
    """Dallas and Maxim's CRC, lowest bit first."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
    return crc
