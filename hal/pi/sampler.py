"""The child process: reads the sensors of one bus, again and again, and prints a line for each try.

    python -m hal.pi.sampler '{"pace_ms": 2500, "starts": 0, "jobs": [{"reader": "dht", "pin": 4}]}'

It may hang, spin or crash: its parent (hal/pi/warden.py) kills it then. It ends by itself when its
standard input does, which is when the parent is gone. It judges nothing: a line holds what a
library or the kernel said, {"job": 0, "raw": ...}, or its error, {"job": 0, "errno": ..., "text"}.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Protocol, TextIO, cast

LONGEST_TEXT = 200
READERS: Mapping[str, str] = {
    "dht": "hal.pi.dht:DhtReader",
    "dht-kernel": "hal.pi.kernel_files:DhtFiles",
    "ds18b20": "hal.pi.kernel_files:ProbeFile",
    "sht3x": "hal.pi.i2c:Sht3x",
}


class Reader(Protocol):
    """One sensor on its bus."""

    def read(self) -> object:
        """Return what it said, as JSON can carry it. Raises what its library raises."""
        ...


def main(arguments: list[str]) -> None:
    """Read until standard input ends."""
    out = _private_output()
    orders = json.loads(arguments[1])
    readers = [_reader(job, orders["starts"]) for job in orders["jobs"]]
    _tell(out, {"loaded": len(readers)})  # from here on, silence is a hang
    while True:
        for number, reader in enumerate(readers):
            _tell(out, {"job": number, **tried(reader)})
        if _parent_left_within(orders["pace_ms"] / 1_000):
            return


def _tell(out: TextIO, line: Mapping[str, object]) -> None:
    out.write(json.dumps(line) + "\n")
    out.flush()


def tried(reader: Reader) -> dict[str, object]:
    """One try. What a bus or a library is known to raise is an answer; the rest ends the child."""
    try:
        return {"raw": reader.read()}
    except OSError as error:
        return {"errno": error.errno, "text": _short(error)}
    except (RuntimeError, ArithmeticError, ImportError, AttributeError, ValueError) as error:
        return {"errno": None, "text": _short(error)}


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:LONGEST_TEXT]


def _reader(job: Mapping[str, object], starts: int) -> Reader:
    module, _, name = READERS[str(job["reader"])].partition(":")
    make = cast(Callable[[Mapping[str, object], int], Reader], getattr(import_module(module), name))
    return make(job, starts)


def _private_output() -> TextIO:
    """Keep the pipe for our lines; what libraries print goes where errors go."""
    pipe = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(pipe, "w", encoding="utf-8")


def _parent_left_within(seconds: float) -> bool:
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(ready)


if __name__ == "__main__":
    main(sys.argv)
