"""The journal gives back what was put in, and knows a torn end from damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ledger import journal as module
from server.ledger.journal import Batch, Journal, JournalDamaged, Mark

LEAVES = st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=90)), max_size=6)


def batch(first: int, *leaves: bytes) -> Batch:
    return Batch(first, 7, leaves, tuple(b"body " + leaf for leaf in leaves), bytes(32))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


def three(journal: Journal) -> list[Mark]:
    """A journal of three batches; the marks before each of them and at the end."""
    marks = [journal.begin("origin", "vkey")]
    for number in range(3):
        marks.append(journal.append(marks[-1], batch(number, b"leaf %d" % number)))
    return marks


def only_file(journal: Journal, tmp_path: Path) -> Path:
    return next((tmp_path / "journal").glob("*.journal"))


def test_batches_come_back_in_order_and_then_none(journal: Journal) -> None:
    marks = three(journal)
    assert journal.inception() == ("origin", "vkey", marks[0])
    assert [journal.after(mark) for mark in marks] == [
        *(batch(number, b"leaf %d" % number) for number in range(3)),
        None,
    ]
    assert journal.end() == marks[-1].end
    assert all(journal.holds(mark) for mark in marks)


def test_beginning_again_changes_nothing(journal: Journal, tmp_path: Path) -> None:
    first = journal.begin("origin", "vkey")
    assert journal.begin("origin", "vkey") == first
    assert only_file(journal, tmp_path).stat().st_size == first.end
    journal.append(first, batch(0, b"leaf"))
    assert journal.begin("origin", "vkey") == first
    assert journal.after(first) == batch(0, b"leaf")


def test_an_empty_directory_is_an_empty_journal(journal: Journal, tmp_path: Path) -> None:
    assert journal.inception() is None
    assert (journal.end(), journal.after(Mark())) == (0, None)


@given(leaves=LEAVES, utc_ms=st.integers(0, 2**53), first=st.integers(0, 2**53))
def test_any_batch_survives(
    tmp_path_factory: pytest.TempPathFactory,
    leaves: list[tuple[bytes, bytes]],
    utc_ms: int,
    first: int,
) -> None:
    journal = Journal(tmp_path_factory.mktemp("any"))
    bodies = tuple(body for _, body in leaves)
    given = Batch(first, utc_ms, tuple(leaf for leaf, _ in leaves), bodies, b"r" * 32)
    mark = journal.begin("o", "v")
    journal.append(mark, given)
    assert journal.after(mark) == given


def test_every_torn_end_is_no_batch_and_is_written_over(
    journal: Journal, tmp_path: Path
) -> None:
    marks = three(journal)
    file = only_file(journal, tmp_path)
    whole = file.read_bytes()
    for size in range(marks[2].end, marks[3].end):
        file.write_bytes(whole[:size])
        assert journal.after(marks[2]) is None
        end = journal.append(marks[2], batch(2, b"another"))
        assert journal.after(marks[2]) == batch(2, b"another")
        assert journal.end() == end.end


@pytest.mark.parametrize("where", [0, 5, 12, 40, -1])
def test_a_bad_last_frame_is_torn_and_a_bad_frame_before_others_is_damage(
    journal: Journal, tmp_path: Path, where: int
) -> None:
    marks = three(journal)
    file = only_file(journal, tmp_path)
    whole = file.read_bytes()
    for number, mark in enumerate(marks[:3]):
        bad = bytearray(whole)
        bad[(marks[number + 1].end if where < 0 else mark.end) + where] ^= 0x40
        file.write_bytes(bad)
        if number == 2:
            assert journal.after(mark) is None
        else:
            with pytest.raises(JournalDamaged, match=f"byte {mark.end}, and more follows"):
                journal.after(mark)


def test_zeros_at_the_end_are_torn(journal: Journal, tmp_path: Path) -> None:
    marks = three(journal)
    with only_file(journal, tmp_path).open("ab") as file:
        file.write(bytes(5000))
    assert journal.after(marks[3]) is None


def test_another_history_is_not_held(journal: Journal, tmp_path: Path) -> None:
    marks = three(journal)
    other = Journal(tmp_path / "other")
    mark = other.begin("origin", "vkey")
    other.append(mark, batch(0, b"LEAF 0"))
    assert other.holds(marks[0])
    assert not other.holds(marks[1])
    assert not other.holds(marks[3])
    assert other.after(marks[0]) == batch(0, b"LEAF 0")


def test_a_batch_written_over_itself_keeps_what_follows(journal: Journal) -> None:
    marks = three(journal)
    assert journal.append(marks[0], batch(0, b"leaf 0")) == marks[1]
    assert journal.after(marks[2]) == batch(2, b"leaf 2")


def test_segments_follow_each_other(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 150)
    marks = three(journal)
    names = sorted(path.name for path in (tmp_path / "journal").iterdir())
    assert len(names) > 1
    assert [journal.after(mark) for mark in marks[:3]] == [
        batch(number, b"leaf %d" % number) for number in range(3)
    ]
    assert all(journal.holds(mark) for mark in marks)
    first = tmp_path / "journal" / names[0]
    bad = bytearray(first.read_bytes())
    bad[-1] ^= 1
    first.write_bytes(bad)
    with pytest.raises(JournalDamaged):
        [journal.after(mark) for mark in marks]


def test_files_are_for_their_owner_only(journal: Journal, tmp_path: Path) -> None:
    three(journal)
    assert (tmp_path / "journal").stat().st_mode & 0o077 == 0
    assert only_file(journal, tmp_path).stat().st_mode & 0o077 == 0
