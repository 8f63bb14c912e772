"""What a device's records say of one day: the warmest that each sensor was. Reads; changes nothing.

A leaf's records never change, so what was read of one is remembered: a display that asks twice a
minute costs the newest leaves only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from protocol import cbor
from protocol.bodies import Reading
from protocol.record import open_sealed
from protocol.registry import Quantity, Status
from server.devices.models import HeldSpan
from server.ledger import log

MAX_SPANS = 10_000
"""In a day; a device that sends each reading by itself has 8,640."""
MAX_BODY = 1024 * 1024


def warmest(device: str, since_ms: int) -> Mapping[int, int]:
    """Milli-degrees by sensor: the highest sound temperature dated `since_ms` (UTC) or later.

    Readings that nobody can date count for no day.
    """
    spans = HeldSpan.objects.filter(device=device, contested=False, received_ms__gte=since_ms)
    leaves = spans.order_by("-id").values_list("leaf_hash", flat=True)[:MAX_SPANS]
    worst: dict[int, int] = {}
    for leaf in leaves:
        for sensor, milli in _of_leaf(bytes(leaf), since_ms):
            worst[sensor] = max(milli, worst.get(sensor, milli))
    return worst


@lru_cache(maxsize=4 * MAX_SPANS)
def _of_leaf(leaf: bytes, since_ms: int) -> tuple[tuple[int, int], ...]:
    worst: dict[int, int] = {}
    for sensor, milli in _temperatures(log.body(leaf) or b"\x80", since_ms):
        worst[sensor] = max(milli, worst.get(sensor, milli))
    return tuple(worst.items())


def _temperatures(body: bytes, since_ms: int) -> Iterator[tuple[int, int]]:
    records = cbor.decode(body, max_bytes=MAX_BODY)
    for sealed in records if isinstance(records, list) else ():
        record = open_sealed(bytes(sealed)).record
        if not isinstance(record.body, Reading) or (record.utc_ms or 0) < since_ms:
            continue
        for one in record.body.measurements:
            if one.quantity is Quantity.TEMPERATURE and one.status is Status.OK:
                yield one.sensor, one.value or 0
