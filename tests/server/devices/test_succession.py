"""A successor takes openings that name its predecessors' origins, if the recovery key said so."""

from __future__ import annotations

import pytest
from django.test import Client

from protocol import succession, wire
from protocol.checkpoint import Checkpoint, LogKey
from protocol.leaf import SuccessorLeaf, encode_leaf
from protocol.receipt import Trust
from protocol.succession import statement
from server.ledger import keys, log
from server.ledger.tick import now_ms
from server.ledger.writing import writing
from server.options import Options
from tests.protocol import build
from tests.server.devices.trucks import Truck

pytestmark = pytest.mark.django_db(transaction=True)

OLD, OLDER = "log.lost.test/1", "log.lost.test/0"


def statements(home: Options) -> list[SuccessorLeaf]:
    """This log follows OLD, and OLD once followed OLDER."""
    pair = keys.current()
    sign = keys.private_signer(home.home / "keys/recovery.key", pair.recovery)
    root = build.digest("root")
    return [
        statement(pair.log, Checkpoint(OLD, 7, root), sign),
        statement(OLD, Checkpoint(OLDER, 7, root), sign),
    ]


def begin(leaves: list[SuccessorLeaf]) -> None:
    with writing():
        log.stage_all([(encode_leaf(leaf), b"") for leaf in leaves])
    log.sequence(now_ms())


def verdict(client: Client, origin: str) -> list[str]:
    truck = Truck.enrol(client, f"truck of {origin}")
    prev = wire.first_prev(truck.answer)
    return truck.codes(build.chain(3, who=truck.who, first_prev=prev, origin=origin))


def test_an_opening_may_name_any_origin_in_the_chain_of_predecessors(
    client: Client, installation: Options
) -> None:
    begin(statements(installation))
    assert verdict(client, OLD) == ["accepted"]
    assert verdict(client, OLDER) == ["accepted"]
    assert verdict(client, "log.never.test/1") == ["wrong-origin"]


def problem(client: Client, path: str) -> str:
    response = client.get(path)
    kind = response.json()["type"] if response.status_code >= 400 else "ok"
    return str(kind).rpartition(":")[2]


def test_a_request_that_trusts_another_log_is_told_whether_this_one_follows_it(
    client: Client, installation: Options
) -> None:
    begin(statements(installation))
    truck = Truck.enrol(client, "truck")
    here = f"/api/devices/{truck.device}"
    for rest in ("head?after=0", "receipts?epoch=0000000000000000&since=0"):
        assert problem(client, f"{here}/{rest}&log={OLDER}") == "log-succeeded"
        assert problem(client, f"{here}/{rest}&log=log.never.test/1") == "log-unavailable"
        assert problem(client, f"{here}/{rest}&log={keys.current().origin}") == "ok"
    sent = client.post(f"{here}/spans?since=0&log={OLD}", b"", content_type="application/cbor")
    assert sent.json()["type"].endswith("log-succeeded")


def test_the_statements_are_shown_with_proof_and_a_log_that_follows_none_says_so(
    client: Client, installation: Options
) -> None:
    assert problem(client, "/api/log/succession") == "not-found"
    begin(statements(installation))
    answer = wire.decode_answer(client.get("/api/log/succession").content)
    known = {7: build.digest("root")}
    recovery = keys.current().recovery
    old = Trust.start(LogKey.of(OLDER, bytes(32)))
    new = succession.follow(old, known, recovery, answer, build.verify_ed25519)
    assert new.log_key == keys.current().log and new.size == log.newest().size
    assert succession.followed(
        old.log_key, recovery, [wire.encode_answer(answer)], build.verify_ed25519
    ) == (new.log_key)


def test_a_statement_that_the_recovery_key_did_not_sign_for_this_log_names_nothing(
    client: Client, installation: Options
) -> None:
    begin(statements(installation)[1:])  # signed, but for the log that is lost
    assert verdict(client, OLDER) == ["wrong-origin"]


def test_a_statement_further_on_in_the_log_names_nothing(
    client: Client, installation: Options
) -> None:
    Truck.enrol(client, "somebody")
    begin(statements(installation))
    assert verdict(client, OLD) == ["wrong-origin"]
