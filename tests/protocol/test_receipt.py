"""The set that refuses: only the pinned log, only forwards, only with proof."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import checkpoint, merkle, receipt
from protocol.checkpoint import Checkpoint
from protocol.errors import Problem, ProtocolError
from protocol.receipt import Trust, TwoHistories
from protocol.span import Span, TickLeaf, encode_leaf
from tests.protocol.build import chain, key, raw, verify_ed25519
from tests.protocol.testlog import Log, note_key

TICKS = [encode_leaf(TickLeaf(at)) for at in range(40)]
RECORDS = chain(9)[3:]
SPAN = Span.of(RECORDS)
LEAF = SPAN.leaf(key().device)


def log(size: int, *, story: int = 0) -> Log:
    """A log of ticks; another story tells another second leaf."""
    leaves = TICKS[:size]
    if story and size > 1:
        leaves[1] = encode_leaf(TickLeaf(10_000 + story))
    return Log().grow(*leaves)


FRESH = Trust.start(note_key().key())


def advance(trust: Trust, seen: Log, since: int | None = None) -> Trust:
    since = trust.size if since is None else since
    proof = seen.consistency(since) if since <= seen.size else ()
    return receipt.advance(trust, seen.note(), since, proof, verify_ed25519)


def trusted(size: int) -> Trust:
    return advance(FRESH, log(size))


def refused(trust: Trust, seen: Log, since: int | None = None) -> Problem:
    with pytest.raises(ProtocolError) as caught:
        advance(trust, seen, since)
    return caught.value.problem


def test_a_fresh_device_trusts_the_empty_tree_of_its_log() -> None:
    assert (FRESH.size, FRESH.root, FRESH.note) == (0, merkle.EMPTY, None)
    assert advance(FRESH, log(0)).size == 0


@given(st.lists(st.integers(0, 9), max_size=4))
def test_trust_follows_an_honest_log_by_any_steps(steps: list[int]) -> None:
    trust, size = FRESH, 0
    for step in steps:
        size += step
        trust = advance(trust, log(size))
        assert (trust.size, trust.root) == (size, log(size).root(size))
        assert trust.note == log(size).note()
        assert trust.log_key == FRESH.log_key


def test_a_smaller_checkpoint_is_stale_and_no_accusation() -> None:
    assert refused(trusted(7), log(5)) is Problem.STALE_CHECKPOINT
    assert refused(trusted(7), log(5, story=1)) is Problem.STALE_CHECKPOINT
    assert refused(trusted(7), log(0)) is Problem.STALE_CHECKPOINT


def test_one_size_with_two_roots_is_two_histories_and_both_notes_are_kept() -> None:
    known, other = log(7), log(7, story=1)
    with pytest.raises(TwoHistories) as caught:
        advance(trusted(7), other)
    assert caught.value.problem is Problem.TWO_HISTORIES
    assert (caught.value.known, caught.value.other) == (known.note(), other.note())


def test_another_history_of_a_larger_size_is_only_a_failed_proof() -> None:
    assert refused(trusted(7), log(9, story=1)) is Problem.BAD_PROOF


@pytest.mark.parametrize("since", [0, 3, 6, 8])
def test_a_proof_from_another_size_than_ours_is_refused(since: int) -> None:
    assert refused(trusted(7), log(9), since) is Problem.BAD_PROOF
    assert refused(trusted(7), log(7), since) is Problem.BAD_PROOF


@pytest.mark.parametrize("old", range(1, 9))
def test_an_altered_cut_or_longer_consistency_proof_is_refused(old: int) -> None:
    trust, seen = trusted(old), log(9)
    proof = seen.consistency(old)
    wrong = [proof[:-1], proof[1:], (*proof, bytes(32)), (bytes(32), *proof[1:]), proof[::-1]]
    for path in [path for path in wrong if path != proof]:
        with pytest.raises(ProtocolError) as caught:
            receipt.advance(trust, seen.note(), old, path, verify_ed25519)
        assert caught.value.problem is Problem.BAD_PROOF


def test_a_note_that_the_pinned_key_did_not_sign_is_refused() -> None:
    impostor = Log(note_key(FRESH.origin, "impostor")).grow(*TICKS[:9])
    other = Log(note_key("other.test/log")).grow(*TICKS[:9])
    for seen in (impostor, other):
        assert refused(trusted(7), seen) is Problem.BAD_NOTE
    with pytest.raises(ProtocolError) as caught:
        receipt.advance(FRESH, "<html>please log in</html>", 0, (), verify_ed25519)
    assert caught.value.problem is Problem.BAD_NOTE


def test_a_note_of_another_origin_than_trusted_is_refused() -> None:
    trust = replace(trusted(7), origin="other.test/log")
    assert refused(trust, log(9)) is Problem.BAD_NOTE


def test_an_empty_tree_has_one_root() -> None:
    owner = note_key()
    text = checkpoint.encode(Checkpoint(owner.name, 0, bytes(32)))
    with pytest.raises(ProtocolError) as caught:
        note = checkpoint.sign_note(text, [owner.signer()])
        receipt.advance(FRESH, note, 0, (), verify_ed25519)
    assert caught.value.problem is Problem.BAD_NOTE


def spans_log() -> tuple[Log, Trust]:
    seen = log(5).grow(encode_leaf(LEAF)).grow(*TICKS[6:9])
    return seen, advance(FRESH, seen)


def test_a_receipt_proves_its_leaf() -> None:
    seen, trust = spans_log()
    assert receipt.proved(trust, seen.receipt(5)) == LEAF
    assert receipt.proved(trust, seen.receipt(0)) == TickLeaf(0)


def test_nothing_is_proved_by_any_other_receipt() -> None:
    seen, trust = spans_log()
    good = seen.receipt(5)
    other = encode_leaf(replace(LEAF, last_hash=bytes(32)))
    wrong = [replace(good, leaf=other), replace(good, leaf=b""), replace(good, index=4)]
    wrong += [replace(good, path=path) for path in (good.path[1:], (*good.path, bytes(32)))]
    wrong += [replace(good, index=2**53 - 1), seen.receipt(5, size=7)]
    for one in wrong:
        with pytest.raises(ProtocolError) as caught:
            receipt.proved(trust, one)
        assert caught.value.problem is Problem.BAD_PROOF


def test_a_fresh_device_holds_nothing_for_proved() -> None:
    seen, _ = spans_log()
    with pytest.raises(ProtocolError) as caught:
        receipt.proved(FRESH, seen.receipt(5))
    assert caught.value.problem is Problem.BAD_PROOF


def test_a_proved_leaf_that_is_no_leaf_is_refused_by_its_own_name() -> None:
    seen = Log().grow(b"not a leaf")
    with pytest.raises(ProtocolError) as caught:
        receipt.proved(advance(FRESH, seen), seen.receipt(0))
    assert caught.value.problem is not Problem.BAD_PROOF


HASHES = [merkle.leaf_hash(sealed) for sealed in raw(RECORDS)]


def test_a_leaf_covers_exactly_its_records() -> None:
    assert receipt.covers(LEAF, HASHES)
    wrong = [HASHES[1:], HASHES[:-1], HASHES[::-1], [*HASHES, HASHES[0]], [], [LEAF.root]]
    wrong += [[*HASHES[:2], bytes(32), *HASHES[3:]]]
    assert not any(receipt.covers(LEAF, hashes) for hashes in wrong)


def test_own_records_stand_at_their_places_only() -> None:
    own = dict(enumerate(raw(RECORDS), LEAF.first))
    assert (LEAF.first, LEAF.last) == (3, 8)
    for seq, sealed in own.items():
        assert receipt.stands(LEAF, HASHES, seq, sealed)
        others = [other for other in range(-9, 20) if other != seq]
        assert not any(receipt.stands(LEAF, HASHES, other, sealed) for other in others)
