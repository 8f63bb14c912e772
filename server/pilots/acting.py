"""The frame of every action: right, transaction, deed, and a refusal that leaves nothing half done.

    @action(Right.RUN)
    def flip(desk, mode, reason): ...        # returns Done(value, "words of closed lists")

The function does its work in one transaction and says what it did; where it cannot, it raises
`Refusal` and everything it wrote is undone. Done or refused, one deed is written. What the database
itself refuses (migration 0003) becomes the reason that its rule stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Concatenate, Final, Generic, ParamSpec, TypeVar

from django.db import IntegrityError

from server.accounts import deeds
from server.accounts.deeds import Act
from server.accounts.rules import Actor, Allowed, Need, Refused, Who, may
from server.ledger.writing import writing
from server.pilots import snapshot
from server.pilots.models import Party, Pilot
from server.pilots.rules import PARTS, Part, Reason, Right

NEEDS: Final[Mapping[Right, Need]] = {
    Right.SEE: Need.SEE,
    Right.SIGN: Need.OPERATE,
    Right.RUN: Need.OPERATE,
}
"""What a right in a pilot asks of somebody's role in an organisation that has it."""

BY_THE_DATABASE: Final[Mapping[str, Reason]] = {
    "seats_within_cap": Reason.CAP_FULL,
    "seats_undecided": Reason.CAP_UNDECIDED,
    "invitation_uses": Reason.INVITATION_USED,
    "phases_never_overlap": Reason.OVERLAP,
    "internal_phase_has_no_numbers": Reason.NUMBERS_IN_INTERNAL,
    "phase_rests_on_a_notice": Reason.NO_NOTICE,
    "closed_with_signoff": Reason.NO_SIGNOFF,
    "open_after_internal_signoff": Reason.NO_SIGNOFF,
    "halt_needs_two_people": Reason.TWO_PEOPLE,
    "second_is_another": Reason.TWO_PEOPLE,
    "signed_by_another": Reason.TWO_PEOPLE,
    "runs_up": Reason.BAD_INPUT,
    "plan_numbers_count_people": Reason.BAD_INPUT,
    "target_within_cap": Reason.BAD_INPUT,
    "invitation_cost": Reason.BAD_INPUT,
}
"""Rules and constraints by name, and how a person is told."""

P = ParamSpec("P")
T = TypeVar("T")


class Refusal(Exception):
    """No, and why; undoes what the action wrote."""

    def __init__(self, reason: StrEnum) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Desk:
    """Who acts, in which pilot, when (UTC ms)."""

    who: Who
    service: str
    now_ms: int


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What an action made, and what its deed tells: `told` in words of closed lists and numbers,
    `about` the pseudonym of a participant."""

    value: T
    told: str = ""
    about: str = ""


Work = Callable[Concatenate[Desk, P], Done[T]]
Outcome = Callable[Concatenate[Desk, P], T | Refused]


def action(right: Right | None) -> Callable[[Work[P, T]], Outcome[P, T]]:
    """Make a function an action that needs this right; None: a participant's own."""

    def frame(work: Work[P, T]) -> Outcome[P, T]:
        name = work.__name__.replace("_", "-")

        @wraps(work)
        def act(desk: Desk, /, *args: P.args, **named: P.kwargs) -> T | Refused:
            try:
                with writing():
                    organisation = enter(desk, right)
                    done = work(desk, *args, **named)
                    target = f"{desk.service}/{done.about}" if done.about else desk.service
                    told = Act("pilots", name, organisation, target, done.told)
                    deeds.record(desk.who, told, desk.now_ms)
                    if right is not None:
                        snapshot.publish(desk.service, desk.now_ms)
                    return done.value
            except Refusal as no:
                reason: StrEnum = no.reason
            except IntegrityError as error:
                reason = _reason(error)
            return _refuse(desk, name, reason)

        act.right = right  # type: ignore[attr-defined]
        return act

    return frame


def organisation_of(who: Who, service: str, right: Right) -> str | Refused:
    """The organisation by which somebody has this right in this pilot; "" for the machine itself.

    A pilot that is none of one's own is answered like one that does not exist.
    """
    if who.actor is Actor.SYSTEM:
        return ""
    refused = Refused(Reason.NOT_FOUND)
    parties = Party.objects.filter(pilot=service, organisation__in=who.roles).order_by("id")
    for one in parties:
        verdict = may(who, NEEDS[right], one.organisation_id, "pilots")
        given = right in PARTS[Part(one.part)]
        if given and isinstance(verdict, Allowed):
            return one.organisation_id
        refused = verdict if isinstance(verdict, Refused) else Refused(Reason.ROLE)
    return refused


def person(desk: Desk) -> str:
    """The id of the one human being who acts: no program, no shared tablet. Raises Refusal."""
    if desk.who.actor is not Actor.PERSON:
        raise Refusal(Reason.ROLE)
    return desk.who.id


def enter(desk: Desk, right: Right | None) -> str:
    """The organisation for which somebody acts. Raises Refusal."""
    if right is None:
        return ""
    # The pilot's row is the lock under which its policy changes.
    if not Pilot.objects.select_for_update().filter(service=desk.service).exists():
        raise Refusal(Reason.NOT_FOUND)
    found = organisation_of(desk.who, desk.service, right)
    if isinstance(found, Refused):
        raise Refusal(found.reason)
    return found


def _refuse(desk: Desk, name: str, reason: StrEnum) -> Refused:
    with writing():
        deeds.record(desk.who, Act("pilots", name, target=desk.service), desk.now_ms, reason)
    return Refused(reason)


def _reason(error: IntegrityError) -> Reason:
    """The reason that a rule of the database stands for. Raises what is no such rule."""
    text = str(error)
    for name, reason in BY_THE_DATABASE.items():
        if name in text:
            return reason
    if "unique" in text.lower():
        return Reason.TAKEN
    raise error
