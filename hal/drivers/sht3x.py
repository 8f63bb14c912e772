"""Sensirion SHT30, SHT31 and SHT35: six bytes of an I2C answer. Pure.

Sensirion "Datasheet SHT3x-DIS": single-shot command (section 4.3, table 9: high repeatability, no
clock stretching), its duration (section 2.2, table 4), CRC-8 (section 4.12, table 20) and the
conversion to physical values (section 4.13).
"""

from __future__ import annotations

from hal.api import Fault, Quantity
from hal.drivers.tries import Rules, Said, failed

RULES: Rules = {Quantity.TEMPERATURE: None, Quantity.HUMIDITY: None}
MEASURE = (0x24, 0x00)
DURATION_S = 0.016
ANSWER_BYTES = 6
FULL = 65_535
COLDEST, HOTTEST = -40_000, 125_000


def decode(raw: object) -> tuple[Said, ...] | None:
    """What the bytes say, given as hexadecimal text; None if that is no answer of this sensor."""
    try:
        data = bytes.fromhex(raw) if isinstance(raw, str) else b""
    except ValueError:
        return None
    if len(data) != ANSWER_BYTES:
        return None
    if crc8(data[0:2]) != data[2] or crc8(data[3:5]) != data[5]:
        return failed(RULES, Fault.CHECKSUM)
    milli = round(175_000 * int.from_bytes(data[0:2], "big") / FULL) - 45_000
    humidity = round(100_000 * int.from_bytes(data[3:5], "big") / FULL)
    if not COLDEST <= milli <= HOTTEST:
        return failed(RULES, Fault.OUT_OF_RANGE)
    return Said(Quantity.TEMPERATURE, milli), Said(Quantity.HUMIDITY, humidity)


def crc8(data: bytes) -> int:
    """Sensirion's CRC: polynomial 0x31, begun with 0xFF, highest bit first."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ (0x31 if crc & 0x80 else 0)) & 0xFF
    return crc
