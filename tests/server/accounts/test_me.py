"""One's own data: seen, changed, taken along, erased, by oneself and nobody else."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from server.accounts import me, members, vault
from server.accounts.models import Certificate, Deed, Organisation, Passkey, Person
from server.accounts.rules import Datum, Reason, Refused, Role
from server.ledger import log
from server.ledger.tick import now_ms
from tests.server.accounts import cast

pytestmark = pytest.mark.django_db


def test_the_page_shows_what_is_kept_in_both_languages() -> None:
    place = cast.organisation()
    one = cast.member(place, Role.VIEWER, "김자갈", email="kim@example.kr", phone="01012345678")
    client = cast.client_of(one)
    korean = client.get("/me").content.decode()
    for text in ("김자갈", "kim@example.kr", "+821012345678", "다대수협", "내 정보"):
        assert text in korean
    assert "My data" in client.get("/me", {"lang": "en"}).content.decode()
    assert client.get("/me")["Cache-Control"] == "no-store"


def test_name_and_language_are_changed_and_the_deed_says_neither() -> None:
    one = cast.person("하나")
    client = cast.client_of(one)
    assert client.post("/me/name", {"name": "둘", "language": "en"}).status_code == 303
    assert vault.get(one.id, Datum.NAME) == "둘"
    assert Person.objects.get(id=one.id).language == "en"
    deed = Deed.objects.latest("id")
    assert (deed.act, deed.target, deed.detail) == ("data-changed", one.id, "name")
    for told in ({"name": "셋", "language": "xx"}, {"name": "a\x00b", "language": "ko"}):
        assert client.post("/me/name", told).status_code == 422
    assert vault.get(one.id, Datum.NAME) == "둘"


def test_an_export_has_everything_and_is_a_deed() -> None:
    place = cast.organisation()
    one = cast.member(place, Role.VIEWER, "김자갈", email="kim@example.kr")
    told = json.loads(cast.client_of(one).post("/me/export").content)
    assert told["data"] == {"name": "김자갈", "email": "kim@example.kr"}
    assert told["memberships"][0]["organisation"] == place.id
    assert Deed.objects.filter(act="data-exported", who=one.id).count() == 1


def test_recovery_codes_are_shown_once() -> None:
    client = cast.client_of(cast.person())
    page = client.post("/me/recovery-codes").content.decode()
    assert page.count("<li><code>") == 10
    assert "<li><code>" not in client.get("/me").content.decode()


def test_a_passkey_of_somebody_else_is_not_removed() -> None:
    owner, other = cast.person(), cast.person()
    made = Passkey.objects.create(
        person=owner, site="x", credential=b"c", public=b"p", count=0, synced=False, made_ms=1
    )
    path = f"/me/passkeys/{made.id}/remove"
    assert cast.client_of(other).post(path).status_code == 404
    assert cast.client_of(owner).post(path).status_code == 303
    assert Passkey.objects.count() == 0


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"rawId": 1}', '{"rawId": "_w", "response": {}}']
)
def test_a_passkeys_answer_that_is_none_is_refused(body: str) -> None:
    client = cast.client_of(cast.person())
    for begin, finish in (
        ("/sign-in/passkey/options", "/sign-in/passkey"),
        ("/me/passkeys/options", "/me/passkeys"),
    ):
        assert client.post(begin).status_code == 200
        answer = client.post(finish, body, content_type="application/json")
        assert answer.status_code in (401, 403, 422)
        assert answer.json()["reason"] in ("wrong", "bad-input", "expired")
    assert Passkey.objects.count() == 0


# Erasure


def test_erasing_oneself_gives_a_certificate_that_names_an_entry_of_the_log() -> None:
    people = cast.Cast()
    one = people.people[Role.VIEWER]
    client = people.client(Role.VIEWER)
    assert client.post("/me/erase").status_code == 422
    answer = client.post("/me/erase", {"sure": "yes"})
    assert answer.status_code == 303
    log.sequence(now_ms())
    page = Client().get(answer["Location"]).content.decode()
    told = Client().get(answer["Location"] + ".json").json()
    row = Certificate.objects.get()
    assert told["person"] == one.id and told["leaf_hash"] == bytes(row.leaf_hash).hex()
    assert log.index_of([bytes(row.leaf_hash)])[bytes(row.leaf_hash)] == told["entry"]
    assert told["leaf_hash"] in page and "사람 viewer" not in page
    assert client.get("/me").status_code == 401
    names = people.client(Role.ADMINISTRATOR).get(f"/organisations/{people.place.id}")
    assert "사람 viewer" not in names.content.decode()


def test_a_certificate_that_does_not_exist_is_not_found() -> None:
    assert Client().get(f"/certificates/{'a' * 26}").status_code == 404
    assert Client().get(f"/certificates/{'a' * 26}.json").status_code == 404


def test_the_only_administrator_names_another_first() -> None:
    people = cast.Cast()
    who = people.who(Role.ADMINISTRATOR)
    assert me.erase(who, now_ms()) == Refused(Reason.LAST_ADMINISTRATOR)
    assert Person.objects.get(id=who.id).erased_ms is None
    assert Deed.objects.latest("id").reason == "last-administrator"
    cast.member(people.place, Role.ADMINISTRATOR)
    assert isinstance(me.erase(who, now_ms()), Certificate)


def test_the_last_member_of_all_may_go() -> None:
    place: Organisation = cast.organisation()
    one = cast.member(place, Role.ADMINISTRATOR)
    assert isinstance(me.erase(cast.as_who(one), now_ms()), Certificate)
    assert members.seats(place.id) == ()
