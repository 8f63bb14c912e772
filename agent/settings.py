"""What an agent is told: one frozen `Settings`, made from a file by `agent.settings_file`.

Types only. Secrets are not settings: the device key and the enrolment lie in `state_dir`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from protocol.registry import Quantity

Option = str | int | bool
PARTS = ("position", "door", "power", "ignition", "light", "buzzer", "link")
"""Parts of which there is at most one; a table of that name in the file fits one."""

DEFAULT_PATH = Path("/etc/jagalchi/agent.toml")


class Profile(StrEnum):
    """Where the device lives; decides the defaults."""

    TRUCK = "truck"
    SITE = "site"


class SignerKind(StrEnum):
    """What signs with the device's key; both read the same file and sign the same bytes."""

    ECDSA = "ecdsa"
    OPENSSL = "openssl"


@dataclass(frozen=True, slots=True)
class PartSettings:
    """One hardware part by its name in `hal`, and its own options."""

    part: str
    options: Mapping[str, Option]


@dataclass(frozen=True, slots=True)
class SensorSettings:
    """One sensor; `corrections` maps a quantity to the milli-units added to its values."""

    number: int
    name: str
    part: str
    options: Mapping[str, Option]
    corrections: Mapping[Quantity, int]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a calibration of one sensor's temperature found: by which certificate, when (UTC, ms).

    `correction_milli` is added to every value; the sensor may still be wrong by the uncertainty.
    """

    sensor: int
    certificate: str
    at_ms: int
    correction_milli: int
    uncertainty_milli: int


@dataclass(frozen=True, slots=True)
class ContactSettings:
    """One further two-state input: the doors of a site's rooms. `role` is a word of hal's."""

    number: int
    name: str
    role: str
    part: str
    options: Mapping[str, Option]


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """One limit on one quantity of one sensor, in milli-units and milliseconds."""

    id: int
    sensor: int
    quantity: Quantity
    threshold_milli: int
    above: bool
    hysteresis_milli: int
    delay_ms: int
    budget_ms: int | None
    gap_ms: int
    uncertainty_milli: int


@dataclass(frozen=True, slots=True)
class PairSettings:
    """Two sensors that should agree within `apart_milli`; `id` is no limit's."""

    id: int
    first: int
    second: int
    quantity: Quantity
    apart_milli: int
    hysteresis_milli: int
    delay_ms: int
    gap_ms: int


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How to reach the server. `url` has no trailing slash; None: the one given at enrolment.

    `deadline_ms` bounds one request from its first byte to its last.
    """

    url: str | None
    ca_file: Path | None
    deadline_ms: int


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """Bounds of the durable queue."""

    cap_rows: int
    cap_bytes: int


@dataclass(frozen=True, slots=True)
class MockSettings:
    """What simulated parts play."""

    scenario: str
    seed: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an agent is told; frozen. `parts` is keyed by the names of PARTS.

    `stop_unpowered_ms`: how long without power or ignition until it stops in order; 0: never.
    `door_open_ms`: how long a door may stay open before it is an alarm; 0: for ever.
    """

    profile: Profile
    name: str
    state_dir: Path
    socket: Path
    sample_period_ms: int
    position_period_ms: int
    stop_unpowered_ms: int
    door_open_ms: int
    server: ServerSettings
    sensors: tuple[SensorSettings, ...]
    parts: Mapping[str, PartSettings]
    contacts: tuple[ContactSettings, ...]
    mock: MockSettings
    limits: tuple[LimitSettings, ...]
    pairs: tuple[PairSettings, ...]
    outbox: OutboxSettings
    signer: SignerKind = SignerKind.ECDSA
    calibrations: tuple[Calibration, ...] = ()

    @property
    def outbox_path(self) -> Path:
        """The durable queue."""
        return self.state_dir / "outbox.db"

    @property
    def calibration_path(self) -> Path:
        """What `calibrate` found, for as long as the device lives."""
        return self.state_dir / "calibration.toml"

    @property
    def key_path(self) -> Path:
        """The device key, PEM, 0600."""
        return self.state_dir / "device.key"

    @property
    def enrolment_path(self) -> Path:
        """The bytes of the server's answer to the enrolment."""
        return self.state_dir / "enrolment.cbor"

    @property
    def server_url_path(self) -> Path:
        """The address the device was enrolled at."""
        return self.state_dir / "server.url"
