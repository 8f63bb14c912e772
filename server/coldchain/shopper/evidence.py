"""The evidence file of a lot: its newest result as the log has it, and the readings of its stays.

One chapter of no device, then one for each run of spans. Positions, events and whatever else a
truck seals are left out: the tree leaf hashes of their spans stand for them. A file is bounded: a
lot with very many readings has those that fit, oldest first. Spec: docs/protocol.md, section 12.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import F

from protocol import cbor, evidence, merkle
from protocol.evidence import Evidence, Proofs, ProvedEntry, ProvedLeaf
from protocol.record import Sealed, open_sealed
from protocol.registry import Kind
from server.coldchain.models import Lot, Result, Track
from server.coldchain.shopper.gather import Window, result_of, windows
from server.devices.models import DeviceKey, HeldSpan
from server.ledger import keys, log
from server.ledger.log import Checkpoint

MAX_BYTES: Final = 2 << 20
"""Of records and hashes: some nine thousand readings, which a phone checks in seconds."""
KEPT: Final = 16
"""Files in memory."""
MAX_CHAPTERS: Final = 60
MAX_SPANS: Final = 500
"""Spans of one run; at ten seconds a reading they are a month."""
MAX_SINGLES: Final = 2_000
MAX_BODY: Final = 64 << 20


_made: dict[tuple[str, int, int], bytes] = {}


@dataclass(frozen=True, slots=True)
class _Held:
    """A span with its records as sealed."""

    row: HeldSpan
    sealed: list[bytes]

    @property
    def hashes(self) -> tuple[bytes, ...]:
        return tuple(merkle.leaf_hash(one) for one in self.sealed)


def file(lot: Lot, now_ms: int, version: int | None = None) -> bytes | None:
    """The file of one version that the log holds (None: the newest, or what a page showed is not
    there); None while there is nothing to prove. Of a stopped lot it is the same.

    One that was made is kept a while: many phones ask for the same.
    """
    result, checkpoint = result_of(lot, version) or result_of(lot), log.newest()
    if result is None:
        return None
    key = (keys.current().log.vkey, result.pk, checkpoint.size)
    if key not in _made:
        while len(_made) >= KEPT:
            _made.pop(next(iter(_made)))
        _made[key] = _file(lot, result, checkpoint, now_ms)
    return _made[key]


def _file(lot: Lot, result: Result, checkpoint: Checkpoint, now_ms: int) -> bytes:
    chapters = [_verdict(result, checkpoint, now_ms)]
    room = MAX_BYTES
    for window in windows(lot, now_ms):
        for chapter in _runs(window, checkpoint, now_ms):
            room -= sum(map(len, chapter.records)) + 32 * len(chapter.records)
            if room < 0 or len(chapters) > MAX_CHAPTERS:
                return evidence.write(*chapters)
            chapters.append(chapter)
    return evidence.write(*chapters)


def _chapter(device: str, now_ms: int, proofs: Proofs) -> Evidence:
    own = keys.current()
    return Evidence(device, own.origin, own.log.vkey, now_ms, (), (), (proofs,))


def _verdict(result: Result, checkpoint: Checkpoint, now_ms: int) -> Evidence:
    digest = bytes(result.leaf_hash)
    (receipt,) = log.receipts([digest], checkpoint.size)
    entry = ProvedEntry(receipt, log.body(digest) or b"")
    return _chapter("", now_ms, Proofs(checkpoint.note, (), (entry,)))


def _runs(window: Window, checkpoint: Checkpoint, now_ms: int) -> Iterator[Evidence]:
    """A chapter for each run of spans that hold readings of a stay."""
    for rows in _contiguous(_spans(window)):
        held = [_Held(row, _sealed(row)) for row in rows]
        shown = [one for span in held for one in _readings(span.sealed, window)]
        if shown:
            yield _device(held, shown, checkpoint, now_ms)


def _spans(window: Window) -> list[HeldSpan]:
    """Every span from the first to the last in which a reading of this stay lies, per epoch."""
    rows = Track.objects.filter(asset=window.stay.room.asset_id, until_ms__gte=window.from_ms)
    if window.until_ms is not None:
        rows = rows.filter(from_ms__lt=window.until_ms)
    digests = [bytes(one) for one in rows.values_list("span", flat=True)[:MAX_SPANS]]
    ends: dict[tuple[str, bytes], tuple[int, int]] = {}
    for one in HeldSpan.objects.filter(leaf_hash__in=digests, contested=False):
        key = (one.device_id, bytes(one.epoch))
        first, last = ends.get(key, (one.first, one.last))
        ends[key] = (min(first, one.first), max(last, one.last))
    found: list[HeldSpan] = []
    for (device, epoch), (first, last) in ends.items():
        between = HeldSpan.objects.filter(device=device, epoch=epoch, contested=False)
        between = between.filter(first__gte=first, last__lte=last).order_by("first")
        found += between[:MAX_SPANS]
    return found


def _contiguous(rows: Iterable[HeldSpan]) -> Iterator[list[HeldSpan]]:
    run: list[HeldSpan] = []
    for row in rows:
        if run and (run[-1].epoch, run[-1].last + 1) != (row.epoch, row.first):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _sealed(row: HeldSpan) -> list[bytes]:
    body = log.body(bytes(row.leaf_hash))
    records = cbor.decode(body or b"", max_bytes=MAX_BODY)
    if not isinstance(records, list):
        raise TypeError("a span's body is not an array of records")
    return records


def _readings(records: Iterable[bytes], window: Window) -> Iterator[bytes]:
    end = 1 << 62 if window.until_ms is None else window.until_ms
    for sealed in records:
        record = open_sealed(sealed).record
        at_ms = record.utc_ms
        if record.kind is Kind.READING and at_ms is not None and window.from_ms <= at_ms < end:
            yield sealed


def _device(
    held: Sequence[_Held], shown: Sequence[bytes], checkpoint: Checkpoint, now_ms: int
) -> Evidence:
    device = held[0].row.device_id
    rotations = _rotations(device)
    spans = [*held, *(span for span, _ in rotations)]
    hashes = {bytes(one.row.leaf_hash): one.hashes for one in spans}
    receipts = log.receipts(list(hashes), checkpoint.size)
    leaves = tuple(ProvedLeaf(one, hashes[merkle.leaf_hash(one.leaf)]) for one in receipts)
    plain = _chapter(device, now_ms, Proofs(checkpoint.note, leaves))
    given = DeviceKey.objects.filter(device=device).order_by("order")
    cose = tuple(bytes(one) for one in given.values_list("cose_key", flat=True))
    records = (*(one.sealed for _, one in rotations), *shown)
    return Evidence(device, plain.origin, plain.log_vkey, now_ms, cose, records, plain.proofs)


def _rotations(device: str) -> list[tuple[_Held, Sealed]]:
    """The records by which later keys came, each a span of its own; none with one key."""
    if DeviceKey.objects.filter(device=device).count() < 2:
        return []
    found = []
    rows = HeldSpan.objects.filter(device=device, contested=False).order_by("id")
    for row in rows.filter(first=F("last"))[:MAX_SINGLES]:
        held = _Held(row, _sealed(row))
        one = open_sealed(held.sealed[0])
        if one.record.kind is Kind.ROTATION:
            found.append((held, one))
    return found
