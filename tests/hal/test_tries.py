"""A value counts when another try agrees with it; nothing is averaged, repeated or invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.api import KEEPS_VALUE, Fault, Quantity
from hal.drivers.tries import FRESH_MS, KEPT, MOST_TRIES, Rule, Rules, Said, Tries, Try, failed

T = Quantity.TEMPERATURE
PAIRED: Rules = {T: Rule(slack=500, rate=200)}
ALONE: Rules = {T: None}


def tried(*answers: int | Fault, step_ms: int = 2_500) -> Tries:
    """The tries after these answers."""
    tries = Tries()
    for number, answer in enumerate(answers):
        said = failed(PAIRED, answer) if isinstance(answer, Fault) else (Said(T, answer),)
        tries = tries.absorb(Try(number * step_ms, said))
    return tries


def outcome(tries: Tries, rules: Rules = PAIRED, at_ms: int = 10_000) -> tuple[object, object, int]:
    ((said, count),) = tries.conclude(rules, at_ms)
    return said.value, said.fault, count


@pytest.mark.parametrize(
    ("answers", "value", "fault"),
    [
        ((4_000, 4_100), 4_100, None),
        ((4_000, 5_000), 5_000, None),  # half a degree, and a fifth of one in each second
        ((4_000, 5_010), 5_010, Fault.DISAGREE),
        ((4_000,), 4_000, Fault.SUSPECT),
        ((4_000, 4_100, 2_050), 4_100, None),  # half: the two before it agree
        ((4_000, 2_050, 4_100), 4_100, None),
        ((2_050, 4_100, 8_200), 8_200, Fault.DISAGREE),
        ((4_000, Fault.CHECKSUM, 4_100), 4_100, None),
        ((4_000, 4_100, Fault.CHECKSUM), 4_100, None),
        ((Fault.CHECKSUM, Fault.NO_ANSWER), None, Fault.NO_ANSWER),
        ((Fault.CHECKSUM, 4_000), 4_000, Fault.SUSPECT),
        ((), None, Fault.NOT_READY),
    ],
)
def test_what_several_tries_add_up_to(
    answers: tuple[int | Fault, ...], value: int | None, fault: Fault | None
) -> None:
    assert outcome(tried(*answers))[:2] == (value, fault)


def test_a_value_that_its_own_checksum_protects_counts_alone() -> None:
    assert outcome(tried(4_000, 9_000), ALONE)[:2] == (9_000, None)


def test_what_was_handed_over_confirms_the_next_but_is_never_given_again() -> None:
    handed = tried(4_000, 4_100).taken()
    assert outcome(handed) == (None, Fault.NOT_READY, 1)
    assert outcome(handed.absorb(Try(5_000, failed(PAIRED, Fault.CHECKSUM)))) == (
        None,
        Fault.CHECKSUM,
        1,
    )
    assert outcome(handed.absorb(Try(5_000, (Said(T, 4_200),)))) == (4_200, None, 1)


def test_an_old_try_says_nothing_about_now() -> None:
    tries = tried(4_000, 4_100)
    assert outcome(tries, at_ms=2_500 + FRESH_MS)[0] == 4_100
    assert outcome(tries, at_ms=2_501 + FRESH_MS) == (None, Fault.NOT_READY, 2)


def test_a_doubt_of_the_decoder_stays_with_the_value() -> None:
    tries = Tries()
    for at_ms in (0, 2_500):
        tries = tries.absorb(Try(at_ms, (Said(T, 4_000, Fault.SUSPECT),)))
    assert outcome(tries)[:2] == (4_000, Fault.SUSPECT)


def test_the_count_is_that_of_the_tries_and_fits_a_record() -> None:
    assert outcome(tried(*[Fault.CHECKSUM] * 3))[2] == 3
    tries = tried(*[4_000] * 40)
    assert len(tries.kept) == KEPT
    assert outcome(tries, at_ms=100_000)[2] == MOST_TRIES


ANSWERS = st.lists(
    st.one_of(
        st.none(), st.integers(-40_000, 80_000), st.sampled_from(sorted(set(Fault) - KEEPS_VALUE))
    ),
    max_size=30,
)


@given(ANSWERS, st.sampled_from([PAIRED, ALONE]))
def test_no_value_is_invented_and_none_is_given_twice(
    answers: list[int | Fault | None], rules: Rules
) -> None:
    """None in the list: the sensor is asked here."""
    tries, said_since = Tries(), list[int]()
    for number, answer in enumerate(answers):
        at_ms = number * 2_500
        if answer is None:
            value, fault, _ = outcome(tries, rules, at_ms)
            assert value is None or value in said_since
            assert (value is not None) == (fault is None or fault in KEEPS_VALUE)
            tries, said_since = tries.taken(), []
        elif isinstance(answer, Fault):
            tries = tries.absorb(Try(at_ms, failed(rules, answer)))
        else:
            said_since.append(answer)
            tries = tries.absorb(Try(at_ms, (Said(T, answer),)))
