"""DHT22 (AM2302): from what a library or the kernel understood to milli-units. Pure.

Both decode the temperature as sign and magnitude, as the data sheet has it (Aosong AM2302, section
7, "single-bus": the top bit is the sign). Some batches send two's complement instead, and then both
say -3276.7 + something. The 16 bits that were on the wire can be rebuilt from either answer, and
the two encodings of -40 to 0 degrees have no word in common, so each frame tells which it is.

A frame of zeros is a line held low with a checksum that fits, and no measurement. Humidity at the
end of the scale (99.9) is kept but SUSPECT: cold damp air drives this sensor there, and it stays.
"""

from __future__ import annotations

from math import copysign

from hal.api import Fault, Quantity
from hal.drivers.tries import Rule, Rules, Said

COLDEST, HOTTEST = -40_000, 80_000
SIGN = 0x8000
SATURATED = 99_900

# Repeatability is 0.2 degrees and 1 % (AM2302, section 4). The sensor follows the air slowly, so it
# moves less than the air at a door may; half or double of 4 degrees is further off than this.
RULES: Rules = {
    Quantity.TEMPERATURE: Rule(slack=500, rate=200),
    Quantity.HUMIDITY: Rule(slack=3_000, rate=2_000),
}


def word(tenths: int, negative: bool) -> int:
    """Return the 16 bits that were decoded as sign and magnitude into this many tenths."""
    return (SIGN if negative else 0) | (abs(tenths) & (SIGN - 1))


def celsius(bits: int) -> int | None:
    """Return milli-degrees for the 16 bits, whichever encoding they are in; None: neither."""
    signed = -(bits & (SIGN - 1)) if bits & SIGN else bits
    for tenths in (signed, bits - 2 * SIGN if bits & SIGN else signed):
        if COLDEST <= tenths * 100 <= HOTTEST:
            return tenths * 100
    return None


def from_library(raw: object) -> tuple[Said, ...] | None:
    """What `adafruit_dht` said, [degrees, percent] as floats; None if that is no answer of it."""
    match raw:
        case [float() | int() as degrees, float() | int() as percent] if _small(degrees, percent):
            bits = word(round(degrees * 10), copysign(1, degrees) < 0)
            return _said(bits, round(percent * 10) * 100)
    return None


def from_kernel(raw: object) -> tuple[Said, ...] | None:
    """What the kernel's dht11 driver said, ["<milli-degrees>", "<milli-percent>"] (IIO files)."""
    match raw:
        case [str() as degrees, str() as percent]:
            try:
                milli, humidity = int(degrees), int(percent)
            except ValueError:
                return None
            return _said(word(round(milli / 100), milli < 0), humidity)
    return None


def _small(*numbers: float) -> bool:
    """Finite, and what 16 bits can hold; NaN is neither."""
    return all(abs(number) <= 6_553.5 for number in numbers)


def _said(bits: int, humidity: int) -> tuple[Said, ...]:
    return _temperature(bits, humidity), _humidity(bits, humidity)


def _temperature(bits: int, humidity: int) -> Said:
    value = None if bits == humidity == 0 else celsius(bits)
    fault = Fault.OUT_OF_RANGE if value is None else None
    return Said(Quantity.TEMPERATURE, value, fault)


def _humidity(bits: int, humidity: int) -> Said:
    if bits == humidity == 0 or not 0 <= humidity <= 100_000:
        return Said(Quantity.HUMIDITY, None, Fault.OUT_OF_RANGE)
    fault = Fault.SUSPECT if humidity >= SATURATED else None
    return Said(Quantity.HUMIDITY, humidity, fault)
