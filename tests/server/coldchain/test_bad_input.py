"""What people and programs get wrong: a clear refusal, and nothing half done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from science.balance import Finding, Step
from science.species import Ice, IceRatio, Species
from server.coldchain.actions import (
    labels,
    landing,
    loading,
    pallets,
    quality,
    selling,
    undoing,
    working,
)
from server.coldchain.actions.landing import Correction, Sold
from server.coldchain.actions.working import Job, Out
from server.coldchain.models import Event, Label, Lot, Pallet, Stay
from server.coldchain.rules import (
    BEHIND_MS,
    Basis,
    Judge,
    ProblemKind,
    Reason,
    Source,
)
from server.coldchain.taking import Amount
from server.coldchain.words import REASONS
from server.pilots.rules import Mode
from tests.server.coldchain.rig import (
    HOUR,
    KG,
    PHOTO,
    Chain,
    again,
    done,
    mackerel,
    made,
    no,
)

pytestmark = pytest.mark.django_db

OWN = "cooperative"


def test_a_lot_that_is_elsewhere_is_not_loaded_and_nothing_is_unloaded_twice(chain: Chain) -> None:
    lot = chain.land()
    chain.load("own truck 1", lot)
    second = loading.load(chain.desk(OWN), chain.rooms["own truck 2"], (Amount(lot.ref),))
    assert no(second) == "elsewhere"
    elsewhere = loading.unload(chain.desk(OWN), chain.rooms["own truck 2"], (Amount(lot.ref),))
    assert no(elsewhere) == "not-there"
    chain.later().unload("own truck 1", lot)
    twice = loading.unload(chain.desk(OWN), chain.rooms["own truck 1"], (Amount(lot.ref),))
    assert no(twice) == "unloaded-already"
    assert Stay.objects.count() == 1


def test_a_lot_is_loaded_in_parts_into_two_trucks_and_no_more_than_there_is(chain: Chain) -> None:
    lot = chain.land(grams=1000 * KG, boxes=50)

    def load(truck: str, kilos: int) -> object:
        amount = Amount(lot.ref, kilos * KG, kilos // 20)
        return loading.load(chain.desk(OWN), chain.rooms[truck], (amount,))

    done(load("own truck 1", 600))  # type: ignore[arg-type]
    assert no(load("own truck 2", 401)) == "elsewhere"
    done(load("own truck 2", 400))  # type: ignore[arg-type]
    part = Amount(lot.ref, 200 * KG, 10)
    done(loading.unload(chain.later().desk(OWN), chain.rooms["own truck 1"], (part,)))
    here = Stay.objects.filter(lot=lot, until_ms=None).values_list("room", "grams")
    assert set(here) == {
        (chain.rooms["own truck 1"], 400 * KG),
        (chain.rooms["own truck 2"], 400 * KG),
    }
    # Nobody said from which of the trucks it would be taken.
    split = working.split(chain.desk(OWN), Job((Amount(lot.ref, 900 * KG),), (Out(900 * KG),)))
    assert no(split) == "elsewhere"


CANNOT_COME_OUT = [
    (Job((Amount(""),), (Out(1006 * KG),)), "heavier"),
    (Job((Amount(""),), (Out(900 * KG),), waste=106 * KG), "heavier"),
    (Job((Amount(""),), (Out(900 * KG), Out(106 * KG, feed=True))), "heavier"),
    (Job((Amount(""),), (Out(1000 * KG),), loss=-1), "bad-input"),
    (Job((Amount(""),), (Out(0),)), "bad-input"),
    (Job((Amount(""),), ()), "bad-input"),
    (Job((Amount("", 1001 * KG),), (Out(1000 * KG),)), "used-up"),
    (Job((Amount(""),), (Out(1000 * KG, gtin="08801234567890"),)), "gtin"),
    (Job((Amount("", 10 * KG),), tuple(Out(1) for _ in range(10_000))), "too-many-parts"),
    (Job((Amount(""), Amount("")), (Out(1000 * KG),)), "bad-input"),
]


def test_what_cannot_come_out_of_a_sorting_is_refused(chain: Chain) -> None:
    lot = chain.land(grams=1000 * KG)
    before = Event.objects.count()
    for job, expected in CANNOT_COME_OUT:
        used = tuple(replace(one, lot=lot.ref) for one in job.used)
        result = working.sort(chain.desk(OWN), replace(job, used=used))
        assert (no(result), Event.objects.count()) == (expected, before), str(job)[:80]
        assert again(lot).left_grams == 1000 * KG


def test_a_sum_that_does_not_close_is_told_and_the_work_goes_on(chain: Chain) -> None:
    for out, waste, finding in (
        (980, 20, Finding.FITS),
        (1003, 0, Finding.FITS),
        (900, 0, Finding.OPEN),
    ):
        lot = chain.land(grams=1000 * KG)
        job = Job((Amount(lot.ref),), (Out(out * KG),), waste=waste * KG)
        event = done(working.sort(chain.desk(OWN), job))
        assert f'"balance":"{finding}"' in event.told
        assert made(event)[0].grams == out * KG


def test_a_yield_that_is_unusual_is_told(chain: Chain) -> None:
    lot = chain.land(grams=1000 * KG)
    job = Job((Amount(lot.ref),), (Out(960 * KG),), waste=40 * KG)
    event = done(working.transform(chain.desk(OWN), Step.GUT, job))
    assert f'"balance":"{Finding.YIELD}"' in event.told
    assert no(working.transform(chain.desk(OWN), Step.SORT, job)) == "bad-input"


def test_a_mixed_lot_takes_the_worse_start_and_both_species(chain: Chain) -> None:
    good = chain.land(ice_ratio=IceRatio.ONE_TO_TWO)
    poor = chain.land(
        species=Species.SCOMBER_AUSTRALASICUS,
        catch_ms=None,
        catch_by=Source.NOBODY,
        ice=Ice.UNSTATED,
    )
    job = Job((Amount(good.ref), Amount(poor.ref)), (Out(2000 * KG),))
    (mixed,) = made(done(working.merge(chain.desk(OWN), job)))
    assert mixed.species.split() == ["scomber-japonicus", "scomber-australasicus"]
    assert (mixed.catch_ms, mixed.catch_by, mixed.ice) == (None, "", "unstated")
    assert (mixed.ice_ratio, mixed.area) == ("", "61")


def test_events_from_the_future_the_distant_past_or_before_the_lot_are_refused(
    chain: Chain,
) -> None:
    lot = chain.land()
    for at_ms, expected in (
        (3 * 60_000, "future"),
        (-BEHIND_MS - 1, "too-old"),
        (-5 * HOUR, "before-it-was"),
    ):
        desk = chain.desk(OWN, at_ms=chain.now_ms + at_ms)
        assert no(loading.load(desk, chain.rooms["own truck 1"], (Amount(lot.ref),))) == expected


CANNOT_LAND: list[tuple[dict[str, Any], str]] = [
    ({"grams": 0}, "bad-input"),
    ({"grams": -5}, "bad-input"),
    ({"boxes": -1}, "bad-input"),
    ({"catch_ms": 99_999_999_999_999}, "future"),
    ({"catch_ms": None}, "bad-input"),
    ({"catch_by": Source.NOBODY}, "bad-input"),
    ({"gtin": "4006381333932"}, "gtin"),
    ({"vessel": "x" * 61}, "bad-input"),
    ({"origin": "국산\x00"}, "bad-input"),
]


def test_a_landing_that_cannot_be_is_refused_and_its_list_with_it(chain: Chain) -> None:
    for more, expected in CANNOT_LAND:
        listed = (mackerel(chain), replace(mackerel(chain), **more))
        result = landing.land(chain.desk(OWN), listed, chain.market.id)
        assert (no(result), Lot.objects.count()) == (expected, 0), more


def test_a_lot_number_is_used_once(chain: Chain) -> None:
    same = mackerel(chain, code="L-1", gtin="04006381333931")
    done(landing.land(chain.desk(OWN), (same,), chain.market.id))
    assert no(landing.land(chain.desk(OWN), (same,), chain.market.id)) == "taken"
    assert no(landing.land(chain.desk(OWN), (), chain.market.id)) == "bad-input"
    assert no(landing.land(chain.desk(OWN), (same,), "nowhere")) == "not-found"
    many = (mackerel(chain),) * 10_001
    assert no(landing.land(chain.desk(OWN), many)) == "too-many-parts"


def test_a_label_is_bound_once_and_an_unknown_one_never(chain: Chain) -> None:
    lot, other = chain.land(), chain.land()
    roll = done(labels.make_roll(chain.desk(OWN), 3))
    first, second, third = Label.objects.filter(roll__event=roll).order_by("serial")
    done(labels.bind(chain.desk(OWN), lot.ref, (first.serial.lower().replace("-", ""),)))
    for ref in (lot.ref, other.ref):
        both = (second.serial, first.serial)
        assert no(labels.bind(chain.desk(OWN), ref, both)) == "label-bound"
    assert again_label(second).lot is None
    wrong = first.serial[:-1] + ("2" if first.serial[-1] != "2" else "3")
    for text in (wrong, "2222-2222", "", "가나다라"):
        assert no(labels.bind(chain.desk(OWN), lot.ref, (text,))) == "label-unknown"
    done(labels.bind(chain.desk(OWN), lot.ref, (third.serial,)))
    done(undoing.undo(chain.desk(OWN)))
    assert again_label(third).void_ms == chain.now_ms
    assert no(labels.bind(chain.desk(OWN), lot.ref, (third.serial,))) == "label-bound"


def again_label(label: Label) -> Label:
    return Label.objects.get(serial=label.serial)


def test_a_correction_declares_the_error_until_the_lot_is_settled(chain: Chain) -> None:
    lot = chain.land()
    change = Correction(grams=990 * KG, species=Species.MACKEREL)
    desk = chain.later().desk(OWN)
    assert no(landing.correct(desk, lot.ref, change, " ")) == "why-missing"
    assert no(landing.correct(desk, lot.ref, Correction(), "?")) == "bad-input"
    assert no(landing.correct(chain.desk("plant"), lot.ref, change, "?")) == "not-found"
    event = done(landing.correct(desk, lot.ref, change, "저울 오류"))
    assert (event.corrects, again(lot).left_grams) == (lot.event, 990 * KG)
    done(working.waste(desk, (Amount(lot.ref, 1 * KG),)))
    less = Correction(grams=KG - 1)
    assert no(landing.correct(desk, lot.ref, less, "저울 오류")) == "more-was-taken"
    assert no(landing.settle(desk, (lot.ref,))) == "wrong-state"
    done(landing.award(desk, (Sold(lot.ref, "17"),)))
    done(landing.settle(desk, (lot.ref,)))
    assert no(landing.correct(desk, lot.ref, Correction(area="71"), "해역")) == "settled"
    done(landing.declare_error(desk, lot.event.ref, "해역은 71"))
    assert (again(lot).area, lot.event.corrections.count()) == ("61", 2)


def test_a_correction_weighs_nothing_in_anothers_hands_and_takes_no_blank_name(
    chain: Chain,
) -> None:
    lot, desk = chain.land(), chain.desk(OWN)
    for trade in ("", " ", "고등어\x00", "고" * 41):
        assert no(landing.correct(desk, lot.ref, Correction(trade=trade), "?")) == "bad-input"
    taken = chain.hand(lot, OWN, "plant")
    assert no(landing.correct(desk, lot.ref, Correction(grams=500 * KG), "?")) == "not-holder"
    assert (again(taken).grams, again(taken).left_grams) == (1000 * KG, 1000 * KG)
    done(landing.correct(desk, lot.ref, Correction(area="71"), "해역"))


def test_no_number_or_letter_gets_as_far_as_the_database_that_refuses_it(chain: Chain) -> None:
    lot, desk = chain.land(), chain.desk(OWN)
    for krw in (-1, 2**63):
        assert no(landing.award(desk, (Sold(lot.ref, "17", krw),))) == "bad-input"
    for score, out_of in ((1, 101), (1, 2**40), (0, 0), (3, 2)):
        told = quality.Score(Judge.SELLER, score, out_of)
        assert no(quality.inspect(desk, lot.ref, told)) == "score-exceeds"
    zero = selling.report_problem(chain.stranger(), lot.ref, ProblemKind.OTHER, "a\x00b")
    assert no(zero) == "bad-input"


def test_a_photo_is_named_by_its_digest_and_by_nothing_that_people_write(chain: Chain) -> None:
    lot = chain.land()
    for seen, photo in (
        (False, "김철수 010-1234-5678"),
        (True, "kim 010-1234-5678".ljust(64)),
        (True, PHOTO.upper()),
        (False, PHOTO + "\n"),
    ):
        score = quality.Score(Judge.SELLER, 3, 20, seen, photo)
        assert no(quality.inspect(chain.desk(OWN), lot.ref, score)) == "bad-input", photo
    score = quality.Score(Judge.SELLER, 3, 20, True)
    assert no(quality.inspect(chain.desk(OWN), lot.ref, score)) == "photo-missing"
    done(quality.inspect(chain.desk(OWN), lot.ref, replace(score, photo=PHOTO)))


def test_an_undo_is_for_the_last_slip_of_the_same_hand(chain: Chain) -> None:
    lot = chain.land()
    assert no(undoing.undo(chain.desk("plant"))) == "not-undoable"
    chain.load("own truck 1", lot)
    assert no(undoing.undo(chain.desk("plant"))) == "not-undoable"
    late = chain.desk(OWN)
    assert no(undoing.undo(replace(late, now_ms=late.now_ms + 16 * 60_000))) == "undo-late"
    part = Job((Amount(lot.ref, 10 * KG),), (Out(10 * KG),))
    (child,) = made(done(working.split(chain.desk(OWN), part)))
    chain.touched_by_another(child)
    assert no(undoing.undo(chain.desk(OWN))) == "undo-late"


def test_a_shopper_marks_a_day_that_was_and_the_label_of_this_lot(chain: Chain) -> None:
    lot, other = chain.land(), chain.land()
    roll = done(labels.make_roll(chain.desk(OWN), 1))
    serial = Label.objects.get(roll__event=roll).serial
    done(labels.bind(chain.desk(OWN), lot.ref, (serial,)))
    today = date(2020, 6, 2)
    wrong: list[tuple[Callable[[], object], str]] = [
        (lambda: selling.mark_purchase(chain.stranger(), lot.ref, date(2020, 6, 3)), "future"),
        (
            lambda: selling.mark_purchase(chain.stranger(), lot.ref, date(2020, 6, 1)),
            "before-it-was",
        ),
        (lambda: selling.mark_purchase(chain.stranger(), "x" * 16, today), "not-found"),
        (
            lambda: selling.mark_purchase(chain.stranger(), other.ref, today, serial),
            "label-unknown",
        ),
    ]
    assert [reason for act, reason in wrong if no(act()) != reason] == []
    done(selling.mark_purchase(chain.stranger(), lot.ref, today, serial))
    assert no(selling.mark_purchase(chain.stranger(), lot.ref, today, serial)) == "taken"


def test_a_pallet_holds_what_is_on_it_and_is_unpacked_once(chain: Chain) -> None:
    lot = chain.land()
    part = (Amount(lot.ref, 100 * KG, 5),)
    assert no(pallets.pack(chain.desk(OWN), part, "1" * 18)) == "bad-input"
    event = done(pallets.pack(chain.desk(OWN), part, "106141411234567897"))
    assert no(pallets.pack(chain.desk(OWN), part)) == "elsewhere"
    pallet = event.told.partition('"pallet":"')[2][:16]
    assert pallets.contents(pallet) == part
    done(loading.load(chain.desk(OWN), chain.rooms["own truck 1"], pallets.contents(pallet)))
    assert no(pallets.unpack(chain.desk("plant"), pallet)) == "not-found"
    done(pallets.unpack(chain.desk(OWN), pallet))
    assert no(pallets.unpack(chain.desk(OWN), pallet)) == "wrong-state"


def test_of_a_pallet_in_several_hands_each_holder_takes_off_its_own(chain: Chain) -> None:
    one, two = chain.land(), chain.land()
    event = done(pallets.pack(chain.desk(OWN), (Amount(one.ref), Amount(two.ref))))
    pallet = Pallet.objects.get(contents__packed=event, contents__lot=one)
    chain.hand(one, OWN, "plant")
    assert no(pallets.unpack(chain.desk("carrier"), pallet.id)) == "not-found"
    done(pallets.unpack(chain.desk("plant"), pallet.id))
    pallet.refresh_from_db()
    assert pallets.contents(pallet.id) == (Amount(two.ref, 1000 * KG, 50),)
    assert pallet.ended_ms is None
    done(pallets.pack(chain.desk("plant"), (Amount(one.ref),)))
    done(pallets.unpack(chain.desk(OWN), pallet.id))
    pallet.refresh_from_db()
    assert pallet.ended_ms == chain.now_ms


def test_a_halted_pilot_stops_work_and_never_a_recall_or_a_hold(chain: Chain) -> None:
    lot = chain.land()
    chain.pilot.flip(Mode.HALT)
    assert no(working.waste(chain.desk(OWN), (Amount(lot.ref, 1),))) == "halted"
    done(quality.hold(chain.desk(OWN), (lot.ref,), Basis.OWN))
    done(selling.scrap(chain.desk(OWN), (lot.ref,)))


def test_every_reason_has_its_words_in_both_languages() -> None:
    assert set(REASONS) == set(Reason)
    assert [one for one, text in REASONS.items() if not (text.en and text.ko)] == []
