"""The real `adafruit_dht` on pulse trains, in this process: what it decodes is what we rebuild."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

import adafruit_dht
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hal.api import Fault, Quantity
from hal.drivers import dht
from hal.drivers.trouble import fault_of
from hal.pi.dht import PATIENCE, DhtReader, Ways
from hal.pi.sampler import tried
from tests.hal.pi.fed_dht import Pin, SpacedReader
from tests.hal.pi.fed_dht import clock as hurry
from tests.hal.pi.pulses import LONG, SHORT, frame, train

FULL_BUFFER = train(frame(0x0102, 0x0203))
trains: list[list[int]] = []
opened: list[bool] = []


class FedPulses:
    """Blinka's PulseIn, one train for each trigger."""

    def __init__(self, pin: object, maxlen: int, idle_state: bool) -> None:
        opened.append(True)
        self._pulses: list[int] = []

    def pause(self) -> None: ...

    def clear(self) -> None:
        self._pulses = []

    def deinit(self) -> None:
        opened[-1] = False

    def resume(self, trigger_us: int) -> None:
        assert trigger_us == 1_000
        self._pulses = list(trains.pop(0))

    def popleft(self) -> int:
        return self._pulses.pop(0)

    def __len__(self) -> int:
        return len(self._pulses)


class FedLine:
    """digitalio's pin for the bit-banging way: its level follows the library's clock."""

    direction = pull = None

    def __init__(self, pin: object) -> None:
        self.value_set: list[bool] = []

    def __enter__(self) -> FedLine:
        return self

    def __exit__(self, *error: object) -> None: ...

    @property
    def value(self) -> bool:
        passed_us = (clock.monotonic() - clock.released) * 1_000_000
        for number, pulse in enumerate(train_with_answer):
            passed_us -= pulse
            if passed_us < 0:
                return number % 2 == 1
        return True

    @value.setter
    def value(self, level: bool) -> None:
        clock.released = clock.now


class FineClock:
    """A microsecond-fine clock that steps by itself."""

    now = 5_000.0
    released = 0.0

    def monotonic(self) -> float:
        self.now += 2e-6
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.released = self.now


clock = FineClock()
train_with_answer: list[int] = []


@pytest.fixture(scope="module", autouse=True)
def off_a_pi() -> Iterator[None]:
    """Stand in for the board, the helper process and the library's clock, and nothing else."""
    with pytest.MonkeyPatch.context() as patch:
        board = types.ModuleType("board")
        vars(board)["D4"] = Pin()
        patch.setitem(sys.modules, "board", board)
        patch.setattr(adafruit_dht, "PulseIn", FedPulses, raising=False)
        patch.setattr(adafruit_dht, "time", hurry)
        yield


def reader(pulseio: str = "yes", starts: int = 0) -> DhtReader:
    return SpacedReader({"pin": 4, "pulseio": pulseio}, starts)


def read(data: bytes | list[int]) -> dict[str, object]:
    trains.append(train(data) if isinstance(data, bytes) else data)
    return tried(reader())


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 0xFFFF), st.integers(0, 1_000))
def test_the_bits_on_the_wire_are_rebuilt_from_what_the_library_says(
    word: int, humidity: int
) -> None:
    said = dht.from_library(read(frame(word, humidity))["raw"])
    assert said is not None
    zeros = word == humidity == 0
    assert said[0].value == (None if zeros else dht.celsius(word))
    assert said[1].value == (None if zeros else humidity * 100)


@pytest.mark.parametrize(
    ("word", "milli"), [(0x8065, -10_100), (0xFF84, -12_400), (0xFFF1, -1_500), (0x8000, 0)]
)
def test_cold_as_genuine_sensors_and_as_clones_send_it(word: int, milli: int) -> None:
    said = dht.from_library(read(frame(word, 650))["raw"])
    assert said is not None
    assert [(one.quantity, one.value, one.fault) for one in said] == [
        (Quantity.TEMPERATURE, milli, None),
        (Quantity.HUMIDITY, 65_000, None),
    ]


@pytest.mark.parametrize(
    ("pulses", "fault"),
    [
        ([], Fault.NO_ANSWER),
        ([50] * 9, Fault.NO_ANSWER),
        (FULL_BUFFER[:60], Fault.CHECKSUM),
        ([*FULL_BUFFER[:-2], LONG + SHORT - FULL_BUFFER[-2], 50], Fault.CHECKSUM),
        (train(frame(0x0102, 1_001)), Fault.OUT_OF_RANGE),
        ([*FULL_BUFFER[:5], 70_000, *FULL_BUFFER[6:]], Fault.CHECKSUM),
    ],
)
def test_each_way_to_fail_becomes_its_fault(pulses: list[int], fault: Fault) -> None:
    said = read(pulses)
    assert said["errno"] is None
    assert fault_of(None, str(said["text"])) is fault


def test_the_bit_banging_way_decodes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adafruit_dht, "time", clock)
    monkeypatch.setattr(adafruit_dht, "DigitalInOut", FedLine)
    monkeypatch.setattr(sys.modules[__name__], "train_with_answer", [30])
    train_with_answer[:] = [80, 80, *train(frame(0x8065, 652))]
    said = tried(reader("no"))
    assert said == {"raw": [-10.1, 65.2]}


def test_a_failure_is_never_answered_from_memory() -> None:
    one = reader()
    trains[:] = [train(frame(41, 500)), [], train(frame(43, 500))]
    answers = [tried(one) for _ in range(3)]
    assert [answer.get("raw") for answer in answers] == [[4.1, 50.0], None, [4.3, 50.0]]


def test_probing_changes_over_after_failures_and_lets_the_helper_go() -> None:
    opened.clear()
    one = reader("probe")
    trains[:] = [[]] * PATIENCE
    answers = [tried(one) for _ in range(PATIENCE)]
    assert all("not found" in str(answer["text"]) for answer in answers)
    assert opened == [False]


@pytest.mark.parametrize(
    ("wish", "starts", "outcomes", "ways"),
    [
        ("yes", 0, "f" * 9, [True] * 9),
        ("no", 0, "f" * 9, [False] * 9),
        ("probe", 0, "ffffffff", [True] * 3 + [False] * 4 + [True]),
        ("probe", 1, "ffffffff", [False] * 3 + [True] * 4 + [False]),
        ("probe", 0, "fffsffffff", [True] * 10),  # what worked once is kept
        ("probe", 0, "ffffsffffff", [True] * 3 + [False] * 8),
    ],
)
def test_which_way_is_used(wish: str, starts: int, outcomes: str, ways: list[bool]) -> None:
    subject, used = Ways(wish, starts), []
    for outcome in outcomes:
        if outcome == "s":
            subject.worked()
        else:
            subject.failed()
        used.append(subject.pulseio)
    assert used == ways


def test_without_a_board_that_blinka_knows_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "board", None)
    said = tried(reader())
    assert "board" in str(said["text"])
    assert fault_of(None, str(said["text"])) is Fault.NO_ANSWER
