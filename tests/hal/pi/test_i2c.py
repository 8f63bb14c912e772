"""The real smbus2 on an I2C bus that is a function: the kernel's ioctl is the door."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import smbus2.smbus2 as library

from hal.api import Fault
from hal.drivers import sht3x
from hal.pi.i2c import Sht3x
from hal.pi.sampler import tried
from tests.hal.pi.test_kernel_files import fault_in
from tests.hal.test_sht3x import answer

I2C_RDWR = 0x0707
I2C_M_RD = 0x0001


class FedBus:
    """Answers a measurement command at one address, and acknowledges nobody else."""

    def __init__(self, data: str, address: int = 0x44) -> None:
        self.commands: list[bytes] = []
        self._data, self._address = bytes.fromhex(data), address

    def ioctl(self, descriptor: int, request: int, argument: object) -> int:
        if request != I2C_RDWR:
            return 0
        for index in range(argument.nmsgs):  # type: ignore[attr-defined]
            message = argument.msgs[index]  # type: ignore[attr-defined]
            if message.addr != self._address:
                raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))
            if message.flags & I2C_M_RD:
                for place in range(message.len):
                    message.buf[place] = self._data[place]
            else:
                self.commands.append(bytes(message.buf[place][0] for place in range(message.len)))
        return 0


def read(
    bus: FedBus, device: Path, monkeypatch: pytest.MonkeyPatch, address: int = 0x44
) -> dict[str, object]:
    monkeypatch.setattr(library, "ioctl", bus.ioctl)
    return tried(Sht3x({"device": str(device), "address": address}, 0))


@pytest.fixture
def device(tmp_path: Path) -> Path:
    path = tmp_path / "i2c-1"
    path.touch()
    return path


def test_a_measurement_is_commanded_and_fetched(
    device: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = FedBus(answer(0x6666, 0x8000))
    said = sht3x.decode(read(bus, device, monkeypatch)["raw"])
    assert said is not None
    assert [one.value for one in said] == [25_000, 50_001]
    assert len(bus.commands) == 1


@pytest.mark.parametrize(
    ("address", "name"), [(0x45, "i2c-1"), (0x44, "i2c-7")], ids=["nobody there", "no bus"]
)
def test_a_missing_sensor_or_bus_is_unplugged(
    address: int, name: str, device: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = read(FedBus(answer(1, 1)), device.with_name(name), monkeypatch, address)
    assert fault_in(said) is Fault.UNPLUGGED
