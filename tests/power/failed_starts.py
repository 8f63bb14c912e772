"""Starts that must fail, as real processes on a card of their own: what they say and write.

`python -m tests.power.failed_starts STARTS` in a mount namespace of its own (`device.alone`) breaks
a truck's state in every way that a person has to mend, starts its agent so many times, and prints
one JSON object.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.edges.signer import EcdsaSigner
from tests.agent.desk import fitted
from tests.power import device
from tests.power.cards import on_small_ext4

SECTOR = 512
PATIENCE_S = 60


def _without(name: str) -> Callable[[Path], None]:
    return lambda state: (state / name).unlink()


def _saying(text: str) -> Callable[[Path], None]:
    def change(state: Path) -> None:
        settings = state / "agent.toml"
        settings.write_text(settings.read_text() + text)

    return change


def _another_key(state: Path) -> None:
    (state / "device.key").unlink()
    EcdsaSigner.create(state / "device.key")


def _another_card(state: Path) -> None:
    """The outbox of another device, as when two cards were mixed up."""
    other = state / "other"
    other.mkdir()
    with fitted(other) as truck:
        truck.record(3)
    shutil.copy(other / "outbox.db", state / "outbox.db")
    shutil.rmtree(other)


BROKEN: dict[str, Callable[[Path], None]] = {
    "no settings": _without("agent.toml"),
    "settings that are no TOML": _saying("\n[[[\n"),
    "an unknown key in the settings": _saying("\n[engine]\n"),
    "a part that does not exist": _saying('\n[light]\npart = "mock-sun"\n'),
    "no enrolment": _without("enrolment.cbor"),
    "no key": _without("device.key"),
    "a key that others may read": lambda state: (state / "device.key").chmod(0o644),
    "another device's key": _another_key,
    "another device's card": _another_card,
}


@dataclass(frozen=True, slots=True)
class Found:
    """Of one way to be broken: exit codes, what the last start said, bytes written per start."""

    how: str
    codes: tuple[int, ...]
    said: str
    written: int


def measure(folder: Path, starts: int) -> list[Found]:
    """Break, start, look; for every way to be broken."""
    return [_broken(folder / str(n), how, starts) for n, how in enumerate(BROKEN)]


def _broken(state: Path, how: str, starts: int) -> Found:
    state.mkdir(mode=0o700)
    with fitted(state) as truck:
        truck.record(3)
    BROKEN[how](state)
    before, ends = _written(state), [_start(state) for _ in range(starts)]
    each = (_written(state) - before) // starts
    return Found(how, tuple(end.returncode for end in ends), ends[-1].stderr, each)


def _start(state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agent", "run", "--config", str(state / "agent.toml")],
        cwd=device.ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def _written(folder: Path) -> int:
    """Bytes that have reached the block device, once all that waits has."""
    subprocess.run(["sync", "--file-system", str(folder)], check=True)
    where = folder.stat().st_dev
    stat = Path(f"/sys/dev/block/{os.major(where)}:{os.minor(where)}/stat").read_text()
    return int(stat.split()[6]) * SECTOR


if __name__ == "__main__":
    for image, folder in on_small_ext4(block=1024):
        with device.mounted(image, folder):
            print(json.dumps([asdict(one) for one in measure(folder, int(sys.argv[1]))]))
