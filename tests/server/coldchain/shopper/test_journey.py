"""The journey on a shopper's page: every stage up to the shelf, and the air between them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from science.balance import Step
from science.species import Species
from server.coldchain.actions import custody, landing, selling, working
from server.coldchain.actions.landing import Sold
from server.coldchain.actions.working import Job, Out
from server.coldchain.handing import Answer
from server.coldchain.models import Lot
from server.coldchain.taking import Amount
from tests.server.coldchain.rig import KG, done, mackerel, made
from tests.server.coldchain.shopper.stall import Stall
from tests.server.coldchain.shopper.test_page import get

pytestmark = pytest.mark.django_db


def steps(response: Any) -> list[tuple[str, str, str]]:
    """The stages of a page: name, region, and the air from there to the next one."""
    (listed,) = re.findall(r'<ol class="steps">(.*?)</ol>', response.content.decode(), re.S)
    found = []
    for one in re.findall(r"<li>(.*?)</li>", listed, re.S):
        parts = (r"<b>(.*?)</b>", r"<span>(.*?)</span>", r'<small class="then">(.*?)</small>')
        name, region, air = ((re.findall(part, one) or [""])[0] for part in parts)
        found.append((name, region, air))
    return found


def walked(shop: Stall, trade: str, species: Species) -> Lot:
    """Landed, sorted, auctioned, gutted, split, transshipped and put on sale."""
    chain = shop.chain
    landed = chain.land(
        "cooperative", replace(mackerel(chain, 100 * KG, species=species), trade=trade)
    )
    job = Job((Amount(landed.ref),), (Out(80 * KG, 8), Out(19 * KG, 2, feed=True)), loss=KG)
    big, _ = made(done(working.sort(chain.later(10).desk("cooperative"), job)))
    done(landing.award(chain.later(15).desk("cooperative"), (Sold(big.ref, "17", 3_000_000),)))
    row = chain.offer(big, "cooperative", "plant")
    chain.later(10).load("truck 1", big, name="carrier")
    shop.drive(1, lambda _: 1.0)
    chain.unload("truck 1", big, name="carrier")
    done(custody.accept(chain.later(5).desk("plant"), (Answer(row.id),)))
    chain.load("plant room", big, name="plant")
    job = Job((Amount(big.ref),), (Out(70 * KG, 7),), waste=10 * KG)
    (gutted,) = made(done(working.transform(chain.later(20).desk("plant"), Step.GUT, job)))
    half, _ = chain.later(10).split(gutted, 30 * KG, 40 * KG, name="plant")
    row = chain.offer(half, "plant", "shop")
    chain.later(10).unload("plant room", half, name="plant")
    chain.load("truck 1", half, name="carrier")
    shop.drive(1, lambda hours: 1.0 if hours < 0.5 else 2.0)
    chain.unload("truck 1", half, name="carrier")
    chain.load("truck 2", half, name="carrier")
    done(custody.accept(chain.later(60).desk("shop"), (Answer(row.id),)))
    chain.unload("truck 2", half, name="shop")
    done(selling.put_on_sale(chain.later(10).desk("shop"), (half.ref,)))
    chain.later(10)
    shop.judge(half)
    return half


@pytest.mark.parametrize(
    ("trade", "species"),
    [("고등어", Species.SCOMBER_JAPONICUS), ("아귀", Species.LOPHIUS_LITULON)],
)
def test_every_stage_from_landing_to_shop_is_on_the_page_with_the_air_between(
    shop: Stall, trade: str, species: Species
) -> None:
    lot = walked(shop, trade, species)
    assert steps(get(f"/q/{lot.ref}")) == [
        ("어획", "", "이후 기록 없음 4시간"),
        ("양륙", "부산 서구", "이후 기록 없음 10분"),
        ("선별", "부산 서구", "이후 기록 없음 15분"),
        ("경매 · 낙찰", "부산 서구", "이후 기록 없음 10분"),
        ("냉장차 운송", "", "이후 1.0 ℃ · 기록 없음 7분"),
        ("인수 확인", "부산", ""),
        ("냉장 보관", "부산", "이후 기록 없음 20분"),
        ("손질(내장 제거)", "부산", "이후 기록 없음 10분"),
        ("소분", "부산", "이후 기록 없음 10분"),
        ("냉장차 운송", "", "이후 1.0 ℃ – 2.0 ℃ · 기록 없음 2분"),
        ("환적 · 다른 냉장차", "", "이후 기록 없음 1시간"),
        ("인수 확인", "서울 송파구", "이후 기록 없음 10분"),
        ("판매 시작", "서울 송파구", "이후 기록 없음 10분"),
    ]
    english = steps(get(f"/q/{lot.ref}", "en"))
    assert english[1] == ("landing", "Seo-gu, Busan", "then no record for 10 min")
    assert english[3][0] == "auction: winning bid"
    assert english[9][2] == "then 1.0 ℃ – 2.0 ℃ · no record for 2 min"


def test_air_is_not_told_of_a_mixed_lot_while_nobody_knows_where_a_part_of_it_was(
    shop: Stall,
) -> None:
    chain = shop.chain
    cold, lost = chain.land(grams=10 * KG), chain.land(grams=10 * KG)
    chain.load("truck 1", cold)
    shop.drive(1)
    job = Job((Amount(cold.ref), Amount(lost.ref)), (Out(20 * KG, 2),))
    chain.unload("truck 1", cold)
    (mixed,) = made(done(working.merge(chain.desk("cooperative"), job)))
    chain.later(10)
    shop.judge(mixed)
    found = {name: air for name, _, air in steps(get(f"/q/{mixed.ref}"))}
    assert found["냉장차 운송"] == "이후 기록 없음 1시간"
    assert found["합침(혼합)"] == "이후 기록 없음 10분"


def test_what_others_did_with_their_part_of_a_parent_is_no_stage(shop: Stall) -> None:
    chain = shop.chain
    whole = chain.land()
    others, _ = chain.later(10).split(whole, 10 * KG, 20 * KG)
    done(selling.put_on_sale(chain.later(10).desk("cooperative"), (others.ref,)))
    ours, _ = chain.later(30).split(whole, 10 * KG, 20 * KG)
    chain.later(10)
    shop.judge(ours)
    found = steps(get(f"/q/{ours.ref}"))
    assert [name for name, _, _ in found] == ["어획", "양륙", "소분"]
    assert found[1][2] == "이후 기록 없음 50분"
