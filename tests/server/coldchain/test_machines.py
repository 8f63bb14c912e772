"""State machines are tables, and the database refuses every step that is not in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model, QuerySet

from server.coldchain.actions import custody, labels
from server.coldchain.actions.custody import To
from server.coldchain.models import (
    Event,
    EventLot,
    Handover,
    Hold,
    Label,
    Link,
    Lot,
    Recall,
    RecallHolder,
    Sample,
    SensorSign,
    Stay,
)
from server.coldchain.rules import (
    CUSTODY_STEPS,
    HOLD_STEPS,
    HOLDER_STEPS,
    LOT_STEPS,
    RECALL_STEPS,
    SAMPLE_STEPS,
    SIDE_STEPS,
    Custody,
    HolderState,
    HoldState,
    RecallState,
    SampleState,
    Side,
    Status,
)
from server.coldchain.signs import LOOKED, SIGN_STEPS, SignState
from server.coldchain.taking import Amount
from server.ledger import refusing
from tests.server.coldchain.rig import (
    KG,
    PHOTO,
    Chain,
    again,
    done,
    refused_by_the_database,
    undone,
)

pytestmark = pytest.mark.django_db

refuses = import_module("server.coldchain.migrations.0002_the_database_refuses")
signs_end = import_module("server.coldchain.migrations.0010_signs")


@dataclass(frozen=True)
class Machine:
    """A column, its states, the moves it may make, and how a row comes into a state."""

    rule: str
    column: str
    states: tuple[str, ...]
    allowed: frozenset[tuple[str, str]]
    row: Callable[[Chain, str], QuerySet[Any]]
    goes_with: Callable[[str], dict[str, Any]] = lambda _state: {}


def pairs(steps: Mapping[tuple[Any, Any], Any]) -> list[tuple[str, str]]:
    """The moves of a machine, from state to another state."""
    return sorted({(str(a), str(b)) for (a, _), b in steps.items() if a != b})


def _rows(one: Model) -> QuerySet[Any]:
    return type(one)._default_manager.filter(pk=one.pk)


def _lot(chain: Chain, **more: Any) -> QuerySet[Any]:
    lot = chain.land()
    lot.id, lot.ref, lot.code = None, f"{len(more)}copyofthelot", "copy"
    for name, value in more.items():
        setattr(lot, name, value)
    lot.save(force_insert=True)
    return _rows(lot)


def _event() -> Event:
    return Event.objects.earliest("id")


def _handover(chain: Chain, state: str) -> QuerySet[Any]:
    lot = chain.land()
    given = {"lot": lot, "giver": lot.maker, "grams": 100, "boxes": 0, "made_ms": 0}
    row = Handover(id="h" * 16, proposed=_event(), status=state, **given, **_took(state))
    row.save(force_insert=True)
    return _rows(row)


def _took(state: str) -> dict[str, Any]:
    took = {Custody.ACCEPTED: 100, Custody.PART: 50}.get(Custody(state), 0)
    return {"took_grams": took, "photo": PHOTO}


def _sample(chain: Chain, state: str) -> QuerySet[Any]:
    lot = chain.land()
    given = {"lot": lot, "organisation_id": chain.ids["agency"], "laboratory": "x"}
    return _rows(Sample.objects.create(state=state, taken=_event(), **given, **_result(state)))


def _result(state: str) -> dict[str, Any]:
    return {"result": None if state == SampleState.TAKEN else _event()}


def _hold(chain: Chain, state: str) -> QuerySet[Any]:
    lot = chain.land()
    given = {"lot": lot, "organisation": lot.maker, "basis": "own"}
    return _rows(Hold.objects.create(state=state, ordered=_event(), **given))


def _recall(chain: Chain, state: str) -> QuerySet[Any]:
    lot = chain.land()
    given = {"id": "r" * 16, "organisation": lot.maker, "why": "other", "basis": "own"}
    times = {"grade": 1, "scope": "{}", "opened": _event(), "opened_ms": 0}
    return _rows(Recall.objects.create(state=state, **given, **times, **_signed(state)))


def _signed(state: str) -> dict[str, Any]:
    closed = state == RecallState.CLOSED
    return {"closed": _event() if closed else None, "signed_by": "somebody" if closed else ""}


def _holder(chain: Chain, state: str) -> QuerySet[Any]:
    recall = _recall(chain, RecallState.OPENED).get()
    given = {"id": "h" * 16, "recall": recall, "organisation_id": chain.ids["shop"], "grams": 0}
    return _rows(RecallHolder.objects.create(state=state, **given))


def _words(kind: Any) -> tuple[str, ...]:
    return tuple(map(str, kind))


def _listed(moves: Any) -> frozenset[tuple[str, str]]:
    return frozenset((str(a), str(b)) for a, b in moves)


def _sign(chain: Chain, state: str) -> QuerySet[Any]:
    given = {"from_ms": 1, "until_ms": 2, "seen_ms": 3, "state": state, **_looked(state)}
    room = chain.rooms["truck 1"]
    return _rows(SensorSign.objects.create(room_id=room, sign="flat", **given))


def _looked(state: str) -> dict[str, Any]:
    return {"looked_ms": 4 if state in LOOKED else None}


MACHINES = [
    Machine(
        "lot_moves",
        "status",
        _words(Status),
        frozenset(pairs(LOT_STEPS)),
        lambda chain, state: _lot(chain, status=state),
    ),
    Machine(
        "side_moves",
        "side",
        _words(Side),
        _listed(SIDE_STEPS),
        lambda chain, state: _lot(chain, side=state),
    ),
    Machine(
        "custody_moves",
        "status",
        _words(Custody),
        frozenset(pairs(CUSTODY_STEPS)),
        _handover,
        _took,
    ),
    Machine("sample_moves", "state", _words(SampleState), _listed(SAMPLE_STEPS), _sample, _result),
    Machine("hold_moves", "state", _words(HoldState), _listed(HOLD_STEPS), _hold),
    Machine("recall_moves", "state", _words(RecallState), _listed(RECALL_STEPS), _recall, _signed),
    Machine("sign_moves", "state", _words(SignState), frozenset(pairs(SIGN_STEPS)), _sign, _looked),
    Machine("holder_moves", "state", _words(HolderState), _listed(HOLDER_STEPS), _holder),
]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.rule)
def test_a_step_that_no_table_has_is_refused_by_the_database(
    chain: Chain, machine: Machine
) -> None:
    wrong = []
    for before, after in product(machine.states, repeat=2):
        if before == after:
            continue
        with undone():
            rows = machine.row(chain, before)
            change = {machine.column: after, **machine.goes_with(after)}
            refused = refused_by_the_database(
                lambda rows=rows, change=change: rows.update(**change), machine.rule
            )
            if refused is ((before, after) in machine.allowed):
                wrong.append((before, after))
    assert wrong == []


def test_the_migration_has_the_tables_of_the_code() -> None:
    for rule, moves in {
        "lot_moves": refuses.LOT_MOVES,
        "custody_moves": refuses.CUSTODY_MOVES,
        "holder_moves": refuses.HOLDER_MOVES,
        "sign_moves": signs_end.MOVES,
    }.items():
        table = next(one.allowed for one in MACHINES if one.rule == rule)
        assert {tuple(move.split(">")) for move in moves.split()} == table


def _triggers() -> set[str]:
    sqlite = connection.vendor == "sqlite"
    sql = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(sql if sqlite else "SELECT tgname FROM pg_trigger")
        there = {name for (name,) in cursor.fetchall()}
    return {rule.name for rule in refuses.RULES if rule.name + "_0" * sqlite in there}


def test_every_rule_is_a_trigger_of_the_database_and_can_be_taken_away() -> None:
    every = {rule.name for rule in refuses.RULES}
    assert _triggers() == every
    for made, left in ((refusing.undoing, set()), (refusing.statements, every)):
        with connection.cursor() as cursor:
            for statement in made(refuses.RULES, connection.vendor):
                cursor.execute(statement)
        assert _triggers() == left


def test_what_happened_is_neither_edited_nor_deleted(chain: Chain) -> None:
    lot = chain.land()
    (child,) = chain.split(lot, 10 * KG)
    event = child.event
    writes: list[tuple[Callable[[], object], str]] = [
        (lambda: Event.objects.filter(id=event.id).update(told="{}"), "event_stays"),
        (lambda: Event.objects.filter(id=event.id).update(at_ms=1), "event_stays"),
        (lambda: Event.objects.filter(id=event.id).update(said="x"), "said_is_only_erased"),
        (lambda: Link.objects.filter(child=child).update(grams=1), "link_is_only_added_to"),
        (lambda: EventLot.objects.filter(lot=lot).update(grams=1), "eventlot_is_only_added_to"),
        (lambda: Lot.objects.filter(id=lot.id).update(ref="x" * 16), "lot_stays"),
        *(
            (lambda table=table: table._default_manager.all()._raw_delete("default"), "_is_kept")
            for table in (Event, EventLot, Link, Lot)
        ),
    ]
    assert [rule for write, rule in writes if not refused_by_the_database(write, rule)] == []
    Event.objects.filter(id=event.id).update(said="", salt=b"")


def test_a_circle_cannot_be_written(chain: Chain) -> None:
    lot = chain.land()
    (child,) = chain.split(lot, 10 * KG)
    (grandchild,) = chain.split(child, 5 * KG)

    def link(parent: Lot, child: Lot, event: Event) -> Callable[[], object]:
        given = {"parent": parent, "child": child, "event": event, "kind": "split"}
        return lambda: Link.objects.create(grams=1, boxes=0, **given)

    back = link(grandchild, lot, lot.event)
    itself = link(lot, lot, lot.event)
    assert refused_by_the_database(back, "parent_before_child")
    assert refused_by_the_database(itself, "parent_before_child")
    strange = link(lot, grandchild, child.event)
    assert refused_by_the_database(strange, "child_of_its_event")


def test_a_lot_is_in_no_two_places_and_no_stay_is_changed(chain: Chain) -> None:
    lot = chain.land()
    event = chain.load("truck 1", lot)
    stay = Stay.objects.get(lot=lot)

    def another() -> object:
        given = {"lot": lot, "room_id": chain.rooms["truck 2"], "boxes": 0, "grams": 1}
        return Stay.objects.create(from_ms=chain.now_ms, loaded=event, **given)

    assert refused_by_the_database(another, "stay_within_lot")
    mine = Stay.objects.filter(id=stay.id)
    assert refused_by_the_database(lambda: mine.update(grams=1), "stay_ends_once")
    early = {"until_ms": stay.from_ms - 1, "unloaded": event}
    assert refused_by_the_database(lambda: mine.update(**early), "stay_ends_after_start")
    chain.later().unload("truck 1", lot)
    assert refused_by_the_database(lambda: mine.update(until_ms=None), "stay_ends_once")


def test_a_label_is_bound_once_and_a_void_one_never(chain: Chain) -> None:
    lot, other = chain.land(), chain.land()
    roll = done(labels.make_roll(chain.desk("cooperative"), 2))
    first, second = Label.objects.filter(roll__event=roll)
    done(labels.bind(chain.desk("cooperative"), lot.ref, (first.serial,)))
    bound = Label.objects.filter(serial=first.serial)
    assert refused_by_the_database(lambda: bound.update(lot=other), "label_binds_once")
    unbound = {"lot": None, "bound": None, "bound_ms": None}
    assert refused_by_the_database(lambda: bound.update(**unbound), "label_binds_once")
    void = Label.objects.filter(serial=second.serial)
    void.update(void_ms=1)
    given = {"lot": lot, "bound": roll, "bound_ms": 1}
    assert refused_by_the_database(lambda: void.update(**given), "label_binds_once")


def test_a_recall_is_not_closed_over_an_open_holder(chain: Chain) -> None:
    for state, grams in ((HolderState.NOTIFIED, 0), (HolderState.ACKNOWLEDGED, 5)):
        with undone():
            holder = _holder(chain, state)
            holder.update(grams=grams)
            recall = Recall.objects.filter(id="r" * 16)
            recall.update(state=RecallState.NOTIFIED)
            closed = {"state": RecallState.CLOSED, **_signed(RecallState.CLOSED)}
            assert refused_by_the_database(
                lambda recall=recall, closed=closed: recall.update(**closed),
                "recall_closes_complete",
            )


def test_nobody_takes_more_than_is_left_or_was_offered(chain: Chain) -> None:
    lot = chain.land()
    here = Lot.objects.filter(id=lot.id)
    assert refused_by_the_database(lambda: here.update(left_grams=-1), "lot_left")
    assert refused_by_the_database(lambda: here.update(left_grams=lot.grams + 1), "lot_left")
    done(custody.offer(chain.desk("cooperative"), To(chain.ids["shop"]), (Amount(lot.ref),)))
    offered = Handover.objects.filter(lot=lot)
    more = {"took_grams": lot.grams + 1}
    assert refused_by_the_database(lambda: offered.update(**more), "took_no_more_than_was_offered")
    assert again(lot).left_grams == lot.grams
