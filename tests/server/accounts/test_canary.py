"""A person with an unmistakable name, address and number does everything; then every output is
searched for them: log, journal, deeds, database, lines of the server, metrics of the interface."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from server import posting
from server.accounts import links, subjects, vault
from server.accounts.models import Link, Person
from server.accounts.rules import CLOCKWORK, Datum, Role, Why
from server.ledger import log
from server.ledger.keys import entropy
from server.ledger.tick import now_ms
from tests import reliability
from tests.server.accounts import cast
from tests.server.accounts.test_matrix import routes, rows

pytestmark = pytest.mark.django_db(transaction=True)

NAME, MAIL, PHONE = "카나리아김새알", "canary.zq7@birds.example", "+821099887766"
SECRETS = (NAME, MAIL, PHONE, PHONE[3:], "canary.zq7")


def spellings() -> Iterator[bytes]:
    """Each of them as it might lie somewhere: plain, in other encodings, packed, in hexadecimal."""
    for text in SECRETS:
        for data in (text.encode(), text.encode("utf-16-le"), text.encode("unicode_escape")):
            yield from (data, data.hex().encode(), base64.b64encode(data).rstrip(b"="))


def found_in(data: bytes) -> list[bytes]:
    return [one for one in spellings() if one in data]


def lives(place: Any, administrator: Client) -> Person:
    """Invited by e-mail, joins, gives a name and a number, is seen, given a duty and a badge."""
    offer = {"role": "operator", "contact": MAIL}
    administrator.post(f"/organisations/{place.id}/invitations", offer)
    link = Link.objects.latest("made_ms")
    client = cast.elsewhere()
    client.post(links.address(link.id).removeprefix("http://localhost:8000"))
    client.post("/me/name", {"name": NAME, "language": "ko"})
    client.post("/me/password", {"password": cast.PASSWORD})
    client.post("/me/address", {"address": PHONE})
    posting.the_postman().deliver(now_ms(), entropy)
    client.post(f"/link/address/{links.token(Link.objects.latest('made_ms').id)}")
    client.post("/me/recovery-codes")
    client.post("/me/export")
    one = Person.objects.get(id=client.get("/api/accounts/me").json()["id"])
    administrator.post(f"/organisations/{place.id}/members/{one.id}/badge")
    subjects.person_of("tours", subjects.subject(one.id, "tours"), CLOCKWORK, Why.NOTICE, now_ms())
    return one


def fails() -> None:
    """What goes wrong around them, with their data in every field."""
    for account in (MAIL, PHONE, NAME):
        client = cast.elsewhere()
        for path, field in (
            ("/sign-in", "account"), ("/sign-in/link", "account"), ("/sign-in/recovery", "code"),
            ("/badge", "code"), ("/guest", "code"),
        ):
            client.post(path, {field: account, "password": account, "pin": "123456"})
        client.get(f"/{account}", headers={"User-Agent": NAME})
        client.get("/api/accounts/me", headers={"Authorization": f"Bearer {MAIL}"})


def every_page(clients: list[Client], place: str) -> None:
    for route in routes():
        row = rows()[route.name]
        if row.finds is None and not row.ends:
            for client in clients:
                method = getattr(client, row.method.lower())
                method(route.address({"organisation": place}))


def database() -> bytes:
    """Every column of every table."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                found += [bytes(one) if isinstance(one, memoryview) else one for one in row]
    plain = (one if isinstance(one, bytes) else repr(one).encode() for one in found)
    return b"\n".join(plain)


def files(home: Path) -> dict[str, bytes]:
    """Every file of the installation but the messages themselves, whose very place that is."""
    paths = (path for path in home.rglob("*") if path.is_file())
    return {path.name: path.read_bytes() for path in paths if path.name != "messages.txt"}


def test_no_personal_datum_in_any_output(
    installation: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    people = cast.Cast()
    administrator = people.client(Role.ADMINISTRATOR)
    one = lives(people.place, administrator)
    assert vault.export(one.id) == {"name": NAME, "email": MAIL, "phone": PHONE}
    every_page([administrator, people.client(Role.AUDITOR)], people.place.id)
    fails()
    log.sequence(now_ms())
    vault.put(one.id, Datum.NAME, NAME)
    printed = capfd.readouterr()
    outputs = {
        "database": database(),
        "lines": "\n".join(record.getMessage() for record in caplog.records).encode(),
        "printed": (printed.out + printed.err).encode(),
        "interface": Client().get("/api/openapi.json").content,
        "checkpoint": Client().get("/checkpoint").content,
        **files(installation.home),
    }
    hits = {name: found for name, data in outputs.items() if (found := found_in(data))}
    size = sum(map(len, outputs.values()))
    told = f"{len(hits)} outputs with a hit, {size:,} bytes searched"
    reliability.note("R5", "canary name, e-mail and number in every output", len(outputs), told)
    assert hits == {}
    assert size > 50_000


def test_the_search_finds_what_it_is_to_find(installation: Any) -> None:
    """The delivered message has the address, and only that file."""
    people = cast.Cast()
    lives(people.place, people.client(Role.ADMINISTRATOR))
    text = (installation.home / "messages.txt").read_bytes()
    assert found_in(text) != []
    assert found_in(PHONE.encode("utf-16-le").hex().encode()) != []
    assert not re.search(rb"canary", b"".join(files(installation.home).values()))


def test_after_erasure_nothing_opens_what_is_left(installation: Any) -> None:
    people = cast.Cast()
    one = lives(people.place, people.client(Role.ADMINISTRATOR))
    sealed = [bytes(row.sealed) for row in one.personal.all()]
    vault.erase(one.id, now_ms())
    everything = database()
    assert not any(blob in everything for blob in sealed)
    assert vault.names([one.id]) == {} and vault.find(Datum.PHONE, PHONE) is None
