"""What the alarm engine and the plausibility check want of an asset, from its tracks. It reads.

Defrosts are learned from the days before the window's end, of the same asset: a pattern that only
later readings show excuses nothing earlier than they do, and the evaluation is run again then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from science import defrost, plausibility, sensing, timeline
from science.alarms import Evaluation, Rule, Watch, evaluate
from science.plausibility import Glance, Seen
from science.timeline import Look, Stretch
from server.coldchain import cells, packing, tracks

LEARNED_MS = 3 * 86_400_000
"""How far back a pattern of defrosts is looked for."""


def watch(asset: int, window: Stretch) -> Watch:
    """An asset's window for the alarm engine: readings of all its devices, doors, defrosts."""
    longer = Stretch(min(window.from_ms, window.until_ms - LEARNED_MS), window.until_ms)
    devices, happened = cells.load(asset, longer)
    looks = _together(devices, longer)
    openings = timeline.merged(sensing.openings(happened, window.until_ms))
    pattern = defrost.learn(looks, openings)
    inside = [look for look in looks if window.from_ms <= look.at_ms < window.until_ms]
    return Watch(inside, window.until_ms, openings, pattern.rises if pattern else ())


def _together(devices: Sequence[list[Look]], window: Stretch) -> list[Look]:
    """Readings of one device as they are; of several, what they say of the place together."""
    if len(devices) < 2:
        return devices[0] if devices else []
    return timeline.arrange(timeline.readings(timeline.of_place(devices, window)))


def alarms(asset: int, window: Stretch, rules: Iterable[Rule]) -> list[Evaluation]:
    """Every rule over one window; run again whenever tracks changed, it gives what timely readings
    had given."""
    found = watch(asset, window)
    return [evaluate(rule, found) for rule in rules]


def signs(asset: int, window: Stretch, cooled: Sequence[Stretch]) -> tuple[Seen, ...]:
    """Signs that a sensor of this asset needs a look, device by device: one that is stuck shows
    beside one that is not. cooled: when a unit cools the air, merged."""
    found = tracks.by_device(asset, window)
    happened = [one for readings in found.values() for one in readings.happened]
    openings = timeline.merged(sensing.openings(happened, window.until_ms))
    return tuple(
        one
        for readings in found.values()
        for one in plausibility.signs(_glances(readings.seen), openings, cooled)
    )


def _glances(seen: Iterable[packing.Seen]) -> list[Glance]:
    return [Glance(one.at_ms, one.warmest, one.coldest, one.silent, one.display) for one in seen]
