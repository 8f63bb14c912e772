"""The life of a participant: each step by the table, written twice: the row now, an entry for ever.

Seats are counted by the database itself when a state changes (migration 0003). Everything here runs
in the caller's transaction, and a step that the table lacks raises Refusal.
"""

from __future__ import annotations

import json

from django.db.models import F

from server.accounts import links, subjects, vault
from server.accounts.rules import CLOCKWORK, Allowed, Datum, Why
from server.messages import outbox
from server.pilots import funnel, snapshot
from server.pilots.acting import Refusal
from server.pilots.decide import Action, Policy, Subject, decide
from server.pilots.funnel import STAGES, Stage, Times
from server.pilots.models import LifeEntry, Participant, Phase, Pilot, Way
from server.pilots.rules import (
    COMING,
    IN,
    JOINABLE,
    PARTICIPANT_STEPS,
    ActionKind,
    Life,
    LifeStep,
    Reason,
)

CHUNK = 500
LINK_PURPOSE = "mine"
LINK_LIFE_MS = 2 * 366 * 86_400_000
"""As long as an exemption at most: two years."""


def find(service: str, subject: str) -> Participant | None:
    """The participant of this pseudonym, locked, and their phase before them.

    Always in this order, which is that of `promote`: two who leave at once never wait for each
    other's rows.
    """
    rows = Participant.objects.filter(pilot=service, subject=subject)
    phases = Phase.objects.select_for_update()
    list(phases.filter(id__in=rows.values("phase")))
    locked = rows.select_for_update(of=("self",)).select_related("phase")
    return locked.first()


def move(one: Participant, step: LifeStep, now_ms: int) -> None:
    """One step of somebody's life. Raises Refusal for a step that is not possible now."""
    state = PARTICIPANT_STEPS.get((Life(one.state), step))
    if state is None:
        raise Refusal(_why_not(Life(one.state)))
    one.state = state
    one.waiting_ms = now_ms if state is Life.WAITLISTED else None
    write(one, now_ms)


def write(one: Participant, now_ms: int) -> None:
    """Save the row as it is now, with its entry in the trail."""
    one.entries += 1
    one.save()
    LifeEntry.objects.bulk_create([_entry(one, now_ms)])


def subject(one: Participant) -> Subject:
    """As `decide` sees them."""
    return Subject(Life(one.state), one.phase.number, json.loads(one.given))


def may_enrol(policy: Policy, one: Participant, now_ms: int) -> Reason | None:
    """Why somebody cannot take a seat now; None: they can, if there is one."""
    ask = Action("enrol", ActionKind.ENROL, phase=one.phase.number)
    verdict = decide(policy, subject(one), ask, now_ms)
    return None if isinstance(verdict, Allowed) else Reason(verdict.reason)


def seat(one: Participant, now_ms: int) -> None:
    """Take a seat. The one too many is refused by the database (CAP_FULL)."""
    if one.state != Life.CONSENTED:
        move(one, LifeStep.CONSENT, now_ms)
    move(one, LifeStep.ENROL, now_ms)
    reach(one, Stage.ENROLLED, now_ms)


def promote(phase: Phase, now_ms: int) -> int:
    """Give free seats to those who wait, in order, if they may have one now; return how many.

    Whoever has not given every consent keeps their place, and the next one gets the seat.
    """
    row = Phase.objects.select_for_update().get(id=phase.id)
    if row.cap is None or row.state not in JOINABLE or row.taken >= row.cap:
        return 0
    policy, free = snapshot.derive(row.pilot_id), row.cap - row.taken
    waiting = Participant.objects.filter(phase=row, state=Life.WAITLISTED)
    lucky = 0
    for one in list(waiting.select_related("phase").order_by("waiting_ms", "id")):
        if lucky == free:
            break
        if may_enrol(policy, one, now_ms) is None:
            seat(one, now_ms)
            tell(one, "pilot-seat", now_ms)
            lucky += 1
    return lucky


def end_all(phase: Phase, now_ms: int) -> int:
    """Bring everybody in a phase to the end of it; return how many."""
    people = Participant.objects.filter(phase=phase, state__in=[*COMING, *IN])
    entries = []
    for one in people.select_related("phase").order_by("id"):
        one.state, one.entries = PARTICIPANT_STEPS[Life(one.state), LifeStep.END], one.entries + 1
        entries.append(_entry(one, now_ms))
    LifeEntry.objects.bulk_create(entries, batch_size=CHUNK)
    return people.update(state=Life.ENDED, entries=F("entries") + 1, waiting_ms=None)


def reach(one: Participant, stage: Stage, now_ms: int) -> None:
    """Note that a stage was reached; later stages of theirs keep their times."""
    way = Way.objects.get(participant=one)
    _set(way, funnel.reached(times(way), stage, now_ms))
    way.save()


def times(way: Way) -> Times:
    """When each stage was reached."""
    return {stage: getattr(way, stage) for stage in STAGES}


def note_use(way: Way, at_ms: int) -> None:
    """Note a use: first, again on another day, after a week, after four."""
    if way.first_use is not None and way.second_use is None:
        way.second_use = at_ms
    _set(way, funnel.used(times(way), at_ms))


def tell(one: Participant, template: str, now_ms: int) -> bool:
    """Send a message with a personal link to whoever hides behind the pseudonym.

    False: nobody, or no address of theirs is known.
    """
    person = subjects.person_of(one.pilot_id, one.subject, CLOCKWORK, Why.NOTICE, now_ms)
    if person is None or not (vault.get(person, Datum.EMAIL) or vault.get(person, Datum.PHONE)):
        return False
    pilot = Pilot.objects.get(service=one.pilot_id)
    given = {"pilot": pilot.name, "pilot_en": pilot.name_en, "link": link(person, one, now_ms)}
    outbox.send(person, template, given, now_ms)
    return True


def link(person: str, one: Participant, now_ms: int) -> str:
    """Make a personal link by which somebody sees, agrees and withdraws; return its id."""
    wanted = links.Wanted(LINK_PURPOSE, LINK_LIFE_MS, person=person, target=one.pilot_id)
    return links.make(wanted, now_ms).id


def _set(way: Way, when: Times) -> None:
    for stage in STAGES:
        setattr(way, stage, when.get(stage))


def _entry(one: Participant, now_ms: int) -> LifeEntry:
    return LifeEntry(
        participant=one,
        number=one.entries,
        at_ms=now_ms,
        state=one.state,
        phase=one.phase.number,
        given=one.given,
    )


def _why_not(state: Life) -> Reason:
    if state is Life.WITHDRAWN:
        return Reason.WITHDRAWN
    return Reason.REMOVED if state is Life.REMOVED else Reason.WRONG_STEP
