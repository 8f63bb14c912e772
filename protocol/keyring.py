"""Which keys belong to a device: the first by its name, every other by a rotation.

The device's name is a hash of its first key, so that one needs no witness. Any other key counts
only if a trusted key sealed the rotation and the new key signed its own place in the chain.
Spec: docs/protocol.md, "Keys".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from protocol import cose, record
from protocol.bodies import Rotation
from protocol.cose import Verify
from protocol.errors import ProtocolError
from protocol.record import Sealed


@dataclass(frozen=True, slots=True)
class Keyring:
    """A device's keys, kid -> x||y, and the rotations that were refused."""

    device: str
    keys: dict[bytes, bytes] = field(default_factory=dict)
    refused: list[tuple[Sealed, ProtocolError]] = field(default_factory=list)


def collect(
    device: str, candidates: Iterable[bytes], records: Iterable[Sealed], verify: Verify
) -> Keyring:
    """Return the keys among COSE_Key `candidates` and the records' rotations that hold.

    Raises ProtocolError if the device's first key is among the candidates but is not a key.
    """
    ring = Keyring(device)
    by_signer: dict[bytes, list[Sealed]] = defaultdict(list)
    for one in records:
        if isinstance(one.record.body, Rotation):
            by_signer[one.kid].append(one)
    first = [key for key in candidates if cose.device_id(key) == device][:1]
    ring.keys.update((cose.key_id(key), cose.decode_key(key)) for key in first)
    waiting = list(ring.keys)
    while waiting:
        for one in by_signer.pop(waiting.pop(), []):
            waiting += _introduce(ring, one, verify)
    return ring


def _introduce(ring: Keyring, one: Sealed, verify: Verify) -> list[bytes]:
    """Add the new key of a rotation sealed under a trusted kid; return its kid if it is new."""
    try:
        record.verify(one, ring.keys[one.kid], verify)
        xy = record.verify_rotation(one.record, ring.device, verify)
    except ProtocolError as error:
        ring.refused.append((one, error))
        return []
    kid = cose.key_id(cose.encode_key(xy))
    if kid in ring.keys:
        return []
    ring.keys[kid] = xy
    return [kid]
