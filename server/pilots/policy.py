"""`allow`: the one question that every action of every service asks first.

    verdict = policy.allow(subject, "tours", Action("book", ActionKind.NEW), now_ms)

One indexed statement asks for the participant and for the number of the newest policy; the policy
itself is read again only when that number is another one, so no answer rests on an old policy
while the database can be reached. When it cannot, what was last seen serves for a minute, for what
begins nothing; and a HALT that was seen stays, however long. ADR 10 says why there is no five
seconds' cache. Refusals are written down with all that they were decided from (`Denial`), once
each, so that `replay` can decide them again.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from server.accounts.rules import Refused, Verdict
from server.ledger import rows
from server.ledger.tick import steady_ms
from server.ledger.writing import abandon, writing
from server.pilots.decide import NOBODYS, Action, Policy, Subject, decide, read
from server.pilots.models import Denial, PolicyText
from server.pilots.rules import BEGINNINGS, MODES, Life, Mode, Reason

STALE_MS: Final = 60_000
"""How long what was last seen serves while the database cannot be reached."""
SUBJECTS: Final = 10_000

_SEEN = (
    "SELECT now.generation, now.digest, who.state, who.given, who.entries, phase.number FROM"
    " (SELECT generation, digest FROM pilots_policytext WHERE pilot_id = %s"
    " ORDER BY generation DESC LIMIT 1) AS now"
    " LEFT JOIN pilots_participant AS who ON who.pilot_id = %s AND who.subject = %s"
    " LEFT JOIN pilots_phase AS phase ON phase.id = who.phase_id"
)
_NOTHING: Final = (0, "", None, None, None, None)


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, and what it was made from: the policy's generation and the life entry (0: none).

    generation 0: nothing was ever published, or the database could not be reached.
    """

    verdict: Verdict
    generation: int = 0
    entry: int = 0


@dataclass(frozen=True, slots=True)
class _Kept:
    """A policy as it was last seen; `at`: on the steady clock, when it was last known to hold."""

    policy: Policy
    generation: int
    digest: str
    at: int


@dataclass(frozen=True, slots=True)
class _Person:
    subject: Subject | None
    entry: int
    at: int


class Store:
    """What this process saw last of each pilot and of its newest subjects."""

    def __init__(self, steady: Callable[[], int]) -> None:
        """`steady`: milliseconds of a clock that nobody sets."""
        self._steady = steady
        self._lock = Lock()
        self._policies: dict[str, _Kept] = {}
        self._people: OrderedDict[tuple[str, str], _Person] = OrderedDict()

    def weigh(self, subject: str, service: str, action: Action, at_ms: int) -> Decision:
        """Decide, and say from what. `subject` "": an act of staff or machines, nobody's own."""
        try:
            kept, person = self._look(service, subject)
        except (OperationalError, InterfaceError):
            if not connection.in_atomic_block:
                abandon()
            return self._remember(service, subject, action, at_ms)
        verdict = decide(_in_force(kept.policy), person.subject, action, at_ms)
        return Decision(verdict, kept.generation, person.entry)

    def _look(self, service: str, subject: str) -> tuple[_Kept, _Person]:
        now = self._steady()
        found = rows.fetch(_SEEN, [service, service, subject])
        generation, digest, state, given, entry, phase = found[0] if found else _NOTHING
        kept = self._policies.get(service)
        if kept is None or kept.digest != digest:
            kept = _Kept(_policy(service, generation), generation, digest, now)
        person = _Person(NOBODYS if subject == "" else None, 0, now)
        if state is not None:
            person = _Person(Subject(Life(state), phase, json.loads(given)), entry, now)
        self._keep(service, subject, replace(kept, at=now), person)
        return kept, person

    def _keep(self, service: str, subject: str, kept: _Kept, person: _Person) -> None:
        with self._lock:
            before = self._policies.get(service)
            # A thread that was overtaken must not put an older policy over a HALT.
            halted = before is not None and before.policy.mode is Mode.HALT
            if before is None or not halted or before.generation <= kept.generation:
                self._policies[service] = kept
            self._people[service, subject] = person
            self._people.move_to_end((service, subject))
            if len(self._people) > SUBJECTS:
                self._people.popitem(last=False)

    def _remember(self, service: str, subject: str, action: Action, at_ms: int) -> Decision:
        """Decide from what was last seen."""
        kept, person = self._policies.get(service), self._people.get((service, subject))
        if kept and kept.policy.mode is Mode.HALT and action.kind in MODES[Mode.HALT]:
            return Decision(Refused(Reason.HALTED))
        if kept is None or person is None or action.kind in BEGINNINGS:
            return Decision(Refused(Reason.UNREACHABLE))
        if self._steady() - min(kept.at, person.at) > STALE_MS:
            return Decision(Refused(Reason.UNREACHABLE))
        return Decision(decide(_in_force(kept.policy), person.subject, action, at_ms))


def _policy(service: str, generation: int) -> Policy:
    if generation == 0:
        return Policy()
    return read(PolicyText.objects.get(pilot=service, generation=generation).text)


def _in_force(policy: Policy) -> Policy:
    return policy if settings.JAGALCHI.demo else policy.real()


_store = Store(steady_ms)


def weigh(subject: str, service: str, action: Action, at_ms: int) -> Decision:
    """Decide without writing anything down; see `allow`."""
    return _store.weigh(subject, service, action, at_ms)


def allow(subject: str, service: str, action: Action, at_ms: int) -> Verdict:
    """Allowed, or Refused with its reason, which is written down.

    subject: the pseudonym of a participant, "" for acts of staff and machines. at_ms: UTC.
    """
    decision = weigh(subject, service, action, at_ms)
    if isinstance(decision.verdict, Refused) and decision.generation:
        _write_down(decision, subject, service, action, at_ms)
    return decision.verdict


def _write_down(
    decision: Decision, subject: str, service: str, action: Action, at_ms: int
) -> None:
    """Keep the refusal; one that was made from the same things before is not kept again."""
    assert isinstance(decision.verdict, Refused)
    told = {
        "subject": subject,
        "entry": decision.entry,
        "generation": decision.generation,
        "name": action.name,
        "kind": action.kind,
        "phase": action.phase,
        "zone": action.zone,
        "purposes": " ".join(action.purposes),
        "reason": decision.verdict.reason,
    }
    if Denial.objects.filter(pilot=service, **told).exists():
        return
    with writing():
        row = Denial(pilot_id=service, at_ms=at_ms, **told)
        Denial.objects.bulk_create([row], ignore_conflicts=True)
