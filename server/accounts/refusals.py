"""How a refusal is told: a page in the reader's language, or a problem document (RFC 9457).

The reasons are a closed list, docs/accounts.md; what devices are told is another one, the
protocol's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

from protocol.registry import Text
from server.accounts.rules import Reason, Refused
from server.accounts.words import REASONS, WORDS
from server.web import shell

API = "/api/"
STATUS = {
    Reason.SIGNED_OUT: 401,
    Reason.WRONG: 401,
    Reason.NOT_FOUND: 404,
    Reason.TAKEN: 409,
    Reason.LAST_ADMINISTRATOR: 409,
    Reason.BAD_INPUT: 422,
    Reason.INTERNAL_ADDRESS: 422,
    Reason.TOO_MANY: 429,
}
"""403 for every other reason; other rooms bring the statuses of theirs."""
RETRY_AFTER_S = "600"

_texts: dict[str, Text] = {str(reason): text for reason, text in REASONS.items()}
_statuses: dict[str, int] = {str(reason): status for reason, status in STATUS.items()}


def learn(texts: Mapping[str, Text], statuses: Mapping[str, int] | None = None) -> None:
    """Take in another room's reasons, their words and what is not 403, at its start."""
    _texts.update({str(reason): text for reason, text in texts.items()})
    _statuses.update({str(reason): status for reason, status in (statuses or {}).items()})


def answer(
    request: HttpRequest, refused: Refused, more: Mapping[str, object] | None = None
) -> HttpResponse:
    """Say no, and what to do next. more: for programs, where in what they sent it went wrong."""
    if request.path.startswith(API):
        return unkept(_problem(refused, more or {}))
    return unkept(_page(request, refused))


def unkept(response: HttpResponse) -> HttpResponse:
    """An answer that no cache keeps, and that says when to come back if it was too often."""
    response.headers["Cache-Control"] = "no-store"
    if response.status_code == 429:
        response.headers["Retry-After"] = RETRY_AFTER_S
    return response


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  as Django calls
    """A form that was not ours, or was open for too long."""
    return answer(request, Refused(Reason.FORGED))


def said(reason: str, language: str) -> str:
    """A reason in words."""
    text = _texts[str(reason)]
    return text.ko if language == "ko" else text.en


def status_of(refused: Refused) -> int:
    """The HTTP status of a refusal."""
    return _statuses.get(str(refused.reason), 403)


def _page(request: HttpRequest, refused: Refused) -> HttpResponse:
    words = said(refused.reason, shell.language(request))
    told = {"said": words, "reason": refused.reason, "at": refused.at}
    back = request.path if request.method == "GET" else "/"
    content = {**told, "next": back if refused.reason == Reason.SIGNED_OUT else ""}
    return shell.page(request, "accounts/refused.html", content, WORDS, status_of(refused))


def _problem(refused: Refused, more: Mapping[str, object]) -> HttpResponse:
    status = status_of(refused)
    at = {"at": refused.at} if refused.at else {}
    document = {
        **at,
        **more,
        "type": f"urn:jagalchi:reason:{refused.reason}",
        "title": said(refused.reason, "en"),
        "title_ko": said(refused.reason, "ko"),
        "status": status,
    }
    body = json.dumps(document, ensure_ascii=False)
    response = HttpResponse(body, "application/problem+json", status=status)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="jagalchi"'
    return response
