"""Hypothesis strategies: any valid body of every kind, any valid record."""

from __future__ import annotations

from hypothesis import strategies as st

from protocol import cbor
from protocol.bodies import (
    Anchor,
    Body,
    Closing,
    EventBody,
    Evicted,
    Gossip,
    Head,
    KeptFrom,
    Measured,
    Opening,
    Position,
    Reading,
    Rotation,
    SensorLabel,
    Summary,
    Tombstone,
    TreeHead,
)
from protocol.record import Record
from protocol.registry import (
    VALUED,
    Event,
    Fix,
    Kind,
    Param,
    Quantity,
    Reason,
    Status,
    TimeSource,
)
from tests.protocol import build

u32 = st.integers(0, 2**32 - 1)
i32 = st.integers(-(2**31) + 1, 2**31 - 1)
counts = st.integers(0, cbor.MAX_INT)
signed = st.integers(-cbor.MAX_INT, cbor.MAX_INT)
sizes = st.integers(1, cbor.MAX_INT)
epochs = st.binary(min_size=8, max_size=8)
hashes = st.binary(min_size=32, max_size=32)
sensors = st.integers(0, 255)
names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=16
)
quantities = st.sampled_from(Quantity)
sources = st.sampled_from([source for source in TimeSource if source is not TimeSource.NONE])

heads = st.builds(Head, epochs, u32, hashes)
tree_heads = st.builds(TreeHead, sizes, hashes)
labels = st.lists(
    st.builds(SensorLabel, sensors, names), max_size=4, unique_by=lambda label: label.number
).map(lambda found: tuple(sorted(found, key=lambda label: label.number)))
openings = st.builds(
    Opening,
    device=st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=16, max_size=16),
    origin=names,
    boot_id=st.binary(min_size=16, max_size=16),
    software=names,
    head=st.none() | heads,
    checkpoint=st.none() | tree_heads,
    sensors=labels,
    kept_from=st.lists(st.builds(KeptFrom, epochs, u32), max_size=3).map(tuple),
)
valued = st.builds(
    Measured,
    sensors,
    quantities,
    i32,
    st.sampled_from(sorted(VALUED)),
    st.integers(1, 15),
    st.none() | i32,
)
silent = st.builds(
    Measured,
    sensors,
    quantities,
    st.none(),
    st.sampled_from(sorted(set(Status) - VALUED)),
    st.integers(1, 15),
    st.none(),
)
readings = st.builds(Reading, st.lists(valued | silent, min_size=1, max_size=5).map(tuple))
fixed = st.builds(
    Position,
    st.integers(-900_000_000, 900_000_000),
    st.integers(-1_800_000_000, 1_800_000_000),
    st.none() | u32,
    st.none() | st.integers(0, 35_999),
    st.sampled_from([Fix.FIX_2D, Fix.FIX_3D]),
    st.none() | sensors,
    st.none() | st.integers(0, 65_535),
    st.none() | counts,
)
lost = st.builds(
    Position,
    st.none(),
    st.none(),
    st.none(),
    st.none(),
    st.just(Fix.NONE),
    st.none() | sensors,
    st.none(),
    st.none() | counts,
)
params = st.dictionaries(st.sampled_from(Param), signed, max_size=5).map(
    lambda found: tuple(sorted(found.items()))
)
events = st.builds(
    EventBody, st.sampled_from(Event), st.none() | sensors, params, st.none() | epochs
)
anchors = st.builds(Anchor, counts, counts, sources, counts)


@st.composite
def summaries(draw: st.DrawFn) -> Summary:
    """A summary in order: minimum <= mean <= maximum."""
    low, mean, high = sorted(draw(st.tuples(i32, i32, i32)))
    return Summary(draw(sensors), draw(quantities), low, mean, high)


@st.composite
def evicted(draw: st.DrawFn) -> Evicted:
    """A range whose count fits."""
    first, last = sorted(draw(st.tuples(u32, u32)))
    return Evicted(
        epoch=draw(epochs),
        first=first,
        last=last,
        prev_hash=draw(hashes),
        last_hash=draw(hashes),
        count=draw(st.integers(1, last - first + 1)),
        reason=draw(st.sampled_from(Reason)),
        summaries=tuple(draw(st.lists(summaries(), max_size=3))),
    )


tombstones = st.builds(Tombstone, st.lists(evicted(), min_size=1, max_size=16).map(tuple))
rotations = st.sampled_from(["next", "after"]).map(
    lambda name: Rotation(build.key(name).cose_key, b"\x01" * 64)
)
BODIES: dict[Kind, st.SearchStrategy[Body]] = {
    Kind.OPENING: openings,
    Kind.READING: readings,
    Kind.POSITION: fixed | lost,
    Kind.EVENT: events,
    Kind.ANCHOR: anchors,
    Kind.GOSSIP: st.builds(Gossip, sizes, hashes),
    Kind.TOMBSTONE: tombstones,
    Kind.ROTATION: rotations,
    Kind.CLOSING: st.builds(Closing, st.sampled_from(Reason)),
}
times = st.one_of(
    st.just((None, TimeSource.NONE, None)),
    st.tuples(counts, sources, counts),
)


@st.composite
def records(draw: st.DrawFn, kind: Kind) -> Record:
    """Any valid record of this kind."""
    body = draw(BODIES[kind])
    utc_ms, source, uncertainty_ms = draw(times)
    epoch, prev = draw(epochs), draw(hashes)
    if isinstance(body, Opening) and body.head:
        epoch, prev = bytes(byte ^ 1 for byte in body.head.epoch), body.head.hash
    return Record(
        kind=kind,
        epoch=epoch,
        seq=0 if kind is Kind.OPENING else draw(st.integers(1, 2**32 - 1)),
        prev=prev,
        boot_ms=draw(counts),
        utc_ms=utc_ms,
        source=source,
        uncertainty_ms=uncertainty_ms,
        simulated=draw(st.booleans()),
        body=body,
    )
