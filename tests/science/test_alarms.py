"""The alarm engine: the worked examples, what users ask of alarms, and order independence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from science import defrost, timeline
from science.alarms import (
    Alarm,
    Evaluation,
    Kind,
    Rule,
    Severity,
    Watch,
    evaluate,
)
from science.histogram import State
from science.limits import LINES, Class
from science.paging import PROFILES, Hours, together
from science.timeline import MINUTE_MS, Look, Stretch

RULE = Rule(
    id="five",
    threshold=5_000,
    kind=Class.OWN,
    delay_ms=30 * MINUTE_MS,
    budget_ms=40 * MINUTE_MS,
    gap_ms=60 * MINUTE_MS,
)


def looks(*parts: tuple[int, int | None], u: int = 0) -> list[Look]:
    """Flat stretches (minutes, value), joined by a rise or fall of one millisecond."""
    found, at_ms = [], 0
    for minutes, value in parts:
        found.append(Look(at_ms, value, u))
        at_ms += minutes * MINUTE_MS
        found.append(Look(at_ms - 1, value, u))
    return found


def watch(*parts: tuple[int, int | None], u: int = 0, **more: Any) -> Watch:
    """Watched to its end."""
    return Watch(looks(*parts, u=u), sum(minutes for minutes, _ in parts) * MINUTE_MS, **more)


def when(found: Evaluation) -> list[tuple[Kind, float]]:
    """Kind and minute of every alarm."""
    return [(one.kind, one.raised[0][0] / MINUTE_MS) for one in found.alarms]


def test_bits_that_no_single_event_sees_spend_the_budget_at_minute_45() -> None:
    found = evaluate(RULE, watch((20, 6_000), (5, 4_000), (25, 6_000)))
    assert when(found) == [(Kind.CUMULATIVE, 45)]


def test_silence_is_unknown_and_not_beyond() -> None:
    rule = replace(RULE, gap_ms=10 * MINUTE_MS)
    at = [0, 180 * MINUTE_MS, 181 * MINUTE_MS]
    found = evaluate(rule, Watch([Look(one, 6_000) for one in at], 181 * MINUTE_MS + 1))
    assert found.alarms == ()
    assert found.unknown_ms == 180 * MINUTE_MS + 1
    assert found.confirmed_ms == MINUTE_MS


def test_three_hours_and_a_half_in_bits_are_found() -> None:
    """What a common logger does not alarm on: single events only, its counter starting anew."""
    bits = [(25, 6_000), (5, 4_000)] * 8
    assert when(evaluate(RULE, watch(*bits)))[0] == (Kind.CUMULATIVE, 45)


def test_confirmed_and_possible_time_are_apart() -> None:
    found = evaluate(RULE, watch((60, 5_400), (60, 5_600), (60, 4_600), u=500))
    hour = 60 * MINUTE_MS
    (alarm,) = [one for one in found.alarms if one.kind is Kind.SINGLE]
    # to the millisecond: the one in which the value rises, and the one of silence at the end
    assert [round(ms, -2) for ms in (found.confirmed_ms, found.possible_ms)] == [hour, 2 * hour]
    assert alarm.confirmed_ms == found.confirmed_ms
    assert found.unknown_ms == 1


def test_a_hard_stop_waits_for_nothing_and_excuses_nothing() -> None:
    doors = [Stretch(0, 20 * MINUTE_MS)]
    rule = replace(RULE, hard=10_000)
    found = evaluate(rule, watch((5, 4_000), (3, 11_000), (60, 4_000), openings=doors))
    assert when(found) == [(Kind.HARD, 5)]
    assert found.alarms[0].raised[0][1] is Severity.CRITICAL


def test_an_open_door_pages_nobody_until_its_allowance_and_the_delay_have_passed() -> None:
    rule = replace(RULE, delay_ms=10 * MINUTE_MS, budget_ms=None)
    shut = [Stretch(0, 15 * MINUTE_MS)]
    assert when(evaluate(rule, watch((15, 9_000), (45, 4_000), openings=shut))) == []
    left_open = [Stretch(0, 60 * MINUTE_MS)]
    found = evaluate(rule, watch((60, 9_000), openings=left_open))
    assert when(found) == [(Kind.SINGLE, 30)]
    assert found.confirmed_ms == 60 * MINUTE_MS - 1
    assert when(evaluate(rule, watch((60, 9_000)))) == [(Kind.SINGLE, 10)]


def test_it_becomes_more_urgent_and_is_over_only_after_a_while() -> None:
    rule = replace(
        RULE,
        budget_ms=None,
        escalate=((60 * MINUTE_MS, Severity.CRITICAL),),
        clear_ms=20 * MINUTE_MS,
    )
    again = ((45, 6_000), (45, 6_000), (10, 4_000), (40, 6_000), (30, 4_000))
    (alarm,) = evaluate(rule, watch(*again)).alarms
    assert [(at / MINUTE_MS, str(s.name)) for at, s in alarm.raised] == [
        (30, "WARNING"),
        (60, "CRITICAL"),
    ]
    assert (alarm.end_ms or 0) // MINUTE_MS == 140
    assert (alarm.cleared_ms or 0) - (alarm.end_ms or 0) == 20 * MINUTE_MS
    (open_,) = evaluate(rule, watch((45, 6_000), (45, 6_000), (10, 4_000))).alarms
    assert open_.cleared_ms is None
    apart = evaluate(replace(rule, clear_ms=5 * MINUTE_MS), watch(*again)).alarms
    assert len(apart) == 2


def test_hysteresis_keeps_one_episode_one() -> None:
    wobble = ((20, 6_000), (1, 4_700), (20, 6_000))
    assert when(evaluate(replace(RULE, budget_ms=None), watch(*wobble))) == [(Kind.SINGLE, 30)]
    sharp = replace(RULE, budget_ms=None, hysteresis=0)
    assert when(evaluate(sharp, watch(*wobble))) == []


def test_too_cold_is_a_limit_like_another() -> None:
    rule = replace(RULE, threshold=-2_000, above=False, budget_ms=None)
    (alarm,) = evaluate(rule, watch((40, -3_000), (10, 0))).alarms
    assert (alarm.peak, alarm.raised[0][0] // MINUTE_MS) == (-3_000, 30)


def test_several_alarms_at_once_and_any_of_them() -> None:
    warm = evaluate(RULE, watch((60, 6_000)))
    assert [kind for kind, _ in when(warm)] == [Kind.SINGLE, Kind.CUMULATIVE]
    (one,) = together("warm", [warm, evaluate(replace(RULE, id="ten"), watch((60, 12_000)))])
    assert (one.rule, one.end_ms, len(one.raised)) == ("warm", None, 2)


def test_restricted_hours_hold_back_what_is_not_critical() -> None:
    night = Hours(22 * 60, 7 * 60)
    three = 18 * 60 * MINUTE_MS  # 03:00 in Korea
    assert night.pages_at(three, Severity.CRITICAL) == three
    assert night.pages_at(three + 1, Severity.WARNING) == 22 * 60 * MINUTE_MS
    assert night.pages_at(3 * 60 * MINUTE_MS, Severity.WARNING) == 3 * 60 * MINUTE_MS


@given(
    st.lists(
        st.builds(Look, st.integers(0, 10**7), st.none() | st.integers(0, 9_000), st.just(500)),
        max_size=20,
    ),
    st.randoms(),
)
def test_cc2_late_readings_give_what_timely_ones_had_given(found: list[Look], dice: Any) -> None:
    late = list(found)
    dice.shuffle(late)
    rule = replace(RULE, budget_ms=None, delay_ms=10 * MINUTE_MS)
    one, other = (
        evaluate(rule, Watch(timeline.arrange(held), 10**7 + 1)) for held in (found, late)
    )
    assert one == other and one.version == other.version


@given(
    st.lists(
        st.builds(Look, st.integers(0, 10**7), st.none() | st.integers(0, 9_000), st.just(0)),
        max_size=20,
    )
)
def test_alarms_and_exposure_agree_on_what_is_unknown(found: list[Look]) -> None:
    held = timeline.arrange(found)
    if not held:
        return
    window = Stretch(held[0].at_ms, 10**7 + 1)
    rules = timeline.Rules(gap_ms=RULE.gap_ms)
    exposure = timeline.exposure(timeline.pieces(held, window, rules))
    assert evaluate(RULE, Watch(held, 10**7 + 1)).unknown_ms == exposure.ms(State.UNKNOWN)


def test_a_changed_result_is_another_version() -> None:
    one = evaluate(RULE, watch((60, 6_000)))
    assert one.version != evaluate(RULE, watch((61, 6_000))).version
    assert len(one.version) == 16


def _defrosts(hours: int, every: int, rise: int, length: int) -> list[Look]:
    return [
        Look(at * MINUTE_MS, 1_000 + (rise if 60 <= at % every < 60 + length else at % 3 * 50))
        for at in range(hours * 60)
    ]


def test_periodic_small_short_rises_are_defrosts() -> None:
    found = _defrosts(hours=20, every=240, rise=2_500, length=20)
    pattern = defrost.learn(found, [])
    assert pattern is not None
    assert (pattern.period_ms, len(pattern.rises)) == (240 * MINUTE_MS, 5)
    rule = replace(RULE, threshold=2_000, delay_ms=10 * MINUTE_MS, budget_ms=None)
    end_ms = 20 * 60 * MINUTE_MS
    assert len(evaluate(rule, Watch(found, end_ms)).alarms) == 5
    assert evaluate(rule, Watch(found, end_ms, defrosts=pattern.rises)).alarms == ()


def test_what_is_too_warm_too_long_too_rare_or_a_door_is_no_defrost() -> None:
    assert defrost.learn(_defrosts(20, 240, 3_500, 20), []) is None
    assert defrost.learn(_defrosts(20, 240, 2_500, 40), []) is None
    assert defrost.learn(_defrosts(7, 240, 2_500, 20), []) is None
    doors = [Stretch((60 + 240 * n) * MINUTE_MS, (75 + 240 * n) * MINUTE_MS) for n in range(5)]
    assert defrost.learn(_defrosts(20, 240, 2_500, 20), doors) is None


def test_alarms_are_values() -> None:
    one = evaluate(RULE, watch((60, 6_000))).alarms[0]
    assert one == Alarm(*[getattr(one, name) for name in one.__slots__])


def test_every_profile_watches_the_limits_it_shows() -> None:
    for name, rules in PROFILES.items():
        for rule in rules:
            line = LINES[rule.id]
            assert (rule.threshold, rule.kind) == (line.high, line.kind)
        assert name == "" or name in {rule.id for rule in rules}
