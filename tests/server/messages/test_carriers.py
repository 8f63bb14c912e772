"""The ways out: what reaches the other end, and what an odd other end comes to."""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
from pathlib import Path

import pytest

from server.messages import carriers, outside
from server.messages.carriers import Gateway, Hook, Mail
from server.messages.postman import Way
from tests.server.messages.letters import letter
from tests.server.messages.tls import Mailbox, Taker, taken

OUTSIDE = "93.184.216.34"


def to(*addresses: str) -> outside.Lookup:
    return lambda _host, _port: addresses


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
HOOK = "https://hook.example.org/in"


def test_a_webhook_is_signed_and_posted_to_the_address_that_was_looked_at(trusted: Path) -> None:
    taker = Taker(trusted, OK)
    hook = Hook(to(OUTSIDE), taker.dial)
    one = letter(Way.WEBHOOK, HOOK, "s3cret")
    assert taken(taker, lambda: hook(one)) == ""
    head, _, body = taker.got.partition(b"\r\n\r\n")
    assert taker.dialled == [OUTSIDE]
    assert b"Host: hook.example.org" in head and head.startswith(b"POST /in HTTP/1.1")
    found = re.search(rb"Jagalchi-Signature: t=(\d+),v1=([0-9a-f]{64})", head)
    assert found is not None
    right = hmac.new(b"s3cret", found[1] + b"." + body, hashlib.sha256).hexdigest()
    assert right == found[2].decode()
    assert b'"number": 7' in body


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
         "refused"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "refused"),
        (b"garbage", "unreachable"),
        (b"", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + b"x" * 9000, ""),
    ],
)
def test_an_odd_answer_is_a_word_and_no_redirect_is_followed(
    trusted: Path, answer: bytes, said: str
) -> None:
    taker = Taker(trusted, answer)
    hook = Hook(to(OUTSIDE), taker.dial)
    assert taken(taker, lambda: hook(letter(Way.WEBHOOK, HOOK))) == said
    assert len(taker.dialled) == 1


def test_a_certificate_of_another_host_is_not_believed(trusted: Path) -> None:
    taker = Taker(trusted, OK)
    hook = Hook(to(OUTSIDE), taker.dial)
    url = "https://other.example.org/"
    assert taken(taker, lambda: hook(letter(Way.WEBHOOK, url))) == "unreachable"
    assert taker.got == b""


def test_an_end_that_says_nothing_is_given_up(
    trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        def dial(_address: str, _port: int) -> socket.socket:
            return socket.create_connection(("127.0.0.1", port), timeout=5)

        assert Hook(to(OUTSIDE), dial)(letter(Way.WEBHOOK, HOOK)) == "unreachable"


def test_the_gateway_gets_number_address_and_text(trusted: Path) -> None:
    taker = Taker(trusted, OK)
    gateway = Gateway("https://hook.example.org/send", "k3y", to("10.0.0.9"), taker.dial)
    assert taken(taker, lambda: gateway(letter(Way.PHONE, "+821012345678"))) == ""
    assert b"Authorization: Bearer k3y" in taker.got
    assert b'"to": "+821012345678"' in taker.got
    assert "k3y" not in repr(gateway)


def test_mail_is_handed_over_encrypted_with_a_stable_id(trusted: Path) -> None:
    box = Mailbox(trusted)
    mail = Mail(f"smtps://localhost:{box.port}", "jagalchi@example.org")
    assert taken(box, lambda: mail(letter())) == ""
    assert b"RCPT TO:<kim@example.kr>" in box.got or b"rcpt TO:<kim@example.kr>" in box.got
    assert b"Message-ID: <jagalchi.7@example.org>" in box.got


def test_a_mail_server_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    mail = Mail(f"smtp://user:geheim@127.0.0.1:{port}", "jagalchi@example.org")
    assert mail(letter()) == carriers.NOT_SENT
    assert "geheim" not in repr(mail)


def test_the_console_writes_a_file_for_its_owner_only(tmp_path: Path) -> None:
    console = carriers.Console(tmp_path)
    console(letter())
    console(letter(Way.PHONE, "+821012345678"))
    file = tmp_path / carriers.FILE
    assert file.stat().st_mode & 0o077 == 0
    lines = file.read_text("utf-8").splitlines()
    assert lines[0].startswith("[7] email kim@example.kr: 본문") and len(lines) == 2
