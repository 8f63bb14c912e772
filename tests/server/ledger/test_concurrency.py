"""Many hands at once: one history, every leaf in it, and each caller's checkpoint covers his."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from protocol import merkle
from server.ledger import keys, log, sequencing, startup
from server.ledger.grouping import Rounds
from server.ledger.journal import Journal
from server.ledger.models import Checkpoint, Entry
from server.ledger.writing import abandon, fold, writing
from tests.server.conftest import NOW_MS


def together(count: int, work: Callable[[int], None]) -> list[BaseException]:
    """Run `work(n)` in threads that start at once; what they raised."""
    errors: list[BaseException] = []
    gate = threading.Barrier(count)

    def one(number: int) -> None:
        try:
            gate.wait(10)
            work(number)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("shared", [True, False], ids=["one process", "as many processes"])
def test_concurrent_sequencers_make_a_single_history(shared: bool) -> None:
    def extend() -> log.Checkpoint:
        # Without the shared rounds every thread sequences by itself, as workers do.
        own = Journal(log.journal()._directory)
        return sequencing.extend(own, keys.current(), NOW_MS)

    def work(number: int) -> None:
        for turn in range(8):
            leaf = b"%d of %d" % (turn, number)
            with writing():
                digest = log.stage(leaf, b"body")
            checkpoint = log.sequence(NOW_MS) if shared else extend()
            assert log.index_of([digest])[digest] < checkpoint.size

    assert together(6, work) == []
    check_history(48)


def check_history(size: int) -> None:
    """Every checkpoint follows exactly one other, and all lie on one tree."""
    heads = list(Checkpoint.objects.order_by("size"))
    assert [head.previous for head in heads[1:]] == [head.size for head in heads[:-1]]
    hashes = [bytes(entry.leaf_hash) for entry in Entry.objects.order_by("number")]
    assert len(set(hashes)) == size == heads[-1].size
    for head in heads:
        assert merkle.root(hashes[: head.size]) == bytes(head.root)
    startup.check(log.journal(), keys.current())


@pytest.mark.django_db(transaction=True)
def test_folding_beside_writers_harms_nothing() -> None:
    def work(number: int) -> None:
        for turn in range(6):
            if number == 0:
                fold()
                continue
            with writing():
                log.stage(b"%d of %d" % (turn, number))
            log.sequence(NOW_MS)

    assert together(4, work) == []
    check_history(18)


@pytest.mark.django_db(transaction=True)
def test_an_abandoned_connection_locks_nobody_out_though_a_traceback_still_holds_its_cursor() -> (
    None
):
    with writing():
        log.stage_all([(b"one", b""), (b"two", b"")])
    cursor = connection.cursor()
    # What a BEGIN leaves that was done and looked failed: Django knows of no transaction.
    cursor.execute("BEGIN IMMEDIATE" if connection.vendor == "sqlite" else "BEGIN")
    cursor.execute("UPDATE ledger_staged SET body = body RETURNING id")
    cursor.fetchone()
    abandon()

    def extend(_: int) -> None:
        log.sequence(NOW_MS)

    assert together(1, extend) == []
    assert cursor is not None


def test_those_who_come_during_a_round_share_the_next_one() -> None:
    rounds: Rounds[int] = Rounds()
    under_way, go = threading.Event(), threading.Event()
    worked: list[int] = []
    results: list[int] = []

    def work() -> int:
        worked.append(len(worked) + 1)
        under_way.set()
        assert go.wait(10)
        return worked[-1]

    leader = threading.Thread(target=lambda: results.append(rounds.join(work)))
    leader.start()
    assert under_way.wait(10)
    late = [threading.Thread(target=lambda: results.append(rounds.join(work))) for _ in range(5)]
    for thread in late:
        thread.start()
    while rounds.waiting < 5:
        pass
    go.set()
    for thread in (leader, *late):
        thread.join(10)
    assert worked == [1, 2]
    assert sorted(results) == [1, 2, 2, 2, 2, 2]


def test_a_leaders_failure_is_his_own_and_the_next_one_leads() -> None:
    rounds: Rounds[int] = Rounds()

    def fail() -> int:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        rounds.join(fail)
    assert rounds.join(lambda: 7) == 7
