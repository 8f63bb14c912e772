"""The exposure of an asset in any window, from tracks: by cached hours and days, exact at its ends.

A cell is a histogram of a whole hour or day of UTC. Reading the log drops the cells that a
reading could change (tracks.py); they are made again here, hour by hour, when somebody asks. So a
month of readings is a few dozen additions, and a new span costs the hour it is in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from science import sensing, timeline
from science.histogram import RECORDED, Bin, Exposure, State
from science.sensing import Happened
from science.timeline import RULES, Look, Piece, Stretch
from server.coldchain import tracks
from server.coldchain.models import Cell
from server.coldchain.packing import add_packed, looks, pack_exposure
from server.ledger import rows

HOUR_MS, DAY_MS = tracks.LENGTHS

_ROWS = "SELECT device_id, packed FROM coldchain_track WHERE asset_id = %s AND"
_NEAR = f"{_ROWS} from_ms < %s AND until_ms >= %s ORDER BY from_ms, id"
_BEFORE = f"{_ROWS} last_ms < %s ORDER BY last_ms DESC, id LIMIT 1"
_FIRST = """
    SELECT first_ms, last_ms FROM coldchain_track
    WHERE asset_id = %s AND first_ms < %s AND last_ms >= %s ORDER BY first_ms
"""
_CELLS = """
    SELECT start_ms, packed FROM coldchain_cell
    WHERE asset_id = %s AND length_ms = %s AND start_ms >= %s AND start_ms < %s
"""
_AFTER = f"{_ROWS} first_ms > %s ORDER BY first_ms, id LIMIT 1"


def pieces(asset: int, window: Stretch) -> list[Piece]:
    """The time of an asset in a window, open doors excused."""
    devices, happened = load(asset, window)
    whole = timeline.of_place(devices, window)
    doors = timeline.excused_by_door(sensing.openings(happened, window.until_ms))
    return list(timeline.excuse(whole, doors, State.DOOR)) if doors else whole


def load(asset: int, window: Stretch) -> tuple[list[list[Look]], list[Happened]]:
    """The readings of each device that tell a window, arranged, and what happened near it.

    Those near enough to hold into it, and one row on each side of any silence.
    """
    low = window.from_ms - max(RULES.gap_ms, RULES.door_ms)
    high = window.until_ms + RULES.gap_ms
    found = rows.fetch(_BEFORE, [asset, low]) + rows.fetch(_NEAR, [asset, high, low])
    found += rows.fetch(_AFTER, [asset, high])
    devices: dict[str, list[Look]] = {}
    happened: list[Happened] = []
    for device, packed in found:
        seen, events = looks(bytes(packed))
        devices.setdefault(device, []).extend(seen)
        happened += events
    return [_arranged(one) for one in devices.values()], happened


def _arranged(found: list[Look]) -> list[Look]:
    """Rows of one device seldom overlap, so what is in order already is left alone."""
    times = [one[0] for one in found]
    if times == sorted(set(times)):
        return found
    return timeline.arrange(found)


def exposure(asset: int, window: Stretch) -> Exposure:
    """How long at which temperature an asset was in a window."""
    with tracks.still():
        bins: dict[Bin, int] = {}
        first, last = _whole(window, DAY_MS)
        if first < last:
            _add(bins, _hours(asset, Stretch(window.from_ms, first)))
            _add(bins, _cells(asset, Stretch(first, last), DAY_MS, _of_hours))
            _add(bins, _hours(asset, Stretch(last, window.until_ms)))
        else:
            _add(bins, _hours(asset, window))
        return Exposure(bins)


def _add(bins: dict[Bin, int], packed: Iterable[bytes]) -> None:
    for one in packed:
        add_packed(bins, one)


def _whole(window: Stretch, length_ms: int) -> tuple[int, int]:
    """The first and last edge of a length inside a window."""
    return -(-window.from_ms // length_ms) * length_ms, window.until_ms // length_ms * length_ms


def _hours(asset: int, window: Stretch) -> Iterator[bytes]:
    """A window of any length by whole hours, and what is left at its ends by its readings."""
    first, last = _whole(window, HOUR_MS)
    ends = [window] if first >= last else [Stretch(window[0], first), Stretch(last, window[1])]
    for end in ends:
        if end.from_ms < end.until_ms:
            yield pack_exposure(timeline.exposure(pieces(asset, end)))
    if first < last:
        yield from _cells(asset, Stretch(first, last), HOUR_MS, _of_readings)


Make = Callable[[int, Stretch], list[Exposure]]


def _cells(asset: int, window: Stretch, length_ms: int, make: Make) -> Iterator[bytes]:
    """Cells that fill a window of whole lengths; those that are not there are made and kept."""
    there = rows.fetch(_CELLS, [asset, length_ms, *window])
    known = {start: bytes(packed) for start, packed in there}
    yield from known.values()
    starts = range(window.from_ms, window.until_ms, length_ms)
    new: list[Cell] = []
    for run in _runs([start for start in starts if start not in known], length_ms):
        for start, one in zip(range(*run, length_ms), make(asset, run), strict=True):
            packed = pack_exposure(one)
            new.append(Cell(asset_id=asset, length_ms=length_ms, start_ms=start, packed=packed))
    rows.create(new)
    yield from (bytes(cell.packed) for cell in new)


def _runs(starts: list[int], length_ms: int) -> Iterator[Stretch]:
    """Neighbouring cells as one stretch, a day at most: their readings are read together."""
    at, count = 0, len(starts)
    while at < count:
        end = at + 1
        while end < count and starts[end] == starts[end - 1] + length_ms and end - at < 24:
            end += 1
        yield Stretch(starts[at], starts[end - 1] + length_ms)
        at = end


def _of_readings(asset: int, run: Stretch) -> list[Exposure]:
    """The hours of a run, from readings that are read once."""
    found = pieces(asset, run)
    hours = range(run.from_ms, run.until_ms, HOUR_MS)
    bins: dict[int, dict[Bin, int]] = {start: {} for start in hours}
    for from_ms, until_ms, one in found:
        while from_ms < until_ms:
            start = from_ms - from_ms % HOUR_MS
            cut_ms, hour = min(until_ms, start + HOUR_MS), bins[start]
            hour[one] = hour.get(one, 0) + cut_ms - from_ms
            from_ms = cut_ms
    return [Exposure(bins[start]) for start in hours]


def _of_hours(asset: int, run: Stretch) -> list[Exposure]:
    days = []
    for start in range(run.from_ms, run.until_ms, DAY_MS):
        bins: dict[Bin, int] = {}
        _add(bins, _cells(asset, Stretch(start, start + DAY_MS), HOUR_MS, _of_readings))
        days.append(Exposure(bins))
    return days


def first_record(asset: int, window: Stretch) -> int | None:
    """When the record of an asset begins in a window."""
    found = rows.fetch(_FIRST, [asset, window.until_ms, window.from_ms])
    for from_ms, until_ms in found:
        near = Stretch(max(from_ms, window.from_ms), min(until_ms + 1, window.until_ms))
        for piece in pieces(asset, near):
            if piece.bin.state in RECORDED:
                return piece.from_ms
    return None
