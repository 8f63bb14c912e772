"""Random days of a chain: whatever anybody might do next, done or refused; nothing is chosen with
care."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from science.balance import Step
from science.species import Ice, Species
from server.accounts import links
from server.accounts.contacts import Contact
from server.accounts.models import Link
from server.accounts.rules import Refused
from server.coldchain import exposures, verdicts
from server.coldchain.actions import (
    custody,
    labels,
    landing,
    loading,
    pallets,
    quality,
    recalls,
    reports,
    selling,
    strangers,
    undoing,
    working,
)
from server.coldchain.actions.custody import To
from server.coldchain.actions.landing import Correction, Sold
from server.coldchain.actions.quality import Score
from server.coldchain.actions.recalls import Count, Order
from server.coldchain.actions.working import Job, Out
from server.coldchain.handing import Answer
from server.coldchain.models import (
    Handover,
    Label,
    Lot,
    Pallet,
    Problem,
    Recall,
    RecallHolder,
    Stay,
)
from server.coldchain.recalling import Scope
from server.coldchain.rules import (
    Basis,
    Judge,
    ProblemKind,
    RecallWhy,
    SampleState,
    Source,
)
from server.coldchain.taking import Amount
from server.ledger.writing import writing
from server.pilots.days import day_of
from tests.server.coldchain.rig import HOUR, KG, PHOTO, Chain, mackerel

OWN: Final = "cooperative"


@dataclass
class Somebody:
    """Who picks lots and does something with them, as chance has it."""

    chain: Chain
    chance: Random

    @property
    def lot(self) -> Lot:
        """A lot; of the newest, mostly."""
        lots = list(Lot.objects.order_by("-id")[:8])
        return self.chance.choice(lots) if lots else self.chain.land()

    def holder(self, lot: Lot) -> str:
        """Who has it, or had to do with it."""
        names = {id_: name for name, id_ in self.chain.ids.items()}
        return names[lot.holder_id or lot.maker_id]

    def some(self, lot: Lot) -> Amount:
        """All that is left of it, or so much."""
        if self.chance.random() < 0.4 or lot.left_grams < 4:
            return Amount(lot.ref)
        return Amount(lot.ref, self.chance.randint(1, lot.left_grams), 0)

    def outs(self, grams: int) -> tuple[Out, ...]:
        """Two lots of that weight together."""
        part = self.chance.randint(1, max(grams - 1, 1))
        rest = (Out(grams - part, feed=self.chance.random() < 0.2),) if grams > part else ()
        return (
            Out(part, self.chance.randint(0, 3), trade=self.chance.choice(("", "고등어 대"))),
            *rest,
        )


Act = Callable[[Somebody], object]


def _work(one: Somebody) -> object:
    lot = one.lot
    amount, desk = one.some(lot), one.chain.desk(one.holder(lot))
    weight = max(lot.left_grams if amount.grams is None else amount.grams, 1)
    job = Job((amount,), one.outs(weight))
    other = one.lot
    return one.chance.choice(
        (
            lambda: working.sort(desk, job),
            lambda: working.split(desk, job),
            lambda: working.rework(desk, job),
            lambda: working.transform(desk, Step.GUT, Job((amount,), (Out(weight * 4 // 5 or 1),))),
            lambda: working.merge(
                desk, Job((amount, Amount(other.ref)), (Out(weight + other.left_grams),))
            ),
            lambda: working.waste(desk, (amount,)),
        )
    )()


def _land(one: Somebody) -> object:
    catch = {"catch_ms": None, "catch_by": Source.NOBODY} if one.chance.random() < 0.3 else {}
    more: dict[str, Any] = {
        "grams": one.chance.randint(1, 1000) * KG,
        "boxes": one.chance.randint(0, 50),
        "species": one.chance.choice(list(Species)),
        "ice": one.chance.choice(list(Ice)),
        "graded": one.chance.random() < 0.5,
        **catch,
    }
    place = one.chain.market.id if one.chance.random() < 0.5 else ""
    fisher = Contact("010-5555-1234") if one.chance.random() < 0.5 else None
    return landing.land(one.chain.desk(OWN), (mackerel(one.chain, **more),), place, fisher)


def _correct(one: Somebody) -> object:
    lot = one.lot
    found = one.chance.choice(
        (
            Correction(species=one.chance.choice(list(Species))),
            Correction(area="71", vessel="다른 배"),
            Correction(catch_unknown=True),
            Correction(catch_ms=lot.made_ms - HOUR, catch_by=None),
            Correction(ice=Ice.NONE),
            Correction(grams=lot.grams + one.chance.randint(-5, 5)),
        )
    )
    name = {id_: name for name, id_ in one.chain.ids.items()}[lot.maker_id]
    return landing.correct(one.chain.desk(name), lot.ref, found, "잘못")


def _stands(one: Somebody) -> object:
    lot = one.lot
    desk, refs = one.chain.desk(one.holder(lot)), (lot.ref,)
    sold = (Sold(lot.ref, "77", 5),)
    acts = (
        *(lambda: landing.pass_in(desk, refs), lambda: landing.award(desk, sold)),
        *(lambda: landing.settle(desk, refs), lambda: selling.put_on_sale(desk, refs)),
        *(lambda: selling.sell(desk, refs), lambda: selling.sell_out(desk, refs)),
        lambda: selling.scrap(desk, refs, "버림"),
    )
    return one.chance.choice(acts)()


def _move(one: Somebody) -> object:
    lot, room = one.lot, one.chance.choice(list(one.chain.rooms))
    stay = Stay.objects.filter(until_ms=None).order_by("-id").first()
    by = one.chance.choice((one.chain.runs(room), one.chain.runs(room), one.holder(lot)))
    if stay is not None and one.chance.random() < 0.5:
        whose = one.chain.desk(one.holder(stay.lot))
        return loading.unload(whose, stay.room_id, (one.some(stay.lot),))
    return loading.load(one.chain.desk(by), one.chain.rooms[room], (one.some(lot),))


def _pallet(one: Somebody) -> object:
    lot, other = one.lot, one.lot
    open_ = Pallet.objects.filter(ended_ms=None).first()
    if open_ is not None and one.chance.random() < 0.6:
        return pallets.unpack(one.chain.desk(one.holder(lot)), open_.id)
    return pallets.pack(one.chain.desk(one.holder(lot)), (one.some(lot), one.some(other)))


def _label(one: Somebody) -> object:
    lot = one.lot
    free = list(Label.objects.filter(lot=None, void_ms=None).values_list("serial", flat=True)[:2])
    if not free:
        return labels.make_roll(one.chain.desk(one.holder(lot)), 4)
    return labels.bind(one.chain.desk(one.holder(lot)), lot.ref, tuple(free))


def _offer(one: Somebody) -> object:
    lot = one.lot
    desk, to = one.chain.desk(one.holder(lot)), one.chance.choice(("plant", "shop", OWN))
    if one.chance.random() < 0.3:
        return strangers.offer_by_link(desk, (one.some(lot),), Contact("010-9999-0000"))
    return custody.offer(desk, To(one.chain.ids[to], one.chain.ids["carrier"]), (one.some(lot),))


def _answer(one: Somebody) -> object:
    row = Handover.objects.filter(status__in=("proposed", "one-sided")).order_by("-id").first()
    names = {id_: name for name, id_ in one.chain.ids.items()}
    if row is None:
        return None
    part = row.grams if one.chance.random() < 0.5 else one.chance.randint(0, row.grams)
    answer = (Answer(row.id, part, 0, PHOTO),)
    giver = one.chain.desk(names[row.giver_id])
    if one.chance.random() < 0.2:
        return custody.withdraw(giver, (row.id,))
    if row.taker_id is not None:
        return custody.accept(one.chain.desk(names[row.taker_id]), answer, "그래도")
    if row.status == "proposed" and one.chance.random() < 0.7:
        return strangers.leave(giver, (row.id,), "놓고 감")
    token = strangers.link_of(row.proposed).rpartition("/")[2]
    return strangers.answer(one.chain.stranger(), token, answer, "그래도")


def _check(one: Somebody) -> object:
    lot, agency = one.lot, one.chain.desk("agency")
    own = one.chain.desk(one.holder(lot))
    taken = lot.samples.filter(result=None).first()
    today, serial = day_of(one.chain.now_ms), lot.labels.values_list("serial", flat=True).first()
    acts = (
        lambda: quality.inspect(own, lot.ref, Score(Judge.SELLER, 3, 20, True, PHOTO)),
        lambda: quality.take_sample(agency, lot.ref, "부산 연구소"),
        lambda: taken and quality.report_sample(agency, taken.taken.ref, SampleState.PASSED, "ok"),
        lambda: quality.hold(agency, (lot.ref,), Basis.COURT, "명령"),
        lambda: quality.release(agency, (lot.ref,), "해제"),
        lambda: quality.hold(own, (lot.ref,), Basis.OWN),
        lambda: quality.release(own, (lot.ref,)),
        lambda: selling.mark_purchase(one.chain.stranger(), lot.ref, today, serial or ""),
        lambda: selling.report_problem(
            one.chain.stranger(), lot.ref, ProblemKind.SMELL, "냄새", serial or ""
        ),
        lambda: landing.declare_error(own, lot.event.ref, "다름"),
        *(lambda: _dispute(one, lot), lambda: _close(one)),
    )
    return one.chance.choice(acts)()


def _dispute(one: Somebody, lot: Lot) -> object:
    receipt = Link.objects.filter(purpose=reports.PURPOSE, target=lot.event.ref).first()
    token = links.token(receipt.id) if receipt else "none"
    return reports.dispute(one.chain.stranger(), token, lot.ref, ProblemKind.QUANTITY, "62상자")


def _close(one: Somebody) -> object:
    row = Problem.objects.filter(closed=None).order_by("-id").first()
    if row is None:
        return None
    desk = one.chain.desk(one.holder(row.lot))
    return reports.close_report(desk, row.event.ref, reports.Outcome.PUT_RIGHT, "고침")


def _recall(one: Somebody) -> object:
    row = Recall.objects.exclude(state="closed").order_by("-opened_ms").first()
    agency = one.chain.desk("agency")
    if row is None or one.chance.random() < 0.1:
        lot = one.lot
        order = Order(RecallWhy.SAMPLE, Basis.COURT, 1, one.chance.random() < 0.3, "회수")
        return recalls.open_recall(agency, Scope(lots=(lot.ref,)), order)
    holder = one.chance.choice(list(RecallHolder.objects.filter(recall=row).order_by("id")))
    names = {id_: name for name, id_ in one.chain.ids.items()}
    share = Count(destroyed=holder.grams)
    member = one.chain.desk(names.get(holder.organisation_id or "", "shop"))
    acts = (
        lambda: recalls.notify(agency, row.id),
        lambda: recalls.acknowledge(member, row.id, share),
        lambda: recalls.acknowledge(member, row.id),
        lambda: recalls.list_unreached(agency, holder.id),
        lambda: recalls.count(agency, holder.id, share),
        lambda: recalls.close_recall(agency, row.id, "끝"),
    )
    return one.chance.choice(acts)()


def _judge(one: Somebody) -> object:
    with writing():
        found = exposures.of(one.lot, one.chain.now_ms).history
        later = replace(found, until_ms=found.until_ms + one.chance.randint(0, 9))
        return verdicts.write(one.lot, later, one.chain.now_ms)


def _undo(one: Somebody) -> object:
    return undoing.undo(one.chain.desk(one.holder(one.lot)))


ACTS: Final[Mapping[str, Act]] = {
    one.__name__: one
    for one in (
        *(_land, _work, _correct, _stands, _move, _pallet, _label, _offer, _answer),
        *(_check, _recall, _judge, _undo),
    )
}


def go_on(chain: Chain, steps: list[tuple[str, int]]) -> list[str]:
    """Do this, one thing after the other; what was done, without what was refused."""
    done = []
    for name, seed in steps:
        found = ACTS[name](Somebody(chain.later(1), Random(seed)))
        if found is not None and not isinstance(found, Refused):
            done.append(getattr(found, "kind", "judged"))
    return done
