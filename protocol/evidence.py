"""What an evidence file proves, offline: which records are signed, chained and proved by the log.

Nothing is believed: keys must descend from the device's first key, every signature, joint and proof
is computed again, and whatever does not hold becomes a finding with its place. Without a pinned log
key the file vouches for its own log, and the report says so. Spec: docs/protocol.md, "Evidence".
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, takewhile

from protocol import commitment, cose, joints, keyring, merkle, receipt, record
from protocol.bodies import Opening
from protocol.bundle import (
    Evidence,
    Extension,
    Proofs,
    ProvedEntry,
    ProvedLeaf,
    read,
    read_chapters,
    write,
)
from protocol.checkpoint import Checkpoint, LogKey, cosigned_at, open_checkpoint, parse_note
from protocol.cose import Verify
from protocol.errors import ProtocolError
from protocol.leaf import ServiceLeaf, SpanLeaf, SuccessorLeaf
from protocol.receipt import Trust
from protocol.record import Sealed, open_sealed
from protocol.registry import Problem
from protocol.wire import Receipt

__all__ = [
    "Cosigned",
    "Entry",
    "Evidence",
    "Extension",
    "Finding",
    "Placed",
    "Proofs",
    "ProvedEntry",
    "ProvedLeaf",
    "Report",
    "examine",
    "read",
    "read_chapters",
    "write",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold: which problem, where in the file, and why."""

    problem: Problem
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A service entry that the log commits to, with what it says; the log's index of it.

    document: what it names by its SHA-256, where the file holds it.
    """

    service: str
    kind: str
    index: int
    private: list[object]
    document: bytes = b""


@dataclass(frozen=True, slots=True)
class Placed:
    """A signed record and the index of the leaf that commits to it."""

    sealed: Sealed
    index: int


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness (a verifier key of the file) saw the newest checkpoint, at that UTC second."""

    witness: str
    utc_s: int


@dataclass(frozen=True, slots=True)
class Report:
    """How many records a chapter holds, and how many of them are signed, chained and proved.

    signed: by a key of this device. chained: signed, and the joint to the record before holds.
    proved: signed, and committed to by the log. simulated: signed, and says so in its bytes.
    pinned: the log's key was the caller's, not merely the file's. left_out: numbers between the
    records that the file does not hold, but the log commits to. entries: those that are proved.
    placed: the proved records, each with its place in the log. under: the checkpoints that the log
    has signed, with what the file shows under each.
    """

    records: int
    signed: int
    chained: int
    proved: int
    simulated: int
    pinned: bool
    findings: tuple[Finding, ...]
    left_out: int = 0
    entries: tuple[Entry, ...] = ()
    cosigned: tuple[Cosigned, ...] = ()
    placed: tuple[Placed, ...] = field(default=(), repr=False, compare=False)
    under: tuple[tuple[Trust, Proofs], ...] = field(default=(), repr=False, compare=False)

    @property
    def whole(self) -> bool:
        """Whether every record is signed, chained and proved, and nothing was found."""
        return not self.findings and self.records == self.signed == self.chained == self.proved


@dataclass(slots=True)
class _Bench:
    """An examination under way."""

    evidence: Evidence
    findings: list[Finding] = field(default_factory=list)

    def find(self, problem: Problem, where: str, text: str) -> None:
        self.findings.append(Finding(problem, where, text))

    def note(self, error: ProtocolError, where: str) -> None:
        self.find(error.problem, where, error.detail)


def examine(
    evidence: Evidence, verify_es256: Verify, verify_ed25519: Verify, pinned: str | None = None
) -> Report:
    """Judge a file; `pinned` is the log's verifier key, known from elsewhere.

    Never raises for anything that the file holds.
    """
    bench = _Bench(evidence)
    signed = _signed(bench, verify_es256)
    checkpoints = _checkpoints(bench, verify_ed25519, pinned)
    proved, runs = _proved(bench, signed, checkpoints)
    loose = _loose(bench, signed, {evidence.origin, *_predecessors(checkpoints)}, runs)
    return Report(
        records=len(evidence.records),
        signed=len(signed),
        chained=sum(one.hash not in loose for one in signed),
        proved=sum(one.hash in proved for one in signed),
        simulated=sum(one.record.simulated for one in signed),
        pinned=pinned is not None,
        entries=tuple(_entries(bench, checkpoints)),
        cosigned=tuple(_cosigned(bench, checkpoints, verify_ed25519)),
        left_out=joints.left_out(signed, runs),
        placed=tuple(Placed(one, proved[one.hash]) for one in signed if one.hash in proved),
        under=tuple(checkpoints),
        findings=tuple(bench.findings),
    )


def _name(one: Sealed) -> str:
    return f"record {one.record.epoch.hex()}/{one.record.seq}"


# Signatures


def _signed(bench: _Bench, verify: Verify) -> list[Sealed]:
    opened = _opened(bench)
    keys = _keys(bench, opened, verify)
    return [one for one in opened if _is_signed(bench, one, keys, verify)]


def _opened(bench: _Bench) -> list[Sealed]:
    opened = []
    for at, sealed in enumerate(bench.evidence.records):
        try:
            opened.append(open_sealed(sealed))
        except ProtocolError as error:
            bench.note(error, f"record item {at}")
    return opened


def _keys(bench: _Bench, opened: list[Sealed], verify: Verify) -> dict[bytes, bytes]:
    try:
        ring = keyring.collect(bench.evidence.device, bench.evidence.keys, opened, verify)
    except ProtocolError as error:
        bench.note(error, "first key")
        return {}
    for one, refusal in ring.refused:
        bench.note(refusal, _name(one))
    for key in bench.evidence.keys:
        kid = cose.key_id(key)
        if kid not in ring.keys:
            bench.find(Problem.UNKNOWN_KEY, f"key {kid.hex()}", "no rotation introduces it")
    return ring.keys


def _is_signed(bench: _Bench, one: Sealed, keys: dict[bytes, bytes], verify: Verify) -> bool:
    xy = keys.get(one.kid)
    if xy is None:
        bench.find(Problem.UNKNOWN_KEY, _name(one), f"{one.kid.hex()} is no key of this device")
        return False
    try:
        record.verify(one, xy, verify)
    except ProtocolError as error:
        bench.note(error, _name(one))
        return False
    return True


# Chain


def _loose(
    bench: _Bench, signed: list[Sealed], origins: set[str], runs: joints.Runs
) -> set[bytes]:
    for one in signed:
        _check_opening(bench, one, origins)
    troubles = joints.troubles(signed, runs)
    for one, error in troubles:
        bench.note(error, _name(one))
    return {one.hash for one, _ in troubles}


def _check_opening(bench: _Bench, one: Sealed, origins: set[str]) -> None:
    body = one.record.body
    if not isinstance(body, Opening):
        return
    if body.device != bench.evidence.device:
        bench.find(Problem.WRONG_DEVICE, _name(one), f"opened by {body.device}")
    if body.origin not in origins:
        bench.find(Problem.WRONG_ORIGIN, _name(one), f"meant for {body.origin}")


# Log

_Rows = dict[tuple[bytes, int], list[Sealed]]
"""Signed records by (epoch, seq); more than one only where the device forked."""


_Checkpoints = list[tuple[Trust, Proofs]]


def _proved(
    bench: _Bench, signed: list[Sealed], checkpoints: _Checkpoints
) -> tuple[dict[bytes, int], joints.Runs]:
    """Return the records to which a leaf under a signed checkpoint commits: hash -> its index.

    With them, the runs of numbers that such leaves cover by hashes alone.
    """
    rows: _Rows = defaultdict(list)
    for one in signed:
        rows[one.record.epoch, one.record.seq].append(one)
    proved: dict[bytes, int] = {}
    runs: joints.Runs = defaultdict(list)
    for trust, proofs in checkpoints:
        for leaf in proofs.leaves:
            found, committed = _committed(bench, trust, leaf, rows)
            proved |= dict.fromkeys(committed, leaf.receipt.index)
            if found and leaf.hashes:
                runs[found.epoch].append((found.first, found.last))
    return proved, runs


def _predecessors(checkpoints: _Checkpoints) -> list[str]:
    """Return the logs that this one follows, as far as the statements it begins with are here."""
    said: dict[int, str] = {}
    for trust, proofs in checkpoints:
        for one in proofs.leaves:
            said |= _named(trust, one.receipt)
    return [said[at] for at in takewhile(said.__contains__, count())]


def _named(trust: Trust, one: Receipt) -> dict[int, str]:
    with suppress(ProtocolError):  # told where the leaf is weighed
        leaf = receipt.proved(trust, one)
        if isinstance(leaf, SuccessorLeaf):
            return {one.index: leaf.old_origin}
    return {}


def _checkpoints(bench: _Bench, verify: Verify, pinned: str | None) -> _Checkpoints:
    try:
        key = LogKey.parse(bench.evidence.log_vkey if pinned is None else pinned)
    except ProtocolError as error:
        bench.note(error, "log key")
        return []
    if (key.vkey, key.name) != (bench.evidence.log_vkey, bench.evidence.origin):
        bench.find(Problem.WRONG_ORIGIN, "header", f"not made for the log {key.vkey}")
    found = []
    roots: dict[int, bytes] = {}
    for at, proofs in enumerate(bench.evidence.proofs):
        try:
            seen = open_checkpoint(proofs.note, key, verify)
        except ProtocolError as error:
            bench.note(error, f"note {at}")
            continue
        if roots.setdefault(seen.size, seen.root) != seen.root:
            bench.find(Problem.TWO_HISTORIES, f"note {at}", f"two roots of size {seen.size}")
        if proofs.extends and not _extends(proofs.extends, seen, roots):
            bench.find(Problem.BAD_PROOF, f"note {at}", f"not from size {proofs.extends.since}")
        found.append((Trust(seen.origin, key, seen.size, seen.root), proofs))
    return found


def _extends(claim: Extension, seen: Checkpoint, roots: dict[int, bytes]) -> bool:
    old = roots.get(claim.since)
    return old is not None and merkle.verify_consistency(
        claim.since, old, seen.size, seen.root, claim.path
    )


def _committed(
    bench: _Bench, trust: Trust, proof: ProvedLeaf, rows: _Rows
) -> tuple[SpanLeaf | None, set[bytes]]:
    where = f"leaf {proof.receipt.index}"
    try:
        leaf = receipt.proved(trust, proof.receipt)
        if isinstance(leaf, SpanLeaf):
            return leaf, _held(leaf, bench.evidence.device, proof.hashes, rows)
    except ProtocolError as error:
        bench.note(error, where)
    return None, set()


def _held(leaf: SpanLeaf, device: str, hashes: tuple[bytes, ...], rows: _Rows) -> set[bytes]:
    """Return the hashes of our records that stand under this leaf, which must fit all it says."""
    if leaf.device != device:
        raise ProtocolError(Problem.WRONG_DEVICE, f"a span of {leaf.device}")
    numbers = range(leaf.first, leaf.last + 1)
    held = [one for seq in numbers for one in rows.get((leaf.epoch, seq), [])]
    known = hashes or tuple(merkle.leaf_hash(one.sealed) for one in held)
    if not receipt.covers(leaf, known):
        raise ProtocolError(Problem.BAD_PROOF, "its records, or their hashes, do not make its root")
    standing = [one for one in held if receipt.stands(leaf, known, one.record.seq, one.sealed)]
    for one in standing:
        _check_ends(leaf, one)
    return {one.hash for one in standing}


def _check_ends(leaf: SpanLeaf, one: Sealed) -> None:
    if one.record.seq == leaf.first and one.record.prev != leaf.prev_hash:
        raise ProtocolError(Problem.BAD_PROOF, "the leaf's prev_hash is not that of its first")
    if one.record.seq == leaf.last and one.hash != leaf.last_hash:
        raise ProtocolError(Problem.BAD_PROOF, "the leaf's last_hash is not that of its last")


# Entries and witnesses


def _entries(bench: _Bench, checkpoints: _Checkpoints) -> Iterator[Entry]:
    for trust, proofs in checkpoints:
        for one in proofs.entries:
            try:
                yield _entry(trust, one)
            except ProtocolError as error:
                bench.note(error, f"entry {one.receipt.index}")


def _entry(trust: Trust, one: ProvedEntry) -> Entry:
    leaf = receipt.proved(trust, one.receipt)
    if not isinstance(leaf, ServiceLeaf):
        raise ProtocolError(Problem.MALFORMED, "not the leaf of a service entry")
    private = commitment.opened(leaf, one.content)
    if one.document and hashlib.sha256(one.document).digest() not in private:
        raise ProtocolError(Problem.BAD_PROOF, "the entry does not name this document")
    return Entry(leaf.service, leaf.kind, one.receipt.index, private, one.document)


def _cosigned(bench: _Bench, checkpoints: _Checkpoints, verify: Verify) -> Iterator[Cosigned]:
    """Each witness that a chapter names has cosigned its last note, or is a finding."""
    last = bench.evidence.proofs[-1] if bench.evidence.proofs else None
    for vkey in bench.evidence.witnesses:
        try:
            if last is None or not any(proofs is last for _, proofs in checkpoints):
                raise ProtocolError(Problem.BAD_NOTE, "a witness of nothing")
            note = parse_note(last.note)
            yield Cosigned(vkey, cosigned_at(note, LogKey.parse(vkey), verify))
        except ProtocolError as error:
            bench.note(error, f"witness {vkey}")
