"""The table of rights: what it gives, what a way in takes away, and what no administrator may."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts import rules
from server.accounts.rules import (
    ALLOWED,
    LIMITS,
    MINUTE_MS,
    NOBODY,
    Actor,
    Need,
    Reason,
    Refused,
    Role,
    Seat,
    Try,
    Who,
    may,
    may_seat,
)

HOME, ABROAD = "homehomehomehome", "abroadabroadabro"


def who(actor: Actor, role: Role, scopes: frozenset[str] | None = None) -> Who:
    return Who("me", actor, {HOME: role}, scopes)


@pytest.mark.parametrize(("actor", "role", "need"), list(product(Actor, Role, Need)))
def test_a_way_in_never_gives_more_than_the_role(actor: Actor, role: Role, need: Need) -> None:
    if actor in (Actor.NOBODY, Actor.SYSTEM):
        return_value = may(NOBODY if actor is Actor.NOBODY else rules.CLOCKWORK, need, HOME)
        assert (return_value is ALLOWED) == (actor is Actor.SYSTEM or need is Need.OPEN)
        return
    verdict = may(who(actor, role), need, HOME)
    plain = may(who(Actor.PERSON, role), need, HOME)
    assert verdict is not ALLOWED or plain is ALLOWED


def test_auditing_and_administering_never_meet() -> None:
    both = {Need.AUDIT, Need.ADMINISTER}
    assert [role for role, gives in rules.GIVES.items() if both <= gives] == []


@pytest.mark.parametrize(
    ("asking", "need", "reason"),
    [
        (NOBODY, Need.SEE, Reason.SIGNED_OUT),
        (Who("me", Actor.PERSON), Need.SEE, Reason.NOT_FOUND),
        (who(Actor.BADGE, Role.ADMINISTRATOR), Need.ADMINISTER, Reason.WAY_IN),
        (who(Actor.BADGE, Role.VIEWER), Need.SELF, Reason.WAY_IN),
        (who(Actor.LINK, Role.ADMINISTRATOR), Need.SEE, Reason.WAY_IN),
        (who(Actor.KEY, Role.VIEWER, frozenset({"tours"})), Need.SEE, Reason.SCOPE),
        (who(Actor.PERSON, Role.VIEWER), Need.OPERATE, Reason.ROLE),
        (who(Actor.PERSON, Role.AUDITOR), Need.ADMINISTER, Reason.ROLE),
        (who(Actor.PERSON, Role.ADMINISTRATOR), Need.AUDIT, Reason.ROLE),
    ],
)
def test_a_refusal_says_why(asking: Who, need: Need, reason: Reason) -> None:
    assert may(asking, need, HOME, "devices") == Refused(reason)


@given(st.sampled_from(Actor), st.sampled_from(Role), st.sampled_from(Need))
def test_abroad_is_answered_like_nothing(actor: Actor, role: Role, need: Need) -> None:
    if actor in (Actor.NOBODY, Actor.SYSTEM) or need in (Need.OPEN, Need.SELF):
        return
    there, nowhere = (may(who(actor, role), need, one) for one in (ABROAD, ""))
    assert there == nowhere == Refused(Reason.NOT_FOUND)


roles = st.sampled_from(Role)


@given(st.dictionaries(st.sampled_from("abcd"), roles), st.sampled_from("abcd"), roles | st.none())
def test_an_organisation_never_loses_its_last_administrator(
    seats: dict[str, Role], person: str, role: Role | None
) -> None:
    here = tuple(Seat(one, had) for one, had in seats.items())
    if may_seat("z", person, role, here) is not ALLOWED:
        return
    after = {**seats, person: role}
    had = Role.ADMINISTRATOR in seats.values()
    assert not had or Role.ADMINISTRATOR in after.values()


@given(st.dictionaries(st.sampled_from("abcd"), roles), st.sampled_from("abcd"), roles | st.none())
def test_nobody_changes_their_own_role(
    seats: dict[str, Role], person: str, role: Role | None
) -> None:
    here = tuple(Seat(one, had) for one, had in seats.items())
    assert may_seat(person, person, role, here) == Refused(Reason.OWN_ROLE)


def test_no_account_is_tried_more_than_ten_times_a_minute() -> None:
    guessed = (Try.PASSWORD, Try.PIN, Try.RECOVERY, Try.GUEST)
    for what in guessed:
        most = min(
            one.count * 2
            for one in LIMITS[what]
            if one.of is rules.Of.ACCOUNT and one.window_ms == MINUTE_MS
        )
        assert most <= 10, what
