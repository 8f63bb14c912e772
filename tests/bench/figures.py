"""What is measured: the truck's cost of a record, its bytes on the wire, and the log's tree."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import cbor2

from agent.edges.signer import EcdsaSigner
from hal.api import Moment
from hal.mock.scenarios import TRUCK
from hal.mock.truck import Truck
from protocol import merkle, record, wire
from protocol.bodies import Measured, Opening, Reading
from protocol.record import Record, Sealed
from protocol.registry import Kind, Quantity, Status, TimeSource
from tests.bench import pilots
from tests.bench.figure import Figure, seconds

SPAN = 60
ROUND = 200
LEAVES = 100_000
PROOFS = 200
UTC_MS = 1_784_062_800_000
EPOCH = bytes(range(8))


def everything() -> Iterator[Figure]:
    """Measure every figure, one after the other."""
    signer = EcdsaSigner.from_seed(1)
    yield _seal(signer)
    sealed = _chain(signer, SPAN + 1)
    yield _open_sealed(sealed)
    yield _wire_bytes(sealed[1:])
    yield from _tree()
    yield _physics()
    yield from pilots.everything()


def _reading(seq: int, prev: bytes) -> Record:
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


def _opening(device: str) -> Record:
    body = Opening(device=device, origin="bench.invalid/log", boot_id=bytes(16), software="bench")
    return Record(
        kind=Kind.OPENING,
        epoch=EPOCH,
        seq=0,
        prev=bytes(32),
        boot_ms=0,
        utc_ms=None,
        source=TimeSource.NONE,
        uncertainty_ms=None,
        simulated=False,
        body=body,
    )


def _chain(signer: EcdsaSigner, count: int) -> list[Sealed]:
    chain = [record.seal(_opening("a" * 16), signer.kid, signer.sign)]
    while len(chain) < count:
        following = _reading(len(chain), chain[-1].hash)
        chain.append(record.seal(following, signer.kid, signer.sign))
    return chain


def _seal(signer: EcdsaSigner) -> Figure:
    readings = [_reading(seq, bytes(32)) for seq in range(1, ROUND + 1)]

    def work() -> None:
        for reading in readings:
            record.seal(reading, signer.kid, signer.sign)

    def only_sign() -> None:
        for _ in range(ROUND):
            signer.sign(bytes(200))

    micros = seconds(work) / ROUND * 1e6
    reference = f"signing alone {seconds(only_sign) / ROUND * 1e6:,.0f}"
    return Figure("seal a reading (pure Python signer)", micros, "µs", 1_200, reference)


def _open_sealed(chain: list[Sealed]) -> Figure:
    raw = [sealed.sealed for sealed in chain[1:]]

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


def _tree() -> Iterator[Figure]:
    leaves = [merkle.leaf_hash(number.to_bytes(8, "big")) for number in range(LEAVES)]
    each = LEAVES / seconds(partial(_append_all, leaves), rounds=3)
    name = f"Merkle append, to {LEAVES:,} leaves"
    yield Figure(name, each, "/s", 10_000, "pymerkle ~5,800 at 1M", at_most=False)

    nodes = _nodes(leaves)
    node = partial(_node, nodes)
    step = LEAVES // PROOFS

    def prove() -> None:
        for index in range(0, LEAVES, step):
            merkle.inclusion_proof(index, LEAVES, node)

    millis = seconds(prove) / PROOFS * 1e3
    yield Figure(f"inclusion proof at {LEAVES:,} leaves", millis, "ms", 0.3, "pymerkle ~28 at 1M")


def _append_all(leaves: list[bytes]) -> merkle.CompactRange:
    """One leaf at a time, as a log with a trickle of entries would."""
    tree = merkle.CompactRange(0, ())
    for leaf in leaves:
        tree, _ = tree.append(leaf)
    return tree


def _nodes(leaves: list[bytes]) -> dict[tuple[int, int], bytes]:
    _, made = merkle.CompactRange(0, ()).extend(leaves)
    return {(level, index): digest for level, index, digest in made}


def _node(nodes: dict[tuple[int, int], bytes], level: int, index: int) -> bytes:
    return nodes[level, index]


def _physics() -> Figure:
    seeds = iter(range(100))

    def work() -> None:
        world = Truck(TRUCK["steady"], next(seeds), UTC_MS)
        world.advance(Moment(0, None))
        world.climate(3_600_000)

    return Figure("one simulated hour of a truck", seconds(work) * 1e3, "ms", 20, "our own bound")
