"""The second implementation, which has only the page, makes and refuses what the vectors say.

It shares no code with the product: a test sees to that. `tests/e2e/test_second_implementation.py`
lets it talk to a server.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.independent import checker, configuration, second, successor
from tests.independent.second import Key, Refused, Trust

HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors"
ALLOWED = {
    "cryptography.exceptions",
    "cryptography.hazmat.primitives.asymmetric",
    "cryptography.hazmat.primitives.hashes",
    "tests.independent.checker",
    "tests.independent.second",
}


def load(name: str) -> dict[str, Any]:
    return dict(json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8")))


def raw(value: Any) -> Any:
    """Hex, or a list of hex, as bytes."""
    return bytes.fromhex(value) if isinstance(value, str) else [raw(one) for one in value]


def key_of(case: dict[str, str]) -> Key:
    return Key(ec.derive_private_key(int(case["d"], 16), ec.SECP256R1()))


KEY = key_of(load("keys")["golden"][0])
NAME = second.device_of(KEY.cose)
VKEY = load("receipts")["vkey"]


def verify(sealed: bytes) -> None:
    checker.Opened(sealed)
    checker.check_signature(sealed, KEY.cose)


def enrol(request: bytes) -> None:
    """What a server does with a request to enrol, up to the token."""
    parts = second.decode(request)
    second.need(isinstance(parts, list) and len(parts) == 3)
    second.need(parts[0] == 1, "unsupported-version")
    kid, payload, _ = checker.parse(parts[2])
    inner = second.decode(payload)
    same = (inner[2], kid) == (second.sha256(parts[1].encode()), second.kid_of(inner[1]))
    second.need(same, "proof-of-possession")
    try:
        checker.check_signature(parts[2], inner[1], second.ENROL)
    except Refused as refused:
        foreign = refused.problem == "wrong-domain"
        raise Refused(refused.problem if foreign else "proof-of-possession") from None


def trust_of(case: dict[str, Any]) -> Trust:
    """A device's trust once it has seen the case's note."""
    trust = Trust(VKEY, case["trust"]["size"], raw(case["trust"]["root"]))
    trust.move(case["note"], case["since"], raw(case["consistency"]))
    return trust


def receipt(case: dict[str, Any]) -> None:
    newest = trust_of(load("receipts")["golden"][0])
    hashed = second.leaf_hash(raw(case["leaf"]))
    root = second.climb(hashed, case["index"], newest.size, raw(case["path"]))
    second.need(root == newest.root, "bad-proof")


def in_tree(case: dict[str, Any]) -> None:
    path, new = raw(case["path"]), (case["size"], raw(case["root"]))
    if "index" not in case:
        return second.check_consistency((case["old_size"], raw(case["old_root"])), new, path)
    root = second.climb(raw(case["leaf_hash"]), case["index"], case["size"], path)
    return second.need(root == new[1], "bad-proof")


def batch(data: bytes) -> list[bytes]:
    return [checker.leaf_of(NAME, span) for span in checker.open_batch(data)]


def follow(case: dict[str, Any]) -> Trust:
    """Whom a device believes that is given the case's answer."""
    old = Trust(case["trust"]["vkey"], case["trust"]["size"], raw(case["trust"]["root"]))
    return successor.follow(old, load("succession")["recovery_vkey"], raw(case["answer"]))


def readmit(case: dict[str, Any]) -> None:
    successor.readmit(case["device"], case["known"], raw(case["request"]))


def told(document: bytes) -> dict[int, Any]:
    """What a device of the vectors takes this document to say."""
    return configuration.open_document(document, load("configurations")["config_vkey"])


def on(field: str, act: Callable[[bytes], object]) -> Callable[[dict[str, Any]], object]:
    return lambda case: act(raw(case[field]))


REFUSE: list[tuple[str, str, Callable[[dict[str, Any]], object]]] = [
    ("cbor", "negative", on("cbor", second.decode)),
    ("keys", "negative", on("cose_key", checker.public_key)),
    ("records", "negative", on("sealed", verify)),
    ("spans", "negative", on("batch", batch)),
    ("tree", "negative", in_tree),
    ("notes", "negative", lambda case: second.open_note(case["note"], VKEY)),
    ("receipts", "negative", trust_of),
    ("receipts", "negative_receipts", receipt),
    ("enrolment", "negative", on("request", enrol)),
    ("succession", "negative", lambda case: follow(case)),
    ("readmission", "negative", lambda case: readmit(case)),
    ("configurations", "negative", on("document", lambda data: told(data))),
]


@pytest.mark.parametrize(
    ("act", "case"),
    [
        pytest.param(act, case, id=f"{name}: {case['why']}")
        for name, part, act in REFUSE
        for case in load(name)[part]
    ],
)
def test_it_refuses_by_the_same_name(act: Callable[[Any], object], case: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        act(case)
    assert refused.value.problem == case.get("problem", "bad-proof")
    if "batch" in case:
        assert refused.value.index == case["index"]


@pytest.mark.parametrize("case", load("records")["golden"], ids=lambda case: str(case["kind"]))
def test_it_seals_every_kind_to_the_same_bytes(case: dict[str, Any]) -> None:
    record = checker.open_payload(raw(case["payload"]))
    sealed = KEY.seal(second.encode(record))
    assert (sealed.hex(), second.sha256(sealed).hex()) == (case["sealed"], case["hash"])
    verify(sealed)


def test_it_encodes_keys_requests_and_leaves_to_the_same_bytes() -> None:
    for case in load("keys")["golden"]:
        cose = key_of(case).cose
        made = (cose.hex(), second.kid_of(cose).hex(), second.device_of(cose))
        assert made == (case["cose_key"], case["kid"], case["device"])
    for case in load("spans")["golden"]:
        assert [leaf.hex() for leaf in batch(raw(case["batch"]))] == case["leaves"]
    enrolment = load("enrolment")["golden"][0]
    enrol(raw(enrolment["request"]))
    assert second.sha256(raw(enrolment["answer"])).hex() == enrolment["first_prev"]


def test_it_builds_the_same_tree_and_believes_the_same_proofs() -> None:
    tree = load("tree")
    leaves = [second.leaf_hash(str(number).encode()) for number in range(13)]
    for size, root in tree["roots"].items():
        assert second.root_of(leaves[: int(size)]).hex() == root
    for case in tree["inclusion"]:
        assert checker.path_of(case["index"], leaves) == raw(case["path"])
    for case in [*tree["inclusion"], *tree["consistency"]]:
        in_tree(case)
    for case in load("receipts")["golden"]:
        assert trust_of(case).size == case["trusted"]
    for case in load("receipts")["receipts"]:
        receipt(case)
        assert checker.leaf_of(NAME, raw(case["records"])).hex() == case["leaf"]


def test_it_follows_and_admits_whom_the_page_says() -> None:
    for case in load("succession")["golden"]:
        new = follow(case)
        assert {"vkey": new.vkey, "size": new.size, "root": new.root.hex()} == case["trusted"]
    for case in load("readmission")["golden"]:
        readmit(case)


def test_it_reads_the_same_configurations() -> None:
    for case in load("configurations")["golden"]:
        said = told(raw(case["document"]))
        assert [said[0], said[1], said[2], said[3], said[5]] == [
            case[key] for key in ("device", "version", "issued_ms", "issue", "limits")
        ]
        assert {str(key): value for key, value in said[4].items()} == case["settings"]
        assert configuration.mark(raw(case["document"])) == case["mark"]


@pytest.mark.parametrize("name", ["second", "checker", "evidence", "successor", "configuration"])
def test_it_imports_nothing_of_ours(name: str) -> None:
    tree = ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    for node in ast.walk(tree):
        named += [one.name for one in node.names] if isinstance(node, ast.Import) else []
    assert named
    assert {one for one in named if one.split(".")[0] not in sys.stdlib_module_names} <= ALLOWED
