"""`doctor`: the commissioning test. A verdict a line, and the command that mends it.

With the agent running it asks the agent, which owns sensors and light; without, it opens the parts
itself for a moment. It never writes the outbox, signs nothing, and works without a network.
Exit 0 all is well, 1 warnings, 2 something failed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from agent.calibration_file import calibrated
from agent.commands import handover, language
from agent.commands.bystander import Bystander
from agent.commands.status import learn
from agent.core import checkup, upkeep
from agent.core.board import Board, padded
from agent.core.finding import MARKS, Facts, Finding, Grade, called, worst
from agent.edges import inspection
from agent.edges.clock import SystemClock
from agent.edges.control import ForbiddenError, NotRunningError, ask
from agent.edges.courier import RequestsTransport
from agent.edges.machine import ThisMachine
from agent.exits import RefusedError
from agent.settings import Settings
from agent.settings_file import load
from hal import needs
from protocol.registry import Text

MEND = Text("mend", "조치")
PATIENCE_MS = 20_000
STEP_MS = 1_000


@dataclass(frozen=True, slots=True)
class Visit:
    """One examination: what was found, and the facts that a hand-over sheet shows beside it."""

    status: Facts
    findings: tuple[Finding, ...]


def execute(options: argparse.Namespace) -> int:
    """Examine, print, and write the sheet if one is wanted."""
    settings = calibrated(load(options.config))
    try:
        visit = examine(settings, ThisMachine())
    except ForbiddenError as error:
        raise RefusedError(str(error)) from None
    spoken = language.chosen(options, os.environ)
    if options.json:
        told = [{**asdict(one), "grade": one.grade.name.lower()} for one in visit.findings]
        print(json.dumps({"verdict": worst(visit.findings).name.lower(), "findings": told}))
    else:
        print("\n".join(lines(visit.findings, Board(spoken))))
    if options.report is not None:
        board = ThisMachine().board()
        sheet = handover.draw(settings, visit.status, visit.findings, board, spoken)
        print(handover.write(options.report, sheet), file=sys.stderr)
    return int(worst(visit.findings))


def examine(settings: Settings, machine: ThisMachine) -> Visit:
    """Look at everything. Raises ForbiddenError where this user may not ask the agent."""
    status, is_running = learn(settings)
    parts = status if is_running else {**status, **_opened(settings)}
    findings = (
        *upkeep.running(is_running, bool(parts.get("simulated"))),
        *_wired(settings, parts),
        *checkup.light("light" in settings.parts, _blinked(settings, is_running, parts)),
        *upkeep.limits(len(settings.limits)),
        *_configured(status),
        *_card(settings, status, machine),
        *_ends(settings, status, is_running),
        *_service(machine),
        *_calibrated(settings, parts),
    )
    return Visit({**status, **parts}, findings)


def lines(findings: tuple[Finding, ...], board: Board) -> Iterator[str]:
    """The report: a line each, below it what mends it, at last the verdict."""
    for one in findings:
        mark = padded(board.say(MARKS[one.grade]), 9)
        yield f"{mark}{padded(board.say(called(one.part)), 24)}{board.say(one.seen)}"
        if one.mend is not None:
            yield f"{'':9}{'':24}→ {board.say(MEND)}: {board.say(one.mend)}"
    counted = {grade: sum(one.grade is grade for one in findings) for grade in Grade}
    yield "  ".join(f"{board.say(MARKS[grade])}: {count}" for grade, count in counted.items())


def _wired(settings: Settings, parts: Facts) -> Iterator[Finding]:
    yield from _lacking(settings)
    yield from checkup.sensors(_list(parts, "sensors"), _names(settings))
    place = parts.get("position")
    wanted = "position" in settings.parts
    yield from checkup.position(place if isinstance(place, Mapping) else None, wanted)
    yield from checkup.contacts(_list(parts, "contacts"), _inputs(settings))
    clock = parts.get("clock")
    yield from checkup.clock(clock if isinstance(clock, Mapping) else {})


def _lacking(settings: Settings) -> Iterator[Finding]:
    """What the machine lacks for the real parts, said before their silence is."""
    machine = needs.ThisMachine()
    fitted = [("sensor", s.part, s.options) for s in settings.sensors]
    fitted += [("contact", c.part, c.options) for c in settings.contacts]
    kinds = {"position": "positioner", "light": "light", "buzzer": "light", "link": "link"}
    fitted += [(kinds.get(k, "contact"), p.part, p.options) for k, p in settings.parts.items()]
    lacks = {
        lack for kind, part, given in fitted for lack in needs.lacking(kind, part, given, machine)
    }
    for lack in sorted(lacks, key=str):
        en, _, mend = lack.en.partition(": ")
        ko, _, mend_ko = lack.ko.partition(": ")
        yield Finding(lack.part, Grade.FAILED, Text(en, ko), Text(mend, mend_ko))


def _opened(settings: Settings) -> Facts:
    """The parts' own words: opened for as long as it takes to hear from each, and let go again."""
    with Bystander(settings, SystemClock()) as bystander:
        return bystander.listen(PATIENCE_MS, STEP_MS)


def _blinked(settings: Settings, is_running: bool, parts: Facts) -> bool:
    if not is_running:
        return bool(parts.get("blinked"))
    try:
        return "blinking_ms" in ask(settings.socket, "blink")
    except (NotRunningError, ForbiddenError):
        return False


def _card(settings: Settings, status: Facts, machine: ThisMachine) -> Iterator[Finding]:
    card = status.get("card")
    room = card.get("room_days") if isinstance(card, Mapping) else None
    try:
        disk = machine.disk(settings.state_dir)
        wear = machine.wear(settings.state_dir)
    except OSError:
        yield from upkeep.disk(None, False, None)
        return
    yield from upkeep.disk(disk.free, disk.read_only, room)
    yield from upkeep.wear(
        wear.device if wear else None,
        wear.used_percent if wear else None,
        wear.written if wear else None,
    )
    yield from upkeep.counts(status)


def _ends(settings: Settings, status: Facts, is_running: bool) -> Iterator[Finding]:
    enrolled, signer, findings = inspection.identity(settings)
    yield from findings
    if enrolled is None:
        return
    vkey, sealed = (
        _asked(settings, status) if is_running else inspection.at_rest(settings, enrolled)
    )
    transport = RequestsTransport(enrolled.url, settings.server.ca_file)
    yield from inspection.server(vkey or enrolled.answer.log_vkey, transport)
    yield from inspection.chain(sealed, signer)


def _asked(settings: Settings, status: Facts) -> tuple[str, list[bytes]]:
    """The agent has its card for itself: the newest records are asked of it."""
    try:
        found = ask(settings.socket, "chain").get("records")
    except (NotRunningError, ForbiddenError):
        found = None
    records = found if isinstance(found, list) else []
    return str(status.get("log_key", "")), [bytes.fromhex(str(one)) for one in records]


def _service(machine: ThisMachine) -> Iterator[Finding]:
    yield from upkeep.exposure(machine.exposure(), machine.unit() is not None)


def _calibrated(settings: Settings, parts: Facts) -> Iterator[Finding]:
    clock = parts.get("clock")
    now_ms = clock.get("utc_ms") if isinstance(clock, Mapping) else None
    dated = {one.sensor: one.at_ms for one in settings.calibrations}
    yield from upkeep.calibrations(_names(settings), dated, now_ms)


def _configured(status: Facts) -> Iterator[Finding]:
    config = status.get("config")
    if isinstance(config, Mapping):
        yield from upkeep.configuration(config)


def _names(settings: Settings) -> dict[int, str]:
    return {sensor.number: sensor.name for sensor in settings.sensors}


def _inputs(settings: Settings) -> list[str]:
    own = [key for key in ("door", "power", "ignition") if key in settings.parts]
    return [*own, *(contact.name for contact in settings.contacts)]


def _list(facts: Facts, key: str) -> list[Facts]:
    value = facts.get(key)
    return value if isinstance(value, list) else []
