"""The demonstration's programme: official names, days and numbers; the rest says it is demo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as django_settings

from server import demo_people
from server.ledger.tick import now_ms
from server.pilots import pages, seed
from server.pilots.models import Insurance, Notice, Phase, Pilot
from server.pilots.rules import Mode, Part, PhaseKind
from server.pilots.snapshot import mode

pytestmark = pytest.mark.django_db

CALENDAR = {
    "스마트 투어 플랫폼": (
        {"현대페이", "한국투어패스"},
        "2020-04-28 – 2020-04-29",
        "2020-06-15 – 2020-06-30",
        ("500", "1,000"),
    ),
    "공공안전 영상 제보": (
        {"코인플러그"},
        "2020-04-27 – 2020-06-30",
        "2020-08-01 – 2020-09-30",
        ("미정", "200"),
    ),
    "디지털 원장 기반 지역경제 활성화": (
        {"부산은행"},
        "2020-04-27 – 2020-06-30",
        "2020-07-10 – 2020-08-08",
        ("미정", "50,000"),
    ),
    "스마트 해양물류": (
        {"비피앤솔루션", "효성인포메이션시스템"},
        "기간 미정 – 공고 예정",
        "기간 미정 – 공고 예정",
        ("", ""),
    ),
}
"""Operators, first and second phase, at least and at most."""


@pytest.fixture
def demo(settings: Any) -> None:
    """A demonstration with its people."""
    settings.JAGALCHI = replace(django_settings.JAGALCHI, demo=True)
    demo_people.make(now_ms())


def test_the_four_pilots_have_their_names_operators_days_and_numbers(demo: None) -> None:
    seed.fill(now_ms())
    found = {head.name: head for head in pages.heads("ko")}
    assert set(found) == set(CALENDAR)
    for name, (operators, first, second, numbers) in CALENDAR.items():
        head = found[name]
        pilot = Pilot.objects.get(name=name)
        rows = pilot.parties.filter(part=Part.OPERATOR).exclude(organisation__kind="operator")
        assert {row.organisation.name for row in rows} == operators
        one, other = head.stages
        assert (one.days, other.days) == (first, second)
        assert (one.target, one.cap, one.taken) == ("", "", "")
        assert (other.target, other.cap) == numbers
        assert mode(pilot.service) is Mode.NORMAL


def test_whatever_is_made_up_says_that_it_is_a_demonstrations(demo: None) -> None:
    seed.fill(now_ms())
    assert Notice.objects.exists()
    for notice in Notice.objects.all():
        assert notice.demo and notice.number.startswith("데모 공고")
        assert "데모 공고입니다".encode() in bytes(notice.document.body)
    assert all("데모" in one.insurer for one in Insurance.objects.all())
    internal = Phase.objects.filter(kind=PhaseKind.INTERNAL)
    assert not internal.exclude(cap=None, taken=0).exists()


def test_a_real_server_refuses_the_demonstrations_programme(demo: None, settings: Any) -> None:
    settings.JAGALCHI = replace(django_settings.JAGALCHI, demo=False)
    with pytest.raises(RuntimeError, match="demo-notice"):
        seed.fill(now_ms())
    assert not Pilot.objects.exists()


def test_without_its_people_there_is_no_programme(settings: Any) -> None:
    settings.JAGALCHI = replace(django_settings.JAGALCHI, demo=True)
    with pytest.raises(RuntimeError, match="people"):
        seed.fill(now_ms())
