"""`swap URL TOKEN`: a new card in the same truck. What the old holds travels along; history stays.

With the old card at hand (`--from`, its state directory) everything on it is first written as an
evidence file, and what calibration found is taken over: the sensors stay in the truck. Then this
card enrols as a new device; the server ends the old one's time at this truck at that moment, with
the date. Nothing on the old card is changed. A step that fails can be repeated from the beginning.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from agent import calibration_file
from agent.commands import enrol, export, language
from agent.core.board import Board
from agent.exits import RefusedError
from agent.settings import Settings
from agent.settings_file import load
from protocol.registry import Text

TAKEN = Text("calibration of {} sensors taken over", "센서 {}개의 교정값을 옮겼습니다")
HAND_IN = Text(
    "Give the file to the operator (jagalchi-server import), and keep the old card until then.",
    "파일을 운영자에게 전달하고(jagalchi-server import) 그때까지 옛 카드를 보관하세요.",
)
WITHOUT = Text(
    "Without --from: what the old card had not delivered is not here, and the record will show it"
    " as missing.",
    "--from 없이: 옛 카드가 보내지 못한 기록은 없으며, 기록 없음으로 표시됩니다.",
)


def execute(options: argparse.Namespace) -> int:
    """Save what the old card holds, then enrol this one."""
    settings = load(options.config)
    board = Board(language.chosen(options, os.environ))
    if settings.enrolment_path.exists():
        raise RefusedError(
            f"{settings.enrolment_path}: this card is enrolled already; a swap begins with a new"
            " card, or with an empty state directory"
        )
    if options.old is None:
        print(board.say(WITHOUT), file=sys.stderr)
    else:
        _save(settings, options, board)
    return enrol.execute(options)


def _save(settings: Settings, options: argparse.Namespace, board: Board) -> None:
    old = replace(settings, state_dir=_state(options.old))
    if old.outbox_path.exists():
        export.export(old, argparse.Namespace(since=None, to=options.to))
        print(board.say(HAND_IN))
    known = calibration_file.read(old)
    if known:
        settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        calibration_file.write(settings, known.values())
        print(board.say(TAKEN, len(known)))


def _state(folder: Path) -> Path:
    """The old state directory, however much of the path to it was typed."""
    for found in (folder, folder / "var/lib/jagalchi"):
        if (found / "enrolment.cbor").exists():
            return found
    raise RefusedError(
        f"{folder}: here is no state of an agent (no enrolment.cbor); name the old card's"
        " /var/lib/jagalchi, or leave --from out"
    )
