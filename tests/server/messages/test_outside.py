"""No address that somebody else chose leads into a network of ours."""

from __future__ import annotations

import socket

import pytest

from server.messages import outside
from server.messages.carriers import Hook
from server.messages.outside import Target, Trouble, is_outside, look
from server.messages.postman import Way
from tests import reliability
from tests.server.messages.letters import letter

HOOK = "https://hook.example.org/in"
OUTSIDE = "93.184.216.34"
INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:1:2:3:4:80ff:fffe",
    "2001:db8::1",
    "nonsense",
]
MISSPELT = [
    "",
    "http://example.org/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://example.org/",
    "https://",
    "https:///path",
    "https://user@example.org/",
    "https://user:secret@example.org/",
    "https://example.org/#x",
    "https://example.org:99999/",
    "https://example.org:x/",
    "https://[::1",
    "https://exa mple.org/",
    "https://example.org/\r\nHost: x",
    "https://예.한국/",
    "javascript:alert(1)",
]


def to(*addresses: str) -> outside.Lookup:
    return lambda _host, _port: addresses


@pytest.mark.parametrize("address", INSIDE)
def test_S9_an_address_inside_is_none_outside(address: str) -> None:
    assert not is_outside(address)
    assert look("https://example.org/", to(address)) is Trouble.INTERNAL
    assert look("https://example.org/", to(OUTSIDE, address)) is Trouble.INTERNAL


@pytest.mark.parametrize("address", [OUTSIDE, "2606:2800:220:1:248:1893:25c8:1946"])
def test_an_address_outside_is_taken_as_it_was_looked_at(address: str) -> None:
    found = look("https://Example.org:8443/hook?a=1", to(address))
    assert found == Target("example.org", 8443, "/hook?a=1", address)


@pytest.mark.parametrize("url", MISSPELT)
def test_S9_what_is_no_https_address_is_refused_without_a_lookup(url: str) -> None:
    asked: list[str] = []

    def find(host: str, _port: int) -> list[str]:
        asked.append(host)
        return [OUTSIDE]

    assert look(url, find) is Trouble.MISSPELT
    assert asked == []


def test_a_name_that_nobody_knows_is_told() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror

    assert look("https://example.org/", unknown) is Trouble.UNKNOWN_HOST
    assert look("https://example.org/", to()) is Trouble.UNKNOWN_HOST


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://2130706433/",
     "https://0x7f.1/", "https://[::ffff:127.0.0.1]/"],
)
def test_S9_every_spelling_of_this_machine_is_inside(url: str) -> None:
    assert look(url) in (Trouble.INTERNAL, Trouble.UNKNOWN_HOST)


def test_S9_the_figures_are_noted() -> None:
    let_through = [one for one in INSIDE if is_outside(one)]
    told = f"{len(let_through)} let through"
    reliability.note("S9", "webhook to an internal, wrapped or misspelt address",
                     len(INSIDE) + len(MISSPELT), told)
    assert let_through == []


def test_nothing_is_dialled_for_an_address_inside() -> None:
    dialled: list[str] = []

    def dial(address: str, _port: int) -> socket.socket:
        dialled.append(address)
        raise OSError

    for address in INSIDE:
        assert Hook(to(address), dial)(letter(Way.WEBHOOK, HOOK)) == "internal-address"
    assert dialled == []
    assert Hook(to(OUTSIDE), dial)(letter(Way.WEBHOOK, HOOK)) == "unreachable"
