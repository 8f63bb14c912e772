"""The child process of a DHT22 where there is no Pi: everything is real but the pins.

`adafruit_dht` decodes, Blinka's `PulseIn` of a Raspberry Pi talks to its helper over a System V
queue, and that helper is tests/hal/pi/pulse_helper.py, which has pulse trains instead of a pin.
Two modules would not load off a Pi and stand here as stubs: `board` names the pin, and `pulseio`
only picks the class by board. The libraries' waits are shortened; nothing else of them is touched.

    python fed_dht.py FOLDER ORDERS      FOLDER holds the helper and its trains
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
import types

from hal.pi import dht, sampler
from hal.pi.dht import DhtReader


class Hurry:
    """In place of the module `time`: waits are at most 10 ms long, and the clock believes them."""

    def __init__(self) -> None:
        self._now = 1_000.0

    def sleep(self, seconds: float) -> None:
        threading.Event().wait(min(seconds, 0.01))
        self._now += seconds

    def monotonic(self) -> float:
        return self._now

    def pause(self) -> None:
        """What the sampler's pace is in real time."""
        self._now += 2.2


clock = Hurry()


class SpacedReader(DhtReader):
    """Ours, with the pause that the sampler keeps before each read."""

    def read(self) -> object:
        clock.pause()
        return super().read()


class Pin:
    id = 4

    def __str__(self) -> str:
        return "4"


def feed(folder: str) -> None:
    """Put the stubs in place and hurry the libraries."""
    from adafruit_blinka.microcontroller.bcm283x import pulseio as blinka

    module = importlib.import_module(f"{blinka.__name__}.PulseIn")
    board = types.ModuleType("board")
    board.D4 = Pin()  # type: ignore[attr-defined]
    pulseio = types.ModuleType("pulseio")
    pulseio.PulseIn = module.PulseIn  # type: ignore[attr-defined]
    sys.modules.update(board=board, pulseio=pulseio)
    import adafruit_dht

    module.__file__ = f"{folder}/PulseIn.py"
    vars(module)["time"] = Hurry()
    adafruit_dht.time = clock
    vars(dht)["DhtReader"] = SpacedReader


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):  # Blinka speaks of unknown boards
        feed(sys.argv[1])
    sampler.main(["sampler", sys.argv[2]])
