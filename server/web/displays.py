"""Links that only show: the rooms of some assets on a wall, for whoever holds the link, for a time.

A link is looked at and never used up; it names assets, so that a swapped device is shown by itself.
It opens nothing else, and ends when its assets become somebody else's.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.accounts import deeds, links
from server.accounts.deeds import Act
from server.accounts.models import Link
from server.accounts.rules import DAY_MS, Refused, Who
from server.devices import overview, today
from server.devices.models import Asset
from server.ledger.log import writing
from server.web import wall
from server.web.wall import Room

PURPOSE = "wall"
MOST = 8
"""Assets on one wall; their numbers have to fit a link's target."""


class NoWall(Exception):
    """These assets cannot stand on one wall; the text says why."""


def make(who: Who, names: Sequence[str], days: int, now_ms: int) -> str:
    """Make a link for these assets, good for so many days; return its address.

    Raises NoWall for assets that do not exist, are too many, or belong to different organisations.
    """
    assets = _known(names)
    (organisation, *others) = {asset.organisation for asset in assets}
    if others:
        raise NoWall("these assets belong to different organisations: one wall for each")
    target = " ".join(str(asset.pk) for asset in assets)
    wanted = links.Wanted(PURPOSE, days * DAY_MS, organisation=organisation or None, target=target)
    with writing():
        link = links.make(wanted, now_ms)
        deeds.record(who, Act("accounts", "wall-made", organisation, link.id), now_ms)
    return links.address(link.id)


def end(who: Who, names: Sequence[str], now_ms: int) -> int:
    """End every link that shows one of these assets; return how many."""
    wanted = {str(asset.pk) for asset in _known(names)}
    with writing():
        some = Link.objects.filter(purpose=PURPOSE, ended_ms=None)
        ended = [link for link in some if wanted & set(link.target.split())]
        for link in ended:
            links.end_all(PURPOSE, now_ms, id=link.id)
            act = Act("accounts", "wall-ended", link.organisation_id or "", link.id)
            deeds.record(who, act, now_ms)
    return len(ended)


def rooms(token: str, language: str, now_ms: int) -> list[Room] | None:
    """The rooms that this link shows now; None for a link that shows nothing."""
    link = links.look(token, PURPOSE, now_ms)
    if isinstance(link, Refused):
        return None
    owner, since_ms = link.organisation_id or "", wall.midnight_ms(now_ms)
    assets = Asset.objects.filter(pk__in=link.target.split(), organisation=owner)
    found: list[Room] = []
    for summary in overview.fitted_to([asset.pk for asset in assets], now_ms):
        worst = today.warmest(summary.name, since_ms)
        found += wall.rooms(summary, worst, language, now_ms)
    return found if assets else None


def _known(names: Sequence[str]) -> list[Asset]:
    found = {asset.name: asset for asset in Asset.objects.filter(name__in=names)}
    if missing := [name for name in names if name not in found]:
        raise NoWall(f"there is no asset {missing[0]!r}")
    if len(found) > MOST:
        raise NoWall(f"at most {MOST} assets stand on one wall")
    return [found[name] for name in dict.fromkeys(names)]
