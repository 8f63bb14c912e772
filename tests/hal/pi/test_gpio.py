"""Light and inputs through the real gpiozero on its mock pins."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

import pytest
from gpiozero.pins.mock import MockFactory

import hal
from hal.api import SLOT_MS, Light, Moment, blinks
from hal.pi.gpio import LEASE_MS, RETRY_MS, GpioContact, GpioLight
from hal.schema import Chosen, Value
from tests.hal.pi.pins import mock_pins
from tests.hal.pi.turning import Idle, turn_until

ALIVE = "*......."


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    with mock_pins() as factory:
        yield factory


def light(lit_when: str = "high") -> GpioLight:
    """One whose thread never starts: its steps are turned here."""
    subject = GpioLight(Chosen({"pin": 24, "lit_when": lit_when}), lambda: 0)
    subject._owner._closed = True
    return subject


def contact(pull: str = "up", true_when: str = "high") -> GpioContact:
    values: dict[str, Value] = {"pin": 17, "pull": pull, "true_when": true_when, "bounce_ms": 0}
    return GpioContact(Chosen(values))


def at(now_ms: int) -> Moment:
    return Moment(now_ms, None)


def seen(subject: GpioLight, pins: MockFactory, span_ms: int, tell: str = "") -> str:
    """What an onlooker sees in each slot; `tell`: the agent repeats itself every second."""
    shown, now_ms, next_ms = "", 0, 0
    while now_ms < span_ms:
        if tell and now_ms % 1_000 == 0:
            subject.show(tell, at(now_ms))
        if now_ms >= next_ms:
            next_ms = now_ms + subject.step(now_ms).ms
        shown += "*" if pins.pin(24).state else "."
        now_ms += SLOT_MS
    return shown


@pytest.mark.parametrize("pattern", [ALIVE, blinks(3), "**......*......."])
def test_the_pattern_is_what_an_onlooker_sees(pattern: str, pins: MockFactory) -> None:
    slots = 5 * len(pattern)
    assert seen(light(), pins, slots * SLOT_MS, tell=pattern) == pattern * 5


@pytest.mark.parametrize("pattern", ["********", "*", "........"])
def test_a_pattern_that_stands_still_is_never_lit(pattern: str, pins: MockFactory) -> None:
    assert "*" not in seen(light(), pins, 30_000, tell=pattern)


def test_when_the_agent_hangs_the_light_goes_dark(pins: MockFactory) -> None:
    subject = light()
    subject.show(ALIVE, at(0))
    shown = seen(subject, pins, 4 * LEASE_MS)
    lease = LEASE_MS // SLOT_MS
    assert "*" in shown[lease - 8 : lease + 8]
    assert "*" not in shown[lease + 8 :]


def test_a_light_may_be_lit_by_a_low_pin(pins: MockFactory) -> None:
    shown = seen(light("low"), pins, 40 * SLOT_MS, tell=ALIVE)
    assert shown == ".*******" * 5


def test_a_light_that_fails_is_tried_again_and_harms_nobody(
    pins: MockFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, broken = light(), [True]

    def failing(chosen: Chosen) -> object:
        if broken[0]:
            raise RuntimeError("GPIO busy")
        return original(chosen)

    from hal.pi import gpio

    original = gpio.open_output
    monkeypatch.setattr(gpio, "open_output", failing)
    subject.show(ALIVE, at(0))
    subject.step(0)
    assert subject._retry_ms == RETRY_MS
    broken[0] = False
    subject.show(ALIVE, at(RETRY_MS))
    opened = []
    for now_ms in (RETRY_MS - 1, RETRY_MS):
        subject.step(now_ms)
        opened.append(subject._device is not None)
    assert opened == [False, True]
    subject._let_go()


def test_the_thread_blinks_and_ends_dark(pins: MockFactory) -> None:
    opened = hal.open_light("gpio", {"pin": 24})
    assert isinstance(opened, GpioLight)
    subject: Light = opened
    states: set[bool] = set()

    def blinked() -> bool:
        subject.show("*.", Moment(opened._owner._clock(), None))
        states.add(bool(pins.pin(24).state))
        return states == {True, False}

    turn_until(Idle(), blinked)
    subject.close()
    subject.close()
    assert not pins.pin(24).state


@pytest.mark.parametrize(
    ("pull", "true_when", "level", "says"),
    [
        ("up", "high", True, True),
        ("up", "high", False, False),
        ("up", "low", False, True),
        ("down", "high", True, True),
        ("down", "low", True, False),
        ("none", "high", True, True),
        ("none", "low", False, True),
    ],
)
def test_a_level_means_what_the_settings_say(
    pull: str, true_when: str, level: bool, says: bool, pins: MockFactory
) -> None:
    subject = contact(pull, true_when)
    assert subject.read(at(0)) is not None
    (pins.pin(17).drive_high if level else pins.pin(17).drive_low)()
    assert subject.read(at(1)) is says
    subject.close()


def test_a_change_wakes_and_the_question_lets_it_rest(pins: MockFactory) -> None:
    subject = contact()
    subject.read(at(0))
    assert not readable(subject)
    pins.pin(17).drive_low()
    assert readable(subject)
    assert subject.read(at(1)) is False
    assert not readable(subject)
    pins.pin(17).drive_high()
    assert readable(subject)
    subject.close()
    subject.close()
    assert subject.wake_fd is None


def readable(subject: GpioContact) -> bool:
    assert subject.wake_fd is not None
    return bool(select.select([subject.wake_fd], [], [], 0)[0])


def test_where_there_are_no_pins_a_contact_is_unknown_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries = []

    def failing(chosen: Chosen, changed: object) -> object:
        tries.append(True)
        raise OSError("no such chip")

    monkeypatch.setattr("hal.pi.gpio.open_input", failing)
    subject = contact()
    assert [subject.read(at(ms)) for ms in (0, 1_000, RETRY_MS - 1, RETRY_MS)] == [None] * 4
    assert len(tries) == 2
    subject.close()
    assert subject.read(at(0)) is None


def test_lgpios_pipe_goes_where_the_agent_may_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LG_WD", raising=False)
    hal.open_bench({"light": {"part": "gpio", "pin": 24}, "run_dir": "/run/somewhere"}).close()
    assert os.environ["LG_WD"] == "/run/somewhere"
    monkeypatch.delenv("LG_WD")
