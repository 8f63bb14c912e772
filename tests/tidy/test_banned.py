"""What no file may call, import or be called: rules 1, 2 and 9 of docs/architecture.md."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

import pytest

from tests.tidy.source import Source, dotted, imports, product, suite

# Time and chance enter by these doors and are passed on as values.
DOORS: Mapping[str, str] = {
    "agent/daemon.py": "draws the epoch",
    "agent/edges/clock.py": "reads the clock, once per turn",
    "agent/edges/https.py": "the total deadline of one request",
    "hal/pi/owner.py": "dates what hardware says between two questions",
    "server/ledger/keys.py": "makes the log's keys and tokens",
    "server/ledger/tick.py": "dates what the server receives, and the log every minute",
}
CLOCKS_AND_DICE = frozenset(
    {
        "time.time",
        "time.time_ns",
        "time.monotonic",
        "time.monotonic_ns",
        "time.perf_counter",
        "time.perf_counter_ns",
        "time.clock_gettime",
        "time.clock_gettime_ns",
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "timezone.now",
        "os.urandom",
        "uuid.uuid1",
        "uuid.uuid4",
    }
)
DICE_MODULES = frozenset({"random", "secrets", "uuid"})
HARDWARE = frozenset(
    {
        "RPi",
        "adafruit_blinka",
        "adafruit_dht",
        "board",
        "digitalio",
        "gpiod",
        "gpiozero",
        "lgpio",
        "pigpio",
        "serial",
        "smbus",
        "smbus2",
        "spidev",
    }
)
MOCK_LIBRARIES = frozenset({"unittest.mock", "mock", "pytest_mock", "freezegun", "responses"})
EMPTY_NAMES = frozenset(
    {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "shared"}
)


def calls(source: Source, banned: frozenset[str]) -> Iterator[str]:
    """Uses (also without calling) of banned dotted names, by their last two parts."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute | ast.ImportFrom):
            used = _names(node) & banned
            yield from (f"{source.path}:{node.lineno}: {name}" for name in sorted(used))


def _names(node: ast.Attribute | ast.ImportFrom) -> set[str]:
    if isinstance(node, ast.ImportFrom):
        return {f"{node.module}.{alias.name}" for alias in node.names}
    return {".".join(dotted(node).split(".")[-2:])}


def imported(source: Source, banned: frozenset[str]) -> Iterator[str]:
    """Imports of banned modules or of anything inside them."""
    for name, line in imports(source):
        parts = name.split(".")
        if any(".".join(parts[:end]) in banned for end in range(1, len(parts) + 1)):
            yield f"{source.path}:{line}: {name}"


def empty_names(source: Source) -> Iterator[str]:
    """Modules and packages whose name says nothing."""
    path = PurePosixPath(source.path)
    for part in (*path.parts[:-1], path.stem):
        if part in EMPTY_NAMES:
            yield f"{source.path}: {part!r} says nothing about what is inside"


def _ids(source: Source) -> str:
    return source.path


@pytest.mark.parametrize("source", [s for s in product() if s.path not in DOORS], ids=_ids)
def test_time_and_chance_enter_by_the_doors_only(source: Source) -> None:
    assert [*calls(source, CLOCKS_AND_DICE), *imported(source, DICE_MODULES)] == []


@pytest.mark.parametrize("source", product(), ids=_ids)
def test_hardware_is_touched_in_hal_pi_only(source: Source) -> None:
    found = list(imported(source, HARDWARE))
    assert found == [] or source.path.startswith("hal/pi/")


@pytest.mark.parametrize("source", (*product(), *suite()), ids=_ids)
def test_names_say_something(source: Source) -> None:
    assert list(empty_names(source)) == []


@pytest.mark.parametrize("source", suite(), ids=_ids)
def test_tests_neither_sleep_nor_mock(source: Source) -> None:
    assert [
        *calls(source, frozenset({"time.sleep", "asyncio.sleep"})),
        *imported(source, MOCK_LIBRARIES),
    ] == []


def test_every_door_is_one() -> None:
    used = {s.path for s in product() if [*calls(s, CLOCKS_AND_DICE), *imported(s, DICE_MODULES)]}
    assert set(DOORS) == used


@pytest.mark.parametrize(
    "text",
    [
        "import time\nnow = time.time()\n",
        "import time\nread = time.monotonic\n",
        "from time import monotonic\n",
        "import datetime\nnow = datetime.datetime.now()\n",
        "from django.utils import timezone\nnow = timezone.now()\n",
        "import os\nseed = os.urandom(8)\n",
    ],
)
def test_a_clock_or_die_is_told(text: str) -> None:
    assert list(calls(Source.of("sample.py", text), CLOCKS_AND_DICE)) != []


@pytest.mark.parametrize("text", ["import random\n", "from uuid import uuid4\n"])
def test_a_module_of_dice_is_told(text: str) -> None:
    assert list(imported(Source.of("sample.py", text), DICE_MODULES)) != []


def test_a_clock_of_another_name_is_not_told() -> None:
    sample = Source.of("sample.py", "at = clock.time_ms()\nlater = edge.clock.now\n")
    assert list(calls(sample, CLOCKS_AND_DICE)) == []


def test_hardware_is_told_also_when_imported_inside_a_function() -> None:
    sample = Source.of("hal/drivers/x.py", "def f():\n    from gpiozero import LED\n")
    assert list(imported(sample, HARDWARE)) != []


def test_a_sleep_and_a_mock_are_told() -> None:
    assert list(calls(Source.of("t.py", "import time\ntime.sleep(1)\n"), frozenset({"time.sleep"})))
    assert list(imported(Source.of("t.py", "from unittest import mock\n"), MOCK_LIBRARIES))


@pytest.mark.parametrize("path", ["agent/utils.py", "server/common/x.py", "hal/manager.py"])
def test_an_empty_name_is_told(path: str) -> None:
    assert list(empty_names(Source.of(path, ""))) != []
