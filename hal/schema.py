"""The options of every real part, as data: what they are called, what fits, what is assumed.

One table for three readers: the factories in `hal.pi`, the settings file (which wants every mistake
at once) and the examples in config/ (which show every key). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hal.options import Options

Value = int | str | bool


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `least` to `most`; no default means that it has to be given."""

    default: int | None
    least: int
    most: int

    @property
    def expected(self) -> str:
        """What fits, in words."""
        return f"a whole number from {self.least} to {self.most}"

    def fits(self, value: object) -> bool:
        """Whether `value` may stand here."""
        return type(value) is int and self.least <= value <= self.most


@dataclass(frozen=True, slots=True)
class Word:
    """One of a few words, the first of which is the default."""

    words: tuple[str, ...]

    @property
    def default(self) -> str:
        """The first word."""
        return self.words[0]

    @property
    def expected(self) -> str:
        """What fits, in words."""
        return f"one of {', '.join(self.words)}"

    def fits(self, value: object) -> bool:
        """Whether `value` may stand here."""
        return value in self.words


@dataclass(frozen=True, slots=True)
class Text:
    """Printable text of at most 255 characters."""

    default: str

    @property
    def expected(self) -> str:
        """What fits, in words."""
        return "text of at most 255 printable characters"

    def fits(self, value: object) -> bool:
        """Whether `value` may stand here."""
        return isinstance(value, str) and len(value) <= 255 and value.isprintable()


Key = Whole | Word | Text
Keys = Mapping[str, Key]

PIN = Whole(None, 0, 27)
POLLED: Keys = {
    "pace_ms": Whole(2_500, 2_100, 60_000),
    "deadline_ms": Whole(6_000, 1_000, 60_000),
}
"""The pause after a read, above the 2 s that a DHT22 wants; and how long a read may take."""

PARTS: Mapping[tuple[str, str], Keys] = {
    ("sensor", "dht"): {
        "pin": Whole(4, 0, 27),
        "pulseio": Word(("probe", "yes", "no")),
        **POLLED,
    },
    ("sensor", "dht-kernel"): {
        "pin": Whole(4, 0, 27),
        "devices": Text("/sys/bus/iio/devices"),
        **POLLED,
    },
    ("sensor", "ds18b20"): {"id": Text(""), "devices": Text("/sys/bus/w1/devices"), **POLLED},
    ("sensor", "sht3x"): {"bus": Whole(1, 0, 255), "address": Whole(68, 68, 69), **POLLED},
    ("positioner", "nmea"): {
        "device": Text("/dev/serial0"),
        "baud": Whole(9_600, 4_800, 921_600),
    },
    ("positioner", "gpsd"): {"host": Text("127.0.0.1"), "port": Whole(2_947, 1, 65_535)},
    ("contact", "gpio"): {
        "pin": PIN,
        "pull": Word(("up", "down", "none")),
        "true_when": Word(("high", "low")),
        "bounce_ms": Whole(50, 0, 1_000),
    },
    ("light", "gpio"): {"pin": PIN, "lit_when": Word(("high", "low"))},
}
"""Pins are numbered as the processor does it (BCM), not as the header counts."""


def problems(kind: str, part: str, given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield (key, what was expected) for all that does not fit; nothing for parts not in PARTS."""
    keys = PARTS.get((kind, part))
    if keys is None:
        return
    for name, key in keys.items():
        if not key.fits(given.get(name, key.default)):
            yield name, key.expected
    for name in sorted(given.keys() - keys.keys()):
        yield name, f"one of the options of {part}: {', '.join(sorted(keys))}"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The options of one part, all there and all fitting."""

    values: Mapping[str, Value]

    def whole(self, key: str) -> int:
        """Return a number."""
        value = self.values[key]
        assert type(value) is int
        return value

    def text(self, key: str) -> str:
        """Return a word or a text."""
        value = self.values[key]
        assert isinstance(value, str)
        return value


def choose(kind: str, options: Options) -> Chosen:
    """Take this part's options. Raises HalError for the first one that does not fit."""
    chosen: dict[str, Value] = {}
    for name, key in PARTS[kind, options.part].items():
        value = options.anything(name, key.default)
        if not key.fits(value):
            raise options.refuse(name, key.expected)
        assert isinstance(value, int | str)
        chosen[name] = value
    return Chosen(chosen)
