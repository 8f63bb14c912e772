"""Two at once: one request done once, no gram taken twice, no child that slips out of a recall."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from server.accounts.rules import Refused
from server.coldchain import trace
from server.coldchain.actions import loading, recalls, working
from server.coldchain.actions.recalls import Order
from server.coldchain.actions.working import Job, Out
from server.coldchain.models import Event, Lot
from server.coldchain.recalling import Scope
from server.coldchain.rules import Basis, RecallWhy, Side
from server.coldchain.taking import Amount
from tests.server.coldchain.rig import KG, Chain, done, no
from tests.server.pilots.tally import Tally

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6
Act = Callable[[], Event | Refused]


def at_once(*acts: Act) -> list[Event | Refused]:
    """Do these in threads that begin together."""
    gate = Barrier(len(acts), timeout=30)

    def run(act: Act) -> Event | Refused:
        gate.wait()
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [one.result(timeout=60) for one in [pool.submit(run, act) for act in acts]]


def test_of_two_at_once_one_request_is_done_and_one_gram_is_taken(chain: Chain) -> None:
    tally = Tally("CC9", "two threads take the same grams, or ask under the same key", "wrong")

    def holds() -> None:
        for number in range(ROUNDS):
            lot = chain.land()
            job = Job((Amount(lot.ref),), (Out(1000 * KG),))
            keyless = chain.desk("cooperative")
            results = at_once(*[partial(working.split, keyless, job)] * 2)
            refused = [no(one) for one in results if isinstance(one, Refused)]
            tally.expect(refused == ["used-up"])
            other = chain.land()
            desk = chain.desk("cooperative", key=f"request {number}")
            part = (Amount(other.ref, KG),)
            truck = chain.rooms["own truck 1"]
            first, second = at_once(*[partial(loading.load, desk, truck, part)] * 2)
            tally.expect(done(first) == done(second) and other.stays.count() == 1)

    tally.during(holds)


def test_CC15_no_child_slips_out_of_a_recall_that_is_being_opened(chain: Chain) -> None:
    tally = Tally("CC15", "a lot is split while it is being recalled", "children left out")
    order = Order(RecallWhy.OTHER, Basis.OWN, 1)

    def holds() -> None:
        for _ in range(ROUNDS):
            lot = chain.land()
            desk, scope = chain.desk("cooperative"), Scope(lots=(lot.ref,))
            job = Job((Amount(lot.ref, 10 * KG),), (Out(10 * KG),))
            at_once(
                partial(working.split, desk, job),
                partial(recalls.open_recall, desk, scope, order),
                partial(working.split, desk, job),
            )
            family = Lot.objects.filter(id__in=trace.forward([lot.id]).lots)
            tally.expect(not family.exclude(side=Side.RECALLED).exists())

    tally.during(holds)
