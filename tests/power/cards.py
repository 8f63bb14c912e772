"""Cards that fill up, fail, and turn read-only, on real file systems, under the agent's outbox.

`python -m tests.power.cards full|readonly ROUNDS BLOCK` in a mount namespace of its own
(`device.alone`), on a file system with blocks of so many bytes;
`python -m tests.power.cards failing FOLDER` under `strace -e inject`. Each prints one JSON object.
Time is the agent's own and simulated: nothing here waits.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.edges.outbox import Outbox
from agent.edges.sealer import RETRY_MS, Sealer
from protocol.registry import Reason
from tests.agent.rig import IDENTITY, SIGNER, assert_chained, at, on_disk, opened, reading, values
from tests.power import device

STEP_MS = 10_000
PATIENCE_MS = 300_000
BALLAST = 64 << 10


@dataclass
class Agent:
    """An agent's storage, without sensors and network: one reading every ten seconds."""

    folder: Path
    boot_ms: int = 0
    made: int = 0

    def start(self) -> None:
        """Open the card and begin an epoch."""
        self.outbox: Outbox = opened(self.folder)
        self.sealer = Sealer(self.outbox, SIGNER, IDENTITY, os.urandom)
        self.sealer.begin(at(self.boot_ms))

    def record(self, count: int) -> None:
        """Take readings, whatever the card does."""
        for _ in range(count):
            self.boot_ms += STEP_MS
            self.made += 1
            self.sealer.put([reading(self.made, self.boot_ms)], at(self.boot_ms))
            self.sealer.tend(at(self.boot_ms + RETRY_MS))

    def record_until_trouble(self, most: int = 5_000) -> None:
        """Go on until the card takes no more."""
        for _ in range(most):
            self.record(1)
            if self.outbox.trouble or self.sealer.ring:
                return
        raise SystemExit("the card was never in trouble")

    @property
    def uncommitted(self) -> int:
        """Rows that are only in memory."""
        return self.outbox.counters({}, ring=self.sealer.ring).uncommitted

    def troubled(self) -> bool:
        """Whether the card cannot be spoken to."""
        return self.outbox.trouble is not None

    def stop(self) -> None:
        """End in order, as far as the card allows."""
        self.sealer.close(at(self.boot_ms), Reason.STOP)
        self.outbox.close()


def on_small_ext4(block: int) -> Iterator[tuple[Path, Path]]:
    """(image, folder to mount on) for 16 MB of ext4, in blocks of so many bytes."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        image = Path(folder) / "image"
        with image.open("wb") as file:
            file.truncate(16 << 20)
        device.make(image, block)
        yield image, Path(folder) / "mnt"


def full(rounds: int, block: int) -> dict[str, Any]:
    """Somebody else fills the card, again and again, and makes room again."""
    waited = 0
    for image, folder in on_small_ext4(block):
        with device.mounted(image, folder):
            agent = Agent(folder)
            agent.start()
            for _ in range(rounds):
                agent.record(5)
                _fill(folder / "ballast")
                agent.record_until_trouble()
                agent.record(30)
                assert agent.sealer.overflowed == 0 and agent.uncommitted >= 30
                waited += agent.uncommitted
                (folder / "ballast").unlink()
                agent.record(1)
                assert agent.uncommitted == 0 and not agent.troubled()
            agent.stop()
            rows = on_disk(folder)
    assert_chained(rows)
    kept = values(rows) == list(range(1, agent.made + 1))
    return {"made": agent.made, "kept": kept, "waited": waited}


def _fill(ballast: Path) -> None:
    for size in (BALLAST, 1024):
        with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
            while file.write(bytes(size)):
                pass


def readonly(rounds: int, block: int) -> dict[str, Any]:
    """The kernel turns the file system read-only after an error; a restart mends it."""
    lost, safe = 0, set[int]()
    for image, folder in on_small_ext4(block):
        agent = Agent(folder)
        for _ in range(rounds):
            with device.mounted(image, folder, "noatime,errors=remount-ro"):
                agent.start()
                agent.record(20)
                assert agent.uncommitted == 0
                safe |= set(range(agent.made - 19, agent.made + 1))
                _trip(folder)
                agent.record_until_trouble()
                # Five minutes, then the watchdog asks for a restart.
                agent.record(PATIENCE_MS // STEP_MS)
                assert agent.troubled() and agent.sealer.overflowed == 0
                agent.stop()
            assert device.repair(image)
            with device.mounted(image, folder):
                agent.start()
                assert not agent.troubled() and agent.outbox.damaged is None
                agent.stop()
                rows = on_disk(folder)
            lost += len(safe.difference(values(rows)))
            assert_chained(rows)
    return {"made": agent.made, "lost": lost, "rounds": rounds}


def _trip(folder: Path) -> None:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[4] == str(folder):
            name = Path(fields[fields.index("-") + 2]).name
            Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("1")


def failing(folder: Path) -> dict[str, Any]:
    """System calls fail for a while; once they do not, all is on the card."""
    agent = Agent(folder)
    agent.start()
    agent.record(40)
    hurt = agent.sealer.head is None or len(agent.outbox.shelves) > 1
    agent.record(12)
    waiting = agent.uncommitted
    agent.stop()
    rows = on_disk(folder)
    assert_chained(rows)
    kept = values(rows) == list(range(1, agent.made + 1))
    return {"made": agent.made, "kept": kept, "hurt": hurt, "waiting": waiting}


if __name__ == "__main__":
    how, what, *rest = sys.argv[1:]
    if how == "failing":
        print(json.dumps(failing(Path(what))))
    else:
        print(json.dumps({"full": full, "readonly": readonly}[how](int(what), *map(int, rest))))
