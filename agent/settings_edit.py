"""One change to a settings file that people wrote: a sensor's name. Comments and order stay.

The file is read before and after; if anything but that one name would differ, nothing is changed
and somebody has to do it by hand.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from agent.edges import files
from agent.exits import RefusedError
from agent.settings_file import load

LONGEST_NAME = 32
HEADING = re.compile(r"^\s*\[")
SENSOR = re.compile(r"^\s*\[\[\s*sensor\s*\]\]")
NAME = re.compile(r"^(\s*name\s*=\s*)(\"[^\"\n]*\"|'[^'\n]*')(.*)$", re.DOTALL)


def rename(path: Path, number: int, name: str) -> None:
    """Give sensor `number` this name. Raises RefusedError and leaves the file alone."""
    taken = {sensor.name: sensor.number for sensor in load(path).sensors}
    if not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
        raise RefusedError(f"{name!r}: expected a name of 1 to {LONGEST_NAME} printable characters")
    if taken.get(name, number) != number:
        raise RefusedError(f"{name!r} is what sensor {taken[name]} is called already")
    if number not in taken.values():
        known = ", ".join(map(str, sorted(taken.values())))
        raise RefusedError(f"there is no sensor {number} in {path}; there are: {known}")
    try:
        files.rewrite(path, renamed(path.read_text("utf-8"), number, name).encode())
    except ValueError:
        raise RefusedError(f"{path}: change the name of sensor {number} by hand") from None
    except OSError as error:
        raise RefusedError(f"{path}: cannot be written: {error.strerror}; try sudo") from None


def renamed(text: str, number: int, name: str) -> str:
    """The text with that one name changed. Raises ValueError where that is not plain."""
    lines = text.splitlines(keepends=True)
    for at in _names_of(lines, number):
        found = NAME.match(lines[at])
        if found is not None:
            lines[at] = f"{found[1]}{json.dumps(name, ensure_ascii=False)}{found[3]}"
    after = "".join(lines)
    if tomllib.loads(after) != _wanted(text, number, name):
        raise ValueError("something else would have changed, or nothing")
    return after


def _names_of(lines: list[str], number: int) -> list[int]:
    """The lines that look like the name of this sensor: number and name may stand in any order."""
    starts = [at for at, line in enumerate(lines) if SENSOR.match(line)]
    found = []
    for start in starts:
        end = next((a for a in range(start + 1, len(lines)) if HEADING.match(lines[a])), len(lines))
        block = range(start + 1, end)
        if any(re.match(rf"^\s*number\s*=\s*{number}\s*(#.*)?$", lines[at]) for at in block):
            found += [at for at in block if NAME.match(lines[at])]
    return found


def _wanted(text: str, number: int, name: str) -> dict[str, object]:
    wanted = tomllib.loads(text)
    for sensor in wanted["sensor"]:
        if sensor.get("number") == number:
            sensor["name"] = name
    return wanted
