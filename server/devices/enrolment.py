"""How a device becomes known: a one-time token, proof of possession, and an answer to pin for life.

A token serves once. The same device may ask again with the same key (its answer may have been
lost) and gets the very same bytes, because their hash is where its chain begins. Of two devices
that race for one token exactly one wins. Spec: docs/protocol.md, section "Enrolment, rotation,
revocation".
"""

from __future__ import annotations

import hashlib

from django.conf import settings

from protocol import cose, wire
from protocol.errors import ProtocolError
from protocol.registry import Problem
from server.devices import roster
from server.devices.crypto import verify_es256
from server.devices.models import DeviceKey, EnrolmentToken
from server.ledger import keys, log
from server.ledger.log import writing


def enrol(body: bytes, now_ms: int) -> bytes:
    """Admit a device; return the enrolment answer's bytes.

    The journal holds the enrolment before the device hears of it. Raises LogUnavailable, LogBroken,
    and ProtocolError: what open_enrol raises, TOKEN_UNKNOWN, TOKEN_USED, TOKEN_EXPIRED, KEY_TAKEN.
    """
    token, cose_key = wire.open_enrol(body, verify_es256)
    answer = _answered(token, cose_key, now_ms)
    log.sequence(now_ms)
    return answer


def _answered(token: str, cose_key: bytes, now_ms: int) -> bytes:
    with writing():
        row = _token(token)
        if row.used_by is not None:
            return _again(row, cose_key)
        if row.expires_ms <= now_ms:
            raise ProtocolError(Problem.TOKEN_EXPIRED, "the token was valid for 24 hours")
        if DeviceKey.objects.filter(cose_key=cose_key).exists():
            raise ProtocolError(Problem.KEY_TAKEN, "this key is enrolled already")
        return _admit(row, cose_key, now_ms)


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def _token(token: str) -> EnrolmentToken:
    # The lock makes the second of two racing devices wait, and then find the token used.
    locked = EnrolmentToken.objects.select_for_update()
    row = locked.filter(token_hash=token_hash(token)).first()
    if row is None:
        raise ProtocolError(Problem.TOKEN_UNKNOWN, "no such token was issued here")
    return row


def _again(row: EnrolmentToken, cose_key: bytes) -> bytes:
    """The same device asks again: possession of its key has just been proved."""
    device = row.used_by
    if device is None or device.name != cose.device_id(cose_key):
        raise ProtocolError(Problem.TOKEN_USED, "a device has enrolled with this token")
    return bytes(device.answer)


def _admit(row: EnrolmentToken, cose_key: bytes, now_ms: int) -> bytes:
    name = cose.device_id(cose_key)
    answer = wire.encode_enrol_answer(_answer(name, row.asset.name, now_ms))
    roster.admit(bytes(row.token_hash), cose_key, answer, now_ms)
    return answer


def _answer(device: str, asset: str, now_ms: int) -> wire.EnrolAnswer:
    ours = keys.current()
    return wire.EnrolAnswer(
        device=device,
        origin=ours.origin,
        log_vkey=ours.log.vkey,
        recovery_vkey=ours.recovery.vkey,
        config_vkey=ours.config.vkey,
        utc_ms=now_ms,
        asset=asset,
        demo=settings.JAGALCHI.demo,
    )
