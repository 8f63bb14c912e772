"""What the operators' four pages share: the head, the tabs, and what the reader may do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header

from protocol.registry import Text
from server.accounts.rules import Refused
from server.accounts.views.frame import asking
from server.pilots import pages
from server.pilots.acting import organisation_of
from server.pilots.door import in_pilot
from server.pilots.labels import WORDS
from server.pilots.models import Document, Pilot
from server.pilots.rules import Right
from server.web import shell
from server.web.words import say

K = TypeVar("K", bound=StrEnum)

SEE = in_pilot(Right.SEE, open_in_demo=True)
"""The door of pages that change nothing."""


def page(
    request: HttpRequest, pilot: Pilot, tab: str, content: Mapping[str, object]
) -> HttpResponse:
    """One of the four pages of a pilot."""
    here = asking(request)
    rights = {
        f"may_{right}": not isinstance(organisation_of(here, pilot.service, right), Refused)
        for right in (Right.RUN, Right.SIGN)
    }
    told = {"head": pages.head(pilot, shell.language(request)), "tab": tab, **rights}
    response = shell.page(request, f"pilots/{tab}.html", {**told, **content}, WORDS)
    response.headers["Cache-Control"] = "no-store"
    return response


def pilot_of(service: str) -> Pilot:
    """The pilot that an address names. Raises Http404."""
    return get_object_or_404(Pilot, service=service)


def choices(words: Mapping[K, Text], language: str) -> list[tuple[str, str]]:
    """A closed list to choose from: value and word."""
    return [(str(one), say(text, language)) for one, text in words.items()]


def download(document: Document) -> HttpResponse:
    """A file as it was handed in: to be saved, never to be run by a browser."""
    response = HttpResponse(bytes(document.body), document.media)
    response.headers["Content-Disposition"] = content_disposition_header(True, document.name) or ""
    response.headers["Cache-Control"] = "no-store"
    return response
