"""Configurations: every document that can be made reads back, and nothing else is ever read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import cbor, configuration
from protocol.cbor import MAX_INT
from protocol.configuration import Bound, Configuration, Issue
from protocol.errors import Problem, ProtocolError
from protocol.settable import LIMITED, SETTINGS, Field, Range, Setting
from tests.protocol import build
from tests.protocol.testlog import note_key
from tests.vectors.cases_configuration import COLD, FULL, KEY, PLAIN, content, document


def within(bounds: Range) -> st.SearchStrategy[int]:
    return st.integers(bounds.least, bounds.most)


@st.composite
def limits(draw: st.DrawFn) -> tuple[Bound, ...]:
    ids = sorted(draw(st.sets(st.integers(0, 255), max_size=8)))
    found = []
    for id_ in ids:
        quantity = draw(st.sampled_from(list(LIMITED)))
        numbers = [draw(within(LIMITED[quantity][field])) for field in Field]
        who = (draw(st.integers(0, 255)), quantity, draw(st.booleans()))
        found.append(Bound(id_, *who, *numbers))
    return tuple(found)


@st.composite
def contents(draw: st.DrawFn) -> Configuration:
    """Whatever may be said."""
    chosen = sorted(draw(st.sets(st.sampled_from(list(Setting)))))
    size = draw(st.integers(0, MAX_INT - 1))
    return Configuration(
        device=build.key().device,
        version=draw(st.integers(1, 2**32 - 1)),
        issued_ms=draw(st.integers(0, MAX_INT)),
        issue=Issue(build.ORIGIN, size, draw(st.integers(size, MAX_INT))),
        settings=tuple((one, draw(within(SETTINGS[one]))) for one in chosen),
        limits=draw(limits()),
    )


def opened(data: bytes) -> configuration.Signed:
    return configuration.open_signed(data, KEY.key(), build.verify_ed25519)


@given(contents())
def test_what_may_be_said_is_read_back_as_it_was_said(said: Configuration) -> None:
    data = configuration.sign(said, KEY.sign)
    assert opened(data).content == said
    assert opened(data) == configuration.decode(data)
    assert 0 <= opened(data).mark < 2**52


def test_every_single_changed_byte_is_refused() -> None:
    data = configuration.sign(FULL, KEY.sign)
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(ProtocolError):
            opened(changed)


@pytest.mark.parametrize("setting", SETTINGS)
def test_one_beyond_either_end_of_a_range_is_refused(setting: Setting) -> None:
    bounds = SETTINGS[setting]
    for value in (bounds.least - 1, bounds.most + 1):
        with pytest.raises(ProtocolError) as refused:
            opened(document(content(k4={int(setting): value} if value >= 0 else {99: 1})))
        assert refused.value.problem is Problem.OUT_OF_RANGE
        with pytest.raises(ValueError, match="not a valid configuration"):
            configuration.sign(replace(PLAIN, settings=((setting, value),)), KEY.sign)


def test_a_limit_beyond_its_range_cannot_even_be_signed() -> None:
    least = -(10**6)
    for limit in (
        replace(COLD, threshold=least),
        replace(COLD, hysteresis=least),
        replace(COLD, delay_ms=least),
        replace(COLD, budget_ms=least),
    ):
        with pytest.raises(ValueError, match="allowed"):
            configuration.sign(replace(PLAIN, limits=(limit,)), KEY.sign)


def test_nothing_inside_is_looked_at_before_the_signature() -> None:
    body = b"\xff" * 40
    thief = note_key("config.test", seed="thief")
    stolen = cbor.encode([1, body, thief.sign(configuration.DOMAIN + body)])
    with pytest.raises(ProtocolError) as refused:
        opened(stolen)
    assert refused.value.problem is Problem.BAD_SIGNATURE


def test_nothing_that_can_be_set_speaks_of_storage_keys_or_addresses() -> None:
    keys = {one.key for one in SETTINGS.values()}
    keys |= {one.key for fields in LIMITED.values() for one in fields.values()}
    assert keys == {
        "sample_period_ms",
        "door_open_ms",
        "sync_pace_ms",
        "language",
        "buzzer",
        "threshold_milli",
        "hysteresis_milli",
        "delay_ms",
        "budget_ms",
    }
