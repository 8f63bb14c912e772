"""Alarms and signs from the tracks of an asset: one device or several, late readings or timely."""

from __future__ import annotations

import pytest

from protocol.registry import Event
from science.alarms import Kind, Severity
from science.paging import PROFILES
from science.plausibility import Sign
from science.sensing import Happened
from science.timeline import Stretch
from server.coldchain import tracks, watching
from server.devices.models import Asset
from tests.server.coldchain.recorder import START, asset_of, row

pytestmark = pytest.mark.django_db
MINUTE = 60_000
WINDOW = Stretch(START, START + 240 * MINUTE)


def put(asset: Asset, by: str, *parts: tuple[int, int, int], **more: list[Happened]) -> None:
    """Readings a minute of a device: (from minute, until minute, milli_celsius)."""
    seen = [(START + n * MINUTE, value) for a, b, value in parts for n in range(a, b)]
    with tracks.still():
        tracks.put(row(asset, seen, more.get("happened", ()), by))


def found(asset: Asset) -> list[tuple[Kind, int, Severity]]:
    told = []
    for one in watching.alarms(asset.pk, WINDOW, PROFILES["kr_chilled"]):
        for alarm in one.alarms:
            at_ms, severity = alarm.raised[-1]
            told.append((alarm.kind, round((at_ms - START) / MINUTE), severity))
    return told


def test_an_alarm_is_found_and_found_again_when_late_readings_arrive() -> None:
    asset = asset_of("truck")
    put(asset, "one", (0, 60, 2_000), (130, 240, 2_000))
    assert found(asset) == []
    before = watching.alarms(asset.pk, WINDOW, PROFILES["kr_chilled"])[0]
    put(asset, "one", (60, 130, 12_000))
    after = watching.alarms(asset.pk, WINDOW, PROFILES["kr_chilled"])[0]
    assert found(asset) == [
        (Kind.SINGLE, 90, Severity.WARNING),
        (Kind.CUMULATIVE, 120, Severity.WARNING),
    ]
    assert before.version != after.version
    assert (before.unknown_ms, after.unknown_ms) == (72 * MINUTE, MINUTE)


def test_of_two_devices_the_warmest_pages_and_neither_flickers() -> None:
    asset = asset_of("truck")
    put(asset, "one", (0, 240, 2_000))
    put(asset, "other", (60, 150, 12_000))
    kinds = [kind for kind, *_ in found(asset)]
    assert kinds == [Kind.SINGLE, Kind.CUMULATIVE]


def test_a_door_held_open_pages_after_its_allowance() -> None:
    asset = asset_of("truck")
    events = [
        Happened(START + 60 * MINUTE, Event.DOOR_OPENED, 9),
        Happened(START + 110 * MINUTE, Event.DOOR_CLOSED, 9),
    ]
    put(asset, "one", (0, 60, 2_000), (60, 105, 12_000), (105, 240, 2_000), happened=events)
    assert found(asset) == []
    put(asset, "other", (60, 112, 12_000))
    assert [(kind, at) for kind, at, _ in found(asset)] == [(Kind.SINGLE, 110)]


def test_signs_come_from_the_same_rows() -> None:
    asset = asset_of("truck")
    put(asset, "one", (0, 24 * 60, 1_000))
    window = Stretch(START, START + 24 * 60 * MINUTE)
    signs = {one.sign for one in watching.signs(asset.pk, window, [window])}
    assert signs == {Sign.FLAT}
    assert watching.signs(asset.pk, window, []) == ()


def test_a_sensor_that_is_stuck_shows_beside_one_that_is_not() -> None:
    asset = asset_of("truck")
    put(asset, "stuck", (0, 8 * 60, 1_000))
    put(asset, "moves", *((n, n + 1, 1_000 + n % 20 * 50) for n in range(8 * 60)))
    window = Stretch(START, START + 8 * 60 * MINUTE)
    (one,) = watching.signs(asset.pk, window, [window])
    assert (one.sign, one.from_ms) == (Sign.FLAT, START)


def test_an_asset_without_readings_has_neither() -> None:
    asset = asset_of("room")
    assert found(asset) == []
    assert watching.signs(asset.pk, WINDOW, [WINDOW]) == ()
    (one,) = watching.alarms(asset.pk, WINDOW, PROFILES["kr_chilled"])
    assert one.alarms == ()
