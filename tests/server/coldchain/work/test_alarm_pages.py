"""An excursion is known, acted on, disposed of and signed by forms alone, each step by a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db.models.signals import post_init

from server.accounts.models import Deed
from server.accounts.rules import Actor
from server.coldchain import again as rebuilding
from server.coldchain import excursions, warmth
from server.coldchain.excursions import Stage
from server.coldchain.models import Excursion
from server.coldchain.warmth import Episode
from tests.server.coldchain import older
from tests.server.coldchain.rig import Chain
from tests.server.coldchain.work.harbour import Hands

pytestmark = pytest.mark.django_db


def warm(harbour: Chain, room: str = "truck 1") -> Excursion:
    """An excursion in a room, of a lot that the cooperative holds."""
    row = Excursion.objects.create(
        room_id=harbour.rooms[room],
        limit="kr_chilled",
        from_ms=harbour.now_ms - 3_600_000,
        peak_milli=12_400,
        confirmed=25 * 60_000,
        possible=4 * 60_000,
        unknown=12 * 60_000,
    )
    row.lots.add(harbour.land())
    return row


def step(hands: Hands, row: Excursion, name: str, word: str = "") -> Any:
    fields = {"excursion": row.id, "step": name, "word": word, "key": "a" * 16}
    return hands.client.post(f"{hands.home}/alarms/handle", fields)


def test_each_step_has_its_key_its_person_and_its_result(harbour: Chain) -> None:
    row, hands = warm(harbour), Hands(harbour, "carrier")
    assert "▲ 온도 이탈 1" in hands.at("")
    text = hands.at("/alarms")
    assert "문을 닫고 냉동기를 확인하세요" in text and "아직 조치 없음" in text
    assert "확인됨 25 분" in text and "가능성 있음 4 분" in text and "기록 없음 12 분" in text
    for name, word in (("known", ""), ("acted", "unit-checked"), ("disposed", "kept")):
        assert step(hands, row, name, word).status_code == 303
    text = hands.at("/alarms")
    assert "✓ 냉동기 확인" in text and "✓ 그대로 유통" in text and "처분함, 서명 전" in text
    assert step(hands, row, "signed").status_code == 303
    assert "처리할 온도 이탈이 없습니다" in hands.at("/alarms")
    deeds = Deed.objects.filter(act__startswith="excursion-").order_by("id")
    assert [one.act.partition("-")[2] for one in deeds] == ["known", "acted", "disposed", "signed"]
    assert {one.who for one in deeds} == {harbour.people["carrier"].id}


def test_a_step_sent_twice_is_one_and_none_is_left_out_or_made_up(harbour: Chain) -> None:
    row, hands = warm(harbour), Hands(harbour, "carrier")
    assert step(hands, row, "acted", "iced").status_code == 409
    for _ in range(2):
        assert step(hands, row, "known").status_code == 303
    assert Deed.objects.filter(act="excursion-known").count() == 1
    for name, word in (
        ("acted", "magic"),
        ("acted", ""),
        ("known", "iced"),
        ("new", ""),
        ("x", ""),
    ):
        assert step(hands, row, name, word).status_code in (409, 422), (name, word)
    row.refresh_from_db()
    assert excursions.stage(row) is Stage.KNOWN


def test_whoever_holds_the_goods_handles_it_too_and_nobody_else(harbour: Chain) -> None:
    row = warm(harbour)
    assert step(Hands(harbour, "shop"), row, "known").status_code == 404
    assert step(Hands(harbour, "cooperative"), row, "known").status_code == 303
    assert "✓ 확인함 · cooperative" in Hands(harbour, "carrier").at("/alarms")


def test_a_signature_is_no_shared_tablets(harbour: Chain) -> None:
    row, hands = warm(harbour), Hands(harbour, "carrier", Actor.BADGE)
    for name, word in (("known", ""), ("acted", "moved"), ("disposed", "scrapped")):
        assert step(hands, row, name, word).status_code == 303
    answer = step(hands, row, "signed")
    assert answer.status_code == 403 and "사람의 서명이 필요합니다" in answer.content.decode()


def test_a_row_reads_its_own_acts_and_not_those_of_all_excursions_before(harbour: Chain) -> None:
    row, hands = warm(harbour), Hands(harbour, "carrier")
    assert step(hands, row, "known", "").status_code == 303
    own = Deed.objects.latest("id")
    for back in range(1, 4):
        at_ms = own.at_ms - back * 60_000
        own.pk, own.at_ms, own.leaf_hash = None, at_ms, bytes([back]) * 32
        own.save(force_insert=True)
    read: list[int] = []

    def seen(instance: Deed, **_: object) -> None:
        read.append(instance.at_ms)

    post_init.connect(seen, sender=Deed)
    try:
        (taken,) = excursions.history(Excursion.objects.get(id=row.id))
    finally:
        post_init.disconnect(seen, sender=Deed)
    assert read == [taken.at_ms]


def test_S17_after_a_restore_an_excursion_is_as_far_as_people_had_brought_it(
    harbour: Chain,
) -> None:
    hands, known = Hands(harbour, "carrier"), warm(harbour)
    size, before = older.logged(), older.kept()
    later = warm(harbour, "truck 2")
    for row in (known, later):
        for name, word in (("known", ""), ("acted", "iced")):
            assert step(hands, row, name, word).status_code == 303
    wanted = [
        (excursions.stage(again), excursions.history(again)) for again in _fresh(known, later)
    ]
    grown = older.logged()
    older.put_back(before)
    rebuilding.rebuild(size, grown)
    (there,) = _fresh(known)
    assert (excursions.stage(there), excursions.history(there)) == wanted[0]
    found = Episode("kr_chilled", later.from_ms - 60_000, harbour.now_ms, 12_400, 0, 1, 0, 0)
    warmth._put(later.room, None, found, harbour.now_ms)
    evaluated = Excursion.objects.get(room=later.room)
    assert (excursions.stage(evaluated), excursions.history(evaluated)) == wanted[1]
    warmth._put(later.room, None, replace(found, from_ms=found.from_ms + 1), harbour.now_ms)
    another = Excursion.objects.filter(room=later.room).latest("id")
    assert excursions.stage(another) is Stage.NEW, "nobody acted on this one"


def _fresh(*rows: Excursion) -> list[Excursion]:
    return [Excursion.objects.get(id=row.id) for row in rows]
