"""The programme of a demonstration: the four pilots as their calendar stood in mid-May 2020.

Official names, operators, days and numbers are historical; notices, exemptions' dates, insurances,
trucks and people are made up and say so ("데모"). The numbers of the real notices are not known, so
every phase rests on a demonstration's notice, which a real server refuses. Acts are dated as they
would have happened. It is called by `jagalchi-server demo` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar

from server.accounts import members, organisations
from server.accounts.contacts import Contact
from server.accounts.members import Post
from server.accounts.models import Kind, Membership, Organisation
from server.accounts.rules import CLOCKWORK, Actor, Refused, Role, Who
from server.ledger.writing import writing
from server.pilots.acting import Desk
from server.pilots.actions import board, joining, papers, phases
from server.pilots.actions.joining import Invited
from server.pilots.actions.papers import File, Filed, Wording
from server.pilots.actions.phases import Planned
from server.pilots.days import DAY_MS, Period, begins_ms, day_of
from server.pilots.rules import (
    CHECKLIST,
    DUTIES,
    BoardKind,
    ConsentKind,
    Part,
    ReadinessStep,
    Service,
    Source,
)

T = TypeVar("T")

NOON = DAY_MS // 2
TEXT = "데모 공고입니다. 실제 공고가 아닙니다.\nA demonstration's notice, not a real one.\n"
CONDITIONS = "데모: 특구 안에서, 이용자에게 알린 뒤에"
SINCE = date(2020, 4, 1)
YEARS = 3650 * DAY_MS
"""An invitation stays good, so that its page can be looked at in any demonstration."""
COVER = Period(date(2020, 1, 1), date(2020, 12, 31))


@dataclass(frozen=True, slots=True)
class Programme:
    """One pilot as its notices had it; None: unannounced, or undecided."""

    service: Service
    names: tuple[str, str]
    operators: tuple[tuple[str, str, str], ...]
    law: str
    first: Period | None = None
    second: Period | None = None
    numbers: tuple[int | None, int | None] = (None, None)
    first_is_over: bool = False


def _days(first: tuple[int, int], last: tuple[int, int]) -> Period:
    return Period(date(2020, *first), date(2020, *last))


PROGRAMMES = (
    Programme(
        Service.TOURS,
        ("스마트 투어 플랫폼", "Smart tour platform"),
        (("agency", "현대페이", "Hyundai Pay"), ("agency", "한국투어패스", "Korea Tour Pass")),
        "위치정보법: 제3자 제공 통보를 모아서 (90일 안)",
        _days((4, 28), (4, 29)),
        _days((6, 15), (6, 30)),
        (500, 1_000),
        first_is_over=True,
    ),
    Programme(
        Service.REPORTS,
        ("공공안전 영상 제보", "Public-safety video reports"),
        (("agency", "코인플러그", "Coinplug"),),
        "위치정보법: 제3자 제공, 개인정보보호법: 파기 방법",
        _days((4, 27), (6, 30)),
        _days((8, 1), (9, 30)),
        (None, 200),
    ),
    Programme(
        Service.VOUCHERS,
        ("디지털 원장 기반 지역경제 활성화", "Local economy on a digital ledger"),
        (("bank", "부산은행", "Busan Bank"),),
        "전자금융거래법: 선불전자지급수단의 양도",
        _days((4, 27), (6, 30)),
        _days((7, 10), (8, 8)),
        (None, 50_000),
    ),
    Programme(
        Service.COLDCHAIN,
        ("스마트 해양물류", "Smart marine logistics"),
        (
            ("agency", "비피앤솔루션", "BP&Solution"),
            ("agency", "효성인포메이션시스템", "Hyosung Information Systems"),
        ),
        "위치정보법, 개인정보보호법: 파기 방법",
    ),
)

CONSENTS = (
    Wording(
        "참여 정보",
        ConsentKind.REQUIRED,
        "실증 참여를 위해 참여 신청과 이용 기록을 처리하는 데 동의합니다.",
        "I agree that my application and my use are processed for this pilot.",
        "신청 시각, 이용 기록 / time of application, record of use",
        "실증 종료 후 1년 / one year after the pilot",
    ),
    Wording(
        "위치",
        ConsentKind.LOCATION,
        "이용하는 동안 위치를 처리하는 데 동의합니다.",
        "I agree that my location is processed while I use the service.",
        "위치 / location",
        "이용 후 30일 / 30 days after use",
    ),
    Wording(
        "제3자 제공",
        ConsentKind.THIRD_PARTY,
        "실증 기관에 이용 통계를 제공하는 데 동의합니다.",
        "I agree that figures of my use are given to the bodies of this pilot.",
        "이용 통계 / figures of use",
        "실증 종료까지 / until the pilot ends",
        "부산광역시 / Busan Metropolitan City",
    ),
)

BOARD = (
    (BoardKind.TRUCK, "부산 80바 1234", ReadinessStep.APPROVED),
    (BoardKind.TRUCK, "부산 81바 5678", ReadinessStep.CALIBRATED),
    (BoardKind.PLANT, "데모 선별장", ReadinessStep.FITTED),
)
"""What is on the board of the cold chain, and how far it came."""

CROWD = (
    (Source.POSTER, 120_000, 9, 5),
    (Source.SHOP, 80_000, 6, 4),
    (Source.OFFICER, 0, 4, 4),
    (Source.LINK, 15_000, 3, 1),
)
"""Made-up applicants of the tours: by source, what it cost, how many applied and took a seat."""


@dataclass(frozen=True, slots=True)
class _Cast:
    """The demonstration's own operator: who prepares, and who signs."""

    organisation: str
    one: Who
    other: Who


def fill(now_ms: int) -> None:
    """Make all four pilots. Raises RuntimeError where the demonstration's people are missing."""
    with writing():  # once to disk
        _fill(_cast(), now_ms)


def _fill(cast: _Cast, now_ms: int) -> None:
    city = _organisation(Kind.CITY, "부산광역시", "Busan Metropolitan City", now_ms)
    office = _organisation(
        Kind.AGENCY, "규제자유특구 추진단", "Office of the regulation-free zone", now_ms
    )
    for number, one in enumerate(PROGRAMMES):
        desk = Desk(CLOCKWORK, one.service, _at(date(2020, 4, 20)) + number)
        papers.found(desk, *one.names)
        firms = [_organisation(*firm, now_ms) for firm in one.operators]
        parties = [*((firm, Part.OPERATOR) for firm in [*firms, cast.organisation])]
        for organisation, part in [*parties, (city, Part.CITY), (office, Part.OFFICE)]:
            _done(papers.add_party(desk, organisation, part))
        _announce(one, replace(desk, who=cast.one), cast)
    _board(Desk(cast.one, Service.COLDCHAIN, _at(date(2020, 5, 15))))
    _crowd(Desk(cast.one, Service.TOURS, _at(date(2020, 5, 8))))


def rehearse(now_ms: int) -> None:
    """Let the cold chain's INTERNAL phase run today, by a demonstration's notice and papers."""
    cast, today = _cast(), day_of(now_ms)
    desk = Desk(cast.one, Service.COLDCHAIN, now_ms)
    period = Period(today - timedelta(1), today + timedelta(30))
    (one,) = (each for each in PROGRAMMES if each.service is Service.COLDCHAIN)
    with writing():
        _done(papers.add_exemption(desk, one.law, CONDITIONS, period))
        _done(papers.add_insurance(desk, "데모 손해보험", "DEMO-coldchain-today", period))
        _done(phases.announce(desk, 1, Planned(_notice(desk, one, 1, today), period)))
        _done(phases.open_phase(desk, 1))


def _announce(one: Programme, desk: Desk, cast: _Cast) -> None:
    """Its papers, and its phases as far as they were announced."""
    _done(papers.add_exemption(desk, one.law, CONDITIONS, COVER))
    _done(papers.add_insurance(desk, "데모 손해보험", f"DEMO-{one.service}", COVER))
    for wording in CONSENTS:
        _done(papers.word_consent(desk, wording))
    if one.first is None or one.second is None:
        return
    first, second = (_notice(desk, one, number) for number in (1, 2))
    _done(phases.announce(desk, 1, Planned(first, one.first)))
    target, cap = one.numbers
    _done(phases.announce(desk, 2, Planned(second, one.second, target, cap)))
    opening = replace(desk, now_ms=_at(one.first.first))
    _done(phases.open_phase(opening, 1))
    if one.first_is_over:
        closing = replace(desk, now_ms=_at(one.first.last) + DAY_MS)
        _done(phases.prepare_sign_off(closing, 1, CHECKLIST, (("데모 담당", "안내판 교체"),)))
        _done(phases.sign_off(replace(closing, who=cast.other), 1))
        _done(phases.close_phase(closing, 1))


def _notice(desk: Desk, one: Programme, number: int, day: date = date(2020, 4, 20)) -> int:
    name = f"데모 공고 {day.year}-{one.service}-{number}"
    file = File(f"{name}.txt", f"{one.names[0]} {number}\n{TEXT}".encode())
    filed = Filed(name, day, file, f"{number}차 기간을 정함", demo=True)
    return _done(papers.file_notice(desk, filed)).id


def _board(desk: Desk) -> None:
    for kind, name, done in BOARD:
        _done(board.list_row(desk, kind, name))
        for step in range(1, done + 1):
            file = File("데모 기록.txt", f"데모: {name} {step}\n".encode())
            _done(board.note_readiness(desk, name, ReadinessStep(step), True, file))


def _crowd(desk: Desk) -> None:
    """Applicants of the tours' second phase: all agree, some take a seat, none has used it yet."""
    for source, cost, applied, seated in CROWD:
        wanted = Invited(2, source, YEARS, cost)
        token = joining.address(_done(joining.invite(desk, wanted))).rpartition("/")[2]
        for number in range(applied):
            at = Desk(Who(actor=Actor.LINK), desk.service, desk.now_ms + number * DAY_MS)
            joined = _done(joining.apply(at, token, Contact())).participant
            if joined is not None and number < seated:
                _done(joining.consent(at, joined.subject, CONSENTS[0].purpose, 1))
                _done(joining.enrol(at, joined.subject))


def _cast() -> _Cast:
    place = Organisation.objects.filter(kind=Kind.OPERATOR).first()
    people = dict(_members(place.id)) if place else {}
    if place is None or not {Role.OPERATOR, Role.ADMINISTRATOR} <= set(people):
        raise RuntimeError("the demonstration's people come first")
    one, other = people[Role.OPERATOR], people[Role.ADMINISTRATOR]
    for duty in DUTIES:
        members.set_duty(CLOCKWORK, place.id, Post(duty, one.id, other.id), _at(SINCE))
    return _Cast(place.id, one, other)


def _members(organisation: str) -> Iterator[tuple[Role, Who]]:
    for row in Membership.objects.filter(organisation=organisation, until_ms=None):
        role = Role(row.role)
        yield role, Who(row.person_id, Actor.PERSON, {organisation: role})


def _organisation(kind: str, name: str, english: str, now_ms: int) -> str:
    return _done(organisations.add(CLOCKWORK, kind, (name, english), now_ms)).id


def _at(day: date) -> int:
    return begins_ms(day) + NOON


def _done(result: T | Refused) -> T:
    if isinstance(result, Refused):
        raise RuntimeError(f"the demonstration's programme was refused: {result.reason}")
    return result
