"""The trail, decided again: every refusal that was written down must come out the same.

A refusal names the policy's generation and the life entry it was made from; both are kept for ever
and stand in the log. It refuses to look at the tables of today.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.conf import settings

from server.accounts.rules import Refused, Verdict
from server.pilots.decide import NOBODYS, Action, Subject, decide, read
from server.pilots.models import Denial, LifeEntry, PolicyText
from server.pilots.policy import Decision
from server.pilots.rules import ActionKind, Life, Reason


def again(service: str, subject: str, action: Action, at_ms: int, made: Decision) -> Verdict:
    """Decide again from the trail what was decided then."""
    policy = read(PolicyText.objects.get(pilot=service, generation=made.generation).text)
    person = NOBODYS if subject == "" else _person(service, subject, made.entry)
    return decide(policy if settings.JAGALCHI.demo else policy.real(), person, action, at_ms)


def disagreeing(service: str) -> Iterator[Denial]:
    """Refusals of a pilot that the trail does not bear out."""
    for denial in Denial.objects.filter(pilot=service).order_by("id").iterator():
        purposes = tuple(denial.purposes.split())
        action = Action(
            denial.name, ActionKind(denial.kind), denial.phase, denial.zone, purposes
        )
        made = Decision(Refused(Reason(denial.reason)), denial.generation, denial.entry)
        verdict = again(service, denial.subject, action, denial.at_ms, made)
        if verdict != made.verdict:
            yield denial


def _person(service: str, subject: str, entry: int) -> Subject | None:
    if entry == 0:
        return None
    found = LifeEntry.objects.get(
        participant__pilot=service, participant__subject=subject, number=entry
    )
    return Subject(Life(found.state), found.phase, json.loads(found.given))
