"""An SHT3x on I2C, in the child process of hal/pi/warden.py."""

from __future__ import annotations

import time
from collections.abc import Mapping

from hal.drivers.sht3x import ANSWER_BYTES, DURATION_S, MEASURE


class Sht3x:
    """One sensor; the bus is opened for each read, so that one which vanished is found again."""

    def __init__(self, job: Mapping[str, object], starts: int) -> None:  # noqa: ARG002
        """Touch nothing yet."""
        self._device = str(job["device"])
        self._address = int(str(job["address"]))

    def read(self) -> object:
        """Return the six bytes as hexadecimal text. Raises OSError."""
        from smbus2 import SMBus, i2c_msg

        with SMBus(self._device) as bus:
            bus.i2c_rdwr(i2c_msg.write(self._address, MEASURE))
            time.sleep(DURATION_S)  # it holds no clock: asked too early, it does not acknowledge
            answer = i2c_msg.read(self._address, ANSWER_BYTES)
            bus.i2c_rdwr(answer)
        return bytes(answer).hex()
