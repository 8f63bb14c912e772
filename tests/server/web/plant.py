"""A simulated site with several rooms, as its agent would sign it, delivered to the server."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from agent.core.schedule import Task
from agent.daemon import bench_config
from agent.edges.instruments import observe
from agent.settings_file import load
from hal import Moment, open_bench
from protocol import wire
from protocol.bodies import Body, Reading
from protocol.opening import SensorLabel
from protocol.record import Sealed, seal
from protocol.span import MAX_RECORDS
from tests.protocol import build
from tests.server.conftest import ORIGIN
from tests.server.devices.trucks import Truck

PROFILE = Path(__file__).parents[3] / "config/profiles/site.toml"
MINUTE_MS = 60_000


def recorded(truck: Truck, minutes: int, until_ms: int) -> list[Sealed]:
    """What the rooms of config/profiles/site.toml said each minute, the last one at `until_ms`."""
    settings = load(PROFILE)
    begun_ms = until_ms - minutes * MINUTE_MS
    labels = tuple(SensorLabel(one.number, one.name) for one in settings.sensors)
    opening = replace(build.opening(truck.who, None, ORIGIN), sensors=labels)
    place = build.Place(build.digest("site", 8), 0, wire.first_prev(truck.answer))
    sealed = [_sealed(truck, opening, place, begun_ms)]
    with closing(open_bench(bench_config(settings, begun_ms))) as bench:
        for minute in range(minutes + 1):
            at = Moment(minute * MINUTE_MS, begun_ms + minute * MINUTE_MS)
            body = Reading(observe(bench, {Task.SAMPLE}, at).measurements or ())
            sealed.append(
                _sealed(truck, body, place.after(sealed[-1]), begun_ms + minute * MINUTE_MS)
            )
    return sealed


def also(truck: Truck, sealed: list[Sealed], body: Body, at_ms: int) -> list[Sealed]:
    """The chain with one more record of that time."""
    last = sealed[-1]
    place = build.Place(last.record.epoch, last.record.seq + 1, last.hash)
    return [*sealed, _sealed(truck, body, place, at_ms)]


def deliver(truck: Truck, sealed: list[Sealed]) -> None:
    """Send all of it."""
    for first in range(0, len(sealed), MAX_RECORDS):
        truck.post(sealed[first : first + MAX_RECORDS])


def _sealed(truck: Truck, body: Body, place: build.Place, at_ms: int) -> Sealed:
    record = build.record(body.KIND, body, place, simulated=True)._replace(utc_ms=at_ms)
    return seal(record, truck.who.kid, truck.who.sign)
