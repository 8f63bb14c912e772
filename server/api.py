# ruff: noqa: ARG001  every view and handler is given its request, used or not
"""The HTTP interface of devices, and every refusal as a problem document (RFC 9457).

Bodies of devices are CBOR and are read raw; what other rooms offer to programs is added here, and
/api/openapi.json describes it all. An unexpected
exception becomes `internal`: it is logged here and never shown. Spec: docs/protocol.md, section
"HTTP".
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.http import parse_etags
from ninja import Field, NinjaAPI, Path, Query, Router, Schema
from ninja.errors import HttpError, ValidationError
from pydantic import BeforeValidator

from protocol import wire
from protocol.cbor import MAX_INT
from protocol.errors import ProtocolError
from protocol.registry import PROBLEMS, Problem
from protocol.span import MAX_BATCH_BYTES
from server import problems
from server.accounts import refusals
from server.accounts.api import router as accounts_router
from server.accounts.door import guarded, guarded_api
from server.accounts.rules import Need, Reason, Refused
from server.coldchain.api import router as coldchain_router
from server.devices import enrolment, history, intake, readmission, receipts, tuning
from server.ledger import keys, succession
from server.ledger.log import LogBroken, LogUnavailable
from server.ledger.tick import now_ms
from server.ledger.writing import abandon
from server.pilots.api import router as pilots_router

CBOR = wire.MEDIA_TYPE
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
RETRY_AFTER_S = "2"

logger = logging.getLogger(__name__)



def _decimal(value: object) -> object:
    """One spelling for a number: else 1_000, +1 and other alphabets' digits would do as well."""
    if isinstance(value, str) and not (value.isascii() and value.isdecimal()):
        raise ValueError("not a number in decimal digits")
    return value


Number = Annotated[int, BeforeValidator(_decimal)]
Device = Annotated[str, Path(pattern="^[a-z2-7]{16}$", description="the device's name")]
View = Callable[..., HttpResponse]


class Believing(Schema):
    """Whom the device believes."""

    log: str = Field("", max_length=255, description="the log that is trusted; empty: this one")


class Trusted(Believing):
    """What the device believes already."""

    since: Number = Field(0, ge=0, le=MAX_INT, description="size of the checkpoint that is trusted")


class Page(Believing):
    """Where to go on."""

    after: Number = Field(0, ge=0, le=MAX_INT, description="`next` of the page before")


class Collect(Trusted):
    """Which receipts: of this epoch, from this number on, for a device that trusts `since`."""

    epoch: str = Field(pattern="^[0-9a-f]{16}$", description="8 bytes in hexadecimal")
    seq: Number = Field(0, alias="from", ge=0, le=2**32 - 1)
    hashes: bool = Field(False, description="also the hashes of each leaf's records")


api = NinjaAPI(
    title="Jagalchi",
    version="1",
    description="Devices: signed readings in, proof out, in CBOR; docs/protocol.md is normative."
    " People and their programs: JSON, under a session or an API key; see docs/accounts.md.",
    docs_url=None,
    docs_decorator=guarded(Need.OPEN),
)
OPEN = guarded_api(Need.OPEN, service="devices")
FOR_DEVICES = ("/api/enrol", "/api/devices/", "/api/log/")


def problem(kind: Problem, detail: str, **where: int | None) -> HttpResponse:
    """One of the closed list as application/problem+json; `where` names span and index."""
    status = PROBLEMS[kind].status
    body = problems.document(kind, detail, **where)
    response = HttpResponse(body, problems.MEDIA_TYPE, status=status)
    if status in (429, 503):
        response.headers["Retry-After"] = RETRY_AFTER_S
    return response


def _cbor(body: bytes, status: int = 200) -> HttpResponse:
    response = HttpResponse(body, CBOR, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _body(request: HttpRequest) -> bytes:
    """Return the request's body.

    Raises ProtocolError: CONTENT_ENCODING, MEDIA_TYPE, TOO_LARGE, BAD_REQUEST (it broke off).
    """
    if "Content-Encoding" in request.headers:
        raise ProtocolError(Problem.CONTENT_ENCODING, "send the body as it is")
    if request.content_type != CBOR:
        raise ProtocolError(Problem.MEDIA_TYPE, f"the body is {CBOR}")
    if int(request.headers.get("Content-Length") or 0) > MAX_BATCH_BYTES:
        raise ProtocolError(Problem.TOO_LARGE, f"a body has at most {MAX_BATCH_BYTES} bytes")
    try:
        return request.body
    except UnreadablePostError:
        raise ProtocolError(Problem.BAD_REQUEST, "the body broke off") from None


def _insist_on_this_log(log: str) -> None:
    """Nothing of a request that trusts another log is taken; who follows ours is told so."""
    ours = keys.current()
    if log in ("", ours.origin):
        return
    if log in succession.origins(ours):
        raise ProtocolError(Problem.LOG_SUCCEEDED, f"{ours.origin} follows {log}")
    raise ProtocolError(Problem.LOG_UNAVAILABLE, f"the log here is {ours.origin}")


# What the OpenAPI document says of bodies that no JSON schema describes.


def _described(*statuses: int, body: bool = False) -> dict[str, Any]:
    binary = {CBOR: {"schema": {"type": "string", "format": "binary"}}}
    refused = {problems.MEDIA_TYPE: {"schema": {"type": "object"}}}
    answers: dict[int | str, Any] = {
        status: {"description": "see docs/protocol.md", "content": binary} for status in statuses
    }
    answers["default"] = {"description": "a problem of the closed list", "content": refused}
    described: dict[str, Any] = {"responses": answers}
    if body:
        described["requestBody"] = {"required": True, "content": binary}
    return described


def _endpoint(
    method: str, path: str, summary: str, extra: dict[str, Any]
) -> Callable[[View], View]:
    """Register a view that devices ask without signing in: a signature is in what they send."""

    def register(view: View) -> View:
        api.api_operation([method], path, summary=summary, openapi_extra=extra)(OPEN(view))
        return view

    return register


@_endpoint("POST", "/enrol", "Admit a device by a one-time token", _described(200, body=True))
def enrol(request: HttpRequest) -> HttpResponse:
    """The enrolment answer, whose bytes the device keeps."""
    return _cbor(enrolment.enrol(_body(request), now_ms()))


@_endpoint(
    "POST", "/devices/{device}/spans", "Take in signed records", _described(200, 202, body=True)
)
def spans(
    request: HttpRequest, device: Device, trusted: Annotated[Trusted, Query()]
) -> HttpResponse:
    """A verdict per span, and proof; 202 when there is no receipt yet."""
    _insist_on_this_log(trusted.log)
    answer = intake.receive(device, _body(request), trusted.since, now_ms())
    return _cbor(wire.encode_answer(answer), 200 if answer.receipts else 202)


@_endpoint("GET", "/devices/{device}/head", "What is held of a device", _described(200))
def head(
    request: HttpRequest, device: Device, page: Annotated[Page, Query()]
) -> HttpResponse:
    """The ranges held of each epoch, page by page."""
    _insist_on_this_log(page.log)
    return _cbor(wire.encode_head(receipts.head(device, page.after)))


@_endpoint("GET", "/devices/{device}/receipts", "Collect proofs of one epoch", _described(200))
def collect(
    request: HttpRequest, device: Device, wanted: Annotated[Collect, Query()]
) -> HttpResponse:
    """Up to 32 receipts of leaves that reach `from` or beyond, and the cursor for more."""
    _insist_on_this_log(wanted.log)
    page = receipts.Wanted(bytes.fromhex(wanted.epoch), wanted.seq, wanted.since, wanted.hashes)
    return _cbor(wire.encode_answer(receipts.page(device, page, now_ms())))


@_endpoint(
    "POST", "/devices/{device}/readmission", "Come back from a lost log", _described(200, body=True)
)
def readmit(request: HttpRequest, device: Device) -> HttpResponse:
    """What is held of the device, which this log's predecessor had enrolled."""
    readmission.readmit(device, _body(request), now_ms())
    return _cbor(wire.encode_head(receipts.head(device, 0)))


@_endpoint("GET", "/devices/{device}/config", "The device's configuration", _described(200))
def config(request: HttpRequest, device: Device) -> HttpResponse:
    """The newest document as it was signed; 304 for who has it, 404 until one is published."""
    document = tuning.served(device)
    etag = f'"{document.digest.hex()}"'
    known = parse_etags(request.headers.get("If-None-Match", ""))
    same = "*" in known or etag in {one.removeprefix("W/") for one in known}
    response = HttpResponse(status=304) if same else _cbor(document.raw)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["ETag"] = etag
    return response


@_endpoint("GET", "/log/succession", "Which logs this one follows", _described(200))
def followed(request: HttpRequest) -> HttpResponse:
    """The successor statements that this log begins with, proved from nothing."""
    return _cbor(wire.encode_answer(receipts.succession(now_ms())))


@_endpoint("POST", "/log/evidence", "Hand in two notes that contradict", _described(202, body=True))
def evidence(request: HttpRequest) -> HttpResponse:
    """`[1, note, note]`: one size, two roots, both signed by this log."""
    history.keep(_body(request), now_ms())
    return HttpResponse(status=202)


rest = Router()


@rest.api_operation(sorted(METHODS), "/", include_in_schema=False)
@OPEN
def nothing(request: HttpRequest) -> HttpResponse:
    """Whatever else is asked for."""
    return problem(Problem.NOT_FOUND, "nothing is answered here")


@rest.api_operation(sorted(METHODS), "/{path:asked}", include_in_schema=False)
@OPEN
def nothing_below(request: HttpRequest, asked: str) -> HttpResponse:
    """Whatever else is asked for, deeper down."""
    return nothing(request)


api.add_router("/accounts", accounts_router)
api.add_router("/coldchain", coldchain_router)
api.add_router("/pilots", pilots_router)
api.add_router("", rest)


# Refusals


@api.exception_handler(ProtocolError)
def _refused(request: HttpRequest, error: ProtocolError) -> HttpResponse:
    return problem(error.problem, error.detail, span=error.span, index=error.index)


@api.exception_handler(ValidationError)
def _bad_request(request: HttpRequest, error: ValidationError) -> HttpResponse:
    if not request.path.startswith(FOR_DEVICES):
        return refusals.answer(request, Refused(Reason.BAD_INPUT, _field(error)))
    faults = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors)
    return problem(Problem.BAD_REQUEST, "; ".join(faults))


def _field(error: ValidationError) -> str:
    """The first field that is missing or none of its kind: "landings.0.grams"."""
    found: tuple[object, ...] = next((tuple(one["loc"]) for one in error.errors), ())
    first = 2 if found[:1] == ("body",) else 1
    return ".".join(map(str, found[first:]))


@api.exception_handler(HttpError)
def _no_json(request: HttpRequest, error: HttpError) -> HttpResponse:
    return refusals.answer(request, Refused(Reason.BAD_INPUT))


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(Problem.NOT_FOUND, "nothing is answered here")


def trouble(error: Exception) -> HttpResponse | None:
    """What is said when log or database cannot be used just now; None for any other error."""
    if isinstance(error, LogUnavailable | LogBroken):
        kind, detail = Problem.LOG_UNAVAILABLE, "the log cannot be extended just now"
    elif isinstance(error, OperationalError | InterfaceError):
        kind, detail = Problem.BUSY, "the database cannot be used just now"
    else:
        return None
    logger.warning("%s: %s", detail, error)
    abandon()
    return problem(kind, detail)


@api.exception_handler(Exception)
def _internal(request: HttpRequest, error: Exception) -> HttpResponse:
    if (known := trouble(error)) is not None:
        return known
    logger.error("unexpected", exc_info=error)
    abandon()
    return problem(Problem.INTERNAL, "this is a defect of the server; it has been recorded")
