"""A log that lies, refuses or forgets proves nothing, and stops neither record nor line."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.core import health
from agent.edges.courier import Response
from agent.edges.lookout import glimpse
from agent.loop import Mode, turn
from protocol import merkle, wire
from protocol.bodies import EventBody
from protocol.registry import Event, Problem
from tests.agent.rig import (
    ORIGIN,
    Line,
    Server,
    fast_folder,
)
from tests.agent.truck import Truck, assert_delivered, live
from tests.protocol.testlog import Log, note_key


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as path:
        yield path


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
    assert any("refuses for good: 1" in told.en for told in state.health.troubles)
    assert glimpse(folder / "outbox.db").stock.refused == {"bad-signature": 1}
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
