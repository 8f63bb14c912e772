"""Asks the hardware and hands on what it said, in the words of the protocol. Changes nothing.

The numbers of `hal` are those of the registry, so this is a change of clothes, not of content.
A part never raises; what it cannot say it says as a fault.
"""

from __future__ import annotations

from collections.abc import Collection

from agent.core.schedule import Task
from agent.core.sensing import Contact, Observation, Whereabouts
from agent.edges.walltime import BELIEVABLE_MS, BUILD_UTC_MS
from hal import Bench, Measurement, Moment, PositionFix
from hal.drivers.weeks import after_rollover
from protocol.bodies import Measured, Position
from protocol.registry import Fix, Quantity, Status

ROLLED_MS = 5 * 36_525 * 864_000
"""Five years: no release is in use for longer."""


def observe(bench: Bench, tasks: Collection[Task], at: Moment) -> Observation:
    """Read what is due. Contacts are looked at every time: it costs nothing."""
    contacts = tuple(
        Contact(fitted.number, fitted.role.value, fitted.contact.read(at))
        for fitted in bench.contacts
    )
    measurements = None
    if Task.SAMPLE in tasks:
        read = (one for sensor in bench.sensors for one in sensor.read(at))
        measurements = tuple(_measured(one) for one in read)
    fix = bench.positioner.read(at) if Task.POSITION in tasks else None
    return Observation(measurements, contacts, None if fix is None else _whereabouts(fix))


def _measured(one: Measurement) -> Measured:
    status = Status.OK if one.fault is None else Status(int(one.fault))
    quantity = Quantity(int(one.quantity))
    return Measured(one.sensor, quantity, one.value, status, one.tries, one.raw)


def _whereabouts(fix: PositionFix) -> Whereabouts:
    position = Position(
        lat_e7=fix.lat_e7,
        lon_e7=fix.lon_e7,
        speed_mm_s=fix.speed_mm_s,
        course_cdeg=fix.course_cdeg,
        fix=Fix(int(fix.fix)),
        satellites=fix.satellites,
        hdop_centi=fix.hdop_centi,
        age_ms=fix.age_ms,
    )
    fault = None if fix.fault is None else Status(int(fix.fault))
    utc_ms = _believable(fix, position)
    rolled_ms = 0 if utc_ms is None or fix.utc_ms is None else utc_ms - fix.utc_ms
    return Whereabouts(position, fault, utc_ms, rolled_ms)


def _believable(fix: PositionFix, position: Position) -> int | None:
    """A receiver's date counts with a whole fix only, and never before this program was built.

    Week numbers have ten bits: a date before that is taken for one 1024 weeks later. Any nonsense
    can be moved so, so the outcome must lie near the build, and the record says that it was moved.
    """
    if fix.utc_ms is None or fix.fault is not None or position.fix is not Fix.FIX_3D:
        return None
    utc_ms = after_rollover(fix.utc_ms, BUILD_UTC_MS)
    most_ms = BELIEVABLE_MS if utc_ms == fix.utc_ms else ROLLED_MS
    return utc_ms if utc_ms - BUILD_UTC_MS <= most_ms else None
