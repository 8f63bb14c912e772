"""A pilot with everybody who has a part in it, brought to the phase that a test wants.

Times are handed in: a rig starts on 1 June 2020 and `rig.at(day, hour)` moves its clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, TypeVar

from django.db import transaction
from django.test import Client

from server.accounts.contacts import Contact
from server.accounts.models import Duty, Membership, Organisation, Person
from server.accounts.rules import CLOCKWORK, Actor, Refused, Role, Who, letters
from server.ledger.tick import now_ms
from server.pilots import policy, snapshot
from server.pilots.acting import Desk
from server.pilots.actions import board, joining, papers, phases, switch
from server.pilots.actions.joining import Invited
from server.pilots.actions.papers import File, Filed, Wording
from server.pilots.actions.phases import Planned
from server.pilots.days import Period, begins_ms, day_of
from server.pilots.decide import Action
from server.pilots.models import Flip, Invitation, Participant, Phase
from server.pilots.rules import (
    CHECKLIST,
    DUTIES,
    ActionKind,
    BoardKind,
    ConsentKind,
    FlipReason,
    Mode,
    Part,
    ReadinessStep,
    Reason,
    Source,
)
from tests.server.accounts import cast

T = TypeVar("T")
HOUR = 3_600_000
YEAR = 366 * 24 * HOUR
DATA, TRACK, NEWS = "data", "track", "news"
INTERNAL = Period(date(2020, 6, 2), date(2020, 6, 3))
OPEN = Period(date(2020, 6, 15), date(2020, 6, 30))
LATER = Period(date(2020, 7, 6), date(2020, 7, 31))
COVER = Period(date(2020, 1, 1), date(2020, 12, 31))
PDF = File("notice.pdf", b"%PDF-1.4 a notice")
USE = Action("ride", ActionKind.USE_EXISTING)
BOOK = Action("book", ActionKind.NEW)
REFUND = Action("refund", ActionKind.MONEY_RELEASE)
LOOK = Action("look", ActionKind.READ)


def done(result: T | Refused) -> T:
    """The value of an action that had to succeed."""
    assert not isinstance(result, Refused), result
    return result


def no(result: object) -> Reason:
    """The reason of an action that had to be refused."""
    assert isinstance(result, Refused), result
    return Reason(result.reason)


def kst(day: date, hour: int = 0) -> int:
    """UTC ms of an hour of a day in Korea."""
    return begins_ms(day) + hour * HOUR


@dataclass
class Rig:
    """One pilot, its people, and a clock."""

    service: str
    organisations: dict[Part, str]
    people: dict[Part, Who]
    second: Who
    now_ms: int = field(default=kst(date(2020, 6, 1), 12))
    notices: int = 0

    def at(self, day: date, hour: int = 12) -> Rig:
        """Set the clock."""
        self.now_ms = kst(day, hour)
        return self

    def desk(self, who: Who | None = None) -> Desk:
        """Somebody's desk now; the operator's if nobody is named."""
        return Desk(who or self.people[Part.OPERATOR], self.service, self.now_ms)

    @property
    def person(self) -> Desk:
        """The desk of whoever holds a personal link."""
        return Desk(Who(actor=Actor.LINK), self.service, self.now_ms)

    def notice(self, **more: Any) -> int:
        """File a notice; return its row."""
        self.notices += 1
        filed = Filed(f"제2020-{self.notices}호", date(2020, 5, 20), PDF, **more)
        return done(papers.file_notice(self.desk(), filed)).id

    def announce(self, number: int, period: Period, **numbers: Any) -> int:
        """Announce a phase under a new notice; return its plan."""
        plan = phases.announce(self.desk(), number, Planned(self.notice(), period, **numbers))
        return done(plan).id

    def sign(self, number: int) -> None:
        """Prepare and sign the page of a running phase."""
        done(phases.prepare_sign_off(self.desk(), number, CHECKLIST, ()))
        done(phases.sign_off(self.desk(self.people[Part.OFFICE]), number))

    def internal(self, period: Period = INTERNAL) -> Rig:
        """Let the INTERNAL phase run, be signed and be closed."""
        self.announce(1, period)
        done(phases.open_phase(self.desk(), 1))
        self.sign(1)
        done(phases.close_phase(self.desk(), 1))
        return self

    def open(self, cap: int | None = 10, period: Period = OPEN) -> Rig:
        """Let the OPEN phase run, on its first day at noon."""
        self.internal()
        self.announce(2, period, cap=cap)
        done(phases.open_phase(self.desk(), 2))
        return self.at(period.first)

    def phase(self, number: int = 2) -> Phase:
        """A phase's row."""
        return Phase.objects.get(pilot=self.service, number=number)

    def invite(self, **more: Any) -> Invitation:
        """An invitation to the OPEN phase, by poster."""
        wanted = {"phase": 2, "source": Source.POSTER, "life_ms": YEAR, **more}
        return done(joining.invite(self.desk(), Invited(**wanted)))

    def apply(self, invitation: Invitation | None = None, address: str = "") -> str:
        """Somebody new applies; return their name in this pilot."""
        url = joining.address(invitation or self.invite())
        contact = Contact(address)
        before = set(Participant.objects.values_list("subject", flat=True))
        done(joining.apply(self.person, url.rpartition("/")[2], contact))
        after = set(Participant.objects.values_list("subject", flat=True))
        (name,) = after - before
        return name

    def agree(self, name: str, purposes: Iterable[str] = (DATA,)) -> str:
        """Give consents in their current versions."""
        for purpose in purposes:
            version = self.version(purpose)
            done(joining.consent(self.person, name, purpose, version))
        return name

    def version(self, purpose: str) -> int:
        """The version of a consent that is in force."""
        return {one.purpose: one.version for one in snapshot.consents(self.service)}[purpose]

    def ready(self, invitation: Invitation | None = None) -> str:
        """Somebody who has applied and agreed."""
        return self.agree(self.apply(invitation))

    def enrolled(self, invitation: Invitation | None = None) -> str:
        """Somebody with a seat."""
        name = self.ready(invitation)
        done(joining.enrol(self.person, name))
        return name

    def state(self, name: str) -> str:
        """Where a participant stands."""
        return Participant.objects.get(pilot=self.service, subject=name).state

    def flip(self, mode: Mode) -> Flip:
        """Move the switch, with a second person where that is needed."""
        one = done(switch.flip(self.desk(), mode, FlipReason.DRILL))
        if one.number is None:
            one = done(switch.confirm(self.desk(self.second), one.id))
        return one

    def allow(self, name: str, action: Action = USE) -> Reason | None:
        """What `allow` says now; None: allowed."""
        verdict = policy.allow(name, self.service, action, self.now_ms)
        return Reason(verdict.reason) if isinstance(verdict, Refused) else None


@contextmanager
def undone(rig: Rig) -> Iterator[None]:
    """Take everything back at the end, the clock too: one example of many on one pilot."""
    start = rig.now_ms
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        rig.now_ms = start


def organisation(name: str, kind: str = "agency") -> str:
    """An organisation of that name."""
    id = letters(sha256(name.encode()).digest())[:16]
    Organisation.objects.create(id=id, kind=kind, name=name, made_ms=0)
    return id


def member(name: str, organisation: str, role: Role = Role.OPERATOR) -> Who:
    """A person with a role in an organisation, signed in."""
    person = Person.objects.create(id=name.ljust(16, "a")[:16], made_ms=0)
    Membership.objects.create(
        person=person, organisation_id=organisation, role=role, from_ms=0
    )
    return Who(person.id, Actor.PERSON, {organisation: role})


def rig(service: str = "tours") -> Rig:
    """A pilot with its papers, duties and consents; nothing announced."""
    here = Desk(CLOCKWORK, service, kst(date(2020, 5, 1)))
    papers.found(here, "스마트 투어 플랫폼", "Smart tour platform")
    organisations = {part: organisation(f"{service} {part}") for part in Part}
    for part, id in organisations.items():
        done(papers.add_party(here, id, part))
    people = {part: member(f"{service}{part}", id) for part, id in organisations.items()}
    second = member(f"{service}deputy", organisations[Part.OPERATOR])
    made = Rig(service, organisations, people, second)
    for duty in DUTIES:
        Duty.objects.create(
            organisation_id=organisations[Part.OPERATOR],
            name=duty,
            holder_id=people[Part.OPERATOR].id,
            deputy_id=second.id,
            from_ms=0,
        )
    done(papers.add_exemption(made.desk(), "위치정보법 제19조", "구역 안에서만", COVER))
    done(papers.add_insurance(made.desk(), "부산보험", "P-1", COVER))
    for purpose, kind in (
        (DATA, ConsentKind.REQUIRED),
        (TRACK, ConsentKind.LOCATION),
        (NEWS, ConsentKind.OPTIONAL),
    ):
        text = (f"{purpose} 동의", f"consent to {purpose}", "item", "1 year")
        done(papers.word_consent(made.desk(), Wording(purpose, kind, *text)))
    return made


def live(service: str = "tours", cap: int | None = 10) -> Rig:
    """A pilot whose OPEN phase runs today, as the pages see it."""
    made = rig(service)
    made.now_ms = now_ms()
    today = day_of(made.now_ms)
    cover = Period(today - timedelta(60), today + timedelta(60))
    done(papers.add_exemption(made.desk(), "위치정보법", "구역 안에서만", cover))
    done(papers.add_insurance(made.desk(), "부산보험", "P-2", cover))
    made.internal(Period(today - timedelta(20), today - timedelta(10)))
    made.announce(2, Period(today - timedelta(1), today + timedelta(20)), cap=cap)
    done(phases.open_phase(made.desk(), 2))
    return made


def client_of(who: Who) -> Client:
    """A browser in which somebody is signed in."""
    return cast.client_of(Person.objects.get(id=who.id))


def on_board(made: Rig, name: str, steps: int) -> None:
    """A truck on the board with that many steps passed."""
    done(board.list_row(made.desk(), BoardKind.TRUCK, name))
    for step in range(1, steps + 1):
        done(board.note_readiness(made.desk(), name, ReadinessStep(step), True, PDF))


