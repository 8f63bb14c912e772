"""The file of a lot: what `jagalchi-agent verify` makes of it, and what is not in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from agent.cli import main
from protocol import evidence
from protocol.evidence import Evidence, Report
from protocol.record import open_sealed
from protocol.registry import Kind
from server.coldchain.models import Event
from server.ledger import keys
from tests.protocol import build
from tests.server.coldchain.shopper.stall import Stall, warm

pytestmark = pytest.mark.django_db


def file_of(name: str) -> bytes:
    """The file as a stranger downloads it."""
    response = Client().get(f"/q/{name}/evidence")
    assert (response.status_code, response["Content-Type"]) == (200, "application/cbor-seq")
    return bytes(response.content)


def judged(data: bytes) -> list[tuple[Evidence, Report]]:
    """Every chapter with what it proves."""
    own = keys.current().log.vkey
    return [
        (one, evidence.examine(one, build.verify_es256, build.verify_ed25519, own))
        for one in evidence.read_chapters(data)
    ]


def test_the_log_commits_to_the_very_result_that_the_page_shows(shop: Stall) -> None:
    lot = shop.on_sale(warm, 7)
    result = lot.results.get()
    (_, report), *_ = judged(file_of(lot.ref))
    (entry,) = report.entries
    assert (entry.service, entry.kind) == ("coldchain", "verdict")
    assert result.text in entry.private
    assert report.findings == ()


def test_the_file_is_of_the_version_that_the_page_showed(shop: Stall) -> None:
    lot = shop.on_sale(warm, 7)
    page = Client().get(f"/q/{lot.ref}").content.decode()
    (link, *_) = re.findall(r'href="(/q/[^"]*evidence[^"]*)"', page)
    shop.chain.later(60)
    shop.judge(lot)
    first, second = lot.results.order_by("version")
    (_, report), *_ = judged(bytes(Client().get(link).content))
    assert first.text != second.text and first.text in report.entries[0].private
    for other in ("", "?version=9", "?version=x"):
        (_, report), *_ = judged(bytes(Client().get(link.partition("?")[0] + other).content))
        assert second.text in report.entries[0].private


def test_every_reading_of_the_stay_is_signed_and_proved_and_no_position_is_shown(
    shop: Stall,
) -> None:
    lot = shop.on_sale(hours=3)
    _, *trucks = judged(file_of(lot.ref))
    assert all(report.whole for _, report in trucks)
    assert sum(report.proved for _, report in trucks) == 90
    assert sum(report.left_out for _, report in trucks) >= 8
    kinds = {open_sealed(one).record.kind for file, _ in trucks for one in file.records}
    assert kinds == {Kind.READING}


def test_nobody_is_named_in_it(shop: Stall) -> None:
    lot = shop.on_sale(hours=1)
    data = file_of(lot.ref)
    told = set(Event.objects.values_list("organisation", flat=True)) | {"truck 1", "제3부산호"}
    told |= set(Event.objects.values_list("actor", flat=True))
    assert {one for one in told if one and one.encode() in data} == set()


def test_the_command_of_the_truck_says_the_same(
    shop: Stall, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lot = shop.on_sale(hours=1)
    file, config = tmp_path / "lot.evidence", tmp_path / "none.toml"
    file.write_bytes(file_of(lot.ref))
    arguments = ["verify", str(file), "--config", str(config), "--json"]
    assert main([*arguments, "--log-key", keys.current().log.vkey]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    first, second = told["chapters"]
    assert (told["sound"], first["entries"][0]["name"]) == (True, "coldchain/verdict")
    assert second["records"] == second["proved"] == 30


def test_a_lot_that_was_not_judged_has_no_file(shop: Stall) -> None:
    lot = shop.chain.land()
    assert Client().get(f"/q/{lot.ref}/evidence").status_code == 404
    assert "proof/page.js" not in Client().get(f"/q/{lot.ref}").content.decode()
