"""Readings of assets by time, derived from the log: a cursor over its entries, and packed rows.

    follow()    reads what the log has gained: idempotent, resumable, in bounded steps
    rebuild()   forgets everything here and reads the log again

The cursor counts entries of the log, because numbers of rows are given before their transaction
ends, and a row of a slow transaction would be passed by; the log's own numbers have no holes.
Contested spans are left out. A reading belongs to the asset that its device was fitted to at that
time. Readings date themselves, or the anchors of their epoch date them, whenever these arrive.
What is read here is never changed there. Spec: docs/protocol.md, sections "Time" and "Records".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from protocol.bodies import Opening
from protocol.record import Record, open_sealed
from science import sensing
from science.sensing import WORST
from science.timeline import RULES, Stretch
from science.verdict import Certificate, Source
from server.coldchain import packing, spans
from server.coldchain.models import Cell, Followed, Hint, SpanRead, Track
from server.coldchain.packing import Readings, unpack
from server.devices.models import Assignment, EpochFacts, HeldSpan
from server.ledger import log, rows
from server.ledger.writing import writing

STEP = 20
"""Entries of the log that one transaction reads, at most."""
ONE = 1
"""The row of the cursor."""
LENGTHS = (3_600_000, 86_400_000)
"""Of cells: an hour and a day of UTC."""
EVER = (-(2**62), 2**62)

_INSIDE = """
    SELECT device_id, substr(packed, 1, %s) FROM coldchain_track
    WHERE asset_id = %s AND from_ms >= %s AND until_ms < %s
"""
_AT_ENDS = """
    SELECT device_id, packed FROM coldchain_track
    WHERE asset_id = %s AND from_ms < %s AND until_ms >= %s AND (from_ms < %s OR until_ms >= %s)
"""
_GAINED = """
    SELECT e.number, h.id, b.body FROM ledger_entry AS e
    JOIN devices_heldspan AS h ON h.leaf_hash = e.leaf_hash
    JOIN ledger_body AS b ON b.number = e.number
    WHERE e.number >= %s AND e.number < %s AND NOT h.contested ORDER BY e.number
"""
_BESIDE = """
    SELECT (SELECT max(last_ms) FROM coldchain_track WHERE asset_id = %s AND last_ms < %s),
        (SELECT min(first_ms) FROM coldchain_track WHERE asset_id = %s AND first_ms > %s)
"""
_OLD_CELLS = (
    "DELETE FROM coldchain_cell"
    " WHERE asset_id = %s AND length_ms = %s AND start_ms > %s AND start_ms < %s"
)


@dataclass(frozen=True, slots=True)
class Changed:
    """An asset of which the exposure in [from_ms, until_ms) is another one now."""

    asset: int
    from_ms: int
    until_ms: int


@dataclass(slots=True)
class Progress:
    """What a step did: entries looked at, spans read, and what changed by it."""

    entries: int = 0
    spans: int = 0
    changed: list[Changed] = field(default_factory=list)


def widest(changes: Iterable[Changed]) -> list[Changed]:
    """One change for each asset, which spans all of its changes."""
    found: dict[int, Changed] = {}
    for one in changes:
        seen = found.get(one.asset, one)
        low, high = min(seen.from_ms, one.from_ms), max(seen.until_ms, one.until_ms)
        found[one.asset] = Changed(one.asset, low, high)
    return list(found.values())


Frame = Callable[[], AbstractContextManager[None]]


@contextmanager
def still(frame: Frame = writing) -> Iterator[int]:
    """A transaction in which tracks hold still; the cursor. Whoever caches what they say waits
    here for whoever reads the log, and the other way round."""
    with frame():
        Followed.objects.get_or_create(id=ONE)
        yield Followed.objects.select_for_update().get(id=ONE).number


def follow(most: int = STEP, in_time: Callable[[], bool] = lambda: True) -> Progress:
    """Read up to `most` new entries of the log, the first in any case, then while there is time.

    A crash here leaves the step undone.
    """
    with still() as cursor:
        (end,) = rows.fetch(
            "SELECT max(number) FROM ledger_entry WHERE number >= %s AND number < %s",
            [cursor, cursor + most],
        )[0]
        if end is None:
            return Progress()
        progress = Progress()
        reader = _Reader(progress)
        found = rows.fetch(_GAINED, [cursor, end + 1])
        held = HeldSpan.objects.in_bulk([pk for _, pk, _ in found])
        reader.expect([bytes(one.leaf_hash) for one in held.values()])
        for number, pk, body in found:
            reader.read(held[pk], bytes(body))
            if not in_time():
                end = number
                break
        progress.entries = end + 1 - cursor
        Followed.objects.filter(id=ONE).update(number=end + 1)
    return progress


def follow_all() -> Progress:
    """Read everything that the log has."""
    done = Progress()
    while (step := follow()).entries:
        done.entries += step.entries
        done.spans += step.spans
        done.changed += step.changed
    return done


def rebuild() -> Progress:
    """Derive everything again. A crash here leaves fewer tracks and a cursor that says so."""
    with still():
        for model in (Cell, Track, SpanRead, Hint):
            model.objects.all().delete()
        Followed.objects.filter(id=ONE).update(number=0)
    return follow_all()


def readings(asset: int, window: Stretch) -> Readings:
    """What an asset's devices said in a window, in order of time."""
    parts = by_device(asset, window).values()
    seen = sorted((one for part in parts for one in part.seen), key=itemgetter(0))
    told = sorted(one for part in parts for one in part.happened)
    return Readings(tuple(seen), tuple(told))


def by_device(asset: int, window: Stretch) -> dict[str, Readings]:
    """What each device of an asset said in a window, in order of time."""
    found = Track.objects.filter(
        asset=asset, from_ms__lt=window.until_ms, until_ms__gte=window.from_ms
    )
    parts: dict[str, list[Readings]] = {}
    for device, packed in found.order_by("id").values_list("device", "packed"):
        parts.setdefault(device, []).append(unpack(bytes(packed)))
    return {device: _inside(some, window) for device, some in parts.items()}


def _inside(parts: Sequence[Readings], window: Stretch) -> Readings:
    low, high = window
    seen = (one for part in parts for one in part.seen if low <= one.at_ms < high)
    told = (one for part in parts for one in part.happened if low <= one.at_ms < high)
    return Readings(tuple(sorted(seen, key=itemgetter(0))), tuple(sorted(told)))


def certificate(asset: int, window: Stretch) -> Certificate:
    """The worst certificate behind the readings of an asset in a window; NONE without readings."""
    found = Track.objects.filter(
        asset=asset, from_ms__lt=window.until_ms, until_ms__gte=window.from_ms
    )
    return sensing.worst(WORST[one] for one in set(found.values_list("certificate", flat=True)))


def sources(asset: int, window: Stretch) -> list[Source]:
    """The devices that measured for an asset in a window or near enough to hold into it, and how
    many readings each has there."""
    low, high = window.from_ms - RULES.gap_ms, window.until_ms + RULES.gap_ms
    found: dict[str, int] = {}
    for device, head in rows.fetch(_INSIDE, [packing.HEAD, asset, *window]):
        found[device] = found.get(device, 0) + packing.count(bytes(head))
    for device, packed in rows.fetch(_AT_ENDS, [asset, high, low, *window]):
        seen, _ = packing.looks(bytes(packed))
        inside = sum(window.from_ms <= one.at_ms < window.until_ms for one in seen)
        found[device] = found.get(device, 0) + inside
    return [Source(*one) for one in sorted(found.items())]


def put(track: Track) -> Changed:
    """Keep one new row, and say what it changes."""
    changed = touch(track)
    track.save(force_insert=True)
    return changed


def touch(track: Track) -> Changed:
    """Drop the cells that a row not there now changes: up to the readings on both sides of it."""
    asset = track.asset_id
    before, after = rows.fetch(_BESIDE, [asset, track.from_ms, asset, track.until_ms])[0]
    low = EVER[0] if before is None else before
    high = max(EVER[1] if after is None else after, track.until_ms + RULES.door_ms)
    for length_ms in LENGTHS:
        rows.execute(_OLD_CELLS, [asset, length_ms, low - length_ms, high])
    return Changed(asset, low, high)


class _Reader:
    """Reads spans into rows, in one transaction."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self._epochs: dict[tuple[str, bytes], spans.Epoch] = {}
        self._fitted: dict[str, list[tuple[int, int, int]]] = {}
        self._new: set[bytes] = set()

    def expect(self, leaves: Sequence[bytes]) -> None:
        """Look which of the spans that come were never read: nothing of them is to be forgotten."""
        known = SpanRead.objects.filter(span__in=leaves).values_list("span", flat=True)
        self._new = set(leaves) - {bytes(one) for one in known}

    def read(self, span: HeldSpan, body: bytes) -> None:
        """Read one span, and those of its epoch again of which it says something."""
        records = spans.records_of(body)
        kinds = self._hints(span, records)
        self._write(span, records)
        if not kinds:
            return
        again = SpanRead.objects.filter(device=span.device_id, epoch=span.epoch)
        if not any(kinds):  # anchors alone: they matter to what has no time of its own
            again = again.filter(blind__gt=0)
        leaves = [bytes(one) for one in again.values_list("span", flat=True)]
        others = HeldSpan.objects.filter(leaf_hash__in=leaves).exclude(pk=span.pk)
        for other in others.order_by("first"):
            self._write(other, spans.records_of(log.body(bytes(other.leaf_hash)) or b""))

    def _hints(self, span: HeldSpan, records: Sequence[Record]) -> set[bool]:
        """Keep what the records say of others; what was new: False anchors, True calibrations."""
        new = [hint for record in records if (hint := spans.hint(span, record))]
        known = Hint.objects.filter(device=span.device_id, epoch=span.epoch)
        seqs = set(known.values_list("seq", flat=True)) if new else set()
        new = [hint for hint in new if hint.seq not in seqs]
        Hint.objects.bulk_create(new)
        if new:
            self._epochs.pop((span.device_id, bytes(span.epoch)), None)
        return {hint.sensor is not None for hint in new}

    def _write(self, span: HeldSpan, records: Sequence[Record]) -> None:
        """Put down what a span holds, in place of what was there of it."""
        leaf, epoch = bytes(span.leaf_hash), self._epoch(span)
        dated = [spans.dated(record, epoch, span.received_ms) for record in records]
        if leaf not in self._new:
            self._forget(leaf)
        self._new.discard(leaf)
        for asset, mine in self._by_asset(span.device_id, dated):
            track = spans.track(mine, epoch)
            if track is None:
                continue
            track.asset_id, track.device_id, track.span = asset, span.device_id, leaf
            self.progress.changed.append(put(track))
        SpanRead.objects.create(
            span=leaf,
            device_id=span.device_id,
            epoch=span.epoch,
            blind=sum(one.blind for one in dated),
            undated=sum(one.at_ms is None for one in dated),
        )
        self.progress.spans += 1

    def _forget(self, leaf: bytes) -> None:
        for track in Track.objects.filter(span=leaf):
            track.delete()
            self.progress.changed.append(touch(track))
        SpanRead.objects.filter(span=leaf).delete()

    def _epoch(self, span: HeldSpan) -> spans.Epoch:
        key = (span.device_id, bytes(span.epoch))
        if key not in self._epochs:
            hints = list(Hint.objects.filter(device=key[0], epoch=key[1]).order_by("seq"))
            told = ((one.sensor, one.utc_ms) for one in hints)
            self._epochs[key] = spans.Epoch(
                names=_names(*key),
                anchors=[spans.anchor(one) for one in hints if one.sensor is None],
                calibrated={sensor: since for sensor, since in told if sensor is not None},
            )
        return self._epochs[key]

    def _by_asset(
        self, device: str, dated: Sequence[spans.Dated]
    ) -> Iterator[tuple[int, list[spans.Dated]]]:
        """The dated records of each asset that the device was fitted to when it made them."""
        placed = [
            (asset, one)
            for one in dated
            if one.at_ms is not None and (asset := self._asset(device, one.at_ms)) is not None
        ]
        placed.sort(key=lambda pair: pair[0])
        for asset, group in groupby(placed, key=lambda pair: pair[0]):
            yield asset, [one for _, one in group]

    def _asset(self, device: str, at_ms: int) -> int | None:
        if device not in self._fitted:
            self._fitted[device] = _fitted(device)
        fitted = self._fitted[device]
        return next((asset for low, high, asset in fitted if low <= at_ms < high), None)


def _names(device: str, epoch: bytes) -> dict[int, str]:
    """What the epoch's opening calls its sensors."""
    found = EpochFacts.objects.filter(device=device, epoch=epoch).values_list("opening", flat=True)
    for sealed in found:
        body = open_sealed(bytes(sealed)).record.body
        if isinstance(body, Opening):
            return {one.number: one.name for one in body.sensors}
    return {}


def _fitted(device: str) -> list[tuple[int, int, int]]:
    """(from, until, asset) of a device. The first one has no beginning: nothing else had it."""
    found = Assignment.objects.filter(device=device).order_by("from_ms", "id")
    fitted = [(one.from_ms, one.until_ms or EVER[1], one.asset_id) for one in found]
    return [(EVER[0], *one[1:]) if place == 0 else one for place, one in enumerate(fitted)]
