"""Whose devices are shown to whom: an organisation sees its own, the operator what is nobody's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from server.accounts.rules import Actor, Role
from server.devices import commands
from server.devices.models import Asset, Assignment, Device
from server.ledger.tick import now_ms
from tests.server.accounts import cast

pytestmark = pytest.mark.django_db


def fitted(letter: str, organisation: str) -> str:
    """A device on a new asset of this organisation; its name."""
    name = letter * 16
    asset = Asset.objects.create(name=f"트럭 {letter}", made_ms=1, organisation=organisation)
    device = Device.objects.create(name=name, enrolled_ms=ord(letter), answer=b"")
    Assignment.objects.create(asset=asset, device=device, from_ms=1)
    return name


@pytest.fixture
def people() -> dict[str, Client]:
    """A stranger, and a viewer of each of three organisations; a device for each."""
    places = {
        "carrier": cast.organisation("운송", "carrier"),
        "plant": cast.organisation("가공", "plant"),
        "operator": cast.organisation("운영", "operator"),
    }
    fitted("a", places["carrier"].id)
    fitted("b", places["plant"].id)
    fitted("c", "")
    clients = {
        kind: cast.client_of(cast.member(place, Role.VIEWER)) for kind, place in places.items()
    }
    return {**clients, "stranger": cast.elsewhere()}


def seen(client: Client) -> str:
    """Letters of the trucks on the front page."""
    page = client.get("/").content.decode()
    return "".join(letter for letter in "abc" if f"트럭 {letter}" in page)


def codes(client: Client) -> list[int]:
    """What the pages of the three devices answer."""
    return [client.get(f"/devices/{letter * 16}").status_code for letter in "abc"]


def test_an_organisation_sees_its_own_and_the_operator_what_is_nobodys(
    people: dict[str, Client],
) -> None:
    assert {kind: seen(client) for kind, client in people.items()} == {
        "carrier": "a", "plant": "b", "operator": "c", "stranger": ""
    }
    assert codes(people["carrier"]) == [200, 404, 404]
    assert codes(people["operator"]) == [404, 404, 200]
    assert codes(people["stranger"]) == [401, 401, 401]


def test_a_stranger_reads_what_this_is_and_how_to_check(people: dict[str, Client]) -> None:
    page = people["stranger"].get("/").content.decode()
    for text in ("얼마나 차게", "jagalchi-agent verify", "/checkpoint", "/sign-in"):
        assert text in page
    assert people["stranger"].get("/checkpoint").status_code == 200


def test_a_demonstration_shows_all_to_everybody(people: dict[str, Client], settings: Any) -> None:
    settings.JAGALCHI = replace(settings.JAGALCHI, demo=True)
    assert seen(people["stranger"]) == "abc"
    assert codes(people["stranger"]) == [200, 200, 200]


def test_a_device_that_moves_to_another_organisation_leaves_its_past_unnamed(
    people: dict[str, Client],
) -> None:
    Asset.objects.create(
        name="트럭 z", made_ms=1, organisation=Asset.objects.get(name="트럭 b").organisation
    )
    commands.assign("a" * 16, "트럭 z", now_ms=now_ms())
    assert codes(people["carrier"])[0] == 404
    page = people["plant"].get(f"/devices/{'a' * 16}").content.decode()
    assert "트럭 z" in page and "트럭 a" not in page


def test_a_link_alone_shows_no_device(people: dict[str, Client]) -> None:
    one = cast.member(cast.organisation("소매", "shop"), Role.VIEWER)
    assert codes(cast.client_of(one, Actor.LINK)) == [404, 404, 404]
    assert seen(cast.client_of(one, Actor.LINK)) == ""
