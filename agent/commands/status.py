"""`status`: ask the running agent; where none answers, say so and read what lies on the card.

Exit 0 while the agent runs, 1 when it does not. Never writes and never waits long.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from agent import exits
from agent.core import health
from agent.core.health import Facts
from agent.edges.control import ForbiddenError, NotRunningError, ask
from agent.edges.lookout import Glimpse, NoOutboxError, glimpse
from agent.settings import Settings
from agent.settings_file import load

COUNTED = (
    ("made", "made", "생성"),
    ("committed", "on the card", "저장"),
    ("shipped", "shipped", "전송"),
    ("proved", "proved", "증명"),
    ("waiting", "waiting", "대기"),
    ("alarms", "alarms among them", "대기 중 경보"),
    ("set_aside", "set aside", "보류"),
    ("evicted", "evicted", "삭제"),
)
NOT_RUNNING = "not running; start it with: systemctl start jagalchi-agent / 실행 중이 아님"


def execute(options: argparse.Namespace) -> int:
    """Print the status; return whether the agent runs."""
    settings = load(options.config)
    try:
        status, running = ask(settings.socket, "status"), True
    except NotRunningError:
        status, running = _at_rest(settings), False
    except ForbiddenError as error:
        print(f"jagalchi-agent: {error}", file=sys.stderr)
        return exits.NO
    if options.json:
        print(json.dumps({"running": running, **status}, ensure_ascii=False))
    else:
        print("\n".join(lines(status)))
    return exits.OK if running else exits.NO


def _at_rest(settings: Settings) -> dict[str, object]:
    """The part of the status that can be read from the card."""
    rest: dict[str, object] = {"name": settings.name, **_why(settings)}
    try:
        return {**rest, **_seen(glimpse(settings.outbox_path))}
    except NoOutboxError as error:
        return {**rest, "outbox": str(error)}


def _why(settings: Settings) -> dict[str, object]:
    """An agent that no server knows cannot be started; that is said first."""
    if settings.enrolment_path.exists():
        return {"state": "not-running", "sentence": NOT_RUNNING}
    told = health.judge(Facts(enrolled=False), 0)
    return {"state": told.state.value, "sentence": told.sentence}


def _seen(seen: Glimpse) -> dict[str, object]:
    newest = seen.newest
    return {
        "device": seen.device,
        "origin": seen.origin,
        "epoch": newest.epoch.hex() if newest else None,
        "seq": newest.seq if newest else None,
        "counters": asdict(seen.counters),
        "trust": {"size": seen.size, "root": seen.root.hex()},
    }


def lines(status: Mapping[str, object]) -> Iterator[str]:
    """The status for people, one fact a line; what is not known is left out."""
    yield f"{status.get('name')}: {status.get('sentence')}"
    for key in ("device", "origin", "outbox"):
        if status.get(key) is not None:
            yield f"  {key:<8} {status[key]}"
    if status.get("next_key") is not None:
        yield f"  {'key':<8} {status['key']}, until the log has proved {status['next_key']}"
    if status.get("epoch") is not None:
        yield f"  {'chain':<8} epoch {status['epoch']}, record {status['seq']}"
    counters, trust = status.get("counters"), status.get("trust")
    if isinstance(counters, Mapping):
        for key, english, korean in COUNTED:
            yield f"  {counters.get(key, 0):>10}  {english} / {korean}"
    if isinstance(trust, Mapping):
        yield f"  {'log':<8} checkpoint of {trust.get('size')} entries verified"
