"""The commissioning test's verdicts, part by part: what is well, what is odd, what has failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from agent.core import checkup, upkeep
from agent.core.finding import PARTS, Finding, Grade, called, worst
from agent.core.shelf import count
from agent.edges.machine import ThisMachine
from protocol.registry import Status, Text

NOW = 1_800_000_000_000
DAY = 86_400_000
FIX = {"fix": "fix_3d", "satellites": 9, "fault": None}


def grades(findings: Iterable[Finding]) -> list[Grade]:
    found = list(findings)
    for one in found:
        assert one.seen.en.isascii() or "℃" in one.seen.en
        assert (one.grade is Grade.OK) == (one.mend is None), one
    return [one.grade for one in found]


def reading(number: int, status: Status) -> dict[str, object]:
    value = 1_000 if status is Status.OK else None
    word = status.name.lower()
    return {"sensor": number, "quantity": "temperature", "value": value, "status": word}


@pytest.mark.parametrize("status", list(Status))
def test_a_sensor_is_well_only_when_its_value_is(status: Status) -> None:
    (one,) = checkup.sensors([reading(1, status)], {1: "air"})
    assert (one.grade is Grade.OK) == (status is Status.OK)
    assert one.part == "sensor 1 air"
    assert "1.00" in one.seen.ko or one.mend is not None


def test_a_sensor_that_is_fitted_and_silent_has_failed() -> None:
    found = checkup.sensors([reading(1, Status.OK)], {1: "a", 2: "b"})
    assert grades(found) == [Grade.OK, Grade.FAILED]


@pytest.mark.parametrize(
    ("place", "wanted", "grade"),
    [
        (None, False, Grade.OK),
        (None, True, Grade.FAILED),
        (FIX, True, Grade.OK),
        ({**FIX, "fix": "none", "fault": "not_ready"}, True, Grade.WARNING),
        ({**FIX, "fault": "no_answer"}, True, Grade.FAILED),
        ({**FIX, "fault": "checksum"}, True, Grade.FAILED),
    ],
)
def test_a_receiver_without_sky_is_no_failure(
    place: dict[str, object] | None, wanted: bool, grade: Grade
) -> None:
    assert grades(checkup.position(place, wanted)) == [grade]


def test_an_input_that_says_nothing_has_failed() -> None:
    seen = [{"name": "door", "on": True}]
    assert grades(checkup.contacts(seen, ["door", "power"])) == [Grade.OK, Grade.FAILED]


@pytest.mark.parametrize(
    ("fitted", "asked", "grade"),
    [(False, False, Grade.OK), (True, True, Grade.OK), (True, False, Grade.WARNING)],
)
def test_a_light_that_could_not_be_asked_is_a_warning(
    fitted: bool, asked: bool, grade: Grade
) -> None:
    assert grades(checkup.light(fitted, asked)) == [grade]


@pytest.mark.parametrize(
    ("within", "grade"), [(None, Grade.WARNING), (60_001, Grade.WARNING), (60_000, Grade.OK)]
)
def test_an_unknown_clock_is_a_warning(within: int | None, grade: Grade) -> None:
    assert grades(checkup.clock({"uncertainty_ms": within})) == [grade]


@pytest.mark.parametrize(
    ("free", "read_only", "days", "expected"),
    [
        (None, False, None, [Grade.FAILED]),
        (1 << 40, True, None, [Grade.FAILED]),
        (1 << 20, False, 60, [Grade.WARNING]),
        (1 << 40, False, 60, [Grade.OK]),
        (1 << 40, False, 6, [Grade.OK, Grade.WARNING]),
    ],
)
def test_a_card_wants_room_and_to_be_written(
    free: int | None, read_only: bool, days: int | None, expected: list[Grade]
) -> None:
    assert grades(upkeep.disk(free, read_only, days)) == expected


@pytest.mark.parametrize(("used", "grade"), [(None, Grade.OK), (70, Grade.OK), (80, Grade.WARNING)])
def test_a_worn_card_is_a_warning_and_one_that_does_not_tell_is_not(
    used: int | None, grade: Grade
) -> None:
    (found,) = upkeep.wear("mmcblk0", used, 5 << 20)
    assert found.grade is grade
    assert used is not None or "does not tell" in found.seen.en


@pytest.mark.parametrize(
    ("changed", "grade"),
    [
        ({}, Grade.OK),
        ({"proved": 1}, Grade.FAILED),
        ({"set_aside": 2}, Grade.WARNING),
        ({"evicted": 2, "committed": 2, "made": 2}, Grade.WARNING),
    ],
)
def test_counts_that_do_not_balance_have_failed(changed: dict[str, int], grade: Grade) -> None:
    counters = {**asdict(count((), {})), **changed}
    assert grades(upkeep.counts({"counters": counters})) == [grade]


@pytest.mark.parametrize(
    ("score", "installed", "grade"),
    [
        (None, False, Grade.WARNING),
        (None, True, Grade.WARNING),
        (2.0, True, Grade.OK),
        (2.1, True, Grade.WARNING),
    ],
)
def test_an_exposed_service_is_a_warning(
    score: float | None, installed: bool, grade: Grade
) -> None:
    assert grades(upkeep.exposure(score, installed)) == [grade]


@pytest.mark.parametrize(
    ("age_days", "grade"),
    [(0, Grade.OK), (334, Grade.OK), (336, Grade.WARNING), (366, Grade.WARNING)],
)
def test_calibration_is_due_a_month_before_the_year_ends(age_days: int, grade: Grade) -> None:
    dated = {1: NOW - age_days * DAY}
    assert grades(upkeep.calibrations({1: "a"}, dated, NOW)) == [grade]


def test_no_calibration_no_limit_and_made_up_parts_are_warnings() -> None:
    found = [
        *upkeep.calibrations({1: "a"}, {}, None),
        *upkeep.limits(0),
        *upkeep.running(False, True),
    ]
    assert grades(found) == [Grade.WARNING] * 4
    assert grades(upkeep.running(True, False)) == [Grade.OK]


def test_the_worst_finding_is_the_verdict() -> None:
    one = Finding("a", Grade.WARNING, Text("a", "a"), Text("b", "b"))
    assert worst([]) is Grade.OK
    assert worst([one, replace(one, grade=Grade.FAILED), one]) is Grade.FAILED
    assert [int(grade) for grade in Grade] == [0, 1, 2]


def test_parts_have_names_in_both_languages() -> None:
    assert called("sensor 2 air-door") == Text("sensor 2 air-door", "센서 2 air-door")
    assert called("freezer-door") == Text("freezer-door", "freezer-door")
    assert all(text.en.isascii() and not text.ko.isascii() for text in PARTS.values())


def _device(root: Path, folder: Path) -> Path:
    """A block device of the kernel's files under which `folder` seems to lie."""
    number = folder.stat().st_dev
    device = root / "devices/mmcblk0"
    (device / "device").mkdir(parents=True)
    (device / "mmcblk0p2").mkdir()
    (device / "mmcblk0p2/partition").write_text("2\n")
    (device / "stat").write_text("1 0 8 4 2 0 2048 9 0 0 0\n")
    links = root / "sys/dev/block"
    links.mkdir(parents=True)
    major, minor = number >> 8 & 0xFFF, number & 0xFF | number >> 12 & 0xFFF00
    (links / f"{major}:{minor}").symlink_to(device / "mmcblk0p2")
    return device


@pytest.mark.parametrize(
    ("life", "used"),
    [("0x01 0x02\n", 20), ("0x0b 0x01\n", 110), ("0x00 0x00\n", None), ("?", None), (None, None)],
)
def test_the_wear_of_a_card_is_read_from_the_kernel(
    life: str | None, used: int | None, tmp_path: Path
) -> None:
    device = _device(tmp_path, tmp_path)
    if life is not None:
        (device / "device/life_time").write_text(life)
    wear = ThisMachine(tmp_path).wear(tmp_path)
    assert wear is not None
    assert (wear.device, wear.used_percent, wear.written) == ("mmcblk0", used, 2_048 * 512)


def test_a_machine_that_says_nothing_is_known_by_its_system_only(tmp_path: Path) -> None:
    machine = ThisMachine(tmp_path)
    assert (machine.board().model, machine.board().serial) == (None, None)
    assert machine.board().system.startswith("Linux ")
    assert machine.wear(tmp_path) is None
    assert (machine.unit(), machine.exposure()) == (None, None)


def test_the_board_is_read_from_the_device_tree(tmp_path: Path) -> None:
    tree = tmp_path / "proc/device-tree"
    tree.mkdir(parents=True)
    (tree / "model").write_bytes(b"Raspberry Pi 4 Model B Rev 1.4\0")
    (tree / "serial-number").write_bytes(b"10000000abcdef01\0")
    board = ThisMachine(tmp_path).board()
    assert (board.model, board.serial) == ("Raspberry Pi 4 Model B Rev 1.4", "10000000abcdef01")
