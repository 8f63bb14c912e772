"""Who enters where: every address of the server, by every role and way in, at home and abroad.

The addresses come from Django and the API themselves; what each needs, from tests/server/accounts/
routes.py; who satisfies a need is written down here once more, by hand. An address without a row
or without a door fails, and so does a row without an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from server.accounts import apikeys
from server.accounts.door import Door
from server.accounts.models import (
    ApiKey,
    Badge,
    Certificate,
    Duty,
    GuestCode,
    Link,
    Membership,
    Organisation,
    Passkey,
    Person,
    Personal,
    RecoveryCode,
    VaultKey,
    Webhook,
)
from server.accounts.rules import CLOCKWORK, HOUR_MS, KEY_ROLES, SERVICES, Actor, Need, Role
from server.api import api
from server.devices.models import Asset, Assignment, Device
from server.ledger.tick import now_ms
from server.pilots.acting import Desk
from server.pilots.actions import papers
from server.pilots.rules import Part, Service
from tests import reliability
from tests.server.accounts import cast
from tests.server.accounts.routes import API, NO_ROW, NOTHING, PAGES, Row

pytestmark = pytest.mark.django_db

KEPT: tuple[type[Model], ...] = (
    ApiKey,
    Badge,
    Certificate,
    Duty,
    GuestCode,
    Link,
    Membership,
    Organisation,
    Passkey,
    Person,
    Personal,
    RecoveryCode,
    VaultKey,
    Webhook,
)
"""What a refused request leaves as it was."""

NUMBERED = dict.fromkeys(("duty", "notice", "step", "invitation", "flag", "room"), "1")
"""Arguments that are numbers; these name nothing."""

EVERYBODY = frozenset((actor, role) for actor in Actor for role in (*Role, None))
ENTERS: Mapping[Need, frozenset[tuple[Actor, Role | None]]] = {
    Need.OPEN: EVERYBODY,
    Need.SELF: frozenset(one for one in EVERYBODY if one[0] in (Actor.PERSON, Actor.LINK)),
    Need.SEE: frozenset(
        one
        for one in EVERYBODY
        if one[0] in (Actor.PERSON, Actor.BADGE, Actor.KEY, Actor.GUEST) and one[1]
    ),
    Need.OPERATE: frozenset(
        (actor, role)
        for actor in (Actor.PERSON, Actor.BADGE, Actor.KEY)
        for role in (Role.OPERATOR, Role.ADMINISTRATOR)
    ),
    Need.AUDIT: frozenset({(Actor.PERSON, Role.AUDITOR), (Actor.KEY, Role.AUDITOR)}),
    Need.ADMINISTER: frozenset({(Actor.PERSON, Role.ADMINISTRATOR)}),
}
"""Who enters in an organisation of their own. Abroad, only what is OPEN or SELF opens."""


@dataclass(frozen=True, slots=True)
class Route:
    """One address as the server has it: its row's name, its door, and the address itself."""

    name: str
    door: Door | None
    address: Callable[[Mapping[str, str]], str]


def pages() -> Iterator[Route]:
    """Every address that Django knows outside the API."""
    for pattern in _patterns(get_resolver().url_patterns):
        if (pattern.name or "") not in NO_ROW and not _is_operation(pattern):
            yield Route(str(pattern.name), getattr(pattern.callback, "door", None), _page(pattern))


def operations() -> Iterator[Route]:
    """Every operation of the API."""
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for one in view.operations:
                whole = f"{prefix.rstrip('/')}{path}"
                method = "GET" if len(one.methods) > 1 else one.methods[0]
                door = getattr(one.run, "door", None)
                yield Route(f"{method} {whole}", door, _operation(whole))


def _patterns(some: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for one in some:
        if isinstance(one, URLResolver):
            yield from _patterns(one.url_patterns)
        else:
            yield one


def _is_operation(pattern: URLPattern) -> bool:
    return type(getattr(pattern.callback, "__self__", None)).__name__ == "PathView" or (
        "PathView" in getattr(pattern.callback, "__qualname__", "")
    )


def _page(pattern: URLPattern) -> Callable[[Mapping[str, str]], str]:
    names = set(pattern.pattern.regex.groupindex) | set(getattr(pattern.pattern, "converters", {}))

    def address(arguments: Mapping[str, str]) -> str:
        if pattern.name == "nothing":
            return "/there-is-no-such-address"
        if pattern.name == "openapi-json":
            return "/api/openapi.json"
        kept = {name: arguments.get(name, NUMBERED.get(name, NOTHING)) for name in names}
        return reverse(str(pattern.name), kwargs=kept)

    return address


def _operation(path: str) -> Callable[[Mapping[str, str]], str]:
    def address(arguments: Mapping[str, str]) -> str:
        text = f"/api{path}".replace("{path:asked}", "no/such/thing")
        for name in re.findall(r"{(\w+)}", text):
            text = text.replace(f"{{{name}}}", arguments.get(name, NUMBERED.get(name, NOTHING)))
        return text

    return address


def rows() -> Mapping[str, Row]:
    return {**PAGES, **API}


def routes() -> list[Route]:
    return [*pages(), *operations()]


# The people who try


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody at the doors; `headers` for a program."""

    actor: Actor
    role: Role | None
    client: Client
    headers: Mapping[str, str]


class World:
    """Two organisations, each with a device; everybody belongs to the first one."""

    def __init__(self) -> None:
        self.home = cast.Cast()
        self.abroad = cast.organisation("다른 운송사", "carrier")
        cast.member(self.abroad, Role.ADMINISTRATOR)
        for number, place in enumerate((self.home.place, self.abroad)):
            _device(f"{number}" * 16, place.id)
            _pilot(list(Service)[number], place.id)
        self.keys: dict[Role, str] = {role: self._key(role) for role in KEY_ROLES}

        self.kinds: list[tuple[Actor, Role | None]] = [
            (Actor.NOBODY, None),
            (Actor.GUEST, Role.VIEWER),
            *product((Actor.PERSON, Actor.LINK, Actor.BADGE), Role),
            *((Actor.KEY, role) for role in self.keys),
        ]

    def asker(self, actor: Actor, role: Role | None) -> Asker:
        """Somebody, freshly signed in."""
        place, headers = self.home.place, {}
        client = Client(raise_request_exception=False)
        if actor is Actor.GUEST:
            client = cast.guest_client(place)
        elif actor is Actor.KEY and role:
            headers = {"Authorization": f"Bearer {self.keys[role]}"}
        elif actor is Actor.BADGE and role:
            client = cast.badge_client(place, self.home.people[role])
        elif role:
            client = self.home.client(role, actor)
        return Asker(actor, role, client, headers)

    def askers(self) -> list[Asker]:
        """One of each kind."""
        return [self.asker(*kind) for kind in self.kinds]

    def _key(self, role: Role) -> str:
        wanted = apikeys.Wanted(role, frozenset(SERVICES), HOUR_MS)
        made = apikeys.make(CLOCKWORK, self.home.place.id, wanted, now_ms())
        assert isinstance(made, str)
        return made


def _pilot(service: Service, organisation: str) -> None:
    desk = Desk(CLOCKWORK, service, 1)
    papers.found(desk, "실증", "pilot")
    papers.add_party(desk, organisation, Part.OPERATOR)


def _device(name: str, organisation: str) -> None:
    name = name.replace("0", "a").replace("1", "b")
    asset = Asset.objects.create(name=f"asset {name}", made_ms=1, organisation=organisation)
    device = Device.objects.create(name=name, enrolled_ms=1, answer=b"")
    Assignment.objects.create(asset=asset, device=device, from_ms=1)


def enters(asker: Asker, need: Need, at_home: bool, address: str) -> bool:
    """What is right, by the table above."""
    if asker.actor is Actor.KEY and not address.startswith("/api/"):
        return need is Need.OPEN  # a key opens no page
    if need in (Need.OPEN, Need.SELF):
        return (asker.actor, asker.role) in ENTERS[need]
    return at_home and (asker.actor, asker.role) in ENTERS[need]


def at(route: Route, place: str) -> str:
    """The address of a route in an organisation."""
    finds = rows()[route.name].finds
    return route.address({"organisation": place, **(finds(place) if finds else {})})


def ask(asker: Asker, row: Row, address: str) -> Any:
    method = getattr(asker.client, row.method.lower())
    return method(address, headers=dict(asker.headers))


def kept() -> dict[str, list[tuple[Any, ...]]]:
    return {one.__name__: sorted(one._default_manager.values_list(), key=repr) for one in KEPT}


# What is proved


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert {one.name for one in routes()} == set(rows())


def test_every_address_has_a_door_that_needs_what_its_row_says() -> None:
    found = {one.name: one.door for one in routes()}
    assert [name for name, door in found.items() if door is None] == []
    doors = {name: (door.need, door.service) for name, door in found.items() if door}
    assert doors.keys() == rows().keys()
    odd = {
        name: door for name, door in doors.items() if door[0] is not rows()[name].need
    }
    assert odd == {}


def test_S7_nobody_enters_where_the_table_does_not_let_them_and_nothing_changes() -> None:
    world = World()
    askers, wrong, cells, before = world.askers(), [], 0, kept()
    places = ((True, world.home.place.id), (False, world.abroad.id))
    for route, (at_home, place) in product(routes(), places):
        row, address = rows()[route.name], at(route, place)
        for asker in (one for one in askers if not enters(one, row.need, at_home, address)):
            cells += 1
            answer = ask(asker, row, address)
            if hasattr(answer.wsgi_request, "who") or answer.status_code not in (401, 403, 404):
                wrong.append((route.name, asker.actor, asker.role, answer.status_code))
    reliability.note(
        "S7", "every refused role, way in and tenant at every address", cells, f"{len(wrong)} wrong"
    )
    assert (wrong, cells > 1000) == ([], True)
    assert kept() == before


def test_S7_everybody_enters_where_the_table_lets_them() -> None:
    world = World()
    askers, wrong, cells = world.askers(), [], 0
    for route in routes():
        row, address = rows()[route.name], at(route, world.home.place.id)
        for asker in (one for one in askers if enters(one, row.need, True, address)):
            cells += 1
            fresh = world.asker(asker.actor, asker.role) if row.ends else asker
            answer = ask(fresh, row, address)
            if not hasattr(answer.wsgi_request, "who") or answer.status_code >= 500:
                wrong.append((route.name, asker.actor, asker.role, answer.status_code))
        if row.ends:
            askers = world.askers()
    reliability.note(
        "S7", "every allowed role and way in at every address", cells, f"{len(wrong)} wrong"
    )
    assert (wrong, cells > 500) == ([], True)


def test_a_door_in_the_demonstration_is_open_where_it_says_so(settings: Any) -> None:
    found = [one.name for one in routes() if one.door and one.door.open_in_demo]
    assert found == ["pilot-desk", "pilot-plan", "pilot-board", "pilot-people", "device"]
