"""Publishing configurations, serving them, and what the devices say became of them.

A document is signed once, numbered under the device's lock, and logged before it is served. Nothing
of it can be changed afterwards: to take one back is to publish another. Time is passed in.
Spec: docs/protocol.md, section "Configuration".
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from protocol import configuration, wire
from protocol.bodies import Opening
from protocol.configuration import Bound, Issue, Signed
from protocol.cose import Sign
from protocol.errors import ProtocolError
from protocol.record import open_sealed
from protocol.registry import Problem, Quantity
from protocol.settable import LANGUAGES, LIMITED, SETTINGS, Range, Setting, Stage, Why
from server.devices import roster, shelf
from server.devices.epochs import Configured
from server.devices.models import Assignment, Configuration, Device, EpochFacts
from server.ledger import keys, log, rows
from server.ledger.log import writing

DAY_MS = 86_400_000
TICKS_A_DAY = 1_440
LIMIT_KEYS = ("id", "sensor", "quantity", "above")
SHOWN = 50


class Unpublishable(Exception):
    """Nothing was published; the text tells the operator why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a file asks for: settings by number, limits by id."""

    settings: tuple[tuple[Setting, int], ...]
    limits: tuple[Bound, ...]


def read(text: str) -> Wish:
    """Read a file. Raises Unpublishable naming the key, and what was expected."""
    try:
        values = tomllib.loads(text)
    except ValueError as error:
        raise Unpublishable(f"not valid TOML: {error}") from None
    limits = values.pop("limit", [])
    if not isinstance(limits, list) or not all(isinstance(one, dict) for one in limits):
        raise Unpublishable("limit: expected tables, each headed [[limit]]")
    known = {bounds.key: setting for setting, bounds in SETTINGS.items()}
    if unknown := sorted(values.keys() - known.keys()):
        told = ", ".join(sorted(known))
        raise Unpublishable(f"{unknown[0]}: not settable from afar; settable are: {told}, limit")
    settings = {known[key]: _number(SETTINGS[known[key]], value) for key, value in values.items()}
    bounds = sorted(map(_bound, limits), key=lambda one: one.id)
    if len({one.id for one in bounds}) < len(bounds):
        raise Unpublishable("limit.id: expected a number that no other limit has")
    return Wish(tuple(sorted(settings.items())), tuple(bounds))


def _number(bounds: Range, value: object) -> int:
    """Words stand for numbers where people read them: languages, and true and false."""
    spoken = {name: number for number, name in LANGUAGES.items() if name}
    if bounds.key == "language" and isinstance(value, str):
        value = spoken.get(value, value)
    if bounds.key == "buzzer" and isinstance(value, bool):
        value = int(value)
    if type(value) is not int or not bounds.holds(value):
        expected = f"a whole number from {bounds.least} to {bounds.most}"
        raise Unpublishable(f"{bounds.key} = {value!r}: expected {expected}")
    return value


def _bound(table: Mapping[str, Any]) -> Bound:
    words = {quantity.name.lower(): quantity for quantity in LIMITED}
    quantity = words.get(table.get("quantity", ""))
    if quantity is None:
        raise Unpublishable(f"limit.quantity: expected one of {', '.join(words)}")
    fields = LIMITED[quantity]
    if unknown := sorted(table.keys() - {*LIMIT_KEYS, *(one.key for one in fields.values())}):
        raise Unpublishable(f"limit.{unknown[0]}: unknown key")
    above = table.get("above", True)
    if not isinstance(above, bool):
        raise Unpublishable("limit.above: expected true or false")
    numbers = [_number(bounds, table.get(bounds.key)) for bounds in fields.values()]
    return Bound(_small(table, "id"), _small(table, "sensor"), quantity, above, *numbers)


def _small(table: Mapping[str, Any], key: str) -> int:
    value = table.get(key)
    if type(value) is not int or not 0 <= value <= 255:
        raise Unpublishable(f"limit.{key}: expected a whole number from 0 to 255")
    return value


def devices_of(asset: str) -> list[str]:
    """The devices that are fitted to an asset now. Raises Unpublishable where there is none."""
    here = Assignment.objects.filter(asset__name=asset, until_ms=None).order_by("id")
    found = list(here.values_list("device_id", flat=True))
    if not found:
        raise Unpublishable(f"no device is fitted to {asset}")
    return found


def check(device: str, wish: Wish) -> None:
    """Raises Unpublishable where `publish` would."""
    with writing():
        _insist(device, wish)


def publish(device: str, wish: Wish, days: int, sign: Sign, now_ms: int) -> int:
    """Sign the next document for a device; return its number, once the log holds it.

    days: about how long a device may take to begin it, told by the log's growth. Raises
    Unpublishable; LogUnavailable: it is published, and logged with the next checkpoint.
    """
    with writing():
        row = _insist(device, wish)
        newest = row.configurations.order_by("-version").first()
        content = configuration.Configuration(
            device=device,
            version=newest.version + 1 if newest else 1,
            issued_ms=now_ms,
            issue=_issue(days, now_ms),
            settings=wish.settings,
            limits=wish.limits,
        )
        roster.configure(device, configuration.sign(content, sign), now_ms)
    log.sequence(now_ms)
    return content.version


def _insist(device: str, wish: Wish) -> Device:
    """The row, locked, of a device that would obey our key and has the sensors that are named."""
    if not Device.objects.filter(name=device).exists():
        raise Unpublishable(f"no device {device} is enrolled here")
    row = shelf.locked(device)
    if row.revoked_ms is not None:
        raise Unpublishable(f"{device} is revoked")
    if wire.decode_enrol_answer(bytes(row.answer)).config_vkey != keys.current().config.vkey:
        raise Unpublishable(f"{device} obeys another configuration key: it was enrolled elsewhere")
    fitted = _sensors(device)
    for bound in wish.limits if fitted is not None else ():
        if bound.sensor not in (fitted or ()):
            raise Unpublishable(f"{device} has no sensor {bound.sensor}, says its newest opening")
    return row


def _sensors(device: str) -> set[int] | None:
    newest = EpochFacts.objects.filter(device=device).order_by("-id").first()
    if newest is None:
        return None
    body = open_sealed(bytes(newest.opening)).record.body
    return {one.number for one in body.sensors} if isinstance(body, Opening) else None


def _issue(days: int, now_ms: int) -> Issue:
    """The log's pace of the last day tells how far it will be then; it ticks once a minute."""
    newest = log.newest()
    found = rows.fetch(
        "SELECT coalesce(max(size), 0) FROM ledger_checkpoint WHERE utc_ms <= %s",
        [now_ms - DAY_MS],
    )
    a_day = max(newest.size - int(found[0][0]), TICKS_A_DAY)
    return Issue(keys.current().origin, newest.size, newest.size + days * a_day)


def served(device: str) -> Signed:
    """The newest document. Raises ProtocolError: UNKNOWN_DEVICE, NOT_FOUND."""
    newest = Configuration.objects.filter(device=device).order_by("-version").first()
    if newest is not None:
        return configuration.decode(bytes(newest.document))
    if not Device.objects.filter(name=device).exists():
        raise ProtocolError(Problem.UNKNOWN_DEVICE, "no such device is enrolled here")
    raise ProtocolError(Problem.NOT_FOUND, "no configuration is published for this device")


@dataclass(frozen=True, slots=True)
class Published:
    """One document, and the newest word of the device about it: stage, and why."""

    signed: Signed
    published_ms: int
    stage: Stage | None = None
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is known: documents, newest first, and the number the newest run goes by; 0: its own
    settings; None: nothing was heard, or of something that was never published here."""

    documents: tuple[Published, ...]
    in_use: int | None


def standing(device: str) -> Standing:
    """What was published for a device, and what its records say became of it."""
    found = EpochFacts.objects.filter(device=device).order_by("-id")[:SHOWN]
    epochs = [shelf.epoch_of(one) for one in found]
    runs = [epoch.configured for epoch in epochs]
    # A run that has neither said a word nor read anything yet has only just begun.
    told = [epoch.configured for epoch in epochs if epoch.configured or epoch.reading]
    documents = list(Configuration.objects.filter(device=device).order_by("-version")[:SHOWN])
    numbers = {one.mark: one.version for one in documents}
    return Standing(
        tuple(_published(one, runs) for one in documents),
        _in_use(told[0], numbers) if told else None,
    )


def _published(row: Configuration, runs: Sequence[tuple[Configured, ...]]) -> Published:
    signed = configuration.decode(bytes(row.document))
    said = next((one for run in runs for one in reversed(run) if one.mark == row.mark), None)
    plain = Published(signed, row.published_ms)
    if said is None:
        return plain
    why = said.why in {one.value for one in Why}
    return replace(plain, stage=Stage(said.stage), why=Why(said.why) if why else None)


def _in_use(run: tuple[Configured, ...], numbers: Mapping[int, int]) -> int | None:
    """Of one run: the document that was gone by last, if it is one of ours."""
    used = [one for one in run if one.stage in (Stage.ON_TRIAL, Stage.CONFIRMED)]
    return numbers.get(used[-1].mark) if used else 0


def lines(signed: Signed, say: Callable[[Range], str]) -> list[str]:
    """What a document says, a line each."""
    content = signed.content
    told = [f"{say(SETTINGS[setting])}: {value}" for setting, value in content.settings]
    return told + [
        f"limit {one.id}, sensor {one.sensor}: {Quantity(one.quantity).name.lower()}"
        f" {'>' if one.above else '<'} {one.threshold}, hysteresis {one.hysteresis},"
        f" delay {one.delay_ms} ms, budget {one.budget_ms} ms"
        for one in content.limits
    ]
