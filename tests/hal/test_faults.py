"""Scripts strike when they say, the same for the same seed, whoever looks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hal.mock.faults import Cue, Playbook, Script, Trouble, occurrence
from hal.mock.noise import share, swing

SCRIPT = Script(
    trouble=Trouble.DEAD_ZONE,
    start_ms=100,
    length_ms=50,
    every_ms=1000,
    start_spread_ms=200,
    length_spread_ms=30,
)
SEEDS = st.integers(0, 1 << 32)


@given(SEEDS, st.integers(0, 50))
def test_an_occurrence_keeps_within_its_spreads(seed: int, number: int) -> None:
    found = occurrence(SCRIPT, seed, number)
    assert 0 <= found.start_ms - 100 - number * 1000 <= 200
    assert 50 <= found.end_ms - found.start_ms <= 80


@given(SEEDS, st.lists(st.integers(0, 20_000), max_size=30))
def test_it_does_not_matter_who_asked_before(seed: int, moments: list[int]) -> None:
    cue = Cue(SCRIPT, seed)
    assert [cue.on(ms) for ms in moments] == [Cue(SCRIPT, seed).on(ms) for ms in moments]


@given(SEEDS)
def test_a_script_without_repetition_strikes_once(seed: int) -> None:
    once = Cue(Script(trouble=Trouble.VOID_FIX, start_ms=10, length_ms=5), seed)
    assert [ms for ms in range(100) if once.on(ms)] == [10, 11, 12, 13, 14]


def test_a_trouble_strikes_only_where_it_is_meant() -> None:
    scripts = [Script(trouble=Trouble.STUCK, start_ms=0, length_ms=9, channel="freezer")]
    playbook = Playbook(scripts, 1)
    assert playbook.on(Trouble.STUCK, 3, "freezer")
    assert playbook.on(Trouble.STUCK, 3, "cold-room") is None
    assert playbook.on(Trouble.UNPLUGGED, 3, "freezer") is None
    assert [channel for channel, _ in playbook.all_on(Trouble.STUCK, 3)] == ["freezer"]


@given(SEEDS, st.text(max_size=10), st.integers(0, 1 << 40))
def test_noise_is_a_function_within_its_bounds(seed: int, purpose: str, tick: int) -> None:
    assert 0 <= share(seed, purpose, tick) < 1
    assert -1 <= swing(seed, purpose, tick) < 1
    assert share(seed, purpose, tick) == share(seed, purpose, tick)


def test_noise_is_spread_evenly() -> None:
    drawn = [share(7, "even", tick) for tick in range(4000)]
    assert abs(sum(drawn) / len(drawn) - 0.5) < 0.03
    assert len(set(drawn)) == len(drawn)
