"""Every action twice: failed and not done, at each of its statements; done, but looked failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.db import OperationalError, connection, transaction
from django.db.models import Model

from science.balance import Step
from server.accounts.contacts import Contact
from server.accounts.rules import Refused
from server.coldchain.acting import Desk, request_of
from server.coldchain.actions import (
    custody,
    labels,
    landing,
    loading,
    pallets,
    quality,
    recalls,
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
from server.coldchain.effects import back
from server.coldchain.handing import Answer
from server.coldchain.models import Event, Handover, Label, Recall, RecallHolder
from server.coldchain.recalling import Scope
from server.coldchain.rules import Basis, Judge, Kind, ProblemKind, RecallWhy, SampleState
from server.coldchain.taking import Amount
from server.ledger.models import Staged
from server.messages.models import Message
from server.pilots.days import day_of
from tests.server.coldchain.rig import KG, PHOTO, Chain, done, mackerel, no, undone
from tests.server.pilots.tally import Tally

pytestmark = pytest.mark.django_db

Act = Callable[[Desk], Event | Refused]


@dataclass(frozen=True)
class Scene:
    """Somebody at a desk, and what they are about to do."""

    name: str
    who: str
    act: Act = field(repr=False)


def scenes(chain: Chain) -> Iterator[Scene]:
    """Each action, with whatever has to be before it. Everything is undone after each."""
    lot, other = chain.land(), chain.land()
    mine, two = Amount(lot.ref), (Amount(lot.ref), Amount(other.ref, 10 * KG, 1))
    part, room = Amount(lot.ref, 100 * KG, 5), chain.rooms["own truck 1"]
    sources = Scope(lots=(lot.ref,))
    order = Order(RecallWhy.HISTAMINE, Basis.OWN, 1, said="수거 결과")
    correction = Correction(catch_unknown=True)
    score = Score(Judge.SELLER, 3, 20, True, PHOTO)
    today = day_of(chain.now_ms)
    own = "cooperative"
    to = To(chain.ids["plant"], chain.ids["carrier"])
    yield Scene("land", own, lambda d: landing.land(d, (mackerel(chain),), chain.market.id))
    yield Scene("pass in", own, lambda d: landing.pass_in(d, (lot.ref,)))
    yield Scene("award", own, lambda d: landing.award(d, (Sold(lot.ref, "7", 1),)))
    yield Scene("correct", own, lambda d: landing.correct(d, lot.ref, correction, "몰랐음"))
    yield Scene("declare", own, lambda d: landing.declare_error(d, lot.event.ref, "다른 배"))
    yield Scene("sort", own, lambda d: working.sort(d, Job((mine,), (Out(900 * KG),))))
    yield Scene("split", own, lambda d: working.split(d, Job((part,), (Out(100 * KG, 5),))))
    yield Scene("merge", own, lambda d: working.merge(d, Job(two, (Out(1010 * KG),))))
    gut = Job((part,), (Out(85 * KG),), waste=14 * KG)
    yield Scene("gut", own, lambda d: working.transform(d, Step.GUT, gut))
    yield Scene("rework", own, lambda d: working.rework(d, Job((part,), (Out(100 * KG),))))
    yield Scene("waste", own, lambda d: working.waste(d, (part,)))
    yield Scene("pack", own, lambda d: pallets.pack(d, two))
    yield Scene("load", own, lambda d: loading.load(d, room, (part,)))
    yield Scene("roll", own, lambda d: labels.make_roll(d, 5))
    yield Scene("offer", own, lambda d: custody.offer(d, to, (part,)))
    by_link = Contact("010-1234-5678")
    yield Scene("link", own, lambda d: strangers.offer_by_link(d, (part,), by_link))
    yield Scene("inspect", own, lambda d: quality.inspect(d, lot.ref, score))
    yield Scene("sample", "agency", lambda d: quality.take_sample(d, lot.ref, "부산"))
    law = Basis.FOOD_SANITATION
    yield Scene("hold", "agency", lambda d: quality.hold(d, (lot.ref,), law, "제72조"))
    yield Scene("on sale", own, lambda d: selling.put_on_sale(d, (lot.ref,)))
    yield Scene("sell", own, lambda d: selling.sell(d, (lot.ref,)))
    yield Scene("scrap", own, lambda d: selling.scrap(d, (lot.ref,)))
    yield Scene("bought", "", lambda d: selling.mark_purchase(d, lot.ref, today))
    smell = ProblemKind.SMELL
    yield Scene("problem", "", lambda d: selling.report_problem(d, lot.ref, smell, "냄새"))
    yield Scene("recall", own, lambda d: recalls.open_recall(d, sources, order))
    chain.later().load("own truck 1", lot)
    yield Scene("unload", own, lambda d: loading.unload(d, room, (part,)))
    yield Scene("undo", own, undoing.undo)
    yield from _answers(chain, chain.offer(other, own, "plant", 100 * KG))
    roll = done(labels.make_roll(chain.desk(own), 3))
    serials = tuple(Label.objects.filter(roll__event=roll).values_list("serial", flat=True))
    yield Scene("bind", own, lambda d: labels.bind(d, lot.ref, serials))
    yield from _recall(chain, recalls.open_recall(chain.desk(own), sources, order))


def _answers(chain: Chain, row: Handover) -> Iterator[Scene]:
    part = (Answer(row.id, 60 * KG, 0, PHOTO),)
    yield Scene("accept", "plant", lambda d: custody.accept(d, (Answer(row.id),)))
    yield Scene("accept a part", "plant", lambda d: custody.accept(d, part))
    yield Scene("refuse", "plant", lambda d: custody.refuse(d, (row.id,), PHOTO, "따뜻함"))
    yield Scene("withdraw", "cooperative", lambda d: custody.withdraw(d, (row.id,)))


def _recall(chain: Chain, opened: Event | Refused) -> Iterator[Scene]:
    row = Recall.objects.get(opened=done(opened))
    own, (holder,) = "cooperative", RecallHolder.objects.filter(recall=row)
    share = Count(recovered=holder.grams)
    yield Scene("notify", own, lambda d: recalls.notify(d, row.id))
    done(recalls.notify(chain.desk(own), row.id))
    yield Scene("acknowledge", own, lambda d: recalls.acknowledge(d, row.id, share))
    yield Scene("unreached", own, lambda d: recalls.list_unreached(d, holder.id))
    done(recalls.acknowledge(chain.desk(own), row.id))
    yield Scene("count", own, lambda d: recalls.count(d, holder.id, share))
    done(recalls.count(chain.desk(own), holder.id, share))
    yield Scene("close", own, lambda d: recalls.close_recall(d, row.id, "완료"))


def state() -> dict[str, list[Any]]:
    """Everything that an action may write."""
    tables: list[type[Model]] = [*apps.get_app_config("coldchain").get_models(), Staged, Message]
    return {
        one._meta.db_table: sorted(map(repr, one._default_manager.values_list())) for one in tables
    }


@contextmanager
def failing(statement: int) -> Iterator[list[int]]:
    """The database fails at that write, counted from 1; what it counted up to is handed out."""
    seen = [0]

    def door(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE")):
            seen[0] += 1
            if seen[0] == statement:
                raise OperationalError("disk I/O error")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(door):
        yield seen


def _desk(chain: Chain, scene: Scene) -> Desk:
    key = {"key": f"request {scene.name}"}
    return chain.desk(scene.who, **key) if scene.who else chain.stranger(**key)


def test_an_action_that_fails_at_any_of_its_writes_has_written_nothing(chain: Chain) -> None:
    tally = Tally("CC", "a write of an action of the cold chain fails, each in turn", "half done")

    def holds() -> None:
        for scene in scenes(chain):
            before, tried = state(), 1
            while _fails(scene, chain, tried):
                tally.expect(state() == before)
                tried += 1
            assert tried > 2, scene.name

    tally.during(holds)


def _fails(scene: Scene, chain: Chain, statement: int) -> bool:
    """Whether it came to that write, which failed. What it did otherwise is undone."""
    with undone(), failing(statement) as seen:
        try:
            with transaction.atomic():
                done(scene.act(_desk(chain, scene)))
        except OperationalError:
            return True
        assert seen[0] < statement
    return False


def test_an_action_that_was_done_and_looked_failed_is_done_once(chain: Chain) -> None:
    tally = Tally("CC", "the answer of an action is lost and it is asked again", "done twice")

    def holds() -> None:
        for scene in scenes(chain):
            with undone():
                desk = _desk(chain, scene)
                first = done(scene.act(desk))
                after = state()
                later = Desk(desk.who, desk.organisation, desk.now_ms + 60_000, desk.key)
                for again in (desk, later):
                    tally.expect(done(scene.act(again)) == first and state() == after)

    tally.during(holds)


def test_another_request_under_a_key_that_was_used_is_refused(chain: Chain) -> None:
    lot = chain.land()
    desk = chain.desk("cooperative", key="k")
    done(loading.load(desk, chain.rooms["own truck 1"], (Amount(lot.ref, 10 * KG),)))
    other = loading.load(desk, chain.rooms["own truck 1"], (Amount(lot.ref, 20 * KG),))
    assert no(other) == "key-reused"
    assert no(working.waste(desk, (Amount(lot.ref, 10 * KG),))) == "key-reused"
    done(landing.land(chain.desk("plant", key="k"), (mackerel(chain),)))
    assert Event.objects.filter(key=request_of("k")).count() == 2


def test_every_action_is_one_event_and_one_entry_of_the_log(chain: Chain) -> None:
    for scene in scenes(chain):
        with undone():
            events, staged = Event.objects.count(), Staged.objects.count()
            event = done(scene.act(_desk(chain, scene)))
            assert Event.objects.count() == events + 1, scene.name
            ours = Staged.objects.filter(leaf_hash=event.leaf_hash).count()
            assert (ours, Staged.objects.count() > staged) == (1, True)


def test_nothing_personal_enters_the_log(chain: Chain) -> None:
    words = ["제3부산호", "수거 결과", "냄새", "01012345678", "010-1234-5678", "몰랐음", "제72조"]
    for scene in scenes(chain):
        with undone():
            done(scene.act(_desk(chain, scene)))
            bodies = b"".join(bytes(one.body) + bytes(one.leaf) for one in Staged.objects.all())
            assert [word for word in words if word.encode() in bodies] == [], scene.name


def test_one_step_back_leaves_lots_and_places_as_they_were(chain: Chain) -> None:
    undone_kinds = set()
    for scene in scenes(chain):
        with undone():
            before = _lots()
            first = done(scene.act(_desk(chain, scene)))
            if scene.who != "cooperative" or Kind(first.kind) not in back.UNDOABLE:
                continue
            done(undoing.undo(chain.desk("cooperative")))
            undone_kinds.add(first.kind)
            assert _lots() == before, scene.name
            assert no(undoing.undo(chain.desk("cooperative"))) == "not-undoable"
    assert undone_kinds == {str(kind) for kind in back.UNDOABLE}


def _lots() -> tuple[list[Any], list[Any]]:
    """What is left of each lot that is not void, and where so much of it lies."""
    lots = "SELECT ref, left_grams, left_boxes, status FROM coldchain_lot WHERE status <> 'void'"
    stays = "SELECT lot_id, room_id, sum(grams) FROM coldchain_stay WHERE until_ms IS NULL"
    with connection.cursor() as cursor:
        cursor.execute(f"{lots} ORDER BY ref")
        found = cursor.fetchall()
        cursor.execute(f"{stays} GROUP BY lot_id, room_id ORDER BY lot_id, room_id")
        return found, cursor.fetchall()


def test_a_sample_is_reported_once(chain: Chain) -> None:
    lot = chain.land()
    taken = done(quality.take_sample(chain.desk("agency"), lot.ref, "부산보건환경연구원"))
    report = quality.report_sample(chain.desk("agency"), taken.ref, SampleState.FAILED)
    assert done(report).kind == Kind.RESULT
    again = quality.report_sample(chain.desk("agency"), taken.ref, SampleState.PASSED)
    assert no(again) == "wrong-state"
