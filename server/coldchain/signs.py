"""How a sign that a sensor needs a look ends: a machine as a table. Pure.

A sign is no finding. A person who looked makes one of it, or explains it; readings that came late
may take it back before. What is not in the table cannot happen, and the database refuses it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from server.coldchain.rules import RoomKind


class SignState(StrEnum):
    """Where a sign stands."""

    SEEN = "seen"
    """Nobody has looked."""
    EXPLAINED = "explained"
    BELIEVED = "believed"
    """A sensor was at fault: until then its record is in doubt, and everybody may know."""
    LAPSED = "lapsed"


class Look(StrEnum):
    """What a person found."""

    FINE = "fine"
    MENDED = "mended"
    REPLACED = "replaced"


class Later(StrEnum):
    """What readings that came later say of a sign."""

    GONE = "gone"
    BACK = "back"


SIGN_STEPS: Final[Mapping[tuple[SignState, Look | Later], SignState]] = {
    (SignState.SEEN, Look.FINE): SignState.EXPLAINED,
    (SignState.SEEN, Look.MENDED): SignState.BELIEVED,
    (SignState.SEEN, Look.REPLACED): SignState.BELIEVED,
    (SignState.SEEN, Later.GONE): SignState.LAPSED,
    (SignState.LAPSED, Later.BACK): SignState.SEEN,
}
LOOKED: Final = (SignState.EXPLAINED, SignState.BELIEVED)
COOLED: Final = (RoomKind.TRUCK, RoomKind.COLD_ROOM, RoomKind.DISPLAY)
"""Rooms of which a unit moves the air while goods lie there; a parked truck's air stands still."""
