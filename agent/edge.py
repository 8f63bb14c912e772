"""The loop's two nouns: `Edge`, every door to the world, and `State`, all that RAM remembers.

The daemon builds the one and the loop carries the other from turn to turn. Nothing here acts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum

from agent.core.health import Health
from agent.core.plan import Plan
from agent.core.schedule import Schedule
from agent.core.sensing import Senses
from agent.core.shelf import Counters
from agent.core.sync import Sync
from agent.edges.clock import Clock, Instant
from agent.edges.courier import Courier
from agent.edges.keys import Heirs
from agent.edges.sealer import Sealer
from agent.edges.tuner import Tuner
from hal import Bench
from protocol.cose import Verify
from protocol.opening import Head


class Mode(Enum):
    """What the daemon wants of the loop: sample and ship, only ship what waits, or leave."""

    RUN = "run"
    DRAIN = "drain"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Edge:
    """Every door the loop may use.

    `courier` is None where there is no server. `keys` is where a next key appears; None: none ever
    does. `tuner` chooses what is told from afar; None: nothing is. `verify` checks the log's
    Ed25519 notes, and
    `entropy(n)` draws n random bytes. Once a turn the loop asks `mode` with the state before, and
    reports the state after; `descriptors` are further things to wake up for, and `serve` is told
    which of them are ready.
    """

    clock: Clock
    bench: Bench
    sealer: Sealer
    courier: Courier | None
    plan: Plan
    verify: Verify
    entropy: Callable[[int], bytes]
    mode: Callable[[State], Mode]
    report: Callable[[State], None]
    descriptors: Callable[[], tuple[int, ...]]
    serve: Callable[[tuple[int, ...], State], None]
    keys: Heirs | None = None
    tuner: Tuner | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What the loop remembers from turn to turn; all of it may be lost at any moment.

    `tree`: size and root of the newest checkpoint verified of the log `origin`. `key`, `next_key`:
    ids of the key that seals and of the one that shall take over. `durable_ms`: boot time of the
    newest commit. `closed`: the closing record was written, nothing is sampled any more.
    `retuned`: the epoch shall end, and the next one go by another configuration.
    """

    name: str
    device: str
    now: Instant
    schedule: Schedule
    senses: Senses
    sync: Sync
    counters: Counters
    health: Health
    head: Head | None
    tree: tuple[int, bytes]
    durable_ms: int | None
    origin: str
    key: str
    next_key: str | None = None
    damaged: str | None = None
    readers_left: int = 0
    closed: bool = False
    retuned: bool = False

    @property
    def drained(self) -> bool:
        """Whether nothing made is unproved: rows set aside count as waiting."""
        return self.counters.waiting == 0 and self.counters.uncommitted == 0

    def status(self) -> dict[str, object]:
        """What `status --json` says of the loop: plain values only. The rest is in account.py."""
        return {
            "name": self.name,
            "device": self.device,
            "key": self.key,
            "next_key": self.next_key,
            "state": self.health.state.value,
            "sentence": self.health.sentence,
            "says": {"en": self.health.en, "ko": self.health.ko},
            "troubles": [asdict(one) for one in self.health.troubles],
            "epoch": self.head.epoch.hex() if self.head else None,
            "seq": self.head.seq if self.head else None,
            "counters": asdict(self.counters),
            "origin": self.origin,
            "trust": {"size": self.tree[0], "root": self.tree[1].hex()},
            "clock": {
                "boot_ms": self.now.boot_ms,
                "utc_ms": self.now.utc_ms,
                "source": self.now.source.name.lower(),
                "uncertainty_ms": self.now.uncertainty_ms,
            },
            "link": self.sync.link,
            "sync": {"phase": self.sync.phase.value, "why": self.sync.why},
            "damaged": self.damaged,
            "readers_left": self.readers_left,
        }
