"""`status`: ask the running agent; where none answers, say so and read what lies on the card.

Exit 0 while the agent runs, 1 when it does not. Never writes and never waits long. With `--watch`
it asks again every two seconds, until Ctrl-C; on a terminal the page stays in its place.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict

from agent import exits
from agent.account import card_lines
from agent.commands import language
from agent.core import health
from agent.core.board import Board
from agent.core.health import Facts
from agent.daemon import resting
from agent.edges import enrolment, stock
from agent.edges.clock import Clock, SystemClock
from agent.edges.control import ForbiddenError, NotRunningError, ask
from agent.edges.enrolment import NotEnrolledError
from agent.edges.lookout import Glimpse, NoOutboxError, glimpse
from agent.edges.outbox import Caps
from agent.settings import Settings
from agent.settings_file import load

NOT_RUNNING = "not running; start it with: systemctl start jagalchi-agent / 실행 중이 아님"
NOT_RUNNING_SAYS = {
    "en": "not running. Start it: sudo systemctl start jagalchi-agent",
    "ko": "실행 중이 아닙니다. 시작하세요: sudo systemctl start jagalchi-agent",
}
AGAIN_MS = 2_000
HOME_AND_CLEAR = "\x1b[H\x1b[J"


def execute(options: argparse.Namespace) -> int:
    """Print the status; return whether the agent runs."""
    settings = load(options.config)
    if options.watch:
        return watch(settings, options, SystemClock())
    return _show(settings, options)


def watch(settings: Settings, options: argparse.Namespace, clock: Clock) -> int:
    """Print it again and again; Ctrl-C is how one leaves, and no failure."""
    code = exits.OK
    try:
        while True:
            if sys.stdout.isatty() and not options.json:
                print(HOME_AND_CLEAR, end="")
            code = _show(settings, options)
            sys.stdout.flush()
            clock.wait(AGAIN_MS)
    except KeyboardInterrupt:
        return code


def _show(settings: Settings, options: argparse.Namespace) -> int:
    try:
        status, running = learn(settings)
    except ForbiddenError as error:
        print(f"jagalchi-agent: {error}", file=sys.stderr)
        return exits.NO
    if options.json:
        print(json.dumps({"running": running, **status}, ensure_ascii=False))
    else:
        board = Board(language.chosen(options, os.environ, status.get("language")))
        print("\n".join(board.lines(status)))
    return exits.OK if running else exits.NO


def learn(settings: Settings) -> tuple[dict[str, object], bool]:
    """What is known, and whether the agent itself said it. Raises ForbiddenError."""
    try:
        return ask(settings.socket, "status"), True
    except NotRunningError:
        return dict(_at_rest(settings)), False


def _at_rest(settings: Settings) -> Iterator[tuple[str, object]]:
    """The part of the status that can be read from the card."""
    yield "name", settings.name
    yield from _why(settings)
    with suppress(NotEnrolledError):
        yield "config", resting(settings, enrolment.load(settings))
    try:
        yield from _seen(glimpse(settings.outbox_path), settings).items()
    except NoOutboxError as error:
        yield "outbox", str(error)


def _why(settings: Settings) -> Iterator[tuple[str, object]]:
    """An agent that no server knows cannot be started; that is said first."""
    if settings.enrolment_path.exists():
        yield "state", "not-running"
        yield "sentence", NOT_RUNNING
        yield "says", NOT_RUNNING_SAYS
        return
    told = health.judge(Facts(enrolled=False), 0)
    yield "state", told.state.value
    yield "sentence", told.sentence
    yield "says", {"en": told.en, "ko": told.ko}


def _seen(seen: Glimpse, settings: Settings) -> Mapping[str, object]:
    newest = seen.newest
    moves = settings.position_period_ms if "position" in settings.parts else 0
    caps = Caps(settings.outbox.cap_rows, settings.outbox.cap_bytes)
    a_day = stock.rows_per_day(settings.sample_period_ms, moves)
    days = stock.room_days(seen.stock, caps, seen.counters.waiting, a_day)
    return {
        "device": seen.device,
        "origin": seen.origin,
        "epoch": newest.epoch.hex() if newest else None,
        "seq": newest.seq if newest else None,
        "newest_ms": newest.utc_ms if newest else None,
        "counters": asdict(seen.counters),
        "trust": {"size": seen.size, "root": seen.root.hex()},
        **card_lines(seen.stock, days),
    }
