"""The endpoint: what is posted is logged, proved, judged; and a retry changes nothing."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings

from protocol import merkle, wire
from protocol.registry import PROBLEMS, Problem
from server.api import FOR_DEVICES
from server.devices import intake
from server.devices.models import EpochFacts, HeldSpan
from server.ledger import log
from server.ledger.tick import now_ms
from tests.protocol import build
from tests.server.devices.trucks import CBOR, Truck

pytestmark = pytest.mark.django_db(transaction=True)


def problem_of(response: object) -> tuple[int, str]:
    """Status and slug of a problem document."""
    document = response.json()  # type: ignore[attr-defined]
    assert response["Content-Type"] == "application/problem+json"  # type: ignore[index]
    assert document["status"] == response.status_code  # type: ignore[attr-defined]
    return document["status"], document["type"].removeprefix("urn:jagalchi:problem:")


def expected(problem: Problem) -> tuple[int, str]:
    return PROBLEMS[problem].status, problem.value


def test_a_posted_span_is_logged_and_proved_at_once(truck: Truck) -> None:
    answer = truck.post(truck.chain(20))
    assert [verdict.code for verdict in answer.verdicts] == [wire.VerdictCode.ACCEPTED]
    assert [(leaf.first, leaf.last) for leaf in truck.proved] == [(0, 19)]
    assert answer.next is None


def test_a_retry_adds_nothing_and_brings_an_equivalent_receipt(truck: Truck) -> None:
    chain = truck.chain(20)
    truck.post(chain)
    size = log.newest().size
    assert truck.codes(chain) == ["duplicate"]
    assert log.newest().size == size
    assert truck.proved[0] == truck.proved[1]


def test_another_slicing_adds_only_what_is_missing(truck: Truck) -> None:
    chain = truck.chain(30)
    truck.post(chain[:5], chain[10:15])
    assert truck.codes(chain[3:12], chain) == ["accepted", "accepted"]
    assert [(s.first, s.last) for s in HeldSpan.objects.order_by("first")] == [
        (0, 4),
        (5, 9),
        (10, 14),
        (15, 29),
    ]
    proved = {(leaf.first, leaf.last) for leaf in truck.proved}
    assert proved == {(0, 4), (5, 9), (10, 14), (15, 29)}


def test_one_refused_span_does_not_spoil_its_neighbours(truck: Truck) -> None:
    first = truck.chain(5)
    second = truck.chain(5, "epoch 2", first[-1].head)
    broken = [*second[:2], second[3]]
    assert truck.codes(first, broken, second) == ["accepted", "broken-chain", "accepted"]


def test_a_refusal_says_which_record(truck: Truck) -> None:
    chain = truck.chain(5)
    verdict = truck.post([*chain[:2], chain[3]]).verdicts[0]
    assert verdict == wire.Verdict(wire.VerdictCode.REFUSED, Problem.BROKEN_CHAIN, 2)


def test_a_foreign_key_is_refused(truck: Truck) -> None:
    foreign = build.chain(3, who=build.key("thief"))
    assert truck.codes(foreign) == ["unknown-key"]
    assert HeldSpan.objects.count() == 0


def test_a_record_for_another_server_is_refused(truck: Truck) -> None:
    prev = wire.first_prev(truck.answer)
    other = build.chain(3, who=truck.who, origin="other.log/1", first_prev=prev)
    assert truck.codes(other) == ["wrong-origin"]


def test_another_device_cannot_post_these_records(truck: Truck, client: Client) -> None:
    thief = Truck.enrol(client, "thief")
    assert thief.codes(truck.chain(3)) == ["unknown-key"]


def test_a_simulated_record_is_refused_in_production_and_taken_by_a_demonstration(
    truck: Truck,
) -> None:
    chain = build.append(truck.chain(2), build.reading(2), who=truck.who, simulated=True)
    assert truck.codes(chain) == ["simulated"]
    with override_settings(JAGALCHI=replace(settings.JAGALCHI, demo=True)):
        assert truck.codes(chain) == ["accepted"]


def test_a_device_nobody_enrolled_is_unknown(db: None, client: Client) -> None:
    body = wire.encode_batch([build.raw(build.chain(2))])
    path = f"/api/devices/{build.key().device}/spans"
    response = client.post(path, body, content_type=CBOR)
    assert problem_of(response) == expected(Problem.UNKNOWN_DEVICE)


@pytest.mark.parametrize("coding", ["gzip", "identity", "br, gzip"])
def test_any_content_encoding_is_refused(truck: Truck, coding: str) -> None:
    response = truck.send(wire.encode_batch([build.raw(truck.chain(2))]), content_encoding=coding)
    assert problem_of(response) == expected(Problem.CONTENT_ENCODING)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{}", Problem.MALFORMED),
        (b"\x81" * 10_000, Problem.TOO_DEEP),
        (b"\x9f\x01\xff", Problem.NOT_DETERMINISTIC),
        (b"\x82\x01\x80", Problem.MALFORMED),
        (b"\x82\x01\x9a\x00\x0f\x00\x00" + b"\x80" * 0xF0000, Problem.TOO_LARGE),
        (b"\x00" * ((1 << 20) + 1), Problem.TOO_LARGE),
        (wire.encode_batch([[b"x"]] * 17), Problem.TOO_MANY_SPANS),
        (wire.encode_batch([[b"x"] * 501]), Problem.TOO_MANY_RECORDS),
    ],
)
def test_garbage_is_a_typed_problem(truck: Truck, body: bytes, problem: Problem) -> None:
    assert problem_of(truck.send(body)) == expected(problem)


def test_a_body_of_another_type_is_refused(truck: Truck) -> None:
    path = f"/api/devices/{truck.device}/spans"
    for body, kind in ((b"{}", "application/json"), (b"", ""), (b"a=b", "text/plain")):
        response = truck.client.post(path, body, content_type=kind)
        assert problem_of(response) == expected(Problem.MEDIA_TYPE)


@pytest.mark.parametrize(
    "since", ["-1", "x", str(1 << 60), "1e3", "", "1_0", "%2B1", "%201", "1.0", "%D9%A1"]
)
def test_a_size_that_is_none_is_a_bad_request(truck: Truck, since: str) -> None:
    response = truck.client.post(
        f"/api/devices/{truck.device}/spans?since={since}", b"\x00", content_type=CBOR
    )
    assert problem_of(response) == expected(Problem.BAD_REQUEST)


def test_a_size_the_log_never_had_is_answered_503_and_the_rows_are_kept(truck: Truck) -> None:
    chain = truck.chain(3)
    body = wire.encode_batch([build.raw(chain)])
    path = f"/api/devices/{truck.device}/spans?since=1000"
    response = truck.client.post(path, body, content_type=CBOR)
    assert problem_of(response) == expected(Problem.LOG_UNAVAILABLE)
    assert response["Retry-After"]
    assert truck.codes(chain) == ["duplicate"]


def test_head_tells_what_is_held(truck: Truck) -> None:
    chain = truck.chain(20)
    truck.post(chain[:5], chain[8:10])
    answer = wire.decode_head(truck.get("head").content)
    assert answer.epochs == (wire.HeldEpoch(chain[0].record.epoch, ((0, 4), (8, 9))),)
    assert (answer.size, answer.next) == (log.newest().size, None)


def test_receipts_are_collected_page_by_page_with_hashes_on_request(truck: Truck) -> None:
    chain = truck.chain(40)
    for start in range(0, 40, 16):
        truck.post(*[[one] for one in chain[start : start + 16]])
    truck.proved.clear()
    epoch = chain[0].record.epoch.hex()
    response = truck.get("receipts", epoch=epoch, since=truck.trust.size)
    first = truck.check(wire.decode_answer(response.content))
    assert (len(first.receipts), first.next, first.verdicts) == (32, 32, ())
    query: dict[str, str | int] = {"epoch": epoch, "from": 32, "hashes": 1}
    query["since"] = truck.trust.size
    second = truck.check(wire.decode_answer(truck.get("receipts", **query).content))
    assert (len(second.receipts), second.next) == (8, None)
    assert [leaf.first for leaf in truck.proved] == list(range(40))
    roots = [leaf.root for leaf in truck.proved[32:]]
    assert [merkle.root(hashes) for hashes in second.hashes] == roots


def test_nothing_is_answered_elsewhere_and_by_other_methods(truck: Truck) -> None:
    path = f"/api/devices/{truck.device}"
    client = truck.client
    assert problem_of(client.get(f"{path}/config")) == expected(Problem.NOT_FOUND)
    assert problem_of(client.get("/api/nothing/here")) == expected(Problem.NOT_FOUND)
    assert problem_of(client.get("/api/")) == expected(Problem.NOT_FOUND)
    assert problem_of(client.get(f"{path}/spans")) == expected(Problem.METHOD_NOT_ALLOWED)
    response = client.delete("/api/enrol")
    assert problem_of(response) == expected(Problem.METHOD_NOT_ALLOWED)
    assert response["Allow"] == "POST"


def test_a_defect_is_an_answer_without_a_traceback(
    truck: Truck, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("server.devices.receipts.head", broken)
    response = truck.get("head")
    assert problem_of(response) == expected(Problem.INTERNAL)
    assert b"secret" not in response.content
    assert b"Traceback" not in response.content


def test_the_interface_is_described(client: Client) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {path for path in paths if path.startswith(FOR_DEVICES)} == {
        "/api/enrol",
        "/api/devices/{device}/spans",
        "/api/devices/{device}/head",
        "/api/devices/{device}/receipts",
        "/api/devices/{device}/config",
        "/api/devices/{device}/readmission",
        "/api/log/evidence",
        "/api/log/succession",
    }


def test_requests_that_meet_take_every_record_once(truck: Truck) -> None:
    chain = truck.chain(60)
    before = log.newest().size
    truck.post(chain[:1])
    bodies = [
        wire.encode_batch([build.raw(chain[start : start + 25]) for start in starts])
        for starts in ((0, 20), (20, 10), (35, 0), (10, 30))
    ]
    start, failed = threading.Barrier(len(bodies)), []

    def post(body: bytes) -> None:
        start.wait()
        try:
            intake.receive(truck.device, body, 0, now_ms())
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=post, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert EpochFacts.objects.get().held == "0-59"
    spans = HeldSpan.objects.values_list("first", "last")
    assert sum(last - first + 1 for first, last in spans) == 60
    assert log.newest().size == before + len(spans)
