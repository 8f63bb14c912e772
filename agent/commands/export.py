"""`export`: everything the card holds since a time, as one evidence file. Beside a running agent.

Reads the outbox read-only, an epoch at a time, so that the agent never waits for it. It signs
nothing: the records carry their signatures, and the proofs are those the agent has verified.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent import exits
from agent.core.shelf import Shelf
from agent.edges import contents, enrolment, following, lookout, rows
from agent.edges.clock import utc_now_ms
from agent.edges.keys import KeyFiles
from agent.edges.lookout import reading
from agent.edges.rows import Proof
from agent.exits import RefusedError
from agent.settings import Settings
from agent.settings_file import load
from protocol import evidence, wire
from protocol.bundle import MAX_EVIDENCE
from protocol.errors import ProtocolError
from protocol.evidence import Evidence, Proofs, ProvedLeaf
from protocol.record import open_sealed
from protocol.wire import Receipt

STEP_ROWS = 2_000
SUFFIX = ".evidence"


@dataclass(frozen=True, slots=True)
class Found:
    """What was read from the card: records in chain order, and proofs by checkpoint size."""

    records: tuple[bytes, ...]
    proofs: tuple[Proofs, ...]


def execute(options: argparse.Namespace) -> int:
    """Write the file and say where it is."""
    return export(load(options.config), options)


def export(settings: Settings, options: argparse.Namespace) -> int:
    """As `execute`, of the card that these settings are of; it may be another one's."""
    agreed = enrolment.load(settings).answer
    first = KeyFiles.of(settings, agreed.device).first()
    with reading(settings.outbox_path) as sql:
        found = _collect(sql, options.since)
        log = lookout.believed(sql, agreed)
    made_ms = utc_now_ms()
    data = evidence.write(
        Evidence(
            device=agreed.device,
            origin=log.name,
            log_vkey=log.vkey,
            made_ms=made_ms,
            keys=(first,),
            records=found.records,
            proofs=found.proofs,
        )
    )
    path = _target(options.to, agreed.device, made_ms)
    _write(path, data)
    print(f"{path}: {len(found.records)} records, {len(data)} bytes")
    print(f"check it anywhere: jagalchi-agent verify {path.name} --log-key '{log.vkey}'")
    return exits.OK


def _collect(sql: sqlite3.Connection, since_ms: int | None) -> Found:
    records: list[bytes] = []
    held: dict[int, set[int]] = {}
    kept, size = list(rows.proofs(sql)), 0
    for shelf in contents.shelves(sql).values():
        first = _whole_leaf(kept, shelf.number, _first_since(sql, shelf, since_ms))
        for seq, sealed in _records(sql, shelf, *_with_rotations(sql, shelf, first)):
            records.append(sealed)
            held.setdefault(shelf.number, set()).add(seq)
            size += len(sealed)
            _insist_on_size(size)
    covered = [p for p in kept if held.get(p.number, set()).issuperset(range(p.first, p.last + 1))]
    proofs = (*_succession(sql), *_proofs(covered, rows.notes(sql)))
    return Found(tuple(records), proofs)


def _succession(sql: sqlite3.Connection) -> Iterator[Proofs]:
    """The statements of the log believed now: why openings may name the logs before it."""
    with suppress(ProtocolError):  # rotten statements are as none
        for data in following.answers(sql)[-1:]:
            answer = wire.decode_answer(data)
            yield Proofs(answer.note or "", tuple(ProvedLeaf(one) for one in answer.receipts))


def _with_rotations(sql: sqlite3.Connection, shelf: Shelf, first: int) -> tuple[int, int]:
    """First and last record to take: without its rotation a key is nobody's, however old it is."""
    brought = [seq for number, seq, _ in rows.rotations(sql) if number == shelf.number]
    if not brought or first <= min(brought):
        return first, shelf.last
    return min(brought), max(brought) if first > shelf.last else shelf.last


def _records(
    sql: sqlite3.Connection, shelf: Shelf, first: int, last: int
) -> Iterator[tuple[int, bytes]]:
    """In steps, so that no read keeps the agent's log from being recycled."""
    for start in range(first, last + 1, STEP_ROWS):
        end = min(start + STEP_ROWS - 1, last)
        for seq, _, sealed in list(rows.between(sql, shelf.number, start, end)):
            yield seq, sealed


def _first_since(sql: sqlite3.Connection, shelf: Shelf, since_ms: int | None) -> int:
    """The first record of the epoch that is not known to be older; unknown time is not older."""
    if since_ms is None:
        return 0
    dated = False
    for seq, sealed in _records(sql, shelf, 0, shelf.last):
        utc_ms = _utc_ms(sealed)
        dated = dated or utc_ms is not None
        if utc_ms is not None and utc_ms >= since_ms:
            return seq
    return shelf.last + 1 if dated else 0


def _utc_ms(sealed: bytes) -> int | None:
    try:
        return open_sealed(sealed).record.utc_ms
    except ProtocolError:
        return None  # a rotten row is exported as it is: `verify` shall name it


def _whole_leaf(proofs: list[Proof], number: int, first: int) -> int:
    """A proof speaks of a whole leaf: begin where the leaf begins that holds `first`."""
    starts = [p.first for p in proofs if p.number == number and p.first < first <= p.last]
    return min(starts, default=first)


def _proofs(covered: list[Proof], notes: Mapping[int, str]) -> Iterator[Proofs]:
    for size in sorted({p.size for p in covered} & notes.keys()):
        leaves = (Receipt(p.leaf, p.place, p.path) for p in covered if p.size == size)
        yield Proofs(notes[size], tuple(ProvedLeaf(one) for one in leaves))


def _insist_on_size(size: int) -> None:
    if size > MAX_EVIDENCE * 9 // 10:
        raise RefusedError(
            f"more than {MAX_EVIDENCE >> 20} MiB: export a shorter time with --since"
        )


def _target(to: Path, device: str, made_ms: int) -> Path:
    if not to.is_dir():
        return to
    made = datetime.fromtimestamp(made_ms // 1_000, UTC)
    return to / f"{device}-{made:%Y%m%dT%H%M%SZ}{SUFFIX}"


def _write(path: Path, data: bytes) -> None:
    """Whole and on the stick before we say so; never over another file."""
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RefusedError(f"{path}: cannot be written: {error.strerror}") from None
