"""What stands above a verdict, or in its place: of what hour it is, what a laboratory found, that a
lot is no food or is no more."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from science.species import Species
from server.coldchain.actions import quality, selling, working
from server.coldchain.actions.working import Job, Out
from server.coldchain.models import Lot
from server.coldchain.rules import Basis, SampleState
from server.coldchain.taking import Amount
from server.ledger import tick
from server.pilots.days import day_of
from tests.server.coldchain.rig import KG, done, made, no
from tests.server.coldchain.shopper.stall import Stall
from tests.server.coldchain.shopper.test_page import get, text

pytestmark = pytest.mark.django_db


def test_what_is_met_for_a_quarter_of_an_hour_is_not_called_good_for_a_day(shop: Stall) -> None:
    """Unknown time is never counted as good, least of all in what stands largest."""

    def silent(hours: float) -> float | None:
        return 1.0 if hours < 0.25 else None

    lot = shop.on_sale(silent, 30, trade="아귀", species=Species.LOPHIUS_LITULON)
    body = get(f"/q/{lot.ref}").content.decode()
    assert '<section class="verdict wait"' in body and 'class="verdict good"' not in body
    first = text(get(f"/q/{lot.ref}")).partition("아는 것과 모르는 것")[0]
    assert re.search("전체 이력: 기록 없는 시간 3[0-9]시간", first)
    assert re.search("기록 없는 시간 3[0-9]시간은 판정하지 않음", body)


def test_a_number_says_of_what_hour_it_is(shop: Stall) -> None:
    """A page is read for days after a lot was sold; what was left then is not left now."""
    lot = shop.on_sale(hours=3, graded=True)
    done(selling.sell_out(shop.chain.desk("shop"), (lot.ref,)))
    at = shop.chain.now_ms // 3_600_000 * 3_600_000
    hour = datetime.fromtimestamp(at / 1000, ZoneInfo("Asia/Seoul"))
    korean, english = (text(get(f"/q/{lot.ref}", one)) for one in ("ko", "en"))
    said = f"{hour:%Y-%m-%d} {hour.hour}시"
    assert re.search(f"온도 이력으로 계산한 추정값 [^)]*; {said} 기준", korean)
    assert f"{said}부터 얼음에서" in korean and f"판정 기준 시각 {said}" in korean
    assert f"d on ice from {hour:%Y-%m-%d %H}:00 KST on" in english


def test_what_a_laboratory_found_is_on_the_page_also_when_nobody_holds_the_lot(
    shop: Stall,
) -> None:
    lot, agency = shop.on_sale(hours=1, graded=True), shop.chain.desk("agency")
    taken = done(quality.take_sample(agency, lot.ref, "검사소"))
    assert "수거검사 중" in text(get(f"/q/{lot.ref}"))
    done(quality.report_sample(agency, taken.ref, SampleState.FAILED))
    said = text(get(f"/q/{lot.ref}"))
    assert said.count("수거검사: 부적합") == 1
    assert said.index("수거검사: 부적합") < said.index("히스타민 위험 지표")


def test_what_was_found_or_ordered_of_a_lot_is_on_the_page_of_what_came_of_it(shop: Stall) -> None:
    lot, chain = shop.on_sale(hours=1, graded=True), shop.chain
    (tray,) = chain.split(lot, KG, name="shop")
    shop.judge(tray)
    agency = chain.desk("agency")
    taken = done(quality.take_sample(agency, lot.ref, "검사소"))
    done(quality.report_sample(agency, taken.ref, SampleState.FAILED))
    said = text(get(f"/q/{tray.ref}"))
    assert said.count("수거검사: 부적합") == 1
    assert said.index("수거검사: 부적합") < said.index("히스타민 위험 지표")
    done(quality.hold(agency, (lot.ref,), Basis.FOOD_SANITATION))
    korean, english = (text(get(f"/q/{tray.ref}", one)) for one in ("ko", "en"))
    assert "판매 중지" in korean and "식품위생법" in korean and tray.code in korean
    assert not re.search("매우 좋음|충족|℃|구매했어요", korean + english)
    done(quality.release(agency, (lot.ref,)))
    assert "히스타민 위험 지표" in text(get(f"/q/{tray.ref}"))


def test_feed_is_no_food_on_the_page_and_not_put_on_sale(shop: Stall) -> None:
    chain = shop.chain
    lot, desk = chain.land(graded=True), chain.desk("cooperative")
    job = Job((Amount(lot.ref),), (Out(900 * KG), Out(100 * KG, feed=True)))
    feed = made(done(working.sort(desk, job)))[1]
    assert no(selling.put_on_sale(desk, (feed.ref,))) == "wrong-state"
    shop.judge(feed)
    korean, english = (text(get(f"/q/{feed.ref}", one)) for one in ("ko", "en"))
    assert "사료용 – 식품이 아니니 먹지 마세요" in korean and "ANIMAL FEED" in english
    assert not re.search("매우 좋음|충족|℃|구매했어요", korean)


def test_what_was_destroyed_is_not_praised(shop: Stall) -> None:
    lot = shop.on_sale(hours=1, graded=True)
    done(selling.scrap(shop.chain.desk("shop"), (lot.ref,)))
    korean, english = (text(get(f"/q/{lot.ref}", one)) for one in ("ko", "en"))
    assert "폐기한 로트 – 먹지도 팔지도 마세요" in korean and "DESTROYED" in english
    assert not re.search("매우 좋음|충족|℃|구매했어요", korean)
    Lot.objects.filter(pk=lot.pk).update(side="recalled")
    assert "회수 중" in text(get(f"/q/{lot.ref}"))


def test_a_use_by_date_that_has_passed_is_said_above_all_else(shop: Stall) -> None:
    day = day_of(tick.now_ms())
    lot = shop.on_sale(hours=1, graded=True, use_by=day)
    assert "표시된 소비기한이 지났습니다" not in text(get(f"/q/{lot.ref}"))
    Lot.objects.filter(pk=lot.pk).update(use_by=day - timedelta(1))
    said = text(get(f"/q/{lot.ref}"))
    assert said.index("표시된 소비기한이 지났습니다") < said.index("히스타민 위험 지표")
    assert "use-by date has passed" in text(get(f"/q/{lot.ref}", "en"))
