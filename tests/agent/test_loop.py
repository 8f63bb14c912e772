"""Whole lives of an agent against a small log server: dead zones, storms, restarts, lies."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.core import health
from agent.core.plan import Plan
from agent.core.shelf import Cut
from agent.edges.clock import SteppedClock
from agent.edges.courier import Response
from agent.edges.outbox import Caps, Outbox
from agent.edges.sealer import Sealer
from agent.edges.signer import verify_ed25519
from agent.loop import Edge, Mode, State, begin, run, turn
from hal import Bench, open_bench
from protocol import merkle, wire
from protocol.bodies import EventBody
from protocol.record import Sealed
from protocol.registry import Event, Kind, Problem
from tests.agent.rig import (
    IDENTITY,
    ORIGIN,
    SIGNER,
    START_UTC_MS,
    DirectCourier,
    Line,
    Server,
    epochs,
    fast_folder,
    on_disk,
    opened,
)
from tests.protocol.testlog import Log, note_key

MINUTE = 60_000


def bench(scenario: str = "steady", link: str = "none") -> Bench:
    """A simulated truck with two quantities, a door and a receiver."""
    truck = {"part": "mock-truck"}
    return open_bench(
        {
            "sensors": [{"number": 1, "name": "air", "part": "mock-truck"}],
            "position": truck,
            "door": truck,
            "link": {"part": link},
            "scenario": scenario,
            "seed": 7,
            "start_utc_ms": START_UTC_MS,
        }
    )


@dataclass
class Truck:
    """An agent on a folder and a line; `drive` lives for a while and checks every turn."""

    path: Path
    line: Line
    parts: Bench = field(default_factory=bench)
    caps: Caps = field(default_factory=Caps)
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(START_UTC_MS))
    entropy: object = field(default_factory=epochs)
    states: list[health.State] = field(default_factory=list)

    def edge(self, until_ms: int, *, drain: bool) -> tuple[Outbox, Edge]:
        """Open every door; sampling ends at `until_ms` of the clock."""
        outbox = opened(self.path, self.caps)
        entropy = self.entropy
        assert callable(entropy)
        sealer = Sealer(outbox, SIGNER, IDENTITY, entropy)
        deadline = until_ms + 240 * MINUTE

        def mode(state: State) -> Mode:
            if state.now.boot_ms < until_ms:
                return Mode.RUN
            done = not drain or (state.closed and state.drained) or state.now.boot_ms > deadline
            return Mode.STOP if done else Mode.DRAIN

        edge = Edge(
            clock=self.clock,
            bench=self.parts,
            sealer=sealer,
            courier=DirectCourier(self.line),
            plan=Plan("truck", note_key(ORIGIN).key(), 10_000, 30_000),
            verify=verify_ed25519,
            entropy=lambda count: bytes(count),
            mode=mode,
            report=self.check,
            descriptors=lambda: (),
            serve=lambda ready, state: None,
        )
        return outbox, edge

    def drive(self, minutes: int, *, drain: bool = False) -> State:
        """Live for so many minutes, then stop in order."""
        outbox, edge = self.edge(self.clock.read().boot_ms + minutes * MINUTE, drain=drain)
        try:
            return run(edge)
        finally:
            outbox.close()

    @contextlib.contextmanager
    def running(self) -> Iterator[tuple[Edge, State]]:
        """The loop's doors and its first state, for tests that turn it by hand."""
        outbox, edge = self.edge(1 << 60, drain=False)
        with contextlib.closing(outbox):
            yield edge, begin(edge)

    def check(self, state: State) -> None:
        """True after every turn."""
        counters = state.counters
        assert counters.made == counters.committed + counters.uncommitted + counters.overflowed
        assert counters.committed == counters.waiting + counters.proved + counters.evicted
        assert counters.proved <= counters.shipped <= counters.committed
        if not self.states or self.states[-1] is not state.health.state:
            self.states.append(state.health.state)

    def rows(self) -> list[Sealed]:
        """What is on the card."""
        return on_disk(self.path)


def live(edge: Edge, state: State, minutes: int) -> State:
    """Turn by hand, a turn every second of the clock."""
    for _ in range(minutes * 60):
        state = turn(edge, state, Mode.RUN)
        edge.report(state)
        edge.clock.wait(1_000)
    return state


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as path:
        yield path


def assert_delivered(truck: Truck, server: Server) -> None:
    """The server holds exactly what is on the card, byte for byte, each once."""
    assert sorted(server.records()) == sorted(row.sealed for row in truck.rows())


def test_a_calm_hour_is_recorded_shipped_and_proved(folder: Path) -> None:
    server = Server()
    truck = Truck(folder, Line(server))
    state = truck.drive(60, drain=True)
    assert state.counters.waiting == 0
    assert state.counters.proved == state.counters.made == len(truck.rows())
    assert_delivered(truck, server)
    kinds = [row.record.kind for row in truck.rows()]
    assert kinds[0] is Kind.OPENING
    assert kinds[-1] is Kind.CLOSING
    assert kinds.count(Kind.READING) == 361
    assert kinds.count(Kind.POSITION) == 121
    assert truck.states[-1] is health.State.PROVED


def test_in_a_dead_zone_nothing_is_lost_and_the_backlog_drains(folder: Path) -> None:
    server = Server()
    truck = Truck(folder, Line(server), bench("dead-zone", "mock-truck"))
    state = truck.drive(120, drain=True)
    assert health.State.OFFLINE in truck.states
    assert state.counters.waiting == 0
    assert_delivered(truck, server)


def test_verifying_is_worth_few_requests_and_few_signature_checks(folder: Path) -> None:
    server, checks = Server(), itertools.count()

    def counting(public: bytes, message: bytes, signature: bytes) -> bool:
        next(checks)
        return verify_ed25519(public, message, signature)

    truck = Truck(folder, Line(server))
    outbox, edge = truck.edge(60 * MINUTE, drain=False)
    counted = Edge(**{name: getattr(edge, name) for name in edge.__slots__} | {"verify": counting})
    run(counted)
    outbox.close()
    assert next(checks) <= 62


@pytest.mark.parametrize("fate", ["lost", "unheard"])
@pytest.mark.parametrize("period", [2, 3])
def test_every_second_or_third_exchange_fails_and_nothing_is_lost_or_doubled(
    folder: Path, fate: str, period: int
) -> None:
    server = Server()
    script = itertools.islice(itertools.cycle(["ok"] * (period - 1) + [fate]), 200)
    truck = Truck(folder, Line(server, script))
    state = truck.drive(30, drain=True)
    assert state.counters.waiting == 0
    assert_delivered(truck, server)


PORTAL = Response(200, {"content-type": "text/html"}, b"<html>Welcome")
STORM: list[str | Response] = [
    "ok",
    "lost",
    "unheard",
    PORTAL,
    Response(302, {"location": "http://portal.example/"}, b""),
    Response(503, {"retry-after": "30"}, b""),
    Response(500, {}, b""),
    Response(429, {"retry-after": "1"}, b""),
    Response(401, {}, b""),
    Response(403, {}, b""),
    Response(404, {}, b"not found"),
    Response(413, {}, b""),
    Response(200, {"content-type": "application/cbor"}, b"\xff\x00garbage"),
]


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=8)
@given(st.lists(st.sampled_from(STORM), max_size=60))
def test_after_any_storm_the_calm_proves_everything(script: list[str | Response]) -> None:
    with fast_folder() as path:
        server = Server(prompt=len(script) % 2 == 0)
        truck = Truck(path, Line(server, iter(script)))
        state = truck.drive(10, drain=True)
        aside = state.counters.set_aside
        # A record that met 413 alone is set aside: it waits for its hour, it is not lost.
        assert state.counters.waiting == aside
        assert state.counters.made == state.counters.committed == len(truck.rows())
        assert len(server.records()) == len(truck.rows()) - aside


def test_a_captive_portal_empties_nothing(folder: Path) -> None:
    server = Server()
    truck = Truck(folder, Line(server, itertools.repeat(PORTAL)))
    state = truck.drive(60)
    assert state.counters.waiting == state.counters.committed == len(truck.rows())
    assert state.counters.shipped == 0
    assert server.records() == []
    assert state.health.state is health.State.OFFLINE


def test_a_restarted_agent_skips_what_is_held_and_collects_its_receipts(folder: Path) -> None:
    server = Server(prompt=False)
    truck = Truck(folder, Line(server))
    first = truck.drive(5)
    assert first.counters.waiting > 0
    posts = sum(method == "POST" for method, _ in server.requests)
    state = truck.drive(5, drain=True)
    assert state.counters.waiting == 0
    assert_delivered(truck, server)
    assert posts > 0
    epochs_seen = {row.record.epoch for row in truck.rows()}
    assert len(epochs_seen) == 2


def test_what_the_server_took_and_then_lost_is_given_to_it_again(folder: Path) -> None:
    server = Server(prompt=False, frozen=True)
    truck = Truck(folder, Line(server))
    with truck.running() as (edge, state):
        state = live(edge, state, 1)
        assert server.records()
        # Taken, never logged, and gone after a crash of the server.
        server.held, server.frozen = {}, False
        state = live(edge, state, 5)
        assert state.counters.waiting < 20
    assert len(server.records()) >= state.counters.proved > 30


# A log that lies ---------------------------------------------------------------------------------


@dataclass
class Liar:
    """Answers like the server, then alters the answer."""

    server: Server
    lie: str
    active: bool = True

    def send(self, method: str, path: str, body: bytes, deadline_s: float) -> Response:
        response = self.server.send(method, path, body, deadline_s)
        if not self.active or "/head" in path:
            return response
        answer = wire.decode_answer(response.body)
        altered = {
            "no note": lambda a: wire.Answer(a.verdicts, None, a.since, (), (), None, a.utc_ms),
            "other key": lambda a: _renoted(a, Log(note_key(ORIGIN, "thief"), *_copy(self.server))),
            "forged path": lambda a: _with(a, receipts=tuple(_forged(r) for r in a.receipts)),
            "wrong index": lambda a: _with(a, receipts=tuple(_moved(r) for r in a.receipts)),
            "cut consistency": lambda a: _with(a, consistency=a.consistency[:-1]),
            "wrong since": lambda a: _with(a, since=a.since + 1),
        }[self.lie](answer)
        return Response(200, dict(response.headers), wire.encode_answer(altered))


def _copy(server: Server) -> tuple[list[bytes], dict[tuple[int, int], bytes], merkle.CompactRange]:
    log = server.log
    return list(log.leaves), dict(log.nodes), log.edge


def _with(answer: wire.Answer, **changes: object) -> wire.Answer:
    fields = {name: getattr(answer, name) for name in answer.__slots__}
    return wire.Answer(**{**fields, **changes})


def _renoted(answer: wire.Answer, log: Log) -> wire.Answer:
    return _with(answer, note=log.note())


def _forged(receipt: wire.Receipt) -> wire.Receipt:
    return wire.Receipt(receipt.leaf, receipt.index, (*receipt.path, bytes(32)))


def _moved(receipt: wire.Receipt) -> wire.Receipt:
    return wire.Receipt(receipt.leaf, receipt.index + 1, receipt.path)


LIES = ["no note", "other key", "forged path", "wrong index", "cut consistency", "wrong since"]


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_proves_nothing_and_the_truth_later_proves_all(folder: Path, lie: str) -> None:
    server = Server()
    liar = Liar(server, lie)
    truck = Truck(folder, Line(server))
    truck.line.send = liar.send  # type: ignore[method-assign]
    state = truck.drive(10)
    honest_first = lie == "cut consistency"  # from an empty tree no consistency proof is needed
    assert state.counters.proved == 0 or honest_first
    liar.active = False
    state = truck.drive(10, drain=True)
    assert state.counters.waiting == 0


def test_two_histories_stop_proofs_for_good_but_neither_recording_nor_shipping(
    folder: Path,
) -> None:
    server = Server()
    truck = Truck(folder, Line(server))
    proved = truck.drive(3, drain=True).counters.proved
    # The same log tells another story, of the very size this truck has seen.
    other = Log(server.log.owner)
    other.grow(*(b"another %d" % n for n in range(server.log.size)))
    server.log, server.frozen = other, True
    state = truck.drive(6)
    assert state.health.state is health.State.LOG_INCONSISTENT
    assert state.counters.proved == proved
    assert state.counters.shipped > proved + 20
    bodies = [row.record.body for row in truck.rows()]
    told = [body.event for body in bodies if isinstance(body, EventBody)]
    assert told.count(Event.LOG_INCONSISTENT) == 1
    # Nothing ends it but a new enrolment: not a restart, nor a log that behaves again.
    server.frozen = False
    again = truck.drive(3)
    assert again.health.state is health.State.LOG_INCONSISTENT
    assert again.counters.proved == proved


def test_rows_of_a_leaf_that_are_gone_are_proved_with_the_servers_hashes(folder: Path) -> None:
    server = Server(prompt=False)
    truck = Truck(folder, Line(server, itertools.repeat("lost", 12)))
    with truck.running() as (edge, state):
        while not server.spans:
            state = turn(edge, state, Mode.RUN)
            edge.clock.wait(1_000)
        assert state.counters.proved == 0
        with edge.sealer.outbox.using() as sql:
            sql.execute("UPDATE record SET sealed = zeroblob(200) WHERE id & 0xffffffff = 3")
        live(edge, state, 3)
        assert any("hashes=1" in path for _, path in server.requests)
        proved = edge.sealer.outbox.shelf(1).proved
    assert proved.covers(0, 2)
    assert 3 not in proved
    assert proved.covers(4, 20)


def test_a_record_the_server_refuses_is_set_aside_and_does_not_block_the_line(
    folder: Path,
) -> None:
    server = Server()
    server.refuse = lambda row: Problem.BAD_SIGNATURE if row.record.seq == 7 else None
    truck = Truck(folder, Line(server))
    state = truck.drive(30)
    assert state.counters.set_aside == 1
    assert state.counters.waiting < 40
    assert any(
        row.record.body.event is Event.SET_ASIDE
        for row in truck.rows()
        if isinstance(row.record.body, EventBody)
    )
    server.refuse = lambda _: None
    state = truck.drive(70, drain=True)
    assert (state.counters.set_aside, state.counters.waiting) == (0, 0)
    assert_delivered(truck, server)


def test_a_denied_device_records_on_and_says_so(folder: Path) -> None:
    body = b'{"type": "urn:jagalchi:problem:revoked"}'
    denial = Response(403, {"content-type": "application/problem+json"}, body)
    truck = Truck(folder, Line(Server(), itertools.repeat(denial)))
    state = truck.drive(10)
    assert state.health.state is health.State.REFUSED
    assert state.counters.waiting == len(truck.rows()) > 60


# The loop itself ---------------------------------------------------------------------------------


def test_the_first_record_is_durable_before_anything_is_sent(folder: Path) -> None:
    server = Server()
    truck = Truck(folder, Line(server))
    outbox, edge = truck.edge(MINUTE, drain=False)
    state = begin(edge)
    assert (state.counters.committed, state.durable_ms) == (1, 0)
    assert server.requests == []
    state = turn(edge, state, Mode.RUN)
    assert state.counters.made > 1
    outbox.close()


def test_nothing_uncommitted_is_ever_shipped(folder: Path) -> None:
    server = Server()
    truck = Truck(folder, Line(server))
    outbox, edge = truck.edge(10 * MINUTE, drain=False)
    state = begin(edge)
    for _ in range(200):
        state = turn(edge, state, Mode.RUN)
        committed = {row.sealed for row in truck.rows()}
        assert set(server.records()) <= committed
        edge.clock.wait(3_000)
    assert server.records()
    outbox.close()


def test_sampling_keeps_its_beat_whatever_the_network_does(folder: Path) -> None:
    truck = Truck(folder, Line(Server(), itertools.cycle(["lost", PORTAL])))
    truck.drive(30)
    beats = [row.record.boot_ms for row in truck.rows() if row.record.kind is Kind.READING]
    assert beats == list(range(0, 30 * MINUTE + 1, 10_000))


def test_without_a_server_it_records(folder: Path) -> None:
    truck = Truck(folder, Line(Server()))
    outbox, edge = truck.edge(5 * MINUTE, drain=False)
    alone = Edge(**{name: getattr(edge, name) for name in edge.__slots__} | {"courier": None})
    state = run(alone)
    outbox.close()
    assert state.health.state is health.State.OFFLINE
    assert state.counters.committed == len(truck.rows()) > 30


def test_status_is_plain_data_and_tells_the_truth(folder: Path) -> None:
    truck = Truck(folder, Line(Server()))
    state = truck.drive(5, drain=True)
    status = state.status()
    assert status["state"] == state.health.state.value
    assert status["seq"] == truck.rows()[-1].record.seq
    assert status["counters"]["proved"] == len(truck.rows())  # type: ignore[index]
    assert status["clock"]["source"] == "ntp"  # type: ignore[index]


def test_the_card_is_read_back_as_it_was_written(folder: Path) -> None:
    truck = Truck(folder, Line(Server()))
    state = truck.drive(5)
    outbox = opened(folder)
    with contextlib.closing(outbox):
        assert len(outbox.sound(Cut(1, 0, state.counters.committed - 1))) == len(truck.rows())
