"""Tails, forks, suspects and the silent: pure views over a device's epochs."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from protocol.bodies import Head
from server.devices import epochs
from server.devices.epochs import QUIET_MS, Epoch, Pair, Tail

KID = b"k" * 8


def epoch(
    name: str, parent: str | None = None, at: int = 9, rows: int = 10, **facts: object
) -> Epoch:
    """An epoch of ten records, hanging on record `at` of its parent."""
    head = Head(parent.encode(), at, bytes(32)) if parent else None
    plain = Epoch(name.encode(), KID, head, ((0, rows - 1),), ((0, rows - 1),))
    return replace(plain, **facts)  # type: ignore[arg-type]


def test_a_card_that_forgets_nothing_has_no_lost_tail() -> None:
    assert epochs.tails([epoch("a"), epoch("b", "a"), epoch("c", "b")]) == ()


def test_records_beyond_the_head_that_an_opening_names_are_a_lost_tail() -> None:
    assert epochs.tails([epoch("a"), epoch("b", "a", at=6)]) == (Tail(b"a", 7, 9, 3, b"b"),)


def test_epochs_that_hang_on_a_lost_tail_are_lost_with_it() -> None:
    grown = [epoch("a"), epoch("b", "a"), epoch("c", "b"), epoch("d", "a", at=6)]
    assert epochs.tails(grown) == (
        Tail(b"a", 7, 9, 3, b"d"),
        Tail(b"b", 0, 9, 10, b"d"),
        Tail(b"c", 0, 9, 10, b"d"),
    )


def test_of_two_epochs_on_one_head_the_one_with_the_earlier_clock_was_forgotten() -> None:
    """Whatever they know: the checkpoint that the older one knew may be forgotten with it."""
    older, newer = epoch("c", "a", opened=(8, 50)), epoch("b", "a", opened=(5, 100))
    assert epochs.tails([epoch("a"), newer, older]) == (Tail(b"c", 0, 9, 10, b"b"),)


def test_of_two_epochs_without_time_the_one_that_knows_less_was_forgotten() -> None:
    older, newer = epoch("c", "a", opened=(5, 100)), epoch("b", "a", opened=(8, 0))
    assert epochs.tails([epoch("a"), newer, older]) == (Tail(b"c", 0, 9, 10, b"b"),)


def test_a_card_that_knows_nothing_has_forgotten_everything() -> None:
    old = [epoch("a", opened=(0, 10)), epoch("b", "a", opened=(3, 20))]
    lost = epochs.tails([*old, epoch("c", opened=(0, 30))])
    assert [tail.epoch for tail in lost] == [b"a", b"b"]


def test_only_held_records_of_a_tail_are_counted() -> None:
    holes = epoch("a", held=((0, 3), (8, 9)), told=((0, 3), (8, 9)))
    assert epochs.tails([holes, epoch("b", "a", at=2)]) == (Tail(b"a", 3, 9, 3, b"b"),)


def test_a_clone_that_gossips_is_a_fork_in_any_order_of_epochs() -> None:
    """x and y begin at the same head; each comes to know a checkpoint with the other's opening."""
    start = epoch("a", index=0, gossip=1)
    x, y = epoch("x", "a", index=3, gossip=9), epoch("y", "a", index=5, gossip=4)
    assert set(epochs.forks([start, x, y])) == {Pair(b"x", b"y"), Pair(b"y", b"x")}


def test_an_epoch_left_behind_that_never_hears_of_its_successor_is_no_fork() -> None:
    start = epoch("a", index=0)
    forgotten, newer = epoch("x", "a", index=3, gossip=4), epoch("y", "a", index=5, gossip=9)
    assert epochs.forks([start, forgotten, newer]) == ()


def test_a_descendant_of_the_epoch_left_behind_may_give_it_away() -> None:
    start = epoch("a", index=0)
    x, child = epoch("x", "a", index=3), epoch("z", "x", index=6, gossip=8)
    y = epoch("y", "a", index=5, gossip=4)
    assert Pair(b"x", b"y") in epochs.forks([start, x, child, y])


def test_an_ancestor_that_knows_its_descendants_opening_is_a_fork() -> None:
    assert epochs.forks([epoch("a", index=0, gossip=4), epoch("b", "a", index=3)]) == (
        Pair(b"b", b"a"),
    )


def test_an_epoch_that_is_not_in_the_log_yet_proves_nothing() -> None:
    assert epochs.forks([epoch("a", index=0, gossip=4), epoch("b", "a")]) == ()


def test_overlapping_trusted_times_of_unrelated_epochs_are_suspect() -> None:
    x, y = epoch("x", "a", trusted=(10, 30)), epoch("y", "a", trusted=(20, 40))
    assert epochs.suspects([epoch("a"), x, y]) == (Pair(b"x", b"y"),)
    assert epochs.suspects([epoch("a"), x, replace(y, trusted=(30, 40))]) == ()
    assert epochs.suspects([epoch("a"), x, replace(y, trusted=None)]) == ()
    assert epochs.suspects([x, replace(y, parent=Head(b"x", 9, bytes(32)))]) == ()


def test_a_day_of_receipts_without_gossip_is_told() -> None:
    silent = epoch("x", heard=(5, 5 + QUIET_MS))
    assert epochs.quiet([silent, replace(silent, gossip=1), epoch("y", heard=(5, 6))]) == (b"x",)


@st.composite
def lives(draw: st.DrawFn) -> list[Epoch]:
    """One honest card: each opening is logged before the next begins, and only the past is known.

    It may forget: hang on any earlier place of its own line, and gossip less than it once knew.
    (Restoring an old image and later a newer one cannot be told from a clone; the manual says so.)
    """
    life: list[Epoch] = []
    line: list[Epoch] = []
    size, now = 0, 1000
    for number in range(draw(st.integers(1, 8))):
        line = line[: draw(st.integers(0, len(line)))]
        parent = line[-1].id.decode() if line else None
        at = draw(st.integers(0, 9))
        opened = size
        size += draw(st.integers(1, 3))
        gossip = draw(st.integers(0, size))
        until = now + draw(st.integers(1, 50))
        one = epoch(f"{number}", parent, at, index=opened, gossip=gossip)
        one = replace(one, trusted=(now, until), opened=(draw(st.integers(0, opened)), now))
        life.append(one)
        line.append(one)
        now = until
    return life


@given(lives())
def test_an_honest_card_however_forgetful_is_never_flagged(life: list[Epoch]) -> None:
    assert epochs.forks(life) == ()
    assert epochs.suspects(life) == ()


@given(st.data())
def test_what_a_card_with_a_clock_forgot_is_what_is_shown(data: st.DataObject) -> None:
    """It falls back to any earlier state, and then knows no more than it did in that state."""
    made: list[Epoch] = []
    line: list[tuple[Epoch, int]] = []
    for number in range(data.draw(st.integers(1, 8))):
        line = line[: data.draw(st.integers(0, len(line)))]
        if line:
            parent, head = line[-1]
            line[-1] = (parent, data.draw(st.integers(0, head)))
        above = (line[-1][0].id.decode(), line[-1][1]) if line else (None, 0)
        known = data.draw(st.integers(line[-1][0].opened[0] if line else 0, 99))
        made.append(epoch(f"{number}", *above, opened=(known, 1_000 + number)))
        line.append((made[-1], 9))
    kept = {(one.id, seq) for one, head in line for seq in range(head + 1)}
    forgotten = {(one.id, seq) for one in made for seq in range(10)} - kept
    shown = {(t.epoch, seq) for t in epochs.tails(made) for seq in range(t.first, t.last + 1)}
    assert shown == forgotten


@given(lives(), st.randoms(use_true_random=False))
def test_the_views_do_not_depend_on_the_order_of_epochs(life: list[Epoch], dice: object) -> None:
    shuffled = list(life)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert epochs.tails(shuffled) == epochs.tails(life)
    assert set(epochs.forks(shuffled)) == set(epochs.forks(life))
    assert epochs.suspects(shuffled) == epochs.suspects(life)
