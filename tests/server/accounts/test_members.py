"""Roles and duties: every change is a deed; what must not be is refused and changes nothing."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from server.accounts import members, organisations
from server.accounts.members import Post
from server.accounts.models import Deed, Duty, Membership, Organisation
from server.accounts.rules import ALLOWED, CLOCKWORK, Reason, Refused, Role
from server.ledger import log, service
from server.ledger.tick import now_ms
from tests.server.accounts import cast

pytestmark = pytest.mark.django_db

NOW = 1_890_000_000_000


def role_of(people: cast.Cast, role: Role) -> str:
    one = people.people[role]
    return str(Membership.objects.get(person=one, until_ms=None).role)


def test_a_role_is_changed_with_its_history_kept() -> None:
    people = cast.Cast()
    who, one = people.who(Role.ADMINISTRATOR), people.people[Role.VIEWER]
    assert members.give_role(who, people.place.id, one.id, Role.OPERATOR, NOW) is ALLOWED
    rows = list(one.memberships.order_by("id").values_list("role", "until_ms"))
    assert rows == [("viewer", NOW), ("operator", None)]
    deed = Deed.objects.latest("id")
    assert (deed.act, deed.who, deed.target, deed.detail) == (
        "role-changed", who.id, one.id, "operator"
    )


@pytest.mark.parametrize(
    ("target", "role", "reason"),
    [
        ("self", Role.VIEWER, Reason.OWN_ROLE),
        ("self", None, Reason.OWN_ROLE),
        ("nobody", Role.ADMINISTRATOR, Reason.NOT_FOUND),
        ("stranger", Role.ADMINISTRATOR, Reason.NOT_FOUND),
    ],
)
def test_a_change_that_must_not_be_is_refused_written_down_and_changes_nothing(
    target: str, role: Role | None, reason: Reason
) -> None:
    people, stranger = cast.Cast(), cast.person()
    who = people.who(Role.ADMINISTRATOR)
    person = {"self": who.id, "nobody": "a" * 16, "stranger": stranger.id}[target]
    before = list(Membership.objects.values_list())
    verdict = members.give_role(who, people.place.id, person, role, NOW)
    assert verdict == Refused(reason)
    assert list(Membership.objects.values_list()) == before
    assert Deed.objects.latest("id").reason == str(reason)


def test_the_last_administrator_stays() -> None:
    people = cast.Cast()
    second = cast.member(people.place, Role.ADMINISTRATOR)
    first = people.people[Role.ADMINISTRATOR]
    who = cast.as_who(second)
    assert members.give_role(who, people.place.id, first.id, None, NOW) is ALLOWED
    from server.accounts.rules import Who

    operator = Who("somebody", who.actor, {people.place.id: Role.ADMINISTRATOR})
    verdict = members.give_role(operator, people.place.id, second.id, Role.VIEWER, NOW)
    assert verdict == Refused(Reason.LAST_ADMINISTRATOR)


def test_the_clock_may_fall_behind_a_membership_and_it_ends_all_the_same() -> None:
    people = cast.Cast()
    who, one = people.who(Role.ADMINISTRATOR), people.people[Role.VIEWER]
    assert members.give_role(who, people.place.id, one.id, None, 1) is ALLOWED
    row = one.memberships.get()
    assert row.until_ms == row.from_ms


def test_the_database_refuses_two_roles_at_once_and_a_deputy_for_oneself() -> None:
    people = cast.Cast()
    one = people.people[Role.VIEWER]
    with pytest.raises(IntegrityError), transaction.atomic():
        members.seat(one.id, people.place.id, Role.OPERATOR, NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Duty.objects.create(
            organisation=people.place, name="x", holder=one, deputy=one, from_ms=NOW
        )


# Duties


def post(people: cast.Cast, holder: Role, deputy: Role, name: str = "야간 당직") -> Post:
    return Post(name, people.people[holder].id, people.people[deputy].id, "열쇠는 3번 서랍")


def test_a_duty_passes_to_the_next_with_its_deputy() -> None:
    people = cast.Cast()
    who, place = people.who(Role.ADMINISTRATOR), people.place.id
    for holder in (Role.OPERATOR, Role.VIEWER):
        done = members.set_duty(who, place, post(people, holder, Role.AUDITOR), NOW)
        assert done is ALLOWED
    held = members.open_duties(place).get()
    assert (held.holder, held.deputy) == (
        people.people[Role.VIEWER], people.people[Role.AUDITOR]
    )
    assert Duty.objects.count() == 2
    assert members.end_duty(who, place, held.id, NOW) is ALLOWED
    assert members.open_duties(place).count() == 0


def test_a_duty_needs_two_members_and_a_name() -> None:
    people, place = cast.Cast(), cast.organisation("다른 곳")
    who = people.who(Role.ADMINISTRATOR)
    same = post(people, Role.VIEWER, Role.VIEWER)
    unnamed = post(people, Role.VIEWER, Role.AUDITOR, " ")
    verdicts = [
        members.set_duty(who, people.place.id, same, NOW),
        members.set_duty(who, people.place.id, unnamed, NOW),
        members.set_duty(who, place.id, post(people, Role.VIEWER, Role.AUDITOR), NOW),
        members.end_duty(who, place.id, 1, NOW),
    ]
    reasons = [one.reason for one in verdicts if isinstance(one, Refused)]
    assert reasons == [
        Reason.SAME_PERSON, Reason.BAD_INPUT, Reason.NOT_FOUND, Reason.NOT_FOUND
    ]
    assert Duty.objects.count() == 0


def test_the_page_shows_duties_with_deputies_and_who_may_change_them() -> None:
    people = cast.Cast()
    duty = post(people, Role.OPERATOR, Role.VIEWER)
    members.set_duty(people.who(Role.ADMINISTRATOR), people.place.id, duty, now_ms())
    path = f"/organisations/{people.place.id}"
    seen = people.client(Role.VIEWER).get(path).content.decode()
    assert "야간 당직" in seen and "사람 operator" in seen and "열쇠는 3번" in seen
    assert "초대하기" not in seen
    assert "초대하기" in people.client(Role.ADMINISTRATOR).get(path).content.decode()


# Organisations


def test_there_is_one_operator() -> None:
    assert isinstance(organisations.add(CLOCKWORK, "operator", ("하나", ""), NOW), Organisation)
    again = organisations.add(CLOCKWORK, "operator", ("둘", ""), NOW)
    assert again == Refused(Reason.TAKEN)


@pytest.mark.parametrize(
    ("kind", "names"),
    [("shop", ("", "")), ("shop", ("x" * 81, "")), ("bakery", ("빵", "")), ("shop", ("a\nb", ""))],
)
def test_an_organisation_has_a_kind_and_a_name(kind: str, names: tuple[str, str]) -> None:
    assert organisations.add(CLOCKWORK, kind, names, NOW) == Refused(Reason.BAD_INPUT)


def test_an_organisation_that_has_ended_gives_no_rights() -> None:
    people = cast.Cast()
    people.place.ended_ms = NOW
    people.place.save()
    assert people.client(Role.ADMINISTRATOR).get(
        f"/organisations/{people.place.id}"
    ).status_code == 404


# Deeds


def test_a_deed_is_an_entry_of_the_log_that_opens_to_its_row() -> None:
    from protocol.leaf import ServiceLeaf, decode_leaf
    from server.accounts.deeds import columns

    people = cast.Cast()
    one = people.people[Role.VIEWER]
    members.give_role(people.who(Role.ADMINISTRATOR), people.place.id, one.id, None, NOW)
    row = Deed.objects.latest("id")
    from server.ledger.models import Staged

    leaf = decode_leaf(bytes(Staged.objects.get(leaf_hash=row.leaf_hash).leaf))
    body = log.body(bytes(row.leaf_hash)) or b""
    assert isinstance(leaf, ServiceLeaf)
    told = columns(leaf.service, leaf.kind, service.opened(leaf, body))
    assert told == {name: getattr(row, name) for name in told}
    assert leaf.public == {}
