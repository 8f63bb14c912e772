"""A second reader of evidence files, written from docs/protocol.md, "Evidence bundle", alone.

It counts what is signed, chained and proved, and names every fault. It knows no tombstones: a hole
is a fault to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.independent.checker import Opened, check_signature, verifies
from tests.independent.second import (
    ROTATE,
    Refused,
    climb,
    decode,
    device_of,
    encode,
    item_at,
    kid_of,
    leaf_hash,
    need,
    open_note,
    root_of,
    to_be_signed,
)


@dataclass
class Report:
    """How many records are signed, chained and proved, and the name of every fault."""

    records: int = 0
    signed: int = 0
    chained: int = 0
    proved: int = 0
    faults: list[str] = field(default_factory=list)

    def tried(self, act: Callable[..., Any], *arguments: Any) -> bool:
        try:
            act(*arguments)
        except Refused as refused:
            self.faults.append(refused.problem)
            return False
        return True


def examine(data: bytes, vkey: str) -> Report:
    """Judge an evidence file, with the log's key known from elsewhere."""
    header, *items = sequence(data)
    need(header[1] == "jagalchi-evidence" and [one[0] for one in items] == order(items))
    need((header[0], header[4]) == (1, vkey), "wrong-origin")
    name, report = header[2], Report()
    rows = [Opened(one[1]) for one in items if one[0] == 2]
    keys = {kid_of(one[1]): one[1] for one in items if one[0] == 1 and device_of(one[1]) == name}
    signed = {row.hash: row for row in rows if report.tried(signed_by, keys, name, row)}
    before = {(row.epoch, row.seq): row for row in signed.values()}
    report.records, report.signed = len(rows), len(signed)
    report.chained = sum(report.tried(chained, before, row) for row in signed.values())
    proved: set[bytes] = set()
    for note, proof in noted(items):
        claim = Claim(name, vkey, note, proof)
        report.tried(lambda claim=claim: proved.update(committed(before, claim)))
    report.proved = len(proved)
    return report


def sequence(data: bytes) -> list[Any]:
    items, start = [], 0
    while start < len(data):
        _, end = item_at(data, start, 0)
        items.append(decode(data[start:end]))
        start = end
    return items


def order(items: list[Any]) -> list[int]:
    """Keys, records, then notes and leaves in turns."""
    kinds = [one[0] for one in items]
    return sorted(kinds, key=lambda kind: min(kind, 3))


def noted(items: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    note = ""
    for kind, *rest in items:
        if kind == 3:
            note = rest[0]
        elif kind == 4:
            yield note, rest


def signed_by(keys: dict[bytes, bytes], name: str, row: Opened) -> None:
    """A rotation that holds brings its key along: rows come in chain order."""
    need(row.kid in keys, "unknown-key")
    check_signature(row.sealed, keys[row.kid])
    if row.fields[1] == 8:
        new, consent = row.fields[10][0], row.fields[10][1]
        place = encode([name, [row.epoch, row.seq - 1, row.prev]])
        message = to_be_signed(place, kid_of(new), ROTATE)
        need(verifies(new, message, consent), "proof-of-possession")
        keys[kid_of(new)] = new


def chained(rows: dict[tuple[bytes, int], Opened], row: Opened) -> None:
    """Without tombstones: every hole is one."""
    named = row.fields[10][4] if row.fields[1] == 1 else None
    place = (named[0], named[1]) if named else (row.epoch, row.seq - 1)
    if place in rows:
        need(rows[place].hash == row.prev, "broken-chain")
    elif row.seq:
        need(min(seq for epoch, seq in rows if epoch == row.epoch) == row.seq, "broken-chain")


@dataclass(frozen=True)
class Claim:
    """A leaf said to be under a note of this log, about this device."""

    name: str
    vkey: str
    note: str
    proof: list[Any]


def committed(rows: dict[tuple[bytes, int], Opened], claim: Claim) -> set[bytes]:
    """The hashes of those rows to which a leaf in the tree commits."""
    size, top = open_note(claim.note, claim.vkey)
    leaf, index, path, given = claim.proof
    need(climb(leaf_hash(leaf), index, size, path) == top, "bad-proof")
    if decode(leaf)[0] == 4:
        return set()  # it says which log this one follows
    kind, whose, epoch, first, last, prev, end, root = decode(leaf)
    need((kind, whose) == (1, claim.name), "wrong-device")
    ours = {seq: rows[epoch, seq] for seq in range(first, last + 1) if (epoch, seq) in rows}
    hashes = given or [leaf_hash(one.sealed) for one in ours.values()]
    need(len(hashes) == last - first + 1 and root_of(hashes) == root, "bad-proof")
    for seq, one in ours.items():
        need(hashes[seq - first] == leaf_hash(one.sealed), "bad-proof")
        need(seq != first or one.prev == prev, "bad-proof")
        need(seq != last or one.hash == end, "bad-proof")
    return {one.hash for one in ours.values()}
