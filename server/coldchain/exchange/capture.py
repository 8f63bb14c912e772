"""Facts as actions: a document is captured whole or not at all, and a second time changes nothing.

The id of an event is its key: the same event again is known; another one under the same id is
refused. Our own ids come back from what we told. Whatever an action refuses is told with the place
of its event. Temperatures of others are not taken over: what counts here is signed by a sensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Final

from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import landing
from server.coldchain.epcis import ids
from server.coldchain.epcis.facts import Declared, Fact, Found
from server.coldchain.epcis.ids import Noun
from server.coldchain.epcis.vocabulary import SHAPES
from server.coldchain.exchange import deeds, telling
from server.coldchain.exchange.deeds import Stop
from server.coldchain.exchange.names import Viewer
from server.coldchain.models import Event
from server.coldchain.rules import Reason
from server.coldchain.taking import answerable
from server.ledger.writing import writing

DIGEST: Final = 24
EVENT: Final = "epcis"
ERROR: Final = "epcis-error"


@dataclass(frozen=True, slots=True)
class Done:
    """One event of a document. id: as the document names it; event: ours, "" for what makes none.

    known: it was here already. ignored: what it says that is not kept.
    """

    id: str
    event: str
    known: bool
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stopped:
    """Nothing of the document was done: why, and which event or field is the reason."""

    reason: StrEnum
    at: str


def capture(desk: Desk, found: Sequence[Found]) -> tuple[Done, ...] | Stopped:
    """Do all of it, in the order of the document, in one transaction."""
    try:
        with writing():
            return tuple(_one(desk, one) for one in found)
    except Stop as stop:
        return Stopped(stop.reason, stop.at)


def _one(desk: Desk, found: Found) -> Done:
    fact = found.fact
    if fact.declared is not None:
        return _wrong(desk, found, fact.declared)
    if (name := ids.parse(fact.id)) and name.noun is Noun.EVENT:
        return Done(fact.id, _own(desk, found), True, found.ignored)
    id_, content = _digest(fact.id or _said(fact)), _digest(_said(fact))
    before = _before(desk, f"{EVENT}:{id_}:")
    if before is not None:
        if before.key != f"{EVENT}:{id_}:{content}":
            raise Stop(Reason.KEY_REUSED, f"{found.at}/eventID")
        return Done(fact.id, before.ref, True, found.ignored)
    here = replace(desk, key=f"{EVENT}:{id_}:{content}", at_ms=fact.at_ms)
    event = deeds.do(here, found)
    return Done(fact.id, event.ref if event else "", event is None, found.ignored)


def _wrong(desk: Desk, found: Found, declared: Declared) -> Done:
    """An event that was told before is declared an error, once."""
    wrong = _named(desk, found.fact.id)
    if wrong is None:
        raise Stop(Reason.NOT_FOUND, f"{found.at}/eventID")
    if wrong.corrections.exists():
        return Done(found.fact.id, wrong.ref, True, found.ignored)
    key = f"{ERROR}:{_digest(found.fact.id)}"
    act = landing.declare_error(replace(desk, key=key, at_ms=None), wrong.ref, declared.wrong)
    if isinstance(act, Refused):
        raise Stop(act.reason, found.at)
    return Done(found.fact.id, act.ref, False, found.ignored)


def _named(desk: Desk, id: str) -> Event | None:
    """The event of that id that may be said to be wrong, or the one captured under it."""
    name = ids.parse(id)
    if name and name.noun is Noun.EVENT:
        return Event.objects.filter(answerable(desk.organisation), ref=name.key).first()
    return _before(desk, f"{EVENT}:{_digest(id)}:")


def _own(desk: Desk, found: Found) -> str:
    """The ref of an event that we told ourselves and that says what we told. Raises Stop."""
    name = ids.parse(found.fact.id)
    row = Event.objects.filter(ref=name.key if name else "", kind__in=SHAPES).first()
    viewer = Viewer(desk.organisation, desk.inspects)
    told = telling.facts([row], viewer) if row else []
    if row is None or not any(fact.id == found.fact.id for fact in told):
        raise Stop(Reason.NOT_FOUND, f"{found.at}/eventID")
    if _bare(found.fact) not in [_bare(fact) for fact in told]:
        raise Stop(Reason.KEY_REUSED, f"{found.at}/eventID")
    return row.ref


def _bare(fact: Fact) -> Fact:
    """What does not change when readings arrive late or an error is declared; that documents of
    before do not name the carrier makes them no other."""
    return replace(fact, sensed=(), declared=None, carrier="")


def _before(desk: Desk, front: str) -> Event | None:
    rows = Event.objects.filter(organisation=desk.organisation, key__gte=front, key__lt=front + "~")
    return rows.exclude(key="").first()


def _said(fact: Fact) -> str:
    """What an event says, by which it is known; one without a carrier says what it always did."""
    told = asdict(replace(fact, noted_ms=None, sensed=()))
    return repr({name: one for name, one in told.items() if name != "carrier" or one})


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:DIGEST]
