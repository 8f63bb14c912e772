"""Recordings played back with their own timing: measurements from CSV, positions from NMEA.

A CSV file starts with the header `at_ms,sensor,quantity,value,fault`. at_ms counts from the start
and never goes back; quantity is a name (temperature, humidity, door, voltage); value is in
milli-units (0 or 1 for a door), empty exactly when the fault leaves none; fault is a name
(no_answer, checksum, ...) or empty. The last column may be left out.

An NMEA file is what a receiver sent, noise included; it is played at the pace of the times of day
in its sentences, one second where they have none.

A recorded value is shown until the next one, at most `hold_ms`; then the sensor is silent. Nothing
is interpolated and nothing repeated for ever. All recordings of a bench start together.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from hal.api import Fault, HalError, Measurement, Moment, PositionFix, Quantity
from hal.drivers.nmea import DAY_MS, Framer, Report, Track, decode
from hal.mock.timeline import Timeline
from hal.options import Options, Shared

LARGEST_FILE = 64 << 20
MOST_ROWS = 2_000_000
CHUNK = 1 << 16
HOLD_MS = 60_000
LONGEST_PAUSE_MS = 3_600_000  # a longer step of an NMEA clock is not believed
SECOND_MS = 1_000
COLUMNS = ["at_ms", "sensor", "quantity", "value", "fault"]
Row = tuple[int | None, Fault | None]


class Recording:
    """A CSV file in memory: for each sensor and quantity, times and what was said then."""

    def __init__(self, path: Path) -> None:
        """Read it. HalError names file, line, column and what was expected."""
        self._times: dict[tuple[int, Quantity], list[int]] = {}
        self._rows: dict[tuple[int, Quantity], list[Row]] = {}
        try:
            lines = _read(path).decode("utf-8").splitlines()
            self._load(path, csv.reader(lines))
        except (UnicodeDecodeError, csv.Error) as error:
            raise HalError(f"{path}: not a CSV file in UTF-8: {error}") from None

    def quantities(self, sensor: int) -> tuple[Quantity, ...]:
        """Return what was recorded of this sensor."""
        return tuple(sorted(quantity for number, quantity in self._times if number == sensor))

    def at(self, sensor: int, quantity: Quantity, elapsed_ms: int, hold_ms: int) -> Row:
        """Return value and fault then: NOT_READY before the first row, NO_ANSWER after a hole."""
        key = (sensor, quantity)
        index = bisect_right(self._times[key], elapsed_ms) - 1
        if index < 0:
            return None, Fault.NOT_READY
        if elapsed_ms - self._times[key][index] > hold_ms:
            return None, Fault.NO_ANSWER
        return self._rows[key][index]

    def _load(self, path: Path, rows: Iterator[list[str]]) -> None:
        header = next(rows, [])
        if header not in (COLUMNS, COLUMNS[:4]):
            raise HalError(f"{path} line 1: {header!r}: expected {','.join(COLUMNS)}")
        last_ms = 0
        for line, row in enumerate(rows, 2):
            if line > MOST_ROWS:
                raise HalError(f"{path}: more than {MOST_ROWS} rows")
            last_ms = self._add(_Cells(path, line, row), last_ms)

    def _add(self, cells: _Cells, last_ms: int) -> int:
        at_ms = cells.number(0, last_ms, 1 << 52)
        key = (cells.number(1, 0, 255), cells.quantity(2))
        self._times.setdefault(key, []).append(at_ms)
        self._rows.setdefault(key, []).append(cells.value_and_fault(key))
        return at_ms


class _Cells:
    """One row of the file, with errors that say where."""

    def __init__(self, path: Path, line: int, row: list[str]) -> None:
        self._where = f"{path} line {line}"
        if len(row) not in (4, 5):
            raise HalError(f"{self._where}: {len(row)} columns: expected 4 or 5")
        self._row = [*row, ""]

    def number(self, column: int, least: int, most: int) -> int:
        try:
            number = int(self._row[column])
        except ValueError:
            raise self._wrong(column, "a whole number") from None
        if not least <= number <= most:
            raise self._wrong(column, f"{least} to {most}")
        return number

    def quantity(self, column: int) -> Quantity:
        name = self._row[column].upper()
        if name not in Quantity.__members__:
            raise self._wrong(column, f"one of {', '.join(Quantity.__members__).lower()}")
        return Quantity[name]

    def value_and_fault(self, key: tuple[int, Quantity]) -> Row:
        name = self._row[4].upper()
        if name and name not in Fault.__members__:
            raise self._wrong(4, f"empty or one of {', '.join(Fault.__members__).lower()}")
        value = self.number(3, -(1 << 52), 1 << 52) if self._row[3] else None
        fault = Fault[name] if name else None
        try:
            Measurement(sensor=key[0], quantity=key[1], value=value, fault=fault)
        except ValueError as error:
            raise HalError(f"{self._where}: {error}") from None
        return value, fault

    def _wrong(self, column: int, expected: str) -> HalError:
        name, value = COLUMNS[column], self._row[column]
        return HalError(f"{self._where}: {name} = {value!r}: expected {expected}")


class Tape:
    """An NMEA file with its own pace: each line with the time at which it was said."""

    def __init__(self, data: bytes) -> None:
        """Hold the bytes; they are decoded as they are played."""
        self._data = data

    def __iter__(self) -> Iterator[tuple[int, Report | Fault | None]]:
        """Yield (at_ms, what was said), at_ms never going back."""
        at_ms, before = 0, None
        for line in self._lines():
            said = decode(line)
            if isinstance(said, Report) and said.kind != "GSA":
                at_ms += _pause(before, said)
                before = said
            yield at_ms, said

    def _lines(self) -> Iterator[bytes]:
        framer = Framer()
        for start in range(0, len(self._data), CHUNK):
            yield from framer.feed(self._data[start : start + CHUNK])
        yield from framer.feed(b"\n")


def _pause(before: Report | None, said: Report) -> int:
    """Return the time between two sentences that tell the time, or should."""
    if before is None:
        return 0
    if said.clock_ms is None or before.clock_ms is None:
        return SECOND_MS if said.kind == "RMC" else 0
    step = (said.clock_ms - before.clock_ms) % DAY_MS
    return step if step <= LONGEST_PAUSE_MS else SECOND_MS


class ReplaySensor:
    """One sensor of a recording."""

    simulated = True
    wake_fd = None

    def __init__(self, recording: Recording, number: int, timeline: Timeline, hold_ms: int) -> None:
        """Play the rows of this sensor number."""
        self._recording = recording
        self._number = number
        self._timeline = timeline
        self._hold_ms = hold_ms
        self._quantities = recording.quantities(number)

    def read(self, at: Moment) -> tuple[Measurement, ...]:
        """Return what was recorded for now."""
        elapsed_ms = self._timeline.elapsed(at)
        return tuple(self._one(quantity, elapsed_ms) for quantity in self._quantities)

    def close(self) -> None:
        """Nothing to let go of."""

    def _one(self, quantity: Quantity, elapsed_ms: int) -> Measurement:
        value, fault = self._recording.at(self._number, quantity, elapsed_ms, self._hold_ms)
        return Measurement(sensor=self._number, quantity=quantity, value=value, fault=fault)


class ReplayContact:
    """A contact of a recording: the rows of one sensor number with the quantity `door`."""

    simulated = True
    wake_fd = None

    def __init__(self, recording: Recording, number: int, timeline: Timeline) -> None:
        """Play the door rows of this number."""
        self._recording = recording
        self._number = number
        self._timeline = timeline

    def read(self, at: Moment) -> bool | None:
        """Return the last recorded state, None before the first."""
        elapsed_ms = self._timeline.elapsed(at)
        value, _ = self._recording.at(self._number, Quantity.DOOR, elapsed_ms, elapsed_ms)
        return None if value is None else bool(value)

    def close(self) -> None:
        """Nothing to let go of."""


class ReplayPositioner:
    """A receiver made of a tape."""

    simulated = True
    wake_fd = None

    def __init__(self, tape: Tape, timeline: Timeline) -> None:
        """Start at the beginning of the tape."""
        self._coming = iter(tape)
        self._next = next(self._coming, None)
        self._track = Track()
        self._timeline = timeline

    def read(self, at: Moment) -> PositionFix | None:
        """Return what the receiver knew at this time of the tape."""
        elapsed_ms = self._timeline.elapsed(at)
        while self._next is not None and self._next[0] <= elapsed_ms:
            self._track = self._track.absorb(self._next[1], self._next[0])
            self._next = next(self._coming, None)
        return self._track.fix(elapsed_ms)

    def close(self) -> None:
        """Nothing to let go of."""


def open_sensor(options: Options, shared: Shared) -> ReplaySensor:
    """Factory of "replay" sensors: `file` (CSV), `hold_ms`."""
    recording, number = _recording(options, shared), options.integer("number", 1)
    if not recording.quantities(number):
        raise options.refuse("number", "a sensor that the file has rows of")
    hold_ms = options.integer("hold_ms", HOLD_MS)
    return ReplaySensor(recording, number, _timeline(options, shared), hold_ms)


def open_contact(options: Options, shared: Shared) -> ReplayContact:
    """Factory of "replay" contacts: `file` (CSV), `number` of the rows with quantity door."""
    options.text("role", "door")
    recording, number = _recording(options, shared), options.integer("number", 0)
    if Quantity.DOOR not in recording.quantities(number):
        raise options.refuse("number", "one that the file has door rows of")
    return ReplayContact(recording, number, _timeline(options, shared))


def open_positioner(options: Options, shared: Shared) -> ReplayPositioner:
    """Factory of the "replay" receiver: `file` (NMEA)."""
    return ReplayPositioner(Tape(_read(_path(options))), _timeline(options, shared))


def _recording(options: Options, shared: Shared) -> Recording:
    path = _path(options)
    return shared.get(("recording", path), Recording, lambda: Recording(path))


def _timeline(options: Options, shared: Shared) -> Timeline:
    start = options.maybe_integer("start_utc_ms")
    return shared.get(("replay", start), Timeline, lambda: Timeline(start))


def _path(options: Options) -> Path:
    name = options.text("file", "")
    if not name:
        raise options.refuse("file", "the path of a recording")
    return Path(name)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise HalError(f"{path}: larger than {LARGEST_FILE} bytes")
        return path.read_bytes()
    except OSError as error:
        raise HalError(f"{path}: {error.strerror}") from None
