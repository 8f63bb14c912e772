"""N6: whatever is answered, nothing is pruned, nobody is hammered, and in the end all arrives.

A real truck whose clock is stepped, over real sockets, to a server that says one wrong thing for
a while and is a good log server afterwards.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from agent import loop
from agent.core.sync import Phase
from agent.edges.courier import Request, RequestsTransport, Response
from protocol import wire
from protocol.registry import PROBLEMS, Problem
from tests import reliability
from tests.agent.rig import CBOR, Server
from tests.agent.truck import Truck, assert_delivered
from tests.net.depot import Drive, driving
from tests.net.http import answering, written

DAY_MS = 86_400_000
LINK_S, SERVER_S, HALTED_S = 60, 900, 3_600
"""The longest pause between two tries, s: no answer of ours; busy or out of order; refused."""
HTML = {"Content-Type": "text/html"}
PORTAL = b"<html><title>Busan Harbour Wi-Fi</title>Welcome! Accept to go on.</html>"
CUT = wire.encode_answer(wire.Answer((), None, 0, (), (), None, 7))[:-1]


def problem(kind: Problem, **headers: str) -> Response:
    """What our own server would say."""
    body = json.dumps({"type": f"urn:jagalchi:problem:{kind}"}).encode()
    return Response(
        PROBLEMS[kind].status, {"Content-Type": "application/problem+json", **headers}, body
    )


BARE = {code: Response(code, HTML, PORTAL) for code in (500, 502, 503, 401, 403, 404, 415, 418)}
SAYS: dict[str, tuple[Response, int]] = {
    "500": (BARE[500], SERVER_S),
    "502 of a proxy": (BARE[502], SERVER_S),
    "503 of a proxy": (BARE[503], SERVER_S),
    "500 internal": (problem(Problem.INTERNAL), SERVER_S),
    "503 busy": (problem(Problem.BUSY), SERVER_S),
    "429": (problem(Problem.TOO_MANY_REQUESTS), SERVER_S),
    "429, Retry-After of a day": (Response(429, {"Retry-After": "86400"}), SERVER_S),
    "503, Retry-After a date": (
        Response(503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        SERVER_S,
    ),
    "401": (BARE[401], LINK_S),
    "403": (BARE[403], LINK_S),
    "403 revoked": (problem(Problem.REVOKED), HALTED_S),
    "404": (BARE[404], LINK_S),
    "404 unknown-device": (problem(Problem.UNKNOWN_DEVICE), HALTED_S),
    "415": (BARE[415], LINK_S),
    "415 media-type": (problem(Problem.MEDIA_TYPE), SERVER_S),
    "418": (BARE[418], LINK_S),
    "301": (Response(301, {"Location": "http://127.0.0.1:9/"}), LINK_S),
    "302": (Response(302, {"Location": "http://127.0.0.1:9/"}), LINK_S),
    "307": (Response(307, {"Location": "http://127.0.0.1:9/"}), LINK_S),
    "204": (Response(204), LINK_S),
    "200 with a portal's page": (Response(200, HTML, PORTAL), LINK_S),
    "200 with JSON": (Response(200, {"Content-Type": "application/json"}, b'{"ok":true}'), LINK_S),
    "an empty 200": (Response(200), LINK_S),
    "an empty 200 of our type": (Response(200, CBOR), LINK_S),
    "200 with a page of our type": (Response(200, CBOR, PORTAL), LINK_S),
    "200 with CBOR cut short": (Response(200, CBOR, CUT), LINK_S),
}


@dataclass
class Moody:
    """A log server that says `says` instead, as long as that is set."""

    server: Server = field(default_factory=Server)
    says: Response | None = None
    asked: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> bytes:
        """The bytes of an answer."""
        self.asked.append(request)
        if self.says is not None:
            return written(self.says)
        return written(self.server.send(request.method, request.path, request.body, 60))


@dataclass
class Watched:
    """The agent's own transport, and the truck's time at which each request left."""

    line: RequestsTransport
    truck: Truck | None = None
    sent_ms: list[int] = field(default_factory=list)

    def send(self, method: str, path: str, body: bytes, deadline_s: float) -> Response:
        """See Transport."""
        assert self.truck is not None
        self.sent_ms.append(self.truck.clock.read().boot_ms)
        return self.line.send(method, path, body, deadline_s)

    def gaps_s(self) -> list[float]:
        """Seconds between one request and the next."""
        return [(after - before) / 1_000 for before, after in pairwise(self.sent_ms)]


def live(drive: Drive, for_ms: int) -> None:
    """The loop as it is, waking up when it wants to; at the end nothing is under way."""
    end = drive.state.now.boot_ms + for_ms
    while drive.state.now.boot_ms < end or drive.state.sync.phase is Phase.IN_FLIGHT:
        state = drive.turn(after_ms=0)
        if state.sync.phase is not Phase.IN_FLIGHT:  # an answer wakes it up at once
            drive.edge.clock.wait(loop._pause_ms(drive.edge, state))


def fitted(folder: Path, url: str) -> tuple[Truck, Watched]:
    """A truck whose jitter is always the longest, so that it waits for the whole ceiling."""
    line = Watched(RequestsTransport(url))
    line.truck = Truck(folder, line, chance=lambda count: b"\xff" * count)
    return line.truck, line


@pytest.mark.parametrize("name", SAYS)
def test_N6_a_wrong_answer_prunes_nothing_loses_nothing_and_is_not_asked_for_in_a_hurry(
    name: str, tmp_path: Path
) -> None:
    said, cap_s = SAYS[name]
    long_s = 2 * cap_s + 200
    moody = Moody()
    with answering(moody.answer) as url:
        truck, line = fitted(tmp_path, url)
        with driving(truck) as drive:
            live(drive, 120_000)
            before, moody.says, line.sent_ms = drive.state.counters, said, []
            live(drive, long_s * 1_000)
            after, gaps, moody.says = drive.state.counters, line.gaps_s(), None
            drive.edge.clock.wait(cap_s * 1_000)
            drive.drain()
        lost = len({row.sealed for row in truck.rows()} - set(moody.server.records()))
    marked = after.proved - before.proved
    result = f"{marked} marked, {lost} lost, one request per {min(gaps):.0f} to {max(gaps):.0f} s"
    reliability.note("N6", f"{long_s // 60} minutes of {name}", len(gaps) + 1, result)
    assert (marked, lost, after.evicted) == (0, 0, 0)
    assert after.committed - before.committed > long_s / 10
    assert min(gaps) >= 1 and cap_s / 2 <= max(gaps) <= cap_s
    assert_delivered(truck, moody.server)


@pytest.mark.parametrize(("asked_s", "waited_s"), [(7, 7), (120, 120), (5_000, SERVER_S)])
def test_N6_retry_after_is_honoured_up_to_a_quarter_of_an_hour(
    asked_s: int, waited_s: int, tmp_path: Path
) -> None:
    moody = Moody(says=problem(Problem.BUSY, **{"Retry-After": str(asked_s)}))
    with answering(moody.answer) as url:
        truck, line = fitted(tmp_path, url)
        with driving(truck) as drive:
            live(drive, (waited_s + 10) * 1_000)
    reliability.note("N6", f"Retry-After: {asked_s}", 1, f"{line.gaps_s()[0]:.0f} s waited")
    assert waited_s <= line.gaps_s()[0] <= waited_s + 1


def test_N6_413_halves_the_span_until_it_fits(tmp_path: Path) -> None:
    moody, most = Moody(), 10
    longest: list[int] = []

    def answer(request: Request) -> bytes:
        if request.method == "POST":
            longest.append(max(map(len, wire.decode_batch(request.body))))
            if longest[-1] > most and moody.says is None:
                return written(problem(Problem.TOO_LARGE))
        return moody.answer(request)

    with answering(answer) as url:
        truck, _ = fitted(tmp_path, url)
        moody.says = BARE[502]
        truck.drive(30)
        moody.says = None
        longest.clear()
        with driving(truck) as drive:
            drive.drain()
            aside = drive.state.counters.set_aside
    how = f"413 for more than {most} rows"
    reliability.note("N6", how, len(longest), f"spans of {longest[:6]} ... rows, {aside} set aside")
    assert aside == 0 and max(longest) > 100 and longest[-1] <= most
    assert_delivered(truck, moody.server)


def test_N6_413_for_ever_sets_rows_aside_and_tries_them_again_a_day_later(tmp_path: Path) -> None:
    moody = Moody()
    with answering(moody.answer) as url:
        truck, line = fitted(tmp_path, url)
        with driving(truck) as drive:
            live(drive, 60_000)
            moody.says, line.sent_ms = problem(Problem.TOO_LARGE), []
            live(drive, 900_000)
            counters = drive.state.counters
            assert counters.set_aside > 50 and counters.waiting >= counters.set_aside
            assert min(line.gaps_s()) >= 1 and drive.state.sync.phase is not Phase.HALTED
            moody.says = None
            drive.edge.clock.wait(DAY_MS)
            drive.drain()
    reliability.note("N6", "413 for ever", len(line.sent_ms), "0 lost, set aside and sent again")
    assert_delivered(truck, moody.server)
