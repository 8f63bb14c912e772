"""A device that only the lost predecessor knew is admitted again, on the predecessor's own word.

Its request is checked against the last known checkpoint that the operator named when this log was
declared; see `protocol.readmission`. Asking again is harmless. What the predecessor had revoked it
admits too: who has revoked whom is lost with the log, and the operator revokes anew.
Spec: docs/protocol.md, section "Successors".
"""

from __future__ import annotations

from protocol import readmission
from protocol.errors import ProtocolError
from protocol.registry import Problem
from server.devices import roster
from server.devices.crypto import verify_ed25519
from server.devices.models import Device, DeviceKey, Predecessor
from server.ledger import log
from server.ledger.log import writing


def readmit(device: str, body: bytes, now_ms: int) -> None:
    """Admit the device, unless it is here already.

    The journal holds it before the device hears of it. Raises LogUnavailable, LogBroken, and
    ProtocolError: what `readmission.decode` and `readmission.examine` raise, KEY_TAKEN.
    """
    request = readmission.decode(body)
    known = Predecessor.objects.filter(origin=readmission.log_of(request.voucher)).first()
    note = known.note if known else None
    readmission.examine(request, device, note, verify_ed25519)
    with writing():
        if Device.objects.filter(name=device).exists():
            return
        if DeviceKey.objects.filter(cose_key=request.cose_key).exists():
            raise ProtocolError(Problem.KEY_TAKEN, "this key is another device's by a rotation")
        roster.readmit(request.cose_key, request.answer, now_ms)
    log.sequence(now_ms)
