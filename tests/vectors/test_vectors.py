"""The vectors are what the code says, and the code does what the vectors say."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from protocol import (
    bundle,
    cbor,
    configuration,
    cose,
    excursion,
    leaf,
    merkle,
    receipt,
    span,
    succession,
    wire,
)
from protocol.checkpoint import LogKey
from tests.protocol import build
from tests.vectors import (
    cases_configuration,
    cases_evidence,
    cases_log,
    cases_record,
    cases_rules,
    cases_succession,
    make,
)
from tests.vectors.outcome import problem_of


def load(name: str) -> dict[str, Any]:
    """A file as any other implementation would read it."""
    return dict(json.loads(make.path_of(name).read_text(encoding="utf-8")))


def cases(name: str, part: str) -> list[Any]:
    """The cases of one part, named by why they are there."""
    found = load(name)[part]
    return [pytest.param(one, id=str(one.get("why", at))) for at, one in enumerate(found)]


@pytest.mark.parametrize("name", make.FILES)
def test_the_file_is_what_make_writes(name: str) -> None:
    assert make.path_of(name).read_text(encoding="utf-8") == make.text_of(name)


NEGATIVE: dict[str, tuple[str, Callable[[bytes], object]]] = {
    "cbor": ("cbor", lambda data: cbor.decode(data, max_bytes=16_384)),
    "keys": ("cose_key", cose.decode_key),
    "records": ("sealed", cases_record.verify_record),
    "leaves": ("leaf", leaf.decode_leaf),
    "enrolment": ("request", cases_rules.open_enrol),
    "configurations": ("document", cases_configuration.open_document),
}


@pytest.mark.parametrize(
    ("name", "case"),
    [
        pytest.param(name, case, id=f"{name}: {case['why']}")
        for name in NEGATIVE
        for case in load(name)["negative"]
    ],
)
def test_bytes_that_must_be_refused_are_refused_by_name(name: str, case: dict[str, str]) -> None:
    key, act = NEGATIVE[name]
    assert problem_of(act, bytes.fromhex(case[key])) == case["problem"]


@pytest.mark.parametrize("case", cases("spans", "negative"))
def test_a_bad_batch_names_the_place_of_its_fault(case: dict[str, Any]) -> None:
    found = cases_record.place_of_fault(bytes.fromhex(case["batch"]))
    assert found == {"problem": case["problem"], "span": case["span"], "index": case["index"]}


@pytest.mark.parametrize("case", cases("spans", "golden"))
def test_a_batch_gives_its_leaves(case: dict[str, Any]) -> None:
    batch = wire.decode_batch(bytes.fromhex(case["batch"]))
    device = load("keys")["golden"][0]["device"]
    leaves = [span.encode_leaf(span.Span.open(one).leaf(device)).hex() for one in batch]
    assert leaves == case["leaves"]


@pytest.mark.parametrize("case", cases("notes", "negative"))
def test_a_bad_note_is_refused(case: dict[str, str]) -> None:
    assert problem_of(cases_log.open_note, case["note"]) == case["problem"]


@pytest.mark.parametrize("case", cases("receipts", "golden"))
def test_trust_moves_forward_with_a_proof(case: dict[str, Any]) -> None:
    assert advance(case).size == case["trusted"]


@pytest.mark.parametrize("case", cases("receipts", "negative"))
def test_trust_refuses(case: dict[str, Any]) -> None:
    assert problem_of(advance, case) == case["problem"]


@pytest.mark.parametrize("case", cases("receipts", "receipts"))
def test_a_receipt_proves_exactly_its_records(case: dict[str, Any]) -> None:
    proved = receipt.proved(newest(), receipt_of(case))
    hashes = [merkle.leaf_hash(bytes.fromhex(one)) for one in case["records"]]
    assert isinstance(proved, leaf.SpanLeaf)
    assert receipt.covers(proved, hashes)
    assert not receipt.covers(proved, hashes[1:])


@pytest.mark.parametrize("case", cases("receipts", "negative_receipts"))
def test_a_bad_receipt_proves_nothing(case: dict[str, Any]) -> None:
    assert problem_of(receipt.proved, newest(), receipt_of(case)) == case["problem"]


@pytest.mark.parametrize("case", cases("succession", "golden"))
def test_a_successor_is_followed(case: dict[str, Any]) -> None:
    new = follow(case)
    found = {"vkey": new.log_key.vkey, "size": new.size, "root": new.root.hex()}
    assert found == case["trusted"]


@pytest.mark.parametrize("case", cases("succession", "negative"))
def test_a_successor_is_not_followed(case: dict[str, Any]) -> None:
    assert problem_of(follow, case) == case["problem"]


@pytest.mark.parametrize("case", cases("readmission", "golden"))
def test_a_device_comes_back(case: dict[str, Any]) -> None:
    request = bytes.fromhex(case["request"])
    assert cases_succession.readmit(case["device"], case["known"], request)


@pytest.mark.parametrize("case", cases("readmission", "negative"))
def test_a_device_does_not_come_back(case: dict[str, Any]) -> None:
    place = (case["device"], case["known"], bytes.fromhex(case["request"]))
    assert problem_of(cases_succession.readmit, *place) == case["problem"]


@pytest.mark.parametrize("case", cases("evidence", "golden"))
def test_an_evidence_file_proves_what_it_says(case: dict[str, Any]) -> None:
    chapters = bundle.read_chapters(bytes.fromhex(case["file"]))
    assert cases_evidence.reports(chapters) == case["reports"]


@pytest.mark.parametrize("case", cases("evidence", "negative"))
def test_a_forged_evidence_file_is_found_out(case: dict[str, Any]) -> None:
    assert cases_evidence.problems(bytes.fromhex(case["file"])) == case["problems"]


@pytest.mark.parametrize("case", cases("tree", "negative"))
def test_a_bad_proof_does_not_verify(case: dict[str, Any]) -> None:
    path = [bytes.fromhex(one) for one in case["path"]]
    root = bytes.fromhex(case["root"])
    if "index" in case:
        hashed = bytes.fromhex(case["leaf_hash"])
        assert not merkle.verify_inclusion(hashed, case["index"], case["size"], path, root)
    else:
        old = bytes.fromhex(case["old_root"])
        assert not merkle.verify_consistency(case["old_size"], old, case["size"], root, path)


@pytest.mark.parametrize("case", cases("excursions", "golden"))
def test_the_detector_tells_the_story(case: dict[str, Any]) -> None:
    limit = excursion.Limit(**case["limit"])
    state, told = excursion.begin(limit), []
    for at_ms, value in case["samples"]:
        state, notices = excursion.step(limit, state, excursion.Sample(at_ms, value))
        told += [(one.kind.value, one.at_ms, one.peak, one.area) for one in notices]
    assert told == [(n["kind"], n["at_ms"], n["peak"], n["area"]) for n in case["notices"]]


@pytest.mark.parametrize("case", cases("configurations", "golden"))
def test_a_configuration_says_what_it_says(case: dict[str, Any]) -> None:
    found = configuration.decode(bytes.fromhex(case["document"]))
    said = found.content
    assert (said.device, said.version, found.mark) == (
        case["device"],
        case["version"],
        case["mark"],
    )
    assert [one.values() for one in said.limits] == case["limits"]
    assert {str(int(key)): value for key, value in said.settings} == case["settings"]


def test_records_of_every_kind_are_among_the_golden() -> None:
    kinds = {case["record"]["kind"] for case in load("records")["golden"]}
    assert kinds == set(range(1, 10))


def advance(case: dict[str, Any]) -> receipt.Trust:
    """Let a device that trusts what the case says take its answer."""
    pinned = LogKey.parse(load("receipts")["vkey"])
    root = bytes.fromhex(case["trust"]["root"])
    trust = receipt.Trust(pinned.name, pinned, case["trust"]["size"], root)
    proof = [bytes.fromhex(one) for one in case["consistency"]]
    return receipt.advance(trust, case["note"], case["since"], proof, build.verify_ed25519)


def follow(case: dict[str, Any]) -> receipt.Trust:
    """Whom a device believes that is given the case's answer."""
    key = LogKey.parse(case["trust"]["vkey"])
    root = bytes.fromhex(case["trust"]["root"])
    old = receipt.Trust(key.name, key, case["trust"]["size"], root)
    answer = wire.decode_answer(bytes.fromhex(case["answer"]))
    recovery = LogKey.parse(load("succession")["recovery_vkey"])
    return succession.follow(old, {}, recovery, answer, build.verify_ed25519)


def newest() -> receipt.Trust:
    """Trust in the file's newest checkpoint."""
    return advance(load("receipts")["golden"][0])


def receipt_of(case: dict[str, Any]) -> wire.Receipt:
    """A case's receipt."""
    path = tuple(bytes.fromhex(one) for one in case["path"])
    return wire.Receipt(bytes.fromhex(case["leaf"]), case["index"], path)
