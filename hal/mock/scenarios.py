"""The plays that can be configured by name, for a truck and for a site, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.api import HalError
from hal.mock.faults import FOR_GOOD, Script, Trouble

MINUTE = 60_000
HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One play.

    set_point: degrees Celsius of the hold (truck only). defrost_every_ms, defrost_ms: the unit's
    timer. deliveries: many stops with the door open instead of a through run (truck only).
    """

    name: str
    summary: str
    scripts: tuple[Script, ...] = ()
    set_point: float = 1.0
    defrost_every_ms: int = 6 * HOUR
    defrost_ms: int = 12 * MINUTE
    deliveries: bool = False


def find(scenarios: Mapping[str, Scenario], name: str) -> Scenario:
    """Return the scenario, or HalError naming what there is."""
    if name not in scenarios:
        raise HalError(f"there is no scenario {name!r}; there are: {', '.join(sorted(scenarios))}")
    return scenarios[name]


def _sensor_troubles(channel: str) -> tuple[Scenario, ...]:
    return (
        Scenario(
            name="storm",
            summary="ten minutes in thirty, most reads fail their checksum",
            scripts=(
                Script(
                    trouble=Trouble.CHECKSUM_STORM,
                    start_ms=5 * MINUTE,
                    length_ms=10 * MINUTE,
                    every_ms=30 * MINUTE,
                    channel=channel,
                ),
            ),
        ),
        Scenario(
            name="stuck",
            summary="for eight hours a sensor repeats one value and believes it",
            scripts=(
                Script(
                    trouble=Trouble.STUCK,
                    start_ms=8 * MINUTE,
                    length_ms=8 * HOUR,
                    every_ms=24 * HOUR,
                    channel=channel,
                ),
            ),
        ),
        Scenario(
            name="unplugged",
            summary="a sensor is pulled and put back",
            scripts=(
                Script(
                    trouble=Trouble.UNPLUGGED,
                    start_ms=6 * MINUTE,
                    length_ms=10 * MINUTE,
                    every_ms=HOUR,
                    start_spread_ms=2 * MINUTE,
                    channel=channel,
                ),
            ),
        ),
    )


def _table(*scenarios: Scenario) -> Mapping[str, Scenario]:
    return {scenario.name: scenario for scenario in scenarios}


DEAD_ZONE = Script(
    trouble=Trouble.DEAD_ZONE,
    start_ms=8 * MINUTE,
    length_ms=25 * MINUTE,
    start_spread_ms=4 * MINUTE,
    length_spread_ms=15 * MINUTE,
)
WEAK_COMPRESSOR = Script(
    trouble=Trouble.WEAK_COMPRESSOR,
    start_ms=8 * MINUTE,
    length_ms=FOR_GOOD,
    start_spread_ms=4 * MINUTE,
)

LONG_DAY = (
    Script(
        trouble=Trouble.UNPLUGGED,
        start_ms=60 * MINUTE,
        length_ms=35 * MINUTE,
        channel="air-front",
    ),
    Script(trouble=Trouble.WEAK_COMPRESSOR, start_ms=165 * MINUTE, length_ms=180 * MINUTE),
)

TRUCK = _table(
    Scenario(name="steady", summary="a well-behaved run"),
    Scenario(
        name="dead-zone",
        summary="25 to 40 minutes without network within the first hour",
        scripts=(DEAD_ZONE,),
    ),
    Scenario(
        name="failing-compressor",
        summary="from the tenth minute or so the compressor fades and the hold warms",
        scripts=(WEAK_COMPRESSOR,),
    ),
    Scenario(
        name="long-day",
        summary="half an hour without its sensor, and later three hours without cooling",
        scripts=LONG_DAY,
    ),
    Scenario(
        name="defrost",
        summary="a defrost every forty minutes: the air rises by up to 3 degrees",
        defrost_every_ms=40 * MINUTE,
    ),
    Scenario(
        name="door",
        summary="deliveries: many stops with the door open",
        deliveries=True,
    ),
    Scenario(
        name="fake-cold",
        summary="the unit's own sensor is falsified: its display is cold, the hold is not",
        scripts=(Script(trouble=Trouble.FAKE_DISPLAY, start_ms=10 * MINUTE, length_ms=FOR_GOOD),),
    ),
    Scenario(
        name="cold-start",
        summary="the receiver was off for weeks and needs minutes for its first fix",
        scripts=(
            Script(
                trouble=Trouble.COLD_START,
                start_ms=0,
                length_ms=4 * MINUTE,
                length_spread_ms=8 * MINUTE,
            ),
        ),
    ),
    *_sensor_troubles("air-front"),
    Scenario(
        name="sub-zero",
        summary="superchilled fish: the air crosses zero again and again",
        set_point=-0.8,
    ),
    Scenario(
        name="void-fix",
        summary="three minutes in fifteen the receiver says that its fix is void",
        scripts=(
            Script(
                trouble=Trouble.VOID_FIX,
                start_ms=4 * MINUTE,
                length_ms=3 * MINUTE,
                every_ms=15 * MINUTE,
            ),
        ),
    ),
    Scenario(
        name="week-rollover",
        summary="the receiver's week counter has rolled over: dates 1024 weeks back",
        scripts=(Script(trouble=Trouble.WEEK_ROLLOVER, start_ms=0, length_ms=FOR_GOOD),),
    ),
)

_LEFT_OPEN = Script(
    trouble=Trouble.DOOR_OPEN,
    start_ms=15 * MINUTE,
    length_ms=20 * MINUTE,
    every_ms=2 * HOUR,
    channel="cold-room",
)

SITE = _table(
    Scenario(name="steady", summary="an ordinary working day"),
    Scenario(
        name="defrost",
        summary="a defrost every forty minutes in each room",
        defrost_every_ms=40 * MINUTE,
    ),
    Scenario(
        name="door",
        summary="the door of the cold room stays open for twenty minutes",
        scripts=(_LEFT_OPEN,),
    ),
    Scenario(
        name="power-cut",
        summary="forty minutes without mains: no cooling and no network",
        scripts=(
            Script(
                trouble=Trouble.POWER_CUT,
                start_ms=10 * MINUTE,
                length_ms=40 * MINUTE,
                every_ms=8 * HOUR,
                start_spread_ms=2 * MINUTE,
            ),
        ),
    ),
    Scenario(
        name="failing-compressor",
        summary="the cold room's compressor fades",
        scripts=(
            Script(
                trouble=Trouble.WEAK_COMPRESSOR,
                start_ms=8 * MINUTE,
                length_ms=FOR_GOOD,
                channel="cold-room",
            ),
        ),
    ),
    Scenario(
        name="dead-zone",
        summary="25 to 40 minutes without network within the first hour",
        scripts=(DEAD_ZONE,),
    ),
    *_sensor_troubles("cold-room"),
)
