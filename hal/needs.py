"""What a real part needs of a machine, and what this one lacks: in words, before anything is wired.

Pure but for `ThisMachine`, which looks and touches nothing. A file that is there may still be the
wrong one; only a reading proves a sensor.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from hal.schema import PARTS

EXTRA = "pip install 'jagalchi[pi]'"


@dataclass(frozen=True, slots=True)
class Module:
    """A Python package that has to be importable, and the distribution it comes with."""

    name: str
    package: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that has to be there and to be ours to use; `{key}` stands for an option.

    written: it is used in both directions. en, ko: what to do where it is missing.
    """

    path: str
    written: bool
    group: str
    en: str
    ko: str


Need = Module | File

GPIO = File(
    "/dev/gpiochip0",
    True,
    "gpio",
    "only a Raspberry Pi with its kernel has these pins",
    "이 핀은 Raspberry Pi에만 있습니다",
)
PORT = File(
    "{device}",
    True,
    "dialout",
    "plug the receiver in, or name its port in `device`; for /dev/serial0: raspi-config, serial"
    " port on, login shell off",
    "수신기를 연결하거나 device에 포트를 적으세요. /dev/serial0은 raspi-config에서"
    " 시리얼 포트를 켜고 로그인 셸을 끄세요",
)
I2C = File(
    "/dev/i2c-{bus}",
    True,
    "i2c",
    "switch I2C on: raspi-config, or dtparam=i2c_arm=on in config.txt",
    "raspi-config 또는 config.txt의 dtparam=i2c_arm=on으로 I2C를 켜세요",
)
ONE_WIRE = File(
    "{devices}/w1_bus_master1",
    False,
    "",
    "switch 1-Wire on: dtoverlay=w1-gpio in config.txt, then start the Pi anew",
    "config.txt에 dtoverlay=w1-gpio를 넣고 Pi를 다시 시작하세요",
)
IIO = File(
    "{devices}/iio:device0",
    False,
    "",
    "let the kernel read the sensor: dtoverlay=dht11,gpiopin={pin} in config.txt, then start anew",
    "config.txt에 dtoverlay=dht11,gpiopin={pin}을 넣고 Pi를 다시 시작하세요",
)
PINS: tuple[Need, ...] = (Module("gpiozero", "gpiozero"), Module("lgpio", "lgpio"), GPIO)

NEEDS: Mapping[tuple[str, str], tuple[Need, ...]] = {
    ("sensor", "dht"): (
        Module("adafruit_dht", "adafruit-circuitpython-dht"),
        Module("gpiod", "gpiod"),
        GPIO,
    ),
    ("sensor", "dht-kernel"): (IIO,),
    ("sensor", "ds18b20"): (ONE_WIRE,),
    ("sensor", "sht3x"): (Module("smbus2", "smbus2"), I2C),
    ("positioner", "nmea"): (Module("serial", "pyserial"), Module("pynmea2", "pynmea2"), PORT),
    ("positioner", "gpsd"): (),
    ("contact", "gpio"): PINS,
    ("light", "gpio"): PINS,
}


class Machine(Protocol):
    """What can be seen of a machine without touching its hardware."""

    def has_module(self, name: str) -> bool:
        """Whether Python could import it."""
        ...

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        ...

    def may_use(self, path: str, written: bool) -> bool:
        """Whether this user may read it, and write it where it is written."""
        ...


class ThisMachine:
    """The machine that this runs on; `root` is / outside tests."""

    def __init__(self, root: Path = Path("/")) -> None:
        """Look at nothing yet."""
        self._root = root

    def has_module(self, name: str) -> bool:
        """See `Machine`."""
        return find_spec(name) is not None

    def exists(self, path: str) -> bool:
        """See `Machine`."""
        return self._at(path).exists()

    def may_use(self, path: str, written: bool) -> bool:
        """See `Machine`."""
        return os.access(self._at(path), os.R_OK | (os.W_OK if written else 0))

    def _at(self, path: str) -> Path:
        return self._root / path.lstrip("/")


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that a part needs and does not have here, in both languages."""

    part: str
    en: str
    ko: str


def lacking(kind: str, part: str, given: Mapping[str, object], machine: Machine) -> Iterator[Lack]:
    """Yield what this part lacks on that machine; nothing for parts that are not real."""
    defaults = {name: key.default for name, key in PARTS.get((kind, part), {}).items()}
    values = {**defaults, **given}
    for need in NEEDS.get((kind, part), ()):
        words = _missing(need, values, machine)
        if words is not None:
            yield Lack(part, *words)


def _missing(need: Need, values: Mapping[str, object], machine: Machine) -> tuple[str, str] | None:
    if isinstance(need, Module):
        if machine.has_module(need.name):
            return None
        return (
            f"the Python package {need.package} is not installed: {EXTRA}",
            f"파이썬 패키지 {need.package}가 없습니다: {EXTRA}",
        )
    path = need.path.format_map(values)
    if not machine.exists(path):
        en, ko = need.en.format_map(values), need.ko.format_map(values)
        return f"{path} is not there: {en}", f"{path} 파일이 없습니다: {ko}"
    if machine.may_use(path, need.written):
        return None
    return (
        f"{path} is there, but this user may not use it: sudo usermod -aG {need.group} USER",
        f"{path} 파일을 쓸 권한이 없습니다: sudo usermod -aG {need.group} USER",
    )
