"""What `verify` says of a file of several chapters: a last line for the whole, in two languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from agent.cli import main
from agent.commands import testimony
from agent.exits import NO, OK
from protocol import evidence
from protocol.checkpoint import LogKey
from protocol.evidence import Entry, Evidence, Finding
from protocol.registry import Problem
from tests.agent.desk import ORIGIN, fitted
from tests.agent.test_cli_export import export
from tests.protocol.test_agreement import FALSE, FORGED, TRUE, under
from tests.protocol.testlog import Log


@pytest.fixture
def chapter(tmp_path: Path) -> Iterator[Evidence]:
    """What one truck exported: nine records that no log has proved yet."""
    with fitted(tmp_path) as truck:
        truck.record(9)
        (only,) = evidence.read_chapters(export(truck).read_bytes())
        yield only


def told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *chapters: Evidence
) -> tuple[int, list[str]]:
    """Exit status and lines for people."""
    path = tmp_path / "chapters.evidence"
    path.write_bytes(evidence.write(*chapters))
    capsys.readouterr()
    code = main(["verify", str(path), "--config", str(tmp_path / "nowhere.toml")])
    return code, capsys.readouterr().out.splitlines()


def test_a_file_whose_chapters_are_sound_says_so_once_and_last(
    tmp_path: Path, chapter: Evidence, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = told(tmp_path, capsys, chapter, chapter)
    assert code == OK
    verdicts = [line for line in lines if "sound" in line]
    assert verdicts == [lines[-1]] and lines[-1].startswith("verdict    sound: ")
    assert "in all 2 chapters" in lines[-1] and "이상 없음" in lines[-1]


def test_chapters_of_two_logs_are_not_sound_together(
    tmp_path: Path, chapter: Evidence, capsys: pytest.CaptureFixture[str]
) -> None:
    vkey = LogKey.of(ORIGIN, bytes(range(1, 33))).vkey
    stray = replace(chapter, log_vkey=vkey)
    assert told(tmp_path, capsys, stray)[0] == OK  # by itself nothing is wrong with it
    code, lines = told(tmp_path, capsys, chapter, stray)
    assert code == NO
    assert "NOT SOUND (chapters 2 of 2)" in lines[-1] and "2개 장 중 2장" in lines[-1]
    assert any("wrong-origin" in line for line in lines)


def test_what_is_wrong_in_one_chapter_stands_in_the_line_of_every_other(
    tmp_path: Path, chapter: Evidence, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *rest = chapter.records
    broken = replace(chapter, records=(first[:-1] + bytes([first[-1] ^ 1]), *rest))
    code, lines = told(tmp_path, capsys, chapter, broken)
    assert code == NO
    beside = next(line for line in lines if line.startswith("chapter 1"))
    assert "FILE IS NOT SOUND" in beside and "파일에 문제가 있습니다" in beside
    assert not any("sound: every" in line for line in lines)


def noted(of: Log, size: int, shown: Sequence[int] = (), since: int = 0) -> Evidence:
    """A chapter of no device: a checkpoint, and what it proves."""
    proofs = tuple(one for _, one in under(of, size, shown, since))
    return Evidence("", of.owner.name, of.owner.key().vkey, 0, (), (), proofs)


def test_the_last_line_says_what_was_compared_between_chapters_and_what_was_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = told(tmp_path, capsys, noted(TRUE, 30, since=12), noted(TRUE, 12, [3]))
    assert code == OK
    assert "its 2 checkpoints are shown to be of one history" in lines[-1]
    assert "체크포인트 2개가 한 장부의 같은 이력임" in lines[-1]
    code, lines = told(tmp_path, capsys, noted(TRUE, 30), noted(TRUE, 13, [3]))
    assert code == OK
    assert "agree where they meet, but nothing in it shows that 2 of them" in lines[-1]
    assert "그중 2개가 한 이력인지는 이 파일로 확인할 수 없습니다" in lines[-1]
    code, lines = told(tmp_path, capsys, noted(TRUE, 30), noted(TRUE, 30, [3]))
    assert code == OK and "checkpoints" not in lines[-1]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (noted(TRUE, 12), noted(FALSE, 12)),
        (noted(TRUE, 30, since=12), noted(FALSE, 12)),
        (noted(TRUE, 20, [FORGED]), noted(FALSE, 30, [FORGED])),
    ],
    ids=["two roots", "two roots of what is led on from", "two entries"],
)
def test_two_histories_of_one_log_in_two_chapters_are_not_sound(
    first: Evidence, second: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert {told(tmp_path, capsys, one)[0] for one in (first, second)} == {OK}
    code, lines = told(tmp_path, capsys, first, second)
    assert code == NO and "NOT SOUND (chapters 2 of 2)" in lines[-1]
    assert any("two-histories" in line for line in lines)


@pytest.mark.parametrize("problem", list(Problem))
def test_every_problem_is_told_in_two_languages_and_moves_no_cursor(problem: Problem) -> None:
    said = testimony.finding(Finding(problem, "record 3", "torn"))
    english, korean = said.split(" [")[0].split(" / ")
    assert english.startswith("record 3: ") and korean.startswith("기록 3: ")
    assert testimony.finding(Finding(problem, "record\x1b[2J", "torn\r\n")).isprintable()


def test_a_result_is_told_in_words_and_any_nonsense_without_a_traceback() -> None:
    def line(*private: object) -> str:
        return testimony.entry(Entry("coldchain", "verdict", 7, list(private)))

    good = line("verdict", "ABCD", 3, 1_600_000_000_000, '{"grade":"good"}')
    assert "lot ABCD, version 3" in good and "grade: good" in good and "등급: 좋음" in good
    for text in ("", "{", "[]", '{"grade":"best"}', '{"grade":null}', "[" * 10**5):
        assert "no grade" in line("verdict", "ABCD", 3, 10**30, text)
    assert "entry 7" in line("something else") and "entry 7" in line()
