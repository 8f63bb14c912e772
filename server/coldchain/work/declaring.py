"""오류 신고: something was wrong that one's own organisation told, or others told of its trucks and
rooms. The record stays as it is, with the correction and its reason beside it; after 정산 there
is no other way."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import Http404

from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import landing
from server.coldchain.models import Event, EventLot
from server.coldchain.rules import Kind
from server.coldchain.taking import answerable
from server.coldchain.words import EVENTS
from server.coldchain.work.frame import Here, task
from server.coldchain.work.sheet import Sheet
from server.coldchain.work.shows import PAGE, lots
from server.web.shown import moment


def _event(here: Here) -> Event:
    """An event that this organisation may say to be wrong. Raises Http404 for every other one."""
    mine = Event.objects.filter(answerable(here.organisation.id))
    found = mine.filter(ref=here.named["event"]).first()
    if found is None:
        raise Http404
    return found


def _show(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    found = _event(here)
    named = EventLot.objects.filter(event=found).select_related("lot").order_by("id")
    about = list(dict.fromkeys(one.lot for one in named[: 2 * PAGE]))
    return {
        "what": here.say(EVENTS[Kind(found.kind)]),
        "when": moment(found.at_ms)[:16],
        "lots": lots(about, here.language),
        "before": [moment(one)[:16] for one in _declared(found)],
    }


def _declared(found: Event) -> list[int]:
    """When it was said to be wrong before."""
    rows = Event.objects.filter(corrects=found, kind=Kind.DECLARED).order_by("id")
    return list(rows.values_list("noted_ms", flat=True)[:5])


def _act(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    return landing.declare_error(desk, _event(here).ref, sheet.need("why"))


def _back(here: Here, _sheet: Sheet, event: Event) -> str:
    """To the first lot that it was about."""
    ref = EventLot.objects.filter(event=event).order_by("id").values_list("lot__ref", flat=True)
    first = ref.first()
    return f"{here.home}/lots/{first}" if first else here.home


declare = task("declare", _show, _act, _back)
