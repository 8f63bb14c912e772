"""Light, buzzer and two-state inputs at the pins of a Raspberry Pi, through gpiozero.

A light is driven by one thread that counts slots; it goes dark when nobody has told it for a while
what to show, so that a hung agent does not look alive. (A killed one leaves the pin as it was: that
is why patterns move.) An input wakes the agent at once. Whatever the pins do, recording goes on: a
light that fails is dark, an input that fails is unknown, and both are tried again.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Any

from hal import schema
from hal.api import SLOT_MS, Moment
from hal.drivers.frames import frame
from hal.options import Options, Shared
from hal.pi.owner import Clock, Owner, Pause, boot_ms
from hal.schema import Chosen

LEASE_MS = 15_000
"""The agent tells its light at least every five seconds."""
RETRY_MS = 30_000
_OPENING = threading.Lock()
"""Two threads must not make two pin factories of one chip."""


class GpioLight:
    """An LED or a buzzer that is switched by one pin."""

    simulated = False
    wake_fd = None

    def __init__(self, chosen: Chosen, clock: Clock = boot_ms) -> None:
        """Nothing is touched before the first pattern."""
        self._chosen = chosen
        self._owner = Owner(self.step, self._let_go, clock)
        self._lock = threading.Lock()
        self._pattern, self._until_ms = "", 0
        self._device: Any = None
        self._slot = 0
        self._shown = ""
        self._retry_ms = 0

    def show(self, pattern: str, at: Moment) -> None:
        """Show this pattern for a while; the same again goes on where it is."""
        with self._lock:
            changed, self._pattern = pattern != self._pattern, pattern
            self._until_ms = at.boot_ms + LEASE_MS
        self._owner.begin()
        if changed:
            self._owner.wake()

    def close(self) -> None:
        """Go dark and let go of the pin."""
        self._owner.close()

    def step(self, now_ms: int) -> Pause:
        """Show the next frame."""
        with self._lock:
            pattern = self._pattern if now_ms < self._until_ms else ""
        if pattern != self._shown:
            self._shown, self._slot = pattern, 0
        lit, slots = frame(pattern, self._slot)
        self._slot += slots
        if now_ms >= self._retry_ms:
            self._switch(lit, now_ms)
        return Pause(slots * SLOT_MS)

    def _switch(self, lit: bool, now_ms: int) -> None:
        # Whatever a library of pins may raise here: no light is worth a reading.
        try:
            if self._device is None:
                self._device = open_output(self._chosen)
            self._device.value = lit
        except Exception:
            self._let_go()
            self._retry_ms = now_ms + RETRY_MS

    def _let_go(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            with contextlib.suppress(Exception):
                device.off()
            with contextlib.suppress(Exception):
                device.close()


class GpioContact:
    """A switch, or a line that says whether power is there."""

    simulated = False

    def __init__(self, chosen: Chosen) -> None:
        """The pin is opened by the first question."""
        self._chosen = chosen
        self._device: Any = None
        self._retry_ms: int | None = None
        self.wake_fd: int | None = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def read(self, at: Moment) -> bool | None:
        """Return the state that is at the pin now."""
        if self.wake_fd is None:
            return None
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.wake_fd)
        if self._device is None and self._retry_ms is not None and at.boot_ms < self._retry_ms:
            return None
        # Whatever a library of pins may raise: an input that cannot be read is unknown.
        try:
            if self._device is None:
                self._device = open_input(self._chosen, self._changed)
            return self._high() is (self._chosen.text("true_when") == "high")
        except Exception:
            self._let_go()
            self._retry_ms = at.boot_ms + RETRY_MS
            return None

    def close(self) -> None:
        """Let go of the pin."""
        self._let_go()
        if self.wake_fd is not None:
            os.close(self.wake_fd)
            self.wake_fd = None

    def _high(self) -> bool:
        """gpiozero calls an input that is pulled up active when it is low."""
        return bool(self._device.value) is (self._chosen.text("pull") != "up")

    def _changed(self) -> None:
        if (fd := self.wake_fd) is not None:
            with contextlib.suppress(OSError):
                os.eventfd_write(fd, 1)

    def _let_go(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            with contextlib.suppress(Exception):
                device.close()


def open_output(chosen: Chosen) -> Any:
    """Open the pin of a light, dark. Raises what gpiozero and the library below it raise."""
    with _OPENING:
        from gpiozero import LED

        return LED(chosen.whole("pin"), active_high=chosen.text("lit_when") == "high")


def open_input(chosen: Chosen, changed: Any) -> Any:
    """Open the pin of an input; `changed` is called in a thread of gpiozero's at every edge."""
    pull = {"up": True, "down": False, "none": None}[chosen.text("pull")]
    with _OPENING:
        from gpiozero import DigitalInputDevice

        device = DigitalInputDevice(
            chosen.whole("pin"),
            pull_up=pull,
            active_state=True if pull is None else None,
            bounce_time=chosen.whole("bounce_ms") / 1_000 or None,
        )
    device.when_activated = device.when_deactivated = changed
    return device


def open_light(options: Options, shared: Shared) -> GpioLight:  # noqa: ARG001
    """Factory of the "gpio" light and buzzer."""
    _keep_pipes_in(options)
    return GpioLight(schema.choose("light", options))


def open_contact(options: Options, shared: Shared) -> GpioContact:  # noqa: ARG001
    """Factory of the "gpio" contact."""
    options.text("role", "")
    _keep_pipes_in(options)
    return GpioContact(schema.choose("contact", options))


def _keep_pipes_in(options: Options) -> None:
    """`lgpio` makes a pipe in the working folder unless told otherwise; that may be read-only."""
    if run_dir := options.text("run_dir", ""):
        os.environ.setdefault("LG_WD", run_dir)
