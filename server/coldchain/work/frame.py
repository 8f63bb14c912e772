"""What every work page does the same way: the desk, the refusal beside what was typed, the way on.

    @shown("lot")                                  # a page that only reads
    def lot(here, sheet): return {...}

    land = task("land", show, act, then)           # a form: shown, sent, done once or sent back

A form that is sent back says what happened, that nothing was saved, and what to do; whatever was
typed is still there, and so is the name of the request, so that the same form sent twice is done
once. A sales stop that nobody has acknowledged covers every page (`stops`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from protocol.registry import Text
from server.accounts import refusals
from server.accounts.door import View, guarded
from server.accounts.models import Organisation
from server.accounts.rules import ALLOWED, Need, Refused, Who, letters, may
from server.accounts.views.frame import asking, go
from server.coldchain import partners
from server.coldchain.acting import INSPECTORS, Desk
from server.coldchain.models import Event, Lot
from server.coldchain.rules import SERVICE, Reason
from server.coldchain.taking import visible
from server.coldchain.work.labels import ALIASES, LABELS
from server.coldchain.work.sheet import Blank, Sheet
from server.coldchain.work.words import HINTS
from server.ledger.keys import entropy
from server.ledger.tick import now_ms
from server.web import shell
from server.web.words import say

ADD: Final = "add"
"""What a button says that adds a line or a scanned code, or looks at a list; nothing is done."""
LOOKING: Final = ("drop", "more", "choose")
"""Buttons that take a lot or label out again, add lines, or choose a lot to go on with."""


@dataclass(frozen=True, slots=True)
class Here:
    """One request at the desk of one organisation; `named`: arguments of the address."""

    request: HttpRequest
    organisation: Organisation
    now_ms: int
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def language(self) -> str:
        """Of the reader."""
        return shell.language(self.request)

    @property
    def who(self) -> Who:
        """Whom the door has let in."""
        return asking(self.request)

    @property
    def home(self) -> str:
        """The address below which all pages of this organisation stand."""
        return f"/work/{self.organisation.id}"

    @property
    def may_operate(self) -> bool:
        """Whether the reader may do more than read."""
        return may(self.who, Need.OPERATE, self.organisation.id, SERVICE) is ALLOWED

    @property
    def may_administer(self) -> bool:
        """Whether the reader says what the organisation is and has."""
        return may(self.who, Need.ADMINISTER, self.organisation.id, SERVICE) is ALLOWED

    def say(self, text: Text) -> str:
        """The text in the reader's language."""
        return say(text, self.language)

    def desk(self, sheet: Sheet) -> Desk:
        """The desk of an action that this form asks for. Raises Blank for a time that is none."""
        return Desk(self.who, self.organisation.id, self.now_ms, sheet.key, sheet.moment("at"))

    @property
    def inspects(self) -> bool:
        """Whether this is an authority."""
        return self.organisation.kind in INSPECTORS

    def known(self, lot: Lot) -> frozenset[str] | None:
        """Organisations that are named to the reader where a lot is shown; None: all, as to an
        authority."""
        return None if self.inspects else partners.of(lot, self.organisation.id).organisations

    def lots(self) -> QuerySet[Lot]:
        """Lots that this organisation has to do with; an authority sees all."""
        rows = Lot.objects.all()
        return rows if self.inspects else rows.filter(visible(self.organisation.id))

    def lot(self, ref: str = "") -> Lot:
        """One of these lots. Raises Http404 for every other one."""
        rows = self.lots().filter(ref=ref or self.named["lot"])
        found = rows.select_related("holder", "maker", "landed").first()
        if found is None:
            raise Http404
        return found


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a form came back: what happened and what to do; `field`: where; `code`: for support."""

    said: str
    code: str
    field: str = ""
    label: str = ""
    status: int = 422


Show = Callable[[Here, Sheet], Mapping[str, object]]
Act = Callable[[Here, Desk, Sheet], Event | Refused]
Then = Callable[[Here, Sheet, Event], str]


def here_of(request: HttpRequest, organisation: str, named: Mapping[str, str]) -> Here:
    """Where a request stands. Raises Http404 for an organisation that is no more."""
    found = Organisation.objects.filter(id=organisation, ended_ms=None).first()
    if found is None:
        raise Http404
    return Here(request, found, now_ms(), named)


def shown(template: str) -> Callable[[Show], View]:
    """Make a page of what it shows."""

    def make(show: Show) -> View:
        @guarded(Need.SEE, service=SERVICE)
        @require_safe
        @wraps(show)
        def view(request: HttpRequest, organisation: str, **named: Any) -> HttpResponse:
            here = here_of(request, organisation, named)
            return covered(here) or page(here, template, show(here, Sheet.of(request)))

        return view

    return make


def task(
    template: str, show: Show, act: Act, then: Then | None = None, need: Need = Need.OPERATE
) -> View:
    """Make a form and its target; `then`: where one goes when it is done, else home."""

    @guarded(need, service=SERVICE)
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(act)
    def view(request: HttpRequest, organisation: str, **named: Any) -> HttpResponse:
        here, sheet = here_of(request, organisation, named), Sheet.of(request)
        if (cover := covered(here)) is not None:
            return cover
        if request.method != "POST" or looks(sheet):
            return page(here, template, show(here, sheet))
        try:
            done = act(here, here.desk(sheet), sheet)
        except Blank as blank:
            return _back(here, template, show, blanked(here, blank))
        if isinstance(done, Refused):
            return _back(here, template, show, refused(here, done))
        where = then(here, sheet, done) if then else here.home
        return go(f"{where}{'&' if '?' in where else '?'}done={done.ref}")

    return view


def looks(sheet: Sheet) -> bool:
    """Whether a button was pressed that has nothing done."""
    return sheet.text("do") == ADD or any(name in sheet.typed for name in LOOKING)


def covered(here: Here) -> HttpResponse | None:
    """The page that stands in place of every other while a sales stop is not acknowledged."""
    from server.coldchain.work import stops

    waiting = stops.waiting(here)
    return page(here, "stop", {"stops": waiting}) if waiting else None


def page(
    here: Here,
    template: str,
    content: Mapping[str, object],
    trouble: Trouble | None = None,
) -> HttpResponse:
    """One work page in its frame. No cache keeps it."""
    from server.coldchain.work import undo

    sheet = Sheet.of(here.request)
    keep = trouble is not None and trouble.code != Reason.KEY_REUSED
    common = {
        "place": place(here.organisation, here.language),
        "home": here.home,
        "f": sheet.typed,
        "key": (sheet.key if keep or looks(sheet) else "") or new_key(),
        "trouble": trouble,
        "wrong": trouble.field if trouble else "",
        "may_operate": here.may_operate,
        "done": undo.banner(here, sheet.text("done")),
    }
    status = trouble.status if trouble else 200
    frame = f"coldchain/work/{template}.html"
    answer = shell.page(here.request, frame, {**common, **content}, LABELS, status)
    return refusals.unkept(answer)


def blanked(here: Here, blank: Blank) -> Trouble:
    """What is said of a field that is none of its kind."""
    return blank_of(blank, here.language)


def blank_of(blank: Blank, language: str) -> Trouble:
    """The same in a language, for who has no desk."""
    said, label = say(HINTS[blank.hint], language), name_of(blank.field, language)
    return Trouble(said, Reason.BAD_INPUT, blank.field, label)


def name_of(field: str, language: str) -> str:
    """What a form calls a field, by its own name or by an action's; "" for none."""
    label = LABELS.get(f"f_{ALIASES.get(field, field)}")
    return say(label, language) if label else field


def refused(here: Here, no: Refused) -> Trouble:
    """What is said of an action that was refused."""
    return refusal_of(no, here.language)


def refusal_of(no: Refused, language: str) -> Trouble:
    """The same in a language, for who has no desk; it names the field that is the reason."""
    said, status = refusals.said(no.reason, language), refusals.status_of(no)
    field = ALIASES.get(no.at, no.at)
    return Trouble(said, str(no.reason), field, name_of(field, language), status)


def place(organisation: Organisation, language: str) -> dict[str, str]:
    """An organisation for the head of a page."""
    english = language == "en" and organisation.name_en
    name = organisation.name_en if english else organisation.name
    return {"id": organisation.id, "name": name, "kind": organisation.kind}


def new_key() -> str:
    """A name for a request that is yet to be sent."""
    return letters(entropy(10))


def _back(here: Here, template: str, show: Show, trouble: Trouble) -> HttpResponse:
    return page(here, template, show(here, Sheet.of(here.request)), trouble)
