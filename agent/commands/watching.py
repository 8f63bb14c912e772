"""The newest readings for a command, whoever owns the sensors: the running agent, or the command.

One stream for `identify` and `calibrate`; every reading once, as soon as it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from agent.commands.bystander import Bystander
from agent.core.finding import Facts
from agent.edges.clock import Clock
from agent.edges.control import ForbiddenError, NotRunningError, ask
from agent.exits import RefusedError
from agent.settings import Settings

STEP_MS = 1_000
READ_MS = 3_000
"""How often the parts are read here: a DHT22 wants two seconds."""


def readings(settings: Settings, clock: Clock, lasts_ms: int) -> Iterator[list[Facts]]:
    """Yield each new reading of all sensors as `status` tells it, for `lasts_ms`.

    Raises RefusedError where this user may not ask, or a part cannot be opened.
    """
    until_ms = clock.read().boot_ms + lasts_ms
    with ExitStack() as doors:
        source = _agent(settings, clock) or _parts(settings, clock, doors)
        for found in source:
            yield found
            if clock.read().boot_ms >= until_ms:
                return


def _agent(settings: Settings, clock: Clock) -> Iterator[list[Facts]] | None:
    """The agent's readings, or None when no agent runs."""
    try:
        first = ask(settings.socket, "status")
    except NotRunningError:
        return None
    except ForbiddenError as error:
        raise RefusedError(str(error)) from None
    return _asked(settings, clock, first)


def _asked(settings: Settings, clock: Clock, status: Facts) -> Iterator[list[Facts]]:
    """A reading is new when it is younger than the one before would be by now."""
    due_ms = 0
    while True:
        found = status.get("sensors")
        sensors: list[Facts] = found if isinstance(found, list) else []
        now_ms = clock.read().boot_ms
        made_ms = now_ms - min((int(str(one["age_ms"])) for one in sensors), default=0)
        if made_ms >= due_ms:
            due_ms = made_ms + STEP_MS
            yield sensors
        clock.wait(STEP_MS)
        try:
            status = ask(settings.socket, "status")
        except NotRunningError as error:
            raise RefusedError(f"the agent has stopped meanwhile: {error}") from None


def _parts(settings: Settings, clock: Clock, doors: ExitStack) -> Iterator[list[Facts]]:
    bystander = doors.enter_context(Bystander(settings, clock))

    def looked() -> Iterator[list[Facts]]:
        while True:
            facts, _ = bystander.look()
            found = facts["sensors"]
            yield found if isinstance(found, list) else []
            clock.wait(READ_MS)

    return looked()
