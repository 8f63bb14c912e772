"""What one record says of the air: the warmest trusted sensor, and how far it may be wrong.

"Worst case from cargo air": of several sensors in one hold the warmest counts. Trusted is a value
of status OK from a sensor that measures the hold. The refrigeration unit's own display is heard and
never believed, because it is what a fake-cold device falsifies. A certificate older than a year
widens the doubt, and so does none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from protocol.bodies import Anchor, EventBody, Measured
from protocol.registry import Event, Param, Quantity, Status
from science.marks import Figure, Mark
from science.timeline import Stretch
from science.verdict import Certificate

YEAR_MS: Final = 366 * 86_400_000
DISPLAYS: Final = ("unit-",)
"""Names of sensors that show what the refrigeration unit believes begin so."""
OUTSIDE: Final = ("outside", "ambient")
"""Names of sensors that hang outside the hold begin so: they are no cargo air."""

UNCERTAINTY: Final[Mapping[Certificate, Figure]] = {
    Certificate.VALID: Figure(500, "milli_celsius", "datasheets: +-0.5 °C, corrected", Mark.OURS),
    Certificate.EXPIRED: Figure(1_000, "milli_celsius", "EN 12830, class 1", Mark.OURS),
    Certificate.NONE: Figure(1_000, "milli_celsius", "EN 12830, class 1", Mark.OURS),
}
WORST: Final = (Certificate.VALID, Certificate.EXPIRED, Certificate.NONE)
"""From best to worst."""

DRIFT_PPM: Final = 100
"""How far a boot clock may run off: what an anchor is worth falls with its distance."""


class Air(NamedTuple):
    """What one record says, milli_celsius; None where no trusted sensor spoke.

    silent: sensors of the hold without a trusted value. display: what the unit shows.
    """

    warmest: int | None
    coldest: int | None
    certificate: Certificate
    silent: int
    display: int | None


class Calibrated(NamedTuple):
    """A sensor's correction, told by its device: in force since this time, UTC ms."""

    sensor: int
    since_ms: int


def air(
    measured: Sequence[Measured],
    names: Mapping[int, str],
    calibrated: Mapping[int, int],
    at_ms: int,
) -> Air | None:
    """Read one record's measurements; None where it measures no temperature of the hold.

    names: of the epoch's sensors. calibrated: since when each sensor's certificate holds.
    """
    hold, display = _hold(measured, names)
    if not hold:
        return None
    known = [
        (one.value, _certificate(calibrated.get(one.sensor), at_ms))
        for one in hold
        if one.status is Status.OK and one.value is not None
    ]
    if not known:
        return Air(None, None, Certificate.VALID, len(hold), display)
    values = [value for value, _ in known]
    # The warmest with its doubt: a sensor that is surer does not hide one that may be warmer.
    warmest, certificate = max(known, key=lambda one: one[0] + UNCERTAINTY[one[1]].value)
    return Air(warmest, min(values), certificate, len(hold) - len(known), display)


def trusted(measured: Sequence[Measured], names: Mapping[int, str]) -> list[int]:
    """What the trusted sensors of the hold say, milli_celsius."""
    hold, _ = _hold(measured, names)
    return [one.value for one in hold if one.status is Status.OK and one.value is not None]


def _hold(
    measured: Sequence[Measured], names: Mapping[int, str]
) -> tuple[list[Measured], int | None]:
    """The temperatures of the hold, and what the unit displays."""
    hold, display = list[Measured](), None
    for one in measured:
        name = names.get(one.sensor, "")
        if one.quantity is not Quantity.TEMPERATURE or name.startswith(OUTSIDE):
            continue
        if name.startswith(DISPLAYS):
            display = one.value
        else:
            hold.append(one)
    return hold, display


def _certificate(since_ms: int | None, at_ms: int) -> Certificate:
    if since_ms is None or since_ms > at_ms:
        return Certificate.NONE
    return Certificate.VALID if at_ms - since_ms <= YEAR_MS else Certificate.EXPIRED


def calibration(body: EventBody) -> Calibrated | None:
    """The calibration that an event tells of, if it does."""
    params = dict(body.params)
    if body.event is not Event.CONFIG_APPLIED or body.subject is None:
        return None
    since_ms = params.get(Param.SINCE_MS)
    return None if since_ms is None else Calibrated(body.subject, since_ms)


def worst(certificates: Iterable[Certificate]) -> Certificate:
    """The worst of several; NONE of none."""
    return max(certificates, key=WORST.index, default=Certificate.NONE)


def dated(boot_ms: int, anchors: Iterable[Anchor]) -> int | None:
    """UTC ms of a moment of the boot clock, by the anchor that is surest there; None without.

    Depends on the set of anchors alone, not on their order.
    """
    best = min(
        anchors,
        key=lambda one: (_doubt(boot_ms, one), one.boot_ms, one.utc_ms),
        default=None,
    )
    return None if best is None else best.utc_ms + boot_ms - best.boot_ms


def _doubt(boot_ms: int, anchor: Anchor) -> int:
    return anchor.uncertainty_ms + abs(boot_ms - anchor.boot_ms) * DRIFT_PPM // 1_000_000


class Happened(NamedTuple):
    """An event: UTC ms, its code, and the sensor or contact that it is about (-1: none)."""

    at_ms: int
    event: int
    subject: int


def openings(happened: Iterable[Happened], until_ms: int) -> Iterator[Stretch]:
    """When doors were open, from events in any order; one not yet closed is open until the end.

    Each opening ends at the next event of its door, so that it is told by what is near it.
    """
    since: dict[int, int] = {}
    for at_ms, event, subject in sorted(happened):
        if event not in (Event.DOOR_OPENED, Event.DOOR_CLOSED):
            continue
        if subject in since:
            yield Stretch(since.pop(subject), at_ms)
        if event == Event.DOOR_OPENED:
            since[subject] = at_ms
    yield from (Stretch(at_ms, until_ms) for at_ms in since.values() if at_ms < until_ms)
