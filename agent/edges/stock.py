"""How full the card is and how far delivery has come: a few rows read when somebody asks.

Beside the agent's own connection or a read-only one; the main thread of a running agent asks too,
so it reads three rows and no more.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.core.shelf import Shelf
from agent.edges import rows
from agent.edges.outbox import PRESSURE_PERCENT, Caps
from protocol.errors import ProtocolError
from protocol.record import Record, open_sealed

DAY_MS = 86_400_000
ENOUGH_ROWS = 1_000
"""With fewer rows the pages of the empty tables would count as theirs."""
ROW_BYTES = 512


@dataclass(frozen=True, slots=True)
class Stock:
    """What lies on the card. `oldest` is the oldest record that is not proved.

    `refused`: how many records were set aside, by the server's problem.
    `receipt_ms`: the server's time when the newest proof came, and `entry` its place in the log;
    None: none is kept. `free`: bytes the file system still gives.
    """

    oldest: Record | None
    receipt_ms: int | None
    entry: int | None
    stored: int
    used: int
    free: int
    refused: Mapping[str, int] = field(default_factory=dict)


def look(sql: sqlite3.Connection, unproved: Iterable[Shelf], path: Path) -> Stock:
    """Read it. Raises sqlite3.Error, and OSError where the folder of `path` cannot be asked."""
    newest = rows.newest_proof(sql)
    disk = os.statvfs(path.parent)
    return Stock(
        oldest=_oldest(sql, unproved),
        receipt_ms=newest[1] if newest else None,
        entry=newest[0] if newest else None,
        stored=rows.count_records(sql),
        used=rows.used_bytes(sql),
        free=disk.f_bavail * disk.f_frsize,
        refused=dict(rows.asides(sql)),
    )


def _oldest(sql: sqlite3.Connection, unproved: Iterable[Shelf]) -> Record | None:
    for shelf in unproved:
        if shelf.waiting:
            sealed = rows.sealed_at(sql, shelf.number, shelf.waiting.runs[0][0])
            try:
                return open_sealed(sealed).record if sealed else None
            except ProtocolError:
                return None  # it has rotted: the pruning tells
    return None


def rows_per_day(sample_period_ms: int, position_period_ms: int) -> int:
    """How many records a day brings, events not counted."""
    periods = (sample_period_ms, position_period_ms)
    return sum(DAY_MS // period for period in periods if period)


def room_days(stock: Stock, caps: Caps, waiting: int, a_day: int) -> int:
    """Whole days without a network until records would have to be given up.

    Proved records make room first, so only those that wait count as taken.
    """
    size = stock.used // stock.stored if stock.stored >= ENOUGH_ROWS else ROW_BYTES
    by_rows = caps.rows * PRESSURE_PERCENT // 100 - waiting
    by_bytes = caps.bytes * PRESSURE_PERCENT // 100 // size - waiting
    on_disk = (stock.free + stock.used) // size - waiting
    return max(0, min(by_rows, by_bytes, on_disk)) // a_day
