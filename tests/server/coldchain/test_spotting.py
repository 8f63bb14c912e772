"""센서 점검 필요: found by whoever reads the log, told once, shown to whoever runs the room and the
operator; others learn only what a person found. Every fault twice.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from itertools import count

import pytest
from django.test import Client

from protocol.registry import Event
from science.plausibility import Sign
from science.timeline import Stretch
from server.accounts import contacts
from server.accounts.contacts import Contact
from server.accounts.models import Membership
from server.accounts.rules import ALLOWED, Actor, Role, Who
from server.coldchain import looking, spotting, tracks, verdicts
from server.coldchain.acting import Desk
from server.coldchain.models import DueSign, Lot, Room, SensorSign
from server.coldchain.packing import Readings, Seen, pack
from server.coldchain.signs import Look, SignState
from server.coldchain.tracks import Changed
from server.devices.models import Asset, Assignment
from server.ledger import log
from server.ledger.writing import writing
from server.messages.models import Message
from tests.reliability import note
from tests.server.coldchain.recorder import Recorder, door, row, temperatures
from tests.server.coldchain.rig import HOUR, MINUTE, NAMES, Chain, undone
from tests.server.coldchain.shopper.stall import Stall, stall
from tests.server.coldchain.test_verdicts import fails
from tests.server.ledger.faults import Trap
from tests.server.pilots import rig as pilots

pytestmark = pytest.mark.django_db
STRIDE = 1 if os.environ.get("JAGALCHI_CAMPAIGN") else 9
"""Every step in a campaign, every ninth one otherwise."""
BEAT = 6
"""Minutes from one reading to the next."""
DOORS = {180: Event.DOOR_OPENED, 192: Event.DOOR_CLOSED}
Values = Callable[[int], tuple[int | None, int | None, int | None]]


def honest(minute: int) -> tuple[int, int, int]:
    """Front, door, and the unit's display: a cooled hold that defrosts every six hours."""
    value = 1_000 + minute % 18 * 40
    value += 1_500 if minute % 360 in range(100, 116) else 0
    value += 2_000 if 186 <= minute <= 192 else 0
    return value, value - 800, value - 900


def stuck(_minute: int) -> tuple[int, int, int]:
    return 1_500, 1_400, 700


def deaf(minute: int) -> tuple[int, int | None, int]:
    return honest(minute)[0], None, honest(minute)[2]


def parting(minute: int) -> tuple[int, int, int]:
    return honest(minute)[0], honest(minute)[0] - 3_500, honest(minute)[0] - 3_600


def faked(minute: int) -> tuple[int, int, int]:
    return *honest(minute)[:2], honest(minute)[1] - 2_500


def carried(chain: Chain) -> Lot:
    """A lot in truck 1, on its way to the shop."""
    lot = chain.land("cooperative")
    chain.offer(lot, "cooperative", "shop")
    chain.load("truck 1", lot, name="carrier")
    return lot


def recorder(chain: Chain, name: str = "recorder") -> Recorder:
    """A device in truck 1 from now on."""
    made = Recorder.enrol(Client(), name, chain.now_ms)
    asset = Asset.objects.get(name="truck 1")
    Assignment.objects.filter(device=made.truck.device).update(asset=asset, from_ms=0)
    return made


def drive(chain: Chain, by: Recorder, hours: int, values: Values) -> None:
    """Signed readings for so long, and a door among them; then the clock stands at their end."""
    first = len(by.sealed)
    for minute in range(0, hours * 60, BEAT):
        at_ms = chain.now_ms + minute * MINUTE
        if first == 1 and minute in DOORS:
            by.say(door(DOORS[minute]), at_ms)
        by.say(temperatures(*values(minute)), at_ms)
    cuts = range(first, len(by.sealed), 200)
    by.post(*cuts, order=range(first > 1, len(cuts) + 1))
    chain.later(hours * 60)


def tick(chain: Chain) -> None:
    """What waits goes into the log; then two beats."""
    log.sequence(chain.now_ms)
    verdicts.do(chain.now_ms)
    verdicts.do(chain.now_ms)


def signs(state: SignState = SignState.SEEN) -> set[str]:
    return set(SensorSign.objects.filter(state=state).values_list("sign", flat=True))


def told() -> int:
    return Message.objects.filter(template=spotting.TEMPLATE).count()


def operator(chain: Chain) -> str:
    """An operator with a person who has a phone."""
    made = chain.ids["operator"] = pilots.organisation("watch", "operator")
    person = contacts.person_at(Contact(f"010-3000-{len(NAMES):04}"), 0)
    Membership.objects.create(
        person_id=person, organisation_id=made, role=Role.OPERATOR, from_ms=0
    )
    chain.people["operator"] = Who(person, Actor.PERSON, {made: Role.OPERATOR})
    return made


def looked(chain: Chain, found: Look, name: str = "carrier") -> None:
    desk = Desk(chain.people[name], chain.ids[name], chain.now_ms)
    assert looking.look(desk, chain.rooms["truck 1"], found) is ALLOWED


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (honest, set()),
        (stuck, {Sign.FLAT, Sign.DOOR_UNFELT, Sign.NO_DEFROST}),
        (deaf, {Sign.SILENT}),
        (parting, {Sign.DIVERGING}),
        (faked, {Sign.FAKE_COLD}),
    ],
    ids=["honest", "stuck", "deaf", "parting", "faked"],
)
def test_signed_readings_show_each_sign_to_whoever_reads_the_log(
    chain: Chain, values: Values, wanted: set[Sign]
) -> None:
    operator(chain)
    carried(chain)
    drive(chain, recorder(chain), 26, values)
    tick(chain)
    assert signs() == {str(one) for one in wanted}
    assert told() == (2 if wanted else 0)  # the carrier and the operator, however many signs
    assert not DueSign.objects.exclude(from_ms=None).exists()


def test_the_same_sign_is_one_row_that_widens_and_is_told_once(chain: Chain) -> None:
    carried(chain)
    by = recorder(chain)
    for _ in range(4):
        drive(chain, by, 8, stuck)
        tick(chain)
    (flat,) = SensorSign.objects.filter(sign=Sign.FLAT)
    assert flat.until_ms - flat.from_ms > 31 * HOUR and flat.seen_ms < flat.until_ms
    assert told() == 2  # first for two of them, then for the defrost that a day lacks
    assert SensorSign.objects.count() == len(signs()) == 3


def test_a_room_is_looked_at_no_more_often_than_every_few_hours(chain: Chain) -> None:
    carried(chain)
    by = recorder(chain)
    drive(chain, by, 1, honest)
    tick(chain)
    first = DueSign.objects.get()
    assert (first.from_ms, first.due_ms) == (None, chain.now_ms + spotting.REST_MS)
    drive(chain, by, 1, deaf)
    tick(chain)
    assert DueSign.objects.get().from_ms is not None and not SensorSign.objects.exists()
    chain.later(spotting.REST_MS // MINUTE)
    tick(chain)
    assert signs() == {"silent"}


def test_a_busy_server_looks_later_and_not_never(chain: Chain) -> None:
    carried(chain)
    drive(chain, recorder(chain), 2, deaf)
    log.sequence(chain.now_ms)
    verdicts.do(chain.now_ms)
    SensorSign.objects.all().delete()
    DueSign.objects.update(from_ms=0, due_ms=chain.now_ms)
    verdicts.do(chain.now_ms, lambda: False)
    assert not SensorSign.objects.exists()
    verdicts.do(chain.now_ms + spotting.REST_MS, lambda: False)
    assert signs() == {"silent"}


def test_readings_that_come_late_take_a_sign_back_and_bring_it_again_untold(
    chain: Chain,
) -> None:
    """A defrost that came late is there, then it is not: a row of tracks is read anew."""
    carried(chain)
    started = chain.now_ms
    room = Room.objects.get(id=chain.rooms["truck 1"])
    stands = [(started + n * 6 * MINUTE, 1_000 + n % 5 * 100) for n in range(250)]
    put(room, stands)
    chain.later(25 * 60)
    spotting.look(room.pk, chain.now_ms)
    assert (signs(), told()) == ({"no-defrost"}, 1)
    late = [(started + (60_000 * 720) + n * 3 * MINUTE, 2_500) for n in range(1, 6) if n != 2]
    put(room, [(at_ms + 1, value) for at_ms, value in late])
    spotting.look(room.pk, chain.now_ms)
    assert (signs(), signs(SignState.LAPSED)) == (set(), {"no-defrost"})
    tracks_of = room.asset.tracks.order_by("-id").first()
    assert tracks_of is not None
    with tracks.still():
        tracks_of.delete()
        spotting.owe(Changed(room.asset_id, started, chain.now_ms), chain.now_ms)
    spotting.look(room.pk, chain.now_ms)
    assert (signs(), told()) == ({"no-defrost"}, 1)


def put(room: Room, seen: list[tuple[int, int]]) -> None:
    """Readings of a room, as the log's reader leaves them."""
    with tracks.still():
        change = tracks.put(row(room.asset, seen))
        spotting.owe(change, max(at_ms for at_ms, _ in seen))


def test_what_a_person_found_ends_a_sign_and_the_next_must_show_anew(chain: Chain) -> None:
    carried(chain)
    by = recorder(chain)
    drive(chain, by, 8, stuck)
    tick(chain)
    looked(chain, Look.FINE)
    assert (signs(), signs(SignState.EXPLAINED)) == (set(), {"flat", "door-unfelt"})
    drive(chain, by, 4, stuck)
    tick(chain)
    assert signs() == set()
    drive(chain, by, 4, stuck)
    tick(chain)
    assert (signs(), told()) == ({"flat"}, 2)


def page(lot: Lot) -> str:
    """What a stranger reads."""
    html = Client().get(f"/q/{lot.ref}", headers={"Accept-Language": "ko"}).content.decode()
    return re.sub(r'name="csrf[^>]*>', "", html)


def catch_up(chain: Chain) -> None:
    """The log is read again."""
    asset = Asset.objects.get(name="truck 1").pk
    with writing():
        spotting.owe(Changed(asset, -(2**62), chain.now_ms), 0)
        DueSign.objects.update(due_ms=0)
    for _ in range(5):
        verdicts.do(chain.now_ms)


@pytest.mark.parametrize("found", list(Look))
def test_everybody_else_learns_only_what_a_person_found_and_nobodys_name(
    chain: Chain, found: Look
) -> None:
    shop: Stall = stall(chain, Client())
    lot = shop.on_sale(lambda _hours: 1.2, 8)
    catch_up(chain)
    assert "flat" in signs()
    before = page(lot)
    assert "점검" not in before
    looked(chain, found)
    after = page(lot)
    if found is Look.FINE:
        assert after == before
    else:
        assert "사람이 센서를 점검해 바로잡거나 교체함: 6월 2일" in after
        assert "truck 1" not in after and "carrier" not in after


def test_sixty_rooms_are_all_looked_at_and_all_are_shown(chain: Chain) -> None:
    watcher = operator(chain)
    started = chain.now_ms
    for number in range(60):
        asset = Asset.objects.create(name=f"cold {number:02}", made_ms=0)
        room = Room.objects.create(
            asset=asset, organisation_id=chain.ids["plant"], kind="truck", made_ms=0
        )
        seen = [Seen(started + n * 5 * MINUTE, 1_000, 1_000, 500, silent=1) for n in range(12)]
        track = row(asset, [one[:2] for one in seen], (), f"device {number}")
        track.packed = pack(Readings(tuple(seen)))
        with tracks.still():
            spotting.owe(tracks.put(track), started)
        assert DueSign.objects.get(room=room).from_ms is not None
    rounds = 0
    while DueSign.objects.exclude(from_ms=None).exists():
        verdicts.do(started + HOUR)
        rounds += 1
    assert rounds == 60 // spotting.AT_ONCE
    assert SensorSign.objects.filter(sign=Sign.SILENT).values("room").distinct().count() == 60
    for organisation, shown in ((chain.ids["plant"], 60), (watcher, 60), (chain.ids["shop"], 0)):
        assert looking.waiting(organisation).count() == shown


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done but looked failed"])
def test_a_fault_at_any_step_tells_of_a_sign_once_all_the_same(chain: Chain, done: bool) -> None:
    carried(chain)
    drive(chain, recorder(chain), 8, stuck)
    log.sequence(chain.now_ms)
    failed, right = 0, 0
    for step in count(1 + done, STRIDE):
        with undone():
            trap = Trap(step, done=done)
            failed += fails(trap, chain.now_ms)
            verdicts.do(chain.now_ms)
            right += (signs(), SensorSign.objects.count(), told()) == (
                {"flat", "door-unfelt"},
                2,
                1,
            )
        if not trap.sprung:
            break
    how = f"the database fails while signs are looked for ({'done' if done else 'not done'})"
    note("coldchain-signs", how, failed, f"{right} of {failed + 1} told once")
    assert failed > 5 and right == failed + 1


def test_only_while_goods_lie_there_still_air_is_a_sign(chain: Chain) -> None:
    drive(chain, recorder(chain), 8, stuck)
    tick(chain)
    assert signs() == set()
    window = Stretch(0, chain.now_ms)
    room = Room.objects.get(id=chain.rooms["truck 1"])
    assert spotting._cooled(room, window) == []
    carried(chain)
    assert spotting._cooled(room, Stretch(0, chain.now_ms + 1)) == [
        Stretch(chain.now_ms, chain.now_ms + 1)
    ]
