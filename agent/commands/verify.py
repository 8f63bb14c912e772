"""`verify FILE`: what an evidence file, or one saved answer of the server, really proves. Offline.

Exit 0: nothing in the file is wrong. Exit 1: something is, or the file is neither. The report says
how much is signed, chained and proved, and whether the log's key was known from elsewhere. A lot's
verdict is judged again from its history (rejudging.py).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from agent import exits
from agent.commands import rejudging, testimony
from agent.commands.rejudging import Rejudged
from agent.edges import enrolment, lookout
from agent.edges.signer import verify_ed25519, verify_es256
from agent.exits import RefusedError
from agent.settings_file import load
from protocol import agreement, evidence, receipt, wire
from protocol.agreement import Agreement
from protocol.bundle import MAGIC, MAX_EVIDENCE
from protocol.checkpoint import LogKey, open_checkpoint
from protocol.errors import ProtocolError
from protocol.evidence import Entry, Evidence, Finding, Report
from protocol.leaf import SpanLeaf
from protocol.receipt import Trust
from protocol.registry import Problem
from protocol.wire import Answer

MAGIC_WITHIN = 64
COUNTED = ("records", "signed", "chained", "proved", "simulated", "pinned", "left_out")
APART = frozenset(
    {"findings", "entries", "judged_again", "sentences", "said", "verdict", "compared"}
)
"""What is not printed as it is: people read it in words, the verdict last."""
NOTHING_YET = "a valid answer that proves nothing yet / 올바른 답이지만 아직 증명하는 것이 없습니다"
NO_KEY = "a saved receipt needs the log's key: --log-key KEY, or an enrolled device"


def execute(options: argparse.Namespace) -> int:
    """Examine one file and print what it proves."""
    data = _read(options.file)
    pinned = options.log_key or _enrolled_key(options.config)
    try:
        if MAGIC.encode() in data[:MAGIC_WITHIN]:
            return _judge_evidence(data, pinned, as_json=options.json)
        return _judge_answer(wire.decode_answer(data), pinned, as_json=options.json)
    except ProtocolError as error:
        facts = {"problem": error.problem, "text": str(error)}
        verdict = testimony.refusal(error.problem)
        return _say(False, {**facts, "verdict": verdict}, as_json=options.json)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_EVIDENCE + 1)
    except OSError as error:
        raise RefusedError(f"{path}: cannot be read: {error.strerror}") from None


def _enrolled_key(config: Path) -> str | None:
    """The key this very device believes; on somebody else's desk there is none."""
    try:
        settings = load(config)
        agreed = enrolment.load(settings).answer
    except RefusedError:
        return None
    try:
        with lookout.reading(settings.outbox_path) as sql:
            return lookout.believed(sql, agreed).vkey
    except RefusedError:
        return agreed.log_vkey


def _judge_evidence(data: bytes, pinned: str | None, *, as_json: bool) -> int:
    """Every chapter is judged by itself, and all must be of one log; the file is as its worst."""
    chapters = evidence.read_chapters(data)
    reports = [evidence.examine(one, verify_es256, verify_ed25519, pinned) for one in chapters]
    reports, agreed = _of_one_log(chapters, reports)
    found = list(zip(chapters, reports, strict=True))
    results = rejudging.rejudged(found)
    told = [_chapter(*one, some) for one, some in zip(found, results, strict=True)]
    broken = [number for number, (sound, _) in enumerate(told, 1) if not sound]
    verdict: dict[str, object] = {"verdict": testimony.verdict(reports, broken, agreed)}
    verdict["compared"] = {"checkpoints": agreed.checkpoints, "histories": agreed.histories}
    if len(told) == 1:
        return _say(not broken, told[0][1] | verdict, as_json=as_json)
    for sound, facts in told:
        facts["verdict"] = testimony.chapter(sound=sound, file_sound=not broken)
    if as_json:
        return _say(not broken, {"chapters": [facts for _, facts in told]} | verdict, as_json=True)
    for number, (_, facts) in enumerate(told, 1):
        _print(facts, f"chapter {number}")
        print()
    return _say(not broken, verdict, as_json=False)


def _of_one_log(
    chapters: Sequence[Evidence], reports: Sequence[Report]
) -> tuple[list[Report], Agreement]:
    """The reports, with a finding for every chapter of another log than the first is of, for what
    one log holds proves nothing about another; and for each that shows another history of it."""
    logs = [(one.origin, one.log_vkey) for one in chapters]
    ours = [one.under if log == logs[0] else () for log, one in zip(logs, reports, strict=True)]
    agreed = agreement.compare(ours)
    strays = {n: _stray(n + 1) for n, log in enumerate(logs) if log != logs[0]}
    found = [
        replace(one, findings=(*one.findings, *_of(n, strays), *_of(n, agreed.findings)))
        for n, one in enumerate(reports)
    ]
    return found, agreed


def _of(chapter: int, findings: Mapping[int, Finding]) -> list[Finding]:
    return [findings[chapter]] if chapter in findings else []


def _stray(number: int) -> Finding:
    text = "not of the log that chapter 1 is of"
    return Finding(Problem.WRONG_ORIGIN, f"chapter {number}", text)


def _chapter(
    found: Evidence, report: Report, results: Sequence[Rejudged]
) -> tuple[bool, dict[str, object]]:
    facts: dict[str, object] = {"device": found.device, "origin": found.origin}
    facts |= {name: getattr(report, name) for name in COUNTED}
    sound = not report.findings and report.records == report.signed == report.chained
    sound = sound and all(one.sound for one in results)
    return sound, facts | {
        "findings": [asdict(one) for one in report.findings],
        "entries": [_entry(one) for one in report.entries],
        "judged_again": [one.told() for one in results],
        "sentences": [line for one in results for line in rejudging.sentences(one)],
        "cosigned": [f"{one.witness} {one.utc_s}" for one in report.cosigned],
        "said": [
            *(f"entry    {testimony.entry(one)}" for one in report.entries),
            *(f"finding  {testimony.finding(one)}" for one in report.findings),
        ],
    }


def _entry(one: Entry) -> dict[str, object]:
    said = [part.hex() if isinstance(part, bytes) else part for part in one.private]
    return {"index": one.index, "name": f"{one.service}/{one.kind}", "said": said}


def _judge_answer(answer: Answer, pinned: str | None, *, as_json: bool) -> int:
    if pinned is None:
        raise RefusedError(NO_KEY)
    key = LogKey.parse(pinned)
    if answer.note is None:
        return _say(True, {"verdict": NOTHING_YET}, as_json=as_json)
    seen = open_checkpoint(answer.note, key, verify_ed25519)
    trust = Trust(seen.origin, key, seen.size, seen.root, answer.note)
    leaves = [receipt.proved(trust, one) for one in answer.receipts]
    spans = [leaf for leaf in leaves if isinstance(leaf, SpanLeaf)]
    facts: dict[str, object] = {
        "origin": seen.origin,
        "size": seen.size,
        "root": seen.root.hex(),
        "entries": len(leaves),
        "records": sum(span.last - span.first + 1 for span in spans),
        "devices": sorted({span.device for span in spans}),
        "verdict": "sound: the log's signed checkpoint holds these entries / 이상 없음",
    }
    return _say(True, facts, as_json=as_json)


def _say(sound: bool, facts: dict[str, object], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"sound": sound, **facts}, ensure_ascii=False, default=bytes.hex))
    else:
        _print(facts, "verdict")
    return exits.OK if sound else exits.NO


def _print(facts: dict[str, object], last: str) -> None:
    """For people; the verdict in the last line, by that name."""
    for key, value in facts.items():
        if key not in APART:
            plain = ", ".join(value) if isinstance(value, list) else value
            print(f"{key:<10} {'-' if plain in (None, '') else plain}")
    for line in _listed(facts, "said"):
        print(f"  {line}")
    for sentence in _listed(facts, "sentences"):
        print(f"  result   {sentence}")
    print(f"{last:<10} {facts['verdict']}")


def _listed(facts: dict[str, object], name: str) -> Sequence[Any]:
    found = facts.get(name, ())
    return found if isinstance(found, list | tuple) else ()
