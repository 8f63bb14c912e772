"""The door of every address: who asks, what the view needs, and the refusal otherwise.

    @guarded(Need.OPERATE, service="pilots", of="pilot_organisation")
    def flip(request, ...): ...            # request.who is somebody who may

A view without a door fails tests/server/accounts/test_matrix.py. `of` names where the organisation
comes from: an argument of the address, or a function of its arguments for what belongs to one
indirectly (a pilot, a lot). A page answers a refusal with a page, an API with a problem document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from server.accounts import rules, who
from server.accounts.rules import Need, Refused, Who

View = Callable[..., HttpResponse]
Find = Callable[[Mapping[str, Any]], str]

ORGANISATION: Final = "organisation"


@dataclass(frozen=True, slots=True)
class Door:
    """What stands before one view."""

    need: Need
    service: str
    find: Find

    def verdict(self, asking: Who, arguments: Mapping[str, Any]) -> rules.Verdict:
        """Whether this somebody may enter with these arguments of the address."""
        if self.need in (Need.OPEN, Need.SELF):
            return rules.may(asking, self.need, service=self.service)
        return rules.may(asking, self.need, self.find(arguments), self.service)


def guarded(
    need: Need, *, service: str = "accounts", of: str | Find = ORGANISATION
) -> Callable[[View], View]:
    """Put a door before a view. The one view behind it reads `request.who`."""
    door = Door(need, service, _argument(of) if isinstance(of, str) else of)

    def hang(view: View) -> View:
        @wraps(view)
        def through(request: HttpRequest, *args: Any, **arguments: Any) -> HttpResponse:
            asking = who.of(request)
            verdict = door.verdict(asking, arguments)
            if isinstance(verdict, Refused):
                return who.turn_away(request, verdict)
            request.who = asking  # type: ignore[attr-defined]
            return view(request, *args, **arguments)

        through.door = door  # type: ignore[attr-defined]
        return through

    return hang


def _argument(name: str) -> Find:
    return lambda arguments: str(arguments.get(name, ""))
