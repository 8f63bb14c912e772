"""A fault at every step of a round: nothing staged is lost, and no size ever gets two roots."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, connection

from protocol import checkpoint as c2sp
from protocol.merkle import leaf_hash
from server.ledger import keys, log, sequencing, startup
from server.ledger.journal import Batch, Journal
from server.ledger.keys import Keys
from server.ledger.models import Checkpoint
from server.ledger.writing import writing
from tests.server.conftest import NOW_MS
from tests.server.ledger.faults import FaultyDisk, Trap, faulty_database

pytestmark = pytest.mark.django_db(transaction=True)

OLD = [b"old %d" % number for number in range(5)]
NEW = [b"new %d" % number for number in range(6)]
LATE = [b"late"]


class Signed:
    """Every note ever signed, published or not: the world may have seen any of them."""

    def __init__(self) -> None:
        self.roots: dict[int, bytes] = {}

    def keys(self) -> Keys:
        """The installation's keys, with a signature that remembers."""
        real = keys.current()

        def sign(message: bytes) -> bytes:
            head = c2sp.parse_text(message.decode())
            assert self.roots.setdefault(head.size, head.root) == head.root, "two roots, one size"
            return real.sign(message)

        return Keys(real.log, real.recovery, real.config, sign)


def stage(leaves: list[bytes]) -> None:
    with writing():
        log.stage_all([(leaf, b"body of " + leaf) for leaf in leaves])


def break_at(at: int, *, done: bool) -> Trap:
    """One history with one fault in it, and all that must hold afterwards."""
    signed, trap = Signed(), Trap(at, done=done)
    directory = settings.JAGALCHI.journal
    stage(OLD)
    sequencing.extend(Journal(directory), signed.keys(), NOW_MS)
    stage(NEW)
    with faulty_database(trap):
        try:
            sequencing.extend(Journal(directory, FaultyDisk(trap)), signed.keys(), NOW_MS)
        except sequencing.LogUnavailable:
            assert trap.sprung
    connection.close()
    # What comes next differs from what was under way, as it does after a restart.
    stage(LATE)
    newest = sequencing.extend(Journal(directory), signed.keys(), NOW_MS + 1)
    check(newest, signed)
    return trap


def check(newest: log.Checkpoint, signed: Signed) -> None:
    assert log.leaves(0, 99) == OLD + NEW + LATE
    assert newest.size == 12 and newest.root == log.root_at(12) == signed.roots[12]
    for leaf in OLD + NEW + LATE:
        assert log.body(leaf_hash(leaf)) == b"body of " + leaf
    assert not log.waiting()
    startup.check(log.journal(), keys.current())


@pytest.mark.parametrize("done", [False, True], ids=["not-done", "done-but-looked-failed"])
def test_a_fault_at_any_step_loses_nothing_and_signs_no_second_root(
    done: bool, installation: Any
) -> None:
    steps, at = [], 1
    while (trap := break_at(at, done=done)).sprung:
        steps.append(trap.sprung)
        at += 1
        call_command("flush", interactive=False, verbosity=0)
        for path in installation.journal.glob("*"):
            path.unlink()
        startup.prepare(NOW_MS)
    assert {"cut", "write", "sync", "COMMIT"} <= set(steps)
    assert len(steps) > 12, steps


def test_a_kill_around_the_journal_leaves_what_the_next_start_finishes(installation: Any) -> None:
    whole = Trap()
    stage(OLD)
    sequencing.extend(Journal(installation.journal, FaultyDisk(whole)), keys.current(), NOW_MS)
    for at in range(whole.steps + 1):  # 0: behind the last step, before the signature
        leaf = b"killed at %d" % at
        stage([leaf])
        killed(installation.journal, Trap(at))
        newest = startup.prepare(NOW_MS)
        assert log.leaves(newest.size - 1, 1) == [leaf]
    assert newest.size == len(OLD) + whole.steps + 1 == len(OLD) + 4


def test_the_next_round_takes_the_journalled_batch_before_anything_staged_since(
    installation: Any,
) -> None:
    stage(NEW)
    killed(installation.journal, Trap())
    stage(LATE)
    newest = log.sequence(NOW_MS + 5)
    assert log.leaves(0, 9) == NEW + LATE
    assert log.root_at(len(NEW)) in {c.root for c in checkpoints()}
    assert newest.size == len(NEW + LATE)


def test_a_journal_that_goes_on_differently_breaks_the_log(installation: Any) -> None:
    stage(NEW)
    journal = log.journal()
    mark = log.newest().mark
    journal.append(mark, Batch(0, NOW_MS, (b"forged",), (b"",), bytes(32)))
    with pytest.raises(sequencing.LogBroken, match="does not continue"):
        log.sequence(NOW_MS)
    assert log.newest().size == 0


def test_a_second_successor_of_one_checkpoint_is_refused_by_the_database() -> None:
    stage(OLD)
    first = log.newest()
    newest = log.sequence(NOW_MS)
    with pytest.raises(IntegrityError), writing():
        sequencing.record(replace(newest, size=newest.size + 1), first.size)


class Killed(BaseException):
    """Nobody handles it."""


def killed(directory: Path, trap: Trap) -> None:
    """A round that stops at a step of the journal, or else when it is about to sign."""

    def die(message: bytes) -> bytes:
        raise Killed

    with pytest.raises((Killed, sequencing.LogUnavailable)):
        journal = Journal(directory, FaultyDisk(trap))
        sequencing.extend(journal, replace(keys.current(), sign=die), NOW_MS)


def checkpoints() -> list[Checkpoint]:
    return list(Checkpoint.objects.all())
