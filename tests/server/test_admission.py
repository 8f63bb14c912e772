"""Organisations and first administrators from the command line; people of a demonstration."""

from __future__ import annotations

import re
import shutil
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server import cli, demo_people
from server.accounts import passwords, vault
from server.accounts.models import Kind, Organisation, Person
from server.accounts.rules import Actor, Datum, Role
from server.admission import KINDS, ROLES
from server.coldchain.acting import INSPECTORS
from server.devices.models import Asset
from server.ledger.tick import now_ms
from tests.server.test_cli import call, free_port, refuse, running


def test_the_command_line_knows_every_kind_and_role() -> None:
    assert set(KINDS) == set(Kind.values)
    assert list(ROLES) == list(Role)


@pytest.mark.parametrize(
    "arguments",
    [
        ["organisation"],
        ["organisation", "remove", "x"],
        ["organisation", "add", "빵집", "--kind", "bakery"],
        ["person", "add"],
        ["person", "add", "--organisation", "x", "--role", "king"],
    ],
)
def test_a_wrong_command_is_told(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 64
    assert "--help" in capsys.readouterr().err


@pytest.mark.e2e
def test_the_first_administrator_comes_in_by_a_link_from_the_shell(tmp_path: Path) -> None:
    home = tmp_path / "home"
    kind = ("--kind", "cooperative", "--english", "Dadae")
    made = call(home, "organisation", "add", "다대수협", *kind)
    assert made.returncode == 0, made.stderr
    name = made.stdout.split()[0]
    assert f"{name}  cooperative  다대수협" in call(home, "organisation", "list").stdout
    refuse(call(home, "organisation", "add", ""), "Give a NAME and a --kind")
    stranger = ("--kind", "shop", "--id", "c" * 16)
    refuse(call(home, "organisation", "add", "가", *stranger), "No organisation is known as c{16}")
    who = ("--role", "administrator", "--organisation")
    refuse(call(home, "person", "add", *who, "a" * 16), "There is no organisation a{16}")
    refuse(call(home, "token", "--asset", "트럭", "--organisation", "b" * 16), "no organisation b")
    token = call(home, "token", "--asset", "트럭", "--organisation", name)
    assert token.returncode == 0, token.stderr
    link = call(home, "person", "add", *who, name).stdout.strip()
    for option, kept in (((), True), (("--without-keys",), False)):
        copy = tmp_path / f"backup{len(option)}"
        assert call(home, "backup", str(copy), *option).returncode == 0
        assert (copy / "keys" / "vault").exists() is kept
    found = re.fullmatch(r"http://localhost:8000(/link/join/[a-z2-7]{26})", link)
    assert found is not None
    with running(home) as (_, address):
        page = urllib.request.urlopen(address.rstrip("/") + found[1], timeout=10)
        assert "다대수협" in page.read().decode()
        page.close()


@pytest.mark.e2e
def test_keys_of_another_installation_are_refused_at_the_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    name = call(home, "organisation", "add", "가", "--kind", "shop").stdout.split()[0]
    made = call(home, "person", "add", "--role", "viewer", "--organisation", name)
    assert made.returncode == 0
    assert (home / "keys" / "vault").stat().st_mode & 0o077 == 0
    shutil.copytree(home, tmp_path / "exposed")
    (tmp_path / "exposed" / "keys" / "vault").chmod(0o644)
    exposed = call(tmp_path / "exposed", "run", "--port", str(free_port()))
    refuse(exposed, "keys/vault may be read by others")


@pytest.mark.django_db
def test_an_asset_keeps_its_organisation_until_another_is_named() -> None:
    from server.devices.commands import issue_token

    for number, whose in enumerate(("a" * 16, "", "b" * 16)):
        entropy = bytes([number]) * 20
        issue_token("트럭 1", now_ms=now_ms(), entropy=entropy, organisation=whose)
        expected = "b" * 16 if number == 2 else "a" * 16
        assert Asset.objects.get().organisation == expected


@pytest.mark.django_db
def test_a_token_of_an_old_journal_is_read_as_one_without_organisation() -> None:
    from server.devices import roster

    roster.apply("token", [b"t" * 32, "트럭 1", 1, 2])
    assert Asset.objects.get().organisation == ""
    roster.apply("token", [b"u" * 32, "트럭 1", 1, 2, "a" * 16])
    roster.apply("token", [b"u" * 32, "트럭 1", 1, 2, "a" * 16])
    assert Asset.objects.get().organisation == "a" * 16


# The people of a demonstration


@pytest.mark.django_db
def test_demonstration_accounts_open_in_a_demonstration(settings: Any) -> None:
    settings.JAGALCHI = replace(settings.JAGALCHI, demo=True)
    made = demo_people.make(now_ms())
    assert Organisation.objects.get(id=made.places["agency"]).kind in INSPECTORS
    account = "auditor@carrier.demo.example"
    found = passwords.sign_in(account, made.password, "", now_ms())
    assert isinstance(found, Person)
    assert vault.get(found.id, Datum.EMAIL) == account
    places = len(demo_people.PLACES)
    assert Organisation.objects.count() == places and Person.objects.count() == places * len(Role)
    assert demo_people.leftovers() and Actor.PERSON


@pytest.mark.django_db
def test_demonstration_accounts_are_made_nowhere_else() -> None:
    with pytest.raises(demo_people.NotHere):
        demo_people.make(now_ms())
    assert Person.objects.count() == 0 and not demo_people.leftovers()


@pytest.mark.django_db
def test_a_production_server_refuses_a_demonstrations_database(settings: Any) -> None:
    settings.JAGALCHI = replace(settings.JAGALCHI, demo=True)
    demo_people.make(now_ms())
    cli._check_people()
    settings.JAGALCHI = replace(settings.JAGALCHI, demo=False)
    with pytest.raises(cli.Refused, match="is a demonstration's"):
        cli._check_people()
