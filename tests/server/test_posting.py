"""Where messages and people meet: by what way somebody is reached, and who does the chores."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server import posting
from server.accounts import limits, me, vault, webhooks
from server.accounts.limits import Whence
from server.accounts.models import Deed, Organisation, Tries, Webhook
from server.accounts.rules import (
    ALLOWED,
    CLOCKWORK,
    DAY_MS,
    Datum,
    Reason,
    Refused,
    Role,
    Try,
)
from server.ledger.tick import now_ms
from server.messages.carriers import Console, Gateway, Hook, Mail
from server.messages.models import Message, State
from server.messages.postman import Way
from tests.server.accounts import cast

pytestmark = pytest.mark.django_db

OUTSIDE = "93.184.216.34"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the name server knows."""
    known = {"hook.example.org": OUTSIDE, "inside.example.org": "10.0.0.7"}

    def getaddrinfo(host: str, port: int, **_rest: Any) -> list[Any]:
        if host not in known:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (known[host], port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


def test_a_person_is_reached_by_phone_before_mail_and_a_new_address_at_itself() -> None:
    one = cast.person("김", email="kim@example.kr")
    mail = posting.recipient(one.id)
    assert mail is not None and (mail.way, mail.address) == (Way.EMAIL, "kim@example.kr")
    vault.put(one.id, Datum.PHONE, "01012345678")
    vault.put(one.id, Datum.PENDING, "new@example.kr")
    phone, new = posting.recipient(one.id), posting.recipient(one.id + me.PENDING)
    assert phone is not None and (phone.way, phone.address) == (Way.PHONE, "+821012345678")
    assert new is not None and (new.way, new.address) == (Way.EMAIL, "new@example.kr")
    assert "kim@example.kr" not in repr(mail) and "김" not in repr(mail)


def test_nobody_is_reached_without_address_or_after_erasure() -> None:
    one = cast.person("김")
    assert posting.recipient(one.id) is None
    assert posting.recipient(one.id + me.PENDING) is None
    vault.put(one.id, Datum.EMAIL, "kim@example.kr")
    vault.erase(one.id, now_ms())
    assert posting.recipient(one.id) is None
    assert posting.recipient("a" * 16) is None
    assert posting.recipient(webhooks.ORGANISATION + "a" * 16) is None


def test_the_settings_choose_the_ways_out(installation: Any) -> None:
    def kinds(**chosen: str) -> dict[str, type]:
        found = posting.ways(replace(installation, **chosen))
        return {str(way): type(carrier) for way, carrier in found.items()}

    console = {"webhook": Hook, "email": Console, "phone": Console}
    assert kinds() == console
    smtp = {"smtp_url": "smtps://mail.example"}
    assert kinds(messages="smtp", **smtp) == {"webhook": Hook, "email": Mail}
    gateway = {"gateway_url": "https://sms.example"}
    assert kinds(messages="gateway", **gateway) == {"webhook": Hook, "phone": Gateway}
    both = kinds(messages="gateway", **gateway, **smtp)
    assert both == {"webhook": Hook, "phone": Gateway, "email": Mail}


def put(place: Organisation, url: str) -> object:
    return webhooks.put(CLOCKWORK, place.id, url, now_ms())


def test_a_webhook_is_kept_with_a_key_of_its_own_and_tried(names: dict[str, str]) -> None:
    place = cast.organisation()
    assert put(place, "https://hook.example.org/in") is ALLOWED
    first = Webhook.objects.get()
    there = posting.recipient(webhooks.ORGANISATION + place.id)
    assert there is not None and there.address == "https://hook.example.org/in"
    assert there.secret == webhooks.secret(first.id) and len(there.secret) == 52
    assert Message.objects.get().template == "webhook-check"
    assert put(place, "https://hook.example.org/other") is ALLOWED
    assert webhooks.secret(Webhook.objects.get().id) != there.secret
    assert webhooks.end(CLOCKWORK, place.id, now_ms()) is ALLOWED
    assert webhooks.end(CLOCKWORK, place.id, now_ms()) == Refused(Reason.NOT_FOUND)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://inside.example.org/", Reason.INTERNAL_ADDRESS),
        ("https://unknown.example.org/", Reason.BAD_INPUT),
        ("http://hook.example.org/", Reason.BAD_INPUT),
        ("https://hook.example.org/" + "x" * 500, Reason.BAD_INPUT),
    ],
)
def test_a_webhook_inside_or_misspelt_is_refused_written_down_and_not_kept(
    names: dict[str, str], url: str, reason: Reason
) -> None:
    people = cast.Cast()
    path = f"/organisations/{people.place.id}/webhook"
    answer = people.client(Role.ADMINISTRATOR).post(path, {"url": url})
    assert (answer.status_code, str(reason) in answer.content.decode()) == (422, True)
    assert (Webhook.objects.count(), Message.objects.count()) == (0, 0)
    deed = Deed.objects.latest("id")
    assert (deed.act, deed.reason) == ("webhook-set", str(reason))


def test_a_webhook_that_moved_inside_since_is_not_called(names: dict[str, str]) -> None:
    put(cast.organisation(), "https://hook.example.org/in")
    names["hook.example.org"] = "127.0.0.1"
    posting.the_postman().deliver(now_ms(), bytes)
    row = Message.objects.get()
    assert (row.state, row.trouble) == (State.WAITING, "internal-address")


def test_one_worker_carries_and_tidies_and_another_takes_over(tmp_path: Path) -> None:
    limits.tried(Try.GUEST, Whence("", "a"), 1)
    one, other = (posting.Round(tmp_path / "post.lock") for _ in range(2))
    one.beat(2 * DAY_MS)
    assert Tries.objects.count() == 0
    limits.tried(Try.GUEST, Whence("", "a"), 1)
    other.beat(3 * DAY_MS)
    assert Tries.objects.count() > 0
    one.beat(2 * DAY_MS + 1000)
    assert Tries.objects.count() > 0, "tidying is not done at every beat"
    one.close()
    other.beat(3 * DAY_MS)
    assert Tries.objects.count() == 0
    other.close()
