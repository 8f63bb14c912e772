"""Counting tries, so that nothing can be guessed: by account, by address, and of everybody.

A counter stands under an HMAC of account or address, with a random key that is deleted with its
day: who tried, and whence, is never stored. A try is counted before it is looked at, in a
transaction of its own, so that tries side by side count too. The limits are rules.LIMITS.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from server.accounts import deeds
from server.accounts.deeds import Act
from server.accounts.models import DayKey, Tries
from server.accounts.rules import (
    ALLOWED,
    DAY_MS,
    LIMITS,
    NOBODY,
    Limit,
    Of,
    Reason,
    Refused,
    Try,
    Verdict,
)
from server.ledger.keys import entropy
from server.ledger.log import writing

KEY_BYTES = 32
_COUNT = (
    "INSERT INTO accounts_tries (digest, count, expires_ms) VALUES (%s, 1, %s)"
    " ON CONFLICT (digest) DO UPDATE SET count = accounts_tries.count + 1 RETURNING count"
)


@dataclass(frozen=True, slots=True)
class Whence:
    """What is tried: on which account (any spelling of it), from which address."""

    account: str = ""
    address: str = ""


def tried(what: Try, whence: Whence, now_ms: int) -> Verdict:
    """Count one try; TOO_MANY beyond any limit, of which the first in a window is written down."""
    with writing():
        key = _key(now_ms // DAY_MS)
        limits = [one for one in LIMITS[what] if whence.account or one.of is not Of.ACCOUNT]
        over = {one: _counted(key, what, one, whence, now_ms) - one.count for one in limits}
        for limit in (limit for limit, more in over.items() if more == 1):
            act = Act("accounts", "limit-reached", detail=f"{what} {limit.of}")
            deeds.record(NOBODY, act, now_ms, Reason.TOO_MANY)
    return Refused(Reason.TOO_MANY) if max(over.values()) > 0 else ALLOWED


def failed(way: str, named: str, reason: Reason, now_ms: int) -> Refused:
    """Write down a sign-in that failed, of a person or badge if one was meant, and refuse it.

    One that succeeds is not written down: when somebody works is nobody's business here.
    """
    with writing():
        deeds.record(NOBODY, Act("accounts", "sign-in", target=named, detail=way), now_ms, reason)
    return Refused(reason)


def address_of(request: HttpRequest) -> str:
    """The client's network: its IPv4 address, or the first 64 bits of IPv6.

    A proxy's word is taken only from the proxies that the settings name.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    if address in settings.JAGALCHI.proxies:
        told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        address = told or address
    return _network(address)


def forget(now_ms: int) -> None:
    """Delete counters whose window has passed, and the keys of days that are over."""
    with writing():
        Tries.objects.filter(expires_ms__lte=now_ms).delete()
        DayKey.objects.filter(day__lt=now_ms // DAY_MS).delete()


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 4:
        return str(parsed)
    return str(ip_network((parsed, 64), strict=False))


def _key(day: int) -> bytes:
    return bytes(DayKey.objects.get_or_create(day=day, defaults={"key": entropy(KEY_BYTES)})[0].key)


def _counted(key: bytes, what: Try, limit: Limit, whence: Whence, now_ms: int) -> int:
    value = {Of.ACCOUNT: whence.account, Of.ADDRESS: whence.address, Of.EVERYBODY: ""}[limit.of]
    window = now_ms // limit.window_ms
    named = "\x00".join([what, limit.of, value, str(limit.window_ms), str(window)])
    digest = hmac.digest(key, named.encode(), "sha256")
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [digest, (window + 1) * limit.window_ms])
        return int(cursor.fetchone()[0])
