"""S3, S4: what strangers may do to a real server process from outside."""

from __future__ import annotations

import gzip
import os
import socket
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest

from protocol import wire
from tests import reliability
from tests.net.depot import Depot
from tests.net.hostile import POSTS, Stranger
from tests.net.http import Stream, response_of
from tests.net.process import rss, worker_of
from tests.protocol import build

pytestmark = pytest.mark.e2e

CASES = 50_000 if os.environ.get("JAGALCHI_CAMPAIGN") else 5_000
SEED = 20_261_126
MIB = 1 << 20
BOMB_BYTES, BOMBS, GROWTH = 50 * MIB, 200, 32 * MIB
ENCODINGS = ("gzip", "deflate", "br", "zstd", "compress", "identity", "GZIP", "gzip, gzip", "", "x")


@pytest.fixture(scope="module")
def depot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Depot]:
    """A server with few devices, so that its pages are short."""
    found = Depot(tmp_path_factory.mktemp("strangers"), 3)
    try:
        yield found
    finally:
        found.server.child.kill()


class Caller:
    """Asks over one connection as long as the server keeps it, as any HTTP client does."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._stream: Stream | None = None

    def status(self, request: bytes) -> int:
        """Send, and take in the whole answer; a connection that was kept may be gone by now."""
        kept = self._stream is not None
        answer = self._answer(request)
        if kept and not answer:
            answer = self._answer(request)
        response = response_of(answer)
        if response.headers.get("connection", "").lower() == "close":
            self.leave()
        return response.status

    def _answer(self, request: bytes) -> bytes:
        if self._stream is None:
            self._stream = Stream(socket.create_connection(self._address, 30))
        answer = b""
        with suppress(ConnectionError):
            self._stream.sock.sendall(request)
            answer = self._stream.message()
        if not answer:
            self.leave()
        return answer

    def leave(self) -> None:
        """Close what is open."""
        if self._stream is not None:
            self._stream.sock.close()
        self._stream = None


def honest_bodies(depot: Depot) -> tuple[str, tuple[bytes, ...]]:
    """A device that is enrolled, and one good body for each endpoint."""
    key, answer = depot.identity()
    origin = wire.decode_enrol_answer(answer).origin
    chain = build.chain(4, who=key, first_prev=wire.first_prev(answer), origin=origin)
    enrolment = wire.make_enrol("token", key.cose_key, key.sign)
    notes = b"\x83\x01\x63abc\x63abd"
    return key.device, (wire.encode_batch([build.raw(chain)]), enrolment, notes)


def test_S3_nothing_a_stranger_sends_is_answered_with_a_5xx(depot: Depot) -> None:
    device, bodies = honest_bodies(depot)
    worker, caller = worker_of(depot.server.child.process.pid), Caller(depot.address)
    told: Counter[int] = Counter()
    worst: list[bytes] = []
    for request in Stranger(SEED, device, bodies).requests(CASES):
        status = caller.status(request)
        told[status] += 1
        if status >= 500:
            worst.append(request[:300])
    caller.leave()
    same = worker_of(depot.server.child.process.pid) == worker
    log = depot.server.log.read_text()
    result = ", ".join(f"{count} x {code}" for code, count in sorted(told.items()))
    reliability.note("S3", "hostile CBOR, JSON, addresses and headers, by socket", CASES, result)
    assert worst == [] and same and "Traceback" not in log
    assert len(told) >= 5, told


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_S4_any_content_encoding_is_refused(encoding: str, depot: Depot) -> None:
    bomb, refused = gzip.compress(bytes(MIB)), 0
    for path in POSTS:
        caller = Caller(depot.address)
        refused += caller.status(encoded(path.format(device="a" * 16), encoding, bomb)) == 415
        caller.leave()
    assert refused == len(POSTS)


def encoded(path: str, encoding: str, body: bytes) -> bytes:
    """A request whose body says that it is packed."""
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Type: {wire.MEDIA_TYPE}",
        f"Content-Encoding: {encoding}",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_S4_bombs_are_never_unpacked_and_large_bodies_leave_no_memory_behind(depot: Depot) -> None:
    device, _ = honest_bodies(depot)
    worker, caller = worker_of(depot.server.child.process.pid), Caller(depot.address)
    once = gzip.compress(bytes(BOMB_BYTES))
    bombs = {"gzip": once, "gzip, gzip": gzip.compress(once), "deflate": zlib.compress(once)}
    large = _plain(f"/api/devices/{device}/spans", bytes(MIB))
    told: Counter[int] = Counter(caller.status(large) for _ in range(20))  # warm
    before = most = rss(worker)
    for number in range(BOMBS):
        encoding, bomb = list(bombs.items())[number % len(bombs)]
        path = POSTS[number % len(POSTS)].format(device=device)
        told[caller.status(encoded(path, encoding, bomb))] += 1
        told[caller.status(large)] += 1
        most = max(most, rss(worker))
    caller.leave()
    grown = most - before
    how = f"{BOMB_BYTES // MIB} MiB packed into {len(once) // 1024} KiB, and a body of 1 MiB"
    reliability.note("S4", how, BOMBS, f"memory grew by {grown / MIB:.1f} MiB, {dict(told)}")
    assert grown <= GROWTH and set(told) == {400, 415}


def _plain(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {wire.MEDIA_TYPE}\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
