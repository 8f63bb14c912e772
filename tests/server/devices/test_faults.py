"""A fault at every statement and commit of one request: failed and not done, done but looked so."""

from __future__ import annotations

import pytest

from protocol import wire
from server.devices.models import HeldSpan
from server.ledger import log
from tests.protocol import build
from tests.server.devices.trucks import Truck
from tests.server.ledger.faults import Trap, faulty_database

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("done", [False, True], ids=["not-done", "done-but-looked-failed"])
def test_after_any_fault_a_retry_ends_like_an_undisturbed_request(truck: Truck, done: bool) -> None:
    broken, at = 0, 0
    head = None
    while True:
        at += 1
        chain = truck.chain(8, f"epoch {at}", head)
        head = chain[-1].head
        batch = wire.encode_batch([build.raw(chain[:5]), build.raw(chain[5:])])
        size, trap = log.newest().size, Trap(at, done=done)
        with faulty_database(trap):
            first = truck.send(batch)
        assert first.status_code in (200, 500, 503), trap.sprung
        assert b"Traceback" not in first.content
        answer = truck.post(chain[:5], chain[5:])
        assert {verdict.code.name for verdict in answer.verdicts} <= {"ACCEPTED", "DUPLICATE"}
        assert [(leaf.first, leaf.last) for leaf in truck.proved[-2:]] == [(0, 4), (5, 7)]
        assert HeldSpan.objects.filter(epoch=chain[0].record.epoch).count() == 2
        assert log.newest().size == size + 2
        if not trap.sprung:
            break
        broken += 1
    assert broken >= 15
