"""The evidence file of a lot: its result as the log has it, the history that was judged, and the
readings of its stays.

One chapter of no device, then those of the devices. Positions, events and whatever else a truck
seals are left out: the tree leaf hashes of their spans stand for them. The opening of an epoch is
there, because it names the sensors. A phone's file is bounded (picking.py says what stays), and the
history in it says how many readings there were. Spec: docs/protocol.md, section 12.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from threading import Lock
from typing import Final

from django.db.models import F

from protocol import cbor, cose, evidence, merkle
from protocol.bodies import Opening
from protocol.bundle import MAX_DOCUMENT
from protocol.evidence import Evidence, Extension, Proofs, ProvedEntry, ProvedLeaf
from protocol.record import open_sealed
from protocol.registry import Kind
from server.coldchain import spans
from server.coldchain.models import Lot, Result
from server.coldchain.shopper import picking
from server.coldchain.shopper.gather import result_of
from server.coldchain.shopper.picking import Block, Times
from server.devices.models import DeviceKey, HeldSpan
from server.ledger import keys, log
from server.ledger.log import Checkpoint

MAX_BYTES: Final = 2 << 20
"""Of records and hashes: some nine thousand readings, which a phone checks in seconds."""
WHOLE: Final = 56 << 20
"""The same for whoever asks for all: what the format holds, less what stands around it."""
SPAN_BYTES: Final = 1_200
"""What a span costs besides: its leaf and the path to it."""
KEPT: Final = 16
"""Files in memory."""
FRESH_MS: Final = 30_000
"""For how long: a living log has a new checkpoint every few seconds, and a file needs none."""
MAX_CHAPTERS: Final = 60
MAX_BODY: Final = 64 << 20
MAX_SINCE: Final = 4
"""Earlier checkpoints that one file leads on from."""


@dataclass(frozen=True, slots=True)
class _Made:
    """Chapters of devices, the size of the log that they are proved by, and since when."""

    size: int
    at_ms: int
    chapters: bytes


_made: dict[tuple[str, int, int], _Made] = {}
_turn = Lock()
"""Many threads answer requests: one at a time changes what is kept."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A span with its records as sealed."""

    row: HeldSpan
    sealed: list[bytes]

    @property
    def hashes(self) -> tuple[bytes, ...]:
        return tuple(merkle.leaf_hash(one) for one in self.sealed)


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring spans of one epoch, and which of their records are shown."""

    held: tuple[_Held, ...]
    shown: tuple[bytes, ...]

    @property
    def cost(self) -> int:
        """Bytes in the file, nearly."""
        hashes = sum(32 * len(one.sealed) + SPAN_BYTES for one in self.held)
        return sum(map(len, self.shown)) + hashes


def file(
    lot: Lot, now_ms: int, version: int | None = None, since: Sequence[int] = ()
) -> bytes | None:
    """The file of one version that the log holds (None: the newest, or what a page showed is not
    there); None while there is nothing to prove. Of a stopped lot it is the same.

    since: sizes of the log that somebody saw before: the file leads on from them, and from the
    checkpoint of the devices' chapters, which are kept a while: many phones ask for the same.
    """
    result, checkpoint = result_of(lot, version) or result_of(lot), log.newest()
    if result is None:
        return None
    made = _kept(lot, result, checkpoint, now_ms)
    return evidence.write(_verdict(result, checkpoint, now_ms, (*since, made.size))) + made.chapters


def _kept(lot: Lot, result: Result, checkpoint: Checkpoint, now_ms: int) -> _Made:
    """The chapters of the devices, made anew when they are too old for this moment."""
    key = (keys.current().log.vkey, lot.pk, result.pk)
    found = _made.get(key)
    if found and 0 <= now_ms - found.at_ms < FRESH_MS and found.size <= checkpoint.size:
        return found
    made = _Made(checkpoint.size, now_ms, _devices(lot, checkpoint, now_ms, MAX_BYTES))
    with _turn:
        _made.pop(key, None)
        while len(_made) >= KEPT:
            _made.pop(next(iter(_made)))
        _made[key] = made
    return made


def whole(lot: Lot, now_ms: int) -> bytes | None:
    """The file with every reading, as far as the format holds them: for those concerned."""
    result, checkpoint = result_of(lot), log.newest()
    if result is None:
        return None
    devices = _devices(lot, checkpoint, now_ms, WHOLE)
    return evidence.write(_verdict(result, checkpoint, now_ms)) + devices


def _chapter(device: str, now_ms: int, proofs: Sequence[Proofs]) -> Evidence:
    own = keys.current()
    return Evidence(device, own.origin, own.log.vkey, now_ms, (), (), tuple(proofs))


# The result


def _verdict(
    result: Result, checkpoint: Checkpoint, now_ms: int, since: Sequence[int] = ()
) -> Evidence:
    digest = bytes(result.leaf_hash)
    (receipt,) = log.receipts([digest], checkpoint.size)
    entry = ProvedEntry(receipt, log.body(digest) or b"", _history(result))
    earlier = list(_earlier(checkpoint, since))
    extends = _extension(earlier[-1:], checkpoint.size)
    newest = Proofs(checkpoint.note, (), (entry,), extends)
    return _chapter("", now_ms, [*(proofs for _, proofs in earlier), newest])


def _history(result: Result) -> bytes:
    """What the result was judged from; nothing of a result of before, nor what no file holds."""
    found = b"" if result.history is None else zlib.decompress(bytes(result.history))
    return found if len(found) <= MAX_DOCUMENT else b""


def _earlier(checkpoint: Checkpoint, since: Sequence[int]) -> Iterator[tuple[int, Proofs]]:
    """Earlier checkpoints, each extending the one before it; a size that never was is passed by."""
    before: list[tuple[int, Proofs]] = []
    for size in sorted({one for one in since if 0 < one < checkpoint.size})[-MAX_SINCE:]:
        note = log.note_of(size)
        if note is not None:
            before = [(size, Proofs(note, (), (), _extension(before, size)))]
            yield before[0]


def _extension(before: Sequence[tuple[int, Proofs]], size: int) -> Extension | None:
    for old, _ in before:
        return Extension(old, tuple(log.consistency(old, size)))
    return None


# The devices


def _devices(lot: Lot, checkpoint: Checkpoint, now_ms: int, most: int) -> bytes:
    wanted = picking.wanted(lot, now_ms)
    found = picking.ranked(picking.blocks(wanted.times), wanted.extremes)
    taken: list[tuple[Block, _Run]] = []
    for block in found:
        run = _run(block, wanted.times)
        most -= run.cost
        if most < 0:
            break
        taken.append((block, run))
    while len(bundles := _bundled(taken)) > MAX_CHAPTERS:
        taken.pop()
    chapters = [_device(one, checkpoint, now_ms) for one in bundles]
    return evidence.write(*chapters) if chapters else b""


def _run(block: Block, times: Times) -> _Run:
    held = tuple(_Held(row, _sealed(row)) for row in block.spans)
    return _Run(held, tuple(one for span in held for one in _readings(span, times)))


def _sealed(row: HeldSpan) -> list[bytes]:
    body = log.body(bytes(row.leaf_hash))
    records = cbor.decode(body or b"", max_bytes=MAX_BODY)
    if not isinstance(records, list):
        raise TypeError("a span's body is not an array of records")
    return records


def _readings(span: _Held, times: Times) -> Iterator[bytes]:
    """Those that belong to a stay by a time of their own, as the tracks have it."""
    wanted = times.get(bytes(span.row.leaf_hash), frozenset())
    for sealed in span.sealed if wanted else ():
        record = open_sealed(sealed).record
        at_ms = record.utc_ms if record.kind is Kind.READING else None
        if at_ms in wanted and spans.can_be(at_ms, span.row.received_ms):
            yield sealed


@dataclass(frozen=True, slots=True)
class _Bundle:
    """What becomes a chapter: runs of one device, of an epoch each, signed with one key."""

    device: str
    kid: bytes
    runs: tuple[_Run, ...]


def _bundled(taken: Sequence[tuple[Block, _Run]]) -> list[_Bundle]:
    """A chapter crosses no hole of an epoch: its first run of each epoch, then its second ..."""
    found: dict[tuple[str, bytes], list[list[_Run]]] = {}
    ordered = sorted(taken, key=lambda one: (one[0].device, one[0].epoch, one[0].run, one[0].place))
    for (device, _), some in groupby(ordered, key=lambda one: (one[0].device, one[0].epoch)):
        runs = list(_joined(some))
        kid = open_sealed(runs[0].held[0].sealed[0]).kid
        found.setdefault((device, kid), []).append(runs)
    return [
        _Bundle(device, kid, tuple(one for one in runs if one is not None))
        for (device, kid), epochs in found.items()
        for runs in zip_longest(*epochs)
    ]


def _joined(some: Iterable[tuple[Block, _Run]]) -> Iterator[_Run]:
    """Runs of touching blocks, and what opened their epoch: with the first of them, or alone."""
    runs: list[_Run] = []
    last: tuple[int, int] | None = None
    for block, run in some:
        if last == (block.run, block.place):
            run = _Run((*runs[-1].held, *run.held), (*runs[-1].shown, *run.shown))
            runs[-1] = run
        else:
            runs.append(run)
        last = (block.run, block.place + 1)
    yield from _opened(runs)


def _opened(runs: list[_Run]) -> list[_Run]:
    first = runs[0].held[0].row
    if first.first == 0:
        opening = _opening(runs[0].held[0])
        return [_Run(runs[0].held, (*opening, *runs[0].shown)), *runs[1:]]
    rows = HeldSpan.objects.filter(
        device=first.device_id, epoch=first.epoch, first=0, contested=False
    )
    held = [_Held(row, _sealed(row)) for row in rows]
    return [*(_Run((one,), opening) for one in held if (opening := _opening(one))), *runs]


def _opening(held: _Held) -> tuple[bytes, ...]:
    """The record that names the sensors; one that was meant for a log before ours proves nothing
    without that log's statements."""
    sealed = held.sealed[0]
    body = open_sealed(sealed).record.body
    ours = isinstance(body, Opening) and body.origin == keys.current().origin
    return (sealed,) if ours else ()


def _device(bundle: _Bundle, checkpoint: Checkpoint, now_ms: int) -> Evidence:
    given = list(DeviceKey.objects.filter(device=bundle.device).order_by("order"))
    cose_keys = [bytes(one.cose_key) for one in given]
    needed = cose_keys[: [cose.key_id(one) for one in cose_keys].index(bundle.kid) + 1]
    rotations = _rotations(bundle.device, len(needed) - 1)
    spans = [*(span for span, _ in rotations), *(one for run in bundle.runs for one in run.held)]
    hashes = {bytes(one.row.leaf_hash): one.hashes for one in spans}
    receipts = log.receipts(list(hashes), checkpoint.size)
    leaves = tuple(ProvedLeaf(one, hashes[merkle.leaf_hash(one.leaf)]) for one in receipts)
    plain = _chapter(bundle.device, now_ms, [Proofs(checkpoint.note, leaves)])
    shown = (one for run in bundle.runs for one in run.shown)
    records = (*(sealed for _, sealed in rotations), *shown)
    who = (plain.device, plain.origin, plain.log_vkey, now_ms)
    return Evidence(*who, tuple(needed), records, plain.proofs)


def _rotations(device: str, most: int) -> list[tuple[_Held, bytes]]:
    """The first so many records by which later keys came, each a span of its own."""
    found: list[tuple[_Held, bytes]] = []
    rows = HeldSpan.objects.filter(device=device, first=F("last"), contested=False)
    for row in rows.order_by("id").iterator() if most else ():
        held = _Held(row, _sealed(row))
        if open_sealed(held.sealed[0]).record.kind is Kind.ROTATION:
            found.append((held, held.sealed[0]))
            if len(found) == most:
                break
    return found
