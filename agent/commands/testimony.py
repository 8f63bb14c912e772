"""What `verify` says to people, in English and Korean: of a chapter, of its entries and findings,
and in one last line of the whole file. Whatever stands in a file was written by a stranger.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from agent.commands.rejudging import VERDICT, both, filled, minute
from protocol.agreement import Agreement
from protocol.evidence import Entry, Finding, Report
from protocol.registry import PROBLEMS, Problem, Text
from science.spoilage import GRADES, Grade

BROKEN: Final = Text(
    "NOT SOUND{where}: see the findings and the result, and do not believe this file",
    "문제가 있습니다{where}: 이 파일을 믿지 마세요",
)
IN_CHAPTERS: Final = Text(" (chapters {numbers} of {of})", " ({of}개 장 중 {numbers}장)")
NOWHERE: Final = Text("", "")
REFUSED: Final = Text("NOT SOUND: {title}", "문제가 있습니다: {title}")
SOUND: Final = Text(
    "sound: every record is signed and chained", "이상 없음: 모든 기록의 서명과 사슬이 맞습니다"
)
CHAPTERS: Final = Text("in all {n} chapters", "{n}개 장 모두")
PROVED: Final = Text("all proved by the log", "모두 장부가 증명합니다")
UNPROVED: Final = Text("{n} not (yet) proved by the log", "{n}개는 (아직) 장부의 증명이 없습니다")
UNPINNED: Final = Text(
    "the log's key is only the file's word: use --log-key",
    "장부의 열쇠는 파일에 적힌 것일 뿐입니다: --log-key로 확인하세요",
)
MADE_UP: Final = Text("{n} SIMULATED", "모의 기록 {n}개")
ONE_HISTORY: Final = Text(
    "its {n} checkpoints are shown to be of one history of the log",
    "체크포인트 {n}개가 한 장부의 같은 이력임을 확인했습니다",
)
APART: Final = Text(
    "its {n} checkpoints agree where they meet, but nothing in it shows that {histories} of them"
    " are of one history of the log",
    "체크포인트 {n}개는 겹치는 곳이 같지만, 그중 {histories}개가 한 이력인지는 이 파일로 확인할 수"
    " 없습니다",
)
CHAPTER_SOUND: Final = Text("nothing is wrong in this chapter", "이 장에는 이상이 없습니다")
CHAPTER_BESIDE: Final = Text(
    "nothing was found in this chapter, but the FILE IS NOT SOUND",
    "이 장에서는 찾지 못했지만 파일에 문제가 있습니다",
)
CHAPTER_BROKEN: Final = Text(
    "something is wrong in this chapter: the FILE IS NOT SOUND",
    "이 장에 문제가 있습니다: 이 파일을 믿지 마세요",
)
RESULT: Final = Text(
    "lot {lot}, version {version} of its result, {when}, {grade} (entry {index} of the log)",
    "로트 {lot}, 판정 {version}판, {when}, {grade} (장부 {index}번 항목)",
)
GRADED: Final = Text("grade: {grade}", "등급: {grade}")
UNGRADED: Final = Text("no grade", "등급 없음")
OTHER_ENTRY: Final = Text(
    "{name}, entry {index} of the log; its content: --json",
    "{name}, 장부 {index}번 항목; 내용은 --json",
)
FOUND: Final = Text("{where}: {title}", "{where}: {title}")
PLACES: Final[Mapping[str, str]] = {
    "record": "기록",
    "first": "첫",
    "key": "키",
    "leaf": "장부 항목",
    "entry": "장부 항목",
    "note": "체크포인트",
    "log": "장부",
    "header": "머리말",
    "witness": "증인",
    "chapter": "장",
    "item": "항목",
}
"""What the words of a finding's place are called in Korean."""


def verdict(reports: Sequence[Report], broken: Sequence[int], agreed: Agreement) -> str:
    """The one line of the whole file. broken: the chapters, from 1, in which something is wrong."""
    many = len(reports) > 1
    if broken:
        numbers = ", ".join(map(str, broken))
        where = filled(IN_CHAPTERS, numbers=numbers, of=len(reports)) if many else NOWHERE
        return both(BROKEN, where=where)
    clauses = [*_clauses(reports, many=many), *_compared(agreed)]
    return f"{', '.join(one.en for one in clauses)} / {', '.join(one.ko for one in clauses)}"


def _clauses(reports: Sequence[Report], *, many: bool) -> Iterator[Text]:
    unproved = sum(one.records - one.proved for one in reports)
    simulated = sum(one.simulated for one in reports)
    yield SOUND
    if many:
        yield filled(CHAPTERS, n=len(reports))
    yield filled(UNPROVED, n=unproved) if unproved else PROVED
    if not all(one.pinned for one in reports):
        yield UNPINNED
    if simulated:
        yield filled(MADE_UP, n=simulated)


def _compared(agreed: Agreement) -> Iterator[Text]:
    """What was compared between several checkpoints, and what was not."""
    if agreed.checkpoints > 1:
        said = ONE_HISTORY if agreed.histories == 1 else APART
        yield filled(said, n=agreed.checkpoints, histories=agreed.histories)


def chapter(*, sound: bool, file_sound: bool) -> str:
    """A chapter's line, which nobody can take for the whole file's."""
    if file_sound:
        return both(CHAPTER_SOUND)
    return both(CHAPTER_BESIDE if sound else CHAPTER_BROKEN)


def refusal(problem: Problem) -> str:
    """Of what cannot even be read, or does not hold as a whole."""
    return both(REFUSED, title=PROBLEMS[problem].title)


def finding(one: Finding) -> str:
    """The problem in words, and behind them what an engineer wants to know."""
    place = printable(one.where)
    where = Text(place, " ".join(PLACES.get(word, word) for word in place.split(" ")))
    said = both(FOUND, where=where, title=PROBLEMS[one.problem].title)
    return f"{said} [{one.problem}: {printable(one.text)}]"


def entry(one: Entry) -> str:
    """An entry of the log: a result in words, of any other its name."""
    if (one.service, one.kind) == VERDICT:
        match one.private:
            case [_, str(lot), int(version), int(at_ms), str(text), *_]:
                when = f"{minute(at_ms)} UTC"
                who = {"lot": printable(lot), "version": version, "index": one.index}
                return both(RESULT, **who, when=when, grade=_grade(text))
    return both(OTHER_ENTRY, name=printable(f"{one.service}/{one.kind}"), index=one.index)


def _grade(text: str) -> Text:
    try:
        said = json.loads(text)
        return filled(GRADED, grade=GRADES[Grade(said["grade"])])
    except (ValueError, TypeError, KeyError, RecursionError):  # none, or whatever a file says
        return UNGRADED


def printable(text: str) -> str:
    """A stranger's text, which shall not move anybody's cursor."""
    return text if text.isprintable() else ascii(text)
