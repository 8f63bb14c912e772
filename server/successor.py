"""Begin another log after one that is lost, and take over what its database still holds.

The lost log's keys and database are moved aside into `lost`, its journal beside itself; new ones
are made under the old recovery key. The first leaf names the lost log's last known checkpoint and
the new log's key, signed by that key. Then everything that the old database holds goes into the new
log by the code that takes in records, devices included; where nothing is left, the devices come
back by themselves. People and what else stands beside the log are copied row by row, with the keys
that open them. It refuses to run without the right recovery key, and before that it moves nothing.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from django.apps import apps
from django.db import connection
from django.db.models import Model

from protocol import checkpoint as c2sp
from protocol.checkpoint import LogKey
from protocol.cose import Sign
from protocol.errors import ProtocolError
from protocol.leaf import ServiceLeaf, SuccessorLeaf, decode_leaf, encode_leaf
from protocol.succession import statement
from server.accounts import masters
from server.devices import roster
from server.devices.replay import CHUNK, Logged, take
from server.ledger import keys, log, rows
from server.ledger.writing import writing
from server.options import Options

LOST = "lost"
FOLLOWING = frozenset({"ledger", "devices"})
"""Rooms whose tables follow from the log itself."""


class SuccessorRefused(Exception):
    """No log was begun; the text tells the operator why."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A lost log: its last known checkpoint, as a note and as what the note says."""

    note: str
    head: c2sp.Checkpoint


def last_known(home: Path, notes: Sequence[str]) -> list[Lost]:
    """The lost log's checkpoint to name: the first of `notes`, or the newest in the database.

    Further notes are of the logs before it. Where even a log's public key is lost, the operator's
    word must do that the note is genuine: no device follows a statement that contradicts what it
    has verified itself.
    """
    public = home / "keys" / f"{keys.LOG}.pub"
    key = keys.verifier(public) if public.exists() else None
    try:
        first, *before = [_read(note) for note in notes or [_newest(home)]]
        if key is not None:
            c2sp.open_checkpoint(first.note, key, keys.verify_ed25519)
    except ProtocolError as error:
        raise SuccessorRefused(f"That is no checkpoint of the lost log: {error}") from None
    return [first, *before]


def _read(note: str) -> Lost:
    return Lost(note, c2sp.parse_text(c2sp.parse_note(note).text))


def recovery(home: Path, private: Path, lost: Lost) -> LogKey:
    """The public recovery key: as it was kept, or made from the private one. Raises KeyRefused."""
    kept = home / "keys" / f"{keys.RECOVERY}.pub"
    if kept.exists():
        return keys.verifier(kept)
    return keys.public_half(private, f"{lost.head.origin}/recovery")


def move_aside(chosen: Options, lost: Lost, recovery: LogKey) -> None:
    """Put the lost log where no server looks for it, and make keys under the old recovery key."""
    if chosen.origin == lost.head.origin:
        raise SuccessorRefused("A successor has its own name: change or unset JAGALCHI_ORIGIN.")
    journal = chosen.journal.with_name(chosen.journal.name + f".{LOST}")
    for path in (chosen.home / LOST, journal):
        if path.exists():
            raise SuccessorRefused(f"{path} is there already: move it away first.")
    (chosen.home / LOST).mkdir(mode=0o700, parents=True)
    if chosen.journal.exists():
        chosen.journal.rename(journal)
    for path in (*chosen.home.glob("db.sqlite3*"), *chosen.home.glob("keys")):
        path.rename(chosen.home / LOST / path.name)
    keys.create(chosen.home / "keys", chosen.origin)
    (chosen.home / "keys" / f"{keys.RECOVERY}.key").unlink()
    (chosen.home / "keys" / f"{keys.RECOVERY}.pub").write_text(recovery.vkey + "\n")
    config = (f"{keys.CONFIG}.key", f"{keys.CONFIG}.pub")
    if (chosen.home / LOST / "keys" / config[1]).exists():
        # Devices obey the key that they have pinned, whatever log they believe.
        (chosen.home / "keys" / config[0]).unlink()
    for name in (masters.VAULT, masters.SUBJECTS, *config):
        old = chosen.home / LOST / "keys" / name
        if old.exists():
            shutil.copy(old, chosen.home / "keys" / old.name)


def begin(home: Path, lost: Sequence[Lost], sign: Sign, now_ms: int) -> int:
    """Log the statements, then all that the old database holds; return how many leaves.

    lost: the lost log, then those that it followed, where nothing else tells of them any more.
    sign: with the recovery key.
    """
    said = [statement(keys.current().log, lost[0].head, sign)]
    said += [statement(new.head.origin, old.head, sign) for new, old in pairwise(lost)]
    with writing():
        log.stage_all([(encode_leaf(one), b"") for one in said])
    log.sequence(now_ms)
    _take_rows(home / LOST / "db.sqlite3")
    taken = 0
    for chunk in _entries(home / LOST / "db.sqlite3"):
        with writing():
            # Spans stage themselves as they are judged; ticks were the old log's own.
            log.stage_all([(one.leaf, one.body) for one in chunk if _is_kept(one)])
            take(chunk)
        log.sequence(now_ms)
        taken += len(chunk)
    with writing():
        for one in lost:
            roster.add_predecessor(one.head.origin, one.note)
    log.sequence(now_ms)
    return taken


def _take_rows(database: Path) -> None:
    """Copy the tables of the rooms beside the log, in one transaction."""
    if not database.exists():
        return
    models = list(_beside_the_log())
    with closing(sqlite3.connect(database)) as old, writing():
        known = {name for (name,) in old.execute("SELECT name FROM sqlite_master")}
        with _rules_asleep({model._meta.db_table for model in models}):
            for model in (one for one in models if one._meta.db_table in known):
                _copy(old, model)


def _beside_the_log() -> Iterator[type[Model]]:
    for room in apps.get_app_configs():
        if room.name.startswith("server.") and room.label not in FOLLOWING:
            yield from room.get_models()


@contextmanager
def _rules_asleep(tables: set[str]) -> Iterator[None]:
    """Without the triggers of these tables: they judge single steps, in the order these were made.

    In the caller's transaction, so that they are never missing from a database that is committed.
    """
    found = rows.fetch("SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'trigger'")
    asleep = [(name, sql) for name, sql, table in found if table in tables]
    for name, _ in asleep:
        rows.execute(f'DROP TRIGGER "{name}"')
    yield
    for _, sql in asleep:
        rows.execute(sql)


def _copy(old: sqlite3.Connection, model: type[Model]) -> None:
    columns = [f'"{one.column}"' for one in model._meta.concrete_fields]
    table, names = f'"{model._meta.db_table}"', ", ".join(columns)
    found = old.execute(f"SELECT {names} FROM {table}").fetchall()
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", found)


def _is_kept(one: Logged) -> bool:
    return isinstance(decode_leaf(one.leaf), SuccessorLeaf | ServiceLeaf)


def _newest(home: Path) -> str:
    try:
        with closing(sqlite3.connect(f"file:{home}/db.sqlite3?mode=ro", uri=True)) as database:
            sql = "SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1"
            return str(database.execute(sql).fetchone()[0])
    except (sqlite3.Error, TypeError):
        text = "There is no database: name the newest checkpoint known with --checkpoint."
        raise SuccessorRefused(text) from None


def _entries(database: Path) -> Iterator[list[Logged]]:
    """What the old database holds, in its order, then what was staged; nothing if it is gone."""
    if not database.exists():
        return
    with closing(sqlite3.connect(database)) as old:
        found = old.execute(
            "SELECT e.number, e.leaf, b.body, coalesce(h.received_ms, 0) FROM ledger_entry AS e"
            " LEFT JOIN ledger_body AS b ON b.number = e.number"
            " LEFT JOIN devices_heldspan AS h ON h.leaf_hash = e.leaf_hash"
            " UNION ALL SELECT id + (1 << 53), leaf, body, 0 FROM ledger_staged ORDER BY 1"
        )
        while some := found.fetchmany(CHUNK):
            yield [Logged(number, leaf, body or b"", at) for number, leaf, body, at in some]
