"""Posting to an address that somebody else chose, without becoming their way into our network.

The name is looked up once; every address it has must be a public one, also when one is wrapped in
another; the connection is made to the address that was looked at, and to no other. https only, no
redirect is followed, ten seconds and four kilobytes are enough. It refuses everything else with a
word of a closed list, and raises nothing.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

SECONDS = 10
ANSWER_BYTES = 4096
HTTPS = 443
NAT64 = ip_network("64:ff9b::/96")

Address = IPv4Address | IPv6Address
Lookup = Callable[[str, int], Sequence[str]]
Dial = Callable[[str, int], socket.socket]


class Trouble(StrEnum):
    """Why nothing was posted, or what came of it."""

    MISSPELT = "misspelt"
    UNKNOWN_HOST = "unknown-host"
    INTERNAL = "internal-address"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """An answer other than 2xx."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to post to: the one address to connect to, and the name to ask it for."""

    host: str
    port: int
    path: str
    address: str


def lookup(host: str, port: int) -> list[str]:
    """Every address of a name, from the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


def dial(address: str, port: int) -> socket.socket:
    """A connection to that very address."""
    return socket.create_connection((address, port), timeout=SECONDS)


def look(url: str, find: Lookup = lookup, *, anywhere: bool = False) -> Target | Trouble:
    """What a URL stands for, if that lies outside; `anywhere`: an operator's own address."""
    try:
        parts = urlsplit(url)
        port = parts.port or HTTPS
    except ValueError:
        return Trouble.MISSPELT
    host = parts.hostname or ""
    odd = parts.username is not None or parts.fragment or not (url.isascii() and url.isprintable())
    if parts.scheme != "https" or not host or odd or " " in url:
        return Trouble.MISSPELT
    try:
        addresses = list(find(host, port))
    except (OSError, UnicodeError):
        return Trouble.UNKNOWN_HOST
    if not addresses:
        return Trouble.UNKNOWN_HOST
    if not anywhere and not all(map(is_outside, addresses)):
        return Trouble.INTERNAL
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(host, port, path, addresses[0])


def is_outside(text: str) -> bool:
    """Whether an address is a public one, and so is what may be wrapped inside it."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast for one in (address, *_inside(address)))


def post(
    target: Target, body: bytes, headers: Mapping[str, str], connect: Dial = dial
) -> Trouble | None:
    """Post a body; None when it was taken. Ends after SECONDS, whatever the other end does."""
    try:
        connection = connect(target.address, target.port)
    except OSError:
        return Trouble.UNREACHABLE
    secured = context().wrap_socket(
        connection, server_hostname=target.host, do_handshake_on_connect=False
    )
    watch = threading.Timer(SECONDS, _cut, [secured])
    watch.start()
    try:
        secured.do_handshake()
        return _ask(secured, target, body, headers)
    except (OSError, http.client.HTTPException, ValueError):
        return Trouble.UNREACHABLE
    finally:
        watch.cancel()
        secured.close()


@cache
def context() -> ssl.SSLContext:
    """What is trusted: the system's authorities."""
    return ssl.create_default_context()


def _ask(
    secured: ssl.SSLSocket, target: Target, body: bytes, headers: Mapping[str, str]
) -> Trouble | None:
    exchange = http.client.HTTPSConnection(target.host, target.port, timeout=SECONDS)
    exchange.sock = secured
    exchange.request("POST", target.path, body, {**headers, "Connection": "close"})
    response = exchange.getresponse()
    response.read(ANSWER_BYTES)
    return None if 200 <= response.status < 300 else Trouble.REFUSED


def _cut(secured: ssl.SSLSocket) -> None:
    # The plain socket's shutdown: that of TLS would take the session from under the other thread.
    with suppress(OSError):
        socket.socket.shutdown(secured, socket.SHUT_RDWR)


def _inside(address: Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    wrapped = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64:
        wrapped.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return [one for one in wrapped if one is not None]
