"""A settings file becomes one frozen `Settings`, or a list of its mistakes.

It never falls back to a default for a value that is there but wrong, and names no simulated part
by itself. config/agent.toml explains every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.settings import (
    PARTS,
    ContactSettings,
    LimitSettings,
    MockSettings,
    Option,
    OutboxSettings,
    PairSettings,
    PartSettings,
    Profile,
    SensorSettings,
    ServerSettings,
    Settings,
    SignerKind,
)
from agent.toml_table import REQUIRED, SettingsError, Table, read_toml
from hal import schema
from protocol.registry import Quantity

DAY_MS = 86_400_000
MAX_MILLI = 10_000_000
MAX_SOCKET_PATH = 107
"""Linux gives the address of a Unix socket 108 bytes with its closing zero."""
KINDS: Mapping[str, str] = {
    "position": "positioner",
    "door": "contact",
    "power": "contact",
    "ignition": "contact",
    "light": "light",
    "buzzer": "light",
    "link": "link",
}
"""What kind of part, in hal's words, each table of a single part fits."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a profile assumes where the file is silent."""

    sample_period_ms: int
    cap_rows: int
    moves: bool


DEFAULTS: Mapping[Profile, Defaults] = {
    Profile.TRUCK: Defaults(sample_period_ms=10_000, cap_rows=500_000, moves=True),
    Profile.SITE: Defaults(sample_period_ms=60_000, cap_rows=500_000, moves=False),
}


def load(path: Path) -> Settings:
    """Read a settings file. Raises SettingsError with every problem found."""
    return parse(read_toml(path), path)


def parse(values: dict[str, object], path: Path) -> Settings:
    """Turn parsed TOML into Settings; `path` is for messages and relative paths."""
    top = Table(path, "", values, [])
    settings = _settings(top)
    top.finish()
    if top.problems:
        raise SettingsError(sorted(set(top.problems), key=top.problems.index))
    return settings


def _settings(top: Table) -> Settings:
    agent = _section(top, "agent")
    profile = agent.word("profile", REQUIRED, Profile)
    defaults = DEFAULTS[profile]
    period = agent.integer("sample_period_ms", defaults.sample_period_ms, 1_000, 3_600_000)
    sensors = _sensors(top)
    state_dir = agent.path("state_dir", "/var/lib/jagalchi")
    limits = _limits(top, sensors, period)
    settings = Settings(
        profile=profile,
        name=agent.text("name", "jagalchi"),
        state_dir=state_dir,
        socket=_socket(agent, state_dir),
        sample_period_ms=period,
        position_period_ms=agent.integer("position_period_ms", period, 1_000, 3_600_000),
        stop_unpowered_ms=agent.integer("stop_unpowered_ms", 0, 0, DAY_MS),
        door_open_ms=agent.integer("door_open_ms", 0, 0, DAY_MS),
        server=_server(top),
        sensors=sensors,
        parts=_parts(top, defaults),
        contacts=tuple(_contact(table) for table in top.tables("contact")),
        mock=_mock(top),
        limits=limits,
        pairs=_pairs(top, sensors, limits, period),
        outbox=_outbox(top, defaults),
        signer=agent.word("signer", SignerKind.ECDSA, SignerKind),
    )
    agent.finish()
    return settings


def _section(top: Table, key: str) -> Table:
    """An absent section is an empty one: its own required keys will be missed."""
    return top.table(key) or Table(top.file, key, {}, top.problems)


def _socket(agent: Table, state_dir: Path) -> Path:
    path = agent.path("socket", str(state_dir / "agent.sock"))
    if len(str(path).encode()) > MAX_SOCKET_PATH:
        agent.problems.append(
            f"{agent.file}: agent.socket = {str(path)!r}: expected at most {MAX_SOCKET_PATH} bytes;"
            " choose a shorter path (or a shorter state_dir)"
        )
    return path


def _server(top: Table) -> ServerSettings:
    table = _section(top, "server")
    url = table.optional_text("url")
    if url is not None and not is_server_url(url):
        table.refuse("url", "https://NAME, or http://NAME on a test bench")
    ca_file = table.path("ca_file", "ca.pem") if "ca_file" in table.values else None
    table.asked.add("ca_file")
    deadline_ms = table.integer("deadline_ms", 30_000, 1_000, 60_000)
    table.finish()
    return ServerSettings(url.rstrip("/") if url else None, ca_file, deadline_ms)


def is_server_url(url: str) -> bool:
    """Whether `url` is http or https, a host, and nothing that belongs to a single request."""
    scheme, separator, rest = url.partition("://")
    host = rest.split("/", 1)[0]
    plain = all(33 <= ord(letter) < 127 for letter in url) and not set("?#@\\") & set(url)
    return bool(separator) and scheme in ("http", "https") and host.strip(":") != "" and plain


def _sensors(top: Table) -> tuple[SensorSettings, ...]:
    tables = top.tables("sensor")
    if not tables:
        top.problems.append(f"{top.file}: sensor: expected at least one [[sensor]]")
    sensors = tuple(_sensor(table) for table in tables)
    for table, sensor in zip(tables, sensors, strict=True):
        if sum(other.number == sensor.number for other in sensors) > 1:
            table.refuse("number", "a number that no other sensor has")
        if sum(other.name == sensor.name for other in sensors) > 1:
            table.refuse("name", "a name that no other sensor has")
    return sensors


def _sensor(table: Table) -> SensorSettings:
    part = table.text("part", REQUIRED, 32)
    sensor = SensorSettings(
        number=table.integer("number", REQUIRED, 0, 255),
        name=table.text("name", REQUIRED, 32),
        part=part,
        options=_options(table, "sensor", part),
        corrections=_corrections(table),
    )
    table.finish()
    return sensor


def _corrections(table: Table) -> dict[Quantity, int]:
    inner = table.table("correction_milli")
    if inner is None:
        return {}
    found = {
        quantity: inner.integer(quantity.name.lower(), 0, -20_000, 20_000)
        for quantity in (Quantity.TEMPERATURE, Quantity.HUMIDITY)
    }
    inner.finish()
    return {quantity: milli for quantity, milli in found.items() if milli}


def _contact(table: Table) -> ContactSettings:
    part = table.text("part", REQUIRED, 32)
    contact = ContactSettings(
        number=table.integer("number", REQUIRED, 0, 255),
        name=table.text("name", REQUIRED, 32),
        role=table.text("role", "door", 32),
        part=part,
        options=_options(table, "contact", part),
    )
    table.finish()
    return contact


def _parts(top: Table, defaults: Defaults) -> dict[str, PartSettings]:
    found = {key: _part(table, key) for key in PARTS if (table := top.table(key)) is not None}
    fitted = {key: part for key, part in found.items() if part.part != "none"}
    if "position" in fitted and not defaults.moves:
        part = fitted["position"].part
        top.problems.append(
            f"{top.file}: position.part = {part!r}: expected no [position]: a site stays put"
        )
    return fitted


def _part(table: Table, key: str) -> PartSettings:
    name = table.text("part", REQUIRED, 32)
    part = PartSettings(name, _options(table, KINDS[key], name))
    table.finish()
    return part


def _options(table: Table, kind: str, part: str) -> dict[str, Option]:
    """The part's own options; a real part's are all checked here, others when it is opened."""
    options = table.options("options")
    inner = table.table("options") or Table(table.file, f"{table.name}.options", {}, table.problems)
    for key, expected in schema.problems(kind, part, options):
        inner.refuse(key, expected)
    return options


def _mock(top: Table) -> MockSettings:
    table = _section(top, "mock")
    mock = MockSettings(
        scenario=table.text("scenario", "steady", 32),
        seed=table.integer("seed", 1, 0, 2**32 - 1),
    )
    table.finish()
    return mock


def _limits(
    top: Table, sensors: tuple[SensorSettings, ...], period_ms: int
) -> tuple[LimitSettings, ...]:
    tables = top.tables("limit")
    limits = tuple(_limit(table, period_ms) for table in tables)
    numbers = {sensor.number for sensor in sensors}
    for table, limit in zip(tables, limits, strict=True):
        if limit.sensor not in numbers:
            table.refuse("sensor", "the number of a [[sensor]]")
        if sum(other.id == limit.id for other in limits) > 1:
            table.refuse("id", "a number that no other limit has")
    return limits


def _limit(table: Table, period_ms: int) -> LimitSettings:
    budget_ms = table.integer("budget_ms", 0, 0, 365 * DAY_MS)
    limit = LimitSettings(
        id=table.integer("id", REQUIRED, 0, 255),
        sensor=table.integer("sensor", REQUIRED, 0, 255),
        quantity=table.code("quantity", Quantity),
        threshold_milli=table.integer("threshold_milli", REQUIRED, -MAX_MILLI, MAX_MILLI),
        above=table.flag("above", True),
        hysteresis_milli=table.integer("hysteresis_milli", 500, 0, MAX_MILLI),
        delay_ms=table.integer("delay_ms", 0, 0, DAY_MS),
        budget_ms=budget_ms or None,
        gap_ms=table.integer("gap_ms", 3 * period_ms, 1_000, DAY_MS),
        uncertainty_milli=table.integer("uncertainty_milli", 0, 0, MAX_MILLI),
    )
    table.finish()
    return limit


def _pairs(
    top: Table,
    sensors: tuple[SensorSettings, ...],
    limits: tuple[LimitSettings, ...],
    period_ms: int,
) -> tuple[PairSettings, ...]:
    tables = top.tables("pair")
    pairs = tuple(_pair(table, period_ms) for table in tables)
    numbers, taken = {sensor.number for sensor in sensors}, [limit.id for limit in limits]
    for table, pair in zip(tables, pairs, strict=True):
        for key, number in (("first", pair.first), ("second", pair.second)):
            if number not in numbers:
                table.refuse(key, "the number of a [[sensor]]")
        if pair.first == pair.second:
            table.refuse("second", "another sensor than the first")
        if (taken + [other.id for other in pairs]).count(pair.id) > 1:
            table.refuse("id", "a number that no limit and no other pair has")
    return pairs


def _pair(table: Table, period_ms: int) -> PairSettings:
    pair = PairSettings(
        id=table.integer("id", REQUIRED, 0, 255),
        first=table.integer("first", REQUIRED, 0, 255),
        second=table.integer("second", REQUIRED, 0, 255),
        quantity=table.code("quantity", Quantity),
        apart_milli=table.integer("apart_milli", REQUIRED, 1, MAX_MILLI),
        hysteresis_milli=table.integer("hysteresis_milli", 500, 0, MAX_MILLI),
        delay_ms=table.integer("delay_ms", 600_000, 0, DAY_MS),
        gap_ms=table.integer("gap_ms", 3 * period_ms, 1_000, DAY_MS),
    )
    table.finish()
    return pair


def _outbox(top: Table, defaults: Defaults) -> OutboxSettings:
    table = _section(top, "outbox")
    outbox = OutboxSettings(
        cap_rows=table.integer("cap_rows", defaults.cap_rows, 1_000, 10_000_000),
        cap_bytes=table.integer("cap_bytes", 256 * 2**20, 2**20, 2**40),
    )
    table.finish()
    return outbox
