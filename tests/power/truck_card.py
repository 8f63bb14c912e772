"""The truck's outbox under power cuts: written through Sealer and Outbox, opened again by them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from agent.core.chain import Lane
from agent.core.shelf import Cut, Shelf
from agent.edges import pruning
from agent.edges.card import UNSOUND
from agent.edges.outbox import Caps, Connect, Kept, Outbox, Proof
from agent.edges.pruning import Settlement
from agent.edges.sealer import Sealer
from protocol.opening import Opening
from protocol.record import Sealed, open_sealed
from protocol.registry import Reason
from tests.agent.rig import IDENTITY, OWNER, SIGNER, START_UTC_MS, at, reading
from tests.power.subject import Fact, Finding, Subject, Verdict

WEEK_MS = 8 * 86_400_000
SEED = 20_261_123
KEPT = Finding(Verdict.KEPT)


def lax(path: str, **options: Any) -> sqlite3.Connection:
    """A control: the same outbox but for one word, `synchronous = NORMAL`."""

    class Lax(sqlite3.Connection):
        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
            return super().execute(sql.replace("synchronous = FULL", "synchronous = NORMAL"), *args)

    return sqlite3.connect(path, factory=Lax, **options)


@dataclass(frozen=True, slots=True)
class Script:
    """How long a writer works: so many runs of an agent, so many readings in each."""

    runs: int = 3
    readings: int = 130
    prove_every: int = 40
    watched: bool = False
    """Somebody else has the card open, in a read transaction, from before each run to after it."""


def write(
    folder: Path,
    tell: Callable[[Fact], None],
    connect: Connect = sqlite3.connect,
    script: Script = Script(),
) -> None:
    """A few runs of an agent: readings, alarms, proofs, rows freed after a week, orderly ends."""
    chance, boot_ms = Random(SEED), 0
    for run in range(script.runs):
        reader = _watch(folder) if script.watched and run else None
        outbox = Outbox.open(folder / "outbox.db", OWNER, Caps(), connect)
        sealer = Sealer(outbox, SIGNER, IDENTITY, os.urandom)
        sealer.begin(at(boot_ms))
        for number in range(script.readings):
            boot_ms += chance.choice((1_000, 2_000, 10_000))
            lane = Lane.ALARM if chance.random() < 0.1 else Lane.ROUTINE
            sealer.put([reading(number, boot_ms, lane)], at(boot_ms))
            if number % script.prove_every == script.prove_every - 1:
                _prove(outbox, boot_ms)
                sealer.commit(at(boot_ms))
            if outbox.counters({}).uncommitted == 0:
                tell(_fact(sealer))
        sealer.close(at(boot_ms), Reason.STOP)
        tell(_fact(sealer))
        if reader:
            reader.close()
        outbox.close()


def _watch(folder: Path) -> sqlite3.Connection:
    reader = sqlite3.connect(folder / "outbox.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM record").fetchone()
    return reader


def _prove(outbox: Outbox, boot_ms: int) -> None:
    shelf, size = outbox.shelves[-1], outbox.kept.size + 64
    runs = enumerate(shelf.waiting.runs)
    proofs = tuple(
        Proof(shelf.number, first, last, size + n, size, b"leaf", ()) for n, (first, last) in runs
    )
    now_ms = START_UTC_MS + size * WEEK_MS
    pruning.settle(outbox, Settlement(Kept(size, bytes(32), "note"), proofs, now_ms), boot_ms)
    pruning.free(outbox, now_ms)


def _fact(sealer: Sealer) -> Fact:
    head = sealer.head
    assert head is not None and sealer.outbox.trouble is None
    place = {"epoch": head.epoch.hex(), "seq": head.seq, "hash": head.hash.hex()}
    return {**place, "trusted": sealer.outbox.kept.size}


def judge(folder: Path, fact: Fact | None) -> Finding:
    """Open it as an agent does at its start, read all, and go on recording."""
    outbox = Outbox.open(folder / "outbox.db", OWNER, Caps())
    if outbox.trouble:
        verdict = Verdict.UNSOUND if UNSOUND in outbox.trouble else Verdict.UNTOLD
        return Finding(verdict, f"it did not open: {outbox.trouble}")
    aside = outbox.damaged
    missing = _missing(outbox, fact)
    forgot = fact is not None and outbox.kept.size < fact["trusted"]
    found = outbox.head()
    sealer = Sealer(outbox, SIGNER, IDENTITY, os.urandom)
    sealer.begin(at(0))
    opening = _sealed(outbox, outbox.shelves[-1], 0).record.body
    assert isinstance(opening, Opening) and opening.head == found
    unsound = _read_all(outbox)
    sealer.put([reading(1, 10_000, Lane.ALARM)], at(10_000))
    assert outbox.trouble is None and sealer.ring == 0 and sealer.durable_ms == 10_000
    assert (sealer.damaged is None) == (aside is None)
    outbox.close()
    if not missing and not unsound:
        # Proofs are asked for again and lead to the same tree; still, an honest card keeps them.
        return Finding(Verdict.TOLD, "proofs to be asked for again") if forgot else KEPT
    if missing and fact and found and found.hash.hex() == fact["hash"]:
        return Finding(Verdict.UNTOLD, f"{missing}, but the opening names the acknowledged head")
    return Finding(Verdict.TOLD, f"{missing} {unsound} rotten {aside or ''}".strip())


def _missing(outbox: Outbox, fact: Fact | None) -> str:
    if fact is None:
        return ""
    shelf = {one.epoch.hex(): one for one in outbox.shelves}.get(fact["epoch"])
    if shelf is None or shelf.last < fact["seq"]:
        return "the tail is gone"
    if fact["seq"] in shelf.freed:
        return ""
    held = outbox.sound(Cut(shelf.number, fact["seq"], fact["seq"]))
    return "" if held and open_sealed(held[0]).hash.hex() == fact["hash"] else "the head is gone"


def _sealed(outbox: Outbox, shelf: Shelf, seq: int) -> Sealed:
    (sealed,) = outbox.sound(Cut(shelf.number, seq, seq))
    return open_sealed(sealed)


def _read_all(outbox: Outbox) -> int:
    """Read every run as the shipping does; rows that are not what was sealed are marked."""
    unsound, before = 0, b""
    for shelf in outbox.shelves:
        unsound += not _follows(outbox.sound(Cut(shelf.number, 0, 0)), before)
        for first, last in (shelf.committed - shelf.freed - shelf.evicted - shelf.aside).runs:
            start = first
            while start <= last:
                good = outbox.sound(Cut(shelf.number, start, last))
                unsound += start + len(good) <= last
                before = open_sealed(good[-1]).hash if good else before
                start += len(good) + 1
    return unsound


def _follows(opening: tuple[bytes, ...], before: bytes) -> bool:
    """Whether an epoch's opening names the record that is the last of the epoch before."""
    if not opening:
        return False
    body = open_sealed(opening[0]).record.body
    assert isinstance(body, Opening)
    return not before or (body.head is not None and body.head.hash == before)


def _nothing() -> None:
    """There is nothing to prepare."""


OUTBOX = Subject(_nothing, write, judge)
WATCHED = Script(runs=4, readings=25, prove_every=20, watched=True)
WATCHED_OUTBOX = Subject(
    _nothing, lambda folder, tell: write(folder, tell, script=WATCHED), judge
)
LAX_OUTBOX = Subject(_nothing, lambda folder, tell: write(folder, tell, lax), judge)
