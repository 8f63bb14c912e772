"""What pages are told: partners see who and when, everybody sees role, region and the hour."""

from __future__ import annotations

import pytest

from server.coldchain import attention, read
from server.coldchain.actions import landing, quality, selling
from server.coldchain.actions.landing import Correction, Sold
from server.coldchain.actions.quality import Score
from server.coldchain.attention import Matter
from server.coldchain.models import Excursion, Party
from server.coldchain.read import Where
from server.coldchain.rules import Basis, Judge, ProblemKind
from tests.server.coldchain.rig import HOUR, KG, PHOTO, Chain, done

pytestmark = pytest.mark.django_db

OWN = "cooperative"


def test_everybody_sees_no_name_no_price_no_vessel_and_no_minute(chain: Chain) -> None:
    lot = chain.land()
    Party.objects.create(organisation_id=chain.ids[OWN], region="부산", region_en="Busan")
    done(landing.award(chain.desk(OWN), (Sold(lot.ref, "17", 4_321_000),)))
    done(landing.correct(chain.desk(OWN), lot.ref, Correction(area="71"), "해역이 달랐음"))
    chain.load("truck 1", lot)
    chain.later(37).unload("truck 1", lot)
    chain.hand(lot, OWN, "plant", 600 * KG)
    shown = read.public(lot.ref)
    assert shown is not None
    text = repr(shown)
    secrets = ["제3부산호", "4321000", "17'", "해역이", *chain.ids, *chain.ids.values()]
    told = [one for one in secrets if f"'{one}" in text and f"kind='{one}'" not in text]
    assert told == []
    assert shown.maker.region == "부산"
    times = [one.at_ms for one in shown.history] + [one.from_ms for one in shown.stays]
    assert [one for one in times if one % HOUR] == []
    assert shown.children == ()


def test_a_partner_sees_the_history_and_only_its_own_words(chain: Chain) -> None:
    lot = chain.land()
    chain.later().load("own truck 1", lot)
    chain.later().unload("own truck 1", lot)
    score = Score(Judge.SELLER, 3, 20, True, PHOTO)
    done(quality.inspect(chain.desk(OWN), lot.ref, score))
    at_plant = chain.later().hand(lot, OWN, "plant")
    done(landing.correct(chain.later().desk(OWN), lot.ref, Correction(area="71"), "해역"))
    mine, theirs = (read.lot(at_plant.ref, chain.ids[name]) for name in (OWN, "plant"))
    assert mine is not None and theirs is not None
    kinds = [one.kind for one in theirs.history]
    assert kinds == [
        "landed",
        "loaded",
        "unloaded",
        "inspected",
        "offered",
        "received",
        "corrected",
    ]
    assert (mine.history[-1].said, theirs.history[-1].said) == ("해역", "")
    assert (mine.facts.vessel, theirs.facts.vessel) == ("제3부산호", "")
    assert theirs.holder is not None and theirs.holder.id == chain.ids["plant"]
    assert theirs.history[0].corrected == (theirs.history[-1].ref,)
    assert [(one.side, one.score) for one in theirs.found] == [("seller", 3)]
    assert [one.status for one in theirs.hands] == ["accepted"]
    assert read.lot("x" * 16, chain.ids["plant"]) is None
    assert read.public("x" * 16) is None


def test_whom_else_a_partner_sold_to_and_how_much_is_its_own_business(chain: Chain) -> None:
    lot = chain.land("wholesaler")
    mine = chain.hand(lot, "wholesaler", "shop", 100 * KG)
    chain.hand(lot, "wholesaler", "plant", 123 * KG)
    seen = read.lot(lot.ref, chain.ids["shop"])
    assert seen is not None
    assert "plant'" not in repr(seen).replace("kind='plant'", "") and "123000" not in repr(seen)
    assert chain.ids["plant"] not in repr(seen)
    told = {(one.taker.name, one.took_grams) for one in seen.hands if one.taker}
    assert told == {("shop", 100 * KG), ("", 0)}
    assert [one.ref for one in seen.children] == [mine.ref]
    for name in ("wholesaler", "agency"):
        whole = read.lot(lot.ref, chain.ids[name], inspects=name == "agency")
        assert whole is not None and len(whole.children) == 2
        assert {one.took_grams for one in whole.hands} == {100 * KG, 123 * KG}
        assert {one.by.name for one in whole.history} == {"wholesaler", "shop", "plant"}


def test_stays_that_cannot_both_be_true_are_told(chain: Chain) -> None:
    by = read.Who("carrier", "", "")

    def stay(grams: int, from_ms: int, until_ms: int | None) -> Where:
        return Where(1, "truck", by, grams, 0, from_ms, until_ms)

    apart = [stay(10, 0, 5), stay(10, 5, None)]
    parts = [stay(5, 0, None), stay(5, 0, None)]
    assert list(read.clashes(apart, 10)) == list(read.clashes(parts, 10)) == []
    (clash,) = read.clashes([stay(10, 0, 6), stay(10, 5, None)], 10)
    assert (clash.from_ms, clash.until_ms) == (5, 6)


def test_what_waits_is_listed_the_gravest_first_and_counted(chain: Chain) -> None:
    assert attention.items(chain.ids[OWN]) == ()
    held, moved, offered = chain.land(), chain.land(), chain.land()
    done(quality.hold(chain.desk(OWN), (held.ref,), Basis.OWN))
    chain.load("truck 1", moved)
    chain.offer(offered, OWN, "plant")
    chain.offer(moved, OWN, "plant")
    smell = ProblemKind.SMELL
    done(selling.report_problem(chain.stranger(), moved.ref, smell, "냄새"))
    room = chain.rooms["truck 1"]
    open_ = Excursion.objects.create(room_id=room, limit="x", from_ms=7, peak_milli=9_000)
    open_.lots.add(moved, offered)
    items = {one.matter: one for one in attention.items(chain.ids[OWN])}
    assert list(items) == [
        Matter.HELD,
        Matter.EXCURSION,
        Matter.UNANSWERED,
        Matter.IN_TRUCK,
        Matter.PROBLEM,
    ]
    assert (items[Matter.EXCURSION].count, items[Matter.EXCURSION].since_ms) == (1, 7)
    assert set(items[Matter.EXCURSION].refs) == {moved.ref, offered.ref}
    (waiting,) = attention.items(chain.ids["plant"])
    assert (waiting.matter, waiting.count, len(waiting.refs)) == (Matter.TO_ANSWER, 2, 2)


def test_the_page_knows_what_can_still_be_undone(chain: Chain) -> None:
    who, organisation = chain.people[OWN].id, chain.ids[OWN]
    assert attention.undoable(who, organisation, chain.now_ms) is None
    lot = chain.land()
    chain.load("own truck 1", lot)
    last = attention.undoable(who, organisation, chain.now_ms)
    assert last is not None and last.kind == "loaded"
    assert attention.undoable(who, organisation, last.until_ms + 1) is None
