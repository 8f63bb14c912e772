"""SIGKILL at random on both ends: nothing that was committed is lost, nothing is there twice.

What an agent said of itself over its socket before it died is written down as a witness: each
number it had committed must be in the log's records in the end, and on the card as proved.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.e2e.processes import Server, Truck

pytestmark = pytest.mark.e2e

KILLS = 100
SERVER_EVERY = 4
SEED = 20_260_131
DRAIN_S = 120


def test_100_kills_on_both_ends_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    server = Server(tmp_path)
    trucks = [Truck(server, tmp_path, "mackerel"), Truck(server, tmp_path, "monkfish", "dead-zone")]
    witnessed: dict[str, dict[bytes, int]] = {truck.state.name: {} for truck in trucks}
    try:
        for number in range(KILLS):
            if number % SERVER_EVERY == 0:
                server.child.kill()
                server.start()
            else:
                kill(chance.choice(trucks), chance.uniform(0.0, 1.2), witnessed)
        for truck in trucks:
            end(truck)
    finally:
        for child in (server.child, *(truck.child for truck in trucks)):
            child.kill()
    for truck in trucks:
        judge(server, truck, witnessed[truck.state.name])


def kill(truck: Truck, after_s: float, witnessed: dict[str, dict[bytes, int]]) -> None:
    """Let the truck run for a while, take down what it says it has committed, and kill it."""
    assert truck.child.lives_through(after_s), truck.log.read_text()
    status = truck.status()
    if status is not None and status.get("epoch"):
        counters = status["counters"]
        assert isinstance(counters, dict)
        safe = int(str(status["seq"])) - int(counters["uncommitted"])
        witnessed[truck.state.name][bytes.fromhex(str(status["epoch"]))] = safe
    truck.child.kill()
    truck.start()


def end(truck: Truck) -> None:
    """Stop the truck in order, once everything it has is proved."""
    truck.child.kill()
    truck.start(drain_s=DRAIN_S)
    for _ in range(200):
        if truck.status() is not None:
            break
        assert truck.child.lives_through(0.1), truck.log.read_text()
    assert truck.child.stop(DRAIN_S + 30) == 0, truck.log.read_text()


def judge(server: Server, truck: Truck, witnessed: dict[bytes, int]) -> None:
    """Compare card, log and witness."""
    counters, held = truck.counters(), server.held(truck.device)
    card = set(truck.on_card())
    lost = [(epoch, seq) for epoch, seq in card if seq not in held.get(epoch, set())]
    print(
        f"\n{truck.state.name}: {KILLS} kills, {len(held)} epochs, {counters.committed} committed, "
        f"{counters.proved} proved, {len(lost)} lost, {server.duplicates(truck.device)} doubled"
    )
    assert lost == []
    assert server.duplicates(truck.device) == 0
    assert counters.waiting == 0 and counters.proved == counters.committed > 0
    assert sum(map(len, held.values())) == counters.committed
    for epoch, seq in witnessed.items():
        assert set(range(seq + 1)) <= held[epoch]
    assert len(witnessed) > KILLS // 10
