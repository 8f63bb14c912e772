"""A successor takes openings that name its predecessors' origins, if the recovery key said so."""

from __future__ import annotations

import pytest
from django.test import Client

from protocol import wire
from protocol.checkpoint import Checkpoint
from protocol.leaf import SuccessorLeaf, encode_leaf
from server.ledger import keys, log, succession
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
    heads = [(pair.origin, OLD), (OLD, OLDER)]
    root = build.digest("root")
    return [succession.statement(new, Checkpoint(old, 7, root), sign) for new, old in heads]


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
