"""A DHT22 through `adafruit_dht`, in the child process of hal/pi/warden.py.

The library has two ways to time the pulses: `pulseio`, a helper process of its own, and counting in
Python ("bit-bang"). Which one works depends on board, kernel and library, so it can be configured
or probed: after a few failures in a row the other way is tried, and what worked once is kept.

The library answers from memory if it is asked again within 2 s, even after a failure. The pause
between two reads (`pace_ms`, at least 2.1 s after the end of the one before) keeps that from
happening, except for the second of the two values of one read, where it is meant.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Protocol

PATIENCE = 4  # failures in a row before the other way is tried


class Device(Protocol):
    """What we use of `adafruit_dht.DHT22`."""

    temperature: float | None
    humidity: float | None

    def exit(self) -> None:
        """End the helper process."""
        ...


class Ways:
    """Which of the two ways to use next. Knows no hardware.

    `wish` is yes, no or probe; `starts` counts the children before this one, that hung or crashed:
    a hang says nothing of itself, so each new child begins with the other way.
    """

    def __init__(self, wish: str, starts: int) -> None:
        """Begin with pulseio, if probing may begin with it."""
        self.pulseio = wish == "yes" or (wish == "probe" and starts % 2 == 0)
        self._probing = wish == "probe"
        self._failures = 0

    def worked(self) -> None:
        """Stay with this way."""
        self._probing = False

    def failed(self) -> bool:
        """Return whether to change over to the other way now."""
        self._failures += 1
        if not self._probing or self._failures < PATIENCE:
            return False
        self._failures, self.pulseio = 0, not self.pulseio
        return True


class DhtReader:
    """One sensor; the device is opened by the first read, and anew after a change of ways."""

    def __init__(self, job: Mapping[str, object], starts: int) -> None:
        """Load the library, which takes seconds on a small board; touch nothing yet."""
        with contextlib.suppress(ImportError, RuntimeError):  # `read` will say so
            import adafruit_dht  # noqa: F401
        self._pin = int(str(job["pin"]))
        self._ways = Ways(str(job["pulseio"]), starts)
        self._device: Device | None = None

    def read(self) -> object:
        """Return [degrees Celsius, percent]. Raises what the library raises."""
        try:
            if self._device is None:
                self._device = open_device(self._pin, self._ways.pulseio)
            said = [self._device.temperature, self._device.humidity]
        except Exception:
            if self._ways.failed():
                self._let_go()
            raise
        self._ways.worked()
        return said

    def _let_go(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            device.exit()


def open_device(pin: int, pulseio: bool) -> Device:
    """Open the sensor at a pin (BCM number). Raises what Blinka does on an unknown board."""
    import adafruit_dht
    import board

    device: Device = adafruit_dht.DHT22(getattr(board, f"D{pin}"), use_pulseio=pulseio)
    return device
