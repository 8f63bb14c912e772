"""Taking part: apply by an invitation; then, by a personal link, see, agree, take a seat, leave.

None of it needs an account, a script or a counter. Whoever holds a link acts by it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from server.accounts import limits, refusals
from server.accounts.contacts import Contact
from server.accounts.door import guarded
from server.accounts.limits import Whence, address_of
from server.accounts.links import BY_LINK
from server.accounts.rules import Need, Refused, Try
from server.accounts.views.frame import go
from server.ledger.tick import now_ms
from server.pilots import pages, personal
from server.pilots.acting import Desk
from server.pilots.actions import joining
from server.pilots.forms import BadForm, Form
from server.pilots.labels import WORDS
from server.pilots.rules import Reason
from server.web import shell

OPEN = guarded(Need.OPEN, service="pilots")


@OPEN
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Read what one is invited to, and apply."""
    at_ms = now_ms()
    found = joining.invitation_of(token, at_ms)
    if isinstance(found, Reason):
        return _turned_away(request, Refused(found))
    pilot = found.phase.pilot
    head = pages.head(pilot, shell.language(request))
    if request.method != "POST":
        stage = next(one for one in head.stages if one.number == found.phase.number)
        return _page(request, "join", {"head": head, "stage": stage})
    verdict = limits.tried(Try.ASK_LINK, Whence(address=address_of(request)), at_ms)
    if isinstance(verdict, Refused):
        return refusals.answer(request, verdict)
    contact = Contact(Form(request).text("contact"), shell.language(request))
    joined = joining.apply(Desk(BY_LINK, pilot.service, at_ms), token, contact)
    if isinstance(joined, Refused):
        return refusals.answer(request, joined)
    return _page(request, "applied", {"head": head, "link": joined.link})


@OPEN
@require_safe
def mine(request: HttpRequest, token: str) -> HttpResponse:
    """Where one stands, and what to do next."""
    found = personal.holder(token, now_ms())
    if isinstance(found, Refused):
        return _turned_away(request, found)
    return _page(request, "mine", {**personal.page(found, shell.language(request)), "token": token})


Act = Callable[[Desk, str, Form], object]


def _by_link(act: Act) -> Callable[..., HttpResponse]:
    """Make a form's target of something that one does by one's link."""

    @OPEN
    @require_POST
    def view(request: HttpRequest, token: str) -> HttpResponse:
        at_ms = now_ms()
        found = personal.holder(token, at_ms)
        if isinstance(found, Refused):
            return _turned_away(request, found)
        try:
            done = act(Desk(BY_LINK, found.pilot_id, at_ms), found.subject, Form(request))
        except BadForm:
            done = Refused(Reason.BAD_INPUT)
        return refusals.answer(request, done) if isinstance(done, Refused) else go(f"/mine/{token}")

    return view


agree = _by_link(
    lambda desk, name, form: joining.consent(
        desk, name, form.text("purpose"), form.number("version")
    )
)
take_back = _by_link(lambda desk, name, form: joining.take_back(desk, name, form.text("purpose")))
enrol = _by_link(lambda desk, name, _form: joining.enrol(desk, name))
wait = _by_link(lambda desk, name, _form: joining.wait(desk, name))


def _leave(desk: Desk, name: str, form: Form) -> object:
    if form.text("sure") != "yes":
        raise BadForm("sure")
    return joining.withdraw(desk, name)


leave = _by_link(_leave)


def _page(request: HttpRequest, template: str, content: dict[str, object]) -> HttpResponse:
    response = shell.page(request, f"pilots/{template}.html", content, WORDS)
    response.headers["Cache-Control"] = "no-store"
    return response


def _turned_away(request: HttpRequest, refused: Refused) -> HttpResponse:
    """A link that leads nowhere; whoever tries many is told to wait."""
    tries = limits.tried(Try.LINK, Whence(address=address_of(request)), now_ms())
    return refusals.answer(request, tries if isinstance(tries, Refused) else refused)


