"""The log outlives the database: what was taken away stays away, and edits of deeds show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model

from server.accounts import apikeys, badges, guests, members, replay, vault
from server.accounts.models import (
    ApiKey,
    Badge,
    Certificate,
    Deed,
    GuestCode,
    Membership,
    Person,
    Personal,
    VaultKey,
)
from server.accounts.rules import CLOCKWORK, HOUR_MS, Role
from server.ledger import log
from server.ledger.tick import now_ms
from tests import reliability
from tests.server.accounts import cast

pytestmark = pytest.mark.django_db(transaction=True)

Kept = list[tuple[type[Model], dict[str, Any]]]


def backup() -> Kept:
    """What the tables hold, apart from deeds."""
    tables: list[type[Model]] = [Person, Membership, ApiKey, GuestCode, Badge]
    return [(one, dict(row)) for one in tables for row in one._default_manager.values()]


def put_back(kept: Kept, deeds: int) -> None:
    """As it was before: newer deeds are unknown, and ended things are open again."""
    Deed.objects.filter(id__gt=deeds).delete()
    Certificate.objects.all().delete()
    Membership.objects.exclude(id__in=[r["id"] for t, r in kept if t is Membership]).delete()
    for table, row in kept:
        table._default_manager.update_or_create(pk=row["id"], defaults=row)


def test_a_restore_brings_back_no_right_that_was_taken_away_and_nobody_who_was_erased() -> None:
    people = cast.Cast()
    who, place = people.who(Role.ADMINISTRATOR), people.place.id
    at_ms = now_ms()
    apikeys.make(who, place, apikeys.Wanted(Role.VIEWER, frozenset({"tours"}), HOUR_MS), at_ms)
    guests.issue(who, place, guests.Wanted(frozenset({"tours"}), HOUR_MS), at_ms)
    operator, viewer = people.people[Role.OPERATOR], people.people[Role.VIEWER]
    badges.issue(who, place, operator.id, at_ms)
    erased = people.people[Role.AUDITOR]
    size, newest = log.sequence(at_ms).size, Deed.objects.latest("id").id
    kept, secret = backup(), VaultKey.objects.filter(person=erased).values().get()

    apikeys.end(who, place, ApiKey.objects.get().id, at_ms)
    guests.end(who, place, GuestCode.objects.get().id, at_ms)
    badges.end(who, place, operator.id, at_ms)
    members.give_role(who, place, operator.id, None, at_ms)
    members.give_role(who, place, viewer.id, Role.OPERATOR, at_ms)
    made = vault.erase(erased.id, at_ms)
    grown = log.sequence(at_ms).size

    put_back(kept, newest)
    VaultKey.objects.create(**secret)
    assert ApiKey.objects.get().ended_ms is None
    replay.rebuild(size, grown)
    again = [
        ApiKey.objects.get().ended_ms,
        GuestCode.objects.get().ended_ms,
        *Badge.objects.values_list("ended_ms", flat=True),
        *operator.memberships.values_list("until_ms", flat=True),
        *erased.memberships.values_list("until_ms", flat=True),
        Person.objects.get(id=erased.id).erased_ms,
    ]
    reliability.note("S17", "older database put back: rights and data taken away since", 6,
                     f"{again.count(None)} came back")
    assert None not in again
    assert viewer.memberships.get(until_ms=None).role == Role.OPERATOR
    assert VaultKey.objects.filter(person=erased).count() == 0
    assert Personal.objects.filter(person=erased).count() == 0
    assert Certificate.objects.get().id == made.id
    assert list(replay.check(grown)) == []


def _edit(row: Deed) -> object:
    return Deed.objects.filter(id=row.id).update(detail="viewer")


def _delete(row: Deed) -> object:
    return row.delete()


def _add(row: Deed) -> object:
    return Deed.objects.create(
        at_ms=1, who=row.who, actor=row.actor, service="accounts", act="invited", leaf_hash=b"x"
    )


def _unrefuse(row: Deed) -> object:
    return Deed.objects.filter(id=row.id).update(reason="wrong")


@pytest.mark.parametrize("edit", [_edit, _delete, _add, _unrefuse])
def test_S18_an_edit_of_the_record_of_acts_shows(edit: Callable[[Deed], object]) -> None:
    people = cast.Cast()
    who = people.who(Role.ADMINISTRATOR)
    one = people.people[Role.VIEWER]
    members.give_role(who, people.place.id, one.id, Role.OPERATOR, now_ms())
    size = log.sequence(now_ms()).size
    assert list(replay.check(size)) == []
    members.give_role(CLOCKWORK, people.place.id, one.id, None, now_ms())
    assert list(replay.check(size)) == [], "one that is staged is no finding"
    edit(Deed.objects.filter(act="role-changed").order_by("id")[0])
    found = list(replay.check(size))
    reliability.note("S18", f"record of acts changed by SQL: {edit.__name__[1:]}", 1,
                     f"{len(found)} found")
    assert len(found) == 1
