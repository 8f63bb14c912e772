"""`verify FILE`: what an evidence file, or one saved answer of the server, really proves. Offline.

Exit 0: nothing in the file is wrong. Exit 1: something is, or the file is neither. The report says
how much is signed, chained and proved, and whether the log's key was known from elsewhere. A lot's
verdict is judged again from its history (rejudging.py).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent import exits
from agent.commands import rejudging
from agent.commands.rejudging import Rejudged
from agent.edges import enrolment, lookout
from agent.edges.signer import verify_ed25519, verify_es256
from agent.exits import RefusedError
from agent.settings_file import load
from protocol import evidence, receipt, wire
from protocol.bundle import MAGIC, MAX_EVIDENCE
from protocol.checkpoint import LogKey, open_checkpoint
from protocol.errors import ProtocolError
from protocol.evidence import Entry, Evidence, Report
from protocol.leaf import SpanLeaf
from protocol.receipt import Trust
from protocol.wire import Answer

MAGIC_WITHIN = 64
COUNTED = ("records", "signed", "chained", "proved", "simulated", "pinned", "left_out")
LISTS = frozenset({"findings", "entries", "judged_again", "sentences"})
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
        return _say(False, {"problem": error.problem, "text": str(error)}, as_json=options.json)


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
    """Every chapter is judged by itself; the file is as sound as its worst."""
    chapters = evidence.read_chapters(data)
    reports = [evidence.examine(one, verify_es256, verify_ed25519, pinned) for one in chapters]
    found = list(zip(chapters, reports, strict=True))
    results = rejudging.rejudged(found)
    told = [_chapter(*one, some) for one, some in zip(found, results, strict=True)]
    if len(told) == 1:
        return _say(*told[0], as_json=as_json)
    sound = all(one for one, _ in told)
    if as_json:
        return _say(sound, {"chapters": [facts for _, facts in told]}, as_json=True)
    for one, facts in told:
        _say(one, facts, as_json=False)
        print()
    return exits.OK if sound else exits.NO


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
        "verdict": _verdict(report, sound=sound),
    }


def _entry(one: Entry) -> dict[str, object]:
    said = [part.hex() if isinstance(part, bytes) else part for part in one.private]
    return {"index": one.index, "name": f"{one.service}/{one.kind}", "said": said}


def _verdict(report: Report, *, sound: bool) -> str:
    if not sound:
        return "NOT SOUND: see the findings and the result / 문제가 있습니다"
    unproved = report.records - report.proved
    proved = "all proved by the log" if not unproved else f"{unproved} not (yet) proved by the log"
    key = "" if report.pinned else "; the log's key is only the file's word: use --log-key"
    made_up = f"; {report.simulated} SIMULATED / 모의 기록" if report.simulated else ""
    return f"sound: every record is signed and chained, {proved}{key}{made_up} / 이상 없음"


def _judge_answer(answer: Answer, pinned: str | None, *, as_json: bool) -> int:
    if pinned is None:
        raise RefusedError(NO_KEY)
    key = LogKey.parse(pinned)
    if answer.note is None:
        return _say(True, {"verdict": "a valid answer that proves nothing yet"}, as_json=as_json)
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
        for key, value in facts.items():
            if key not in LISTS:
                print(f"{key:<10} {value}")
        for entry in _listed(facts, "entries"):
            print(f"  entry    {entry['index']}: {entry['name']} {entry['said']}")
        for finding in _listed(facts, "findings"):
            print(f"  finding  {finding['where']}: {finding['problem']}: {finding['text']}")
        for sentence in _listed(facts, "sentences"):
            print(f"  result   {sentence}")
    return exits.OK if sound else exits.NO


def _listed(facts: dict[str, object], name: str) -> Sequence[Any]:
    found = facts.get(name, ())
    return found if isinstance(found, list | tuple) else ()
