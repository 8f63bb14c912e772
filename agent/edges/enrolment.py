"""Becoming known to a server, once: a token and a proof of the key out, the pinned keys back.

The answer's very bytes are kept: their hash is where the device's chain begins. An interrupted
enrolment can be repeated, with the same key; a completed one is never done over. The key signs
here only under its own domain, by a command on the device itself.
Spec: docs/protocol.md, section Enrolment.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from agent.core.reply import PROBLEM_TYPE
from agent.edges import files
from agent.edges.courier import LinkLost, Response, Transport
from agent.edges.keys import MAKERS
from agent.edges.signer import Signer
from agent.exits import RefusedError
from agent.settings import Settings
from protocol import cose, wire
from protocol.errors import ProtocolError
from protocol.registry import PROBLEMS, Problem
from protocol.wire import EnrolAnswer

PATH = "/api/enrol"
MAX_ANSWER_BYTES = 16_384
MAX_URL_BYTES = 1_024
MAX_TOKEN = 128


class NotEnrolledError(RefusedError):
    """This device has no server yet, or what it kept of the enrolment is unusable."""


class EnrolmentError(Exception):
    """The server could not be reached or said no; nothing was changed that hinders a next try."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What was agreed: the answer, its bytes as kept, and the server's address."""

    answer: EnrolAnswer
    raw: bytes
    url: str


def is_token(text: str) -> bool:
    """Whether `text` could be what a server shows as a token."""
    plain = text.isascii() and text.isprintable() and " " not in text
    return plain and 0 < len(text) <= MAX_TOKEN


def load(settings: Settings) -> Enrolment:
    """Read what was agreed. Raises NotEnrolledError; an address in the settings goes first."""
    try:
        raw = settings.enrolment_path.read_bytes()[:MAX_ANSWER_BYTES]
        url = settings.server.url or settings.server_url_path.read_text("ascii").strip()
    except FileNotFoundError:
        raise NotEnrolledError(
            f"{settings.enrolment_path}: this device is not enrolled; run: "
            "jagalchi-agent enrol URL TOKEN"
        ) from None
    except (OSError, ValueError) as error:
        raise NotEnrolledError(
            f"{settings.state_dir}: cannot read the enrolment: {error}"
        ) from None
    return Enrolment(_open(raw, str(settings.enrolment_path)), raw, url)


def enrol(settings: Settings, token: str, url: str, transport: Transport) -> Enrolment:
    """Enrol this device and keep the answer.

    Raises RefusedError (already enrolled, key unusable, folder not writable) or EnrolmentError.
    """
    if settings.enrolment_path.exists():
        known = load(settings)
        raise RefusedError(
            f"this device is enrolled already, as {known.answer.device} at {known.answer.origin};"
            " nothing was changed"
        )
    signer = _key(settings)
    request = wire.make_enrol(token, signer.public, signer.sign)
    response = _send(transport, request, settings.server.deadline_ms / 1_000)
    answer = _accept(response, cose.device_id(signer.public))
    _keep(settings, response.body, url)
    return Enrolment(answer, response.body, url)


def _key(settings: Settings) -> Signer:
    """The key of an earlier, interrupted try is used again: the server may know it already."""
    try:
        settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RefusedError(f"{settings.state_dir}: cannot be made: {error.strerror}") from None
    maker = MAKERS[settings.signer]
    return (maker.load if settings.key_path.exists() else maker.create)(settings.key_path)


def _send(transport: Transport, request: bytes, deadline_s: float) -> Response:
    try:
        return transport.send("POST", PATH, request, deadline_s)
    except LinkLost as lost:
        raise EnrolmentError(f"the server cannot be reached: {lost}") from None


def _accept(response: Response, device: str) -> EnrolAnswer:
    """Only an answer about this very key, with a usable log key, is worth pinning for life."""
    if response.status not in (200, 201):
        raise EnrolmentError(f"the server said no: {_reason(response)}")
    try:
        answer = wire.decode_enrol_answer(response.body)
        answer.log_key()
        answer.recovery_key()
    except ProtocolError as error:
        raise EnrolmentError(f"this is not a Jagalchi server's answer ({error})") from None
    if answer.device != device:
        raise EnrolmentError(f"the server answered for another device, {answer.device}")
    return answer


def _reason(response: Response) -> str:
    """The problem's title in both languages, or the bare status where there is none of ours."""
    try:
        kind = str(json.loads(response.body)["type"])
        title = PROBLEMS[Problem(kind.removeprefix(PROBLEM_TYPE))].title
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"HTTP status {response.status}"
    return f"{title.en} / {title.ko}"


def _keep(settings: Settings, raw: bytes, url: str) -> None:
    """The address first: with the answer in place the device counts as enrolled."""
    try:
        files.replace(settings.server_url_path, url.encode() + b"\n")
        files.create(settings.enrolment_path, raw)
    except OSError as error:
        raise RefusedError(
            f"{settings.state_dir}: cannot keep the answer: {error.strerror}"
        ) from None


def _open(raw: bytes, where: str) -> EnrolAnswer:
    try:
        answer = wire.decode_enrol_answer(raw)
        answer.log_key()
        answer.recovery_key()
    except ProtocolError as error:
        raise NotEnrolledError(f"{where}: not a usable enrolment ({error})") from None
    return answer
