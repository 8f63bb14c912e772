"""The pages: what is known is shown in both languages, and what is odd is said in words."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

from protocol.bodies import EventBody, Gossip
from protocol.record import seal
from protocol.registry import Event, Param, Status
from server.devices import commands
from server.devices.commands import issue_token
from server.devices.models import Asset, Device
from server.ledger import log
from server.web import shown
from tests.protocol import build
from tests.server.devices.trucks import Truck

pytestmark = pytest.mark.django_db(transaction=True)

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Checker(HTMLParser):
    """Follows the tags: every one is closed in order; scripts and inline styles are noted."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.active: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.active += [n for n, _ in attrs if n == "style" or n.startswith("on")]
        self.active += ["script"] if tag == "script" else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += " " + data


def read(response: Any, status: int = 200) -> str:
    """The words of a page that is well-formed and runs nothing."""
    assert response.status_code == status, response.content
    checker = Checker()
    checker.feed(response.content.decode())
    assert (checker.open, checker.active) == ([], [])
    return " ".join(checker.text.split())


def page(truck: Truck, language: str = "en") -> str:
    return read(truck.client.get(f"/devices/{truck.device}", {"lang": language}))


def test_an_empty_server_says_so_and_shows_its_checkpoint(client: Client) -> None:
    text = read(client.get("/", headers={"accept-language": "en"}))
    assert "No device is enrolled yet." in text
    assert "log.jagalchi.test/1" in text


def test_a_device_is_shown_with_its_reading_its_proof_and_the_newest_checkpoint(
    truck: Truck,
) -> None:
    truck.post(truck.chain(6))
    text = read(truck.client.get("/", {"lang": "en"}))
    assert "부산 81바 1234" in text and truck.device in text
    assert "● in order" in text
    assert "air-front temperature −18.25 ℃" in text
    assert "door side temperature −17.24 ℃" in text
    assert f"✓ entry no. {log.newest().size - 1}" in text
    assert "records 6" in text
    assert f"{log.newest().size} entries" in text
    assert "simulated" not in text


def test_a_missing_value_is_said_and_never_a_number(truck: Truck) -> None:
    truck.post(truck.chain(4))  # the second sensor is silent in record 3
    text = read(truck.client.get("/", {"lang": "en"}))
    assert "door side temperature no record △ no answer" in text
    assert "기록 없음 △ 응답 없음" in read(truck.client.get("/", {"lang": "ko"}))


def test_korean_is_the_default_and_a_choice_is_remembered(truck: Truck) -> None:
    client = truck.client
    assert "기기" in read(client.get("/"))
    assert "Devices" in read(client.get("/", headers={"accept-language": "en-GB,en;q=0.9"}))
    read(client.get("/", {"lang": "en"}))
    response = client.get("/")
    assert "Devices" in read(response)
    assert response["Content-Language"] == "en"
    assert b'<html lang="en">' in response.content
    assert "Devices" in read(client.get("/", {"lang": "xx"}))


def test_simulated_is_said_wherever_simulated_readings_are(truck: Truck) -> None:
    chain = build.append(truck.chain(3), build.reading(3), who=truck.who, simulated=True)
    with override_settings(JAGALCHI=replace(settings.JAGALCHI, demo=True)):
        truck.post(chain)
        for path in ("/", f"/devices/{truck.device}"):
            text = read(truck.client.get(path, {"lang": "en"}))
            assert "◇ simulated" in text
            assert "Demonstration: every reading on this page is simulated." in text
            assert "모의" in read(truck.client.get(path, {"lang": "ko"}))


def test_missing_ranges_are_listed_and_are_no_error(truck: Truck) -> None:
    chain = truck.chain(30)
    truck.post(chain[:5], chain[8:9], chain[20:])
    text = page(truck)
    assert "◐ catching up" in text
    assert "not arrived ◐ 5–7, 9–19" in text
    assert "held 16 · 0–4, 8, 20–29" in text


def test_a_lost_tail_is_shown_and_a_late_one_named(truck: Truck) -> None:
    first = truck.chain(10)
    second = truck.chain(3, "epoch 2", first[5].head)
    truck.post(first[:8], second)
    text = page(truck)
    assert "◑ card forgot" in text
    assert "lost by the card, kept here ◑ 6–7" in text
    assert "arrived late" not in text
    truck.post(first[8:])
    assert "◑ 6–9" in page(truck)
    assert "arrived late" in page(truck)


def test_a_fork_stands_out_with_its_evidence(truck: Truck) -> None:
    chain = truck.chain(6)
    forked = truck.append(chain[:4], Gossip(5, build.digest("root")))
    truck.post(chain, forked)
    text = page(truck)
    assert "◆ two versions" in text
    assert f"number 4: {chain[4].hash.hex()[:16]}… ≠ {forked[4].hash.hex()[:16]}…" in text
    assert "◆ 기록 충돌" in page(truck, "ko")


def test_two_cards_that_gossip_are_shown(truck: Truck) -> None:
    first = truck.chain(3)
    truck.post(first)
    left, right = (truck.chain(2, f"clone {n}", first[-1].head) for n in (1, 2))
    truck.post(left, right)
    newest = log.newest()
    left, right = (truck.append(one, Gossip(newest.size, newest.root)) for one in (left, right))
    truck.post(left[2:], right[2:])
    text = page(truck)
    assert "two cards at work" in text
    assert "◆ two versions" in text
    assert Device.objects.get().contested == 0


def test_overlapping_runs_are_to_be_checked(truck: Truck) -> None:
    first = truck.chain(3)
    truck.post(first)
    truck.post(*(truck.chain(5, f"clone {n}", first[-1].head) for n in (1, 2)))
    assert "△ check" in page(truck)
    assert "times overlap: to be checked" in page(truck)


def test_what_is_to_be_mended_is_said_in_the_words_of_the_device(truck: Truck) -> None:
    truck.post(truck.chain(4))  # the second sensor is silent in record 3
    assert "△ Sensor 2 (door side): no answer. Check its connector." in page(truck)
    assert "△ 센서 2 (door side) 응답 없음: 커넥터를 확인하세요." in page(truck, "ko")
    assert "Only what the device has signed." in page(truck)


LASTING = {
    "Sensor 1 and the one that it is paired with disagree": (
        EventBody(Event.SENSOR_FAULT, 1, ((Param.LIMIT, 101), (Param.STATUS, 8))),
        EventBody(Event.SENSOR_RECOVERED, 1, ((Param.LIMIT, 101),)),
    ),
    "Satellite receiver: no answer": (
        EventBody(Event.GNSS_FAULT, None, ((Param.STATUS, 2),)),
        EventBody(Event.GNSS_RECOVERED),
    ),
    "A door has been open for too long": (
        EventBody(Event.DOOR_OPENED, 0, ((Param.SINCE_MS, 5),)),
        EventBody(Event.DOOR_CLOSED, 0),
    ),
    "Power from outside is lost": (
        EventBody(Event.POWER_LOST, 254),
        EventBody(Event.POWER_RETURNED, 254),
    ),
}


@pytest.mark.parametrize("sentence", LASTING)
def test_what_lasts_is_shown_until_its_end_whatever_arrives_first(
    truck: Truck, sentence: str
) -> None:
    begins, ends = LASTING[sentence]
    chain = truck.append(truck.chain(3), begins)
    ended = truck.append(chain, ends)
    again = truck.append(ended, begins)
    truck.post(chain[:1], ended[4:])
    assert sentence not in page(truck)
    truck.post(ended[1:4])  # the beginning arrives after the end: over all the same
    assert sentence not in page(truck)
    assert "Nothing, as far as its records tell." in page(truck)
    truck.post(again[5:])
    assert f"△ {sentence}" in page(truck)


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (Event.STORAGE_TROUBLE, "Replace the card."),
        (Event.OUTBOX_DAMAGED, "Export this card and replace it."),
        (Event.LOG_INCONSISTENT, "Keep its card."),
    ],
)
def test_what_has_no_end_lasts_as_long_as_its_run(
    truck: Truck, event: Event, sentence: str
) -> None:
    first = truck.append(truck.chain(3), EventBody(event))
    truck.post(first)
    assert sentence in page(truck)
    truck.post(truck.chain(3, "epoch 2", first[-1].head))
    assert sentence not in page(truck)


@pytest.mark.parametrize(
    "passing",
    [
        EventBody(Event.DOOR_OPENED, 0),
        EventBody(Event.SENSOR_FAULT, 1, ((Param.STATUS, 2),)),
        EventBody(Event.SENSOR_RECOVERED, 1),
        EventBody(Event.CLOCK_STEPPED),
    ],
)
def test_what_passes_or_readings_tell_better_is_no_trouble(
    truck: Truck, passing: EventBody
) -> None:
    truck.post(truck.append(truck.chain(3), passing))
    assert "Nothing, as far as its records tell." in page(truck)


def test_an_excursion_is_shown_until_it_ends(truck: Truck) -> None:
    params = ((Param.LIMIT, 1), (Param.PEAK, 7000))
    began = EventBody(Event.EXCURSION_START, 1, params)
    chain = truck.append(truck.chain(3), began)
    ended = truck.append(chain, EventBody(Event.EXCURSION_END, 1, params))
    truck.post(chain[:1])
    truck.post(ended[4:])
    assert "▲" not in page(truck)
    truck.post(ended[1:4])  # the beginning arrives after the end: still over
    assert "▲" not in page(truck)
    again = truck.append(ended, began)
    truck.post(again[5:])
    assert "▲ limit exceeded" in page(truck)
    assert "▲ 온도 이탈" in page(truck, "ko")


def test_a_revoked_device_says_so_with_what_is_set_apart(truck: Truck) -> None:
    chain = truck.chain(6)
    truck.post(chain[:3])
    commands.revoke(truck.device, now_ms=1)
    truck.post(chain[3:])
    text = page(truck)
    assert "■ revoked" in text
    assert "set apart, awaiting confirmation" in text


def test_odd_clocks_are_remarked_and_impossible_times_do_not_break_the_page(truck: Truck) -> None:
    chain = truck.chain(3)
    odd = chain[-1].record._replace(seq=3, prev=chain[-1].hash, utc_ms=(1 << 53) - 1)
    truck.post([*chain, seal(odd, truck.who.kid, truck.who.sign)])
    assert "clock implausible" in page(truck)
    assert f"{(1 << 53) - 1} ms" in page(truck)


def test_names_are_shown_as_text_and_never_as_tags(client: Client) -> None:
    issue_token("<script>alert(1)</script>", now_ms=1, entropy=bytes(range(20)))
    truck = Truck.enrol(client)
    Asset.objects.filter(assignments__device=truck.device).update(name="<b>x</b>" * 3)
    assert "<b>x</b>" in read(client.get("/"))
    assert "<b>x</b>" in page(truck)


def test_many_devices_come_in_pages(client: Client) -> None:
    for number in range(60):
        name = build.key(f"truck {number}").device
        Device.objects.create(name=name, enrolled_ms=number, answer=b"")
    first = client.get("/", {"lang": "en"})
    assert read(first).count("no records yet") == 50
    assert b'href="?page=1"' in first.content
    assert read(client.get("/", {"page": "1", "lang": "en"})).count("no records yet") == 10
    for odd in ("-1", "x", "9" * 40, "²"):
        assert client.get("/", {"page": odd}).status_code == 200


@pytest.mark.parametrize("path", ["/nothing", "/devices/aaaaaaaaaaaaaaaa", "/devices/x", "/a/b"])
def test_what_is_not_here_is_a_page_in_the_readers_language(client: Client, path: str) -> None:
    assert "없는 페이지입니다" in read(client.get(path), 404)
    assert "There is no such page." in read(client.get(path, {"lang": "en"}), 404)


def test_the_style_sheet_is_served_and_nothing_else_may_run(client: Client) -> None:
    response = client.get("/style.css")
    assert response["Content-Type"].startswith("text/css")
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy


def test_every_status_has_a_word() -> None:
    for status in Status:
        one = build.reading(1).measurements[0]._replace(status=status, value=None)
        assert bool(shown.value("x", one, "ko").remark) is (status is not Status.OK)
