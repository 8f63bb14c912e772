"""The picture says what the rule of unknown time says: a gap is a gap; nothing is drawn on it."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from science.histogram import State
from science.limits import KR_CHILLED, KR_FROZEN, MELTING_ICE, Line
from science.timeline import Look, Stretch, arrange, pieces
from server.coldchain import packing
from server.coldchain.packing import Seen
from server.coldchain.shopper import chart
from server.coldchain.shopper.band import Band, Column, Readings, draw

MINUTE = 60_000
WINDOW = Stretch(100 * MINUTE, 400 * MINUTE)
WORDS = chart.Words("온도", "최저 0 ℃", "기록 없음")

looks = st.lists(
    st.builds(
        Look,
        st.integers(0, 500).map(lambda at: at * MINUTE),
        st.one_of(st.none(), st.integers(-30_000, 30_000)),
    ),
    max_size=60,
)


def readings(found: list[Look]) -> Readings:
    """As the tracks give them."""
    kept = arrange(found)
    valued = [(one.at_ms, one.milli_celsius) for one in kept if one.milli_celsius is not None]
    silent = [one.at_ms for one in kept if one.milli_celsius is None]
    return Readings([at for at, _ in valued], [value for _, value in valued], silent)


def unknown(found: list[Look]) -> list[Stretch]:
    """Unknown time by the published rule, touching stretches as one."""
    merged: list[Stretch] = []
    for piece in pieces(arrange(found), WINDOW):
        if piece.bin.state is not State.UNKNOWN:
            continue
        if merged and merged[-1].until_ms == piece.from_ms:
            merged[-1] = Stretch(merged[-1].from_ms, piece.until_ms)
        else:
            merged.append(Stretch(piece.from_ms, piece.until_ms))
    return merged


@settings(max_examples=200)
@given(looks)
def test_the_gaps_are_exactly_the_unknown_time(found: list[Look]) -> None:
    assert list(draw(readings(found), WINDOW).gaps) == unknown(found)


@settings(max_examples=200)
@given(looks)
def test_a_column_holds_what_held_in_it(found: list[Look]) -> None:
    band, known = draw(readings(found), WINDOW, 30), pieces(arrange(found), WINDOW)
    for column in band.columns:
        inside = [
            one.bin.milli_celsius
            for one in known
            if one.bin.state is State.KNOWN
            and one.from_ms < column.until_ms
            and one.until_ms > column.from_ms
        ]
        # A reading that nothing follows holds for no time, and is a point of the picture.
        points = [
            one.milli_celsius for one in found if column.from_ms <= one.at_ms < column.until_ms
        ]
        values = [one for one in (*inside, *points) if one is not None]
        assert column.low in values
        assert column.high in values
        assert all(column.low <= one <= column.high for one in inside if one is not None)


def test_a_window_of_no_length_is_no_picture() -> None:
    assert chart.svg(draw(Readings(), Stretch(5, 5)), (KR_CHILLED,), WORDS) == ""


def test_nothing_joins_the_sides_of_a_gap() -> None:
    columns = (Column(0, 10, 0, 0), Column(10, 20, 0, 0), Column(80, 90, 0, 0))
    band = Band(Stretch(0, 100), columns, (Stretch(20, 80),))
    drawn = chart.svg(band, (KR_CHILLED, MELTING_ICE), WORDS)
    assert drawn.count('class="band"') == 2
    assert drawn.count('class="gap"') == 1
    assert ">기록 없음</text>" in drawn


def test_what_is_beyond_the_law_has_a_mark_of_another_shape() -> None:
    band = Band(Stretch(0, 100), (Column(0, 10, 11_000, 12_000),), ())
    assert 'class="beyond"' in chart.svg(band, (KR_CHILLED,), WORDS)
    cold = Band(Stretch(0, 100), (Column(0, 10, 1_000, 2_000),), ())
    assert 'class="beyond"' not in chart.svg(cold, (KR_CHILLED,), WORDS)


@settings(max_examples=60)
@given(looks, st.sampled_from([(KR_CHILLED, MELTING_ICE), (KR_FROZEN,), ()]))
def test_every_number_of_the_picture_lies_in_it(
    found: list[Look], limits: tuple[Line, ...]
) -> None:
    drawn = chart.svg(draw(readings(found), WINDOW), limits, WORDS)
    for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", drawn):
        assert 0 <= float(x) <= chart.WIDTH
        assert 0 <= float(y) <= chart.HEIGHT


@given(looks)
def test_a_picture_reads_from_a_row_what_was_packed_into_it(found: list[Look]) -> None:
    kept = arrange(found)
    seen = tuple(Seen(one.at_ms, one.milli_celsius, None, 500) for one in kept)
    times, values, faults = packing.values(packing.pack(packing.Readings(seen)))
    assert Readings(times, values, faults) == readings(found)
