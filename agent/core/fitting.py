"""A configuration put upon what the device's own settings say, or why it does not fit. Pure.

What a document leaves out stays as the settings have it. It can change the numbers of a limit and
add limits on sensors that are fitted; it takes none away, and cannot make one look the other way.
How sure a sensor is, and what a calibration found, is the device's own business.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from agent.core.judgement import Pair
from agent.core.plan import Plan, Watch
from protocol.configuration import Bound, Configuration
from protocol.excursion import Limit
from protocol.settable import LANGUAGES, Setting

GAP_PERIODS = 3


def fits(plan: Plan, sensors: Collection[int], content: Configuration) -> bool:
    """Whether every limit of the document is one that this device can have."""
    own = {watch.number: watch for watch in plan.watches}
    pairs = {pair.number for pair in plan.pairs}
    return all(
        bound.sensor in sensors
        and bound.id not in pairs
        and (bound.id not in own or _same(own[bound.id], bound))
        for bound in content.limits
    )


def _same(watch: Watch, bound: Bound) -> bool:
    mine = (watch.sensor, watch.quantity, watch.limit.above)
    return mine == (bound.sensor, bound.quantity, bound.above)


def fitted(plan: Plan, content: Configuration) -> Plan:
    """The plan under a document that fits."""
    given = dict(content.settings)
    period_ms = given.get(Setting.SAMPLE_PERIOD, plan.sample_period_ms)
    least_gap_ms = GAP_PERIODS * period_ms
    return replace(
        plan,
        sample_period_ms=period_ms,
        door_open_ms=given.get(Setting.DOOR_OPEN, plan.door_open_ms),
        sync_pace_ms=given.get(Setting.SYNC_PACE, plan.sync_pace_ms),
        language=LANGUAGES[given.get(Setting.LANGUAGE, 0)] or plan.language,
        buzzes=bool(given.get(Setting.BUZZER, plan.buzzes)),
        watches=_watches(plan, content, least_gap_ms),
        pairs=tuple(_paced(pair, least_gap_ms) for pair in plan.pairs),
    )


def _watches(plan: Plan, content: Configuration, least_gap_ms: int) -> tuple[Watch, ...]:
    bounds = {bound.id: bound for bound in content.limits}
    own = [_bent(watch, bounds.pop(watch.number, None), least_gap_ms) for watch in plan.watches]
    return (*own, *(_new(plan, bound, least_gap_ms) for bound in bounds.values()))


def _bent(watch: Watch, bound: Bound | None, least_gap_ms: int) -> Watch:
    limit = replace(watch.limit, gap_ms=max(watch.limit.gap_ms, least_gap_ms))
    if bound is not None:
        limit = replace(
            limit,
            threshold=bound.threshold,
            hysteresis=bound.hysteresis,
            delay_ms=bound.delay_ms,
            budget_ms=bound.budget_ms or None,
        )
    return replace(watch, limit=limit)


def _new(plan: Plan, bound: Bound, gap_ms: int) -> Watch:
    """As unsure as the least sure limit that the settings have on the same sensor."""
    alike = [w for w in plan.watches if (w.sensor, w.quantity) == (bound.sensor, bound.quantity)]
    limit = Limit(
        id=str(bound.id),
        threshold=bound.threshold,
        above=bound.above,
        hysteresis=bound.hysteresis,
        delay_ms=bound.delay_ms,
        budget_ms=bound.budget_ms or None,
        gap_ms=gap_ms,
        uncertainty=max((one.limit.uncertainty for one in alike), default=0),
    )
    return Watch(bound.id, bound.sensor, bound.quantity, limit)


def _paced(pair: Pair, least_gap_ms: int) -> Pair:
    limit = replace(pair.limit, gap_ms=max(pair.limit.gap_ms, least_gap_ms))
    return replace(pair, limit=limit)
