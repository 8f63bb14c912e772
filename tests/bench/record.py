"""What a record costs: to seal in the truck, to open strictly, and in bytes on the wire."""

from __future__ import annotations

from collections.abc import Iterator

import cbor2

from agent.edges.signer import EcdsaSigner, Signer
from protocol import record, wire
from protocol.bodies import Measured, Opening, Reading
from protocol.record import Record, Sealed
from protocol.registry import Kind, Quantity, Status, TimeSource
from tests.bench.figure import Figure, seconds

SPAN = 60
ROUND = 200
UTC_MS = 1_784_062_800_000
EPOCH = bytes(range(8))


def figures() -> Iterator[Figure]:
    """Measure, one after the other."""
    signer = EcdsaSigner.from_seed(1)
    yield _seal(signer)
    span = following(record.seal(opening("a" * 16), signer.kid, signer.sign), signer, SPAN)
    yield _open_sealed(span)
    yield _wire_bytes(span)


def reading(seq: int, prev: bytes) -> Record:
    """A truck's usual reading: two sensors, temperature and humidity each."""
    body = Reading(
        tuple(
            Measured(sensor, quantity, value + seq % 7, Status.OK)
            for sensor in (1, 2)
            for quantity, value in ((Quantity.TEMPERATURE, 1_400), (Quantity.HUMIDITY, 86_300))
        )
    )
    at = 10_000 * seq
    return Record(
        kind=Kind.READING,
        epoch=EPOCH,
        seq=seq,
        prev=prev,
        boot_ms=at,
        utc_ms=UTC_MS + at,
        source=TimeSource.NTP,
        uncertainty_ms=40,
        simulated=False,
        body=body,
    )


def opening(device: str, origin: str = "bench.invalid/log", prev: bytes = bytes(32)) -> Record:
    """Record 0 of a device's first epoch."""
    body = Opening(device=device, origin=origin, boot_id=bytes(16), software="bench")
    return Record(
        kind=Kind.OPENING,
        epoch=EPOCH,
        seq=0,
        prev=prev,
        boot_ms=0,
        utc_ms=None,
        source=TimeSource.NONE,
        uncertainty_ms=None,
        simulated=False,
        body=body,
    )


def following(last: Sealed, signer: Signer, count: int) -> list[Sealed]:
    """So many readings after that record."""
    chain = [last]
    for seq in range(last.record.seq + 1, last.record.seq + 1 + count):
        chain.append(record.seal(reading(seq, chain[-1].hash), signer.kid, signer.sign))
    return chain[1:]


def _seal(signer: EcdsaSigner) -> Figure:
    readings = [reading(seq, bytes(32)) for seq in range(1, ROUND + 1)]

    def work() -> None:
        for reading in readings:
            record.seal(reading, signer.kid, signer.sign)

    def only_sign() -> None:
        for _ in range(ROUND):
            signer.sign(bytes(200))

    micros = seconds(work) / ROUND * 1e6
    reference = f"signing alone {seconds(only_sign) / ROUND * 1e6:,.0f}"
    return Figure("seal a reading (pure Python signer)", micros, "µs", 1_200, reference)


def _open_sealed(span: list[Sealed]) -> Figure:
    raw = [sealed.sealed for sealed in span]

    def work() -> None:
        for data in raw:
            record.open_sealed(data)

    micros = seconds(work, rounds=25) / len(raw) * 1e6

    def only_decode() -> None:
        for data in raw:
            cbor2.loads(cbor2.loads(data).value[2])

    bare = seconds(only_decode, rounds=25) / len(raw) * 1e6
    reference = f"cbor2 alone, unchecked {bare:,.1f}"
    return Figure("open a sealed reading, strictly", micros, "µs", 15, reference)


def _wire_bytes(span: list[Sealed]) -> Figure:
    batch = wire.encode_batch([[sealed.sealed for sealed in span]])
    reference = "JWS 532, SenML-JSON 829"
    each = len(batch) / len(span)
    return Figure(f"wire bytes per reading, span of {len(span)}", each, "B", 210, reference)
