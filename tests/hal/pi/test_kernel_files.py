"""Sensors that the kernel reads: trees of files as it makes them, in a folder of our own."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from hal.api import Fault, Moment
from hal.drivers.trouble import fault_of
from hal.pi.kernel_files import DhtFiles, ProbeFile
from hal.pi.polled import KINDS, PolledSensor
from hal.pi.sampler import Reader, tried
from tests.hal.pi.quiet import QuietWarden
from tests.hal.test_ds18b20 import w1_slave
from tests.reliability import note

CYCLES = 20
PACE_MS = 2_500


def iio(devices: Path, number: int, name: str, temperature: str, humidity: str) -> None:
    folder = devices / f"iio:device{number}"
    folder.mkdir(parents=True)
    for file, text in (
        ("name", name),
        ("in_temp_input", temperature),
        ("in_humidityrelative_input", humidity),
    ):
        (folder / file).write_text(text + "\n")


def probe(devices: Path, name: str, bits: int) -> None:
    (devices / name).mkdir(parents=True, exist_ok=True)
    (devices / name / "w1_slave").write_text(w1_slave(bits) + "\n")


def fault_in(said: dict[str, object]) -> Fault:
    """What the warden makes of an error in a line of its child."""
    number = said["errno"]
    assert number is None or isinstance(number, int)
    return fault_of(number, str(said["text"]))


def dht_files(devices: Path, pin: int = 4) -> DhtFiles:
    return DhtFiles({"devices": str(devices), "pin": pin}, 0)


def probe_file(devices: Path, name: str = "") -> ProbeFile:
    return ProbeFile({"devices": str(devices), "id": name}, 0)


def test_the_kernels_dht_is_found_by_its_pin_among_others(tmp_path: Path) -> None:
    iio(tmp_path, 0, "ads1015", "1", "1")
    iio(tmp_path, 1, "dht11@11", "26500", "40000")
    iio(tmp_path, 2, "dht11@4", "-10100", "65200")
    assert tried(dht_files(tmp_path)) == {"raw": ["-10100", "65200"]}
    assert tried(dht_files(tmp_path, 17)) == {"raw": ["26500", "40000"]}  # 0x11


def test_a_probe_is_found_by_its_id_or_by_being_alone(tmp_path: Path) -> None:
    probe(tmp_path, "28-00000000000a", 0x0191)
    (tmp_path / "w1_bus_master1").mkdir()
    assert str(tried(probe_file(tmp_path))["raw"]).startswith("91 01 ")
    probe(tmp_path, "28-00000000000b", 0x0008)
    assert "several probes" in str(tried(probe_file(tmp_path))["text"])
    assert str(tried(probe_file(tmp_path, "28-00000000000b"))["raw"]).startswith("08 00 ")


@pytest.mark.parametrize("make", [dht_files, probe_file])
def test_without_the_kernels_files_the_bus_says_that_nothing_is_there(
    make: object, tmp_path: Path
) -> None:
    assert callable(make)
    for folder in (tmp_path, tmp_path / "absent"):
        said = tried(make(folder))
        assert fault_in(said) is Fault.UNPLUGGED


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (errno.EIO, Fault.CHECKSUM),
        (errno.ETIMEDOUT, Fault.NO_ANSWER),
        (errno.ENODEV, Fault.UNPLUGGED),
        (errno.EBUSY, Fault.NOT_READY),
        (errno.EACCES, Fault.NO_ANSWER),
    ],
)
def test_the_kernels_errors_are_told_apart(number: int, fault: Fault) -> None:
    class Broken:
        def read(self) -> object:
            raise OSError(number, os.strerror(number))

    said = tried(Broken())
    assert fault_in(said) is fault


def test_a_bug_is_not_taken_for_a_bus() -> None:
    class Bug:
        def read(self) -> object:
            raise KeyError("ours")

    with pytest.raises(KeyError):
        tried(Bug())


def polled(kind: str, reader: Reader, sensor: PolledSensor, now_ms: int) -> None:
    """What the warden does with one line of its child."""
    said = tried(reader)
    word = said["raw"] if "raw" in said else fault_in(said)
    sensor.heard(word, now_ms)


@pytest.mark.parametrize("kind", ["ds18b20", "dht-kernel"])
def test_D16_a_sensor_whose_files_vanish_and_return_is_read_again(
    kind: str, tmp_path: Path
) -> None:
    plugged, away = tmp_path / "devices", tmp_path / "away"
    probe(plugged, "28-00000000000a", 0x0191)
    iio(plugged, 0, "dht11@4", "25062", "65200")
    reader = probe_file(plugged) if kind == "ds18b20" else dht_files(plugged)
    sensor, now_ms, slowest_ms, wrong = PolledSensor(1, KINDS[kind], QuietWarden()), 0, 0, 0
    for cycle in range(CYCLES):
        plugged.rename(away)
        for _ in range(cycle + 1):
            now_ms += PACE_MS
            polled(kind, reader, sensor, now_ms)
            gone = sensor.read(Moment(now_ms, None))[0]
            wrong += (gone.value, gone.fault) != (None, Fault.UNPLUGGED)
        away.rename(plugged)
        back_ms = now_ms
        while True:
            now_ms += PACE_MS
            polled(kind, reader, sensor, now_ms)
            if sensor.read(Moment(now_ms, None))[0].fault is None:
                break
        slowest_ms = max(slowest_ms, now_ms - back_ms)
    note(
        "D16",
        f"the kernel's files of a {kind} vanish and return",
        CYCLES,
        f"read again after at most {slowest_ms / 1_000} s, {wrong} values while it was gone",
    )
    assert wrong == 0
    assert slowest_ms <= 30_000
