"""gpsd's JSON: no nonsense raises, and what is no fix gives no position."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.api import Fault, Fix
from hal.drivers.gpsd import decode
from hal.drivers.nmea import Report, Track

TPV = {
    "class": "TPV",
    "mode": 3,
    "time": "2026-07-14T21:00:00.000Z",
    "lat": 35.074,
    "lon": 129.006,
    "speed": 22.224,
    "track": 285.3,
}
SKY = {"class": "SKY", "uSat": 9, "hdop": 0.93}
UTC_MS = 1_784_062_800_000


def said(**changes: object) -> Track:
    """The track after one TPV with these fields changed; None: left out."""
    fields = {key: value for key, value in {**TPV, **changes}.items() if value is not None}
    track = Track()
    for one in decode(json.dumps(fields).encode()):
        track = track.absorb(one, 0)
    return track


def test_a_fix_is_understood_to_the_digit() -> None:
    track = said()
    for one in decode(json.dumps(SKY).encode()):
        track = track.absorb(one, 0)
    fix = track.fix(0)
    assert (fix.fix, fix.lat_e7, fix.lon_e7) == (Fix.FIX_3D, 350_740_000, 1_290_060_000)
    assert (fix.speed_mm_s, fix.course_cdeg, fix.utc_ms) == (22_224, 28_530, UTC_MS)
    assert (fix.satellites, fix.hdop_centi) == (9, 93)


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": 0},
        {"mode": 1},
        {"mode": None},
        {"mode": "3"},
        {"lat": None},
        {"lat": 91},
        {"lon": -181},
        {"lat": 0, "lon": 0},
        {"lat": "35"},
        {"lat": True},
        {"lat": 1e300},
    ],
)
def test_what_is_no_fix_gives_no_position(changes: dict[str, object]) -> None:
    assert said(**changes).fix(0).lat_e7 is None


@pytest.mark.parametrize(
    ("time", "utc_ms"),
    [
        ("2026-07-14T21:00:00.250Z", UTC_MS + 250),
        ("2026-07-14T21:00:00Z", UTC_MS),
        ("2016-12-31T23:59:60.000Z", 1_483_228_799_000),
        ("2026-02-30T00:00:00Z", None),
        ("2026-07-14T25:00:00Z", None),
        ("yesterday", None),
        (7, None),
        (None, None),
    ],
)
def test_a_time_is_read_or_unknown(time: object, utc_ms: int | None) -> None:
    fix = said(time=time).fix(0)
    assert (fix.lat_e7, fix.utc_ms) == (350_740_000, utc_ms)


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"7", b"null", b"\xff", b'{"lat":NaN}', b"[" * 9_000]
)
def test_a_line_that_is_no_object_is_garbage(line: bytes) -> None:
    assert decode(line) == (Fault.CHECKSUM,)


@pytest.mark.parametrize("name", ["VERSION", "DEVICES", "WATCH", "ATT", ""])
def test_other_objects_are_of_no_interest(name: str) -> None:
    assert decode(json.dumps({"class": name, "lat": 1}).encode()) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*TPV, *SKY]), JSON), st.sampled_from(["TPV", "SKY"]))
def test_no_object_raises(fields: dict[str, object], name: str) -> None:
    for one in decode(json.dumps({**fields, "class": name}).encode()):
        assert isinstance(one, Report | Fault)
        assert Track().absorb(one, 0).fix(0).age_ms in (None, 0)


@given(st.binary(max_size=80))
def test_no_bytes_raise(line: bytes) -> None:
    assert isinstance(decode(line), tuple)
