"""Sensors that are read by a child process: what their tries add up to.

`read` answers at once from what came in since it was asked last. Nothing is read before the first
question, so that opening a bench touches no hardware.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hal import schema
from hal.api import Fault, Measurement, Moment
from hal.drivers import dht, ds18b20, sht3x
from hal.drivers.tries import Rules, Said, Tries, Try, failed
from hal.options import Options, Shared
from hal.pi.warden import Orders, Warden
from hal.schema import Chosen


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of sensor: how its words are understood, and when its values count."""

    decode: Callable[[object], tuple[Said, ...] | None]
    rules: Rules


KINDS: Mapping[str, Kind] = {
    "dht": Kind(dht.from_library, dht.RULES),
    "dht-kernel": Kind(dht.from_kernel, dht.RULES),
    "ds18b20": Kind(ds18b20.decode, ds18b20.RULES),
    "sht3x": Kind(sht3x.decode, sht3x.RULES),
}


class PolledSensor:
    """One sensor of a warden's bus."""

    simulated = False
    wake_fd = None

    def __init__(self, number: int, kind: Kind, warden: Warden) -> None:
        """Nothing was tried yet."""
        self._number, self._kind, self._warden = number, kind, warden
        self._tries = Tries()
        self._lock = threading.Lock()

    def heard(self, word: object, now_ms: int) -> None:
        """Take one try: what the reader returned, or a fault."""
        said = None if isinstance(word, Fault) else self._kind.decode(word)
        why = word if isinstance(word, Fault) else Fault.CHECKSUM  # an answer of no known form
        one = Try(now_ms, said if said is not None else failed(self._kind.rules, why))
        with self._lock:
            self._tries = self._tries.absorb(one)

    def read(self, at: Moment) -> tuple[Measurement, ...]:
        """Return what the tries since the last question add up to."""
        self._warden.begin()
        with self._lock:
            tries, self._tries = self._tries, self._tries.taken()
        return tuple(
            Measurement(
                sensor=self._number,
                quantity=said.quantity,
                value=said.value,
                fault=said.fault,
                tries=count,
            )
            for said, count in tries.conclude(self._kind.rules, at.boot_ms)
        )

    def close(self) -> None:
        """Stop the bus it hangs on; no process is left."""
        self._warden.close()


def open_sensor(options: Options, shared: Shared) -> PolledSensor:
    """Factory of "dht", "dht-kernel", "ds18b20" and "sht3x"."""
    chosen = schema.choose("sensor", options)
    job = {"reader": options.part, **chosen.values}
    if options.part == "sht3x":
        job["device"] = f"/dev/i2c-{chosen.whole('bus')}"
    warden = _warden(options, chosen, shared)
    sensor = PolledSensor(options.integer("number", 0), KINDS[options.part], warden)
    warden.add(job, sensor.heard)
    return sensor


def _warden(options: Options, chosen: Chosen, shared: Shared) -> Warden:
    """Sensors of one bus take turns in one child; the first one's pace is the bus's."""
    part = options.part
    places = {"dht": "pin", "dht-kernel": "pin", "sht3x": "bus"}
    key = f"{part}-{chosen.whole(places[part])}" if part in places else part
    run_dir = options.text("run_dir", "")
    orders = Orders(
        key,
        chosen.whole("pace_ms"),
        chosen.whole("deadline_ms"),
        Path(run_dir) if run_dir else None,
    )
    return shared.get(("bus", key), Warden, lambda: Warden(orders))
