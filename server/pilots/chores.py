"""What an action leaves to be done: to tell everybody of a postponement, to erase who withdrew,
and to withdraw who was erased.

One transaction for each person: after a crash the rest is still there to be done. A port that fails
keeps its own person waiting, and nobody else; that it failed is raised when all were tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from django.db.models import Exists, OuterRef

from server.accounts import deeds, subjects, vault
from server.accounts.deeds import Act
from server.accounts.models import Membership, Subject
from server.accounts.rules import CLOCKWORK, Why
from server.ledger.tick import Leader
from server.ledger.writing import writing
from server.pilots import ports
from server.pilots.acting import Desk
from server.pilots.actions import joining
from server.pilots.life import tell
from server.pilots.models import Erasure, Participant, Told
from server.pilots.rules import OUT, Life

AT_ONCE: Final = 200
"""People in one round."""



SWEEP_MS: Final = 60_000


class Owed(OSError):
    """A service did not do its part; it is asked again with the next round."""


class Rounds:
    """What one beat of the pilots' ticker does; `lock` names the file that decides which worker."""

    def __init__(self, lock: Path) -> None:
        """Nothing is opened before the first beat."""
        self._leader = Leader(lock)
        self._swept_ms = 0

    def beat(self, at_ms: int) -> None:
        """One round; once a minute also for those who were erased. Raises Owed."""
        if not self._leader.leads():
            return
        if not 0 <= at_ms - self._swept_ms < SWEEP_MS:
            self._swept_ms = at_ms
            sweep(at_ms)
        do(at_ms)

    def close(self) -> None:
        """Let another worker do it."""
        self._leader.close()


def sweep(now_ms: int) -> None:
    """Withdraw whoever has deleted their account."""
    _each(_nobodys(), lambda row: _withdraw(row, now_ms))


def do(now_ms: int) -> None:
    """One round of telling and erasing. Raises Owed."""
    told = Told.objects.filter(reached=None).order_by("id")[:AT_ONCE]
    owed = Erasure.objects.filter(done_ms=None).order_by("due_ms", "id")[:AT_ONCE]
    _each(told.values_list("id", flat=True), lambda row: _tell(row, now_ms))
    _each(owed.values_list("id", flat=True), lambda row: _erase(row, now_ms))


def _each(ids: Iterable[int], work: Callable[[int], None]) -> None:
    failed: list[Exception] = []
    for row in list(ids):
        try:
            with writing():
                work(row)
        except Exception as error:
            failed.append(error)
    if failed:
        raise Owed(f"{len(failed)} of a round failed, the first by {failed[0]!r}") from failed[0]


def _tell(row: int, now_ms: int) -> None:
    told = Told.objects.select_for_update(of=("self",)).get(id=row)
    one = told.participant
    ports.of(one.pilot_id).rescheduled(one.subject, now_ms)
    told.reached, told.at_ms = tell(one, "pilot-postponed", now_ms), now_ms
    told.save(update_fields=["reached", "at_ms"])


def _erase(row: int, now_ms: int) -> None:
    owed = Erasure.objects.select_for_update(of=("self",)).get(id=row)
    service, name = owed.participant.pilot_id, owed.participant.subject
    ports.of(service).withdrawn(name, now_ms)
    person = subjects.person_of(service, name, CLOCKWORK, Why.ERASURE, now_ms)
    if person is not None and _known_here_only(person):
        vault.erase(person, now_ms)
    owed.done_ms = now_ms
    owed.save(update_fields=["done_ms"])
    done = Act("pilots", "erased", target=f"{service}/{name}")
    deeds.record(CLOCKWORK, done, now_ms)


def _nobodys() -> Iterable[int]:
    """Participants whose person was erased: whoever deletes their account leaves every pilot."""
    known = Subject.objects.filter(service=OuterRef("pilot_id"), subject=OuterRef("subject"))
    gone = Participant.objects.filter(~Exists(known)).exclude(state__in=(*OUT, Life.ENDED))
    return gone.order_by("id").values_list("id", flat=True)[:AT_ONCE]


def _withdraw(row: int, now_ms: int) -> None:
    one = Participant.objects.get(id=row)
    joining.withdraw(Desk(CLOCKWORK, one.pilot_id, now_ms), one.subject)


def _known_here_only(person: str) -> bool:
    """Whether somebody came for this one pilot: no role anywhere, no other service's name."""
    member = Membership.objects.filter(person=person).exists()
    return not member and Subject.objects.filter(person=person).count() == 1
