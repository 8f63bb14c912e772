"""The air outside: a sine over the day upon the monthly means of Busan.

Monthly means follow the published climate normals of Busan (KMA, 1991-2020), rounded; the road
to Seoul is taken to have the same weather. Not a forecast, and not for any claim.
"""

from __future__ import annotations

from math import cos, tau

DAY_MS = 86_400_000
YEAR_MS = 365.2425 * DAY_MS
KST_MS = 9 * 3_600_000
WARMEST_MS = 15 * 3_600_000  # three in the afternoon
DAILY_SWING = 4.0
SUN_ON_THE_ROOF = 6.0  # what full sun adds to the air around a box, degrees

MONTH_MEANS = (3.6, 5.4, 9.1, 13.8, 17.9, 21.0, 24.4, 26.1, 22.6, 17.9, 11.9, 5.8)
MONTH_HUMIDITY = (47.0, 50.0, 56.0, 61.0, 68.0, 77.0, 83.0, 77.0, 71.0, 62.0, 57.0, 49.0)


def outside(utc_ms: int) -> tuple[float, float]:
    """Return what surrounds a box at this time: degrees Celsius with sun, percent humidity."""
    wave = cos(tau * ((utc_ms + KST_MS - WARMEST_MS) % DAY_MS) / DAY_MS)
    mean = _between(MONTH_MEANS, utc_ms)
    humidity = _between(MONTH_HUMIDITY, utc_ms) - 10.0 * wave
    return mean + DAILY_SWING * wave + SUN_ON_THE_ROOF * max(0.0, wave), humidity


def _between(months: tuple[float, ...], utc_ms: int) -> float:
    """Interpolate between the middles of two months."""
    position = (utc_ms % YEAR_MS) / YEAR_MS * 12 - 0.5
    month = int(position // 1)
    share = position - month
    return months[month % 12] * (1 - share) + months[(month + 1) % 12] * share
