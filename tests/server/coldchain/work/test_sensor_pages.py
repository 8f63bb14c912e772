"""센서 점검 필요 is for whoever runs the room and for the operator, until a person has looked."""

from __future__ import annotations

import pytest

from server.accounts.models import Deed
from server.accounts.rules import Role
from server.coldchain import looking, tracks
from server.coldchain.models import Room
from tests.server.coldchain.recorder import row
from tests.server.coldchain.rig import HOUR, MINUTE, Chain
from tests.server.coldchain.work.harbour import Hands
from tests.server.pilots import rig as pilots

pytestmark = pytest.mark.django_db
CHECK = "센서 점검 필요"


def flat(harbour: Chain, room: str, until_ms: int, hours: int = 8) -> None:
    """A sensor whose value never moves for so long, in a truck or room."""
    asset = Room.objects.get(id=harbour.rooms[room]).asset
    times = range(until_ms - hours * HOUR, until_ms, 5 * MINUTE)
    with tracks.still():
        tracks.put(row(asset, [(at_ms, 1_000) for at_ms in times], (), f"{room} {until_ms}"))


def looked(hands: Hands, room: int, word: str = "fine") -> int:
    fields = {"room": room, "look": word, "key": "a" * 16}
    return int(hands.client.post(f"{hands.home}/sensors/looked", fields).status_code)


def test_a_sign_is_shown_to_the_carrier_and_the_operator_alone(harbour: Chain) -> None:
    flat(harbour, "truck 1", harbour.now_ms)
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
    flat(harbour, "truck 1", harbour.now_ms)
    hands, truck = Hands(harbour, "carrier"), harbour.rooms["truck 1"]
    assert looked(hands, truck, "magic") == 422 and looked(hands, 10**8, "fine") == 404
    assert looked(hands, truck, "replaced") == 303
    assert CHECK not in hands.at("/sensors")
    (deed,) = Deed.objects.filter(act=looking.ACT)
    assert (deed.who, deed.target, deed.detail) == (
        harbour.people["carrier"].id,
        str(truck),
        "replaced",
    )
    room = Room.objects.get(id=truck)
    assert looking.signs(room, harbour.now_ms) == ()
    flat(harbour, "truck 1", harbour.now_ms + 12 * HOUR, hours=10)
    assert looking.signs(room, harbour.now_ms + 12 * HOUR)
