"""What the machine says of itself: board, disk, wear of the card, how exposed the service is.

Looks and touches nothing. `root` is / outside tests; what cannot be found out is None, not a guess.
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

UNIT = "jagalchi-agent.service"
UNIT_FOLDERS = ("etc/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system")
SECTOR = 512
PATIENCE_S = 20.0
EXPOSURE = re.compile(r"exposure level for \S+: (\d+\.\d)")


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system under a folder: bytes that are free, and whether it can be written."""

    free: int
    read_only: bool


@dataclass(frozen=True, slots=True)
class Wear:
    """Of the card or disk under a folder: its name, how used up it says it is, what was written.

    `used_percent`: eMMC tells in steps of ten; None: it does not tell, as SD cards. `written`:
    bytes since this boot.
    """

    device: str
    used_percent: int | None
    written: int | None


@dataclass(frozen=True, slots=True)
class Board:
    """Which computer this is."""

    model: str | None
    serial: str | None
    system: str


class ThisMachine:
    """The machine that this runs on."""

    def __init__(self, root: Path = Path("/")) -> None:
        """Look at nothing yet."""
        self._root = root

    def board(self) -> Board:
        """Name and number of the board, and the system."""
        tree, name = self._root / "proc/device-tree", os.uname()
        return Board(_word(tree / "model"), _word(tree / "serial-number"), f"Linux {name.release}")

    def disk(self, folder: Path) -> Disk:
        """Raises OSError."""
        found = os.statvfs(folder)
        return Disk(found.f_bavail * found.f_frsize, bool(found.f_flag & os.ST_RDONLY))

    def wear(self, folder: Path) -> Wear | None:
        """None where there is no block device under it. Raises OSError for a missing folder."""
        number = folder.stat().st_dev
        link = self._root / f"sys/dev/block/{os.major(number)}:{os.minor(number)}"
        if not link.exists():
            return None
        device = link.resolve()
        if (device / "partition").exists():
            device = device.parent
        return Wear(device.name, _life(device), _written(device))

    def exposure(self) -> float | None:
        """The unit's score by systemd's own count, 0 to 10; None: no unit, or no such program."""
        unit = self.unit()
        if unit is None:
            return None
        with suppress(OSError, subprocess.SubprocessError):
            told = subprocess.run(
                ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=False,
            ).stdout
            found = EXPOSURE.search(told)
            return float(found[1]) if found else None
        return None

    def unit(self) -> Path | None:
        """The service's unit file, where one is installed."""
        paths = (self._root / folder / UNIT for folder in UNIT_FOLDERS)
        return next((path for path in paths if path.exists()), None)


def _life(device: Path) -> int | None:
    """JEDEC eMMC 5.0, DEVICE_LIFE_TIME_EST: 1 is up to 10 % used, 11 beyond; the worse of two."""
    with suppress(OSError, ValueError):
        steps = [int(step, 16) for step in (device / "device/life_time").read_text("ascii").split()]
        return max(steps) * 10 if any(steps) else None
    return None


def _written(device: Path) -> int | None:
    """The seventh figure of the kernel's block statistics: sectors of 512 bytes written."""
    with suppress(OSError, ValueError, IndexError):
        return int((device / "stat").read_text("ascii").split()[6]) * SECTOR
    return None


def _word(path: Path) -> str | None:
    """A device tree's text ends in a zero."""
    with suppress(OSError):
        return path.read_bytes().rstrip(b"\0\n").decode("utf-8", "replace") or None
    return None
