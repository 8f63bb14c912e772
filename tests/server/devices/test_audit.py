"""S13: whoever edits the tables by hand is found, whatever the table; honest logs give no finding.

Every edit is made in a transaction, audited, and rolled back. Not counted are the columns that no
byte of the log speaks of: numbers the database gives, and the server's clock readings.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client

from server.devices import audit as devices
from server.ledger import audit, keys, log, rows
from server.ledger.audit import Finding
from server.ledger.elsewhere import database
from tests.reliability import note
from tests.server.devices.busy_log import fill

pytestmark = pytest.mark.django_db(transaction=True)

EDITS = 1_000
CUTS = 60
SEED = 20_260_213
UNSPOKEN = {
    "ledger_staged": {"id"},
    "devices_device": {"heard_ms"},
    "devices_heldspan": {"id", "received_ms"},
    "devices_forkevidence": {"id", "seen_ms"},
    "devices_quarantined": {"id", "received_ms"},
}


class Auditor:
    """Audits with what was derived from the journal once; staged leaves are derived each time."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.made = folder, 0
        self.scratch, found = self.derive()
        assert found == []

    def derive(self) -> tuple[Any, list[Finding]]:
        """A scratch database with what the journal and the staged leaves lead to."""
        self.made += 1
        with database(self.folder / f"derived {self.made}.sqlite3", durable=False) as live:
            end = log.journal().end()
            return connections["default"], list(devices.derive(log.journal(), end, live, ignore))

    def findings(self, first: str = "devices_") -> Iterator[Finding]:
        """What the whole audit finds; what is about the `first` table comes first."""
        parts = [self._devices, self._log]
        for part in parts if first.startswith("devices_") else parts[::-1]:
            yield from part()
        if first == "ledger_staged":
            scratch, found = self.derive()
            yield from found
            yield from devices.compare(connection, scratch)

    def _log(self) -> Iterator[Finding]:
        yield from audit.tree(ignore)
        end = audit.end_of(log.journal().end())
        yield from audit.against(log.journal(), end, keys.current(), ignore)

    def _devices(self) -> Iterator[Finding]:
        yield from devices.compare(connection, self.scratch)
        yield from devices.alone(connection)

    def finds(self, table: str = "") -> bool:
        """Whether there is any finding."""
        try:
            return bool(list(islice(self.findings(table), 1)))
        except (DatabaseError, TypeError, ValueError):
            return True


def ignore(_: int) -> None:
    """Nobody watches."""


@pytest.fixture
def auditor(client: Client, tmp_path: Path) -> Auditor:
    fill(client)
    return Auditor(tmp_path)


def tables() -> list[str]:
    found = connection.introspection.table_names()
    ours = [name for name in found if name.startswith(("ledger_", "devices_"))]
    return sorted(ours)


def test_an_honest_log_with_rows_in_every_table_gives_no_finding(auditor: Auditor) -> None:
    assert list(auditor.findings("ledger_staged")) == []
    for table in tables():
        assert rows.fetch(f"SELECT 1 FROM {table} LIMIT 1"), f"{table} is empty"


def test_s13_a_thousand_of_a_thousand_random_edits_of_the_tables_are_found(
    auditor: Auditor,
) -> None:
    chance = random.Random(SEED)
    missed, made = [], 0
    here = tables()
    by_table = dict.fromkeys(here, 0)
    # What is staged is derived anew for each edit, which takes a while.
    weights = [1 if table == "ledger_staged" else 5 for table in here]
    for _ in range(20 * EDITS):
        if made == EDITS:
            break
        table = chance.choices(here, weights)[0]
        told, found = audited(chance, table, auditor)
        made += bool(told)
        by_table[table] += bool(told)
        missed += [told] if told and not found else []
    how = f"one random edit of the tables by hand, {connection.vendor}"
    note("S13", how, made, f"{made - len(missed):,} of {made:,} found, in {len(here)} tables")
    assert missed == [] and made == EDITS
    assert min(by_table.values()) >= 5
    assert list(auditor.findings()) == []


def audited(chance: random.Random, table: str, auditor: Auditor) -> tuple[str, bool]:
    """Make one edit, audit, and undo it."""
    with transaction.atomic():
        told = edit(chance, table)
        found = bool(told) and auditor.finds(table)
        transaction.set_rollback(True)
    return told, found


def edit(chance: random.Random, table: str) -> str:
    """One random edit, described; empty if the database itself refused it or nothing changed."""
    kind: Callable[..., str] = chance.choice([_update, _update, _delete, _insert, _truncate])
    try:
        with transaction.atomic():
            return kind(chance, table)
    except DatabaseError:
        return ""


def _columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, table)
    return [column.name for column in described]


def _key(table: str) -> str:
    with connection.cursor() as cursor:
        return str(connection.introspection.get_primary_key_column(cursor, table))


def _some_row(chance: random.Random, table: str) -> tuple[Any, dict[str, Any]]:
    """The key of a row, and the whole row."""
    columns, key = _columns(table), _key(table)
    found = rows.fetch(f"SELECT * FROM {table} ORDER BY {key}")
    row = dict(zip(columns, chance.choice(found), strict=True))
    return row[key], row


def _spoken(table: str) -> list[str]:
    unspoken = UNSPOKEN.get(table, {"id"})
    return [name for name in _columns(table) if name not in unspoken]


def _update(chance: random.Random, table: str) -> str:
    key, row = _some_row(chance, table)
    column = chance.choice(_spoken(table))
    if table == "ledger_checkpoint" and column == "utc_ms" and row["size"] == 0:
        return ""  # when the log began is in no frame of the journal
    new = _other(chance, row[column])
    rows.execute(f'UPDATE {table} SET "{column}" = %s WHERE {_key(table)} = %s', [new, key])
    return f"update {table}.{column} of row {key}"


def _other(chance: random.Random, old: Any) -> Any:
    match old:
        case bool():
            return not old
        case int():
            return old + chance.choice([-1, 1, chance.randint(2, 10**6)])
        case bytes() if old:
            at = chance.randrange(len(old))
            return old[:at] + bytes([old[at] ^ 1 << chance.randrange(8)]) + old[at + 1 :]
        case str() if old:
            at = chance.randrange(len(old))
            return old[:at] + chr(ord(old[at]) ^ 1) + old[at + 1 :]
        case None:
            return chance.choice([0, 1, chance.randint(2, 10**6)])
    return b"x" if isinstance(old, bytes) else "x"


def _delete(chance: random.Random, table: str) -> str:
    key, _ = _some_row(chance, table)
    rows.execute(f"DELETE FROM {table} WHERE {_key(table)} = %s", [key])
    return f"delete row {key} of {table}"


def _insert(chance: random.Random, table: str) -> str:
    """A copy of a row with one to three columns changed, so that both can stand."""
    columns = [name for name in _columns(table) if name != "id"]
    _, row = _some_row(chance, table)
    for name in chance.sample(columns, min(len(columns), chance.randint(1, 3))):
        row[name] = _other(chance, row[name])
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join(["%s"] * len(columns))
    rows.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [row[c] for c in columns])
    return f"insert into {table} {row}"


def _truncate(chance: random.Random, table: str) -> str:
    key, _ = _some_row(chance, table)
    rows.execute(f"DELETE FROM {table} WHERE {_key(table)} >= %s", [key])
    return f"delete {table} from row {key} on"


def test_s13_a_finding_names_the_leaf_that_was_edited(auditor: Auditor) -> None:
    size = log.newest().size
    for index in range(size):
        with transaction.atomic():
            rows.execute("UPDATE ledger_entry SET leaf = %s WHERE number = %s", [b"?", index])
            found = list(auditor.findings("ledger_entry"))
            transaction.set_rollback(True)
        assert found[0].index == index


def test_s13_a_database_rolled_back_to_any_earlier_checkpoint_is_found(
    auditor: Auditor,
) -> None:
    heads = [head for (head,) in rows.fetch("SELECT size FROM ledger_checkpoint ORDER BY size")]
    told: list[Finding] = []
    for size in heads[:-1]:
        with transaction.atomic():
            roll_back(size)
            assert list(audit.tree(ignore)) == [], "the older database is sound in itself"
            end = audit.end_of(log.journal().end())
            told += islice(audit.against(log.journal(), end, keys.current(), ignore), 1)
            transaction.set_rollback(True)
    how = f"database rolled back to an earlier checkpoint, {connection.vendor}"
    note("S13", how, len(heads) - 1, f"{len(told)} of {len(heads) - 1} found")
    assert [one.index for one in told] == heads[:-1]
    assert all("rolled back" in one.text for one in told)


def roll_back(size: int) -> None:
    """Leave of the ledger what there was at that size, as an older copy of its file would."""
    rows.execute("DELETE FROM ledger_checkpoint WHERE size > %s", [size])
    rows.execute("DELETE FROM ledger_entry WHERE number >= %s", [size])
    rows.execute("DELETE FROM ledger_body WHERE number >= %s", [size])
    complete, level = set(), 0
    while size >> level:
        complete |= {((2 * index + 1) << level) - 1 for index in range(size >> level)}
        level += 1
    for (position,) in rows.fetch("SELECT position FROM ledger_node"):
        if position not in complete:
            rows.execute("DELETE FROM ledger_node WHERE position = %s", [position])


def test_s13_a_truncated_or_damaged_journal_is_found(auditor: Auditor) -> None:
    chance = random.Random(SEED)
    file = next(path for path in (log.journal()._directory).glob("*.journal"))
    whole = file.read_bytes()
    found = []
    for _ in range(CUTS):
        at = chance.randrange(len(whole))
        flipped = bytes([whole[at] ^ 1 << chance.randrange(8)])
        for data in (whole[:at], whole[:at] + flipped + whole[at + 1 :]):
            file.write_bytes(data)
            found.append(auditor.finds())
    file.write_bytes(whole)
    how = f"journal cut off, or one bit of it turned over, {connection.vendor}"
    note("S13", how, 2 * CUTS, f"{sum(found)} of {2 * CUTS} found")
    assert all(found)


def test_s13_a_log_cut_back_together_with_its_journal_is_told_by_a_checkpoint_kept_elsewhere(
    auditor: Auditor,
) -> None:
    newest, pair = log.newest(), keys.current()
    assert list(audit.published(newest.note, pair)) == []
    with transaction.atomic():
        roll_back(newest.size - 1)
        found = list(audit.published(newest.note, pair))
        transaction.set_rollback(True)
    assert "ends before" in found[0].text
