"""The key data elements of a wild catch, read from an event's `ilmd`.

Our own spelling is exact and goes first; what others write in the standard's fields is understood
as far as our closed lists go, and refused beyond them: squid is not turned into mackerel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

from science.species import SPECIES, Ice, IceRatio, Species
from server.coldchain.epcis.facts import Catch
from server.coldchain.epcis.ids import Noun
from server.coldchain.epcis.node import Node
from server.coldchain.epcis.vocabulary import GEARS, OWN
from server.coldchain.epcis.write import FAO, camel
from server.coldchain.rules import Gear, Source

_MDA: Final = "cbvmda:"
_NAMES: Final = {one.scientific.lower(): word for word, one in SPECIES.items() if one.scientific}
_GEARS: Final = {code: gear for gear, code in GEARS.items()}


def read(node: Node) -> Catch:
    """What is said of where lots come from. Raises Misfit."""
    found: dict[str, Any] = {**_theirs(node)}
    for name, take in OURS.items():
        field = f"{OWN}:{camel(name)}"
        if node.has(field):
            found[name] = take(node.get(field))
    if node.has(f"{OWN}:catchTime"):
        found["catch_ms"] = node.get(f"{OWN}:catchTime").time()
    if node.has(f"{_MDA}itemExpirationDate"):
        found["use_by"] = _day(node.get(f"{_MDA}itemExpirationDate"))
    return Catch(**found)


def _theirs(node: Node) -> dict[str, Any]:
    """What stands in the fields of the standard."""
    found: dict[str, Any] = {}
    names = f"{_MDA}speciesForFisheryStatisticsPurposesName"
    if node.has(names):
        found["species"] = tuple(str(_species(one)) for one in _one_or_more(node.get(names)))
    for ship in _vessels(node):
        found["vessel"] = ship.maybe(f"{_MDA}vesselID", 60) or ship.maybe(f"{_MDA}vesselName", 60)
        found["area"] = ship.maybe(f"{_MDA}catchArea", 60).removeprefix(FAO).removeprefix("FAO.")
        if ship.has(f"{_MDA}fishingGearTypeCode"):
            found["gear"] = str(_gear(ship.get(f"{_MDA}fishingGearTypeCode")))
    return found


def _vessels(node: Node) -> list[Node]:
    """The first vessel, in either of the ways in which the list is written."""
    name = f"{_MDA}vesselCatchInformationList"
    if not node.has(name):
        return []
    whole = node.get(name)
    if whole.has(f"{_MDA}vesselCatchInformation"):
        whole = whole.get(f"{_MDA}vesselCatchInformation")
    return _one_or_more(whole)[:1]


def _one_or_more(node: Node) -> list[Node]:
    return list(node.elements()) if isinstance(node.value, list) else [node]


def _species(node: Node) -> Species:
    found = _NAMES.get(node.text().lower())
    if found is None:
        raise node.no()
    return found


def _gear(node: Node) -> Gear:
    found = _GEARS.get(node.text())
    if found is None:
        raise node.no()
    return found


def _day(node: Node) -> str:
    try:
        return date.fromisoformat(node.text()).isoformat()
    except ValueError:
        raise node.no() from None


def _word(words: type[StrEnum]) -> Callable[[Node], str]:
    return lambda node: str(node.of(words))


def _text(longest: int) -> Callable[[Node], str]:
    return lambda node: node.text(longest)


OURS: Final[Mapping[str, Callable[[Node], Any]]] = {
    "species": lambda node: tuple(str(one.of(Species)) for one in node.elements()),
    "catch_by": _word(Source),
    "area": _text(40),
    "gear": _word(Gear),
    "landed": lambda node: node.uri({Noun.PLACE}),
    "origin": _text(40),
    "ice": _word(Ice),
    "ice_ratio": _word(IceRatio),
    "trace_no": _text(20),
}
