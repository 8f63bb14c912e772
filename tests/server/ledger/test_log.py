"""The log keeps its promises: order, idempotence, proofs, and every older checkpoint extended."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol import checkpoint as c2sp
from protocol import merkle
from server.ledger import keys, log, sequencing
from server.ledger.writing import writing
from tests.server.conftest import NOW_MS

pytestmark = pytest.mark.django_db

LEAVES = [b"leaf %d" % number for number in range(40)]


def append(*leaves: bytes) -> log.Checkpoint:
    """Stage and sequence, each leaf with a body made from it."""
    with writing():
        log.stage_all([(leaf, b"body of " + leaf) for leaf in leaves])
    return log.sequence(NOW_MS)


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962's definition, word for word."""
    if len(leaves) < 2:
        return sha256(b"\x00" + leaves[0]).digest() if leaves else sha256().digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    left, right = naive_root(leaves[:half]), naive_root(leaves[half:])
    return sha256(b"\x01" + left + right).digest()


def test_a_new_log_has_a_signed_checkpoint_of_size_0() -> None:
    newest = log.newest()
    signed = c2sp.open_checkpoint(newest.note, keys.current().log, keys.verify_ed25519)
    assert (signed.size, signed.root) == (0, merkle.EMPTY) == (newest.size, newest.root)


def test_one_call_takes_everything_along_however_many_rounds_its_bodies_need() -> None:
    half = sequencing.BATCH_BYTES // 2
    with writing():
        log.stage_all([(leaf, bytes(half)) for leaf in LEAVES[:3]])
    assert log.sequence(NOW_MS).size == 3
    assert log.leaves(0, 10) == LEAVES[:3]


def test_leaves_stand_in_the_order_they_were_staged() -> None:
    append(*LEAVES[:3])
    append(*LEAVES[3:5])
    assert log.leaves(0, 10) == LEAVES[:5]
    assert log.leaves(2, 2) == LEAVES[2:4]
    assert log.index_of([merkle.leaf_hash(LEAVES[4]), bytes(32)]) == {
        merkle.leaf_hash(LEAVES[4]): 4
    }


def test_the_checkpoint_is_signed_and_its_root_is_the_naive_one() -> None:
    newest = append(*LEAVES)
    signed = c2sp.open_checkpoint(newest.note, keys.current().log, keys.verify_ed25519)
    assert (signed.size, signed.root) == (40, naive_root(LEAVES))
    assert log.newest() == newest


def test_nothing_staged_makes_no_new_checkpoint() -> None:
    first = append(LEAVES[0])
    assert log.sequence(NOW_MS + 1) == first


def test_a_leaf_staged_twice_stands_once() -> None:
    append(LEAVES[0], LEAVES[1], LEAVES[0])
    append(LEAVES[1], LEAVES[2])
    assert log.leaves(0, 9) == LEAVES[:3]


def test_a_leaf_staged_again_beside_its_sequenced_self_is_dropped() -> None:
    digest = merkle.leaf_hash(LEAVES[0])
    append(LEAVES[0])
    # What a transaction does that looked before the sequencer committed and wrote after it.
    from server.ledger.models import Staged

    Staged.objects.create(leaf_hash=digest, leaf=LEAVES[0], body=b"")
    assert log.sequence(NOW_MS).size == 1
    assert not log.waiting()


def test_a_body_is_there_before_and_after_sequencing_and_none_for_a_stranger() -> None:
    with writing():
        digest = log.stage(LEAVES[0], b"records")
        empty = log.stage(LEAVES[1])
    assert (log.body(digest), log.body(empty)) == (b"records", b"")
    log.sequence(NOW_MS)
    assert (log.body(digest), log.body(empty), log.body(bytes(32))) == (b"records", b"", None)


def test_a_leaf_of_64_kib_is_refused_before_it_is_staged() -> None:
    with pytest.raises(ValueError, match="64 KiB"):
        log.stage(bytes(1 << 16))
    assert not log.waiting()


def test_a_receipt_proves_each_leaf_under_the_newest_and_under_an_older_checkpoint() -> None:
    old, new = append(*LEAVES[:13]), append(*LEAVES[13:])
    hashes = [merkle.leaf_hash(leaf) for leaf in LEAVES]
    assert [r.leaf for r in log.receipts(hashes, new.size)] == LEAVES
    assert [r.leaf for r in log.receipts(hashes, old.size)] == LEAVES[:13]
    for head in (old, new):
        for receipt in log.receipts(hashes, head.size):
            digest = merkle.leaf_hash(receipt.leaf)
            path = list(receipt.path)
            assert merkle.verify_inclusion(digest, receipt.index, head.size, path, head.root)


def test_receipts_keep_the_order_asked_for() -> None:
    newest = append(*LEAVES)
    hashes = [merkle.leaf_hash(LEAVES[n]) for n in (7, 3, 30)]
    assert [r.index for r in log.receipts(hashes, newest.size)] == [7, 3, 30]


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_any_batching_extends_every_older_checkpoint_to_the_naive_root(sizes: list[int]) -> None:
    older, held = [log.newest()], log.leaves(0, 1 << 20)
    for size in sizes:
        batch = [sha256(b"%d of %d" % (n, len(held))).digest() for n in range(size)]
        newest = append(*batch)
        held += batch
        assert newest.root == naive_root(held) == log.root_at(newest.size)
        for old in older:
            path = log.consistency(old.size, newest.size)
            assert merkle.verify_consistency(old.size, old.root, newest.size, newest.root, path)
            assert log.root_at(old.size) == old.root
        older.append(newest)
