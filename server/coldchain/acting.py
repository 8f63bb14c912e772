"""The frame of every action: right, pilot, one transaction, one event, one entry of the log.

    @action(Need.OPERATE, ActionKind.USE_EXISTING)
    def split(desk, taken, parts): ...       # returns the event that `happened` wrote

The function checks, calls `happened` once, and writes the rest with the event at hand; where it
cannot go on it raises `Refusal` and everything is undone. The answer of every action is its event.
A request with a key is done once: the same again is answered with the same event, also when the
first answer was lost; another request under that key is refused. A refusal changes nothing and is
no entry of the log, except that the pilot keeps its own. What the database itself refuses becomes
the reason that its rule stands for. Spec: docs/coldchain.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import wraps
from hashlib import sha256
from typing import Concatenate, Final, ParamSpec

from django.db import IntegrityError

from server.accounts.models import Kind as Sort
from server.accounts.models import Organisation
from server.accounts.rules import Actor, Need, Refused, Who, may
from server.coldchain.models import Event
from server.coldchain.rules import AHEAD_MS, BEHIND_MS, SERVICE, Reason
from server.ledger.writing import writing
from server.pilots import policy
from server.pilots.decide import Action
from server.pilots.rules import ActionKind

BY_THE_DATABASE: Final[Mapping[str, Reason]] = {
    "parent_before_child": Reason.CYCLE,
    "child_of_its_event": Reason.CYCLE,
    "linked_once": Reason.CYCLE,
    "lot_left": Reason.USED_UP,
    "lot_moves": Reason.WRONG_STATE,
    "side_moves": Reason.WRONG_STATE,
    "custody_moves": Reason.WRONG_STATE,
    "sample_moves": Reason.WRONG_STATE,
    "hold_moves": Reason.WRONG_STATE,
    "holder_moves": Reason.WRONG_STATE,
    "recall_moves": Reason.WRONG_STATE,
    "stay_within_lot": Reason.ELSEWHERE,
    "stay_ends_once": Reason.UNLOADED_ALREADY,
    "stay_ends_after_start": Reason.BEFORE_IT_WAS,
    "label_binds_once": Reason.LABEL_BOUND,
    "refused_with_photo": Reason.PHOTO_MISSING,
    "recall_closes_complete": Reason.QUANTITIES_OPEN,
    "each_unit_counted_once": Reason.QUANTITIES_OPEN,
    "score_within_scale": Reason.SCORE_EXCEEDS,
    "not_in_the_future": Reason.FUTURE,
    "caught_before_made": Reason.FUTURE,
    "lot_weighs": Reason.BAD_INPUT,
}
"""Rules and constraints by name, and how a person is told."""

ONLY: Final[Mapping[str, frozenset[str]]] = {
    "land": frozenset({Sort.COOPERATIVE, Sort.PLANT, Sort.WHOLESALER}),
    "pass_in": frozenset({Sort.COOPERATIVE}),
    "award": frozenset({Sort.COOPERATIVE}),
    "settle": frozenset({Sort.COOPERATIVE}),
    "take_sample": frozenset({Sort.AGENCY, Sort.CITY}),
    "report_sample": frozenset({Sort.AGENCY, Sort.CITY}),
}
"""Actions that are for organisations of these kinds alone."""
INSPECTORS: Final = frozenset({Sort.AGENCY, Sort.CITY})
"""Kinds of organisations that see every lot, and may stop it."""

_OURS: Final = re.compile(r"epcis(:[0-9a-f]{24}){2}|epcis-error:[0-9a-f]{24}")
"""See server/coldchain/exchange/capture.py, which looks for them by how they begin."""

P = ParamSpec("P")


class Refusal(Exception):
    """No, and why (at: the field of what was asked); undoes what the action wrote."""

    def __init__(self, reason: StrEnum, at: str = "") -> None:
        super().__init__(str(reason))
        self.reason, self.at = reason, at


@dataclass(frozen=True, slots=True)
class Desk:
    """Who acts for which organisation, and when (UTC ms).

    at_ms: when it happened, None: now. key: the request's own name; "" where none is given. asked:
    set by the frame.
    """

    who: Who
    organisation: str
    now_ms: int
    key: str = ""
    at_ms: int | None = None
    asked: bytes = b""

    @property
    def when_ms(self) -> int:
        """When it happened."""
        return self.now_ms if self.at_ms is None else self.at_ms

    @property
    def inspects(self) -> bool:
        """Whether this is an authority."""
        return Organisation.objects.filter(id=self.organisation, kind__in=INSPECTORS).exists()


Work = Callable[Concatenate[Desk, P], Event]
Outcome = Callable[Concatenate[Desk, P], Event | Refused]


def action(need: Need, kind: ActionKind) -> Callable[[Work[P]], Outcome[P]]:
    """Make a function an action. Need.OPEN: strangers may; what they hold is checked by itself."""

    def frame(work: Work[P]) -> Outcome[P]:
        name = work.__name__

        @wraps(work)
        def act(desk: Desk, /, *args: P.args, **named: P.kwargs) -> Event | Refused:
            asked = sha256(repr((name, desk.at_ms, args, named)).encode()).digest()
            try:
                with writing():
                    known = _known(desk, asked)
                    if known is None:
                        known = _refused(desk, name, need, kind)
                    return known or work(replace(desk, asked=asked), *args, **named)
            except Refusal as no:
                return Refused(no.reason, no.at)
            except IntegrityError as error:
                # Of two requests under one key the other one was quicker.
                return _known(desk, asked) or Refused(_reason(error))

        act.need, act.kind = need, kind  # type: ignore[attr-defined]
        return act

    return frame


def request_of(key: str) -> str:
    """By what a request is known in the tables and in the log: a digest of its own name, because a
    client may write there what it likes. Ours of captured documents are digests already."""
    if not key or _OURS.fullmatch(key):
        return key
    return sha256(b"jagalchi/request/1\0" + key.encode()).hexdigest()


def told_before(desk: Desk) -> Event | None:
    """The event of a request under this desk's key; rows of before have the key itself."""
    names = (request_of(desk.key), desk.key)
    rows = Event.objects.filter(organisation=desk.organisation, key__in=names)
    return rows.first() if desk.key else None


def person(desk: Desk) -> str:
    """The id of the one human being who acts: no program, no shared tablet. Raises Refusal."""
    if desk.who.actor is not Actor.PERSON:
        raise Refusal(Reason.PERSON_NEEDED)
    return desk.who.id


def _known(desk: Desk, asked: bytes) -> Event | Refused | None:
    """What this request was answered before; of one that a restore brought back the log has the
    name and not what was asked."""
    before = told_before(desk)
    if before is None or before.restored or bytes(before.asked) == asked:
        return before
    return Refused(Reason.KEY_REUSED)


def _refused(desk: Desk, name: str, need: Need, kind: ActionKind) -> Refused | None:
    """Why somebody may not, whatever the lots are. Returned, so that the pilot's denial stays."""
    allowed = may(desk.who, need, desk.organisation, SERVICE)
    if isinstance(allowed, Refused):
        return allowed
    only = ONLY.get(name)
    if only and not Organisation.objects.filter(id=desk.organisation, kind__in=only).exists():
        return Refused(Reason.NOT_YOURS_TO_DO)
    if desk.when_ms > desk.now_ms + AHEAD_MS:
        return Refused(Reason.FUTURE, "at_ms")
    if desk.when_ms < desk.now_ms - BEHIND_MS:
        return Refused(Reason.TOO_OLD, "at_ms")
    verdict = policy.allow("", SERVICE, Action(name.replace("_", "-"), kind), desk.now_ms)
    return verdict if isinstance(verdict, Refused) else None


def _reason(error: IntegrityError) -> Reason:
    """The reason that a rule of the database stands for. Raises what is no such rule."""
    text = str(error)
    for name, reason in BY_THE_DATABASE.items():
        if name in text:
            return reason
    if "unique" in text.lower():
        return Reason.TAKEN
    raise error
