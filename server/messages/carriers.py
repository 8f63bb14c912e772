"""The ways out: a file on this machine, e-mail, an SMS gateway, an organisation's webhook.

Each takes a letter and says "" when it was taken, else a word of a closed list. None of them logs
an address. What the message's number is at one try it is at every other, so that the other end can
tell a second copy.
"""

from __future__ import annotations

import hmac
import json
import os
import smtplib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from server.ledger.tick import now_ms
from server.messages import outside
from server.messages.outside import Dial, Lookup, Target, Trouble
from server.messages.postman import Letter

FILE = "messages.txt"
NOT_SENT = "not-sent"
SUBMISSION, SUBMISSION_TLS = 587, 465


@dataclass(frozen=True, slots=True)
class Console:
    """Appends to a file that only this server's user may read: the default, and the demo's."""

    folder: Path

    def __call__(self, letter: Letter) -> str:
        """Write one message down, address and all: that is what this way out is for."""
        line = f"[{letter.number}] {letter.to.way} {letter.to.address}: {letter.text}\n"
        descriptor = os.open(self.folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)
        return ""


@dataclass(frozen=True, slots=True)
class Mail:
    """E-mail by SMTP; always encrypted. url: smtp:// (STARTTLS) or smtps://."""

    url: str = field(repr=False)
    sender: str

    def __call__(self, letter: Letter) -> str:
        """Hand one message to the mail server."""
        host = self.sender.partition("@")[2]
        message = EmailMessage(
            letter.subject,
            letter.text,
            self.sender,
            [letter.to.address],
            headers={"Message-ID": f"<jagalchi.{letter.number}@{host}>"},
        )
        try:
            return "" if self._backend().send_messages([message]) else NOT_SENT
        except (OSError, smtplib.SMTPException):
            return NOT_SENT

    def _backend(self) -> EmailBackend:
        parts = urlsplit(self.url)
        tls = parts.scheme == "smtps"
        return EmailBackend(
            host=parts.hostname,
            port=parts.port or (SUBMISSION_TLS if tls else SUBMISSION),
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            use_ssl=tls,
            use_tls=not tls,
            timeout=outside.SECONDS,
        )


@dataclass(frozen=True, slots=True)
class Gateway:
    """SMS and messengers: posts {"number", "to", "template", "text"} to the operator's gateway."""

    url: str
    key: str = field(repr=False)
    find: Lookup = outside.lookup
    dial: Dial = outside.dial

    def __call__(self, letter: Letter) -> str:
        """Hand one message to the gateway."""
        told = {"number": letter.number, "to": letter.to.address}
        told |= {"template": letter.template, "text": letter.text}
        target = outside.look(self.url, self.find, anywhere=True)
        return _posted(target, told, {"Authorization": f"Bearer {self.key}"}, self.dial)


@dataclass(frozen=True, slots=True)
class Hook:
    """An organisation's webhook: {"number", "template", "values", "text"}, signed.

    Jagalchi-Signature: t=<ms>,v1=<hexadecimal HMAC-SHA256 of "<ms>.<body>" under the key shown>.
    """

    find: Lookup = outside.lookup
    dial: Dial = outside.dial

    def __call__(self, letter: Letter) -> str:
        """Post one message, if its address lies outside now, too."""
        told = {"number": letter.number, "template": letter.template}
        told |= {"values": dict(letter.values), "text": letter.text}
        at_ms = now_ms()
        body = _encoded(told)
        signed = hmac.new(letter.to.secret.encode(), f"{at_ms}.".encode() + body, "sha256")
        headers = {"Jagalchi-Signature": f"t={at_ms},v1={signed.hexdigest()}"}
        target = outside.look(letter.to.address, self.find)
        return _posted(target, told, headers, self.dial)


def _posted(
    target: Target | Trouble, told: dict[str, object], headers: dict[str, str], dial: Dial
) -> str:
    if isinstance(target, Trouble):
        return str(target)
    headers = {"Content-Type": "application/json", **headers}
    return str(outside.post(target, _encoded(told), headers, dial) or "")


def _encoded(told: dict[str, object]) -> bytes:
    return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
