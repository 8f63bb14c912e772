"""Enrolment: one token, one device, one answer; and everything else is refused by name."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from protocol import cbor, cose, wire
from protocol.errors import ProtocolError
from protocol.registry import PROBLEMS, Problem
from server.devices import commands, enrolment, overview
from server.devices.models import Assignment, Device, DeviceKey, EnrolmentToken
from server.ledger import keys
from server.ledger.tick import now_ms
from tests.protocol import build
from tests.server.conftest import NOW_MS, ORIGIN
from tests.server.devices.trucks import CBOR, Truck, token

pytestmark = pytest.mark.django_db(transaction=True)


def request(text: str, name: str = "truck") -> bytes:
    who = build.key(name)
    return wire.make_enrol(text, who.cose_key, who.sign)


def ask(client: Client, body: bytes) -> Any:
    return client.post("/api/enrol", body, content_type=CBOR)


def refused(response: Any) -> Problem:
    problem = Problem(response.json()["type"].rpartition(":")[2])
    assert response.status_code == PROBLEMS[problem].status
    return problem


def test_a_token_and_a_key_make_a_device_that_is_fitted_to_its_asset(client: Client) -> None:
    response = ask(client, request(token()))
    answer = wire.decode_enrol_answer(response.content)
    assert (answer.device, answer.origin) == (build.key().device, ORIGIN)
    assert (answer.asset, answer.demo) == ("부산 81바 1234", False)
    assert answer.log_key() == keys.current().log
    assert bytes(DeviceKey.objects.get().cose_key) == build.key().cose_key
    assert Assignment.objects.get().asset.name == "부산 81바 1234"
    assert b"0123456789abcdef" not in bytes(EnrolmentToken.objects.get().token_hash)


def test_the_same_request_again_gets_the_same_bytes(client: Client) -> None:
    body = request(token())
    assert ask(client, body).content == ask(client, body).content
    assert Device.objects.count() == 1


def test_a_used_token_serves_no_other_device(client: Client) -> None:
    text = token()
    ask(client, request(text))
    assert refused(ask(client, request(text, "thief"))) is Problem.TOKEN_USED


def test_an_unknown_token_is_refused(client: Client) -> None:
    assert refused(ask(client, request("nothing"))) is Problem.TOKEN_UNKNOWN


def test_a_token_expires_after_24_hours_but_its_device_may_still_ask_again() -> None:
    text = commands.issue_token("room 1", now_ms=NOW_MS, entropy=bytes(range(16)))
    late = NOW_MS + commands.TOKEN_LIFE_MS
    with pytest.raises(ProtocolError) as caught:
        enrolment.enrol(request(text), late)
    assert caught.value.problem is Problem.TOKEN_EXPIRED
    answer = enrolment.enrol(request(text), late - 1)
    assert enrolment.enrol(request(text), late + 1) == answer


def test_a_key_enrols_once(client: Client) -> None:
    ask(client, request(token()))
    other = token(entropy=b"another token's entropy")
    assert refused(ask(client, request(other))) is Problem.KEY_TAKEN


def test_possession_must_be_proved_for_this_key_and_this_token(client: Client) -> None:
    text, who, thief = token(), build.key(), build.key("thief")
    forged = wire.make_enrol(text, who.cose_key, thief.sign)
    assert refused(ask(client, forged)) is Problem.PROOF_OF_POSSESSION
    other = cbor.decode(request("another token"), max_bytes=4096)
    assert isinstance(other, list)
    mixed = cbor.encode([1, text, other[2]])
    assert refused(ask(client, mixed)) is Problem.PROOF_OF_POSSESSION
    payload = cbor.encode({0: 1, 1: who.cose_key, 2: enrolment.token_hash(text)})
    record = cose.seal(payload, who.kid, cose.RECORD_DOMAIN, who.sign)
    assert refused(ask(client, cbor.encode([1, text, record]))) is Problem.WRONG_DOMAIN
    assert Device.objects.count() == 0


@pytest.mark.parametrize("body", [b"", b"\x00", b"\x81" * 4000, bytes(5000)])
def test_garbage_is_refused(client: Client, body: bytes) -> None:
    assert 400 <= ask(client, body).status_code < 500


def test_of_devices_racing_for_one_token_exactly_one_wins() -> None:
    text, racers, results = token(), 8, []
    bodies = [request(text, f"racer {number}") for number in range(racers)]
    start = threading.Barrier(racers)

    def race(body: bytes) -> None:
        start.wait()
        try:
            enrolment.enrol(body, now_ms())
            results.append("won")
        except ProtocolError as error:
            results.append(error.problem.value)
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["token-used"] * (racers - 1) + ["won"]
    assert Device.objects.count() == 1


def test_a_device_moves_to_another_asset_from_a_date_on(client: Client) -> None:
    ask(client, request(token()))
    commands.assign(build.key().device, "부산 82사 5678", now_ms=now_ms() + 5)
    old, new = Assignment.objects.order_by("id")
    assert (old.until_ms, new.until_ms) == (new.from_ms, None)


def test_a_new_card_takes_the_truck_over_and_the_old_ones_history_stays_with_it(
    client: Client,
) -> None:
    old = Truck.enrol(client, "old card")
    old.post(old.chain(9))
    assert commands.fitted("부산 81바 1234") == [old.device]
    new = Truck.enrol(client, "new card")
    assert commands.fitted("부산 81바 1234") == [new.device]
    first, second = Assignment.objects.order_by("id")
    assert (first.device_id, first.until_ms) == (old.device, second.from_ms)
    assert (second.device_id, second.until_ms) == (new.device, None)
    assert first.asset_id == second.asset_id
    assert overview.rows_of(old.device) == (9, 9)
    commands.assign(old.device, "부산 81바 1234", now_ms=now_ms() + 5)
    assert commands.fitted("부산 81바 1234") == [new.device, old.device]


def test_a_device_nobody_knows_can_be_neither_assigned_nor_revoked() -> None:
    with pytest.raises(commands.UnknownDevice):
        commands.revoke("x", now_ms=1)
    with pytest.raises(commands.UnknownDevice):
        commands.assign("x", "room 1", now_ms=1)


@pytest.mark.parametrize(("asset", "entropy"), [("", 16), ("x" * 65, 16), ("room", 15)])
def test_a_token_needs_a_name_and_enough_chance(asset: str, entropy: int) -> None:
    with pytest.raises(ValueError, match=r"has 1 to 64|at least"):
        commands.issue_token(asset, now_ms=1, entropy=bytes(entropy))
