"""`identify`: warm a sensor in your hand, see its line move, give it a name, print its label.

Watches whoever owns the sensors; all it writes is a name into the settings, and a label where one
is wanted as a picture: of a sensor, or (with no sensor named) of the device itself.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from agent import exits
from agent.commands import language
from agent.commands.watching import readings
from agent.core import warmth
from agent.core.board import Board, padded
from agent.core.finding import Facts
from agent.edges import enrolment
from agent.edges.clock import Clock, SystemClock
from agent.edges.keys import KeyFiles
from agent.edges.label import KINDS, Label, draw
from agent.edges.pdf import CannotDraw
from agent.exits import RefusedError
from agent.settings import Settings
from agent.settings_edit import rename
from agent.settings_file import load
from protocol.registry import Text

HOLD = Text(
    "Take one sensor in your hand and watch its line. Ctrl-C ends.",
    "센서 하나를 손으로 감싸고 값이 변하는 줄을 보세요. Ctrl-C로 끝냅니다.",
)
FOUND = Text("It is sensor {} ({}).", "센서 {}({})입니다.")
ASK = Text("Name for it (empty: keep): ", "이름 (비워 두면 그대로): ")
HOW = Text(
    "Name it: sudo jagalchi-agent identify --sensor {} --name NAME",
    "이름 붙이기: sudo jagalchi-agent identify --sensor {} --name 이름",
)
NONE = Text("No sensor moved clearly.", "뚜렷하게 변한 센서가 없습니다.")
NAMED = Text(
    "Sensor {} is called {} after: sudo systemctl restart jagalchi-agent",
    "다시 시작하면 센서 {}의 이름은 {}입니다: sudo systemctl restart jagalchi-agent",
)
SENSOR = Text("sensor {}  {}", "센서 {}  {}")
KEY = Text("key {}", "키 {}")
LABEL_WIDTH = 34


def execute(options: argparse.Namespace) -> int:
    """Find or name a sensor, and print its label."""
    board = Board(language.chosen(options, os.environ))
    number, name = options.sensor, options.name
    if options.label is not None and name is None:
        return _draw(load(options.config), number, board, options.label)
    if (number is None) is not (name is None):
        raise RefusedError("--sensor and --name go together; without both: find out which is which")
    if number is None:
        number = find(load(options.config), board, SystemClock(), options.seconds * 1_000)
        if number is None:
            print(board.say(NONE))
            return exits.NO
        name = _asked(board, number)
    if name is not None:
        rename(options.config, number, name)
        print(board.say(NAMED, number, name))
        print("\n".join(printed(load(options.config), number, board)))
        if options.label is not None:
            return _draw(load(options.config), number, board, options.label)
    return exits.OK


def find(settings: Settings, board: Board, clock: Clock, lasts_ms: int) -> int | None:
    """Show every reading until one sensor has moved; None when the time is over."""
    names = {sensor.number: sensor.name for sensor in settings.sensors}
    print(board.say(HOLD), flush=True)
    before: warmth.Values = {}
    for found in readings(settings, clock, lasts_ms):
        now = temperatures(found)
        before = warmth.coldest(before, now)
        print("   ".join(_line(names, before, now, board)), flush=True)
        number = warmth.moved(before, now)
        if number is not None:
            print(board.say(FOUND, number, names.get(number, "?")))
            return number
    return None


def temperatures(found: list[Facts]) -> dict[int, int]:
    """Milli-degrees by sensor; whoever says nothing is left out."""
    return {
        int(str(one["sensor"])): value
        for one in found
        if one["quantity"] == "temperature" and isinstance(value := one["value"], int)
    }


def _line(
    names: dict[int, str], before: warmth.Values, now: warmth.Values, board: Board
) -> Iterator[str]:
    for number, name in names.items():
        value = now.get(number)
        shown = board.value("temperature", value)
        rise = "" if value is None else f" (+{(value - before[number]) / 1_000:.1f})"
        yield f"{number} {name}: {shown}{rise}"


def _asked(board: Board, number: int) -> str | None:
    """The name that somebody types, if somebody sits there."""
    if not sys.stdin.isatty():
        print(board.say(HOW, number))
        return None
    print(board.say(ASK), end="", flush=True)
    return sys.stdin.readline().strip() or None


def printed(settings: Settings, number: int, board: Board) -> Iterator[str]:
    """To be cut out and put on the cable: where it is, which it is, and whose."""
    yield "+" + "-" * LABEL_WIDTH + "+"
    for text in (settings.name, _sensor(settings, number, board), _device(settings)):
        yield f"| {padded(text, LABEL_WIDTH - 1)}|"
    yield "+" + "-" * LABEL_WIDTH + "+"


def drawn(settings: Settings, number: int | None, board: Board) -> Label:
    """What stands on a label of a sensor, or of the device: its name, its key, where it is.

    Raises RefusedError for a device that is not enrolled, and where the key cannot be read.
    """
    agreed = enrolment.load(settings).answer
    kid = KeyFiles.of(settings, agreed.device).load().kid.hex()
    sensor = () if number is None else (_sensor(settings, number, board),)
    lines = (agreed.asset, *sensor, agreed.device, board.say(KEY, kid))
    said = (f"jagalchi {agreed.device}", f"key {kid}", agreed.asset, *sensor)
    return Label(lines, "\n".join(said))


def _draw(settings: Settings, number: int | None, board: Board, path: Path) -> int:
    """Write the picture, never over a file."""
    kind = path.suffix.lower().lstrip(".")
    if kind not in KINDS:
        raise RefusedError(f"{path}: expected a name that ends in .svg or .png")
    try:
        data = draw(drawn(settings, number, board), kind)
        with path.open("xb") as file:
            file.write(data)
    except CannotDraw as missing:
        raise RefusedError(f"{path}: {missing}") from None
    except OSError as error:
        raise RefusedError(f"{path}: cannot be written: {error.strerror}") from None
    print(path)
    return exits.OK


def _sensor(settings: Settings, number: int, board: Board) -> str:
    names = {sensor.number: sensor.name for sensor in settings.sensors}
    if number not in names:
        raise RefusedError(f"there is no sensor {number}")
    return board.say(SENSOR, number, names[number])


def _device(settings: Settings) -> str:
    try:
        return enrolment.load(settings).answer.device
    except RefusedError:
        return ""
