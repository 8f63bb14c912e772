"""Deeds and the log: after a restore nothing comes back that was taken away, and no row is edited.

The log holds every deed. An older database that was put back is told the deeds it lacks, and those
among them that took something away are done again: a person stays erased, a membership ended, a
key revoked. What they gave is not given again: people who joined since are invited anew.
`check` holds the rows against the log. Spec: docs/architecture.md, "Who may do what".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from protocol.errors import ProtocolError
from protocol.leaf import ServiceLeaf, decode_leaf
from server.accounts import vault
from server.accounts.deeds import columns
from server.accounts.models import ApiKey, Badge, Deed, GuestCode, Membership
from server.accounts.rules import Role
from server.ledger import rows, service
from server.ledger.audit import Finding
from server.ledger.log import writing

CHUNK = 512


@dataclass(frozen=True, slots=True)
class Logged:
    """A deed as the log holds it: its place, its leaf's hash, and its row's columns."""

    index: int
    leaf_hash: bytes
    columns: Mapping[str, Any]


def rebuild(first: int, size: int) -> None:
    """Write the deeds that the log holds from `first` to `size`, and take away again."""
    for start in range(first, size, CHUNK):
        with writing():
            for one in logged(start, min(start + CHUNK, size)):
                _take(one)


def logged(first: int, size: int) -> Iterator[Logged]:
    """The deeds among the leaves first..size-1."""
    found = rows.fetch(
        "SELECT e.number, e.leaf_hash, e.leaf, b.body FROM ledger_entry AS e"
        " JOIN ledger_body AS b ON b.number = e.number"
        " WHERE e.number >= %s AND e.number < %s ORDER BY e.number",
        [first, size],
    )
    for number, digest, leaf, body in found:
        told = _told(bytes(leaf), bytes(body))
        if told:
            yield Logged(number, bytes(digest), told)


def check(size: int) -> Iterator[Finding]:
    """Hold the rows of deeds against the log of that size: none edited, none added, none gone."""
    seen = 0
    for start in range(0, size, CHUNK):
        for one in logged(start, min(start + CHUNK, size)):
            row = Deed.objects.filter(leaf_hash=one.leaf_hash).values(*one.columns).first()
            seen += row is not None
            if row != one.columns:
                text = "is not what the log holds" if row else "lacks what the log holds"
                yield Finding(one.index, f"accounts_deed {text}")
    waiting = rows.fetch(
        "SELECT count(*) FROM accounts_deed AS d JOIN ledger_staged AS s"
        " ON s.leaf_hash = d.leaf_hash"
    )[0][0]
    if Deed.objects.count() - waiting > seen:
        yield Finding(None, "accounts_deed holds what the log does not")


def _take(one: Logged) -> None:
    deed, is_new = Deed.objects.get_or_create(
        leaf_hash=one.leaf_hash, defaults=dict(one.columns)
    )
    again = _AGAIN.get(deed.act)
    if is_new and again and not deed.reason:
        again(deed)


def _told(leaf: bytes, body: bytes) -> dict[str, Any]:
    try:
        opened = decode_leaf(leaf)
        if isinstance(opened, ServiceLeaf):
            return columns(opened.service, opened.kind, service.opened(opened, body))
    except (ProtocolError, ValueError):
        return {}  # the audit of the log itself tells
    return {}


def _erased(deed: Deed) -> None:
    vault.erase_again(deed.target, deed.at_ms, deed.detail, bytes(deed.leaf_hash))


def _role(deed: Deed) -> None:
    here = Membership.objects.filter(
        organisation=deed.organisation, person=deed.target, until_ms=None, from_ms__lte=deed.at_ms
    )
    row = here.first()
    if row is None:
        return
    here.update(until_ms=deed.at_ms)
    if deed.detail in list(Role):
        Membership.objects.create(
            person_id=row.person_id,
            organisation_id=row.organisation_id,
            role=deed.detail,
            from_ms=deed.at_ms,
        )


def _badge(deed: Deed) -> None:
    rows = Badge.objects.filter(organisation=deed.organisation, person=deed.target, ended_ms=None)
    rows.update(ended_ms=deed.at_ms)


_AGAIN: Mapping[str, Callable[[Deed], object]] = {
    vault.ERASED: _erased,
    "role-changed": _role,
    "badge-ended": _badge,
    "key-ended": lambda deed: ApiKey.objects.filter(id=deed.target).update(ended_ms=deed.at_ms),
    "guest-ended": lambda deed: GuestCode.objects.filter(id=deed.target).update(
        ended_ms=deed.at_ms
    ),
}
