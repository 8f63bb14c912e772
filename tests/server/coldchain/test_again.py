"""S17, CC2: a database that was put back beside its log says what it said before it was lost, or
says what is missing."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from itertools import count

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from server.accounts import organisations
from server.accounts.contacts import Contact
from server.accounts.models import Organisation
from server.accounts.rules import Role
from server.coldchain import again, audit, events, lost, verdicts
from server.coldchain.acting import Desk
from server.coldchain.actions import (
    custody,
    landing,
    loading,
    places,
    quality,
    selling,
    strangers,
)
from server.coldchain.actions.custody import To
from server.coldchain.actions.landing import Correction
from server.coldchain.actions.places import Site
from server.coldchain.effects import EFFECTS
from server.coldchain.events import NO_FACTS, OLD
from server.coldchain.lost import Thing
from server.coldchain.models import Event, Hold, Lost, Lot, Place, Recall, Room
from server.coldchain.rules import (
    SERVICE,
    Basis,
    Kind,
    Part,
    PlaceKind,
    ProblemKind,
    RoomKind,
    Side,
)
from server.coldchain.taking import Amount
from server.coldchain.verdicts import MARK as JUDGED
from server.devices.models import Asset
from server.ledger import rows, service
from tests.server.coldchain import busy, older
from tests.server.coldchain.rig import KG, Chain, done, mackerel, made, no, undone
from tests.server.coldchain.test_faults import scenes
from tests.server.ledger.faults import Trap, faulty_database
from tests.server.pilots import rig as pilots
from tests.server.pilots.tally import Tally

STRIDE = 5 if os.environ.get("JAGALCHI_CAMPAIGN") else 13
"""Every so many-th statement fails."""
days = st.lists(
    st.tuples(st.sampled_from(sorted(busy.ACTS)), st.integers(0, 10**6)), min_size=5, max_size=30
)


@pytest.mark.django_db
def test_S17_whatever_was_done_after_a_backup_is_there_again(chain: Chain) -> None:
    tally = Tally("S17", "random days of the cold chain, put back to before them", "differing")

    @settings(max_examples=25, deadline=None)
    @given(days, days)
    def holds(first: list[tuple[str, int]], after: list[tuple[str, int]]) -> None:
        with undone():
            busy.go_on(chain, [("_land", 1), *first])
            size, before = older.logged(), older.kept()
            told = busy.go_on(chain, [("_land", 2), *after])
            grown, newest = older.logged(), older.said()
            assert list(audit.check(grown)) == []
            older.put_back(before)
            again.rebuild(size, grown)
            tally.expect(older.said() == newest, len(told))
            assert list(audit.check(grown)) == []

    tally.during(holds)


@pytest.mark.django_db
def test_S17_every_action_is_done_again(chain: Chain) -> None:
    tally = Tally("S17", "each action of the cold chain, done again from its entry", "differing")
    kinds = set()

    def holds() -> None:
        for scene in scenes(chain):
            with undone():
                size, before = older.logged(), older.kept()
                desk = chain.desk(scene.who) if scene.who else chain.stranger()
                kinds.add(done(scene.act(desk)).kind)
                grown, newest = older.logged(), older.said()
                older.put_back(before)
                again.rebuild(size, grown)
                tally.expect(older.said() == newest)
                assert Lost.objects.filter(words__contains=again.UNDONE).count() == 0, scene.name

    tally.during(holds)
    elsewhere = {Kind.PARTY_TOLD, Kind.ROOM_ADDED, Kind.SETTLED, Kind.SOLD_OUT, Kind.LEFT}
    elsewhere |= {Kind.UNPACKED, Kind.RESULT, Kind.RELEASED, Kind.DISPUTED, Kind.REPORT_CLOSED}
    assert set(EFFECTS) - kinds <= elsewhere


DAY = [(name, seed) for seed in (3, 4, 5) for name in sorted(busy.ACTS)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_done", [False, True], ids=["not done", "done but looked failed"])
def test_S17_a_rebuild_that_fails_anywhere_is_made_right_by_the_next_start(
    chain: Chain, is_done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = "done but looked failed" if is_done else "not done"
    tally = Tally("S17", f"the rebuild of the cold chain fails at a statement ({how})", "differing")
    monkeypatch.setattr(again, "CHUNK", 3)
    busy.go_on(chain, [("_land", 1), ("_land", 2)])
    size, before = older.logged(), older.kept()
    told = busy.go_on(chain, DAY)
    grown, newest = older.logged(), older.said()
    assert len(told) > 9

    def holds() -> None:
        for step in count(1 + is_done, STRIDE):
            older.put_back(before)
            trap = Trap(step, done=is_done)
            try:
                with faulty_database(trap):
                    again.rebuild(size, grown)
            except OperationalError:
                connection.close()
            if not trap.sprung:
                break
            again.rebuild(grown, grown)  # as a start does that finds the log complete
            tally.expect(older.said() == newest)

    tally.during(holds)
    assert tally.times > 5


@pytest.mark.django_db
def test_S17_what_the_log_never_had_is_told_with_what_to_do_until_it_is_said_again(
    chain: Chain,
) -> None:
    size, before = older.logged(), older.kept()
    typed = replace(mackerel(chain), trade="아무개네 고등어", code="김-7")
    lot = chain.land("cooperative", typed)
    desk = chain.desk("cooperative")
    done(strangers.offer_by_link(desk, (Amount(lot.ref, KG),), Contact("010-9999-0000")))
    done(quality.take_sample(chain.desk("agency"), lot.ref, "부산 연구소"))
    smell = ProblemKind.SMELL
    done(selling.report_problem(chain.stranger(), lot.ref, smell, "냄새"))
    grown = older.logged()
    older.put_back(before)
    again.rebuild(size, grown)
    found = Lot.objects.get(ref=lot.ref)
    assert (found.trade, found.vessel, found.code[6:]) == ("고등어", "", lot.ref[:8].upper())
    missing = {(one.kind, one.thing) for one in lost.of(found)}
    assert missing == {
        (Kind.LANDED, Thing.VESSEL),
        (Kind.LANDED, Thing.FACT),
        (Kind.OFFERED, Thing.CONTACT),
        (Kind.SAMPLED, Thing.LABORATORY),
        (Kind.PROBLEM, Thing.WORDS),
    }
    assert list(audit.check(grown)) == []
    notes = list(lost.notes())
    assert len(notes) == len({thing for _, thing in missing}) and lot.ref in notes[0]
    again_said = Correction(vessel="제3부산호", trade="고등어 대")
    done(landing.correct(desk, lot.ref, again_said, "복원"))
    assert Thing.VESSEL not in {one.thing for one in lost.of(found)}
    assert list(audit.check(older.logged())) == []


@pytest.mark.django_db
def test_S17_what_is_missing_of_two_lots_is_back_when_it_was_said_of_both(chain: Chain) -> None:
    size, before = older.logged(), older.kept()
    desk, listed = chain.desk("cooperative"), (mackerel(chain), mackerel(chain))
    one, other = made(done(landing.land(desk, listed, chain.market.id)))
    grown = older.logged()
    older.put_back(before)
    again.rebuild(size, grown)
    left = []
    for lot in (one, other):
        done(landing.correct(desk, lot.ref, Correction(vessel="제3부산호"), "복원"))
        left.append([other.ref in note for note in lost.notes()])
    assert left == [[True], []]


@pytest.mark.django_db
def test_S17_notes_of_many_events_ask_the_database_no_more_often(chain: Chain) -> None:
    size, before = older.logged(), older.kept()
    asked = []
    for _ in range(2):
        for _ in range(3):
            chain.land()
        grown = older.logged()
        older.put_back(before)
        again.rebuild(size, grown)
        with CaptureQueriesContext(connection) as queries:
            assert len(list(lost.notes())) == 1
        asked.append(len(queries))
    assert asked[0] == asked[1]


@pytest.mark.django_db
@pytest.mark.parametrize("of_before", [False, True], ids=["by its digest", "entry of before"])
def test_S17_a_request_whose_answer_was_lost_with_the_database_is_still_done_once(
    chain: Chain, of_before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    size, before = older.logged(), older.kept()
    desk, listed = chain.desk("cooperative", key="kim-010-1234-5678"), (mackerel(chain),)
    with monkeypatch.context() as then:
        if of_before:
            then.setattr(events, "request_of", str)
        event = done(landing.land(desk, listed, chain.market.id))
    bodies = [bytes(body) for (body,) in rows.fetch("SELECT body FROM ledger_staged")]
    assert any(b"010-1234-5678" in body for body in bodies) is of_before
    grown = older.logged()
    older.put_back(before)
    again.rebuild(size, grown)
    assert done(landing.land(desk, listed, chain.market.id)).ref == event.ref
    assert Lot.objects.count() == 1


@pytest.mark.django_db
def test_S17_a_result_without_its_history_is_judged_anew_and_no_version_is_given_twice(
    chain: Chain,
) -> None:
    size, before = older.logged(), older.kept()
    lot = chain.land()
    verdicts.judge(lot.id, chain.now_ms)
    grown = older.logged()
    older.put_back(before)
    again.rebuild(size, grown)
    found = Lot.objects.get(ref=lot.ref)
    for _ in range(2):
        verdicts.judge(found.id, chain.now_ms)
    judged = list(found.results.order_by("version"))
    assert [(one.version, one.history is not None) for one in judged] == [(1, False), (2, True)]
    assert judged[0].text == judged[1].text and list(audit.check(older.logged())) == []


@pytest.mark.django_db
def test_S17_places_rooms_and_who_joined_since_are_known_by_their_ids(chain: Chain) -> None:
    lot = chain.land()
    size, before = older.logged(), older.kept()
    who = pilots.member("anotherboss", chain.ids["cooperative"], Role.ADMINISTRATOR)
    boss = Desk(who, chain.ids["cooperative"], chain.now_ms)
    event = done(places.add_place(boss, Site(PlaceKind.STORE, "새 창고", "부산")))
    Asset.objects.create(name="new room", made_ms=0, organisation=boss.organisation)
    done(places.add_room(boss, "new room", RoomKind.COLD_ROOM, event.place_id or "", "kr_chilled"))
    room = Room.objects.get(asset__name="new room")
    desk = chain.desk("cooperative")
    done(loading.load(desk, room.id, (Amount(lot.ref),)))
    Organisation.objects.create(id="newcomer", kind="shop", name="새 가게", made_ms=0)
    done(custody.offer(desk, To("newcomer"), (Amount(lot.ref, KG),)))
    grown, newest = older.logged(), older.said()
    older.put_back(before)
    Asset.objects.filter(name="new room").delete()
    Organisation.objects.filter(id="newcomer").delete()
    again.rebuild(size, grown)
    asset = Asset.objects.get(name="new room")
    assert older.said() == {
        **newest,
        "Room": [
            one.replace(f"'asset': {room.asset_id}", f"'asset': {asset.id}")
            for one in newest["Room"]
        ],
    }
    assert list(audit.check(grown)) == []
    for table, one in ((Place, event.place_id), (Organisation, "newcomer")):
        nameless = f"{table.__name__.lower()} {one} is known by its id only: {lost.HOW[table]}"
        assert nameless in lost.notes()
    anew = Site(PlaceKind.STORE, "새 창고", "부산", id=str(event.place_id))
    assert done(places.add_place(boss, anew)).place_id == event.place_id
    assert no(places.add_place(boss, anew)) == "not-found"
    named = organisations.add(who, "shop", ("새 가게", ""), chain.now_ms, "newcomer")
    assert isinstance(named, Organisation) and list(lost.notes()) == []
    assert no(organisations.add(who, "shop", ("또", ""), chain.now_ms, "newcomer")) == "not-found"


@pytest.mark.django_db
def test_S17_entries_of_before_are_read_and_keep_what_was_stopped_stopped(chain: Chain) -> None:
    held, recalled = chain.land(), chain.land()
    (child,) = chain.split(recalled, 10 * KG)
    size = older.logged()
    order = {"recall": "r" * 16, "why": "sample", "basis": "court", "grade": 1, "rehearsal": False}
    order |= {"lots": 2, "grams": recalled.grams}
    _old(chain, Kind.HELD, {"basis": str(Basis.COURT)}, f"named 0 0 - {held.ref}")
    gone = "named 0 0 - lostlostlostlost"
    _old(chain, Kind.RECALL_OPENED, order, f"named 0 5 - {recalled.ref}\n{gone}")
    split = f"used 0 5 - {recalled.ref}\nmade 0 5 digestdigestdige newnewnewnewnewn"
    _old(chain, Kind.SPLIT, {"step": "split"}, split)
    again.rebuild(size, older.logged())
    sides = dict(Lot.objects.values_list("ref", "side"))
    assert [sides[one.ref] for one in (held, recalled, child)] == [
        Side.HELD,
        Side.RECALLED,
        Side.RECALLED,
    ]
    assert (Hold.objects.count(), Recall.objects.get().state) == (1, "opened")
    words = Lost.objects.order_by("event").values_list("event__kind", "words")
    assert list(words) == [("recall-opened", "everything"), ("split", "everything")]
    assert Event.objects.get(kind="split", restored=True).lots.get().part == Part.NAMED
    assert list(audit.check(older.logged())) == []
    assert lost.of(Lot.objects.get(ref=recalled.ref))[0].thing is Thing.EVERYTHING


@pytest.mark.django_db
def test_S17_results_of_a_lot_that_could_not_be_made_again_are_no_finding(chain: Chain) -> None:
    lot = chain.land()
    size = older.logged()
    made_of = f"used 0 5 - {lot.ref}\nmade 0 5 digestdigestdige newnewnewnewnewn"
    _old(chain, Kind.SPLIT, {"step": "split"}, made_of)
    _judged("newnewnewnewnewn")
    again.rebuild(size, older.logged())
    assert list(audit.check(older.logged())) == []
    _judged("nobodysnobodysno")
    lacks = [str(one) for one in audit.check(older.logged())]
    assert len(lacks) == 1 and "coldchain_result lacks what the log holds" in lacks[0]


def _judged(lot: str) -> None:
    """An entry with a result of a lot, of which the tables know nothing."""
    service.stage(SERVICE, "verdict", [JUDGED, lot, 1, 1, "{}", bytes(32)], bytes(32))


ODD: dict[Kind, tuple[object, ...]] = {
    Kind.AWARDED: ([], None, 7, "x", {"to": []}),
    Kind.ROOM_ADDED: ({"room": [], "kind": {}, "asset": None, "profile": 1}, {"room": None}),
    Kind.PLACE_ADDED: ({"kind": []}, {}),
    Kind.OFFERED: ({"to": 1, "carrier": None, "handovers": 3}, {"handovers": [[]]}),
    Kind.RECEIVED: ({"handovers": [1, 2]}, {"handovers": [None]}),
    Kind.INSPECTED: ({"side": 1, "score": "x", "out_of": None}, {"score": []}),
}


@pytest.mark.django_db
def test_S17_an_entry_that_says_something_odd_is_named_and_stops_no_rebuild(chain: Chain) -> None:
    lot = chain.land()
    size = older.logged()
    told = [(kind, one) for kind, several in ODD.items() for one in several]
    for number, (kind, one) in enumerate(told):
        _old(chain, kind, one, f"named 0 5 - {lot.ref}", f"{number:016}")
    after = chain.land()
    again.rebuild(size, older.logged())
    words = Event.objects.filter(restored=True).values_list("lost__words", flat=True)
    assert list(words) == [again.UNDONE] * len(told)
    assert Lot.objects.filter(ref=after.ref).exists()


def _old(chain: Chain, kind: Kind, told: object, lines: str, ref: str = "") -> None:
    """An entry as they were before: lots are named by a digest of what was said of them."""
    now_ms = chain.later().now_ms
    private: list[object] = [
        OLD,
        ref or f"{kind:_<16}"[:16],
        now_ms,
        now_ms,
        chain.ids["agency"],
        "",
    ]
    private += ["", "", json.dumps(told), lines, b""]
    service.stage(SERVICE, kind, private, bytes(32))
    assert NO_FACTS in lines or kind is Kind.SPLIT
