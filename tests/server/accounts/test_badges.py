"""Badges and inspectors' codes: wet gloves, shared tablets, and five wrong PINs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from server.accounts import badges, guests
from server.accounts.models import Badge, Deed
from server.accounts.rules import (
    BADGE_UNUSED_MS,
    CLOCKWORK,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Reason,
    Refused,
    Role,
)
from server.ledger.tick import now_ms
from tests.server.accounts import cast

pytestmark = pytest.mark.django_db

NOW = 1_790_000_000_000


def issued(people: cast.Cast, at_ms: int = NOW) -> str:
    one = people.people[Role.OPERATOR]
    code = badges.issue(CLOCKWORK, people.place.id, one.id, at_ms)
    assert isinstance(code, str)
    return code


def test_the_first_pin_is_the_pin() -> None:
    people = cast.Cast()
    code = issued(people)
    assert badges.is_new(code, NOW)
    first = badges.sign_in(code.upper(), cast.PIN, "a", NOW)
    assert isinstance(first, Badge) and not badges.is_new(code, NOW)
    assert badges.sign_in(code, cast.PIN, "a", NOW) == first
    assert badges.sign_in(code, "111111", "a", NOW) == Refused(Reason.WRONG)


def test_neither_code_nor_pin_is_kept() -> None:
    people = cast.Cast()
    code = issued(people)
    badges.sign_in(code, cast.PIN, "a", NOW)
    stored = repr(list(Badge.objects.values_list()))
    assert code not in stored and cast.PIN not in stored and "argon2id" in stored


def test_five_wrong_pins_in_a_row_end_the_badge_and_a_right_one_forgives() -> None:
    code = issued(cast.Cast())
    badges.sign_in(code, cast.PIN, "a", NOW)
    later = NOW

    def tried(pin: str) -> object:
        nonlocal later
        later += MINUTE_MS
        return badges.sign_in(code, pin, "a", later)

    for _ in range(4):
        assert tried("000000") == Refused(Reason.WRONG)
    assert isinstance(tried(cast.PIN), Badge)
    for _ in range(5):
        assert tried("000000") == Refused(Reason.WRONG)
    assert tried(cast.PIN) == Refused(Reason.REVOKED)


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "abcdef", "１２３４５６"])
def test_a_pin_has_six_digits(pin: str) -> None:
    code = issued(cast.Cast())
    assert badges.sign_in(code, pin, "a", NOW) == Refused(Reason.BAD_INPUT)
    assert badges.is_new(code, NOW)


def test_a_badge_that_nobody_used_for_a_week_opens_nothing() -> None:
    code = issued(cast.Cast())
    late = NOW + BADGE_UNUSED_MS
    assert badges.sign_in(code, cast.PIN, "a", late) == Refused(Reason.EXPIRED)


def test_a_new_badge_ends_the_old_and_the_end_of_membership_ends_it() -> None:
    people = cast.Cast()
    old, new = issued(people), issued(people)
    assert badges.sign_in(old, cast.PIN, "a", NOW) == Refused(Reason.REVOKED)
    assert isinstance(badges.sign_in(new, cast.PIN, "a", NOW), Badge)
    from server.accounts import members

    one = people.people[Role.OPERATOR]
    members.give_role(people.who(Role.ADMINISTRATOR), people.place.id, one.id, None, NOW)
    assert badges.sign_in(new, cast.PIN, "a", NOW) == Refused(Reason.REVOKED)


def test_a_badge_is_made_for_members_only() -> None:
    people = cast.Cast()
    stranger = cast.person()
    assert badges.issue(CLOCKWORK, people.place.id, stranger.id, NOW) == Refused(Reason.NOT_FOUND)


def test_an_unknown_code_is_answered_like_a_wrong_pin() -> None:
    known = issued(cast.Cast())
    badges.sign_in(known, cast.PIN, "b", NOW)
    answers = [badges.sign_in(code, "000000", "a", NOW) for code in (known, "a" * 26, "x")]
    assert answers == [Refused(Reason.WRONG)] * 3


# On the tablet


def scan(client: Client, code: str, pin: str = "") -> Any:
    return client.post("/badge", {"code": code, "pin": pin} if pin else {"code": code})


def test_another_badge_ends_the_session_of_whoever_was_there() -> None:
    people = cast.Cast()
    tablet = cast.badge_client(people.place, people.people[Role.OPERATOR])
    place = f"/organisations/{people.place.id}"
    assert tablet.get(place).status_code == 200
    assert "누르세요" in scan(tablet, "b" * 26).content.decode()
    assert tablet.get(place).status_code == 401


def test_a_badge_opens_one_organisation_only() -> None:
    people, other = cast.Cast(), cast.organisation("다른 곳")
    one = people.people[Role.OPERATOR]
    from server.accounts import members

    members.seat(one.id, other.id, Role.OPERATOR, NOW)
    tablet = cast.badge_client(people.place, one)
    assert tablet.get(f"/organisations/{people.place.id}").status_code == 200
    assert tablet.get(f"/organisations/{other.id}").status_code == 404


def test_a_badge_that_is_ended_is_out_at_the_next_request() -> None:
    people = cast.Cast()
    one = people.people[Role.OPERATOR]
    tablet = cast.badge_client(people.place, one)
    badges.end(CLOCKWORK, people.place.id, one.id, NOW)
    assert tablet.get(f"/organisations/{people.place.id}").status_code == 401


def test_the_pad_has_its_keys_and_works_by_keyboard_alone() -> None:
    people = cast.Cast()
    page = scan(cast.elsewhere(), issued(people, now_ms())).content.decode()
    assert page.count("data-key=") == 11
    assert 'inputmode="numeric"' in page and "정하세요" in page


# Inspectors


def guest_code(people: cast.Cast, **scopes: str) -> str:
    wanted = guests.Wanted(frozenset(scopes.get("scopes", "accounts devices").split()), HOUR_MS)
    code = guests.issue(people.who(Role.ADMINISTRATOR), people.place.id, wanted, now_ms())
    assert isinstance(code, str)
    return code


def test_every_view_of_an_inspector_is_a_deed() -> None:
    people = cast.Cast()
    client = cast.elsewhere()
    client.post("/guest", {"code": guest_code(people)})
    client.get(f"/organisations/{people.place.id}")
    client.get(f"/api/accounts/organisations/{people.place.id}/members")
    seen = Deed.objects.filter(act="guest-saw", organisation=people.place.id)
    assert [one.detail for one in seen] == [people.place.id] * 2
    assert seen[0].target == "organisation"
    assert Deed.objects.filter(act="guest-entered").count() == 1


def test_a_code_shows_what_it_is_for_and_no_more() -> None:
    people = cast.Cast()
    client = cast.elsewhere()
    client.post("/guest", {"code": guest_code(people, scopes="coldchain")})
    answer = client.get(f"/organisations/{people.place.id}")
    assert (answer.status_code, "scope" in answer.content.decode()) == (403, True)


def test_a_code_that_is_ended_expired_or_wrong_says_so() -> None:
    people = cast.Cast()
    code = guest_code(people)
    client = cast.elsewhere()
    client.post("/guest", {"code": code})
    from server.accounts.models import GuestCode

    row = GuestCode.objects.get()
    late = row.expires_ms
    assert guests.enter(code, "a", late) == Refused(Reason.EXPIRED)
    assert guests.end(CLOCKWORK, people.place.id, row.id, now_ms()) is not None
    assert guests.enter(code, "b", now_ms()) == Refused(Reason.REVOKED)
    assert guests.enter("a" * 26, "c", now_ms()) == Refused(Reason.WRONG)
    assert client.get(f"/organisations/{people.place.id}").status_code == 401


@pytest.mark.parametrize(
    ("scopes", "life_ms"),
    [
        (frozenset(), HOUR_MS),
        (frozenset({"everything"}), HOUR_MS),
        (frozenset({"devices"}), 8 * DAY_MS),
        (frozenset({"devices"}), 0),
    ],
)
def test_a_code_has_a_purpose_and_an_end(scopes: frozenset[str], life_ms: int) -> None:
    people = cast.Cast()
    wanted = guests.Wanted(scopes, life_ms)
    made = guests.issue(CLOCKWORK, people.place.id, wanted, NOW)
    assert made == Refused(Reason.BAD_INPUT)
