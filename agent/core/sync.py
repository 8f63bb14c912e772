"""The sync machine: what to ask the server next, and what its answer changes. Pure.

Four phases and one table. `decide` says what to send now, if anything; `answers.answered` takes the
reply. The machine knows rows only as sets of numbers; what the server holds lives in RAM and is
asked for after every start. Nothing here makes a record *proved*: verified receipts alone do.
HALTED stops shipping, never sampling, and looks again every hour. `now_ms` is boot time.
Spec: docs/protocol.md, "Spans" and "Receipt".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from agent.core import lanes
from agent.core.lanes import Open, Way
from agent.core.ranges import NONE, Ranges, run
from agent.core.shelf import Cut, Held, Shelf
from protocol.registry import Problem
from protocol.span import MAX_RECORDS

COLLECT_SPANS: Final = 16
SETTLE_ROWS: Final = 16
COLLECT_AGE_MS: Final = 60_000
FORGET_HELD_MS: Final = 3_600_000
FIRST_RETRY_ASIDE_MS: Final = 3_600_000
RETRY_ASIDE_MS: Final = 86_400_000
CONFIG_PACE_MS: Final = 900_000
CONFIG_PATIENCE_MS: Final = 3_600_000
"""How long the question for a configuration gives way to what waits; an alarm always goes first."""


class Phase(Enum):
    """What the machine is doing."""

    IDLE = "idle"
    IN_FLIGHT = "in flight"
    BACKOFF = "backing off"
    HALTED = "halted"


class Cue(Enum):
    """What moves it."""

    ASK = "a request went out"
    GOOD = "the server answered"
    LOST = "no answer of our server"
    BUSY = "the server asks to come back later"
    DENIED = "the server refuses this device"
    DUE = "the wait is over"
    LINK = "the link came back"


TABLE: Final[Mapping[tuple[Phase, Cue], Phase]] = {
    (Phase.IDLE, Cue.ASK): Phase.IN_FLIGHT,
    (Phase.IN_FLIGHT, Cue.GOOD): Phase.IDLE,
    (Phase.IN_FLIGHT, Cue.LOST): Phase.BACKOFF,
    (Phase.IN_FLIGHT, Cue.BUSY): Phase.BACKOFF,
    (Phase.IN_FLIGHT, Cue.DENIED): Phase.HALTED,
    (Phase.BACKOFF, Cue.DUE): Phase.IDLE,
    (Phase.BACKOFF, Cue.LINK): Phase.IDLE,
    (Phase.HALTED, Cue.DUE): Phase.IDLE,
}
"""A pair that is not here cannot happen: KeyError is a bug of ours."""


@dataclass(frozen=True, slots=True)
class Post:
    """Ship these spans."""

    way: Way
    cuts: tuple[Cut, ...]


@dataclass(frozen=True, slots=True)
class AskHead:
    """Ask what the server holds; `after` is the cursor of the page before, or 0."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Collect:
    """Ask for receipts of one epoch from `seq` on; `hashes`: with the records' hashes."""

    number: int
    seq: int
    hashes: bool = False


@dataclass(frozen=True, slots=True)
class AskSuccession:
    """Ask for the statement that another log follows the one we trust."""


@dataclass(frozen=True, slots=True)
class AskReturn:
    """Ask a log that has lost everything to take this device back."""


@dataclass(frozen=True, slots=True)
class AskConfig:
    """Ask what this device is told to do: now and then, when nothing else is to be sent."""


Ask = Post | AskHead | Collect | AskSuccession | AskReturn | AskConfig


@dataclass(frozen=True, slots=True)
class View:
    """What the machine may look at: the epochs on which rows wait, oldest first, and the link.

    `link`: False when the hardware says there is none. `hurry`: do not save on requests (draining).
    `proofs`: False once the log showed two histories; shipping goes on without receipts. `origin`:
    the log that is trusted. `returns`: only a log before it has vouched for this device so far.
    `kid`: the key that seals now. `pace_ms`: least time from one post to the next that is no alarm.
    `configures`: whether a configuration may be asked for.
    """

    shelves: tuple[Shelf, ...]
    link: bool | None = None
    hurry: bool = False
    proofs: bool = True
    origin: str = ""
    returns: bool = False
    kid: bytes = b""
    pace_ms: int = 0
    configures: bool = False


@dataclass(frozen=True, slots=True)
class Sync:
    """All that the machine remembers, in RAM only.

    `why` explains a back-off or halt; `problem` the halt. `reach` is how many rows a span may
    have just now, `narrow` restricts a batch to one span. `stuck` counts answers in a row that
    moved nothing. `owed_ms`: since when receipts are owed; `owed_then`: what was, at the hourly
    look (`looked_ms`). `distrust_ms`: since when answers have failed to prove anything. `origin`:
    the log that all this is about. `first`: what is asked before anything else. `unfollowed`: why
    the newest statement of a successor was refused. `posted_ms`: when rows were posted last.
    `config_ms`: when to ask for a configuration.
    """

    phase: Phase = Phase.IDLE
    until_ms: int = 0
    attempt: int = 0
    cue: Cue = Cue.GOOD
    why: str = ""
    problem: Problem | None = None
    asked: Ask | None = None
    link: bool | None = None
    known: bool = False
    after: int = 0
    held: Held = field(default_factory=dict)
    way: Way = Way.B
    stuck: int = 0
    reach: int = MAX_RECORDS
    narrow: bool = False
    spans: int = 0
    owed_ms: int | None = None
    owed_then: Held = field(default_factory=dict)
    looked_ms: int = 0
    collected: int = 0
    collect_more: Collect | None = None
    collect_ms: int = 0
    collect_attempt: int = 0
    distrust_ms: int | None = None
    good_ms: int | None = None
    aside_ms: int | None = None
    origin: str = ""
    returns: bool = False
    first: Ask | None = None
    unfollowed: Problem | None = None
    posted_ms: int | None = None
    config_ms: int | None = None


def decide(before: Sync, view: View, now_ms: int) -> tuple[Sync, Ask | None]:
    """Say what to send now; None: nothing, or a request is still under way."""
    sync = before
    if sync.origin != view.origin:
        # What another log held and owed says nothing about this one.
        sync = Sync(looked_ms=now_ms, origin=view.origin, link=sync.link, aside_ms=sync.aside_ms)
    config_ms = now_ms if sync.config_ms is None else sync.config_ms
    sync = replace(sync, link=view.link, returns=view.returns, config_ms=config_ms)
    sync = _wake(sync, before.link, now_ms)
    if sync.phase is not Phase.IDLE or view.link is False:
        return sync, None
    sync, ask = _next(_reckon(sync, view, now_ms), view, now_ms)
    if ask is None:
        return sync, None
    return replace(sync, phase=TABLE[sync.phase, Cue.ASK], asked=ask), ask


def wake_ms(sync: Sync, now_ms: int) -> int | None:
    """The next moment at which `decide` will say something else by itself, always after now."""
    waiting = sync.phase in (Phase.BACKOFF, Phase.HALTED)
    at = sync.until_ms if waiting else sync.collect_ms
    return at if at > now_ms else None


def settles(asked: Ask | None, shelves: Sequence[Shelf], *, hurry: bool) -> bool:
    """Whether the proofs in the answer to this are worth verifying at once.

    Verifying a checkpoint costs a truck's computer as much as several readings, so the receipts of
    a few routine rows are left to be collected together with their neighbours.
    """
    if not isinstance(asked, Post):
        return isinstance(asked, Collect)
    alarms = {shelf.number: shelf.urgent for shelf in shelves if shelf.alarms}
    urgent = any(run(c.first, c.last) & alarms.get(c.number, NONE) for c in asked.cuts)
    return hurry or urgent or sum(map(len, asked.cuts)) >= SETTLE_ROWS


def retry_aside_due(sync: Sync, now_ms: int) -> tuple[Sync, bool]:
    """Whether rows set aside shall try again: an hour after the start, then daily."""
    if sync.aside_ms is None:
        return replace(sync, aside_ms=now_ms + FIRST_RETRY_ASIDE_MS), False
    if now_ms < sync.aside_ms:
        return sync, False
    return replace(sync, aside_ms=now_ms + RETRY_ASIDE_MS), True


def _wake(sync: Sync, link_before: bool | None, now_ms: int) -> Sync:
    returned = link_before is False and sync.link is not False
    if sync.phase is Phase.BACKOFF and sync.cue is Cue.LOST and returned:
        return replace(sync, phase=TABLE[sync.phase, Cue.LINK], attempt=0)
    if sync.phase in (Phase.BACKOFF, Phase.HALTED) and now_ms >= sync.until_ms:
        return replace(sync, phase=TABLE[sync.phase, Cue.DUE])
    return sync


def _reckon(sync: Sync, view: View, now_ms: int) -> Sync:
    """See what receipts are owed. Held but unproved for an hour: the server may have lost it.

    Once an hour the rows that were owed at the last look and still are count as not held, so they
    are posted again.
    """
    owed = {shelf.number: rows for shelf, rows in _owed(sync, view.shelves)}
    if not owed:
        return replace(sync, owed_ms=None, spans=0, collect_more=None)
    if now_ms - sync.looked_ms < FORGET_HELD_MS:
        return sync
    stale = {number: rows & sync.owed_then.get(number, NONE) for number, rows in owed.items()}
    held = {number: rows - stale.get(number, NONE) for number, rows in sync.held.items()}
    return replace(sync, held=held, owed_then=owed, looked_ms=now_ms)


def _owed(sync: Sync, shelves: Sequence[Shelf]) -> list[tuple[Shelf, Ranges]]:
    """What the server holds and has not proved, oldest epoch first."""
    pairs = ((shelf, shelf.unproved(sync.held.get(shelf.number, NONE))) for shelf in shelves)
    return [(shelf, rows) for shelf, rows in pairs if rows]


def _next(sync: Sync, view: View, now_ms: int) -> tuple[Sync, Ask | None]:
    if sync.first is not None:
        return replace(sync, first=None), sync.first
    if not sync.known:
        return sync, AskHead(sync.after)
    waiting = lanes.still_open(view.shelves, sync.held, view.kid)
    alarm = lanes.has_alarm(waiting)
    collect = _collect(sync, view, now_ms, idle=not waiting)
    resting = not alarm and _is_resting(sync, view, now_ms)
    idle = collect is None and (resting or not waiting)
    if not alarm and _asks_config(sync, view, now_ms, idle=idle):
        return replace(sync, config_ms=now_ms + CONFIG_PACE_MS), AskConfig()
    if resting or (collect is not None and not alarm):
        return sync, collect
    way = _way(sync, waiting)
    cuts = lanes.cut(waiting, way, sync.reach)
    if not cuts:
        return sync, collect
    after = replace(sync, way=way, posted_ms=now_ms)
    return after, Post(way, cuts[:1] if sync.narrow else cuts)


def _is_resting(sync: Sync, view: View, now_ms: int) -> bool:
    """Whether the last post is too fresh for the pace that was set."""
    if view.hurry or sync.posted_ms is None:
        return False
    return now_ms - sync.posted_ms < view.pace_ms


def _asks_config(sync: Sync, view: View, now_ms: int, *, idle: bool) -> bool:
    """Now and then, when nothing else is to be sent; a long backlog gives way once an hour."""
    if not view.configures or view.hurry or sync.config_ms is None:
        return False
    return now_ms >= sync.config_ms + (0 if idle else CONFIG_PATIENCE_MS)


def _way(sync: Sync, waiting: Sequence[Open]) -> Way:
    """A and B take turns; an alarm takes every turn, unless A has just moved nothing. Then C."""
    if not lanes.has_fresh(waiting):
        return Way.C
    if sync.way is not Way.A or (lanes.has_alarm(waiting) and not sync.stuck):
        return Way.A
    return Way.B


def _more(more: Collect | None, owed: Sequence[tuple[Shelf, Ranges]]) -> Collect | None:
    """The next page, from the next row that is owed: what lies between is proved already."""
    if more is None or more.hashes:
        return more
    for shelf, rows in owed:
        later = rows & run(more.seq, shelf.last)
        if shelf.number == more.number and later:
            return replace(more, seq=later.runs[0][0])
    return None


def _collect(sync: Sync, view: View, now_ms: int, *, idle: bool) -> Collect | None:
    """The next request for receipts, if it is time: 16 spans, 60 s, an alarm, or in a hurry."""
    if not view.proofs or now_ms < sync.collect_ms:
        return None
    owed = _owed(sync, view.shelves)
    if not owed or sync.owed_ms is None:
        return None
    if more := _more(sync.collect_more, owed):
        return more
    alarm = any(rows & shelf.urgent for shelf, rows in owed)
    old = now_ms - sync.owed_ms >= COLLECT_AGE_MS
    if not (alarm or old or sync.spans >= COLLECT_SPANS or (view.hurry and idle)):
        return None
    later = [one for one in owed if one[0].number > sync.collected]
    shelf, rows = (later or owed)[0]
    return Collect(shelf.number, rows.runs[0][0])
