"""N7: over TLS a truck speaks to the right server or not at all, and never falls back to less."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.edges.courier import LinkLost, RequestsTransport
from tests import reliability
from tests.agent.rig import Server
from tests.agent.truck import Truck, assert_delivered
from tests.net.certificates import Authority, Leaf
from tests.net.depot import driving
from tests.net.http import PIECE, Stream, answering, listening, request_of, written

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")

TRIES = 5
HANDSHAKE = 0x16


def old(ours: Authority) -> ssl.SSLContext:
    """A server that speaks nothing newer than TLS 1.1."""
    context = ours.server(Leaf())
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def of_another(ours: Authority) -> ssl.SSLContext:
    """A certificate by an authority that the truck does not know."""
    return Authority(ours.path.parent, "another").server(Leaf())


WRONG: dict[str, Callable[[Authority], ssl.SSLContext]] = {
    "of another host": lambda ours: ours.server(Leaf(host="other.example")),
    "expired": lambda ours: ours.server(Leaf(begins=-9, ends=-1)),
    "not valid yet (the truck's clock is behind, as at 1970)": lambda ours: ours.server(
        Leaf(begins=1, ends=9)
    ),
    "self-signed": lambda ours: ours.alone(Leaf()),
    "of an unknown authority": of_another,
    "TLS 1.1": old,
}


@dataclass
class Port:
    """A log server behind TLS: what it speaks, and all that came out of it or instead of it."""

    context: ssl.SSLContext
    server: Server = field(default_factory=Server)
    openings: list[int] = field(default_factory=list)
    read: int = 0

    def serve(self, client: socket.socket) -> None:
        """See `listening`."""
        first = client.recv(1, socket.MSG_PEEK)
        self.openings.append(first[0] if first else HANDSHAKE)
        with contextlib.suppress(ssl.SSLError), self._wrapped(client) as secure:
            stream = Stream(secure)
            while message := stream.message():
                self.read += len(message)
                one = request_of(message)
                secure.sendall(written(self.server.send(one.method, one.path, one.body, 60)))

    def _wrapped(self, client: socket.socket) -> ssl.SSLSocket:
        return self.context.wrap_socket(client.dup(), server_side=True)


@contextlib.contextmanager
def secured(context: ssl.SSLContext) -> Iterator[tuple[Port, str]]:
    """A port and its address."""
    port = Port(context)
    with listening(port.serve) as (host, number):
        yield port, f"https://{host}:{number}"


@pytest.mark.parametrize("name", WRONG)
def test_N7_a_wrong_certificate_gets_no_byte_and_the_right_one_everything(
    name: str, tmp_path: Path
) -> None:
    ours = Authority(tmp_path)
    with secured(WRONG[name](ours)) as (port, url):
        truck = Truck(tmp_path, RequestsTransport(url, ours.path))
        with driving(truck) as drive:
            while len(port.openings) < TRIES:
                drive.turn()
            read, counters, openings = port.read, drive.state.counters, list(port.openings)
            port.context = ours.server(Leaf())
            drive.drain()
    plain = sum(one != HANDSHAKE for one in openings)
    result = f"refused, {read} bytes of payload, {plain} in the clear"
    reliability.note("N7", f"a certificate {name}", len(openings), result)
    assert (read, plain, counters.proved) == (0, 0, 0) and counters.waiting > 0
    assert_delivered(truck, port.server)


def test_N7_the_right_certificate_is_believed_and_all_arrives(tmp_path: Path) -> None:
    ours = Authority(tmp_path)
    with secured(ours.server(Leaf())) as (port, url):
        truck = Truck(tmp_path, RequestsTransport(url, ours.path))
        truck.drive(2, drain=True)
    reliability.note("N7", "a good certificate", 1, f"{port.read} bytes of payload")
    assert port.read > 0
    assert_delivered(truck, port.server)


def test_the_old_server_of_these_tests_can_be_spoken_to_by_who_is_not_careful(
    tmp_path: Path,
) -> None:
    """Else its refusal above would say nothing about the truck."""
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    careless.set_ciphers("ALL:@SECLEVEL=0")
    careless.minimum_version = ssl.TLSVersion.TLSv1
    with secured(old(Authority(tmp_path))) as (_, url):
        where = ("127.0.0.1", int(url.rpartition(":")[2]))
        with socket.create_connection(where, 10) as plain, careless.wrap_socket(plain) as secure:
            assert secure.version() == "TLSv1.1"


def taken(url: str, ca_file: Path | None) -> bool:
    """Whether a request came through to the port."""
    try:
        RequestsTransport(url, ca_file).send("GET", "/api/devices/x/head", b"", 10.0)
    except LinkLost:
        return False
    return True


def test_N7_without_the_authority_nothing_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never configured; gone from the disk; not a certificate; and named by the environment."""
    ours, theirs = Authority(tmp_path), Authority(tmp_path, "theirs")
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate")
    with secured(ours.server(Leaf())) as (port, url):
        told = [taken(url, one) for one in (None, tmp_path / "gone.pem", empty, theirs.path)]
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, str(ours.path))
        told += [taken(url, one) for one in (None, theirs.path)]
        read, plain = port.read, set(port.openings) - {HANDSHAKE}
        assert taken(url, ours.path)
    how = "the authority not configured, removed, empty, another, named by the environment"
    reliability.note("N7", how, len(told), f"{sum(told)} believed, {read} bytes of payload")
    assert (any(told), read, plain) == (False, 0, set())


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_N7_a_redirect_to_plain_http_is_not_followed(code: int, tmp_path: Path) -> None:
    ours, asked = Authority(tmp_path), list[object]()

    def plain(request: object) -> bytes:
        asked.append(request)
        return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    with answering(plain) as elsewhere:
        away = f"HTTP/1.1 {code} Away\r\nLocation: {elsewhere}/\r\nContent-Length: 0\r\n\r\n"
        context = ours.server(Leaf())

        def redirect(client: socket.socket) -> None:
            with context.wrap_socket(client.dup(), server_side=True) as secure:
                while secure.recv(PIECE):
                    secure.sendall(away.encode())

        with listening(redirect) as (host, port):
            line = RequestsTransport(f"https://{host}:{port}", ours.path)
            assert line.send("POST", "/api/x", b"payload", 10.0).status == code
    reliability.note("N7", f"{code} from https to http", 1, f"{len(asked)} requests followed it")
    assert asked == []
