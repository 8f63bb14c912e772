"""Between the loop and those who watch it: whoever wants it to stop, systemd, the status socket.

Answers the loop's question "what now?" and passes on what the loop reports. It changes nothing
that is recorded. The watchdog is fed by fresh durable work, not by the turning of the loop: an
agent that turns but stores nothing is restarted, and finds out on the disk what is true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from agent.core import health
from agent.core.schedule import Task
from agent.edge import Mode, State
from agent.edges.clock import boot_now_ms
from agent.edges.control import Answer, Control
from agent.edges.notify import Notifier
from agent.edges.signals import StopSignals

FRESH_MS: Final = 30_000
PATIENCE_MS: Final[Mapping[health.State, int | None]] = {
    health.State.DISK_TROUBLE: 300_000,
    health.State.DISK_FULL: None,
}
"""How long the card may take nothing before a restart is worth trying. A full card is not mended by
one, and the readings that wait in memory would be lost: None is for ever."""


LEFT: Final = (
    "Somebody else had the outbox open; recording goes on in a copy, and they keep the old one."
    " Close whatever reads outbox.db; ask `status` or `export` instead."
)


@dataclass(slots=True)
class Conductor:
    """One run of the agent. `drain_ms` is real time; `sample_period_ms` the clock's own,
    where the loop does not say another.

    The first wish to stop ends sampling, and delivery goes on for `drain_ms` or until all is
    proved; the second ends that too. `stop_unpowered_ms` without power ends both: then `unpowered`.
    `answers` are what may be asked over the control socket, by the word of the question.
    """

    stop: StopSignals
    control: Control | None
    notifier: Notifier
    say: Callable[[str], None]
    drain_ms: int
    sample_period_ms: int
    stop_unpowered_ms: int = 0
    answers: Mapping[str, Callable[[State], Answer]] = field(default_factory=dict)
    unpowered: bool = False
    _stopping_ms: int | None = None
    _begun_ms: int | None = None
    _said: health.State | None = None
    _left: int = 0
    _status: str = ""

    def mode(self, state: State) -> Mode:
        """What the loop shall do next."""
        since_ms = state.senses.unpowered_ms
        if since_ms is not None and 0 < self.stop_unpowered_ms <= state.now.boot_ms - since_ms:
            self.unpowered = True
            return Mode.STOP
        if not self.stop.count:
            return Mode.RUN
        if self._stopping_ms is None:
            self._stopping_ms = boot_now_ms()
            self.notifier.stopping()
        late = boot_now_ms() - self._stopping_ms >= self.drain_ms
        done = state.closed and state.drained
        return Mode.STOP if late or done or self.stop.count > 1 else Mode.DRAIN

    def report(self, state: State) -> None:
        """Pass on what happened in a turn."""
        if self._begun_ms is None:
            self._begun_ms = state.now.boot_ms
            self.notifier.ready()
        if state.health.state is not self._said:
            self._said = state.health.state
            self.say(state.health.sentence)
        if state.health.sentence != self._status:
            self._status = state.health.sentence
            self.notifier.status(self._status)
        if state.readers_left > self._left:
            self._left = state.readers_left
            self.say(LEFT)
        if self._alive(state, self._begun_ms):
            self.notifier.watchdog()

    def descriptors(self) -> tuple[int, ...]:
        """What the loop shall also wake up for."""
        control = self.control.descriptors() if self.control else ()
        return (self.stop.descriptor, *control)

    def serve(self, ready: tuple[int, ...], state: State) -> None:
        """Answer whoever asks. Never blocks, never raises."""
        if self.stop.descriptor in ready:
            self.stop.clear()
        if self.control:
            asked = {word: partial(answer, state) for word, answer in self.answers.items()}
            self.control.serve(ready, asked)

    def _alive(self, state: State, begun_ms: int) -> bool:
        """An agent that drains samples no more: its own deadline ends it."""
        period_ms = state.schedule.period_ms.get(Task.SAMPLE, self.sample_period_ms)
        fresh_ms = max(FRESH_MS, 2 * period_ms)
        patience_ms = PATIENCE_MS.get(state.health.state, fresh_ms)
        since_ms = begun_ms if state.durable_ms is None else state.durable_ms
        fresh = patience_ms is None or state.now.boot_ms - since_ms <= patience_ms
        return state.closed or fresh
