"""A wall display: what is old, missing or beyond a limit is never shown as if all were well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from protocol.bodies import EventBody, Measured
from protocol.record import open_sealed
from protocol.registry import Event, Param, Quantity, Status
from server.accounts.models import Deed, Link
from server.accounts.rules import CLOCKWORK, DAY_MS
from server.devices.models import Asset
from server.devices.overview import LastReading, Summary
from server.devices.standing import SILENT_MS, Standing
from server.ledger.tick import now_ms
from server.web import displays, wall
from server.web.words import WALL
from tests.protocol import build
from tests.server.accounts import cast
from tests.server.accounts.browser import chromium
from tests.server.devices.trucks import Truck
from tests.server.test_cli import call
from tests.server.web import plant
from tests.server.web.test_pages import Checker, read

ROOM = "다대 선별장"
LOOKS = [
    (Status.OK, 0, False, "● recorded"),
    (Status.NO_ANSWER, 0, False, "△ check the sensor"),
    (Status.SUSPECT, 0, False, "△ check the sensor"),
    (Status.OK, SILENT_MS + 1, False, "▽ no new records"),
    (Status.NO_ANSWER, SILENT_MS + 1, False, "▽ no new records"),
    (Status.OK, 0, True, "▲ limit exceeded"),
    (Status.OK, SILENT_MS + 1, True, "▲ limit exceeded"),
]


def drawn(
    status: Status,
    late_ms: int,
    beyond: bool,
    milli: int = -18_249,
    dated_ms: int | None = build.START_UTC_MS,
    heard_ms: int = build.START_UTC_MS,
) -> wall.Room:
    """One room whose reading is that old."""
    now = build.START_UTC_MS + late_ms
    value = milli if status in (Status.OK, Status.SUSPECT) else None
    record = build.chain(2)[1].record._replace(utc_ms=dated_ms)
    reading = LastReading(record, (("냉장고", Measured(1, Quantity.TEMPERATURE, value, status)),))
    summary = Summary(
        *("a" * 16, ROOM, Standing.GOOD, False, heard_ms, reading, None, 2, 0, 0),
        beyond=frozenset({1} if beyond else ()),
    )
    (room,) = wall.rooms(summary, {1: milli + 1_000}, "en", now)
    return room


@pytest.mark.parametrize(("status", "late_ms", "beyond", "told"), LOOKS)
def test_the_gravest_is_said_first(status: Status, late_ms: int, beyond: bool, told: str) -> None:
    room = drawn(status, late_ms, beyond)
    assert f"{room.shape} {room.word}" == told
    assert room.old is (late_ms > SILENT_MS)
    assert room.now == ("no record" if status is Status.NO_ANSWER else "−18.2 ℃")
    assert room.worst == "−17.2 ℃"
    assert room.late == ("record 15 min late" if late_ms else "")


@pytest.mark.parametrize("dated_ms", [None, build.START_UTC_MS + DAY_MS])
def test_an_undated_reading_or_a_clock_ahead_is_no_fresher_than_what_was_heard(
    dated_ms: int | None,
) -> None:
    room = drawn(Status.OK, 20 * wall.MINUTE_MS, beyond=False, dated_ms=dated_ms)
    assert (room.late, room.old) == ("record 20 min late", True)


def test_old_records_that_arrive_now_are_late_all_the_same() -> None:
    now = build.START_UTC_MS + 20 * wall.MINUTE_MS
    room = drawn(Status.OK, 20 * wall.MINUTE_MS, beyond=False, heard_ms=now)
    assert (room.late, room.old) == ("record 20 min late", True)


@given(st.integers(-99_999, 99_999))
def test_a_value_is_shown_to_the_nearest_tenth(milli: int) -> None:
    text = drawn(Status.OK, 0, beyond=False, milli=milli).now
    assert abs(float(text.removesuffix(" ℃").replace("−", "-")) * 1_000 - milli) <= 50
    assert "−0.0" not in text


@given(st.integers(0, 4_102_444_800_000))
def test_a_day_begins_at_midnight_in_korea(at_ms: int) -> None:
    began = wall.midnight_ms(at_ms)
    assert 0 <= at_ms - began < DAY_MS
    assert (began + wall.KOREA_MS) % DAY_MS == 0


def test_every_look_differs_by_shape_and_word() -> None:
    marks = list(WALL.values())
    assert set(WALL) == set(wall.Look)
    assert len({one.shape for one in marks}) == len({one.word for one in marks}) == len(marks)


@pytest.fixture
def site(client: Client, settings: Any) -> Iterator[Truck]:
    """A device of a demonstration, for the site's rooms."""
    settings.JAGALCHI = replace(settings.JAGALCHI, demo=True)
    truck = Truck.enrol(client, "site")
    Asset.objects.update(name=ROOM)
    yield truck


def opened(days: int = 1) -> str:
    """The path of a new link."""
    address = displays.make(CLOCKWORK, [ROOM], days, now_ms())
    return "/" + address.split("/", 3)[3]


def shown(path: str, language: str = "ko") -> str:
    """What a stranger's screen shows."""
    return read(Client().get(path, {"lang": language}))


@pytest.mark.django_db(transaction=True)
def test_the_rooms_of_a_site_stand_side_by_side_with_the_warmest_of_today(site: Truck) -> None:
    at_ms = now_ms()
    sealed = plant.recorded(site, 180, at_ms)
    plant.deliver(site, sealed)
    text = shown(opened())
    rooms = re.findall(r"(work-room|cold-room|freezer|cold-box) ● 기록 중 (−?[\d.]+) ℃", text)
    assert [name for name, _ in rooms] == ["work-room", "cold-room", "freezer", "cold-box"]
    since = wall.midnight_ms(at_ms)
    values = [
        m.value
        for record in (open_sealed(one.sealed).record for one in sealed[1:])
        if (record.utc_ms or 0) >= since
        for m in record.body.measurements  # type: ignore[union-attr]
        if m.sensor == 2 and m.quantity is Quantity.TEMPERATURE and m.value is not None
    ]
    assert f"오늘 최고 {wall._milli(max(values), 'ko')}" in text
    assert (text.count("지연 없음"), text.count("◇ 모의")) == (4, 1)
    assert ROOM not in text


@pytest.mark.django_db(transaction=True)
def test_a_silent_site_says_how_late_it_is_and_strikes_the_old_value_through(site: Truck) -> None:
    plant.deliver(site, plant.recorded(site, 5, now_ms() - 42 * plant.MINUTE_MS))
    path = opened()
    page = Client().get(path).content.decode()
    assert page.count('class="value old"') == 4
    assert shown(path).count("▽ 기록 지연") == 4
    assert "기록 지연 42분" in shown(path)
    assert "record 42 min late" in shown(path, "en")


@pytest.mark.django_db(transaction=True)
def test_an_excursion_that_the_device_signed_is_of_its_room_alone(site: Truck) -> None:
    at_ms = now_ms()
    began = EventBody(Event.EXCURSION_START, 2, ((Param.LIMIT, 1), (Param.PEAK, 7_000)))
    plant.deliver(site, plant.also(site, plant.recorded(site, 5, at_ms), began, at_ms))
    text = shown(opened())
    assert "cold-room ▲ 온도 이탈" in text
    assert (text.count("▲"), text.count("●")) == (1, 3)


@pytest.mark.django_db(transaction=True)
def test_the_page_refreshes_itself_without_script_and_leads_nowhere(site: Truck) -> None:
    path = opened()
    response = Client().get(path)
    page = response.content.decode()
    checker = Checker()
    checker.feed(page)
    assert '<meta http-equiv="refresh" content="30">' in page
    assert (checker.active, re.findall(r"<(?:a|form|script)\b", page)) == ([], [])
    assert response["Referrer-Policy"] == "no-referrer"
    assert "○ 기록 없음" in read(response)


@pytest.mark.django_db(transaction=True)
def test_a_link_shows_its_own_assets_for_its_time_and_to_its_owner_only(
    site: Truck, settings: Any
) -> None:
    settings.JAGALCHI = replace(settings.JAGALCHI, demo=False)
    path = opened()
    assert Client().get(path).status_code == 200
    assert Client().get(path[:-1] + ("a" if path[-1] != "a" else "b")).status_code == 404
    Link.objects.update(expires_ms=now_ms())
    assert Client().get(path).status_code == 404
    path = opened()
    Asset.objects.update(organisation=cast.organisation().id)
    assert Client().get(path).status_code == 404
    path = opened()
    assert Client().get(path).status_code == 200
    assert displays.end(CLOCKWORK, [ROOM], now_ms()) == 3
    assert Client().get(path).status_code == 404
    assert list(Deed.objects.values_list("act", flat=True)).count("wall-made") == 3


@pytest.mark.django_db(transaction=True)
def test_what_cannot_stand_on_one_wall_is_refused(site: Truck) -> None:
    Asset.objects.create(name="남의 창고", made_ms=1, organisation=cast.organisation().id)
    for number in range(displays.MOST):
        Asset.objects.create(name=f"방 {number}", made_ms=1)
    many = [ROOM, *(f"방 {number}" for number in range(displays.MOST))]
    for names, why in (
        (["없음"], "there is no asset"),
        ([ROOM, "남의 창고"], "different organisations"),
        (many, "at most 8"),
    ):
        with pytest.raises(displays.NoWall, match=why):
            displays.make(CLOCKWORK, names, 1, now_ms())
    assert not Link.objects.exists()


def test_the_command_makes_and_ends_links(tmp_path: Any) -> None:
    assert call(tmp_path, "token", "--asset", "x").returncode == 0
    made = call(tmp_path, "wall", "--asset", "x")
    assert re.search(r"/wall/[a-z2-7]{26}$", made.stdout.strip()), made.stderr
    assert call(tmp_path, "wall", "--asset", "x", "--end").stdout == "ended: 1\n"
    assert call(tmp_path, "wall", "--asset", "y").returncode == 78


LINES = "[...document.querySelectorAll('.room > *')]"
CUT = f"{LINES}.filter(e => e.scrollWidth > e.clientWidth).length"
WIDER = "document.documentElement.scrollWidth - window.innerWidth"
LEAST = f"Math.min(...{LINES}.map(e => parseFloat(getComputedStyle(e).fontSize)))"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "height", "pixels"), [(1920, 1080, 54), (360, 800, 16)])
def test_on_a_wall_and_on_a_telephone_nothing_is_cut_off_and_all_is_large_enough(
    site: Truck, live_server: Any, width: int, height: int, pixels: int
) -> None:
    """54 pixels of 1920 are 25 mm on a screen of 40 inches: a two-hundredth of five metres."""
    at_ms = now_ms()
    began = EventBody(Event.EXCURSION_START, 3, ((Param.LIMIT, 2), (Param.PEAK, -7_000)))
    plant.deliver(site, plant.also(site, plant.recorded(site, 5, at_ms), began, at_ms))
    with chromium(width) as browser:
        page = browser.new_page()
        page.set_viewport_size({"width": width, "height": height})
        for language in ("ko", "en"):
            page.goto(f"{live_server.url}{opened()}?lang={language}")
            page.wait_for_selector(".room")
            assert (page.evaluate(CUT), page.evaluate(WIDER)) == (0, 0)
            assert page.evaluate(LEAST) >= pixels
        if width > height:
            assert page.evaluate("document.documentElement.scrollHeight") == height
