"""The door of every address: who asks, what the view needs, and the refusal otherwise.

    @guarded(Need.OPERATE, service="pilots", of="pilot_organisation")
    def flip(request, ...): ...            # request.who is somebody who may

A view without a door fails tests/server/accounts/test_matrix.py. `of` names where the organisation
comes from: an argument of the address, or a function of its arguments for what belongs to one
indirectly (a pilot, a lot). A page answers a refusal with a page, an API with a problem document.
Whoever is known and is turned away is written down, and so is all that a guest sees, before it is
shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from ninja.decorators import decorate_view
from ninja.utils import check_csrf

from server.accounts import deeds, limits, refusals, rules, who
from server.accounts.deeds import Act
from server.accounts.limits import Whence
from server.accounts.rules import NOBODY, Actor, Need, Reason, Refused, Try, Who
from server.ledger.log import writing
from server.ledger.tick import now_ms

View = Callable[..., HttpResponse]
Find = Callable[[Mapping[str, Any]], str]
Handler = TypeVar("Handler", bound=Callable[..., Any])

ORGANISATION: Final = "organisation"
SAFE: Final = ("GET", "HEAD", "OPTIONS")
ID = re.compile("[a-z2-7]{16}")


@dataclass(frozen=True, slots=True)
class Door:
    """What stands before one view; `open_in_demo`: a demonstration shows it to strangers."""

    need: Need
    service: str
    find: Find
    open_in_demo: bool = False

    def asks(self) -> Need:
        """What is needed here and now."""
        return Need.OPEN if self.open_in_demo and settings.JAGALCHI.demo else self.need

    def verdict(self, asking: Who, arguments: Mapping[str, Any]) -> rules.Verdict:
        """Whether this somebody may enter with these arguments of the address."""
        need = self.asks()
        if need in (Need.OPEN, Need.SELF):
            return rules.may(asking, need, service=self.service)
        return rules.may(asking, need, self.find(arguments), self.service)


def guarded(
    need: Need,
    *,
    service: str = "accounts",
    of: str | Find = ORGANISATION,
    open_in_demo: bool = False,
) -> Callable[[View], View]:
    """Put a door before a view. The one view behind it reads `request.who`."""
    return hung(Door(need, service, _argument(of) if isinstance(of, str) else of, open_in_demo))


def hung(door: Door) -> Callable[[View], View]:
    """Put this very door before a view; a room may have doors of its own kind."""

    def hang(view: View) -> View:
        @wraps(view)
        def through(request: HttpRequest, *args: Any, **arguments: Any) -> HttpResponse:
            refused = _enter(door, request, arguments)
            return refused or view(request, *args, **arguments)

        through.door = door  # type: ignore[attr-defined]
        return through

    return hang


def guarded_api(
    need: Need, *, service: str = "accounts", of: str | Find = ORGANISATION
) -> Callable[[Handler], Handler]:
    """The same before a handler of the API; write it under the router's own decorator."""
    hang: Callable[[Handler], Handler] = decorate_view(guarded(need, service=service, of=of))
    return hang


def _enter(door: Door, request: HttpRequest, arguments: Mapping[str, Any]) -> HttpResponse | None:
    """Let somebody in, or say no."""
    if door.asks() is Need.OPEN:
        # Whoever reads the public log needs no look at sessions.
        request.who = SimpleLazyObject(lambda: _known(request))  # type: ignore[attr-defined]
        return None
    asking = who.of(request)
    verdict = asking if isinstance(asking, Refused) else door.verdict(asking, arguments)
    if isinstance(verdict, rules.Allowed) and _is_forged(request):
        verdict = Refused(Reason.FORGED)
    if isinstance(verdict, Refused):
        if isinstance(asking, Who):
            _write_refusal(door, asking, request, verdict)
        return refusals.answer(request, verdict)
    request.who = asking  # type: ignore[attr-defined]
    _write_guest(door, request, arguments)
    return None


def _known(request: HttpRequest) -> Who:
    asking = who.of(request)
    return NOBODY if isinstance(asking, Refused) else asking


def _is_forged(request: HttpRequest) -> bool:
    """Whether a session's request to the API lacks our token; pages have Django's middleware."""
    if request.method in SAFE or not request.path.startswith(who.API):
        return False
    return "Authorization" not in request.headers and check_csrf(request) is not None


def _write_refusal(door: Door, asking: Who, request: HttpRequest, refused: Refused) -> None:
    """Strangers are not worth a line, and nobody fills the log with refusals of one kind.

    It stands in the record of an organisation that they belong to; of another, in nobody's.
    """
    at_ms, match = now_ms(), request.resolver_match
    if asking.actor is Actor.NOBODY:
        return
    if isinstance(limits.tried(Try.REFUSAL, Whence(asking.id), at_ms), Refused):
        return
    with writing():
        asked = door.find(match.kwargs) if match else ""
        place = asked if asked in asking.roles else ""
        act = Act(door.service, "turned-away", place, _route(request))
        deeds.record(asking, act, at_ms, refused.reason)


def _write_guest(door: Door, request: HttpRequest, arguments: Mapping[str, Any]) -> None:
    asking: Who = request.who  # type: ignore[attr-defined]
    if asking.actor is not Actor.GUEST:
        return
    organisation = next(iter(asking.roles))
    ids = " ".join(str(one) for one in arguments.values() if ID.fullmatch(str(one)))
    with writing():
        act = Act(door.service, "guest-saw", organisation, _route(request), ids[:200])
        deeds.record(asking, act, now_ms())


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.view_name or match.route)[:80] if match else ""


def _argument(name: str) -> Find:
    return lambda arguments: str(arguments.get(name, ""))
