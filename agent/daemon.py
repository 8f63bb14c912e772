"""The composition root: from settings to a running loop, and from a signal to an orderly end.

Opens every door, hands them to the loop as one `Edge`, and closes them again whatever happens.
Whatever a technician can mend (settings, key, enrolment, a second agent, a part that does not
exist) is a RefusedError and exit 78; nothing is swallowed, and a bug ends the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from agent import __version__, exits
from agent.conductor import Conductor
from agent.core.chain import Identity
from agent.edges import enrolment
from agent.edges.clock import Clock, SystemClock, VirtualClock, open_virtual
from agent.edges.control import Control
from agent.edges.courier import Courier, RequestsTransport
from agent.edges.enrolment import Enrolment
from agent.edges.notify import Notifier
from agent.edges.outbox import Caps, ForeignOutbox, LockedOutbox, Outbox, Owner
from agent.edges.sealer import Sealer
from agent.edges.signals import StopSignals
from agent.edges.signer import EcdsaSigner, verify_ed25519
from agent.exits import RefusedError
from agent.settings import Option, Settings
from hal import Bench, HalError, open_bench
from protocol import cose, wire
from protocol.opening import SensorLabel

SOFTWARE = f"jagalchi-agent {__version__}"
VIRTUAL_FILE = "virtual-clock.json"
REAL_TIME = 1


@dataclass(frozen=True, slots=True)
class Orders:
    """What the command line adds to the settings; times in real ms.

    `speed` and `span_ms` are for simulated parts only: see `VirtualOrigin`. `drain_ms`: how long to
    go on delivering after a wish to stop.
    """

    speed: int = REAL_TIME
    span_ms: int = 3_600_000
    drain_ms: int = 0


def bench_config(settings: Settings, start_utc_ms: int | None) -> dict[str, object]:
    """The settings of the hardware as the plain mapping that `hal` understands."""
    config: dict[str, object] = {
        "sensors": [
            {"number": s.number, "name": s.name, "part": s.part, **s.options}
            for s in settings.sensors
        ],
        "contacts": [
            {"number": c.number, "name": c.name, "role": c.role, "part": c.part, **c.options}
            for c in settings.contacts
        ],
        "scenario": settings.mock.scenario,
        "seed": settings.mock.seed,
    }
    for key, part in settings.parts.items():
        config[key] = {"part": part.part, **part.options}
    return config if start_utc_ms is None else config | {"start_utc_ms": start_utc_ms}
