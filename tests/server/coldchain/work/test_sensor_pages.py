"""센서 점검 필요 is for whoever runs the room and for the operator, until a person has looked."""

from __future__ import annotations

import pytest

from server.accounts.models import Deed
from server.accounts.rules import Role
from server.coldchain import spotting
from server.coldchain.models import Room, SensorSign
from server.devices.models import Asset
from tests.server.coldchain.rig import HOUR, Chain
from tests.server.coldchain.work.harbour import Hands
from tests.server.pilots import rig as pilots

pytestmark = pytest.mark.django_db
CHECK = "센서 점검 필요"


def flat(harbour: Chain, room: str) -> None:
    """A value that did not move for eight hours, in a truck or room."""
    times = {"from_ms": harbour.now_ms - 8 * HOUR, "until_ms": harbour.now_ms}
    rooms = harbour.rooms
    SensorSign.objects.create(room_id=rooms[room], sign="flat", seen_ms=harbour.now_ms, **times)


def looked(hands: Hands, room: int, word: str = "fine") -> int:
    fields = {"room": room, "look": word, "key": "a" * 16}
    return int(hands.client.post(f"{hands.home}/sensors/looked", fields).status_code)


def test_a_sign_is_shown_to_the_carrier_and_the_operator_alone(harbour: Chain) -> None:
    flat(harbour, "truck 1")
    harbour.load("truck 1", harbour.land())
    operator = harbour.ids["operator"] = pilots.organisation("watch", "operator")
    harbour.people["operator"] = pilots.member("watch", operator, Role.OPERATOR)
    for name in ("carrier", "operator"):
        said = Hands(harbour, name).at("/sensors")
        assert f"{CHECK} · truck 1" in said and "값이 거의 변하지 않음" in said, name
    for name in ("cooperative", "plant", "agency"):
        hands = Hands(harbour, name)
        for path in ("/sensors", "", "/rooms", f"/rooms/{harbour.rooms['truck 1']}"):
            assert CHECK not in hands.at(path), (name, path)
        assert looked(hands, harbour.rooms["truck 1"]) == 404
    said = Hands(harbour, "carrier").at("/sensors", language="en")
    assert "sensor needs a check" in said and "no findings" in said


def test_who_looked_is_written_down_and_only_what_shows_later_is_asked_again(
    harbour: Chain,
) -> None:
    flat(harbour, "truck 1")
    hands, truck = Hands(harbour, "carrier"), harbour.rooms["truck 1"]
    assert looked(hands, truck, "magic") == 422 and looked(hands, 10**8, "fine") == 404
    assert looked(hands, truck, "replaced") == 303
    assert CHECK not in hands.at("/sensors")
    (deed,) = Deed.objects.filter(act=spotting.ACT)
    assert (deed.who, deed.target, deed.detail) == (
        harbour.people["carrier"].id,
        str(truck),
        "replaced",
    )
    (row,) = SensorSign.objects.all()
    assert (row.state, row.looked_ms) == ("believed", deed.at_ms)
    flat(harbour, "truck 1")
    assert "지난 확인:" in hands.at("/sensors") and "센서 교체" in hands.at("/sensors")


def test_all_rooms_are_shown_and_home_says_that_they_wait(harbour: Chain) -> None:
    for number in range(60):
        asset = Asset.objects.create(name=f"truck {100 + number}", made_ms=0)
        whose = {"organisation_id": harbour.ids["carrier"], "kind": "truck", "made_ms": 0}
        harbour.rooms[asset.name] = Room.objects.create(asset=asset, **whose).pk
        flat(harbour, asset.name)
    hands = Hands(harbour, "carrier")
    assert hands.at("/sensors").count(f"{CHECK} · truck") == 60
    assert "센서 점검 필요 60" in hands.at() and CHECK not in Hands(harbour, "plant").at()
