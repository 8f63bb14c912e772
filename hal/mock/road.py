"""The road: from Jagalchi market and Gamcheon port in Busan to Noryangjin in Seoul, and back.

Way points follow the Gyeongbu expressway by publicly known places (interchanges, junctions, rest
areas), rounded to a thousandth of a degree; some are off by a kilometre, and the road between
two of them is taken to be straight. Tunnels stand roughly where real ones are, their lengths
rounded. Good for a simulation, not for navigation and not for any claim.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from functools import cache
from itertools import accumulate, pairwise
from math import atan2, cos, degrees, hypot, radians, sin
from typing import NamedTuple

METRES_PER_DEGREE = 111_195.0


class Waypoint(NamedTuple):
    """A place, degrees WGS 84, and the speed of a truck on the way to the next one."""

    name: str
    lat: float
    lon: float
    kmh: float


class Whereabouts(NamedTuple):
    """A point of the route: degrees, and degrees clockwise from north."""

    lat: float
    lon: float
    course: float


JAGALCHI, GAMCHEON, NORYANGJIN = "Jagalchi market", "Gamcheon port", "Noryangjin market"
REST = "Geumgang rest area"

NORTHBOUND = (
    Waypoint(JAGALCHI, 35.097, 129.030, 28.0),
    Waypoint("Chungmu-dong", 35.092, 129.022, 45.0),
    Waypoint(GAMCHEON, 35.074, 129.006, 32.0),
    Waypoint("Hakjang", 35.145, 128.989, 40.0),
    Waypoint("Deokcheon", 35.209, 129.008, 50.0),
    Waypoint("Minam", 35.206, 129.066, 40.0),
    Waypoint("Guseo IC", 35.247, 129.092, 75.0),
    Waypoint("Nopo IC", 35.283, 129.096, 85.0),
    Waypoint("Yangsan IC", 35.345, 129.045, 88.0),
    Waypoint("Tongdosa IC", 35.495, 129.088, 88.0),
    Waypoint("Eonyang JC", 35.560, 129.125, 88.0),
    Waypoint("Gyeongju IC", 35.808, 129.198, 88.0),
    Waypoint("Geoncheon IC", 35.844, 129.105, 88.0),
    Waypoint("Yeongcheon IC", 35.928, 128.945, 88.0),
    Waypoint("Gyeongsan IC", 35.913, 128.805, 86.0),
    Waypoint("Dongdaegu JC", 35.890, 128.708, 80.0),
    Waypoint("Bukdaegu IC", 35.915, 128.589, 84.0),
    Waypoint("Waegwan IC", 35.975, 128.407, 88.0),
    Waypoint("Gumi IC", 36.099, 128.369, 88.0),
    Waypoint("Gimcheon IC", 36.125, 128.129, 86.0),
    Waypoint("Chupungnyeong rest area", 36.209, 127.993, 84.0),
    Waypoint("Yeongdong IC", 36.215, 127.798, 84.0),
    Waypoint(REST, 36.277, 127.662, 84.0),
    Waypoint("Okcheon IC", 36.299, 127.576, 84.0),
    Waypoint("Daejeon IC", 36.360, 127.456, 86.0),
    Waypoint("Sintanjin IC", 36.450, 127.419, 88.0),
    Waypoint("Namcheongju IC", 36.543, 127.423, 88.0),
    Waypoint("Cheongju IC", 36.626, 127.383, 88.0),
    Waypoint("Mokcheon IC", 36.770, 127.225, 88.0),
    Waypoint("Cheonan IC", 36.827, 127.168, 86.0),
    Waypoint("Anseong IC", 37.008, 127.145, 84.0),
    Waypoint("Osan IC", 37.144, 127.087, 80.0),
    Waypoint("Suwon-Singal IC", 37.267, 127.104, 76.0),
    Waypoint("Pangyo IC", 37.400, 127.093, 70.0),
    Waypoint("Yangjae IC", 37.466, 127.042, 55.0),
    Waypoint("Banpo IC", 37.504, 127.013, 40.0),
    Waypoint(NORYANGJIN, 37.514, 126.941, 40.0),
)

# After which way point, how many metres on, how long.
TUNNELS: Mapping[str, tuple[int, int]] = {
    "Chungmu-dong": (300, 1500),  # Cheonma tunnel
    "Deokcheon": (1500, 1700),  # Mandeok tunnel
    "Eonyang JC": (9000, 700),
    "Yeongdong IC": (8000, 1100),
    REST: (4000, 1200),  # Dangjae tunnel
    "Okcheon IC": (3500, 1000),
    "Mokcheon IC": (2500, 600),
}


def metres_between(a: Waypoint, b: Waypoint) -> float:
    """Return the distance, on a locally flat earth."""
    north = (b.lat - a.lat) * METRES_PER_DEGREE
    east = (b.lon - a.lon) * METRES_PER_DEGREE * cos(radians((a.lat + b.lat) / 2))
    return hypot(north, east)


class Route:
    """There and back along NORTHBOUND; metres are counted from Jagalchi, round trip."""

    def __init__(self) -> None:
        """Measure the road once."""
        self.points = (*NORTHBOUND, *_southbound())
        lengths = [metres_between(a, b) for a, b in pairwise(self.points)]
        self.marks = tuple(accumulate(lengths, initial=0.0))
        self.length_m = self.marks[-1]
        self._tunnels = sorted(self._both_ways())

    def metres_to(self, name: str) -> list[float]:
        """Return where on the round trip this place is passed."""
        found = zip(self.points, self.marks, strict=True)
        return sorted({mark for point, mark in found if point.name == name})

    def section(self, metres: float) -> int:
        """Return the number of the section this point lies in."""
        return max(0, min(bisect_right(self.marks, metres), len(self.marks) - 1) - 1)

    def at(self, metres: float) -> Whereabouts:
        """Return where this point is."""
        number = self.section(metres)
        a, b = self.points[number], self.points[number + 1]
        length = self.marks[number + 1] - self.marks[number]
        share = (metres - self.marks[number]) / length if length else 0.0
        lat, lon = a.lat + share * (b.lat - a.lat), a.lon + share * (b.lon - a.lon)
        return Whereabouts(lat, lon, _course(a, b))

    def in_tunnel(self, metres: float) -> bool:
        """Return whether this point is under ground: no satellites, no network."""
        number = bisect_right(self._tunnels, (metres, self.length_m)) - 1
        return number >= 0 and metres < self._tunnels[number][1]

    def _both_ways(self) -> list[tuple[float, float]]:
        there = []
        for name, (offset, length) in TUNNELS.items():
            start = self.metres_to(name)[0] + offset
            there.append((start, start + length))
        return there + [(self.length_m - end, self.length_m - start) for start, end in there]


@cache
def round_trip() -> Route:
    """Return the road, measured once for all trucks; nothing in it ever changes."""
    return Route()


def _southbound() -> list[Waypoint]:
    """The way back: a section's speed stands at its northern end now."""
    home = NORTHBOUND[:1]
    return [
        point._replace(kmh=before.kmh)
        for before, point in reversed(list(zip(home + NORTHBOUND, NORTHBOUND[:-1], strict=False)))
    ]


def _course(a: Waypoint, b: Waypoint) -> float:
    north = b.lat - a.lat
    east = (b.lon - a.lon) * cos(radians((a.lat + b.lat) / 2))
    return degrees(atan2(east, north)) % 360.0 if (north or east) else 0.0


def offset(place: Whereabouts, metres: float, bearing: float) -> Whereabouts:
    """Return a point `metres` away, for the scatter of a receiver."""
    north = metres * cos(bearing) / METRES_PER_DEGREE
    east = metres * sin(bearing) / METRES_PER_DEGREE / cos(radians(place.lat))
    return Whereabouts(place.lat + north, place.lon + east, place.course)
