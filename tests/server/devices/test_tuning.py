"""Configurations at the server: published, numbered, logged, served, and told of by devices."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import IntegrityError, connection
from django.test import Client

from agent.core.trial import Standing
from protocol import configuration, wire
from protocol.configuration import Bound
from protocol.cose import Sign
from protocol.leaf import ServiceLeaf, decode_leaf
from protocol.record import Sealed
from protocol.registry import Quantity
from protocol.settable import LIMITED, SETTINGS, Setting, Stage, Why
from server.devices import commands, replay, tuning
from server.devices.models import Configuration, Device, EpochFacts
from server.ledger import keys, log, rows
from server.ledger.log import writing
from server.ledger.tick import now_ms
from tests.protocol import build
from tests.server.devices.trucks import Truck
from tests.tidy.source import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLE = (ROOT / "config/remote.toml").read_text("utf-8")
DOOR = tuning.read("door_open_ms = 600000")


def signer() -> Sign:
    path = settings.JAGALCHI.home / "keys/config.key"
    return keys.private_signer(path, keys.current().config)


def publish(device: str, wish: tuning.Wish = DOOR, days: int = 30) -> int:
    return tuning.publish(device, wish, days, signer(), now_ms())


def say(truck: Truck, chain: list[Sealed], stage: Stage, why: Why | None = None) -> list[Sealed]:
    """The device records what it does with the newest document."""
    document = tuning.served(truck.device)
    standing = Standing(stage, document.digest, document.content.version, why)
    return truck.append(chain, standing.body())


def test_what_is_served_verifies_under_the_key_that_the_device_has_pinned(truck: Truck) -> None:
    assert publish(truck.device, tuning.read(EXAMPLE)) == 1
    response = truck.get("config")
    assert (response.status_code, response["Content-Type"]) == (200, "application/cbor")
    pinned = wire.decode_enrol_answer(truck.answer).config_key()
    got = configuration.open_signed(response.content, pinned, build.verify_ed25519).content
    assert (got.device, got.version) == (truck.device, 1)
    assert got.issue.origin == keys.current().origin
    assert got.issue.last - got.issue.size == 30 * tuning.TICKS_A_DAY


def test_until_something_is_published_there_is_nothing(truck: Truck) -> None:
    assert truck.get("config").status_code == 404
    assert b"not-found" in truck.get("config").content
    stranger = truck.client.get(f"/api/devices/{'a' * 16}/config")
    assert (stranger.status_code, b"unknown-device" in stranger.content) == (404, True)


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_who_has_it_already_is_told_so_without_a_body(truck: Truck, form: str) -> None:
    publish(truck.device)
    etag = truck.get("config")["ETag"]
    path = f"/api/devices/{truck.device}/config"
    again = truck.client.get(path, headers={"if-none-match": form.format(etag)})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    publish(truck.device)
    fresh = truck.client.get(path, headers={"if-none-match": etag})
    assert fresh.status_code == 200 and fresh["ETag"] != etag


def test_numbers_grow_by_one_for_each_device_alone(truck: Truck, client: Client) -> None:
    other = Truck.enrol(client, "other")
    assert [publish(truck.device), publish(truck.device), publish(other.device)] == [1, 2, 1]
    assert tuning.served(truck.device).content.version == 2


def test_the_log_commits_to_each_document_and_tells_nobody_what_it_says(truck: Truck) -> None:
    publish(truck.device)
    leaves = [decode_leaf(one) for one in log.leaves(0, log.newest().size)]
    (entry,) = (one for one in leaves if isinstance(one, ServiceLeaf) and one.kind == "configured")
    assert (entry.service, dict(entry.public)) == ("devices", {})
    document = bytes(Configuration.objects.get().document)
    raw = rows.fetch("SELECT leaf FROM ledger_entry")
    assert not any(document[-64:] in bytes(leaf) for (leaf,) in raw)


def test_the_journal_alone_brings_the_documents_back(truck: Truck) -> None:
    publish(truck.device, tuning.read(EXAMPLE))
    before = Configuration.objects.values_list("version", "mark", "published_ms").get()
    Configuration.objects.all().delete()
    replay.rebuild(0, log.newest().size)
    assert Configuration.objects.values_list("version", "mark", "published_ms").get() == before


def test_the_database_refuses_a_second_document_of_one_number(truck: Truck) -> None:
    publish(truck.device)
    row = Configuration.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), writing():
        row.save()
    row.version = 0
    with pytest.raises(IntegrityError), writing():
        row.save()
    assert connection.is_usable()


def test_a_device_that_would_not_obey_is_not_written_to(truck: Truck) -> None:
    with pytest.raises(tuning.Unpublishable, match="no device"):
        publish("a" * 16)
    answer = wire.decode_enrol_answer(truck.answer)
    elsewhere = wire.EnrolAnswer(
        **{name: getattr(answer, name) for name in answer.__slots__}
        | {"config_vkey": answer.log_vkey}
    )
    raw = wire.encode_enrol_answer(elsewhere)
    Device.objects.update(answer=raw)
    with pytest.raises(tuning.Unpublishable, match="another configuration key"):
        publish(truck.device)
    Device.objects.update(answer=truck.answer)
    commands.revoke(truck.device, now_ms=now_ms())
    with pytest.raises(tuning.Unpublishable, match="is revoked"):
        publish(truck.device)
    assert Configuration.objects.count() == 0


def test_a_sensor_that_the_newest_opening_does_not_name_is_refused(truck: Truck) -> None:
    bound = Bound(9, 200, Quantity.TEMPERATURE, True, 0, 0, 0, 0)
    wish = tuning.Wish((), (bound,))
    truck.post(truck.chain(2))
    with pytest.raises(tuning.Unpublishable, match="no sensor 200"):
        publish(truck.device, wish)


def test_what_became_of_a_document_is_read_from_the_records(truck: Truck) -> None:
    assert tuning.standing(truck.device).in_use is None
    publish(truck.device)
    chain = truck.chain(3)
    truck.post(chain)
    assert tuning.standing(truck.device).in_use == 0
    chain = say(truck, chain, Stage.ON_TRIAL)
    truck.post(chain[3:])
    found = tuning.standing(truck.device)
    assert (found.in_use, found.documents[0].stage) == (1, Stage.ON_TRIAL)
    chain = say(truck, chain, Stage.CONFIRMED)
    truck.post(chain[4:])
    assert tuning.standing(truck.device).documents[0].stage is Stage.CONFIRMED
    publish(truck.device)
    chain = say(truck, chain, Stage.REFUSED, Why.UNFIT)
    truck.post(chain[5:])
    newest, older = tuning.standing(truck.device).documents
    assert (newest.stage, newest.why, older.stage) == (Stage.REFUSED, Why.UNFIT, Stage.CONFIRMED)
    assert tuning.standing(truck.device).in_use == 1


def test_the_words_are_the_same_in_whatever_order_the_records_arrive(truck: Truck) -> None:
    publish(truck.device)
    chain = say(truck, say(truck, truck.chain(2), Stage.ON_TRIAL), Stage.CONFIRMED)
    chain = truck.append(chain, build.reading(1))
    truck.post(chain[:1])
    for start in (3, 4, 1, 2):
        truck.post(chain[start : start + 1])
    words = [text.split(":")[:2] for text in EpochFacts.objects.get().configured.split()]
    assert words == [["2", "1"], ["3", "2"]]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("outbox = 1", "outbox: not settable from afar"),
        ("sample_period_ms = 1", "expected a whole number from 5000 to 300000"),
        ("sample_period_ms = 1.5", "expected a whole number"),
        ('language = "fr"', "language = 'fr'"),
        ("buzzer = 2", "buzzer = 2"),
        ("limit = 3", "limit: expected tables"),
        ("[[limit]]\nid = 1", "limit.quantity: expected one of temperature, humidity"),
        ("[", "not valid TOML"),
        ('server.url = "http://x"', "server: not settable from afar"),
    ],
)
def test_a_file_that_asks_for_what_is_not_settable_is_told_so(text: str, told: str) -> None:
    with pytest.raises(tuning.Unpublishable) as refused:
        tuning.read(text)
    assert told in str(refused.value)


LIMIT = """[[limit]]
id = 1
sensor = 1
quantity = "temperature"
threshold_milli = 4000
hysteresis_milli = 500
delay_ms = 0
budget_ms = 0
"""


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("id = 1", "id = 256", "limit.id: expected"),
        ("sensor = 1", "", "limit.sensor: expected"),
        ("threshold_milli = 4000", "threshold_milli = 70000", "threshold_milli = 70000"),
        ("delay_ms = 0", "", "delay_ms = None"),
        ("sensor = 1", "sensor = 1\npath = 1", "limit.path: unknown key"),
        ("sensor = 1", "sensor = 1\nabove = 1", "limit.above: expected true or false"),
        ("[[limit]]", LIMIT + "[[limit]]", "a number that no other limit has"),
    ],
)
def test_a_limit_that_is_wrong_is_told_by_its_key(before: str, after: str, told: str) -> None:
    assert tuning.read(LIMIT).limits[0].threshold == 4_000
    with pytest.raises(tuning.Unpublishable) as refused:
        tuning.read(LIMIT.replace(before, after, 1))
    assert told in str(refused.value)


def test_the_example_shows_every_setting_and_every_number_of_a_limit() -> None:
    wish = tuning.read(EXAMPLE)
    assert {setting for setting, _ in wish.settings} == set(Setting)
    assert {bound.quantity for bound in wish.limits} == set(LIMITED)
    told = [*SETTINGS.values(), *(one for fields in LIMITED.values() for one in fields.values())]
    assert all(f"{bounds.key} = " in EXAMPLE for bounds in told)
