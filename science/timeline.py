"""From readings to time: each millisecond of a window in exactly one value state.

Rule, published with every number (`HOLD`): a reading holds until the next one when both have a
value, nothing between them failed, and they are at most `gap_ms` apart. All other time is unknown
and charged at the worst of the last reading, the next one, and ambient if known; with none of them
it is charged at nothing, and said so. An open door is an excuse for its allowance and no longer.

Late readings change what was unknown; the order in which they arrive changes nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from science.histogram import RECORDED, Bin, End, Exposure, State
from science.marks import Formula, Mark

MINUTE_MS: Final = 60_000

HOLD: Final = Formula(
    "hold", 1, "ms", "readings at most 10 min apart", "zero-order hold, capped", Mark.OURS
)


class Look(NamedTuple):
    """One reading of a place: its warmest trusted temperature, None when no sensor could say."""

    at_ms: int
    milli_celsius: int | None
    uncertainty_milli: int = 0


class Stretch(NamedTuple):
    """A time [from_ms, until_ms)."""

    from_ms: int
    until_ms: int


class Piece(NamedTuple):
    """A stretch in one bin."""

    from_ms: int
    until_ms: int
    bin: Bin


@dataclass(frozen=True, slots=True)
class Rules:
    """How readings become time. ambient: a bin at which unknown time may be charged, if known.

    door_ms: how long one opening is excused, the MFDS guide's 20 minutes of loading; settle_ms: how
    long after closing the air may take, inside the same allowance.
    """

    gap_ms: int = 10 * MINUTE_MS
    door_ms: int = 20 * MINUTE_MS
    settle_ms: int = 5 * MINUTE_MS
    ambient: Bin | None = None


RULES: Final = Rules()


def arrange(looks: Iterable[Look]) -> list[Look]:
    """Sort by time; of several readings of one moment the warmest that has a value remains."""
    best: dict[int, Look] = {}
    for look in looks:
        held = best.get(look.at_ms)
        if held is None or _warmth(look) > _warmth(held):
            best[look.at_ms] = look
    return [best[at_ms] for at_ms in sorted(best)]


def _warmth(look: Look) -> tuple[bool, int, int]:
    known, doubt = look.milli_celsius, look.uncertainty_milli
    return (known is not None, (known or 0) + doubt, known or 0)


def pieces(looks: Sequence[Look], window: Stretch, rules: Rules = RULES) -> list[Piece]:
    """Cut a window into known and unknown pieces, from arranged readings.

    Readings outside the window count: the one before holds into it, the one behind closes it.
    """
    held = [look for look in looks if look.milli_celsius is not None]
    faults = [look.at_ms for look in looks if look.milli_celsius is None]
    return cut(list(_all_time(held, faults, window, rules)), window)


def _all_time(
    held: Sequence[Look], faults: Sequence[int], window: Stretch, rules: Rules
) -> Iterator[Piece]:
    """Known and unknown time, without end on either side."""
    if not held:
        yield Piece(*window, _charged((), rules))
        return
    first, last = held[0], held[-1]
    if window.from_ms < first.at_ms:
        yield Piece(window.from_ms, first.at_ms, _charged((first,), rules))
    low = max(bisect_right(held, window.from_ms, key=_at) - 1, 0)
    high = bisect_left(held, window.until_ms, key=_at) + 1
    fault = bisect_left(faults, held[low].at_ms)
    bins: dict[tuple[int | None, int], Bin] = {}  # readings repeat, and there are many
    for look, after in pairwise(held[low:high]):
        at_ms, value, doubt = look
        after_ms = after[0]
        broken = fault < len(faults) and faults[fault] < after_ms
        if broken or after_ms - at_ms > rules.gap_ms:
            yield Piece(at_ms, after_ms, _charged((look, after), rules))
            fault = bisect_left(faults, after_ms)
        else:
            one = bins.get((value, doubt))
            if one is None:
                one = bins[value, doubt] = Bin(State.KNOWN, value, doubt)
            yield Piece(at_ms, after_ms, one)
    if window.until_ms > last.at_ms:
        yield Piece(last.at_ms, window.until_ms, _charged((last,), rules))


def _at(look: Look) -> int:
    return look.at_ms


def _charged(near: Iterable[Look], rules: Rules) -> Bin:
    ambient = (rules.ambient,) if rules.ambient else ()
    return charge([*(Bin(State.UNKNOWN, look[1], look[2]) for look in near), *ambient])


def charge(near: Iterable[Bin]) -> Bin:
    """The bin at which unknown time is charged: the worst of what is known near it."""
    known = [one for one in near if one.milli_celsius is not None]
    worst = max(known, key=_reach, default=Bin(State.UNKNOWN, None, 0))
    return worst._replace(state=State.UNKNOWN)


def _reach(one: Bin) -> tuple[int, int]:
    return one.at(End.WARM) or 0, one.milli_celsius or 0


def cut(found: Sequence[Piece], window: Stretch) -> list[Piece]:
    """The part of these pieces, sorted and without overlaps, inside a window."""
    low = bisect_right(found, window.from_ms, key=lambda one: one.until_ms)
    high = bisect_left(found, window.until_ms, key=lambda one: one.from_ms)
    inside = list(found[low:high])
    if inside:
        inside[0] = inside[0]._replace(from_ms=max(inside[0].from_ms, window.from_ms))
        inside[-1] = inside[-1]._replace(until_ms=min(inside[-1].until_ms, window.until_ms))
    return inside


def excused_by_door(openings: Iterable[Stretch], rules: Rules = RULES) -> list[Stretch]:
    """When open doors are an excuse: from opening until the air has settled, at most `door_ms`."""
    return merged(
        Stretch(one.from_ms, min(one.until_ms + rules.settle_ms, one.from_ms + rules.door_ms))
        for one in openings
    )


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Sorted, without overlaps, touching ones joined."""
    out: list[Stretch] = []
    for one in sorted(one for one in stretches if one.from_ms < one.until_ms):
        if out and one.from_ms <= out[-1].until_ms:
            out[-1] = Stretch(out[-1].from_ms, max(out[-1].until_ms, one.until_ms))
        else:
            out.append(one)
    return out


def excuse(found: Iterable[Piece], stretches: Sequence[Stretch], state: State) -> Iterator[Piece]:
    """Give the known time inside these merged stretches another state; unknown stays unknown."""
    for piece in found:
        if piece.bin.state is not State.KNOWN:
            yield piece
            continue
        at_ms = piece.from_ms
        for one in _touching(stretches, piece):
            low, high = max(one.from_ms, at_ms), min(one.until_ms, piece.until_ms)
            if at_ms < low:
                yield Piece(at_ms, low, piece.bin)
            yield Piece(low, high, piece.bin._replace(state=state))
            at_ms = high
        if at_ms < piece.until_ms:
            yield Piece(at_ms, piece.until_ms, piece.bin)


def _touching(stretches: Sequence[Stretch], piece: Piece) -> Sequence[Stretch]:
    low = bisect_right(stretches, piece.from_ms, key=lambda one: one.until_ms)
    high = bisect_left(stretches, piece.until_ms, key=lambda one: one.from_ms)
    return stretches[low:high]


def exposure(found: Iterable[Piece]) -> Exposure:
    """How long at which temperature."""
    bins: dict[Bin, int] = {}
    for from_ms, until_ms, one in found:
        bins[one] = bins.get(one, 0) + until_ms - from_ms
    return Exposure(bins)


Combine = Callable[[Sequence[Bin]], Bin]


def warmest(bins: Sequence[Bin]) -> Bin:
    """Of several devices in one place: what is recorded, at its warmest."""
    recorded = [one for one in bins if one.state in RECORDED]
    return max(recorded, key=_reach) if recorded else charge(bins)


def doubtful(bins: Sequence[Bin]) -> Bin:
    """Of several places that all claim one lot: the worst; unknown as soon as one of them is."""
    if any(one.state is State.UNKNOWN for one in bins):
        return charge(bins)
    return max(bins, key=_reach)


def overlay(timelines: Sequence[Sequence[Piece]], combine: Combine) -> list[Piece]:
    """Lay timelines over each other; each covers the same window without holes."""
    if len(timelines) < 2:
        return list(timelines[0]) if timelines else []
    edges = sorted({piece.from_ms for one in timelines for piece in one})
    end_ms = timelines[0][-1].until_ms if timelines[0] else 0
    places = [0] * len(timelines)
    out = []
    for from_ms, until_ms in pairwise([*edges, end_ms]):
        for which, one in enumerate(timelines):
            while one[places[which]].until_ms <= from_ms:
                places[which] += 1
        here = [one[place].bin for one, place in zip(timelines, places, strict=True)]
        out.append(Piece(from_ms, until_ms, combine(here)))
    return out


def of_place(
    devices: Sequence[Sequence[Look]], window: Stretch, rules: Rules = RULES
) -> list[Piece]:
    """The time of one place in which several devices measured, each with arranged readings.

    Known where one of them knows, at the warmest. Unknown time is charged at the last and the next
    reading of the place, whichever device made them: a device that was taken away charges nothing.
    """
    if len(devices) < 2:
        return pieces(devices[0] if devices else (), window, rules)
    found = overlay([pieces(one, window, rules) for one in devices], warmest)
    held = arrange(look for one in devices for look in one if look.milli_celsius is not None)
    return [_recharged(piece, held, rules) for piece in found]


def _recharged(piece: Piece, held: Sequence[Look], rules: Rules) -> Piece:
    if piece.bin.state is not State.UNKNOWN:
        return piece
    last = bisect_right(held, piece.from_ms, key=_at)
    after = bisect_left(held, piece.until_ms, key=_at)
    near = (*held[max(last - 1, 0) : last], *held[after : after + 1])
    return piece._replace(bin=_charged(near, rules))


def readings(found: Iterable[Piece]) -> Iterator[Look]:
    """Gapless pieces as the readings of one sensor that holds: for who steps through samples.

    Each known piece is a reading at its beginning; where known time ends, it ends there, to the
    millisecond.
    """
    last: Piece | None = None
    for piece in found:
        state, value, doubt = piece.bin
        if last is not None and last.bin.state is not State.UNKNOWN and state is State.UNKNOWN:
            yield Look(piece.from_ms - 1, *last.bin[1:])
        known = state is not State.UNKNOWN
        yield Look(piece.from_ms, value if known else None, doubt if known else 0)
        last = piece
    if last is not None and last.bin.state is not State.UNKNOWN:
        yield Look(last.until_ms - 1, *last.bin[1:])


NOWHERE: Final = 0
"""The place of a lot of which nobody says where it was."""


class Stay(NamedTuple):
    """A lot, or part of it, in a place, from loading to unloading."""

    place: int
    from_ms: int
    until_ms: int


class Strand(NamedTuple):
    """A lot while it was itself: from its making until it became another one, and its stays."""

    from_ms: int
    until_ms: int
    stays: tuple[Stay, ...]


class Leg(NamedTuple):
    """A time in which a lot, or those it was made of, were in the same places; NOWHERE among them
    where nobody says. More than one: the worst of them counts."""

    from_ms: int
    until_ms: int
    places: tuple[int, ...]


def legs(stays: Iterable[Stay], window: Stretch) -> list[Leg]:
    """Cut a window by where the stays say that the lot was; legs of equal places are joined."""
    inside = [one for one in stays if one.from_ms < one.until_ms]
    edges = {window.from_ms, window.until_ms}
    edges |= {at for one in inside for at in one[1:] if window.from_ms < at < window.until_ms}
    out: list[Leg] = []
    for from_ms, until_ms in pairwise(sorted(edges)):
        here = {one.place for one in inside if one.from_ms <= from_ms < one.until_ms}
        places = tuple(sorted(here))
        if out and out[-1].places == places:
            out[-1] = Leg(out[-1].from_ms, until_ms, places)
        else:
            out.append(Leg(from_ms, until_ms, places))
    return out


def lineage(strands: Iterable[Strand]) -> list[Stay]:
    """The stays of a lot and of all that it was made of, and NOWHERE where one of them has none."""
    out: list[Stay] = []
    for strand in strands:
        own = [_within(stay, strand) for stay in strand.stays]
        out += [stay for stay in own if stay.from_ms < stay.until_ms]
        at_ms = strand.from_ms
        for from_ms, until_ms in merged(Stretch(*stay[1:]) for stay in own):
            if at_ms < from_ms:
                out.append(Stay(NOWHERE, at_ms, from_ms))
            at_ms = until_ms
        if at_ms < strand.until_ms:
            out.append(Stay(NOWHERE, at_ms, strand.until_ms))
    return out


def _within(stay: Stay, strand: Strand) -> Stay:
    return Stay(stay.place, max(stay.from_ms, strand.from_ms), min(stay.until_ms, strand.until_ms))
