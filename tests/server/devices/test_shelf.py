"""The database judges as the pure model does, and refuses by itself what must never be."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.bodies import Gossip
from protocol.span import Span
from protocol.wire import Verdict, VerdictCode
from server.devices import judge, quarantine, ranges
from server.devices.models import Device, DeviceKey, EpochFacts, ForkEvidence, HeldSpan
from server.ledger.log import writing
from tests.protocol import build
from tests.server.conftest import ORIGIN
from tests.server.devices.cards import Card, Memory, histories, shipments

pytestmark = pytest.mark.django_db(transaction=True)

CODES = {
    judge.Accept: VerdictCode.ACCEPTED,
    judge.Duplicate: VerdictCode.DUPLICATE,
    judge.Fork: VerdictCode.FORK,
    judge.Refuse: VerdictCode.REFUSED,
}


def enrolled(name: str) -> Card:
    """A card whose device the database knows."""
    who = build.key(name)
    answer = name.encode()
    device = Device.objects.create(name=who.device, enrolled_ms=1, answer=answer)
    DeviceKey.objects.create(
        device=device, kid=who.kid, cose_key=who.cose_key, order=0, since_ms=1
    )
    return Card(who, enrolment=hashlib.sha256(answer).digest(), origin=ORIGIN)


def post(device: str, spans: list[Span]) -> list[Verdict]:
    with writing():
        row = Device.objects.select_for_update().get(name=device)
        return quarantine.judged(row, spans, now_ms=5)[1]


def in_database(device: str) -> tuple[object, ...]:
    facts = EpochFacts.objects.filter(device=device)
    runs = {bytes(f.epoch): (ranges.decode(f.held), ranges.decode(f.told)) for f in facts}
    rows = {
        (bytes(span.epoch), seq, span.hash_at(seq))
        for span in HeldSpan.objects.filter(device=device)
        for seq in range(span.first, span.last + 1)
    }
    forked = {bytes(f.epoch) for f in ForkEvidence.objects.filter(device=device)}
    row = Device.objects.get(name=device)
    return runs, rows, forked, row.gaps, row.contested


def in_memory(memory: Memory) -> tuple[object, ...]:
    runs = {epoch.id: (epoch.held, epoch.told) for epoch in memory.epochs}
    return runs, memory.rows(), memory.forked, memory.held.gaps, memory.held.contested


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_database_judges_like_the_model_batch_by_batch(data: st.DataObject) -> None:
    made = enrolled(f"card {Device.objects.count()}")
    data.draw(histories(made))
    pending = data.draw(shipments(made))
    if data.draw(st.booleans()):
        clone = made.copy_at(data.draw(st.integers(0, len(made.here) - 1)))
        clone.add(Gossip(3, build.digest("root")))
        clone.write(2)
        pending += data.draw(shipments(clone))
    memory = Memory(made)
    while pending:
        count = data.draw(st.integers(1, min(6, len(pending))))
        now, pending = pending[:count], pending[count:]
        verdicts = [memory.post(span) for span in now]
        codes = [CODES[type(verdict)] for verdict in verdicts]
        assert [verdict.code for verdict in post(made.who.device, now)] == codes
        assert in_database(made.who.device) == in_memory(memory)


def row(device: str, first: int, last: int, **other: Any) -> HeldSpan:
    facts: dict[str, Any] = {
        "device_id": device,
        "epoch": b"e" * 8,
        "prev_hash": bytes(32),
        "hashes": bytes(32 * (last - first + 1)),
        "leaf_hash": build.digest(f"{first} {last} {other}"),
        "received_ms": 1,
        "first_boot_ms": 1,
        "last_boot_ms": 1,
    }
    return HeldSpan(first=first, last=last, **(facts | other))


@pytest.mark.parametrize(("first", "last"), [(0, 3), (3, 4), (5, 6), (8, 9), (9, 12), (0, 20)])
def test_the_database_refuses_a_primary_span_that_overlaps(first: int, last: int) -> None:
    device = enrolled("a card").who.device
    row(device, 3, 9).save()
    row(device, 13, 15).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        row(device, first, last).save()
    row(device, first, last, contested=True).save()
    row(device, first, last, epoch=b"f" * 8).save()
    assert HeldSpan.objects.count() == 4


def test_the_database_refuses_to_move_a_span_over_another() -> None:
    device = enrolled("a card").who.device
    row(device, 3, 9).save()
    row(device, 10, 15).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        HeldSpan.objects.filter(first=10).update(first=9)
