"""The light of an agent that cannot start: settings, key or enrolment have to be mended first.

systemd tries again every few seconds, and before each try ends the light says for `SHOWN_MS` that
somebody has to look, and `systemctl status` why. Of the settings it reads the light's table and
nothing else, so that a mistake elsewhere, even one that breaks the file, does not put the light
out. It stays dark where that table itself is wrong, or another agent shows its own state; it delays
no order to stop, and raises nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from agent.core.health import Facts, Health, judge
from agent.edges.clock import Clock
from agent.edges.enrolment import NotEnrolledError
from agent.edges.notify import Notifier
from agent.edges.signals import StopSignals
from agent.exits import RefusedError, TakenError
from agent.toml_table import MAX_FILE_BYTES
from hal import HalError, Light, Moment, open_light

SHOWN_MS = 10_000
TABLE = re.compile(r"^\s*\[light[\].].*?(?=^\s*\[(?!light[\].])|\Z)", re.MULTILINE | re.DOTALL)


def tell(
    refusal: RefusedError, config: Path, clock: Clock, environment: MutableMapping[str, str]
) -> None:
    """Say why there is no agent, in the ways that are left."""
    if isinstance(refusal, TakenError):
        return
    health = state(refusal)
    notifier = Notifier.from_environment(environment)
    notifier.status(health.sentence)
    notifier.close()
    light = _open(config)
    if light is not None:
        _show(light, health.pattern, clock)


def state(refusal: RefusedError) -> Health:
    """What is shown for an end of this kind."""
    if isinstance(refusal, NotEnrolledError):
        return judge(Facts(enrolled=False), 0)
    return judge(Facts(unusable=str(refusal).partition("\n")[0]), 0)


def fitted(text: str) -> dict[str, object] | None:
    """The light's table of a settings file, flat, as `hal` wants it; None where none is fitted."""
    alone = TABLE.search(text)
    for piece in (text, alone.group() if alone else ""):
        try:
            table = tomllib.loads(piece).get("light")
        except (ValueError, RecursionError):
            continue
        if isinstance(table, Mapping) and isinstance(table.get("part"), str):
            if table["part"] == "none":
                return None
            options = table.get("options")
            return {**(options if isinstance(options, Mapping) else {}), "part": table["part"]}
    return None


def _open(config: Path) -> Light | None:
    try:
        with config.open("rb") as file:
            found = fitted(file.read(MAX_FILE_BYTES).decode("utf-8", "replace"))
        light = open_light(str(found["part"]), found) if found else None
    except (OSError, HalError):
        return None
    # Nobody stands before a simulated one, and everybody would wait.
    return None if light is None or light.simulated else light


def _show(light: Light, pattern: str, clock: Clock) -> None:
    now = clock.read()
    try:
        with StopSignals() as stop:
            light.show(pattern, Moment(now.boot_ms, now.utc_ms))
            clock.wait(SHOWN_MS, (stop.descriptor,))
    finally:
        light.close()
