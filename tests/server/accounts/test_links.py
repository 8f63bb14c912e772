"""One-time links and invitations: a look changes nothing, a use happens once, and who waits long
enough without being wanted is forgotten."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from server import posting
from server.accounts import invitations, links, me, signin, vault
from server.accounts.invitations import Offer
from server.accounts.models import Deed, Link, Membership, Person, Personal
from server.accounts.rules import (
    DAY_MS,
    INVITATION_MS,
    NOBODY,
    Actor,
    Datum,
    Reason,
    Refused,
    Role,
)
from server.ledger.keys import entropy
from server.ledger.log import writing
from server.ledger.tick import now_ms
from server.messages.models import Message, State
from tests.server.accounts import cast

pytestmark = pytest.mark.django_db

NOW = 1_790_000_000_000


def offered(people: cast.Cast, contact: str = "", role: Role = Role.OPERATOR) -> Link:
    who = people.who(Role.ADMINISTRATOR)
    made = invitations.invite(who, people.place.id, Offer(role, contact), now_ms())
    assert isinstance(made, Link)
    return made


def path_of(link: Link) -> str:
    return links.address(link.id).removeprefix("http://localhost:8000")


def taken(link: Link, at_ms: int) -> Any:
    return invitations.accept(links.token(link.id), NOBODY, "ko", at_ms)


def delivered(installation: Any) -> str:
    posting.the_postman().deliver(now_ms(), entropy)
    return str((installation.home / "messages.txt").read_text("utf-8"))


def without_tokens(page: Any) -> str:
    """A page without what differs each time it is shown."""
    return re.sub(r'value="\w{64}"', "", page.content.decode()).partition("<footer>")[0]


def test_messengers_may_look_and_the_person_still_joins() -> None:
    people = cast.Cast()
    path = path_of(offered(people))
    for _ in range(3):
        page = Client().get(path)
        assert page.status_code == 200 and people.place.name in page.content.decode()
    client = cast.elsewhere()
    assert client.post(path)["Location"] == "/me"
    assert Membership.objects.filter(organisation=people.place).count() == 5
    assert "로그인 방법" in client.get("/me").content.decode()


def test_a_link_works_once_even_for_two_at_once_and_says_why_not() -> None:
    people = cast.Cast()
    link = offered(people)
    assert isinstance(taken(link, now_ms()), Person)
    assert taken(link, now_ms()) == Refused(Reason.USED)
    deed = Deed.objects.filter(act="link-refused").get()
    assert (deed.target, deed.reason, deed.detail) == (link.id, "used", "link/join")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ("nothing", None),
        ("late", Reason.EXPIRED),
        ("withdrawn", Reason.REVOKED),
        ("erased", Reason.NOT_FOUND),
        ("ended", Reason.REVOKED),
    ],
)
def test_a_link_that_is_not_good_any_more_is_refused_and_nothing_is_half_done(
    spoil: str, reason: Reason | None
) -> None:
    people = cast.Cast()
    link = offered(people, "new@example.kr")
    at_ms = now_ms() + (INVITATION_MS + 1000 if spoil == "late" else 0)
    if spoil == "withdrawn":
        who = people.who(Role.ADMINISTRATOR)
        cast.not_refused(invitations.withdraw(who, people.place.id, link.id, at_ms))
    if spoil == "erased":
        vault.erase(str(link.person_id), at_ms)
    if spoil == "ended":
        people.place.ended_ms = at_ms
        people.place.save()
    token = links.token(link.id)
    found = invitations.accept(token, NOBODY, "ko", at_ms)
    members = Membership.objects.filter(organisation=people.place).count()
    if reason is None:
        assert (isinstance(found, Person), members) == (True, 5)
    else:
        assert (found, members) == (Refused(reason), 4)
        assert Deed.objects.filter(act="link-refused", reason=str(reason)).count() == 1


@pytest.mark.parametrize("token", ["a" * 26, "7" * 26])
def test_a_guessed_link_is_refused_and_guessing_is_limited(token: str) -> None:
    client = cast.elsewhere()
    codes = [client.post(f"/link/join/{token}").status_code for _ in range(12)]
    assert codes == [404] * 10 + [429] * 2


def test_a_token_is_bound_to_its_purpose() -> None:
    link = offered(cast.Cast())
    for purpose in ("sign-in", "address"):
        assert Client().post(f"/link/{purpose}/{links.token(link.id)}").status_code == 404
    assert Link.objects.get(id=link.id).used_ms is None


def test_no_token_is_kept() -> None:
    link = offered(cast.Cast(), "new@example.kr")
    stored = repr([*Link.objects.values_list(), *Message.objects.values_list()])
    assert links.token(link.id) not in stored and "new@example.kr" not in stored


# Invitations


def test_an_invitation_is_sent_and_its_link_leads_in(installation: Any) -> None:
    people = cast.Cast()
    offered(people, "New@Example.kr")
    text = delivered(installation)
    assert "email new@example.kr" in text and people.place.name in text
    found = re.search(r"http://localhost:8000(/link/join/\S{26})", text)
    assert found is not None
    client = cast.elsewhere()
    client.post(found[1])
    one = vault.find(Datum.EMAIL, "new@example.kr")
    assert client.get("/api/accounts/me").json()["id"] == one


def test_a_known_address_leads_to_its_person_and_the_administrator_learns_nothing() -> None:
    people, other = cast.Cast(), cast.person(email="kim@example.kr")
    link = offered(people, "kim@example.kr")
    assert link.person == other
    answers = [
        people.client(Role.ADMINISTRATOR).post(
            f"/organisations/{people.place.id}/invitations", {"role": "viewer", "contact": one}
        )
        for one in ("kim@example.kr", "nobody@example.kr")
    ]
    assert [one.status_code for one in answers] == [200, 200]
    assert all("초대를 보냈습니다" in one.content.decode() for one in answers)


def test_a_member_who_is_offered_another_role_keeps_theirs() -> None:
    people = cast.Cast()
    one = people.people[Role.VIEWER]
    link = offered(people, role=Role.ADMINISTRATOR)
    asking = people.who(Role.VIEWER)
    found = invitations.accept(links.token(link.id), asking, "ko", now_ms())
    assert found == Refused(Reason.TAKEN)
    assert one.memberships.get().role == Role.VIEWER
    assert Link.objects.get(id=link.id).used_ms is None


def test_whoever_is_signed_in_takes_a_link_that_names_nobody() -> None:
    people, one = cast.Cast(), cast.person()
    client = cast.client_of(one)
    client.post(path_of(offered(people)))
    assert one.memberships.get().organisation == people.place
    assert client.session["actor"] == str(Actor.PERSON)


def test_people_of_invitations_that_nobody_took_are_forgotten() -> None:
    people = cast.Cast()
    known = cast.member(people.place, Role.VIEWER, email="kim@example.kr")
    link = offered(people, "new@example.kr")
    other = cast.Cast(cast.organisation("다른 곳"))
    offered(other, "kim@example.kr")
    late = now_ms() + INVITATION_MS + DAY_MS
    assert invitations.sweep(now_ms()) == 0
    assert invitations.sweep(late) == 1
    assert vault.find(Datum.EMAIL, "new@example.kr") is None
    assert Person.objects.get(id=str(link.person_id)).erased_ms == late
    assert vault.find(Datum.EMAIL, "kim@example.kr") == known.id
    assert Personal.objects.filter(kind=Datum.EMAIL).count() == 1


def test_an_invitation_renewed_in_time_keeps_its_person() -> None:
    people = cast.Cast()
    offered(people, "new@example.kr")
    late = now_ms() + INVITATION_MS + DAY_MS
    who = people.who(Role.ADMINISTRATOR)
    invitations.invite(who, people.place.id, Offer(Role.VIEWER, "new@example.kr"), late)
    assert invitations.sweep(late) == 0


@pytest.mark.parametrize("contact", ["kim", "a@b", "010-12", "x" * 300 + "@a.kr"])
def test_a_misspelt_address_is_refused(contact: str) -> None:
    people = cast.Cast()
    who = people.who(Role.ADMINISTRATOR)
    made = invitations.invite(who, people.place.id, Offer(Role.VIEWER, contact), NOW)
    assert made == Refused(Reason.BAD_INPUT)
    assert (Link.objects.count(), Message.objects.count()) == (0, 0)


# Sign-in and address links


def test_a_sign_in_link_opens_ones_own_matters_and_a_newer_one_ends_it(installation: Any) -> None:
    one = cast.person(phone="010-1234-5678")
    for _ in range(2):
        cast.not_refused(signin.ask_for_link("01012345678", "", now_ms()))
    text = delivered(installation)
    paths = re.findall(r"http://localhost:8000(/link/sign-in/\S{26})", text)
    assert "phone +821012345678" in text and len(paths) == 2
    client = cast.elsewhere()
    assert client.post(paths[0]).status_code == 403
    assert client.post(paths[1]).status_code == 303
    assert client.get("/api/accounts/me").json() == {
        "id": one.id, "way": "link", "roles": {}, "services": None
    }


def test_an_address_counts_once_its_link_was_opened(installation: Any) -> None:
    one = cast.person(email="old@example.kr")
    client = cast.client_of(one)
    client.post("/me/address", {"address": "new@example.kr"})
    assert vault.get(one.id, Datum.EMAIL) == "old@example.kr"
    text = delivered(installation)
    assert "email new@example.kr" in text
    found = re.search(r"(/link/address/\S{26})", text)
    assert found is not None
    assert cast.elsewhere().post(found[1]).status_code == 303
    assert vault.export(one.id) == {"email": "new@example.kr"}
    assert vault.find(Datum.EMAIL, "old@example.kr") is None


def test_somebody_elses_address_is_answered_alike_and_never_taken() -> None:
    one, other = cast.person(), cast.person(email="kim@example.kr")
    client = cast.client_of(one)
    bodies = {
        without_tokens(client.post("/me/address", {"address": text}))
        for text in ("kim@example.kr", "free@example.kr")
    }
    assert len(bodies) == 1
    assert Message.objects.count() == 1
    vault.put(one.id, Datum.PENDING, "kim@example.kr")
    found = me.confirm_address(links.token(Link.objects.get().id), now_ms())
    assert found == Refused(Reason.TAKEN)
    assert vault.find(Datum.EMAIL, "kim@example.kr") == other.id


def test_a_message_to_somebody_erased_meanwhile_is_dropped(installation: Any) -> None:
    people = cast.Cast()
    link = offered(people, "new@example.kr")
    vault.erase(str(link.person_id), now_ms())
    posting.the_postman().deliver(now_ms(), entropy)
    assert Message.objects.filter(template="invitation").get().state == State.DROPPED
    assert not (installation.home / "messages.txt").exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_use_a_link_at_once_one_gets_it() -> None:
    people = cast.Cast()
    link = offered(people)
    start, found = threading.Barrier(4), []

    def use() -> None:
        try:
            start.wait()
            with writing():
                found.append(links.use(links.token(link.id), invitations.PURPOSE, now_ms()))
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [isinstance(one, Link) for one in found].count(True) == 1
    assert found.count(Refused(Reason.USED)) == 3
