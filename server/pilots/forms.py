"""Reading a form, field by field, each of its kind; and what every action's form does the same way.

    @posted(Right.RUN, "desk")
    def flip(desk, form): return switch.flip(desk, form.word("mode", Mode), ...)

It refuses a value that is none of its kind (BAD_INPUT) before the action is asked. Done, the reader
is led back to the page; refused, they read why and what to do next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from server.accounts import refusals
from server.accounts.door import View
from server.accounts.rules import Refused
from server.accounts.views.frame import asking, field, go
from server.ledger.tick import now_ms
from server.pilots.acting import Desk
from server.pilots.actions.papers import MAX_FILE, File
from server.pilots.days import Period
from server.pilots.door import in_pilot
from server.pilots.rules import Reason, Right

DIGITS = 12
LINES = 50

E = TypeVar("E", bound=StrEnum)
Act = Callable[[Desk, "Form"], object]


class BadForm(ValueError):
    """A field is missing, or is none of its kind."""


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent."""

    request: HttpRequest

    def text(self, name: str) -> str:
        """A line or lines; what is too long or empty, the action refuses."""
        return field(self.request, name).strip()

    def lines(self, name: str) -> tuple[str, ...]:
        """The lines of a field that are not empty. Raises BadForm for more than fifty."""
        found = tuple(line.strip() for line in self.text(name).splitlines() if line.strip())
        if len(found) > LINES:
            raise BadForm(name)
        return found

    def word(self, name: str, kind: type[E]) -> E:
        """A word of a closed list. Raises BadForm."""
        try:
            return kind(self.text(name))
        except ValueError:
            raise BadForm(name) from None

    def number(self, name: str) -> int:
        """A whole number, not negative. Raises BadForm."""
        text = self.text(name)
        if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS):
            raise BadForm(name)
        return int(text)

    def number_if_any(self, name: str) -> int | None:
        """The same, or None for an empty field: undecided. Raises BadForm."""
        return self.number(name) if self.text(name) else None

    def day(self, name: str) -> date:
        """A day as year-month-day. Raises BadForm."""
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            raise BadForm(name) from None

    def period(self) -> Period:
        """`from` and `to`, both inclusive. Raises BadForm."""
        return Period(self.day("from"), self.day("to"))

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """Lines of "one: other". Raises BadForm."""
        found = [line.partition(":") for line in self.lines(name)]
        if not all(colon and one.strip() and other.strip() for one, colon, other in found):
            raise BadForm(name)
        return tuple((one.strip(), other.strip()) for one, _, other in found)

    def file(self, name: str) -> File:
        """A file. Raises BadForm if there is none or it is too large."""
        sent = self.request.FILES.get(name)
        if not isinstance(sent, UploadedFile) or (sent.size or 0) > MAX_FILE:
            raise BadForm(name)
        return File(str(sent.name or "")[-120:], sent.read())


def posted(right: Right, page: str) -> Callable[[Act], View]:
    """Make a form's target of an action that needs this right; `page`: where it leads back to."""

    def make(act: Act) -> View:
        @in_pilot(right)
        @require_POST
        @wraps(act)
        def view(request: HttpRequest, service: str, **_rest: Any) -> HttpResponse:
            try:
                done = act(Desk(asking(request), service, now_ms()), Form(request))
            except BadForm:
                done = Refused(Reason.BAD_INPUT)
            if isinstance(done, Refused):
                return refusals.answer(request, done)
            return done if isinstance(done, HttpResponse) else go(f"/pilots/{service}/{page}")

        return view

    return make
