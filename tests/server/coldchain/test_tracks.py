"""Readings of assets by time: derived from the log, whatever the order, as often as one likes."""

from __future__ import annotations

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from protocol.bodies import Anchor, Gossip, Measured, Reading
from protocol.registry import Event, Param, Quantity, Status, TimeSource
from science import sensing, timeline
from science.histogram import Bin, Exposure, State
from science.sensing import Happened
from science.timeline import Look, Stretch
from science.verdict import Certificate
from server.coldchain import cells, packing, tracks
from server.coldchain.models import Cell, Hint, SpanRead, Track
from server.coldchain.packing import Readings, Seen, pack, unpack
from server.devices import commands
from server.devices.models import Asset, Assignment
from tests.server.coldchain.recorder import (
    BEAT,
    START,
    Recorder,
    asset_of,
    calibrated,
    door,
    row,
    temperatures,
)

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
WHOLE = Stretch(START, START + HOUR)
database = pytest.mark.django_db(transaction=True)


@pytest.fixture
def recorder(db: None, client: Client) -> Recorder:
    """An enrolled device that has opened its epoch."""
    return Recorder.enrol(client)


def told(asset: int) -> list[tuple[int, int | None, int]]:
    """What the tracks of an asset hold: beat, warmest, doubt."""
    seen = tracks.readings(asset, WHOLE).seen
    return [((one.at_ms - START) // BEAT, one.warmest, one.uncertainty_milli) for one in seen]


VALUES = [1_000 + 100 * beat for beat in range(12)]
WANTED = [(beat + 1, value, 1_000) for beat, value in enumerate(VALUES)]


@database
def test_what_was_posted_is_there_and_following_again_changes_nothing(recorder: Recorder) -> None:
    recorder.measure(VALUES)
    recorder.post(5)
    assert tracks.follow_all().spans == 2
    assert told(recorder.asset) == WANTED
    before = list(Track.objects.order_by("from_ms").values("span", "packed"))
    assert tracks.follow() == tracks.Progress()
    assert tracks.rebuild().spans == 2
    assert list(Track.objects.order_by("from_ms").values("span", "packed")) == before


@database
def test_a_step_without_time_reads_one_span_and_the_next_goes_on(recorder: Recorder) -> None:
    recorder.measure(VALUES)
    recorder.post(5)
    steps = []
    while (step := tracks.follow(in_time=lambda: False)).entries:
        steps.append(step.spans)
    assert steps == [1, 1] and told(recorder.asset) == WANTED


@pytest.mark.parametrize("changes", [[(1, 5, 9), (1, 3, 6), (2, 7, 8)], [(2, 7, 8), (1, 3, 9)]])
def test_changes_of_one_asset_are_one(changes: list[tuple[int, int, int]]) -> None:
    found = tracks.widest(tracks.Changed(*one) for one in changes)
    assert sorted(found, key=lambda one: one.asset) == [
        tracks.Changed(1, 3, 9),
        tracks.Changed(2, 7, 8),
    ]


@database
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 3, 2, 1), (0, 2, 3, 1)])
@pytest.mark.parametrize("step", [1, 50])
def test_cc2_the_order_of_arrival_changes_nothing(
    recorder: Recorder, order: tuple[int, ...], step: int
) -> None:
    recorder.measure(VALUES)
    looks = [Look(START + beat * BEAT, value, doubt) for beat, value, doubt in WANTED]
    wanted = timeline.exposure(timeline.pieces(looks, WHOLE))
    edges = [0, 4, 7, 9, len(recorder.sealed)]
    for place in order:
        recorder.truck.post(recorder.sealed[edges[place] : edges[place + 1]])
        while tracks.follow(step).entries:
            assert cells.exposure(recorder.asset, WHOLE).all_ms == HOUR
    assert told(recorder.asset) == WANTED
    assert cells.exposure(recorder.asset, WHOLE) == wanted


@database
def test_a_late_span_is_told_with_what_it_changes(recorder: Recorder) -> None:
    recorder.measure(VALUES)
    recorder.truck.post(recorder.sealed[:4])
    recorder.truck.post(recorder.sealed[8:])
    tracks.follow_all()
    first, last = START + 3 * BEAT, START + 8 * BEAT
    assert cells.exposure(recorder.asset, Stretch(first, last)).unknown_ms == 0
    recorder.truck.post(recorder.sealed[4:8])
    (changed,) = tracks.follow_all().changed
    assert (changed.asset, changed.from_ms) == (recorder.asset, first)
    assert changed.until_ms >= last


@database
def test_contested_records_are_left_out(recorder: Recorder) -> None:
    recorder.measure(VALUES[:4])
    recorder.post()
    forked = recorder.truck.append(recorder.sealed[:3], temperatures(30_000))
    assert recorder.truck.codes(forked) == ["fork"]
    tracks.follow_all()
    assert told(recorder.asset) == WANTED[:4]


@database
def test_a_device_that_moves_leaves_its_readings_where_they_were_made(
    recorder: Recorder,
) -> None:
    recorder.measure(VALUES)
    Assignment.objects.update(from_ms=START)
    commands.assign(recorder.truck.device, "plant, cold room", now_ms=START + 7 * BEAT)
    recorder.post(5)
    tracks.follow_all()
    other = Asset.objects.get(name="plant, cold room")
    assert told(recorder.asset) == WANTED[:6]
    assert told(other.pk) == WANTED[6:]
    assert Track.objects.count() == 3


@database
def test_what_no_assignment_covers_belongs_to_nobody(recorder: Recorder) -> None:
    Assignment.objects.update(until_ms=2**60)
    Assignment.objects.update(until_ms=START + 5 * BEAT, from_ms=START)
    recorder.measure(VALUES)
    recorder.post()
    tracks.follow_all()
    assert told(recorder.asset) == WANTED[:4]


@database
@pytest.mark.parametrize("late", [False, True])
def test_an_anchor_dates_its_epoch_whenever_it_arrives(recorder: Recorder, late: bool) -> None:
    for beat, value in enumerate(VALUES, 1):
        recorder.say(temperatures(value), None, boot_ms=beat * BEAT)
    anchor = Anchor(13 * BEAT, START + 13 * BEAT, TimeSource.NTP, 50)
    recorder.say(anchor, START + 13 * BEAT)
    recorder.truck.post(recorder.sealed[:13])
    if late:
        tracks.follow_all()
        assert told(recorder.asset) == []
        (span,) = SpanRead.objects.all()
        assert (span.blind, span.undated) == (12, 12)
    recorder.truck.post(recorder.sealed[13:])
    tracks.follow_all()
    assert told(recorder.asset) == WANTED
    assert [(one.blind, one.undated) for one in SpanRead.objects.order_by("blind")] == [
        (0, 0),
        (12, 0),
    ]


def test_the_surest_anchor_dates_whatever_their_order() -> None:
    rough = Anchor(1_000, 500_000, TimeSource.RTC, 60_000)
    sure = Anchor(900_000, 1_400_000, TimeSource.GNSS, 100)
    for anchors in ([rough, sure], [sure, rough]):
        assert sensing.dated(2_000, anchors) == 502_000
    assert sensing.dated(2_000, []) is None


@database
@pytest.mark.parametrize("utc_ms", [0, 2_398_291_200_000])
def test_a_clock_that_cannot_be_right_dates_nothing(recorder: Recorder, utc_ms: int) -> None:
    recorder.measure(VALUES[:2])
    recorder.say(temperatures(9_000), utc_ms, boot_ms=3 * BEAT)
    recorder.post()
    tracks.follow_all()
    assert told(recorder.asset) == WANTED[:2]
    assert SpanRead.objects.get().undated == 1


@database
@pytest.mark.parametrize("late", [False, True])
def test_a_calibration_narrows_the_doubt_of_its_epoch(recorder: Recorder, late: bool) -> None:
    recorder.say(calibrated(1, START - DAY), START + 1)
    recorder.measure(VALUES)
    recorder.truck.post(recorder.sealed[:1])
    order = [(4, 14), (1, 4)] if late else [(1, 4), (4, 14)]
    for first, end in order:
        recorder.truck.post(recorder.sealed[first:end])
        tracks.follow_all()
    assert {doubt for _, _, doubt in told(recorder.asset)} == {500}
    assert tracks.certificate(recorder.asset, WHOLE) is Certificate.VALID
    assert Hint.objects.count() == 1


def test_a_certificate_of_more_than_a_year_ago_widens_the_doubt() -> None:
    measured = temperatures(1_000).measurements
    for since_ms, found in (
        (START - 400 * DAY, Certificate.EXPIRED),
        (START - DAY, Certificate.VALID),
        (START + DAY, Certificate.NONE),
    ):
        air = sensing.air(measured, {}, {1: since_ms}, START)
        assert air is not None and air.certificate is found


def test_the_warmest_trusted_sensor_counts_and_the_units_display_never() -> None:
    names = {1: "air-front", 2: "air-door", 3: "unit-display", 4: "outside"}

    def read(*values: tuple[int, int | None, Status]) -> sensing.Air | None:
        found = [Measured(n, Quantity.TEMPERATURE, v, s) for n, v, s in values]
        return sensing.air(found, names, {}, START)

    ok, stuck, gone = Status.OK, Status.STUCK, Status.NO_ANSWER
    air = read((1, 1_000, ok), (2, 2_500, ok), (3, -500, ok), (4, 30_000, ok))
    assert air == (2_500, 1_000, Certificate.NONE, 0, -500)
    air = read((1, 1_000, ok), (2, 9_000, stuck))
    assert air and (air.warmest, air.silent) == (1_000, 1)
    air = read((1, None, gone), (2, None, gone), (3, -500, ok))
    assert air and (air.warmest, air.silent, air.display) == (None, 2, -500)
    assert read((3, -500, ok)) is None
    humid = Reading((Measured(1, Quantity.HUMIDITY, 80_000, ok),))
    assert sensing.air(humid.measurements, names, {}, START) is None


def test_a_surer_sensor_does_not_hide_one_that_may_be_warmer() -> None:
    found = temperatures(1_200, 1_000).measurements
    air = sensing.air(found, {}, {1: START - DAY}, START)
    assert air and (air.warmest, air.certificate) == (1_000, Certificate.NONE)


@database
def test_sensors_that_fall_silent_leave_unknown_time(recorder: Recorder) -> None:
    recorder.measure([1_000, 1_000, None, 1_000, 1_000])
    recorder.post()
    tracks.follow_all()
    found = cells.exposure(recorder.asset, Stretch(START + BEAT, START + 5 * BEAT))
    assert found.unknown_ms == 2 * BEAT


@database
def test_an_open_door_is_an_excuse_for_its_allowance(recorder: Recorder) -> None:
    for minute in range(60):
        at_ms = START + minute * MINUTE
        if minute == 10:
            recorder.say(door(Event.DOOR_OPENED), at_ms)
        if minute == 25:
            still = ((Param.SINCE_MS, 1),)
            recorder.say(door(Event.DOOR_OPENED).__class__(Event.DOOR_OPENED, 9, still), at_ms)
        if minute == 40:
            recorder.say(door(Event.DOOR_CLOSED), at_ms)
        if minute == 50:
            recorder.say(door(Event.DOOR_OPENED), at_ms)
            recorder.say(door(Event.DOOR_CLOSED), at_ms + 2 * MINUTE)
        recorder.say(temperatures(2_000 + 5_000 * (10 <= minute < 40)), at_ms)
    recorder.post(30)
    tracks.follow_all()
    window = Stretch(START, START + 59 * MINUTE)
    found = cells.exposure(recorder.asset, window)
    assert found.ms(State.DOOR) == (20 + 7) * MINUTE
    assert found.all_ms == 59 * MINUTE and found.unknown_ms == 0
    halves = [cells.exposure(recorder.asset, Stretch(*part)) for part in _halves(window)]
    assert halves[0] + halves[1] == found


def _halves(window: Stretch) -> list[tuple[int, int]]:
    middle = window.from_ms + 17 * MINUTE
    return [(window.from_ms, middle), (middle, window.until_ms)]


@database
def test_records_of_other_kinds_are_no_readings(recorder: Recorder) -> None:
    recorder.say(Gossip(1, b"r" * 32), START + 1)
    recorder.post()
    tracks.follow_all()
    assert Track.objects.count() == 0
    assert SpanRead.objects.count() == 1


TIMES = st.integers(0, 3 * 24 * 60).map(lambda minutes: START + minutes * MINUTE)
ROWS = st.lists(
    st.tuples(
        TIMES,
        st.lists(st.none() | st.integers(-3, 12), min_size=1, max_size=40),
        st.sampled_from([1, 5, 9]),
        st.sampled_from(["one", "other"]),
        st.none() | st.integers(0, 30),
    ),
    max_size=5,
    unique_by=lambda one: one[0],
)
WINDOWS = st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=4)


@database
def test_cached_exposures_are_those_of_all_readings(db: None) -> None:
    """Rows of two devices arrive one by one, in any order; windows are asked for in between."""

    @given(ROWS, WINDOWS)
    def holds(
        drawn: list[tuple[int, list[int | None], int, str, int | None]],
        asked: list[tuple[int, int]],
    ) -> None:
        Track.objects.all().delete()
        Cell.objects.all().delete()
        asset = asset_of("truck")
        devices: dict[str, list[Look]] = {"one": [], "other": []}
        openings: list[Stretch] = []
        for begin, values, every, by, opened in drawn:
            seen = [
                (begin + n * every * MINUTE, None if value is None else value * 1_000)
                for n, value in enumerate(values)
            ]
            devices[by] += [Look(at, value, 500 if value is not None else 0) for at, value in seen]
            happened = []
            if opened is not None:
                at_ms = begin + opened * MINUTE
                openings.append(Stretch(at_ms, at_ms + 3 * MINUTE))
                number = len(openings)
                happened = [
                    Happened(at_ms, Event.DOOR_OPENED, number),
                    Happened(at_ms + 3 * MINUTE, Event.DOOR_CLOSED, number),
                ]
            with tracks.still():
                tracks.put(row(asset, seen, happened, by))
            for ends in asked:
                window = Stretch(min(ends), max(ends) + MINUTE)
                assert cells.exposure(asset.pk, window) == _naive(devices, openings, window)

    holds()


def _naive(devices: dict[str, list[Look]], openings: list[Stretch], window: Stretch) -> Exposure:
    arranged = [timeline.arrange(looks) for looks in devices.values()]
    found = timeline.of_place(arranged, window)
    doors = timeline.excused_by_door(openings)
    return timeline.exposure(timeline.excuse(found, doors, State.DOOR))


SEEN = st.builds(
    Seen,
    st.integers(0, 2**50),
    st.none() | st.integers(-40_000, 80_000),
    st.none() | st.integers(-40_000, 80_000),
    st.integers(0, 2_000),
    st.none() | st.integers(-40_000, 80_000),
    st.integers(0, 64),
)
HAPPENED = st.builds(Happened, st.integers(0, 2**50), st.integers(1, 16), st.integers(-1, 255))


@given(st.lists(SEEN, max_size=5).map(tuple), st.lists(HAPPENED, max_size=5).map(tuple))
def test_rows_come_back_as_they_were_packed(
    seen: tuple[Seen, ...], happened: tuple[Happened, ...]
) -> None:
    packed = pack(Readings(seen, happened))
    assert unpack(packed) == Readings(seen, happened)
    assert packing.looks(packed) == ([one.look for one in seen], list(happened))


def test_a_row_of_another_layout_is_refused() -> None:
    with pytest.raises(ValueError, match="rebuild the tracks"):
        unpack(b"\x02" + pack(Readings())[1:])
    with pytest.raises(ValueError, match="rebuild the tracks"):
        packing.add_packed({}, b"\x02")


def test_a_histogram_comes_back() -> None:
    exposure = Exposure({Bin(State.UNKNOWN, None, 0): 5, Bin(State.DOOR, -3_000, 500): 2**40})
    bins: dict[Bin, int] = {}
    for _ in range(2):
        packing.add_packed(bins, packing.pack_exposure(exposure))
    assert Exposure(bins) == exposure + exposure
