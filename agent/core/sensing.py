"""From what was seen to what is worth a record: readings, events, alarms, anchors. Pure.

`take` is given one observation and what was known before, and returns drafts in the order in which
they shall stand in the chain: what is said about time and log first, then the reading, then what
follows from it. An excursion is an alarm; a fault and a door are not.
Only measurements with status OK count towards a limit: time without them is unknown, never good.
An EXCURSION_START with a VALUE tells of a cumulative budget spent, of VALUE ms, not of an episode.
Spec: docs/protocol.md, "Records" and "Excursions".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from agent.core import chain, judgement, quality
from agent.core.chain import Draft, Lane, Moment, Told
from agent.core.judgement import Doors
from agent.core.plan import Plan, Watch
from agent.core.quality import Key, Past
from protocol import excursion
from protocol.bodies import Anchor, Body, EventBody, Measured, Position, Reading
from protocol.excursion import Notice, NoticeKind, Sample
from protocol.opening import TreeHead
from protocol.registry import Event, Param, Status, TimeSource

GNSS_UNCERTAINTY_MS: Final = 20_000
"""Before the almanac is in, satellite time may be off by all leap seconds."""

GNSS_FAULTS: Final = frozenset(
    {Status.NO_ANSWER, Status.CHECKSUM, Status.UNPLUGGED, Status.DEADLINE}
)

CONTACT_EVENTS: Final[Mapping[tuple[str, bool], Event]] = {
    ("door", True): Event.DOOR_OPENED,
    ("door", False): Event.DOOR_CLOSED,
    ("power", True): Event.POWER_RETURNED,
    ("power", False): Event.POWER_LOST,
}

FEEDS: Final = frozenset({"power", "ignition"})
"""Inputs after whose loss the machine may be dark at any moment."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What a satellite receiver says: a body to be sealed, a fault, and UTC if believable.

    `rolled_ms`: how far its date had to be moved because its week counter has rolled over.
    """

    position: Position
    fault: Status | None = None
    utc_ms: int | None = None
    rolled_ms: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """State of a two-state input; None when it is not known."""

    number: int
    role: str
    on: bool | None


@dataclass(frozen=True, slots=True)
class Observation:
    """What the instruments said in one turn; None where they were not asked.

    `position` is None as well where no receiver is fitted.
    """

    measurements: tuple[Measured, ...] | None = None
    contacts: tuple[Contact, ...] = ()
    position: Whereabouts | None = None


@dataclass(frozen=True, slots=True)
class Senses:
    """What is remembered from turn to turn.

    `latest` are the newest measurements and `place` the newest position, for people, with the boot
    time of both; `faulty` the sensors and quantities without a usable value. `states` are the
    excursion detectors by watch number, `apart` those of the pairs. `clock` is the newest pair
    of boot time and UTC; `blind`: some record of this run bears no time. `unpowered_ms`: since when
    outside power is gone or the ignition off, by boot time; None: neither is known to be.
    `introduced`: the calibrations were told.
    """

    pasts: Mapping[Key, Past] = field(default_factory=dict)
    latest: tuple[Measured, ...] = ()
    latest_ms: int = 0
    place: Whereabouts | None = None
    place_ms: int = 0
    faulty: frozenset[Key] = frozenset()
    contacts: Mapping[int, bool] = field(default_factory=dict)
    doors: Doors = field(default_factory=Doors)
    states: Mapping[int, excursion.State] = field(default_factory=dict)
    apart: judgement.States = field(default_factory=dict)
    gnss_fault: bool = False
    unpowered_ms: int | None = None
    clock: Anchor | None = None
    blind: bool = False
    introduced: bool = False

    @property
    def alarmed(self) -> bool:
        """Whether an excursion is under way."""
        return any(state.announced for state in self.states.values())

    @property
    def quarrels(self) -> frozenset[int]:
        """The pairs of sensors that do not agree, by number."""
        return frozenset(number for number, state in self.apart.items() if state.announced)


@dataclass(frozen=True, slots=True)
class Context:
    """What else `take` looks at: the plan, what this epoch has said, the newest checkpoint.

    `inconsistent`: the log has shown two histories. `aside`: rows the server refused for good.
    `standing`: what every epoch says of configurations, once.
    """

    plan: Plan
    told: Told
    tree: TreeHead | None = None
    inconsistent: bool = False
    aside: int = 0
    standing: tuple[EventBody, ...] = ()


def take(
    seen: Observation, before: Senses, context: Context, at: Moment
) -> tuple[Senses, tuple[Draft, ...]]:
    """Turn one observation into drafts; the senses returned are what the next turn starts from."""
    senses, clock_drafts = _clock(before, seen, context.told, at)
    drafts = [*clock_drafts]
    if seen.measurements is not None:
        gossip = chain.gossip(context.told, context.tree, at.boot_ms)
        drafts += [Draft(gossip, at)] if gossip else []
        drafts += _warnings(context, at)
        drafts += [] if context.told.configured else [Draft(one, at) for one in context.standing]
        drafts += [] if senses.introduced else _introductions(context.plan, at)
        senses = replace(senses, introduced=True)
        senses, read = _reading(seen.measurements, senses, context.plan, at)
        drafts += read
    senses, switched = _contacts(seen.contacts, senses, at)
    drafts += switched
    doors, late = judgement.late(senses.doors, context.plan.door_open_ms, at.boot_ms)
    senses = replace(senses, doors=doors)
    drafts += [Draft(body, at, Lane.ALARM) for body in late]
    if seen.position is not None:
        senses, placed = _position(seen.position, senses, at)
        drafts += placed
    blind = senses.blind or (bool(drafts) and at.utc_ms is None)
    return replace(senses, blind=blind), tuple(drafts)


def _warnings(context: Context, at: Moment) -> list[Draft]:
    """What the network made known is said on the sampling beat, and once."""
    drafts, told = [], context.told
    if context.inconsistent and not told.inconsistent:
        drafts.append(Draft(EventBody(Event.LOG_INCONSISTENT), at, Lane.ALARM))
    if context.aside > told.aside:
        count = ((Param.COUNT, context.aside),)
        drafts.append(Draft(EventBody(Event.SET_ASIDE, params=count), at))
    return drafts


def _introductions(plan: Plan, at: Moment) -> list[Draft]:
    """How the sensors are corrected is said once a run, before the first reading."""
    return [
        Draft(EventBody(Event.CONFIG_APPLIED, one.sensor, params), at)
        for one in plan.calibrated
        for params in [
            (
                (Param.VALUE, one.correction),
                (Param.VERSION, one.mark),
                (Param.SINCE_MS, one.at_ms),
            )
        ]
    ]


def _clock(senses: Senses, seen: Observation, told: Told, at: Moment) -> tuple[Senses, list[Draft]]:
    """Anchors for records without time, and word of a clock that jumped."""
    own = _anchor(at.boot_ms, at.utc_ms, at.source, at.uncertainty_ms)
    offers = [own] if own and (senses.blind or _stepped(senses.clock, own)) else []
    gnss = seen.position.utc_ms if seen.position is not None else None
    heard = _anchor(at.boot_ms, gnss, TimeSource.GNSS, GNSS_UNCERTAINTY_MS)
    if heard and (own is None or abs(heard.utc_ms - own.utc_ms) > GNSS_UNCERTAINTY_MS):
        offers.append(heard)
    anchors = [anchor for offer in offers if (anchor := chain.anchor(told, offer))]
    drafts = [Draft(anchor, at) for anchor in anchors]
    if own and senses.clock and _stepped(senses.clock, own):
        step = ((Param.STEP_MS, chain.step_ms(senses.clock, own)),)
        drafts.append(Draft(EventBody(Event.CLOCK_STEPPED, params=step), at))
    return replace(senses, clock=own or senses.clock), drafts


def _anchor(
    boot_ms: int, utc_ms: int | None, source: TimeSource, uncertainty_ms: int | None
) -> Anchor | None:
    if utc_ms is None or uncertainty_ms is None:
        return None
    return Anchor(boot_ms, utc_ms, source, uncertainty_ms)


def _stepped(before: Anchor | None, now: Anchor) -> bool:
    """By more than slewing and both clocks' own bounds can explain."""
    if before is None:
        return False
    room = chain.STEP_MS + before.uncertainty_ms + now.uncertainty_ms
    return abs(chain.step_ms(before, now)) > room


def _reading(
    seen: Sequence[Measured], senses: Senses, plan: Plan, at: Moment
) -> tuple[Senses, list[Draft]]:
    pasts, measured = senses.pasts, []
    for one in seen:
        labelled, pasts = quality.judge(one, pasts, plan.corrections, at.boot_ms)
        measured.append(labelled)
    if not measured:
        return senses, []
    after = replace(senses, pasts=pasts, latest=tuple(measured), latest_ms=at.boot_ms)
    after, faults = _faults(after)
    values = {
        (m.sensor, m.quantity): m.value
        for m in measured
        if m.status is Status.OK and m.value is not None
    }
    after, alarms = _excursions(after, values, plan, at)
    apart, quarrels = judgement.compare(values, plan.pairs, after.apart, at.boot_ms)
    drafts = [Draft(Reading(tuple(measured)), at)]
    drafts += [Draft(body, at) for body in faults]
    drafts += [Draft(body, at, Lane.ALARM) for body in (*alarms, *quarrels)]
    return replace(after, apart=apart), drafts


def _faults(senses: Senses) -> tuple[Senses, list[Body]]:
    """One event when a sensor stops giving usable values, one when it does again."""
    faulty = {(one.sensor, one.quantity): one for one in senses.latest if quality.is_fault(one)}
    well = {(one.sensor, one.quantity) for one in senses.latest if one.value is not None}
    bodies: list[Body] = [
        EventBody(Event.SENSOR_FAULT, key[0], ((Param.STATUS, int(one.status)),))
        for key, one in faulty.items()
        if key not in senses.faulty
    ]
    recovered = sorted(senses.faulty & well)
    bodies += [EventBody(Event.SENSOR_RECOVERED, sensor) for sensor, _ in recovered]
    return replace(senses, faulty=(senses.faulty - well) | faulty.keys()), bodies


def _excursions(
    senses: Senses, values: Mapping[Key, int], plan: Plan, at: Moment
) -> tuple[Senses, list[Body]]:
    states, bodies = dict(senses.states), list[Body]()
    for watch in plan.watches:
        value = values.get((watch.sensor, watch.quantity))
        state = states.get(watch.number) or excursion.begin(watch.limit)
        late = state.window is None or at.boot_ms > state.at_ms
        if value is not None and late:
            sample = Sample(at.boot_ms, value)
            states[watch.number], notices = excursion.step(watch.limit, state, sample)
            bodies += [_alarm(watch, notice) for notice in notices]
    return replace(senses, states=states), bodies


def _alarm(watch: Watch, notice: Notice) -> EventBody:
    ended = notice.kind is NoticeKind.ENDED
    params = {
        Param.LIMIT: watch.number,
        Param.PEAK: notice.peak,
        Param.AREA: notice.area,
        Param.CONFIRMED_MS: notice.confirmed_ms,
        Param.POSSIBLE_MS: notice.possible_ms,
        Param.UNKNOWN_MS: notice.unknown_ms,
        Param.SINCE_MS: notice.start_ms,
    }
    if notice.kind is NoticeKind.BUDGET_SPENT:
        params[Param.VALUE] = watch.limit.budget_ms or 0
    event = Event.EXCURSION_END if ended else Event.EXCURSION_START
    return EventBody(event, watch.sensor, tuple(sorted(params.items())))


def _contacts(
    contacts: Sequence[Contact], senses: Senses, at: Moment
) -> tuple[Senses, list[Draft]]:
    """A change is an event; so is a first look that finds a door open or the power gone."""
    drafts, known, doors = [], dict(senses.contacts), senses.doors
    for one in contacts:
        if one.on is None:
            continue
        if one.role == "door":
            doors = judgement.see(doors, one.number, one.on, at.boot_ms)
        event, normal = CONTACT_EVENTS.get((one.role, one.on)), one.role != "door"
        if event and known.get(one.number, normal) is not one.on:
            drafts.append(Draft(EventBody(event, one.number), at))
        known[one.number] = one.on
    feeds = [known.get(one.number) for one in contacts if one.role in FEEDS]
    since_ms = at.boot_ms if senses.unpowered_ms is None else senses.unpowered_ms
    unpowered_ms = since_ms if False in feeds else None
    return replace(senses, contacts=known, doors=doors, unpowered_ms=unpowered_ms), drafts


def _position(seen: Whereabouts, senses: Senses, at: Moment) -> tuple[Senses, list[Draft]]:
    """A receiver without a fix works; one that is silent, garbled or dates wrong is faulty."""
    drafts = [Draft(seen.position, at)]
    fault = Status.SUSPECT if seen.rolled_ms else seen.fault
    broken = fault in GNSS_FAULTS or seen.rolled_ms > 0
    if broken is not senses.gnss_fault:
        event = Event.GNSS_FAULT if broken else Event.GNSS_RECOVERED
        params = {Param.STATUS: int(fault)} if fault and broken else {}
        params |= {Param.STEP_MS: seen.rolled_ms} if seen.rolled_ms else {}
        drafts.append(Draft(EventBody(event, params=tuple(sorted(params.items()))), at))
    return replace(senses, gnss_fault=broken, place=seen, place_ms=at.boot_ms), drafts
