"""Whole lives of an agent against a small log server: dead zones, storms, restarts."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.core import health
from agent.core.shelf import Cut
from agent.edges.courier import Response
from agent.edges.signer import verify_ed25519
from agent.loop import Edge, Mode, begin, run, turn
from protocol.registry import Kind
from tests.agent.rig import (
    Line,
    Server,
    fast_folder,
    opened,
)
from tests.agent.truck import MINUTE, Truck, assert_delivered, bench, live


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as path:
        yield path


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


def test_a_reading_that_waits_for_no_other_is_durable_on_its_beat(folder: Path) -> None:
    truck = Truck(folder, Line(Server()))
    with truck.running() as (edge, state):
        for beat in range(5):
            state = turn(edge, state, Mode.RUN)
            assert state.durable_ms == beat * 10_000
            assert state.counters.uncommitted == 0
            edge.clock.wait(10_000)


def test_readings_that_come_every_second_share_their_commits(folder: Path) -> None:
    truck = Truck(folder, Line(Server()))
    with truck.running() as (edge, state):
        often = replace(edge, plan=replace(edge.plan, sample_period_ms=1_000))
        state, durable = begin(often), set[int | None]()
        for _ in range(21):
            state = turn(often, state, Mode.RUN)
            durable.add(state.durable_ms)
            often.clock.wait(1_000)
        assert durable == {0, 5_000, 11_000, 17_000}


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
