"""Records that came on a stick: an evidence file, judged by the same intake as what comes by HTTP.

The file is taken apart into spans as a device would have posted them, and each is judged. What it
says of itself (its keys, its notes, its maker's word) counts for nothing here: the device's keys
are those of its enrolment. A span that is refused at one record is posted again without it, so that
one rotten row spoils none of its neighbours. Importing twice changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from protocol import bundle, wire
from protocol.errors import ProtocolError
from protocol.leaf import MAX_RECORDS
from protocol.record import Sealed, open_sealed
from protocol.registry import PROBLEMS, Problem
from protocol.span import MAX_BATCH_BYTES, MAX_SPANS
from server.devices import intake
from server.devices.overview import rows_of

MAX_REFUSALS = 64
"""Refused records that are named one by one; after that a refused span is refused whole."""
OF_THE_DEVICE = frozenset(
    {
        Problem.OPENING_FIRST,
        Problem.REVOKED,
        Problem.SIMULATED,
        Problem.TOO_MANY_GAPS,
        Problem.UNKNOWN_KEY,
        Problem.CONTESTED_FULL,
    }
)
"""What holds for all that follows as well: to judge each record of it would say so each time."""
LATER = frozenset(slug for slug, text in PROBLEMS.items() if text.retryable)
"""Refused for now: another record of the file may change that."""
BATCH_ROOM = MAX_BATCH_BYTES - 4_096
"""The heads of a batch, its spans and their records take the rest."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that was not taken; `where` is its run and number, or its place in the file."""

    where: str
    problem: Problem


@dataclass(slots=True)
class Outcome:
    """What became of one file's records. `good`: taken, or held already; `contested`: kept as
    evidence of a fork; `taken`: those that were not held before.
    """

    device: str
    records: int
    good: int = 0
    taken: int = 0
    contested: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def kept_refusals(self) -> list[Refusal]:
        """Without those that are tried again."""
        return [one for one in self.refused if one.problem not in LATER]


Run = Sequence[tuple[int, bytes]]
"""Contiguous records, each with its place in the file."""


def take(data: bytes, now_ms: int) -> Outcome:
    """Import one file.

    Raises ProtocolError for what is no evidence file, and UNKNOWN_DEVICE; LogUnavailable.
    """
    found = bundle.read(data)
    outcome, before = Outcome(found.device, len(found.records)), rows_of(found.device)[0]
    todo, good = list(runs(found.records)), -1
    while todo and outcome.good > good:
        good, outcome.refused = outcome.good, outcome.kept_refusals()
        todo = _round(outcome, todo, now_ms)
    outcome.taken = min(outcome.good, rows_of(found.device)[0] - before)
    return outcome


def _round(outcome: Outcome, runs: Iterable[Run], now_ms: int) -> list[Run]:
    """Post everything once; what the server may take later is returned, and named for now."""
    todo, later = deque(runs), list[Run]()
    while todo:
        batch = _batch(todo)
        spans = [[sealed for _, sealed in one] for one in batch]
        answer = intake.receive(outcome.device, wire.encode_batch(spans), 0, now_ms)
        for one, verdict in zip(batch, answer.verdicts, strict=True):
            todo.extendleft(reversed(_account(outcome, one, verdict)))
            if verdict.problem in LATER:
                later.append(one)
    return later


def runs(records: Iterable[bytes]) -> Iterator[Run]:
    """Cut the file's records into spans, in its order; what cannot be read stands alone."""
    run: list[tuple[int, bytes]] = []
    before: Sealed | None = None
    for place, sealed in enumerate(records):
        one = _opened(sealed)
        if run and not (one and before and _follows(before, one) and len(run) < MAX_RECORDS):
            yield run
            run = []
        run.append((place, sealed))
        before = one
    if run:
        yield run


def _follows(before: Sealed, one: Sealed) -> bool:
    return (
        (one.record.epoch, one.record.seq) == (before.record.epoch, before.record.seq + 1)
        and one.record.prev == before.hash
        and one.kid == before.kid
    )


def _opened(sealed: bytes) -> Sealed | None:
    try:
        return open_sealed(sealed)
    except ProtocolError:
        return None


def _batch(todo: deque[Run]) -> list[Run]:
    """As many runs as one request may hold; cutting a large one changes no verdict."""
    batch: list[Run] = []
    room = BATCH_ROOM
    while todo and len(batch) < MAX_SPANS:
        run = todo.popleft()
        fitting = _fitting(run, room)
        if not fitting:
            todo.appendleft(run)
            break
        batch.append(run[:fitting])
        if fitting < len(run):
            todo.appendleft(run[fitting:])
        room -= sum(len(sealed) + 8 for _, sealed in run[:fitting])
    return batch


def _fitting(run: Run, room: int) -> int:
    for count, (_, sealed) in enumerate(run):
        room -= len(sealed) + 8
        if room < 0:
            return count
    return len(run)


def _account(outcome: Outcome, run: Run, verdict: wire.Verdict) -> list[Run]:
    """Count what became of a run; what of it should be judged again without the bad record."""
    match verdict.code:
        case wire.VerdictCode.ACCEPTED | wire.VerdictCode.DUPLICATE:
            outcome.good += len(run)
        case wire.VerdictCode.FORK:
            outcome.contested += len(run)
        case wire.VerdictCode.REFUSED:
            return _refuse(outcome, run, verdict)
    return []


def _refuse(outcome: Outcome, run: Run, verdict: wire.Verdict) -> list[Run]:
    problem = verdict.problem or Problem.INTERNAL
    at = min(verdict.index or 0, len(run) - 1)
    at = 0 if problem in LATER else at
    bad, rest = run[at : at + 1], run[at + 1 :]
    if problem in OF_THE_DEVICE or len(outcome.refused) >= MAX_REFUSALS:
        bad, rest = run[at:], ()
    outcome.refused += [Refusal(_where(*one), problem) for one in bad]
    return [part for part in (run[:at], rest) if part]


def _where(place: int, sealed: bytes) -> str:
    one = _opened(sealed)
    return f"{one.record.epoch.hex()}/{one.record.seq}" if one else f"item {place} of the file"
