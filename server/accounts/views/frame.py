"""What every page of this room does the same way: its words, its refusals, where it goes next."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from server.accounts import refusals
from server.accounts.passkeys import Site
from server.accounts.rules import Refused, Who
from server.accounts.words import WORDS
from server.web import shell

MAX_FIELD = 4000


def page(
    request: HttpRequest,
    template: str,
    content: Mapping[str, object],
    refused: Refused | None = None,
) -> HttpResponse:
    """A page of this room; `refused`: what could not be done is said on top, with its status.

    What people see of themselves and of each other is kept by no cache.
    """
    said = refusals.said(refused.reason, shell.language(request)) if refused else ""
    told = {"said": said, "reason": refused.reason if refused else ""}
    status = refusals.status_of(refused) if refused else 200
    frame = f"accounts/{template}"
    return refusals.unkept(shell.page(request, frame, {**told, **content}, WORDS, status))


def go(where: str) -> HttpResponse:
    """Done: look there now."""
    response = HttpResponseRedirect(where)
    response.status_code = 303
    return response


def answered(request: HttpRequest, verdict: object, where: str) -> HttpResponse:
    """Go on, or say why not."""
    return refusals.answer(request, verdict) if isinstance(verdict, Refused) else go(where)


def field(request: HttpRequest, name: str) -> str:
    """One field of a form, bounded; "" where there is none."""
    return str(request.POST.get(name, ""))[:MAX_FIELD]


def number(request: HttpRequest, name: str, most: int) -> int:
    """A number from 1 to `most`; 0 for anything else."""
    text = field(request, name)
    fine = text.isascii() and text.isdecimal() and len(text) < 9
    return int(text) if fine and 0 < int(text) <= most else 0


def asking(request: HttpRequest) -> Who:
    """Whom the door has let in."""
    who: Who = request.who  # type: ignore[attr-defined]
    return who


def next_of(request: HttpRequest, otherwise: str) -> str:
    """Where somebody wanted to go before they had to sign in; our own pages only."""
    wanted = str(request.POST.get("next") or request.GET.get("next") or "")
    ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, None)
    return wanted if ours else otherwise


def site(request: HttpRequest) -> Site:
    """Where this page stands, as its browser sees it."""
    name = request.get_host()
    host = name[: name.rindex(":")] if name.rpartition(":")[2].isdecimal() else name
    return Site(host.strip("[]"), f"{request.scheme}://{name}")
