"""What the truck judges on the spot beside its limits: open doors, sensors that disagree. Pure.

Two sensors that should agree are a limit on the distance between them, so the detector of
excursions does the work; only values of one beat with status OK are compared. On the wire both use
what is there: a DOOR_OPENED with a SINCE_MS tells that the door is open still, since then; a
SENSOR_FAULT with a LIMIT tells of the pair of that number, the PEAK being the widest distance.
Spec: docs/protocol.md, section 3.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.core.quality import Key
from protocol import excursion
from protocol.bodies import EventBody
from protocol.excursion import Limit, Notice, NoticeKind, Sample
from protocol.registry import Event, Param, Quantity, Status


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sensors of one quantity that should agree; `number` is what events call the pair by."""

    number: int
    first: int
    second: int
    quantity: Quantity
    limit: Limit


@dataclass(frozen=True, slots=True)
class Doors:
    """Since when which door is open, by boot time in ms; `told` are those that an alarm was of."""

    open_ms: Mapping[int, int] = field(default_factory=dict)
    told: frozenset[int] = frozenset()


def see(doors: Doors, number: int, on: bool, now_ms: int) -> Doors:
    """Take one look at one door; a door whose state is not known is not shown here."""
    if on:
        return replace(doors, open_ms={number: now_ms, **doors.open_ms})
    open_ms = {other: at for other, at in doors.open_ms.items() if other != number}
    return Doors(open_ms, doors.told - {number})


def late(doors: Doors, most_ms: int, now_ms: int) -> tuple[Doors, tuple[EventBody, ...]]:
    """One event for each door that has been open for `most_ms`; 0: doors may stay open."""
    over = [
        number
        for number, since_ms in sorted(doors.open_ms.items())
        if 0 < most_ms <= now_ms - since_ms and number not in doors.told
    ]
    bodies = tuple(
        EventBody(Event.DOOR_OPENED, n, ((Param.SINCE_MS, doors.open_ms[n]),)) for n in over
    )
    return replace(doors, told=doors.told | set(over)), bodies


States = Mapping[int, excursion.State]
"""Detectors of the pairs, by the pair's number."""


def compare(
    values: Mapping[Key, int], pairs: Sequence[Pair], before: States, now_ms: int
) -> tuple[States, tuple[EventBody, ...]]:
    """Feed the detectors with one beat's values; a missing value is no agreement and no quarrel."""
    states, bodies = dict(before), list[EventBody]()
    for pair in pairs:
        first = values.get((pair.first, pair.quantity))
        second = values.get((pair.second, pair.quantity))
        state = states.get(pair.number) or excursion.begin(pair.limit)
        fresh = state.window is None or now_ms > state.at_ms
        if first is not None and second is not None and fresh:
            sample = Sample(now_ms, abs(first - second))
            states[pair.number], notices = excursion.step(pair.limit, state, sample)
            bodies += [_event(pair, notice) for notice in notices]
    return states, tuple(bodies)


def _event(pair: Pair, notice: Notice) -> EventBody:
    ended = notice.kind is NoticeKind.ENDED
    params = {Param.LIMIT: pair.number, Param.PEAK: notice.peak, Param.SINCE_MS: notice.start_ms}
    if not ended:
        params[Param.STATUS] = int(Status.DISAGREE)
    event = Event.SENSOR_RECOVERED if ended else Event.SENSOR_FAULT
    return EventBody(event, pair.first, tuple(sorted(params.items())))
