"""Several checkpoints of one log: shown to be of one history, or said not to be shown, or proof of
a log that told two.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from protocol import agreement
from protocol.evidence import Extension, Proofs, ProvedLeaf
from protocol.leaf import TickLeaf, encode_leaf
from protocol.receipt import Trust
from protocol.registry import Problem
from tests.protocol.testlog import Log

SIZE = 40
FORGED = 5
Under = list[tuple[Trust, Proofs]]


def grown(forged: int | None = None) -> Log:
    """A log of ticks; forged: from that one on it is another."""
    other = SIZE if forged is None else forged
    return Log().grow(*(encode_leaf(TickLeaf(at + 1_000 * (at >= other))) for at in range(SIZE)))


TRUE, FALSE = grown(), grown(FORGED)


def under(of: Log, size: int, shown: Sequence[int] = (), since: int = 0) -> Under:
    """A chapter's newest checkpoint and what it proves; since: led on from that earlier one."""
    first = under(of, since) if since else []
    extends = Extension(since, of.consistency(since, size)) if since else None
    leaves = tuple(ProvedLeaf(of.receipt(at, size)) for at in shown)
    note = of.note(size)
    trust = Trust(of.owner.name, of.owner.key(), size, of.root(size), note)
    return [*first, (trust, Proofs(note, leaves, (), extends))]


@st.composite
def chapters(draw: st.DrawFn, of: Log = TRUE, least: int = 1) -> Under:
    """Anything that one log may have put into a chapter."""
    size = draw(st.integers(least, SIZE))
    shown = draw(st.lists(st.integers(0, size - 1), max_size=4))
    since = draw(st.integers(0, size - 1)) if draw(st.booleans()) else 0
    return under(of, size, shown, since)


@given(st.lists(chapters(), max_size=5))
def test_what_one_log_showed_is_never_called_two_histories(file: list[Under]) -> None:
    found = agreement.compare(file)
    sizes = {trust.size for one in file for trust, _ in one}
    assert (found.findings, found.checkpoints) == ({}, len(sizes))
    assert min(1, len(sizes)) <= found.histories <= len(file)


@given(chapters(least=FORGED + 1), st.lists(chapters(), max_size=2), st.data())
def test_two_histories_are_found_or_said_not_to_be_shown_as_one(
    first: Under, more: list[Under], data: st.DataObject
) -> None:
    lie = data.draw(chapters(FALSE, FORGED + 1))
    found = agreement.compare([first, *more, lie])
    assert found.findings or found.histories > 1


def test_one_size_with_two_roots_is_found_in_the_later_chapter() -> None:
    found = agreement.compare([under(TRUE, 9), under(TRUE, 20), under(FALSE, 9)])
    assert {at: one.problem for at, one in found.findings.items()} == {2: Problem.TWO_HISTORIES}


def test_one_entry_that_is_another_elsewhere_is_found() -> None:
    assert not agreement.compare([under(TRUE, 20), under(FALSE, 21)]).findings
    found = agreement.compare([under(TRUE, 20, [FORGED]), under(FALSE, 21, [FORGED])])
    assert list(found.findings) == [1]
    below = agreement.compare([under(TRUE, 20, [FORGED]), under(FALSE, 21, [16])])
    assert 1 in below.findings  # by a node over leaves of which the second shows none


def test_a_root_that_does_not_follow_from_what_a_later_one_proves_is_found() -> None:
    """The last leaf of the smaller tree, with its path in the larger, gives the smaller root."""
    assert list(agreement.compare([under(TRUE, 20), under(FALSE, 33, [19])]).findings) == [0]
    honest = agreement.compare([under(TRUE, 20), under(TRUE, 33, [19])])
    assert (honest.findings, honest.histories) == ({}, 1)


def test_a_consistency_proof_joins_chapters_and_without_one_they_stay_apart() -> None:
    two = [under(TRUE, 30, [3], since=12), under(TRUE, 12, [4, 5]), under(TRUE, 12)]
    assert (agreement.compare(two).checkpoints, agreement.compare(two).histories) == (2, 1)
    apart = [under(TRUE, 30, [3]), under(TRUE, 13, [4, 5])]
    assert agreement.compare(apart).histories == 2
    bent = under(TRUE, 30, [3], since=12)
    wrong = Proofs(bent[1][1].note, (), (), Extension(12, TRUE.consistency(13, 30)))
    assert agreement.compare([[bent[0], (bent[1][0], wrong)]]).histories == 2


def test_nothing_compared_is_nothing_claimed() -> None:
    found = agreement.compare([[], []])
    assert (found.checkpoints, found.histories, found.findings) == (0, 0, {})
    many = [under(TRUE, size) for size in range(1, SIZE)] * 2
    assert agreement.compare(many).histories == SIZE - 1
