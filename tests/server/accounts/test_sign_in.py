"""Coming in: every way leads to one session, and whoever guesses learns and gains nothing."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client

from server.accounts import limits, passwords, recovery, signin, who
from server.accounts.limits import Whence, address_of
from server.accounts.models import DayKey, Deed, Person, RecoveryCode, Session, Tries
from server.accounts.rules import (
    ALLOWED,
    DAY_MS,
    MINUTE_MS,
    Actor,
    Reason,
    Refused,
    Role,
    Try,
)
from server.ledger import keys
from server.ledger.tick import now_ms
from tests import reliability
from tests.server.accounts import cast

pytestmark = pytest.mark.django_db

NOW = 1_790_000_000_000


def with_password(**data: str) -> Person:
    one = cast.person(**data)
    assert passwords.change(cast.as_who(one), cast.PASSWORD, now_ms()) is ALLOWED
    one.refresh_from_db()
    return one


def post_password(client: Client, account: str, password: str = cast.PASSWORD) -> Any:
    return client.post("/sign-in", {"account": account, "password": password})


def signed_in(client: Client) -> str:
    return str(client.get("/api/accounts/me").json()["id"])


# Passwords


def test_a_password_opens_with_either_address_in_any_spelling() -> None:
    one = with_password(email="kim@example.kr", phone="010-1234-5678")
    for account in ("kim@example.kr", " KIM@Example.kr", "+82 10-1234-5678"):
        client = cast.elsewhere()
        assert post_password(client, account).status_code == 303
        assert signed_in(client) == one.id


@pytest.mark.parametrize(
    ("account", "password"),
    [
        ("kim@example.kr", "a wrong password"),
        ("kim@example.kr", ""),
        ("lee@example.kr", cast.PASSWORD),
        ("not an address", cast.PASSWORD),
        ("", ""),
        ("no-password@example.kr", "!"),
        ("kim@example.kr", "x" * 5000),
    ],
)
def test_a_wrong_one_gets_one_answer_whoever_was_meant(account: str, password: str) -> None:
    with_password(email="kim@example.kr")
    cast.person(email="no-password@example.kr")
    client = cast.elsewhere()
    answer = post_password(client, account, password)
    assert answer.status_code == 401
    assert "맞지 않습니다" in answer.content.decode()
    assert signed_in(client) == ""
    deed = Deed.objects.latest("id")
    assert (deed.act, deed.reason, deed.actor) == ("sign-in", "wrong", "nobody")


@pytest.mark.parametrize("new", ["short", "", "password1234", "qwertyuiop", "x" * 201])
def test_a_weak_password_is_refused_and_nothing_changes(new: str) -> None:
    one = cast.person()
    assert passwords.change(cast.as_who(one), new, NOW) == Refused(Reason.BAD_INPUT)
    assert not Person.objects.get(id=one.id).has_usable_password()


def test_a_new_password_ends_every_other_session_and_keeps_this_one() -> None:
    one = with_password(email="kim@example.kr")
    here, there = cast.client_of(one), cast.client_of(one)
    assert here.post("/me/password", {"password": "another long password"}).status_code == 303
    assert (signed_in(here), signed_in(there)) == (one.id, "")


@pytest.mark.true_cost
def test_S11_known_and_unknown_accounts_cost_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with_password(email="kim@example.kr")
    passwords.fits("warm up", "")

    def cost(account: str, number: int) -> float:
        begun = time.perf_counter()
        passwords.sign_in(account, "wrong", str(number), now_ms() + number * MINUTE_MS)
        return time.perf_counter() - begun

    # Turn and turn about, and the best of each: the neighbours' load falls on both.
    pairs = [(cost("kim@example.kr", n), cost("lee@example.kr", n)) for n in range(8)]
    known, unknown = (min(one) for one in zip(*pairs, strict=True))
    told = f"{known * 1000:.0f} ms known, {unknown * 1000:.0f} ms unknown account"
    reliability.note("S11", "work for a wrong password, best of 8", 16, told)
    assert 0.5 < known / unknown < 2


def test_S11_a_thousand_guesses_are_ten_a_minute_and_open_nothing() -> None:
    """Ten minutes of 100 guesses a minute, each from another address."""
    one = with_password(email="kim@example.kr")
    looked_at = refused = 0
    for number in range(1000):
        at_ms = NOW + number * 600
        found = passwords.sign_in("kim@example.kr", f"guess {number}", f"10.1.{number}", at_ms)
        assert isinstance(found, Refused)
        looked_at += found.reason is Reason.WRONG
        refused += found.reason is Reason.TOO_MANY
    reliability.note(
        "S11", "guesses of one password within ten minutes, from 1,000 addresses", 1000,
        f"{looked_at} looked at, 0 right",
    )
    assert (looked_at + refused, looked_at <= 40) == (1000, True)
    later = passwords.sign_in("kim@example.kr", cast.PASSWORD, "", NOW + DAY_MS)
    assert later == one


def test_S11_one_address_guesses_ten_accounts_a_minute() -> None:
    wrong = [
        passwords.sign_in(f"{number}@example.kr", "guess", "10.9.9.9", NOW) for number in range(50)
    ]
    assert [one.reason for one in wrong if isinstance(one, Refused)].count(Reason.WRONG) == 10


# Counting


def test_no_address_and_no_account_is_kept_and_the_keys_go_with_their_day() -> None:
    limits.tried(Try.PASSWORD, Whence("kim@example.kr", "203.0.113.7"), NOW)
    stored = repr([*Tries.objects.values_list(), *DayKey.objects.values_list()])
    assert "kim@example.kr" not in stored and "203.0.113.7" not in stored
    limits.forget(NOW + 2 * DAY_MS)
    assert (Tries.objects.count(), DayKey.objects.count()) == (0, 0)


def test_the_first_try_too_many_is_written_down_and_no_other() -> None:
    for _ in range(30):
        limits.tried(Try.GUEST, Whence("", "10.0.0.1"), NOW)
    deeds = Deed.objects.filter(act="limit-reached").values_list("detail", "reason", "who")
    assert list(deeds) == [("guest address", "too-many", "")]


@pytest.mark.parametrize(
    ("peer", "told", "counted"),
    [
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "spoofed, 203.0.113.7", "203.0.113.7"),
        ("198.51.100.1", "203.0.113.7", "198.51.100.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
    ],
)
def test_an_address_is_the_proxys_word_or_the_peers(
    rf: Any, peer: str, told: str, counted: str
) -> None:
    headers = {"X-Forwarded-For": told} if told else {}
    assert address_of(rf.get("/", REMOTE_ADDR=peer, headers=headers)) == counted


# Recovery codes and links


def test_a_recovery_code_opens_once_and_a_new_set_ends_the_old() -> None:
    one = cast.person()
    code, other, *_ = recovery.renew(cast.as_who(one), NOW)
    spaced = code.upper()[:4] + "-" + code[4:]
    assert recovery.sign_in(spaced, "", NOW) == one
    assert recovery.sign_in(code, "", NOW) == Refused(Reason.WRONG)
    assert recovery.left(one.id) == 9
    recovery.renew(cast.as_who(one), NOW)
    assert recovery.sign_in(other, "", NOW + MINUTE_MS) == Refused(Reason.WRONG)
    assert RecoveryCode.objects.count() == 10


def test_an_unknown_address_gets_the_answer_of_a_known_one_and_no_message() -> None:
    cast.person(email="kim@example.kr")
    pages = [
        cast.elsewhere().post("/sign-in/link", {"account": account})
        for account in ("kim@example.kr", "lee@example.kr")
    ]
    assert [page.status_code for page in pages] == [200, 200]
    bodies = {page.content.decode().partition("<footer>")[0] for page in pages}
    assert len(bodies) == 1
    from server.messages.models import Message

    assert Message.objects.count() == 1


# Sessions


def test_S12_a_session_gets_a_new_key_at_sign_in_and_is_dead_after_sign_out() -> None:
    with_password(email="kim@example.kr")
    client = cast.elsewhere()
    client.post("/sign-in/passkey/options")
    before = client.cookies["sessionid"].value
    post_password(client, "kim@example.kr")
    cookie = client.cookies["sessionid"]
    assert (cookie["samesite"], cookie["httponly"], cookie["secure"]) == ("Strict", True, True)
    inside = cookie.value
    assert before != inside
    assert not Session.objects.filter(session_key=before).exists()
    client.post("/sign-out")
    replayed = Client()
    replayed.cookies["sessionid"] = inside
    reliability.note("S12", "session fixed before sign-in; replayed after sign-out", 2, "0 opened")
    assert signed_in(replayed) == ""


@pytest.mark.parametrize("forged", ["", "x" * 32, "a" * 400, "%00", "' OR 1=1 --"])
def test_S12_a_forged_session_is_nobodys(forged: str) -> None:
    cast.client_of(cast.person())
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = forged
    assert signed_in(client) == ""
    assert client.get("/me").status_code == 401


def test_S12_the_server_does_not_start_with_a_weak_secret(installation: Any) -> None:
    path = installation.home / "keys" / keys.SECRET
    path.write_text("secret")
    with pytest.raises(keys.KeyRefused, match="is damaged"):
        keys.read(installation.home / "keys")


def test_a_session_of_somebody_erased_or_without_roles_opens_nothing() -> None:
    people = cast.Cast()
    client = people.client(Role.VIEWER)
    address = f"/organisations/{people.place.id}"
    assert client.get(address).status_code == 200
    from server.accounts import members, vault

    one = people.people[Role.VIEWER]
    administrator = people.who(Role.ADMINISTRATOR)
    cast.not_refused(members.give_role(administrator, people.place.id, one.id, None, now_ms()))
    assert client.get(address).status_code == 404
    vault.erase(one.id, now_ms())
    assert client.get("/me").status_code == 401


def test_sessions_end_everywhere_else_and_run_out() -> None:
    one = cast.person()
    here, there = cast.client_of(one), cast.client_of(one)
    assert here.post("/me/sessions/end").status_code == 303
    assert (signed_in(here), signed_in(there)) == (one.id, "")
    from server.accounts import sessions

    sessions.forget(now_ms() + 400 * DAY_MS)
    assert Session.objects.count() == 0


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example", "javascript:x", "/\\e"]
)
def test_after_sign_in_nobody_is_sent_abroad(where: str) -> None:
    with_password(email="kim@example.kr")
    told = {"account": "kim@example.kr", "password": cast.PASSWORD, "next": where}
    answer = cast.elsewhere().post("/sign-in", told)
    assert (answer.status_code, answer["Location"]) == (303, "/")


def test_a_link_session_reaches_ones_own_matters_only() -> None:
    people = cast.Cast()
    client = people.client(Role.ADMINISTRATOR, Actor.LINK)
    assert client.get("/me").status_code == 200
    answer = client.get(f"/organisations/{people.place.id}")
    assert answer.status_code == 403
    assert "way-in" in answer.content.decode()
    assert who.ACTOR in client.session
    assert signin.LINK == "link/sign-in"
