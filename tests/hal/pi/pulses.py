"""What a DHT22 puts on its line: frames, and the pulses they are sent as."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

HELPER = Path(__file__).with_name("pulse_helper.py")
FED = Path(__file__).with_name("fed_dht.py")
SHORT, LONG, LOW = 26, 70, 50


def frame(word: int, humidity: int) -> bytes:
    """Five bytes: humidity in tenths, the temperature's 16 bits, the sum."""
    four = humidity.to_bytes(2, "big") + word.to_bytes(2, "big")
    return four + bytes([sum(four) & 0xFF])


def train(data: bytes) -> list[int]:
    """81 pulses in microseconds: low, high, low, ... and a last low."""
    bits = (byte >> shift & 1 for byte in data for shift in range(7, -1, -1))
    return [pulse for bit in bits for pulse in (LOW, LONG if bit else SHORT)] + [LOW]


def helper_folder(folder: Path, trains: Iterable[list[int] | str]) -> Path:
    """A folder from which `fed_dht.py` finds its helper and what it shall send."""
    script = f"#!{sys.executable}\n" + HELPER.read_text("utf-8")
    for name in ("libgpiod_pulsein64", "libgpiod_pulsein"):
        path = folder / name
        path.write_text(script, "utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    lines = (one if isinstance(one, str) else json.dumps(one) for one in trains)
    (folder / "trains").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def fed(folder: Path) -> tuple[str, ...]:
    """The program of a warden whose child is fed from this folder."""
    return (sys.executable, str(FED), str(folder))
