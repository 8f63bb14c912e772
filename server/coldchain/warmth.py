"""온도 이탈: episodes of the air around lots as rows, and word of them to those who can act.

An episode is looked for while lots lay in a room, by the rules of its profile. Evaluated again with
more readings it is the same row with the next version: what overlaps is the same. One that later
readings do not bear out stays, with no minutes. A row and its message are one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from science.alarms import Alarm, Evaluation, Kind
from science.paging import PROFILES
from science.timeline import Stretch, merged
from server.coldchain import excursions, telling, trace, watching
from server.coldchain.models import Excursion, Lot, Room, Stay
from server.coldchain.rules import MINUTE_MS
from server.coldchain.watching import LEARNED_MS
from server.web.shown import moment

FIGURES: Final = ("from_ms", "until_ms", "peak_milli", "area", "confirmed", "possible", "unknown")


@dataclass(frozen=True, slots=True)
class Episode:
    """An excursion as it is evaluated. Times in ms, until_ms None: not over; see Excursion."""

    limit: str
    from_ms: int
    until_ms: int | None
    peak_milli: int
    area: int
    confirmed: int
    possible: int
    unknown: int


def look(room: Room, from_ms: int, now_ms: int) -> None:
    """Evaluate a room again, as far as what changed at from_ms matters. In a transaction."""
    rules = PROFILES.get(room.profile, ())
    for stretch, is_over in occupied(room, from_ms, now_ms) if rules else ():
        found = watching.alarms(room.asset_id, stretch, rules)
        episodes = [one for each in found for one in episodes_of(each, stretch, is_over)]
        _write(room, stretch, episodes, now_ms)


def occupied(room: Room, from_ms: int, now_ms: int) -> Iterator[tuple[Stretch, bool]]:
    """When lots lay there, from the stretch that from_ms is in; of a long one its last days.

    And whether the last of them has left.
    """
    rows = Stay.objects.filter(room=room, from_ms__lt=now_ms).values_list("from_ms", "until_ms")
    stays = list(rows)
    still = any(until_ms is None for _, until_ms in stays)
    for one in merged(Stretch(a, now_ms if b is None else min(b, now_ms)) for a, b in stays):
        if one.until_ms > from_ms:
            start = max(one.from_ms, min(from_ms, one.until_ms) - LEARNED_MS)
            yield Stretch(start, one.until_ms), not (still and one.until_ms == now_ms)


def episodes_of(found: Evaluation, stretch: Stretch, is_over: bool) -> list[Episode]:
    """One episode for each time beyond; a spent budget where no single one was long enough."""
    single = [one for one in found.alarms if one.kind is Kind.SINGLE]
    hard = [one for one in found.alarms if one.kind is Kind.HARD and not _within(one, single)]
    spent = [one for one in found.alarms if one.kind is Kind.CUMULATIVE]
    told = [*single, *hard] or spent[:1]
    return [_episode(one, stretch, is_over) for one in told]


def _within(one: Alarm, others: Iterable[Alarm]) -> bool:
    return any(
        other.start_ms <= one.start_ms and (other.end_ms is None or one.start_ms < other.end_ms)
        for other in others
    )


def _episode(one: Alarm, stretch: Stretch, is_over: bool) -> Episode:
    end = one.end_ms if one.cleared_ms is not None or one.kind is Kind.HARD else None
    if is_over and end is None:
        end = stretch.until_ms if one.end_ms is None else one.end_ms
    times = (one.confirmed_ms, one.possible_ms, one.unknown_ms)
    return Episode(one.rule, one.start_ms, end, one.peak, one.area // 60, *times)


def _write(room: Room, stretch: Stretch, episodes: Sequence[Episode], now_ms: int) -> None:
    known = Excursion.objects.filter(room=room, sensor="", from_ms__lt=stretch.until_ms)
    known = known.filter(Q(until_ms=None) | Q(until_ms__gte=stretch.from_ms))
    rows = list(known.order_by("from_ms", "id"))
    for one in episodes:
        row = next((row for row in rows if _same(row, one)), None)
        if row is not None:
            rows.remove(row)
        _put(room, row, one, now_ms)
    for row in rows:
        if row.confirmed or row.possible or row.unknown or row.until_ms is None:
            end = row.from_ms if row.until_ms is None else row.until_ms
            _change(row, Episode(row.limit, row.from_ms, end, row.peak_milli, 0, 0, 0, 0))


def _same(row: Excursion, one: Episode) -> bool:
    return (
        row.limit == one.limit
        and (one.until_ms is None or row.from_ms <= one.until_ms)
        and (row.until_ms is None or row.until_ms >= one.from_ms)
    )


def _put(room: Room, row: Excursion | None, one: Episode, now_ms: int) -> None:
    """Write an episode, and tell of it: when it begins, and when it is over."""
    begins, was_open = row is None, row is None or row.until_ms is None
    if row is None:
        row = Excursion(room=room, limit=one.limit, version=0)
    _change(row, one)
    if begins:
        excursions.take_again(row)  # a restore may have lost the row, never the acts
    row.lots.set(_inside(room, one, now_ms))
    if one.until_ms is not None and was_open:
        _tell(row, "warmth-ended", {"minutes": one.confirmed // MINUTE_MS}, now_ms)
    elif one.until_ms is None and begins:
        _tell(row, "warmth-began", {}, now_ms)


def _change(row: Excursion, one: Episode) -> None:
    new = [getattr(one, name) for name in FIGURES]
    if row.pk is not None and new == [getattr(row, name) for name in FIGURES]:
        return
    for name, value in zip(FIGURES, new, strict=True):
        setattr(row, name, value)
    row.version += 1
    row.save()


def _inside(room: Room, one: Episode, now_ms: int) -> list[int]:
    """The lots that lay there meanwhile, and what came of them."""
    end = now_ms if one.until_ms is None else one.until_ms
    there = trace.in_room(room.pk, one.from_ms, max(end, one.from_ms + 1))
    return sorted(trace.forward(there).lots)


def _tell(row: Excursion, template: str, more: dict[str, str | int], now_ms: int) -> None:
    """To who runs the room, and to who has the lots."""
    lots = row.lots.order_by()
    holders = set(lots.exclude(holder=None).values_list("holder", flat=True))
    values: dict[str, str | int] = {
        "room": row.room.asset.name,
        "since": moment(row.from_ms)[:16],
        "peak": f"{row.peak_milli / 1000:.1f}",
        "lots": Lot.objects.filter(excursions=row, left_grams__gt=0).count(),
        **more,
    }
    for one in sorted(holders | {row.room.organisation_id}):
        telling.organisation(one, template, values, now_ms)
