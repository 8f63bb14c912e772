"""What a machine lacks is said plainly, in two languages; also of this very machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hal.catalog import TABLE
from hal.needs import NEEDS, File, Module, ThisMachine, lacking
from hal.schema import PARTS


@dataclass
class Described:
    """A machine as a test describes it."""

    modules: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    barred: set[str] = field(default_factory=set)

    def has_module(self, name: str) -> bool:
        return name in self.modules

    def exists(self, path: str) -> bool:
        return path in self.files

    def may_use(self, path: str, written: bool) -> bool:
        return path not in self.barred


class Complete(Described):
    """A machine that has whatever is asked for."""

    def has_module(self, name: str) -> bool:
        return True

    def exists(self, path: str) -> bool:
        return True


def told(kind: str, part: str, machine: Described, **options: object) -> list[str]:
    return [lack.en for lack in lacking(kind, part, options, machine)]


def test_every_real_part_says_what_it_needs() -> None:
    assert set(NEEDS) == set(PARTS)


@pytest.mark.parametrize(("kind", "part"), sorted(NEEDS))
def test_each_need_is_missed_alone_and_in_both_languages(kind: str, part: str) -> None:
    needs = NEEDS[kind, part]
    lacks = list(lacking(kind, part, {}, Described()))
    assert len(lacks) == len(needs)
    for need, lack in zip(needs, lacks, strict=True):
        assert (need.package if isinstance(need, Module) else "/") in lack.en
        assert "{" not in lack.en + lack.ko
        assert any("가" <= letter <= "힣" for letter in lack.ko)


def test_a_machine_that_has_everything_lacks_nothing() -> None:
    assert [one for kind, part in NEEDS for one in lacking(kind, part, {}, Complete())] == []


def test_the_file_that_is_missed_is_the_configured_one() -> None:
    machine = Described(modules={"serial", "pynmea2", "smbus2"})
    (lack,) = told("positioner", "nmea", machine, device="/dev/ttyUSB1")
    assert lack.startswith("/dev/ttyUSB1 is not there: plug the receiver in")
    (lack,) = told("sensor", "sht3x", machine, bus=3)
    assert lack.startswith("/dev/i2c-3 is not there: switch I2C on")


def test_a_file_that_may_not_be_used_names_the_group() -> None:
    port = "/dev/serial0"
    machine = Described({"serial", "pynmea2"}, {port}, {port})
    assert told("positioner", "nmea", machine) == [
        "/dev/serial0 is there, but this user may not use it: sudo usermod -aG dialout USER"
    ]


def test_simulated_and_absent_parts_need_nothing() -> None:
    parts = [("sensor", "mock-truck"), ("light", "mock-light"), ("link", "none")]
    assert all(part in TABLE[kind] for kind, part in parts)
    assert [lack for kind, part in parts for lack in lacking(kind, part, {}, Described())] == []


def test_this_machine_is_seen_as_it_is(tmp_path: Path) -> None:
    machine = ThisMachine(tmp_path)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/i2c-1").touch()
    assert machine.has_module("json")
    assert not machine.has_module("no_such_module_at_all")
    assert machine.exists("/dev/i2c-1")
    assert machine.may_use("/dev/i2c-1", True)
    assert not machine.exists("/dev/i2c-2")


@pytest.mark.skipif(
    Path("/dev/gpiochip0").exists(), reason="this machine has pins, and its own truth"
)
def test_a_machine_without_a_pi_is_told_so_plainly() -> None:
    machine = ThisMachine()
    lacks = [lack.en for lack in lacking("light", "gpio", {"pin": 24}, machine)]
    assert lacks[-1] == (
        "/dev/gpiochip0 is not there: only a Raspberry Pi with its kernel has these pins"
    )
    for kind, part in NEEDS:
        files = [need for need in NEEDS[kind, part] if isinstance(need, File)]
        assert bool(list(lacking(kind, part, {}, machine))) or not files
