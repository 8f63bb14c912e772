"""The vault: what goes in comes out for its person only, and once erased for nobody."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.accounts import masters, members, subjects, vault
from server.accounts.models import (
    Badge,
    Certificate,
    Deed,
    Link,
    Passkey,
    Person,
    Personal,
    RecoveryCode,
    Session,
    Subject,
    VaultKey,
)
from server.accounts.rules import CLOCKWORK, Datum, Role, Why
from server.accounts.vault import Erased, Taken
from server.ledger import log
from server.ledger.keys import KeyRefused
from tests.server.accounts import cast

pytestmark = pytest.mark.django_db

NOW = 1_790_000_000_000


def test_a_datum_comes_back_and_is_nowhere_in_the_table() -> None:
    person = cast.person("김자갈", email="Kim@Example.KR", phone="010-1234-5678")
    assert vault.export(person.id) == {
        "name": "김자갈",
        "email": "kim@example.kr",
        "phone": "+821012345678",
    }
    stored = repr(list(Personal.objects.values_list()) + list(VaultKey.objects.values_list()))
    assert not any(text in stored for text in ("김자갈", "kim@example", "821012345678"))


def test_a_person_is_found_by_any_spelling_of_an_address() -> None:
    person = cast.person(email="kim@example.kr", phone="+82 10 1234 5678")
    assert vault.find(Datum.EMAIL, " KIM@example.kr ") == person.id
    assert vault.find(Datum.PHONE, "010.1234.5678") == person.id
    assert vault.find(Datum.EMAIL, "lee@example.kr") is None
    assert vault.find(Datum.EMAIL, "not an address") is None


def test_an_address_is_one_persons() -> None:
    cast.person(email="kim@example.kr")
    other = cast.person()
    with pytest.raises(Taken):
        vault.put(other.id, Datum.EMAIL, "Kim@example.kr")
    assert vault.get(other.id, Datum.EMAIL) is None


def test_the_last_word_counts_and_an_empty_one_forgets() -> None:
    person = cast.person("하나")
    vault.put(person.id, Datum.NAME, " 둘  셋 ")
    assert vault.get(person.id, Datum.NAME) == "둘 셋"
    vault.put(person.id, Datum.NAME, "")
    assert vault.export(person.id) == {}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Datum.EMAIL, "kim"),
        (Datum.EMAIL, "a@b"),
        (Datum.EMAIL, "a b@c.kr"),
        (Datum.EMAIL, "a@c.kr\nBcc: x@y.kr"),
        (Datum.PHONE, "12"),
        (Datum.PHONE, "+82-call-me"),
        (Datum.NAME, "x" * 201),
        (Datum.NAME, "a\x00b"),
    ],
)
def test_a_misspelt_datum_is_refused(kind: Datum, text: str) -> None:
    person = cast.person()
    with pytest.raises(ValueError):
        vault.put(person.id, kind, text)
    assert vault.export(person.id) == {}


@given(st.text(max_size=60), st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_spellings_of_one_kind_never_become_two_data(one: str, other: str) -> None:
    for kind in Datum:
        try:
            plain = vault.spelled(kind, one)
            assert vault.spelled(kind, plain) == plain
        except ValueError:
            continue


def test_a_sealed_datum_moved_to_another_person_or_kind_does_not_open() -> None:
    one, other = cast.person("하나"), cast.person("둘")
    sealed = Personal.objects.get(person=one, kind=Datum.NAME).sealed
    Personal.objects.filter(person=other).update(sealed=sealed)
    with pytest.raises(InvalidTag):
        vault.get(other.id, Datum.NAME)
    Personal.objects.filter(person=one).update(kind=Datum.PENDING)
    with pytest.raises(InvalidTag):
        vault.export(one.id)


def test_the_keys_are_owner_only_and_exposed_ones_are_refused(installation: Any) -> None:
    cast.person("하나")
    file: Path = installation.home / "keys" / masters.VAULT
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    masters._derived.cache_clear()
    with pytest.raises(KeyRefused, match="may be read by others"):
        vault.check()


def test_a_crash_between_the_two_keys_is_mended_by_the_next_start(installation: Any) -> None:
    vault.check()
    made = (installation.home / "keys" / masters.VAULT).read_bytes()
    (installation.home / "keys" / masters.SUBJECTS).unlink()
    masters._derived.cache_clear()
    vault.check()
    assert (installation.home / "keys" / masters.VAULT).read_bytes() == made
    assert len((installation.home / "keys" / masters.SUBJECTS).read_bytes()) == 32


def test_a_missing_key_is_not_made_anew_where_data_rest_on_it(installation: Any) -> None:
    cast.person("하나")
    (installation.home / "keys" / masters.VAULT).unlink()
    masters._derived.cache_clear()
    with pytest.raises(KeyRefused, match="put a copy of it back"):
        vault.check()


def test_another_installations_key_is_refused(installation: Any) -> None:
    cast.person("하나")
    file = installation.home / "keys" / masters.VAULT
    file.unlink()
    file.write_bytes(b"x" * 32)
    file.chmod(0o600)
    masters._derived.cache_clear()
    with pytest.raises(KeyRefused, match="is not the key of this database"):
        vault.check()


def test_a_damaged_key_is_refused(installation: Any) -> None:
    vault.check()
    file = installation.home / "keys" / masters.VAULT
    file.write_bytes(b"short")
    masters._derived.cache_clear()
    with pytest.raises(KeyRefused, match="is damaged"):
        vault.check()


# Pseudonyms


def test_a_person_has_one_name_per_service_and_no_two_alike() -> None:
    person, other = cast.person(), cast.person()
    names = [subjects.subject(person.id, one) for one in ("tours", "reports", "vouchers")]
    assert names == [subjects.subject(person.id, one) for one in ("tours", "reports", "vouchers")]
    names.append(subjects.subject(other.id, "tours"))
    assert len(set(names)) == 4
    assert all(len(name) == 26 and person.id not in name for name in names)


def test_the_way_back_is_a_deed_every_time() -> None:
    person = cast.person()
    name = subjects.subject(person.id, "tours")
    for asked, found in ((name, person.id), ("x" * 26, None)):
        assert subjects.person_of("tours", asked, CLOCKWORK, Why.NOTICE, NOW) == found
    assert subjects.person_of("reports", name, CLOCKWORK, Why.LEGAL, NOW) is None
    deeds = Deed.objects.filter(act="subject-linked").values_list("service", "target", "detail")
    assert list(deeds) == [
        ("tours", name, "notice"),
        ("tours", "x" * 26, "notice"),
        ("reports", name, "legal"),
    ]


# Erasure


def everything(person: Person) -> None:
    """Somebody of whom there is a row everywhere."""
    place = cast.organisation()
    members.seat(person.id, place.id, Role.OPERATOR, NOW)
    Passkey.objects.create(
        person=person, site="x", credential=b"c", public=b"p", count=0, synced=False, made_ms=1
    )
    RecoveryCode.objects.create(person=person, digest=b"r")
    Badge.objects.create(id="b" * 16, person=person, organisation=place, digest=b"b", made_ms=1)
    Link.objects.create(
        id="l" * 16, digest=b"l", purpose="x", person=person, made_ms=1, expires_ms=2
    )
    subjects.subject(person.id, "tours")
    cast.client_of(person)


def test_erasing_leaves_an_id_and_its_roles_and_nothing_that_opens() -> None:
    person = cast.person("김자갈", email="kim@example.kr")
    everything(person)
    pseudonym = subjects.subject(person.id, "tours")
    made = vault.erase(person.id, NOW)
    for table in (VaultKey, Personal, Subject, Passkey, RecoveryCode, Badge, Link, Session):
        assert table._default_manager.count() == 0, table
    assert set(made.deleted) == {
        "key-and-salt",
        "data",
        "pseudonyms",
        "passkeys",
        "recovery-codes",
        "badges",
        "links",
        "sessions",
    }
    row = Person.objects.get(id=person.id)
    assert (row.erased_ms, row.has_usable_password()) == (NOW, False)
    assert row.memberships.get().until_ms == NOW
    assert vault.find(Datum.EMAIL, "kim@example.kr") is None
    assert subjects.person_of("tours", pseudonym, CLOCKWORK, Why.LEGAL, NOW) is None
    with pytest.raises(Erased):
        subjects.subject(person.id, "tours")
    with pytest.raises(Erased):
        vault.put(person.id, Datum.NAME, "wieder da")


def test_the_certificate_names_an_entry_of_the_log_and_erasing_again_gives_the_same() -> None:
    person = cast.person("김자갈")
    made = vault.erase(person.id, NOW)
    assert vault.erase(person.id, NOW + 1).id == made.id
    assert Certificate.objects.count() == 1
    assert Deed.objects.filter(act="person-erased", target=person.id).count() == 1
    assert log.body(bytes(made.leaf_hash)) is not None


def test_a_deleted_cell_is_overwritten_in_its_page() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("of SQLite's pages")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        assert cursor.fetchone()[0] == 2
