"""The door of a pilot's pages and API: a right in this pilot, by the part of one's organisation.

Several organisations have a part in a pilot, and each part gives other rights (rules.PARTS), so the
question is not whether somebody may act for one organisation but whether any of theirs gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ninja.decorators import decorate_view

from server.accounts.door import Door, View, hung
from server.accounts.rules import ALLOWED, Actor, Need, Reason, Refused, Verdict, Who
from server.pilots.acting import NEEDS, organisation_of
from server.pilots.rules import Right

SERVICE = "service"
"""The argument of every address that names the pilot."""

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class PilotDoor(Door):
    """What stands before a view of one pilot."""

    right: Right = Right.SEE

    def verdict(self, asking: Who, arguments: Mapping[str, Any]) -> Verdict:
        """Whether somebody has the right in the pilot that the address names."""
        if self.asks() is Need.OPEN:
            return ALLOWED
        if asking.actor is Actor.NOBODY:
            return Refused(Reason.SIGNED_OUT)
        found = organisation_of(asking, str(arguments[SERVICE]), self.right)
        return found if isinstance(found, Refused) else ALLOWED


def in_pilot(right: Right, *, open_in_demo: bool = False) -> Callable[[View], View]:
    """Put a pilot's door before a view; `open_in_demo`: a demonstration shows it to strangers."""
    return hung(PilotDoor(NEEDS[right], "pilots", _nowhere, open_in_demo, right))


def in_pilot_api(right: Right) -> Callable[[Handler], Handler]:
    """The same before a handler of the API; write it under the router's own decorator."""
    hang: Callable[[Handler], Handler] = decorate_view(in_pilot(right))
    return hang


def _nowhere(_arguments: Mapping[str, Any]) -> str:
    return ""
