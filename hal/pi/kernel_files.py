"""Sensors that the kernel reads for us: its files, in the child process of hal/pi/warden.py.

A read of such a file lasts as long as the measurement (0.75 s for a DS18B20), and on a bad line for
ever. Kernel documentation: ABI/testing/sysfs-bus-iio and w1/slaves/w1_therm.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path


class DhtFiles:
    """`dtoverlay=dht11,gpiopin=N`: a DHT22 as an IIO device named after its pin in hexadecimal."""

    def __init__(self, job: Mapping[str, object], starts: int) -> None:  # noqa: ARG002
        """Touch nothing yet."""
        self._devices = Path(str(job["devices"]))
        self._name = f"dht11@{int(str(job['pin'])):x}"

    def read(self) -> object:
        """Return [milli-degrees, milli-percent] as the kernel's text. Raises OSError."""
        for folder in sorted(self._devices.glob("iio:device*")):
            if _text(folder / "name") == self._name:
                inputs = ("in_temp_input", "in_humidityrelative_input")
                return [_text(folder / name) for name in inputs]
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), self._name)


class ProbeFile:
    """A DS18B20 by its id ("28-..."); without one it has to be alone on the bus."""

    def __init__(self, job: Mapping[str, object], starts: int) -> None:  # noqa: ARG002
        """Touch nothing yet."""
        self._devices = Path(str(job["devices"]))
        self._id = str(job["id"])

    def read(self) -> object:
        """Return the text of its w1_slave file. Raises OSError, ValueError if it is not alone."""
        found = sorted(self._devices.glob(self._id or "28-*"))
        if not found:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), self._id or "28-*")
        if len(found) > 1:
            raise ValueError(f"several probes, and no id says which: {', '.join(map(str, found))}")
        return _text(found[0] / "w1_slave")


def _text(path: Path) -> str:
    return path.read_text("ascii", "replace")[:200].strip()
