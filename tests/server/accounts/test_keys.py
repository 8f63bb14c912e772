"""Programs: what a key opens, what the API refuses, and that no browser is led to it blindly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from server.accounts import apikeys
from server.accounts.models import ApiKey, Deed, Membership
from server.accounts.rules import (
    CLOCKWORK,
    DAY_MS,
    HOUR_MS,
    KEY_LIFE_MS,
    SERVICES,
    Reason,
    Refused,
    Role,
)
from server.ledger.tick import now_ms
from tests import reliability
from tests.server.accounts import cast

pytestmark = pytest.mark.django_db


def made(people: cast.Cast, role: Role = Role.VIEWER, scopes: str = " ".join(SERVICES)) -> str:
    wanted = apikeys.Wanted(role, frozenset(scopes.split()), HOUR_MS)
    key = apikeys.make(people.who(Role.ADMINISTRATOR), people.place.id, wanted, now_ms())
    assert isinstance(key, str)
    return key


def reason_of(response: Any) -> tuple[int, str]:
    assert response["Content-Type"] == "application/problem+json", response.content
    document = response.json()
    assert document["status"] == response.status_code
    return response.status_code, document["type"].removeprefix("urn:jagalchi:reason:")


def get(key: str, path: str) -> Any:
    client = cast.elsewhere()
    return client.get(f"/api/accounts{path}", headers={"Authorization": f"Bearer {key}"})


def test_a_key_opens_its_organisation_and_tells_ids_only() -> None:
    people = cast.Cast()
    path = f"/organisations/{people.place.id}"
    key = made(people)
    assert get(key, path).json()["name"] == people.place.name
    rows = get(key, f"{path}/members").json()
    assert len(rows) == 4 and set(rows[0]) == {"person", "role", "from_ms"}
    me = get(key, "/me").json()
    assert (me["way"], me["roles"]) == ("key", {people.place.id: "viewer"})
    assert key.rpartition("_")[2] not in repr(list(ApiKey.objects.values_list()))


def test_a_key_that_is_wrong_expired_revoked_or_of_another_service_says_so() -> None:
    people = cast.Cast()
    path = f"/organisations/{people.place.id}"
    key = made(people)
    wrong = key[:-1] + ("a" if key[-1] != "a" else "b")
    assert reason_of(get(wrong, path)) == (401, "wrong")
    assert reason_of(get("jgk_nonsense", path)) == (401, "wrong")
    assert reason_of(get(made(people, scopes="tours"), path)) == (403, "scope")
    ApiKey.objects.update(expires_ms=1, made_ms=0)
    assert reason_of(get(key, path)) == (403, "expired")
    name = key.split("_")[1]
    cast.not_refused(apikeys.end(CLOCKWORK, people.place.id, name, now_ms()))
    assert reason_of(get(key, path)) == (403, "revoked")


def test_guessing_keys_is_limited() -> None:
    people, client = cast.Cast(), cast.elsewhere()
    path = f"/api/accounts/organisations/{people.place.id}"
    headers = {"Authorization": f"Bearer jgk_{'a' * 16}_{'b' * 26}"}
    codes = [client.get(path, headers=headers).status_code for _ in range(12)]
    assert codes == [401] * 10 + [429] * 2


@pytest.mark.parametrize(
    ("role", "scopes", "life_ms"),
    [
        (Role.ADMINISTRATOR, "tours", HOUR_MS),
        (Role.VIEWER, "", HOUR_MS),
        (Role.VIEWER, "everything", HOUR_MS),
        (Role.VIEWER, "tours", KEY_LIFE_MS + 1),
        (Role.VIEWER, "tours", 0),
    ],
)
def test_a_key_has_a_modest_role_a_purpose_and_an_end(
    role: Role, scopes: str, life_ms: int
) -> None:
    people = cast.Cast()
    wanted = apikeys.Wanted(role, frozenset(scopes.split()), life_ms)
    refused = apikeys.make(CLOCKWORK, people.place.id, wanted, now_ms())
    assert refused == Refused(Reason.BAD_INPUT)
    assert ApiKey.objects.count() == 0


def test_the_database_refuses_a_key_of_two_years() -> None:
    place = cast.organisation()
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.create(
            id="k" * 16, organisation=place, digest=b"d", role="viewer", scopes=[],
            made_ms=0, expires_ms=KEY_LIFE_MS + 1,
        )


def test_a_key_of_another_organisation_is_not_found_and_stays() -> None:
    people, other = cast.Cast(), cast.Cast(cast.organisation("다른 곳"))
    name = made(other).split("_")[1]
    client = people.client(Role.ADMINISTRATOR)
    path = f"/api/accounts/organisations/{people.place.id}/keys/{name}"
    assert reason_of(client.delete(path)) == (404, "not-found")
    assert ApiKey.objects.get(id=name).ended_ms is None


# The API as a whole

BODIES: dict[str, tuple[str, dict[str, object]]] = {
    "members/{person}": ("put", {"role": "operator"}),
    "invitations": ("post", {"role": "viewer", "contact": "", "language": "ko"}),
    "keys": ("post", {"role": "viewer", "services": ["tours"], "days": 1}),
    "guests": ("post", {"services": ["tours"], "hours": 1}),
    "webhook": ("put", {"url": "https://example.org/"}),
}
SNEAKED = ("id", "organisation", "person", "is_admin", "expires_ms", "made_ms", "verified", "who")


def send(client: Client, method: str, path: str, body: object) -> Any:
    call = getattr(client, method)
    return call(path, json.dumps(body), content_type="application/json")


@pytest.mark.parametrize("what", BODIES)
def test_S8_a_field_too_many_is_refused_whole(what: str) -> None:
    people = cast.Cast()
    method, body = BODIES[what]
    one = people.people[Role.VIEWER].id
    path = f"/api/accounts/organisations/{people.place.id}/{what.format(person=one)}"
    client, wrong = people.client(Role.ADMINISTRATOR), 0
    before = Deed.objects.count()
    for name in SNEAKED:
        answer = send(client, method, path, {**body, name: "administrator"})
        wrong += reason_of(answer) != (422, "bad-input")
    reliability.note("S8", f"a field too many: {what}", len(SNEAKED), f"{wrong} taken")
    assert (wrong, Deed.objects.count()) == (0, before)
    assert Membership.objects.get(person=one).role == Role.VIEWER


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"role": 1}', b'{"role": "king"}', b"[" * 9000, b"\xff\xfe"],
)
def test_a_body_that_is_no_role_is_a_problem_and_no_traceback(body: bytes) -> None:
    people = cast.Cast()
    one = people.people[Role.VIEWER].id
    path = f"/api/accounts/organisations/{people.place.id}/members/{one}"
    client = people.client(Role.ADMINISTRATOR)
    answer = client.put(path, body, content_type="application/json")
    assert reason_of(answer) == (422, "bad-input")


def test_S10_a_session_needs_our_token_and_a_key_needs_none() -> None:
    people = cast.Cast()
    checked = Client(enforce_csrf_checks=True, raise_request_exception=False)
    checked.force_login(people.people[Role.ADMINISTRATOR])
    path = f"/api/accounts/organisations/{people.place.id}/guests"
    body = {"services": ["tours"], "hours": 1}
    assert reason_of(send(checked, "post", path, body)) == (403, "forged")
    page = checked.get(f"/organisations/{people.place.id}").content.decode()
    token = page.partition('csrfmiddlewaretoken" value="')[2].partition('"')[0]
    headers = {"X-CSRFToken": token}
    answer = checked.post(path, json.dumps(body), content_type="application/json", headers=headers)
    assert answer.status_code == 201
    reliability.note("S10", "POST of a session to the API without our token", 1, "0 accepted")


def test_S10_a_page_that_is_posted_from_elsewhere_is_refused_in_words() -> None:
    checked = Client(enforce_csrf_checks=True, raise_request_exception=False)
    checked.force_login(cast.person())
    answer = checked.post("/me/sessions/end")
    assert answer.status_code == 403
    assert "forged" in answer.content.decode()


def test_whoever_is_turned_away_at_home_stands_in_the_record_and_abroad_in_the_operators() -> None:
    people, other = cast.Cast(), cast.Cast(cast.organisation("다른 곳"))
    operator = cast.Cast(cast.organisation("운영", "operator"))
    viewer = people.client(Role.VIEWER)
    for place in (people.place.id, other.place.id):
        viewer.get(f"/organisations/{place}/access")
    records = [
        one.client(Role.AUDITOR).get(f"/organisations/{one.place.id}/acts").content.decode()
        for one in (people, other, operator)
    ]
    assert ["접근 거절" in one for one in records] == [True, False, True]


def test_the_record_of_acts_comes_page_by_page_for_the_auditor() -> None:
    people = cast.Cast()
    made(people)
    path = f"/api/accounts/organisations/{people.place.id}/deeds"
    client = people.client(Role.AUDITOR)
    first = client.get(path).json()
    assert [one["act"] for one in first] == ["organisation-made", "key-made"]
    assert len(first[0]["leaf_hash"]) == 64
    assert client.get(path, {"after": first[-1]["id"]}).json() == []
    assert reason_of(client.get(path, {"after": "x"})) == (422, "bad-input")


def test_every_answer_of_the_api_is_described() -> None:
    document = Client().get("/api/openapi.json").json()
    bodies = [
        name for name, one in document["components"]["schemas"].items() if name.endswith("Body")
    ]
    closed = [
        document["components"]["schemas"][name]["additionalProperties"] is False for name in bodies
    ]
    assert len(bodies) >= 5 and all(closed)
    assert DAY_MS > 0
