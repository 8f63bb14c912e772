"""Vectors of the log: leaves, tree, checkpoints, receipts."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from protocol import checkpoint, leaf, merkle, receipt, span
from protocol.checkpoint import Checkpoint
from protocol.wire import Receipt
from tests.protocol import build
from tests.protocol.testlog import Log, note_key
from tests.vectors import cases_succession
from tests.vectors.outcome import problem_of

TREE_SIZES = (1, 2, 3, 4, 5, 7, 8, 13)
PROOF_SIZE = 13


def leaves() -> list[leaf.Leaf]:
    """One leaf of each kind."""
    whole = span.Span.of(build.chain(12)).leaf(build.key().device)
    public: dict[str, int | str | bytes] = {
        "lot": "880123456789",
        "grade": 2,
        "evidence": build.digest("evidence"),
    }
    return [
        whole,
        leaf.ServiceLeaf("coldchain", "verdict", public, build.digest("commitment")),
        leaf.TickLeaf(build.START_UTC_MS),
        leaf.SuccessorLeaf("log.test/lost", 41, build.digest("lost root"), bytes(64)),
        cases_succession.said(),
    ]


def leaves_file() -> dict[str, object]:
    """Leaves and their hashes."""
    good = [leaf.encode_leaf(one) for one in leaves()]
    bad = (
        ("kind 5", b"\x82\x05\x00"),
        ("an empty list", b"\x80"),
        ("a tick in a longer number", b"\x82\x03\x18\x01"),
        ("a span leaf without its root", b"\x87" + good[0][1:-34]),
        ("a byte follows", good[2] + b"\x00"),
    )
    return {
        "about": "Log leaves: span, service, tick, successor (its signature here is all zero), and "
        "a successor that names its log's key.",
        "golden": [{"leaf": one.hex(), "leaf_hash": merkle.leaf_hash(one).hex()} for one in good],
        "negative": [
            {"why": why, "leaf": data.hex(), "problem": problem_of(leaf.decode_leaf, data)}
            for why, data in bad
        ],
    }


def tree_log() -> Log:
    """A log whose leaf i is the decimal number i."""
    return Log().grow(*(str(number).encode() for number in range(PROOF_SIZE)))


def tree_file() -> dict[str, object]:
    """Roots, inclusion and consistency proofs; leaf i is the decimal number i in ASCII."""
    log = tree_log()
    inclusion = [_inclusion_case(log, index) for index in range(PROOF_SIZE)]
    consistency = [_consistency_case(log, old) for old in range(PROOF_SIZE + 1)]
    return {
        "about": "RFC 6962 tree; leaf i is the decimal number i in ASCII. Negative cases: proofs "
        "that must not verify.",
        "roots": {str(size): log.root(size).hex() for size in (0, *TREE_SIZES)},
        "inclusion": inclusion,
        "consistency": consistency,
        "negative": [
            {**inclusion[5], "why": "a hash too many", "path": [*_path(log, 5), "00" * 32]},
            {**inclusion[5], "why": "a hash too few", "path": _path(log, 5)[:-1]},
            {**inclusion[5], "why": "two hashes exchanged", "path": _path(log, 5)[::-1]},
            {**inclusion[5], "why": "another index", "index": 6},
            {**inclusion[5], "why": "an index beyond the tree", "index": PROOF_SIZE},
            {**consistency[0], "why": "a proof from nothing", "path": ["00" * 32]},
            {**consistency[6], "why": "an empty proof", "path": []},
            {**consistency[6], "why": "another old root", "old_root": log.root(7).hex()},
        ],
    }


def _path(log: Log, index: int) -> list[str]:
    return [one.hex() for one in log.receipt(index).path]


def _inclusion_case(log: Log, index: int) -> dict[str, object]:
    return {
        "leaf_hash": merkle.leaf_hash(log.leaves[index]).hex(),
        "index": index,
        "size": log.size,
        "root": log.root(log.size).hex(),
        "path": _path(log, index),
    }


def _consistency_case(log: Log, old: int) -> dict[str, object]:
    return {
        "old_size": old,
        "old_root": log.root(old).hex(),
        "size": log.size,
        "root": log.root(log.size).hex(),
        "path": [one.hex() for one in log.consistency(old)],
    }


def notes_file() -> dict[str, object]:
    """Signed notes and vkeys; the secret is the Ed25519 seed."""
    key = note_key()
    log = tree_log()
    note, forged = log.note(), Log(note_key(seed="thief")).grow(*log.leaves).note()
    bad = (
        ("signed by another key of the same name", forged),
        ("another size under the signature", note.replace("\n13\n", "\n12\n", 1)),
        ("no empty line", note.replace("\n\n", "\n", 1)),
        ("a size with a leading zero", _resigned(note.replace("\n13\n", "\n013\n", 1))),
        ("a root of 31 bytes", _resigned(_short_root(note))),
        ("no newline at the end", note[:-1]),
        ("nothing at all", ""),
    )
    return {
        "about": "C2SP signed notes of one log; seed is SHA-256 of an ASCII text, see make.py.",
        "golden": [
            {
                "seed": hashlib.sha256(f"note key {key.name} ".encode()).hexdigest(),
                "vkey": key.key().vkey,
                "size": log.size,
                "root": log.root(log.size).hex(),
                "note": note,
            }
        ],
        "negative": [
            {"why": why, "note": text, "problem": problem_of(open_note, text)} for why, text in bad
        ],
    }


def open_note(text: str) -> Checkpoint:
    """What a device does that pinned the key."""
    return checkpoint.open_checkpoint(text, note_key().key(), build.verify_ed25519)


def _resigned(note: str) -> str:
    text = note[: note.index("\n\n") + 1]
    return checkpoint.sign_note(text, [note_key().signer()])


def _short_root(note: str) -> str:
    lines = note.split("\n")
    return "\n".join([*lines[:2], lines[2][:40] + "AA==", *lines[3:]])


def receipts_file() -> dict[str, object]:
    """A device's trust, an answer, and where trust stands afterwards."""
    log, chain = receipt_log()
    trust = trust_at(log, 3)
    other = Log(log.owner).grow(*log.leaves[:-1], b"another story")
    steps = [
        ("from nothing", trust_at(log, 0), log.note(), 0, log.consistency(0)),
        ("from 3", trust, log.note(), 3, log.consistency(3)),
        ("nothing new", trust_at(log, log.size), log.note(), log.size, ()),
    ]
    bad = [
        ("a smaller checkpoint", trust_at(log, 5), log.note(4), 5, ()),
        ("two roots for one size", trust_at(log, log.size), other.note(), log.size, ()),
        ("a proof from another size", trust, log.note(), 2, log.consistency(2)),
        ("no proof", trust, log.note(), 3, ()),
        ("a note by another key", trust, _thief(log).note(), 3, log.consistency(3)),
    ]
    return {
        "about": "Trust moves by note and consistency proof; then a receipt's path is checked "
        "under it. Leaves 2 and 4 are spans of the device of key 0.",
        "vkey": log.owner.key().vkey,
        "golden": [{**_step(*one), "trusted": log.size} for one in steps],
        "negative": [{**_step(*one), "problem": problem_of(advance, *one[1:])} for one in bad],
        "receipts": [_receipt_case(log, chain, index) for index in (2, 4)],
        "negative_receipts": [
            {
                "why": why,
                **_receipt(one),
                "problem": problem_of(receipt.proved, trust_at(log, log.size), one),
            }
            for why, one in _bad_receipts(log)
        ],
    }


def receipt_log() -> tuple[Log, list[bytes]]:
    """A log of ticks with two spans of one chain in it, and the chain's sealed bytes."""
    chain = build.chain(12)
    spans = (span.Span.of(chain[:5]), span.Span.of(chain[5:]))
    first, second = (leaf.encode_leaf(one.leaf(build.key().device)) for one in spans)
    ticks = [leaf.encode_leaf(leaf.TickLeaf(build.START_UTC_MS + n * 60_000)) for n in range(5)]
    log = Log().grow(ticks[0], ticks[1], first, ticks[2], second, ticks[3], ticks[4])
    return log, build.raw(chain)


def trust_at(log: Log, size: int) -> receipt.Trust:
    """Where a device stands that last saw this size."""
    start = receipt.Trust.start(log.owner.key())
    return replace(start, size=size, root=log.root(size), note=log.note(size) if size else None)


def advance(trust: receipt.Trust, note: str, since: int, proof: tuple[bytes, ...]) -> receipt.Trust:
    """What a device does with an answer."""
    return receipt.advance(trust, note, since, proof, build.verify_ed25519)


def _thief(log: Log) -> Log:
    return Log(note_key(seed="thief")).grow(*log.leaves)


def _step(
    why: str, trust: receipt.Trust, note: str, since: int, proof: tuple[bytes, ...]
) -> dict[str, object]:
    return {
        "why": why,
        "trust": {"size": trust.size, "root": trust.root.hex()},
        "note": note,
        "since": since,
        "consistency": [one.hex() for one in proof],
    }


def _receipt(one: Receipt) -> dict[str, object]:
    return {"leaf": one.leaf.hex(), "index": one.index, "path": [step.hex() for step in one.path]}


def _receipt_case(log: Log, chain: list[bytes], index: int) -> dict[str, object]:
    one = log.receipt(index)
    known = leaf.decode_leaf(one.leaf)
    assert isinstance(known, leaf.SpanLeaf)
    records = [sealed.hex() for sealed in chain[known.first : known.last + 1]]
    return {**_receipt(one), "records": records}


def _bad_receipts(log: Log) -> list[tuple[str, Receipt]]:
    good = log.receipt(2)
    return [
        ("another index", replace(good, index=3)),
        ("another leaf", replace(good, leaf=log.leaves[4])),
        ("a shorter path", replace(good, path=good.path[:-1])),
        ("a longer path", replace(good, path=(*good.path, bytes(32)))),
        ("an older tree's path", log.receipt(2, 5)),
    ]
