"""The paper of a trip, the record by sections, and the links that go out by themselves."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, override_settings

from server.accounts import links
from server.accounts.contacts import Contact
from server.accounts.models import Link
from server.coldchain import tracks
from server.coldchain.acting import Desk
from server.coldchain.actions import custody, loading, strangers
from server.coldchain.actions.custody import To
from server.coldchain.handing import Answer
from server.coldchain.models import Handover, Lot, Stay
from server.coldchain.papers import air, live, pdf, records, sending, trips
from server.coldchain.papers.sheet import NONE, SIMULATED, Paper
from server.coldchain.rules import Reason
from server.coldchain.taking import Amount
from server.messages.models import Message
from tests.server.coldchain.rig import HOUR, KG, MINUTE, Chain, done, mackerel, no
from tests.server.coldchain.shopper.stall import Stall, steady, warm
from tests.server.coldchain.work.harbour import Hands

pytestmark = pytest.mark.django_db

FONTS = [one for one in pdf.FONTS if Path(one[0]).exists()]


def trip_of(chain: Chain, lot: Lot) -> trips.Trip:
    """The trip that brought a lot."""
    stay = Stay.objects.get(lot=lot, room=chain.rooms["truck 1"])
    assert stay.unloaded is not None
    found = trips.of(stay.unloaded.ref)
    assert found is not None
    return found


def words(paper: Paper) -> str:
    """All that a paper says."""
    cells = [cell for table in paper.tables for row in table.rows for cell in row]
    return " | ".join([*(value for _, value in paper.facts), *cells, *paper.notes])


def test_a_trip_is_one_page_with_its_gaps_its_limits_and_who_took_it(shop: Stall) -> None:
    lot = shop.on_sale(warm)
    trip = trip_of(shop.chain, lot)
    paper = trips.paper(trip, shop.chain.now_ms)
    said = words(paper)
    assert paper.curve is not None
    silent = [gap for gap in paper.curve.band.gaps if gap.until_ms - gap.from_ms > HOUR]
    assert len(silent) == 1
    assert "인수 확인" in said and "100 kg · 10상자" in said and lot.code in said
    assert "13.5 ℃" in said and "법령·고시 | 온도 이탈" in said
    assert trip.event.leaf_hash.hex() in said and "공개 기록" in said
    assert paper.codes[0].address.endswith(f"/q/{lot.ref}")
    if FONTS:
        made = pdf.draw(paper)
        assert made.startswith(b"%PDF") and len(re.findall(rb"/Type /Page\b", made)) == 1
    with pytest.raises(pdf.NoFont):
        pdf.draw(paper, [("/nowhere/at/all.ttf", 0)])


def test_the_record_by_sections_names_hands_and_leaves_blanks(shop: Stall) -> None:
    lot = shop.on_sale(warm)
    now_ms = shop.chain.now_ms
    found = records.sections(lot, now_ms)
    assert sum(one.window.until_ms - one.window.from_ms for one in found) == now_ms - lot.made_ms
    assert [one.holder for one in found] == ["cooperative", "cooperative", "cooperative", "shop"]
    (table,) = records.paper(lot, found, now_ms).tables
    floor, truck, between, room = table.rows
    assert list(floor[2:7]) == [NONE] * 5 and list(between[2:7]) == [NONE] * 5
    assert truck[2:5] == ("차량 · truck 1", "1.0 ℃", "13.5 ℃")
    assert float(truck[5].split(" ")[0]) < float(truck[6].split(" ")[0]) and "2시간" in truck[7]
    assert room[2] == "냉장고 · shop 1" and list(room[3:7]) == [NONE] * 4
    masked = records.sections(lot, now_ms, {})
    assert {one.holder for one in masked} == {records.OTHER}


def test_a_mean_kinetic_temperature_is_of_a_section_and_never_of_a_longer_time(shop: Stall) -> None:
    lot = shop.on_sale(lambda hours: 2.0 if hours < 12 else 8.0, 24)
    trip = trip_of(shop.chain, lot)
    paper, found = trips.paper(trip, shop.chain.now_ms), records.sections(lot, shop.chain.now_ms)
    record = records.paper(lot, found, shop.chain.now_ms)
    (table,) = record.tables
    assert table.header[6] == air.KINETIC == "평균 동적 온도(mkt/1)"
    assert dict(paper.facts)[air.KINETIC] == table.rows[1][6] == "5.6 ℃"
    for one in (paper, record):
        (rule,) = (note for note in one.notes if "mkt/1" in note)
        assert "24시간 이하인 구간마다" in rule and "아직 확인되지 않음" in rule
    if FONTS:
        assert len(re.findall(rb"/Type /Page\b", pdf.draw(paper))) == 1


def test_a_paper_of_a_demonstration_says_so_above_everything_else(shop: Stall) -> None:
    lot, now_ms = shop.on_sale(hours=1), shop.chain.now_ms
    trip = trip_of(shop.chain, lot)

    def both() -> list[Paper]:
        found = records.sections(lot, now_ms)
        return [trips.paper(trip, now_ms), records.paper(lot, found, now_ms)]

    plain = both()
    assert [one.banner for one in plain] == ["", ""]
    with override_settings(JAGALCHI=replace(settings.JAGALCHI, demo=True)):
        simulated = both()
    assert {one.banner for one in simulated} == {SIMULATED}
    if FONTS:
        for one, other in zip(plain, simulated, strict=True):
            made = pdf.draw(other)
            assert len(made) > len(pdf.draw(one))
            assert len(re.findall(rb"/Type /Page\b", made)) == 1


def test_a_trip_longer_than_the_window_has_no_mean_kinetic_temperature(chain: Chain) -> None:
    lot = chain.land()
    chain.load("truck 1", lot)
    chain.later(25 * 60).unload("truck 1", lot)
    told = dict(trips.paper(trip_of(chain, lot), chain.now_ms).facts)
    assert told[air.KINETIC] == "24시간 초과: 계산 안 함"


def two_consignees(chain: Chain) -> tuple[Lot, Lot, trips.Trip]:
    """One truck with a lot for the shop and one for the wholesaler, unloaded at once."""
    mine, theirs = chain.land(), chain.land()
    chain.offer(mine, "cooperative", "shop")
    chain.offer(theirs, "cooperative", "wholesaler")
    chain.later().load("truck 1", mine, theirs, name="carrier")
    event = chain.later(60).unload("truck 1", mine, theirs, name="carrier")
    found = trips.of(event.ref)
    assert found is not None
    return mine, theirs, found


def test_a_consignee_reads_of_its_own_lots_and_whoever_took_no_part_of_none(chain: Chain) -> None:
    mine, theirs, trip = two_consignees(chain)
    seen = trips.seen_by(trip, chain.ids["shop"])
    assert seen is not None
    said = words(trips.paper(seen, chain.now_ms))
    assert mine.code in said and theirs.code not in said and "wholesaler" not in said
    assert NONE in said and "수령 미확인(답 없음)" in said and "판단 불가(기록 없음)" in said
    for name in ("carrier", "cooperative", "agency"):
        whole = trips.seen_by(trip, chain.ids[name])
        assert whole is not None and len(whole.aboard) == 2
    assert trips.seen_by(trip, chain.ids["plant"]) is None
    assert trips.of("a" * 16) is None and trips.seen_by(None, chain.ids["shop"]) is None


def test_of_a_lot_for_two_takers_each_reads_of_its_own_hand_over(chain: Chain) -> None:
    lot = chain.land()
    for taker in ("shop", "wholesaler"):
        chain.offer(lot, "cooperative", taker, 100 * KG)
    chain.later().load("truck 1", lot, name="carrier")
    trip = trips.of(chain.later(60).unload("truck 1", lot, name="carrier").ref)
    seen = trips.seen_by(trip, chain.ids["shop"])
    assert seen is not None
    said = words(trips.paper(seen, chain.now_ms))
    assert "shop" in said and "wholesaler" not in said


def test_what_is_told_hours_later_is_on_the_paper_of_the_trip_on_which_it_happened(
    harbour: Chain,
) -> None:
    """The office tells in the evening of the whole day, as a demonstration's story does."""
    chain = harbour
    told_ms = chain.now_ms
    lot = chain.land("cooperative", mackerel(chain, catch_ms=told_ms - 9 * HOUR))
    lot.made_ms = told_ms - 8 * HOUR
    lot.save(update_fields=["made_ms"])

    def desk(name: str, hours: float) -> Desk:
        return chain.desk(name, at_ms=told_ms - int(hours * HOUR))

    def carried(giver: str, taker: str, hours: float) -> trips.Trip:
        to, all_ = To(chain.ids[taker], chain.ids["carrier"]), (Amount(lot.ref),)
        offered = done(custody.offer(desk(giver, hours), to, all_))
        truck = chain.rooms["truck 1"]
        done(loading.load(desk("carrier", hours - 0.5), truck, all_))
        event = done(loading.unload(desk("carrier", hours - 1), truck, all_))
        row = Handover.objects.get(proposed=offered)
        done(custody.accept(desk(taker, hours - 1.1), (Answer(row.id),)))
        found = trips.of(event.ref)
        assert found is not None
        return found

    first, second = carried("cooperative", "plant", 7), carried("plant", "shop", 4)
    for trip, giver, taker in ((first, "cooperative", "plant"), (second, "plant", "shop")):
        said = words(trips.paper(trip, told_ms))
        assert f"{giver} | {taker} | 인수 확인" in said and "수령 미확인" not in said
    listed = {name: list(trips.unloadings(chain.ids[name])) for name in chain.ids}
    assert listed["plant"] == [second.event, first.event] == listed["carrier"]
    assert listed["cooperative"] == [first.event]
    for name, rows in listed.items():
        for trip in (first, second):
            seen = trips.seen_by(trips.of(trip.event.ref), chain.ids[name]) is not None
            assert seen is (trip.event in rows) or name == "agency", name
    hands = Hands(chain, "cooperative")
    assert second.event.ref not in hands.at("/trips")
    assert first.event.ref in hands.last.content.decode()


def test_what_was_split_on_the_way_was_loaded_when_all_of_it_was(chain: Chain) -> None:
    lot = chain.land()
    loaded = chain.later().load("truck 1", lot)
    some = (Amount(lot.ref, 400 * KG, 20),)
    done(loading.unload(chain.later(30).desk("cooperative"), chain.rooms["truck 1"], some))
    event = chain.later(30).unload("truck 1", lot)
    trip = trips.of(event.ref)
    assert trip is not None and [one.from_ms for one in trip.aboard] == [loaded.at_ms]
    assert trip.aboard[0].grams == 600 * KG


def test_the_paper_goes_to_carrier_and_takers_once_and_shows_each_its_own(
    harbour: Chain,
) -> None:
    chain = harbour
    mine, theirs, trip = two_consignees(chain)
    made = Link.objects.filter(purpose=sending.PAPER, target=trip.event.ref)
    wanted = {chain.ids[name] for name in ("carrier", "shop", "wholesaler")}
    assert set(made.values_list("organisation", flat=True)) == wanted and made.count() == 3
    assert Message.objects.filter(template="trip-paper").count() == 3
    token = links.token(made.get(organisation=chain.ids["shop"]).id)
    answer = Client().get(f"/paper/{token}")
    assert answer.status_code == 200 and answer.headers["Referrer-Policy"] == "same-origin"
    page = answer.content.decode()
    assert mine.code in page and theirs.code not in page and "<script" not in page
    file = Client().get(f"/paper/{token}.pdf")
    assert file.status_code == 200
    assert file.content.startswith(b"%PDF") if FONTS else "한글 글꼴" in file.content.decode()
    assert Client().get(f"/paper/{'a' * 26}").status_code == 404


def test_no_font_gives_the_page_and_says_so(
    harbour: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, _theirs, _trip = two_consignees(harbour)
    made = Link.objects.get(purpose=sending.PAPER, organisation=harbour.ids["shop"])
    monkeypatch.setattr(pdf, "FONTS", ())
    page = Client().get(f"/paper/{links.token(made.id)}.pdf").content.decode()
    assert "한글 글꼴이 없습니다" in page and mine.code in page


def on_the_way(shop: Stall, arrives: bool) -> str:
    """Load a lot that the shop awaits and drive for two hours; the token of the live link."""
    chain = shop.chain
    lot = chain.land("cooperative", mackerel(chain, 100 * KG, 10))
    row = chain.offer(lot, "cooperative", "shop")
    chain.later(40)
    expected = chain.now_ms + 3 * HOUR if arrives else None
    amounts = (Amount(lot.ref),)
    desk, truck = chain.desk("carrier"), chain.rooms["truck 1"]
    assert no(loading.load(desk, truck, amounts, chain.now_ms - 1)) == Reason.BAD_INPUT
    done(loading.load(desk, truck, amounts, expected))
    shop.drive(2, steady)
    tracks.follow_all()
    link = Link.objects.get(purpose=sending.LIVE, target=row.proposed.ref)
    return link.target


def test_the_live_link_says_now_worst_late_and_when_and_ends_at_acceptance(shop: Stall) -> None:
    chain, offer = shop.chain, on_the_way(shop, arrives=True)
    way = live.of(offer, chain.now_ms)
    assert way is not None
    (truck,) = way.trucks
    assert truck.fresh and truck.late <= 2 and truck.arrives_ms == truck.since_ms + 3 * HOUR
    assert truck.worst is not None and truck.last is not None and truck.worst >= truck.last
    later = live.of(offer, chain.now_ms + 42 * MINUTE)
    assert later is not None and not later.trucks[0].fresh and later.trucks[0].late >= 42
    assert later.trucks[0].unknown >= 42
    chain.unload("truck 1", *Lot.objects.all(), name="carrier")
    landed = live.of(offer, chain.now_ms)
    assert landed is not None and not landed.trucks and landed.waiting
    rows = list(Lot.objects.get().handovers.all())
    done(custody.accept(chain.later(5).desk("shop"), (Answer(rows[0].id),)))
    assert live.of(offer, chain.now_ms) is None


def test_a_stranger_gets_both_links_and_reads_its_own_lot_alone(harbour: Chain) -> None:
    chain = harbour
    mine, other = chain.land(), chain.land()
    contact = Contact("010-5555-0001")
    desk = chain.desk("cooperative")
    event = done(strangers.offer_by_link(desk, (Amount(mine.ref),), contact, chain.ids["carrier"]))
    chain.offer(other, "cooperative", "shop")
    chain.later().load("truck 1", mine, other, name="carrier")
    again = chain.later().unload("truck 1", mine, other, name="carrier")
    chain.later().load("truck 1", mine, name="carrier")
    watching = Link.objects.filter(purpose=sending.LIVE, target=event.ref)
    assert watching.count() == 1, "loaded again, the link is the same"
    link = Link.objects.get(purpose=sending.PAPER, target=again.ref, organisation=None)
    page = Client().get(f"/paper/{links.token(link.id)}").content.decode()
    assert mine.code in page and other.code not in page and "010" not in page.split("<table")[1]
