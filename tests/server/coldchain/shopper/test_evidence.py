"""The file of a lot: what `jagalchi-agent verify` makes of it, and what is not in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from agent.cli import main
from protocol import evidence
from protocol.bodies import Reading
from protocol.evidence import Evidence, Report
from protocol.record import open_sealed
from protocol.registry import Kind
from science import verdict
from science.histogram import Bin, Exposure, State
from science.verdict import History
from server.coldchain import tracks
from server.coldchain.models import Event, Lot, Result
from server.coldchain.rules import SERVICE
from server.coldchain.shopper import evidence as proofs
from server.coldchain.shopper import picking
from server.ledger import keys, log, service
from server.ledger.writing import writing
from tests.protocol import build
from tests.server.coldchain.rig import MINUTE
from tests.server.coldchain.shopper.stall import HOUR, Stall, steady, warm

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
    assert len(readings_of(file_of(lot.ref))) == 90
    assert sum(report.left_out for _, report in trucks) >= 8
    kinds = {open_sealed(one).record.kind for file, _ in trucks for one in file.records}
    assert kinds == {Kind.READING, Kind.OPENING}  # which names the sensors


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
    assert second["records"] == second["proved"] == 31
    (again,) = first["judged_again"]
    assert (again["outcome"], again["wrong"], again["late"], again["apart"]) == ("same", [], 0, 0)


def readings_of(data: bytes) -> list[int]:
    """When the readings in a file were made, by their devices' clocks."""
    sealed = [
        open_sealed(one) for chapter in evidence.read_chapters(data) for one in chapter.records
    ]
    return [one.record.utc_ms or 0 for one in sealed if one.record.kind is Kind.READING]


@dataclass
class Desk:
    """Somebody's desk: no server, the command, and the log's key from elsewhere."""

    folder: Path
    out: pytest.CaptureFixture[str]

    def verify(self, data: bytes) -> tuple[int, str]:
        """What the command says, in words, and its status."""
        code, said = self._say(data)
        return code, said

    def again(self, data: bytes) -> dict[str, Any]:
        """What came of the first result, for programs."""
        _, said = self._say(data, "--json")
        found: dict[str, Any] = json.loads(said)["chapters"][0]["judged_again"][0]
        return found

    def _say(self, data: bytes, *words: str) -> tuple[int, str]:
        file, config = self.folder / "lot.evidence", self.folder / "none.toml"
        file.write_bytes(data)
        key = keys.current().log.vkey
        self.out.readouterr()
        code = main(["verify", str(file), "--config", str(config), "--log-key", key, *words])
        return code, self.out.readouterr().out


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def test_whoever_has_the_file_judges_the_lot_again(shop: Stall, desk: Desk) -> None:
    lot = shop.on_sale(warm, 7)
    code, said = desk.verify(file_of(lot.ref))
    assert code == 0
    assert "judged again from its history: the same verdict" in said
    assert "이력으로 다시 계산했습니다: 판정이 같습니다" in said
    assert "held against the readings: of" in said
    truck = [one for one in desk.again(file_of(lot.ref))["sections"] if one["counted"]]
    (section,) = truck
    assert (section["checked"], section["counted"], section["shown"]) == ("whole", 150, 150)


def cold(one: Bin) -> Bin | None:
    return Bin(State.KNOWN, 1_000, one.uncertainty_milli)


def dark(one: Bin) -> Bin | None:
    return Bin(State.UNKNOWN, 1_000, one.uncertainty_milli)


def away(_: Bin) -> Bin | None:
    return None


@pytest.mark.parametrize("lie", [cold, dark, away])
def test_a_verdict_whose_history_was_made_up_is_refused_although_it_is_rightly_logged(
    shop: Stall, desk: Desk, lie: Callable[[Bin], Bin | None]
) -> None:
    """The server itself lies, in the log: formula, hash, entry and proof all hold."""
    shop.histories = lambda true: with_warm_hours(true, lie)
    lot = shop.on_sale(warm, 7)
    code, said = desk.verify(file_of(lot.ref))
    assert code == 1
    assert "NOT SOUND" in said and "CANNOT BE TRUE" in said and "사실일 수 없습니다" in said
    assert desk.again(file_of(lot.ref))["outcome"] == "same"


def with_warm_hours(true: History, lie: Callable[[Bin], Bin | None]) -> History:
    """The history with its warm hours changed, or taken out."""
    sections = []
    for one in true.sections:
        bins: dict[Bin, int] = {}
        for held, ms in one.exposure.bins.items():
            new = lie(held) if held.milli_celsius and held.milli_celsius > 5_000 else held
            if new is not None:
                bins[new] = bins.get(new, 0) + ms
        sections.append(replace(one, exposure=Exposure(bins)))
    return replace(true, sections=tuple(sections))


def test_a_verdict_that_its_history_does_not_give_is_refused_by_field(
    shop: Stall, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = verdict.judge
    monkeypatch.setattr(verdict, "judge", lambda h: replace(judge(h), unknown_ms=0, mkt=5))
    data = file_of(shop.on_sale(warm, 7).ref)
    monkeypatch.undo()
    code, said = desk.verify(data)
    assert code == 1
    assert "NOT the same verdict; what differs: mkt, unknown_ms" in said
    assert "판정이 다릅니다: mkt, unknown_ms" in said


def test_a_result_of_before_is_sound_and_said_not_to_be_recomputable(
    shop: Stall, desk: Desk
) -> None:
    lot = shop.on_sale(warm, 7)
    at_ms = shop.chain.now_ms
    with writing():
        text = lot.results.get().text
        private: list[object] = ["verdict", lot.ref, 9, at_ms, text]
        leaf = service.stage(SERVICE, "verdict", private, build.digest("before"))
        Result.objects.create(lot=lot, version=9, at_ms=at_ms, text=text, leaf_hash=leaf)
    log.sequence(at_ms)
    code, said = desk.verify(file_of(lot.ref))
    assert code == 0
    assert "not recomputable: made before" in said and "다시 계산할 수 없습니다" in said


def test_a_file_without_the_history_says_so_and_another_history_is_refused(
    shop: Stall, desk: Desk
) -> None:
    data = file_of(shop.on_sale(warm, 7).ref)
    first, *rest = evidence.read_chapters(data)
    (under,) = first.proofs
    (entry,) = under.entries

    def with_document(document: bytes) -> bytes:
        made = replace(under, entries=(replace(entry, document=document),))
        return evidence.write(replace(first, proofs=(made,)), *rest)

    assert with_document(entry.document) == data
    code, said = desk.verify(with_document(b""))
    assert (code, "not recomputable from this file" in said) == (0, True)
    code, said = desk.verify(with_document(entry.document.replace(b"0", b"1", 1)))
    assert (code, "the entry does not name this document" in said) == (1, True)


def test_a_file_that_is_full_shows_the_extremes_and_says_how_many_readings_it_lacks(
    shop: Stall, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.span = 20
    monkeypatch.setattr(picking, "BLOCK", 20)
    monkeypatch.setattr(proofs, "MAX_BYTES", 30_000)
    lot = shop.on_sale(peak, 9)
    data = file_of(lot.ref)
    code, said = desk.verify(data)
    found = desk.again(data)
    (section,) = [one for one in found["sections"] if one["counted"]]
    assert code == 0, said
    assert section["counted"] == 270 > section["shown"] == len(readings_of(data)) > 40
    assert (section["checked"], section["why"]) == ("warmest", "left-out")
    assert f"{270 - section['shown']} of the 270 readings" in said
    assert f"기록 270개 중 {270 - section['shown']}개가 이 파일에 없습니다" in said
    held = [one for c in evidence.read_chapters(data) for one in c.records]
    told = [open_sealed(one).record for one in held]
    values = [one.body.measurements[0].value for one in told if isinstance(one.body, Reading)]
    assert max(values) == 9_000 and min(values) == -1_000  # type: ignore[type-var]


def peak(hours: float) -> float | None:
    """Four minutes of warmth on a long way, and four of frost."""
    if 7.0 <= hours < 7.06:
        return 9.0
    return -1.0 if 3.0 <= hours < 3.06 else 1.0


def test_a_full_file_whose_warmest_hour_is_not_in_the_history_is_refused(
    shop: Stall, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.span = 20
    monkeypatch.setattr(picking, "BLOCK", 20)
    monkeypatch.setattr(proofs, "MAX_BYTES", 30_000)
    shop.histories = lambda true: with_warm_hours(true, cold)
    lot = shop.on_sale(peak, 9)
    code, said = desk.verify(file_of(lot.ref))
    assert (code, "less warm time than was measured" in said) == (1, True)


def test_a_truck_that_changed_its_key_on_the_way_shows_the_readings_of_both(
    shop: Stall, desk: Desk
) -> None:
    lot = shop.chain.land("cooperative")
    shop.chain.offer(lot, "cooperative", "shop")
    shop.chain.later(10).load("truck 1", lot, name="carrier")
    shop.drive(1)
    shop.rotate("second key")
    shop.drive(1)
    shop.rotate("third key")
    shop.drive(1)
    shop.chain.unload("truck 1", lot, name="carrier")
    shop.judge(lot)
    data = file_of(lot.ref)
    code, said = desk.verify(data)
    assert code == 0, said
    (section,) = [one for one in desk.again(data)["sections"] if one["counted"]]
    assert (section["checked"], section["counted"], section["shown"]) == ("whole", 90, 90)
    keys_of = [len(one.keys) for one in evidence.read_chapters(data)]
    assert sorted(keys_of) == [0, 1, 2, 3]


def test_readings_that_came_after_the_verdict_are_counted_apart(shop: Stall, desk: Desk) -> None:
    lot = shop.on_sale(steady, 2)
    version, now_ms = lot.results.get().version, shop.chain.now_ms
    shop.chain.now_ms -= 2 * HOUR + 25 * MINUTE
    shop.drive(0.2, steady, period_s=60)
    shop.chain.now_ms = now_ms
    tracks.follow_all()
    log.sequence(now_ms)
    data = bytes(Client().get(f"/q/{lot.ref}/evidence?version={version}").content)
    code, said = desk.verify(data)
    assert code == 0, said
    assert desk.again(data)["late"] > 0
    assert "came into the log after it was judged" in said


def test_the_file_leads_on_from_a_checkpoint_that_somebody_saw(shop: Stall, desk: Desk) -> None:
    lot = shop.on_sale(steady, 1)
    seen = log.newest()
    shop.chain.later(5)
    for name in ("one", "two"):
        with writing():
            service.stage(SERVICE, "x", [name], build.digest(name))
        log.sequence(shop.chain.now_ms)
    data = bytes(Client().get(f"/q/{lot.ref}/evidence?since={seen.size}&since=1&since=x").content)
    first, *_ = evidence.read_chapters(data)
    assert first.proofs[-2].note == seen.note
    assert first.proofs[-1].extends and first.proofs[-1].extends.since == seen.size
    assert desk.verify(data)[0] == 0


def test_many_phones_share_the_devices_chapters_for_a_while_although_the_log_grows(
    shop: Stall, desk: Desk
) -> None:
    lot, at_ms = shop.on_sale(steady, 1), shop.chain.now_ms
    first, second, third = (
        evidence.read_chapters(grown(lot, at_ms + later_ms))
        for later_ms in (0, proofs.FRESH_MS - 1, proofs.FRESH_MS)
    )
    assert second[1:] == first[1:] and third[1].made_ms == at_ms + proofs.FRESH_MS
    notes = [one.proofs[-1].note for one in (first[0], second[0], third[0])]
    assert len(set(notes)) == 3 and third[1].proofs[0].note == notes[2]
    assert second[0].proofs[0].note == first[1].proofs[0].note, "and the log leads on from theirs"
    code, said = desk.verify(evidence.write(*second))
    assert code == 0, said
    assert evidence.read_chapters(grown(lot, at_ms))[1].made_ms == at_ms, "a clock set back"


def grown(lot: Lot, now_ms: int) -> bytes:
    """The file, when the log has an entry more."""
    with writing():
        service.stage(SERVICE, "x", ["more"], build.digest(str(log.newest().size)))
    log.sequence(now_ms)
    return proofs.file(lot, now_ms) or b""


def test_a_file_that_other_threads_drive_out_at_once_is_given_all_the_same(
    shop: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crowded(dict[Any, Any]):
        def __setitem__(self, key: Any, value: Any) -> None:
            """Kept, and gone before anybody looks."""

    monkeypatch.setattr(proofs, "_made", Crowded())
    assert len(judged(file_of(shop.on_sale(steady, 1).ref))) == 2


def test_a_lot_that_was_not_judged_has_no_file(shop: Stall) -> None:
    lot = shop.chain.land()
    assert Client().get(f"/q/{lot.ref}/evidence").status_code == 404
    assert "proof/page.js" not in Client().get(f"/q/{lot.ref}").content.decode()
