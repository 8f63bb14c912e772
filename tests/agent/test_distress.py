"""An agent that cannot start says so by its light, if the light's own settings can be read."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import pytest
from gpiozero.pins.mock import MockPin
from hypothesis import given
from hypothesis import strategies as st

from agent import distress
from agent.cli import main
from agent.core.health import LOOKS, State
from agent.edges.clock import SystemClock
from agent.edges.enrolment import NotEnrolledError
from agent.exits import CONFIGURATION, RefusedError, TakenError
from tests.hal.pi.pins import mock_pins
from tests.hal.pi.turning import Idle, turn_until

LIGHT = '[light]\npart = "gpio"\noptions = { pin = 24 }\n'
HEAD = '[agent]\nprofile = "truck"\nstate_dir = "."\n'
BROKEN = {
    "an unknown key": HEAD + LIGHT + "[agnet]\n",
    "no TOML at all behind it": LIGHT + "[[sensor]\nnumber = \n",
    "no TOML at all before it": "profile = truck\n" + LIGHT + "[server]\n",
    "its options in a table": "= \n[light]\npart = 'gpio'\n[light.options]\npin = 24\n[x\n",
}


class Onlooker(SystemClock):
    """A clock by which somebody looks at the pin while the agent waits, until it was lit."""

    def __init__(self, pin: MockPin) -> None:
        super().__init__()
        self._pin = pin
        self.waited: list[int] = []

    def wait(self, delta_ms: int, readable: Sequence[int] = ()) -> tuple[int, ...]:
        """As long as it takes."""
        self.waited.append(delta_ms)
        turn_until(Idle(), lambda: was_lit(self._pin))
        return tuple(readable)


def was_lit(pin: MockPin) -> bool:
    return any(one.state for one in pin.states)


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_the_lights_table_is_found_in_a_broken_file(text: str) -> None:
    assert distress.fitted(text) == {"part": "gpio", "pin": 24}


@given(st.text())
def test_whatever_stands_in_the_file_is_a_light_or_none(text: str) -> None:
    assert distress.fitted(text) is None or "part" in text


@pytest.mark.parametrize(
    ("refusal", "state"),
    [
        (RefusedError("agent.profile is missing\nmore"), State.CANNOT_START),
        (NotEnrolledError("no"), State.NOT_ENROLLED),
    ],
)
def test_each_end_has_its_state(refusal: RefusedError, state: State) -> None:
    health = distress.state(refusal)
    assert (health.state, health.pattern) == (state, LOOKS[state].pattern)
    assert "more" not in health.sentence


def told(refusal: RefusedError, config: Path) -> tuple[list[int], bool]:
    """How long the light was shown at most, and whether it was lit then; it is let go again."""
    with mock_pins() as pins:
        pin = pins.pin(24)
        clock = Onlooker(pin)
        distress.tell(refusal, config, clock, {})
        assert not pin.state
        return clock.waited, was_lit(pin)


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_the_light_is_lit_for_a_while_although_the_file_is_broken(
    text: str, tmp_path: Path
) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(text)
    assert told(RefusedError("broken"), config) == ([distress.SHOWN_MS], True)


def test_beside_another_agent_without_a_file_a_light_or_a_right_pin_it_stays_dark(
    tmp_path: Path,
) -> None:
    config = tmp_path / "agent.toml"
    assert told(RefusedError("no file"), config) == ([], False)
    config.write_text(LIGHT.replace("24", "99"))
    assert told(RefusedError("broken"), config) == ([], False)
    for part in ("none", "mock-light"):
        config.write_text(f'[light]\npart = "{part}"\n')
        assert told(RefusedError("broken"), config) == ([], False)
    config.write_text(LIGHT)
    assert told(TakenError("another agent is running"), config) == ([], False)


def test_run_says_why_before_it_shows_the_light_and_an_order_to_stop_is_obeyed_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(HEAD + LIGHT + "[agnet]\n")
    began_ms = SystemClock().read().boot_ms
    with mock_pins() as pins:
        pin = pins.pin(24)
        stopper = Thread(target=_stop_when_lit, args=(pin,))
        stopper.start()
        assert main(["run", "--config", str(config)]) == CONFIGURATION
        stopper.join()
    assert "did you mean agent?" in capsys.readouterr().err
    assert SystemClock().read().boot_ms - began_ms < distress.SHOWN_MS


def _stop_when_lit(pin: MockPin) -> None:
    turn_until(Idle(), lambda: was_lit(pin))
    os.kill(os.getpid(), signal.SIGTERM)
