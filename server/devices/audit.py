"""Are the devices' tables what the journal makes of them? Built anew beside them, and compared.

`derive` replays the whole journal into a scratch database: every signature is checked, every span
judged again. `compare` then holds the real tables against it, row by row. What no byte of the log
speaks of cannot be derived: what waits in quarantine is checked by itself, and when a span was
received or a fork seen, which is no more than the server's own clock, is not.
It changes nothing. Specification: docs/protocol.md, "Log".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from protocol import cbor, cose
from protocol.errors import ProtocolError
from protocol.merkle import leaf_hash
from protocol.span import Span
from protocol.succession import statements
from server.devices import crypto
from server.devices.replay import MAX_BODY, Logged, ReplayRefused, portions, take
from server.ledger import rows
from server.ledger.audit import Finding, Progress, frames
from server.ledger.journal import Batch, Journal, JournalDamaged
from server.ledger.writing import writing

Row = tuple[Any, ...]

WHOLE = {
    "devices_asset": "SELECT name, made_ms, organisation FROM devices_asset",
    "devices_device": "SELECT name, enrolled_ms, answer, revoked_ms, gaps, contested"
    " FROM devices_device",
    "devices_assignment": "SELECT a.name, t.device_id, t.from_ms, t.until_ms"
    " FROM devices_assignment AS t LEFT JOIN devices_asset AS a ON a.id = t.asset_id",
    "devices_enrolmenttoken": "SELECT t.token_hash, a.name, t.expires_ms, t.used_by_id"
    " FROM devices_enrolmenttoken AS t LEFT JOIN devices_asset AS a ON a.id = t.asset_id",
    "devices_twonotes": "SELECT digest, size, one, other, received_ms FROM devices_twonotes",
    "devices_predecessor": "SELECT origin, note FROM devices_predecessor",
    "devices_configuration": "SELECT device_id, version, document, mark, published_ms"
    " FROM devices_configuration",
}
"""What is derived of the small tables; names stand for the numbers that the database gave."""
OF_A_DEVICE = {
    "devices_devicekey": 'kid, cose_key, "order", since_ms, ended_ms',
    "devices_epochfacts": "epoch, kid, opening, opening_leaf, parent, parent_seq, parent_hash,"
    " opened_size, opened_ms, kept_from, held, told, gossip, trusted_from_ms, trusted_until_ms,"
    " flags, first_heard_ms, last_heard_ms, last_reading_seq, last_reading, excursions,"
    " configured, lasting",
    "devices_heldspan": "epoch, first, last, prev_hash, hashes, leaf_hash,"
    " first_boot_ms, last_boot_ms, CAST(contested AS integer)",
    "devices_heard": "epoch, seq, size, CAST(ours AS integer)",
    "devices_gone": "epoch, first, last, prev_hash, last_hash, reason",
    "devices_forkevidence": "epoch, seq, held_hash, held_source, posted_hash, posted_source",
}
"""What is derived of the tables that are compared device by device."""
LEAF_HASH = 6
"""Column of a held span's leaf hash, its device before the others."""


def derive(journal: Journal, end: int, live: Any, done: Progress) -> Iterator[Finding]:
    """Fill the default database, a scratch one, from the journal and what is staged in `live`.

    end: offset in the journal to stop at. `done` is told how many records are done.
    """
    records = 0
    try:
        for some in portions(_journalled(journal, end, live)):
            records += _take(some)
            done(records)
        size = rows.fetch("SELECT coalesce(max(size), 0) FROM ledger_checkpoint")[0][0]
        staged = fetch(live, "SELECT leaf, body FROM ledger_staged ORDER BY id")
        leaves, bodies = ([bytes(row[n]) for row in staged] for n in (0, 1))
        _take(_logged(Batch(size, 0, tuple(leaves), tuple(bodies), b""), live))
    except ReplayRefused as error:
        yield Finding(error.index, error.why)


def compare(live: Any, scratch: Any) -> Iterator[Finding]:
    """Hold the tables of `live` against those that were derived."""
    for table, sql in WHOLE.items():
        yield from _differences(table, (live, scratch), sql)
    names: set[Row] = set()
    for table in ("devices_device", *OF_A_DEVICE, "devices_quarantined"):
        column = "name" if table == "devices_device" else "device_id"
        names |= set(fetch(live, f"SELECT DISTINCT {column} FROM {table}"))
    names |= set(fetch(scratch, "SELECT name FROM devices_device"))
    for name in sorted(names, key=repr):
        for table, columns in OF_A_DEVICE.items():
            sql = f"SELECT device_id, {columns} FROM {table} WHERE device_id = %s"
            yield from _differences(table, (live, scratch), sql, name)


def alone(live: Any) -> Iterator[Finding]:
    """Check the rows that nothing else speaks of by what they say themselves."""
    for digest, leaf in fetch(live, "SELECT leaf_hash, leaf FROM ledger_staged"):
        if leaf_hash(_octets(leaf)) != _octets(digest):
            yield Finding(None, "ledger_staged holds a leaf under another hash than its own")
    held: dict[str, int] = {}
    for row in fetch(
        live, "SELECT device_id, epoch, first, last, last_hash, sealed FROM devices_quarantined"
    ):
        held[row[0]] = held.get(row[0], 0) + len(_octets(row[5]))
        yield from _quarantined(live, row)
    for name, stored in fetch(live, "SELECT name, quarantined FROM devices_device"):
        if held.get(name, 0) != stored:
            yield Finding(None, f"devices_quarantined: {name} does not add up to its count")


def fetch(database: Any, sql: str, values: Sequence[object] = ()) -> list[Row]:
    """All rows of one statement, of that database."""
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[Row] = cursor.fetchall()
        return found


def _take(logged: Sequence[Logged]) -> int:
    with writing():
        records = take(logged)
        rows.execute("DELETE FROM ledger_staged")
        return records


def _journalled(journal: Journal, end: int, live: Any) -> Iterator[Logged]:
    """Every leaf of the journal; its checkpoints stand in the scratch database before them.

    It ends where the journal is damaged or leaves one out: the audit of the log itself tells that.
    """
    size = 0
    with suppress(JournalDamaged):
        for batch, _ in frames(journal, end):
            if batch.first != size:
                return
            if size == 0:
                _statements(batch)
            size += len(batch.leaves)
            _checkpoint(batch, size)
            yield from _logged(batch, live)


def _statements(batch: Batch) -> None:
    """Whose chain the log continues decides which origins an opening may name."""
    for index, _ in enumerate(statements(batch.leaves)):
        rows.execute(
            "INSERT INTO ledger_entry (number, leaf_hash, leaf) VALUES (%s, %s, %s)",
            [index, leaf_hash(batch.leaves[index]), batch.leaves[index]],
        )


def _checkpoint(batch: Batch, size: int) -> None:
    """What gossip is compared with."""
    rows.execute(
        "INSERT INTO ledger_checkpoint (size, root, note, utc_ms, journal_end, journal_chain)"
        " VALUES (%s, %s, '', %s, 0, %s)",
        [size, batch.root, batch.utc_ms, b""],
    )


def _logged(batch: Batch, live: Any) -> list[Logged]:
    hashes = [leaf_hash(leaf) for leaf in batch.leaves]
    received = _received(live, hashes)
    together = zip(batch.leaves, batch.bodies, hashes, strict=True)
    return [
        Logged(index, leaf, body, received.get(digest, batch.utc_ms))
        for index, (leaf, body, digest) in enumerate(together, batch.first)
    ]


def _received(live: Any, hashes: Sequence[bytes]) -> dict[bytes, int]:
    """When each span came: the one thing that only the table knows."""
    found: dict[bytes, int] = {}
    for start in range(0, len(hashes), rows.CHUNK):
        some = hashes[start : start + rows.CHUNK]
        marks = ", ".join(["%s"] * len(some))
        sql = f"SELECT leaf_hash, received_ms FROM devices_heldspan WHERE leaf_hash IN ({marks})"
        told = fetch(live, sql, some)
        found |= {_octets(digest): at for digest, at in told if isinstance(at, int)}
    return found


def _differences(
    table: str, databases: tuple[Any, Any], sql: str, values: Row = ()
) -> Iterator[Finding]:
    real, must = ([_plain(table, row) for row in fetch(one, sql, values)] for one in databases)
    if len(real) != len(set(real)):
        yield Finding(None, f"{table} holds a row twice")
    for text, odd in (
        ("holds what the log does not", set(real) - set(must)),
        ("lacks what the log holds", set(must) - set(real)),
    ):
        for row in sorted(odd, key=repr):
            yield Finding(_index(table, databases[0], row), f"{table} {text}: {_shown(row)}")


def _plain(table: str, row: Row) -> Row:
    """Bytes of either database as bytes, long ones as their digest."""
    plain = tuple(bytes(one) if isinstance(one, memoryview) else one for one in row)
    if table == "devices_forkevidence":
        # Which of the two came first depends on how the records were sliced when they were sent.
        plain = (*plain[:3], *sorted((plain[3:5], plain[5:7]), key=repr))
    return tuple(
        hashlib.sha256(one).digest() if isinstance(one, bytes) and len(one) > 64 else one
        for one in plain
    )


def _index(table: str, live: Any, row: Row) -> int | None:
    """Where the leaf of a held span stands."""
    if table != "devices_heldspan" or not isinstance(row[LEAF_HASH], bytes):
        return None
    sql = "SELECT number FROM ledger_entry WHERE leaf_hash = %s"
    found = fetch(live, sql, [row[LEAF_HASH]])
    return found[0][0] if found else None


def _shown(row: Row) -> str:
    return ", ".join(one.hex()[:16] if isinstance(one, bytes) else str(one) for one in row[:4])


def _quarantined(live: Any, row: Row) -> Iterator[Finding]:
    device, epoch, first, last, last_hash, sealed = row
    sql = "SELECT kid, cose_key FROM devices_devicekey WHERE device_id = %s"
    try:
        records = cbor.decode(_octets(sealed), max_bytes=MAX_BODY)
        span = Span.open(records if isinstance(records, list) else [])
        place = (span.epoch, span.first, span.last, span.last_hash)
        keys = {_octets(k): cose.decode_key(_octets(key)) for k, key in fetch(live, sql, [device])}
        crypto.check(span, keys, device)
    except (ProtocolError, TypeError) as error:
        yield Finding(None, f"devices_quarantined: {device} {first}..{last}: {error}")
    else:
        if place != (_octets(epoch), first, last, _octets(last_hash)):
            text = f"devices_quarantined: {device} {first}..{last} is not what it says"
            yield Finding(None, text)


def _octets(value: object) -> bytes:
    """What a column holds; whatever is no bytes at all equals nothing."""
    return bytes(value) if isinstance(value, bytes | memoryview) else repr(value).encode()
