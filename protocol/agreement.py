"""Do the checkpoints of one file speak of one history of the log? Compared across its chapters.

Under a signed root every inclusion path says what hash stands over which leaves, and so does a
consistency proof. A log that only grows has one hash over a range of leaves, whatever its size: two
for one range are two histories, and proof of a lying log. A checkpoint is shown to lead on to a
larger one by a consistency proof, or because its root follows from what is proved under that. If
all lead on to one, they are of one history; of others nothing is claimed but that they agree where
they meet. It never raises. Spec: docs/protocol.md, "Evidence bundle".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from protocol import merkle
from protocol.bundle import Proofs
from protocol.evidence import Finding
from protocol.merkle import Range
from protocol.receipt import Trust
from protocol.registry import Problem

TRIED: Final = 64
"""Different checkpoints of which each is looked for in the proofs of all others. A truck's own file
may have thousands, of which nothing follows."""

Under = Sequence[tuple[Trust, Proofs]]
"""The checkpoints of one chapter that the log has signed, with what is proved under each."""
Root = tuple[int, bytes]
"""Size and root."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What came of it. checkpoints: different ones; histories: of them, how many lead on to no
    other, 1 where all are shown to be of one history. findings: of chapters by their place."""

    checkpoints: int
    histories: int
    findings: Mapping[int, Finding]


@dataclass(slots=True)
class _Seen:
    """A checkpoint: the first chapter that has it, hashes proved under it, and whether it leads on
    to another."""

    chapter: int
    hashes: dict[Range, bytes] = field(default_factory=dict)
    leads: bool = False


def compare(chapters: Sequence[Under]) -> Agreement:
    """Compare all that the chapters of one log say of its tree."""
    known: dict[Range, bytes] = {}
    findings: dict[int, Finding] = {}
    seen: dict[Root, _Seen] = {}
    for chapter, checkpoints in enumerate(chapters):
        for trust, proofs in checkpoints:
            hashes = dict(_hashes(trust, proofs))
            seen.setdefault((trust.size, trust.root), _Seen(chapter)).hashes.update(hashes)
            others = [span for span in hashes if known.get(span, hashes[span]) != hashes[span]]
            if others:
                findings.setdefault(chapter, _two(trust.size, others[0]))
            known |= hashes
        _led_on(seen, checkpoints)
    if len(seen) <= TRIED:
        _followed(seen, findings)
    return Agreement(len(seen), sum(not one.leads for one in seen.values()), findings)


def _two(size: int, span: Range) -> Finding:
    text = f"another hash over the leaves {span[0]} to {span[1] - 1} than elsewhere in this file"
    return Finding(Problem.TWO_HISTORIES, f"note of size {size}", text)


def _hashes(trust: Trust, proofs: Proofs) -> Iterator[tuple[Range, bytes]]:
    """What is proved of the tree under one checkpoint; a path that does not hold proves nothing."""
    yield (0, trust.size), trust.root
    shown = [one.receipt for one in proofs.leaves] + [one.receipt for one in proofs.entries]
    for receipt in shown:
        leaf = merkle.leaf_hash(receipt.leaf)
        if merkle.verify_inclusion(leaf, receipt.index, trust.size, receipt.path, trust.root):
            yield from merkle.inclusion_hashes(leaf, receipt.index, trust.size, receipt.path)


def _led_on(seen: Mapping[Root, _Seen], checkpoints: Under) -> None:
    """Mark what a chapter's own consistency proofs lead on from."""
    roots: dict[int, bytes] = {}
    for trust, proofs in checkpoints:
        roots.setdefault(trust.size, trust.root)
        claim = proofs.extends
        old = roots.get(claim.since) if claim and claim.since < trust.size else None
        if claim and old is not None:
            path = claim.path
            if merkle.verify_consistency(claim.since, old, trust.size, trust.root, path):
                seen[claim.since, old].leads = True


def _followed(seen: Mapping[Root, _Seen], findings: dict[int, Finding]) -> None:
    """Mark each root that follows from a larger one's proofs; one that does not, although its
    leaves are known there, is of another history."""
    for (size, root), one in seen.items():
        for (larger, _), other in seen.items():
            found = merkle.hash_over(other.hashes, (0, size)) if larger > size else None
            one.leads = one.leads or found == root
            if found not in (None, root):
                findings.setdefault(one.chapter, _two(size, (0, size)))
