"""What a reply changes in the sync machine, and which rows it sets aside. Pure.

Waits: a missing link at most 60 s, a server that is busy or nonsensical at most 15 min, both with
full jitter under a doubling ceiling; Retry-After is honoured up to the same 15 min, because a
captive portal can send one too. A refusal never removes anything. `jitter` is 16 random bits.
Spec: docs/protocol.md, "Spans" and "Problems".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from agent.core import lanes, reply
from agent.core.lanes import Way
from agent.core.ranges import NONE, Ranges
from agent.core.reply import (
    Answered,
    Busy,
    Denied,
    Distrusted,
    Followed,
    Heads,
    Lost,
    Refused,
    Reply,
    Succeeded,
    TooLarge,
    Unfollowed,
)
from agent.core.shelf import Cut, Shelf
from agent.core.sync import (
    COLLECT_AGE_MS,
    TABLE,
    Ask,
    AskHead,
    AskReturn,
    AskSuccession,
    Collect,
    Cue,
    Post,
    Sync,
)
from protocol.registry import Problem
from protocol.span import MAX_RECORDS
from protocol.wire import Verdict, VerdictCode

LEAST_WAIT_MS: Final = 1_000
LINK_CAP_MS: Final = 60_000
SERVER_CAP_MS: Final = 900_000
HALTED_MS: Final = 3_600_000
JITTER_BITS: Final = 16
CONFIG_SPREAD_MS: Final = 300_000


@dataclass(frozen=True, slots=True)
class Aside:
    """Rows the server refused for good."""

    cut: Cut
    problem: Problem


def answered(
    sync: Sync, shelves: Sequence[Shelf], got: Reply, now_ms: int, jitter: int
) -> tuple[Sync, tuple[Aside, ...]]:
    """Take the reply to what was asked; returns the rows that shall be set aside."""
    match got:
        case Heads():
            return _good(_took_head(sync, shelves, got, now_ms), now_ms), ()
        case Answered() if isinstance(sync.asked, Post):
            return _took_post(sync, sync.asked, got, now_ms, jitter)
        case Answered() if isinstance(sync.asked, Collect):
            return _good(_took_receipts(sync, sync.asked, got, now_ms), now_ms), ()
        case TooLarge() | Refused() if isinstance(sync.asked, Post):
            problem = got.problem if isinstance(got, Refused) else Problem.TOO_LARGE
            return _split(sync, sync.asked, problem, now_ms)
        case Lost():
            shrink = got.timed_out and isinstance(sync.asked, Post)
            reach = max(1, sync.reach // 2) if shrink else sync.reach
            lost = replace(sync, reach=reach)
            return _back_off(lost, Cue.LOST, got.why, now_ms, jitter), ()
        case Busy():
            busy = _back_off(sync, Cue.BUSY, got.why, now_ms, jitter)
            asked_for = now_ms + min(got.retry_after_ms, SERVER_CAP_MS)
            return replace(busy, until_ms=max(busy.until_ms, asked_for)), ()
        case Succeeded() | Followed() | Unfollowed():
            return _took_successor(sync, got, now_ms, jitter), ()
        case Denied(Problem.UNKNOWN_DEVICE) if sync.returns and not _returning(sync):
            return _ask_next(sync, AskReturn(), now_ms), ()
        case Refused() if _returning(sync):
            return _halt(sync, got.problem, now_ms), ()
        case Denied():
            return _halt(sync, got.problem, now_ms), ()
        case Distrusted():
            since = now_ms if sync.distrust_ms is None else sync.distrust_ms
            refused = replace(sync, distrust_ms=since)
            return _back_off(refused, Cue.BUSY, f"refused: {got.problem}", now_ms, jitter), ()
        case _:
            return _back_off(sync, Cue.BUSY, "an answer to another question", now_ms, jitter), ()


def configured(sync: Sync, jitter: int) -> Sync:
    """The question for a configuration is over, however: it says nothing about anything else."""
    phase = TABLE[sync.phase, Cue.GOOD]
    later_ms = (sync.config_ms or 0) + (CONFIG_SPREAD_MS * jitter >> JITTER_BITS)
    return replace(sync, phase=phase, asked=None, config_ms=later_ms)


def _took_successor(
    sync: Sync, got: Succeeded | Followed | Unfollowed, now_ms: int, jitter: int
) -> Sync:
    match got:
        case Succeeded():
            asking = _ask_next(sync, AskSuccession(), now_ms)
            return replace(asking, unfollowed=sync.unfollowed)
        case Followed():
            return _good(sync, now_ms)
        case Unfollowed():
            refused = replace(sync, unfollowed=got.problem)
            return _back_off(refused, Cue.BUSY, f"refused: {got.problem}", now_ms, jitter)


def _returning(sync: Sync) -> bool:
    return isinstance(sync.asked, AskReturn)


def _ask_next(sync: Sync, ask: Ask | None, now_ms: int) -> Sync:
    """Something else has to be tried first; that is no progress, so the waits go on growing."""
    return replace(_good(sync, now_ms), attempt=sync.attempt, first=ask)


def _good(sync: Sync, now_ms: int) -> Sync:
    return replace(
        sync,
        phase=TABLE[sync.phase, Cue.GOOD],
        asked=None,
        attempt=0,
        cue=Cue.GOOD,
        why="",
        problem=None,
        unfollowed=None,
        good_ms=now_ms,
    )


def _pause(sync: Sync, now_ms: int) -> Sync:
    """The server spoke, and said no to something: go on, but not faster than once a second."""
    paused = _good(sync, now_ms)
    return replace(paused, phase=TABLE[sync.phase, Cue.BUSY], until_ms=now_ms + LEAST_WAIT_MS)


def _back_off(sync: Sync, cue: Cue, why: str, now_ms: int, jitter: int) -> Sync:
    """Full jitter under a doubling ceiling: a fleet that lost one server returns spread out."""
    cap = LINK_CAP_MS if cue is Cue.LOST else SERVER_CAP_MS
    ceiling = min(cap, LEAST_WAIT_MS << min(sync.attempt, 20))
    until_ms = now_ms + max(LEAST_WAIT_MS, ceiling * jitter >> JITTER_BITS)
    # Rows go first then: a page of proofs too long for this link must not hold them up for ever.
    proofs_ms = until_ms + LEAST_WAIT_MS if isinstance(sync.asked, Collect) else sync.collect_ms
    return replace(
        sync,
        phase=TABLE[sync.phase, cue],
        asked=None,
        attempt=sync.attempt + 1,
        cue=cue,
        why=why,
        until_ms=until_ms,
        collect_ms=proofs_ms,
    )


def _halt(sync: Sync, problem: Problem, now_ms: int) -> Sync:
    return replace(
        sync,
        phase=TABLE[sync.phase, Cue.DENIED],
        asked=None,
        cue=Cue.DENIED,
        why=str(problem),
        problem=problem,
        until_ms=now_ms + HALTED_MS,
    )


def _took_head(sync: Sync, shelves: Sequence[Shelf], got: Heads, now_ms: int) -> Sync:
    numbers = {shelf.epoch: shelf.number for shelf in shelves}
    held = dict(sync.held)
    for epoch in got.head.epochs:
        if epoch.epoch in numbers:
            number = numbers[epoch.epoch]
            held[number] = held.get(number, NONE) | Ranges.of(epoch.ranges)
    asked = sync.asked.after if isinstance(sync.asked, AskHead) else 0
    after = got.head.next or 0
    # A page that is empty, or does not lead on, is the last one: else we might ask for ever.
    more = after > asked and bool(got.head.epochs)
    # Whatever is held from an earlier run has waited long enough: collect at once.
    return replace(
        sync,
        held=held,
        known=not more,
        after=after if more else 0,
        owed_ms=now_ms - COLLECT_AGE_MS,
    )


def _took_receipts(sync: Sync, asked: Collect, got: Answered, now_ms: int) -> Sync:
    answer = got.answer
    if got.lacking and not asked.hashes:
        again = replace(asked, hashes=True)
        return _proved(replace(sync, collect_more=again), got, now_ms)
    more = None
    if answer.next is not None and answer.next > asked.seq:
        more = Collect(asked.number, answer.next)
    attempt = 0 if got.gained else min(sync.collect_attempt + 1, 6)
    pause = 0 if got.gained or more else LEAST_WAIT_MS << attempt
    sync = replace(
        sync,
        collect_more=more,
        collected=asked.number,
        collect_attempt=attempt,
        collect_ms=now_ms + min(pause, COLLECT_AGE_MS),
        spans=sync.spans if more else 0,
    )
    return _proved(sync, got, now_ms)


def _proved(sync: Sync, got: Answered, now_ms: int) -> Sync:
    """Progress restarts the hour after which held rows are posted again."""
    return replace(sync, distrust_ms=None, owed_ms=now_ms) if got.gained else sync


def _took_post(
    sync: Sync, asked: Post, got: Answered, now_ms: int, jitter: int
) -> tuple[Sync, tuple[Aside, ...]]:
    pairs = list(zip(asked.cuts, got.answer.verdicts, strict=False))
    taken = [cut for cut, verdict in pairs if verdict.code is not VerdictCode.REFUSED]
    refused = [(cut, verdict) for cut, verdict in pairs if verdict.code is VerdictCode.REFUSED]
    sync = _proved(_took(sync, taken, now_ms), got, now_ms)
    denials = [v.problem for _, v in refused if v.problem in reply.DENIALS]
    # Of an ended key alone is what nothing vouches for yet: it waits apart, and the rest goes on.
    ended = asked.way is Way.C and set(denials) == {Problem.REVOKED}
    if denials and denials[0] is not None and not ended:
        return _halt(sync, denials[0], now_ms), ()
    asides = tuple(aside for cut, verdict in refused if (aside := _aside(cut, verdict)))
    split = any(_must_split(cut, verdict) for cut, verdict in refused)
    if asides or split:
        reach = max(1, sync.reach // 2) if split else sync.reach
        return _pause(replace(sync, reach=reach, stuck=0), now_ms), asides
    if taken:
        reach = min(MAX_RECORDS, sync.reach * 2)
        return _good(replace(sync, reach=reach, narrow=False, stuck=0), now_ms), ()
    return _stuck(sync, refused, now_ms, jitter), ()


def _stuck(sync: Sync, refused: Sequence[tuple[Cut, Verdict]], now_ms: int, jitter: int) -> Sync:
    """Nothing moved: try the other lane once, then wait longer each time."""
    problems = {verdict.problem for _, verdict in refused}
    if Problem.OPENING_FIRST in problems:
        # The server does not hold what we thought it did: ask anew.
        sync = replace(sync, known=False, after=0, held={})
    sync = replace(sync, stuck=sync.stuck + 1)
    if sync.stuck == 1:
        return _ask_next(sync, None, now_ms)
    why = f"refused for now: {', '.join(sorted(str(problem) for problem in problems))}"
    return _back_off(sync, Cue.BUSY, why, now_ms, jitter)


def _took(sync: Sync, taken: Sequence[Cut], now_ms: int) -> Sync:
    if not taken:
        return sync
    owed = now_ms if sync.owed_ms is None else sync.owed_ms
    held = lanes.held_after(sync.held, taken)
    return replace(sync, held=held, spans=sync.spans + len(taken), owed_ms=owed)


def _aside(cut: Cut, verdict: Verdict) -> Aside | None:
    """The one record at fault; a whole span when no part of it could ever fit."""
    problem = verdict.problem or Problem.MALFORMED
    if reply.is_retryable(problem):
        return None
    if problem in (Problem.CONTESTED_FULL, Problem.REVOKED):
        return Aside(cut, problem)
    if verdict.index is not None and verdict.index < len(cut):
        at = cut.first + verdict.index
        return Aside(Cut(cut.number, at, at), problem)
    return Aside(cut, problem) if len(cut) == 1 else None


def _must_split(cut: Cut, verdict: Verdict) -> bool:
    """Refused for good without saying which record: halve until one record is left."""
    problem = verdict.problem or Problem.MALFORMED
    return not reply.is_retryable(problem) and _aside(cut, verdict) is None


def _split(
    sync: Sync, asked: Post, problem: Problem, now_ms: int
) -> tuple[Sync, tuple[Aside, ...]]:
    """The request as a whole was refused: less at once, in the end one record, set aside."""
    cut, alone = asked.cuts[0], len(asked.cuts) == 1
    if alone and len(cut) == 1:
        return _pause(replace(sync, narrow=False), now_ms), (Aside(cut, problem),)
    reach = max(1, len(cut) // 2) if alone else sync.reach
    return _pause(replace(sync, narrow=True, reach=reach), now_ms), ()
