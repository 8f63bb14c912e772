"""What everybody may read: the pilots, one pilot, and the file of a notice."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from server.accounts.door import guarded
from server.accounts.rules import Need
from server.pilots import pages
from server.pilots.labels import WORDS
from server.pilots.models import Notice
from server.pilots.views.frame import download, pilot_of
from server.web import shell


@guarded(Need.OPEN, service="pilots")
@require_safe
def pilots(request: HttpRequest) -> HttpResponse:
    """All pilots."""
    content = {"heads": pages.heads(shell.language(request))}
    return shell.page(request, "pilots/pilots.html", content, WORDS)


@guarded(Need.OPEN, service="pilots")
@require_safe
def pilot(request: HttpRequest, service: str) -> HttpResponse:
    """One pilot: phases, numbers, notices, exemption and insurance."""
    row = pilot_of(service)
    content = {
        "head": pages.head(row, shell.language(request)),
        "notices": pages.notices(row),
        "exemptions": pages.exemptions(row),
        "insurances": pages.insurances(row),
    }
    return shell.page(request, "pilots/pilot.html", content, WORDS)


@guarded(Need.OPEN, service="pilots")
@require_safe
def notice(request: HttpRequest, service: str, notice: str) -> HttpResponse:  # noqa: ARG001
    """The file of a public notice."""
    rows = Notice.objects.filter(pilot=service).select_related("document")
    return download(get_object_or_404(rows, id=int(notice)).document)
