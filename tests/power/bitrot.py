"""One bit turns over on the card: `python -m tests.power.bitrot FLIPS SEED` says what comes of it.

An outbox is left as a power cut leaves it: part of it in the database, part in the write-ahead log.
For each flip a copy is opened as an agent does at its start, every row is read as the shipping
does, and the agent goes on recording.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random

from agent.core.shelf import Cut
from agent.edges.outbox import ForeignOutbox, Outbox
from agent.edges.sealer import Sealer
from protocol.record import open_sealed
from tests.agent.rig import IDENTITY, SIGNER, at, fast_folder, opened, reading
from tests.power.forks import forked
from tests.power.subject import Verdict

IN_FILE, IN_LOG = 120, 40
NAMES = ("outbox.db", "outbox.db-wal")
WRONG = "a wrong row was accepted"


def write(folder: Path) -> list[str]:
    """Leave an outbox behind without closing it; the hashes of its rows."""
    outbox = opened(folder)
    sealer = Sealer(outbox, SIGNER, IDENTITY, os.urandom)
    sealer.begin(at(0))
    for number in range(IN_FILE + IN_LOG):
        if number == IN_FILE:
            with outbox.using() as sql:
                sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        now = at(number * 10_000)
        sealer.put([reading(number, now.boot_ms)], now)
        sealer.commit(now)
    shelf = outbox.shelves[-1]
    rows = outbox.sound(Cut(shelf.number, 0, shelf.last))
    return [open_sealed(row).hash.hex() for row in rows]


def flip(folder: Path, bit: int) -> None:
    """Turn over one bit of the two files taken as one."""
    for name in NAMES:
        data = bytearray((folder / name).read_bytes())
        if bit < len(data) * 8:
            data[bit // 8] ^= 1 << bit % 8
            (folder / name).write_bytes(data)
            return
        bit -= len(data) * 8
    raise ValueError("that bit lies beyond both files")


def judge(folder: Path, hashes: list[str]) -> str:
    """What an agent makes of it."""
    try:
        outbox = opened(folder)
    except ForeignOutbox:
        return "refused by name"
    assert outbox.trouble is None, outbox.trouble
    aside = outbox.damaged is not None
    found = outbox.head()
    sealer = Sealer(outbox, SIGNER, IDENTITY, os.urandom)
    sealer.begin(at(0))
    accepted = accepted_rows(outbox)
    sealer.put([reading(1, 10_000)], at(10_000))
    sealer.commit(at(10_000))
    assert outbox.trouble is None and sealer.ring == 0
    outbox.close()
    if not set(accepted) <= set(hashes):
        return WRONG
    if aside:
        return "file set aside, told in the opening"
    if len(accepted) == len(hashes):
        return "nothing was hit that is read"
    if found is None or found.hash.hex() != hashes[-1]:
        return "tail gone, told by the opening's head"
    return "rotten row found when read"


def accepted_rows(outbox: Outbox) -> list[str]:
    """Hashes of the rows of all old epochs that pass for good."""
    good = []
    for shelf in outbox.shelves[:-1]:
        start = 0
        while start <= shelf.last:
            rows = outbox.sound(Cut(shelf.number, start, shelf.last))
            good += [open_sealed(row).hash.hex() for row in rows]
            start += len(rows) + 1
    return good


def campaign(flips: int, seed: int) -> dict[str, int]:
    """Flip and judge, each in a process of its own."""
    chance, seen = Random(seed), Counter[str]()
    with fast_folder() as folder:
        hashes = forked(lambda: write(folder))()
        bits = sum((folder / name).stat().st_size for name in NAMES) * 8
        for _ in range(flips):
            seen[_once(folder, chance.randrange(bits), hashes)] += 1
    return dict(seen)


def _once(folder: Path, bit: int, hashes: list[str]) -> str:
    with fast_folder() as copy:
        for name in NAMES:
            shutil.copy(folder / name, copy / name)
        flip(copy, bit)
        return str(forked(partial(judge, copy, hashes))() or Verdict.CRASHED)


if __name__ == "__main__":
    print(json.dumps(campaign(int(sys.argv[1]), int(sys.argv[2]))))
