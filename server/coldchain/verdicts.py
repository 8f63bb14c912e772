"""Results: what was judged of a lot, version after version, each an entry of the log.

A version is written only where its canonical text differs from the newest. A lot that somebody
still has is judged up to now (in whole tens of minutes), at least every few hours, because unknown
time grows by itself; one that is used up or sold, up to its last event. A result, its entry and
that it is done are one transaction: a crash leaves it to be done. One lot that cannot be judged
waits, and holds up no other.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Final

from django.db import DatabaseError, InterfaceError
from django.db.models import Q

from science import histories, verdict
from science.verdict import History
from server.coldchain import due, exposures, spotting, tracks, warmth
from server.coldchain.due import REST_MS
from server.coldchain.models import DueLot, DueRoom, EventLot, Lot, Result
from server.coldchain.pacing import Pace
from server.coldchain.rules import LIVE, SERVICE, Kind, Part
from server.ledger import service
from server.ledger.keys import entropy
from server.ledger.tick import Leader

AT_ONCE: Final = 25
"""Lots, and rooms, of one round."""
STEPS: Final = 100
"""Steps of the log in one round, at most."""
AGAIN_MS: Final = 6 * 3_600_000
"""A live lot is judged at least so often."""
ENDS: Final = (Kind.SOLD, Kind.SOLD_OUT, Kind.SCRAPPED)
"""By these a lot leaves the chain; it also ends when all of it was taken for other lots."""
SALT: Final = 32
MARK: Final = "verdict"
"""How the private part of a result's entry begins: mark, lot, version, at_ms, text, and the SHA-256
of the history that it was judged from. The text of that stays in the row: of a lot of a week the
entry has 860 bytes, and would have 12,000 with it, in every version."""


class Unjudged(OSError):
    """Something could not be judged; it is tried again."""


class Rounds:
    """What one beat of the cold chain's ticker does; `lock` decides which process does it."""

    def __init__(self, lock: Path, stopping: Event) -> None:
        """Nothing is opened before the first beat; `stopping` ends a beat between two steps."""
        self._leader = Leader(lock)
        self._stopping = stopping

    def beat(self, at_ms: int) -> None:
        """One round. Raises Unjudged."""
        if self._leader.leads():
            do(at_ms, Pace(self._stopping))

    def close(self) -> None:
        """Let another process do it."""
        self._leader.close()


def do(now_ms: int, go_on: Callable[[], bool] = lambda: True) -> None:
    """Read what the log gained, then evaluate rooms, judge lots and look for signs, so many at
    once. `go_on`: asked between two steps, whether to read on. Raises Unjudged once everything else
    was tried."""
    for _ in range(STEPS):
        if not due.read(now_ms) or not go_on():
            break
    rooms = DueRoom.objects.order_by("id").values_list("id", flat=True)[:AT_ONCE]
    lots = DueLot.objects.filter(due_ms__lte=now_ms).order_by("due_ms", "lot")
    failed = _each(rooms, lambda row: _room(row, now_ms), _later_room, go_on)
    failed += _each(
        lots.values_list("lot", flat=True)[:AT_ONCE],
        lambda row: judge(row, now_ms),
        lambda row: _later(row, now_ms),
        go_on,
    )
    failed += _each(
        spotting.due(now_ms, go_on),
        lambda room: spotting.look(room, now_ms),
        lambda room: spotting.later(room, now_ms),
        go_on,
    )
    if failed:
        raise Unjudged(f"{len(failed)} of a round failed, the first by {failed[0]!r}")


def judge(lot: int, now_ms: int) -> None:
    """Judge one lot, and write a version if there is something new to say."""
    with tracks.still():
        row = Lot.objects.get(id=lot)
        live = row.status in LIVE and row.left_grams > 0
        write(row, exposures.of(row, _until(row, live, now_ms)).history, now_ms)
        if live:
            done = {"due_ms": now_ms + AGAIN_MS, "judged_ms": now_ms}
            DueLot.objects.update_or_create(lot=row, defaults=done)
        else:
            DueLot.objects.filter(lot=row).delete()


def write(lot: Lot, history: History, now_ms: int) -> Result | None:
    """A new version with its entry; None where the newest says the same. In a transaction.

    One whose history is lost (the log holds its hash alone) or was never kept is said anew.
    """
    text, told = verdict.judge(history).text, histories.text(history).encode()
    last = Result.objects.filter(lot=lot).order_by("-version").first()
    if last is not None and last.text == text and last.history is not None:
        return None
    version = last.version + 1 if last else 1
    private: list[object] = [MARK, lot.ref, version, now_ms, text, sha256(told).digest()]
    leaf = service.stage(SERVICE, MARK, private, entropy(SALT))
    return Result.objects.create(
        lot=lot,
        version=version,
        at_ms=now_ms,
        text=text,
        leaf_hash=leaf,
        history=zlib.compress(told),
    )


def _until(lot: Lot, live: bool, now_ms: int) -> int:
    """Up to when a lot is judged; never before what was last told of it.

    One that is gone, up to when it went: what is said of it later (a purchase, a problem, a sample)
    tells nothing of how cold it stayed in the chain.
    """
    named = EventLot.objects.filter(lot=lot)
    if not live:
        named = named.filter(Q(part=Part.USED) | Q(event__kind__in=ENDS))
    told = named.order_by("-event__at_ms").values_list("event__at_ms", flat=True)
    last_ms = max(told.first() or 0, lot.made_ms)
    return max(last_ms, now_ms - now_ms % REST_MS) if live else last_ms


def _room(row: int, now_ms: int) -> None:
    with tracks.still():
        one = DueRoom.objects.select_related("room__asset").get(id=row)
        warmth.look(one.room, one.from_ms, now_ms)
        one.delete()


def _each(
    ids: Iterable[int],
    work: Callable[[int], None],
    later: Callable[[int], None],
    rest: Callable[[], object],
) -> list[Exception]:
    """Do each, however little time there is; one that fails for itself makes room for others."""
    failed: list[Exception] = []
    for row in list(ids):
        rest()
        try:
            work(row)
        except (DatabaseError, InterfaceError, OSError):
            raise
        except Exception as error:
            failed.append(error)
            later(row)
    return failed


def _later(lot: int, now_ms: int) -> None:
    DueLot.objects.filter(lot=lot).update(due_ms=now_ms + REST_MS)


def _later_room(row: int) -> None:
    """Behind all others."""
    with tracks.still():
        one = DueRoom.objects.get(id=row)
        one.delete()
        due.owe_room(one.room_id, one.from_ms)
