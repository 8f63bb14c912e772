"""What the loop is told to do: the pure part of the settings, with everything already checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.core.judgement import Pair
from agent.core.quality import Key
from protocol.excursion import Limit
from protocol.registry import Quantity


@dataclass(frozen=True, slots=True)
class Watch:
    """One limit on one quantity of one sensor; `number` is what events call it by."""

    number: int
    sensor: int
    quantity: Quantity
    limit: Limit


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What is said in the chain of a sensor's calibration: `mark` stands for the certificate."""

    sensor: int
    at_ms: int
    correction: int
    mark: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Periods in ms (0: never), calibration in the quantity's unit, limits, and whom to believe.

    `name` is for people. `enrolled` is the enrolment answer as it was kept, and `first_key` the
    COSE_Key that the device is named after: what a log is shown that has forgotten it.
    `door_open_ms`: how long a door may stay open before it is an alarm; 0: for ever.
    `sync_pace_ms`: least time between two deliveries that are no alarm. `language` of `status`,
    "ko" or "en"; "": the reader's own. `buzzes`: an alarm is heard as well as seen.
    """

    name: str
    sample_period_ms: int
    position_period_ms: int
    enrolled: bytes = b""
    first_key: bytes = b""
    corrections: Mapping[Key, int] = field(default_factory=dict)
    watches: tuple[Watch, ...] = ()
    pairs: tuple[Pair, ...] = ()
    calibrated: tuple[Calibrated, ...] = ()
    door_open_ms: int = 0
    sync_pace_ms: int = 0
    language: str = ""
    buzzes: bool = True
