"""What an error of a bus or of a library means, as a fault. Pure.

The kernel speaks in error numbers; `adafruit_dht` raises RuntimeErrors that differ in their text
only. What is not known here counts as silence, which claims nothing.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping

from hal.api import Fault

BY_NUMBER: Mapping[int, Fault] = {
    errno.ENOENT: Fault.UNPLUGGED,  # the folder of a 1-Wire sensor goes with it
    errno.ENODEV: Fault.UNPLUGGED,
    errno.ENXIO: Fault.UNPLUGGED,
    errno.EREMOTEIO: Fault.UNPLUGGED,  # nobody acknowledged the I2C address
    errno.EIO: Fault.CHECKSUM,  # dht11: a frame that does not add up
    errno.EAGAIN: Fault.NOT_READY,
    errno.EBUSY: Fault.NOT_READY,
}
BY_TEXT: Mapping[str, Fault] = {
    "not found, check wiring": Fault.NO_ANSWER,
    "full buffer was not returned": Fault.CHECKSUM,
    "Checksum did not validate": Fault.CHECKSUM,
    "unplausible data": Fault.OUT_OF_RANGE,
    "greater than maximum": Fault.CHECKSUM,  # OverflowError: a pulse longer than any bit
}


def fault_of(number: int | None, text: str) -> Fault:
    """Return the fault that an error number (or None) and an error's text stand for."""
    if number is not None:
        return BY_NUMBER.get(number, Fault.NO_ANSWER)
    return next((fault for part, fault in BY_TEXT.items() if part in text), Fault.NO_ANSWER)
