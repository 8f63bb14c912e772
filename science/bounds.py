"""Between what the recorded time of a place must lie, by the readings of its devices.

Which sensor counts depends on certificates that whoever checks does not have, so a reading is an
interval; and so is what several devices say together, of which the one counts that with its doubt
is the warmest (`timeline.warmest`). Before the first and behind the last reading of a device one of
another section may hold, and a device of which readings are missing may have said anything. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from science import timeline
from science.histogram import EMPTY, Bin, Exposure, State
from science.sensing import UNCERTAINTY
from science.timeline import RULES, Look, Piece, Stretch

SURE: Final = min(one.value for one in UNCERTAINTY.values())
UNSURE: Final = max(one.value for one in UNCERTAINTY.values())
WIDE: Final = UNSURE - SURE
"""So much less warm may be what counts, if it is less sure."""
NOTHING: Final = Bin(State.UNKNOWN, None, 0)
PERHAPS: Final = Bin(State.UNKNOWN, 0, 0)
"""Something may be recorded, and be as warm as it likes."""

_MEASURED: Final = frozenset({State.KNOWN})


class Ends(NamedTuple):
    """What a device said at a moment, at both ends, milli_celsius; None: no sensor spoke."""

    at_ms: int
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of recorded time: how much there is at most; what is there at least, at its coldest (`lows`)
    and, where it is known, at its warmest (`highs`)."""

    most_ms: int
    lows: Exposure
    highs: Exposure


def of(devices: Sequence[Sequence[Ends] | None], stretch: Stretch) -> Bounds:
    """The bounds of a stretch, from all readings of each device in it by time, one of a moment;
    None: of a device of which some are missing."""
    if stretch.from_ms >= stretch.until_ms:
        return Bounds(0, EMPTY, EMPTY)
    lines = [[Piece(*stretch, NOTHING)], *(_line(one, stretch) for one in devices)]
    least = timeline.exposure(timeline.overlay(lines, _least))
    most = timeline.exposure(timeline.overlay(lines, _most))
    highs = most.only(_MEASURED)
    return Bounds(highs.all_ms + most.bins.get(PERHAPS, 0), least.only(_MEASURED), highs)


def _line(said: Sequence[Ends] | None, stretch: Stretch) -> list[Piece]:
    """One device: its time between readings, and what may be before and behind them."""
    if said is None:
        return [Piece(*stretch, PERHAPS)]
    looks = [Look(at, low, (high or 0) - (low or 0)) for at, low, high in said]
    valued = [one.at_ms for one in looks if one.milli_celsius is not None]
    if not valued:
        return [_edge(*stretch)]
    inner = Stretch(valued[0], valued[-1])
    between = timeline.pieces(looks, inner) if inner.from_ms < inner.until_ms else []
    known = [one if one.bin.state is State.KNOWN else one._replace(bin=NOTHING) for one in between]
    line = [_edge(stretch.from_ms, inner.from_ms), *known, _edge(inner.until_ms, stretch.until_ms)]
    return [one for one in line if one.from_ms < one.until_ms]


def _edge(from_ms: int, until_ms: int) -> Piece:
    """Time before or behind all readings: one that holds into it is no further than it may be."""
    near = until_ms - from_ms <= RULES.gap_ms
    return Piece(from_ms, until_ms, PERHAPS if near else NOTHING)


def _least(bins: Sequence[Bin]) -> Bin:
    known = [one for one in bins if one.state is State.KNOWN]
    if not known:
        return NOTHING
    warmest = max(one[1] + one[2] for one in known if one[1] is not None) - WIDE
    if PERHAPS not in bins:
        warmest = max(warmest, min(one[1] for one in known if one[1] is not None))
    return Bin(State.KNOWN, warmest, 0)


def _most(bins: Sequence[Bin]) -> Bin:
    if PERHAPS in bins:
        return PERHAPS
    known = [one[1] + one[2] for one in bins if one.state is State.KNOWN and one[1] is not None]
    return Bin(State.KNOWN, max(known), 0) if known else NOTHING
