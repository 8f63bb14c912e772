"""The loop (signatures; being filled in).

Daemon builds: identity = chain.Identity(device, origin, genesis=sha256(enrolment bytes), software,
sensors=tuple[SensorLabel], simulated); outbox = Outbox.open(...); sealer = Sealer(outbox, signer,
identity, os.urandom); courier = Courier(LinkGate(RequestsTransport(...), link, ...)); plan below.
"""
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from agent.edges.clock import Clock, Instant
from agent.edges.courier import Courier
from agent.edges.sealer import Sealer


class Mode(Enum):
    """What the daemon wants: sample and ship; ship only (closing record written); leave."""

    RUN = 1
    DRAIN = 2
    STOP = 3


@dataclass(frozen=True, slots=True)
class Edge:
    """Every door the loop may use, built by the daemon."""

    clock: Clock
    bench: object            # hal.Bench
    sealer: Sealer
    courier: Courier | None  # None: no server (simulate)
    plan: object             # agent.core.plan.Plan: periods, limits, device, log key...
    verify: Callable[[bytes, bytes, bytes], bool]   # Ed25519
    entropy: Callable[[int], bytes]
    mode: Callable[[Instant], Mode]                 # asked once a turn; drained/deadline is daemon's
    report: Callable[["State"], None]               # after each turn: notify, control, progress
    descriptors: Callable[[], tuple[int, ...]]      # control socket, signals: extra wake-ups
    serve: Callable[[tuple[int, ...], "State"], None]  # ready descriptors (control requests)


@dataclass(frozen=True, slots=True)
class State:
    """All that the loop remembers in RAM; frozen. `state.status()` -> dict for status --json."""


def begin(edge: Edge) -> State:
    """Open the epoch: the first durable record."""
    raise NotImplementedError


def turn(edge: Edge, state: State) -> State:
    """One turn; never blocks on the network."""
    raise NotImplementedError


def run(edge: Edge) -> State:
    """begin(), then turn after turn until mode says STOP; commits, returns the last state."""
    raise NotImplementedError
