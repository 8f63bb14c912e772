"""Who may stop the agent, when the watchdog is fed, and what people are told."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.conductor import Conductor
from agent.core import health
from agent.core.health import Facts
from agent.core.schedule import Schedule
from agent.core.sensing import Senses
from agent.core.shelf import count
from agent.core.sync import Sync
from agent.edge import Mode, State
from agent.edges.clock import Instant, SystemClock
from agent.edges.notify import Notifier
from agent.edges.signals import StopSignals
from protocol.registry import Problem, TimeSource

PERIOD_MS = 10_000
CLOCK = SystemClock()


def unpowered(boot_ms: int, since_ms: int | None) -> State:
    return replace(state(boot_ms), senses=Senses(unpowered_ms=since_ms))


def state(boot_ms: int, durable_ms: int | None = 0, **facts: object) -> State:
    known = Facts(**{"good_ms": boot_ms, **facts})  # type: ignore[arg-type]
    return State(
        name="truck",
        device="a" * 16,
        now=Instant(boot_ms, None, TimeSource.NONE, None, bytes(16)),
        schedule=Schedule({}, {}),
        senses=Senses(),
        sync=Sync(looked_ms=0),
        counters=count((), {}),
        health=health.judge(known, boot_ms),
        head=None,
        tree=(0, bytes(32)),
        durable_ms=durable_ms,
        origin="log.test",
        key="00" * 8,
    )


class Ear:
    """What systemd would hear."""

    def __init__(self, path: Path) -> None:
        self.notifier = Notifier(str(path))
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)

    def heard(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4_096).decode())
            except BlockingIOError:
                return messages

    def close(self) -> None:
        self.notifier.close()
        self._socket.close()


@pytest.fixture
def stop() -> Iterator[StopSignals]:
    with StopSignals() as signals:
        yield signals


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Ear]:
    opened = Ear(tmp_path / "notify")
    yield opened
    opened.close()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def conductor(stop: StopSignals, ear: Ear, said: list[str]) -> Conductor:
    return Conductor(stop, None, ear.notifier, said.append, 3_600_000, PERIOD_MS)


def test_a_signal_is_counted_and_wakes_the_wait(stop: StopSignals) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    assert CLOCK.wait(60_000, (stop.descriptor,)) == (stop.descriptor,)
    assert stop.count == 2
    stop.clear()
    assert CLOCK.wait(0, (stop.descriptor,)) == ()
    assert stop.count == 2


def test_signals_are_given_back_at_the_end() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopSignals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_first_wish_drains_and_the_second_leaves(conductor: Conductor) -> None:
    busy = state(1)
    assert conductor.mode(busy) is Mode.RUN
    os.kill(os.getpid(), signal.SIGTERM)
    assert conductor.mode(busy) is Mode.DRAIN
    os.kill(os.getpid(), signal.SIGTERM)
    assert conductor.mode(busy) is Mode.STOP


def test_draining_ends_when_all_is_proved_and_the_epoch_is_closed(conductor: Conductor) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    waiting = replace(count((), {}), waiting=1)
    assert conductor.mode(replace(state(1), closed=True, counters=waiting)) is Mode.DRAIN
    assert conductor.mode(replace(state(1), closed=False)) is Mode.DRAIN
    assert conductor.mode(replace(state(1), closed=True)) is Mode.STOP


def test_without_a_drain_the_first_wish_leaves(
    stop: StopSignals, ear: Ear, said: list[str]
) -> None:
    conductor = Conductor(stop, None, ear.notifier, said.append, 0, PERIOD_MS)
    os.kill(os.getpid(), signal.SIGINT)
    assert conductor.mode(state(1)) is Mode.STOP
    assert ear.heard() == ["STOPPING=1"]


FRESH, STALE = 30_000, 30_001


@pytest.mark.parametrize(
    ("now", "fed"),
    [
        (state(FRESH), True),
        (state(STALE), False),
        (state(1, durable_ms=None), True),
        (state(STALE, trouble="EIO"), True),
        (state(300_000, trouble="EIO"), True),
        (state(300_001, trouble="EIO"), False),
        (state(10**9, full=True), True),
        (state(STALE, denied=Problem.REVOKED), False),
        (replace(state(10**9), closed=True), True),
    ],
)
def test_the_watchdog_is_fed_by_durable_work_only(
    conductor: Conductor, ear: Ear, now: State, fed: bool
) -> None:
    conductor.report(state(0, durable_ms=None))
    ear.heard()
    conductor.report(now)
    assert ("WATCHDOG=1" in ear.heard()) is fed


def test_a_slow_site_is_not_taken_for_dead(stop: StopSignals, ear: Ear, said: list[str]) -> None:
    conductor = Conductor(stop, None, ear.notifier, said.append, 0, 600_000)
    conductor.report(state(1_200_000))
    assert "WATCHDOG=1" in ear.heard()


def test_ready_comes_once_and_a_state_is_told_when_it_changes(
    conductor: Conductor, ear: Ear, said: list[str]
) -> None:
    for now in (
        state(1, waiting=100),
        state(2, waiting=101),
        state(3, trouble="EIO"),
        state(4, trouble="EIO"),
    ):
        conductor.report(now)
    heard = ear.heard()
    assert [word for word in heard if word.startswith("READY")] == ["READY=1"]
    assert [len(line.split(" / ")) for line in said] == [2, 2]
    assert sum(word.startswith("STATUS=") for word in heard) == 3


@pytest.mark.parametrize(
    ("patience_ms", "since_ms", "mode"),
    [
        (60_000, 40_000, Mode.STOP),
        (60_000, 40_001, Mode.RUN),
        (60_000, None, Mode.RUN),
        (0, 0, Mode.RUN),
    ],
)
def test_without_power_for_long_enough_it_stops_in_order(
    patience_ms: int, since_ms: int | None, mode: Mode, tmp_path: Path
) -> None:
    with StopSignals() as stop:
        conductor = Conductor(
            stop, None, Notifier(None), lambda sentence: None, 60_000, PERIOD_MS, patience_ms
        )
        assert conductor.mode(unpowered(100_000, since_ms)) is mode
        assert conductor.unpowered is (mode is Mode.STOP)
