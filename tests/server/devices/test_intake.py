"""The endpoint: what is posted is logged, proved, judged; and a retry changes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings
from django.test import Client, override_settings

from protocol import cose, merkle, wire
from protocol.bodies import Gossip, Rotation
from protocol.opening import TreeHead
from protocol.record import Sealed, rotation_message, seal
from protocol.registry import PROBLEMS, Kind, Problem, Reason
from protocol.tombstone import Evicted, Tombstone
from server.devices import commands
from server.devices.models import Device, EpochFacts, ForkEvidence, HeldSpan, Quarantined
from server.ledger import log
from tests.protocol import build
from tests.server.conftest import ORIGIN
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


def test_a_fork_is_kept_whole_proved_and_shown(truck: Truck) -> None:
    chain = truck.chain(6)
    forked = truck.append(chain[:4], Gossip(5, build.digest("root")))
    truck.post(chain)
    answer = truck.post(forked)
    assert answer.verdicts == (wire.Verdict(wire.VerdictCode.FORK, Problem.FORK, 4),)
    assert [leaf.last for leaf in truck.proved[1:]] == [5, 4]
    evidence = ForkEvidence.objects.get()
    assert (evidence.seq, bytes(evidence.posted_hash)) == (4, forked[4].hash)
    assert truck.codes(forked) == ["duplicate"]
    assert Device.objects.get().contested == 5


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


@pytest.mark.parametrize("since", ["-1", "x", str(1 << 60), "1e3", ""])
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


@pytest.mark.parametrize("utc_ms", [0, 2_398_291_200_000])
def test_a_clock_in_1970_or_2046_is_accepted_and_flagged(truck: Truck, utc_ms: int) -> None:
    chain = truck.chain(3)
    odd = replace(chain[-1].record, seq=3, prev=chain[-1].hash, utc_ms=utc_ms)
    chain.append(seal(odd, truck.who.kid, truck.who.sign))
    assert truck.codes(chain) == ["accepted"]
    assert EpochFacts.objects.get().flags == 1


def test_a_boot_clock_that_falls_is_flagged_also_between_spans(truck: Truck) -> None:
    chain = truck.chain(5)
    fallen = replace(chain[-1].record, seq=5, prev=chain[-1].hash, boot_ms=7)
    truck.post(chain)
    truck.post([seal(fallen, truck.who.kid, truck.who.sign)])
    assert EpochFacts.objects.get().flags == 2


def test_gossip_counts_only_when_it_is_this_logs_own(truck: Truck) -> None:
    chain = truck.chain(2)
    truck.post(chain)
    ours = log.newest()
    chain = truck.append(chain, Gossip(ours.size, ours.root))
    truck.post(chain)
    facts = EpochFacts.objects.get()
    assert (facts.gossip, facts.flags) == (ours.size, 0)
    chain = truck.append(chain, Gossip(ours.size + 100, build.digest("root")))
    truck.post(chain)
    facts = EpochFacts.objects.get()
    assert (facts.gossip, facts.flags) == (ours.size, 8)


def test_the_openings_checkpoint_is_gossip_too(truck: Truck) -> None:
    first = truck.chain(3)
    truck.post(first)
    ours = log.newest()
    second = build.chain(
        2,
        who=truck.who,
        epoch="epoch 2",
        head=first[-1].head,
        origin=ORIGIN,
        checkpoint=TreeHead(ours.size, ours.root),
    )
    truck.post(second)
    assert EpochFacts.objects.get(epoch=second[0].record.epoch).gossip == ours.size


def test_after_a_revocation_only_committed_records_are_taken_and_the_rest_is_set_apart(
    truck: Truck,
) -> None:
    chain = truck.chain(20)
    truck.post(chain[:1], chain[15:18])
    commands.revoke(truck.device, now_ms=1)
    assert truck.codes(chain[5:10], chain[18:]) == ["revoked", "revoked"]
    assert Quarantined.objects.count() == 2
    assert truck.codes(chain[10:15]) == ["accepted"]
    assert EpochFacts.objects.get().held == "0-0,5-17"
    assert [(row.first, row.last) for row in Quarantined.objects.all()] == [(18, 19)]
    assert truck.codes(chain[18:]) == ["revoked"]


def test_a_part_that_becomes_committed_to_is_taken_out_of_what_is_set_apart(truck: Truck) -> None:
    chain = truck.chain(20)
    truck.post(chain[:1], chain[10:12], chain[15:18])
    commands.revoke(truck.device, now_ms=1)
    truck.post([*chain[5:9], chain[9]][:3])  # 5, 6, 7: nothing names 7 yet
    assert truck.codes(chain[8:10]) == ["accepted"]
    assert EpochFacts.objects.get().held == "0-0,5-11,15-17"
    assert Quarantined.objects.count() == 0
    assert Device.objects.get().quarantined == 0


def test_a_rotation_lets_the_new_key_in_and_ends_the_old(truck: Truck) -> None:
    old, new = truck.chain(3), build.key("next")
    signature = new.sign(rotation_message(truck.device, old[-1].head, new.cose_key))
    chain = truck.append(old, Rotation(new.cose_key, cose.low_s(signature)))
    truck.post(chain)
    opening = build.opening(truck.who, chain[-1].head, ORIGIN)
    place = build.Place(build.digest("epoch 2", 8), 0, chain[-1].hash)
    sealed = seal(build.record(Kind.OPENING, opening, place), new.kid, new.sign)
    assert truck.codes([sealed]) == ["accepted"]
    assert truck.codes(build.append(chain, build.reading(9), who=truck.who)[-1:]) == ["revoked"]


def test_a_rotation_that_the_new_key_did_not_sign_is_refused(truck: Truck) -> None:
    old, new = truck.chain(3), build.key("next")
    lie = Rotation(new.cose_key, cose.low_s(new.sign(b"something else")))
    assert truck.codes(truck.append(old, lie)) == ["proof-of-possession"]


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
    assert set(paths) == {
        "/api/enrol",
        "/api/devices/{device}/spans",
        "/api/devices/{device}/head",
        "/api/devices/{device}/receipts",
        "/api/devices/{device}/config",
        "/api/log/evidence",
    }


def stone(chain: list[Sealed], first: int, last: int, lie: str = "") -> Tombstone:
    """A tombstone that tells of records first..last of the chain, wrongly at one end."""
    epoch, wrong = chain[0].record.epoch, build.digest("lie")
    before = wrong if lie == "before" else chain[first - 1].hash
    end = wrong if lie == "end" else chain[last].hash
    return Tombstone(
        (Evicted(epoch, first, last, before, end, last - first + 1, Reason.EVICTED),)
    )


def test_a_tombstone_explains_what_is_missing_and_what_fits_may_still_come(truck: Truck) -> None:
    chain = truck.chain(20)
    stoned = truck.append(chain, stone(chain, 5, 9))
    assert truck.codes(stoned[:5], stoned[10:]) == ["accepted", "accepted"]
    facts = EpochFacts.objects.get()
    assert (facts.held, facts.told) == ("0-4,10-20", "0-20")
    assert Device.objects.get().gaps == 0
    assert truck.codes(chain[5:8]) == ["accepted"]
    assert EpochFacts.objects.get().held == "0-7,10-20"


@pytest.mark.parametrize(("lie", "seq"), [("before", 4), ("end", 9)])
def test_a_tombstone_that_contradicts_what_is_held_is_a_fork(
    truck: Truck, lie: str, seq: int
) -> None:
    chain = truck.chain(20)
    stoned = truck.append(chain, stone(chain, 5, 9, lie))
    assert truck.codes(stoned[:15], stoned[15:]) == ["accepted", "fork"]
    assert ForkEvidence.objects.get().seq == seq


def test_a_row_that_contradicts_a_held_tombstone_is_a_fork(truck: Truck) -> None:
    chain = truck.chain(20)
    stoned = truck.append(chain, stone(chain, 5, 9, "end"))
    assert truck.codes(stoned[:1], stoned[20:]) == ["accepted", "accepted"]
    assert truck.codes(chain[8:12]) == ["fork"]
    assert truck.codes(chain[1:8]) == ["accepted"]


def test_a_tombstone_of_an_epoch_that_is_not_open_waits_for_its_opening(truck: Truck) -> None:
    first = truck.chain(6)
    second = truck.chain(2, "epoch 2", first[-1].head)
    told = truck.append(second, stone(truck.chain(6, "epoch 3"), 1, 3))
    assert truck.codes(first, told[:2], told[2:]) == ["accepted", "accepted", "opening-first"]
