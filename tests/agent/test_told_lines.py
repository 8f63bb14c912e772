"""What people read of a configuration: one line of `status`, one verdict of `doctor`."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest

from agent.cli import main
from agent.commands.language import chosen
from agent.core import told, upkeep
from agent.core.board import Board
from agent.core.finding import Grade
from agent.edges.config_files import ConfigFiles
from agent.edges.signer import verify_ed25519
from agent.edges.tuner import Tuner
from agent.settings_file import load
from protocol.checkpoint import LogKey
from protocol.settable import WHYS, Stage, Why
from tests.agent.desk import LOG, LOG_KEY, Truck, fitted
from tests.agent.rig import ORIGIN
from tests.agent.told import TIGHT, document
from tests.agent.told import tuner as tuned
from tests.protocol.testlog import NoteKey

KEY = cast(NoteKey, LOG)


def facts(
    version: int | None = None, stage: Stage | None = None, why: Why | None = None, **more: object
) -> Mapping[str, object]:
    """As `status --json` has them; the newest document is number 6."""
    plain = {"on_trial": False, "readings": 1, "wanted": 3, "damaged": False, "unstored": False}
    named = stage and {"version": 6, "stage": stage.name.lower(), "why": why and why.name.lower()}
    return {"version": version, **plain, "newest": named, **more}


@pytest.mark.parametrize(
    ("config", "en", "ko"),
    [
        (facts(), "the device's own", "기기 자체 설정"),
        (facts(6, Stage.CONFIRMED), "version 6, confirmed", "버전 6 적용 확정"),
        (
            facts(6, Stage.ON_TRIAL, on_trial=True),
            "version 6, on trial (1/3 readings)",
            "버전 6 시험 적용 중 (측정 1/3)",
        ),
        (
            facts(5, Stage.REVERTED, Why.NO_READING),
            "version 5, confirmed; version 6 reverted: no usable readings under it",
            "버전 5 적용 확정; 버전 6 되돌림: 적용 후 쓸 수 있는 측정이 없음",
        ),
        (
            facts(None, Stage.CONFIRMED),
            "the device's own; version 6 does not fit this device any more",
            "기기 자체 설정; 버전 6 설정이 이 기기에 더 이상 맞지 않음",
        ),
        (
            facts(None, damaged=True, unstored=True),
            "the device's own; what was kept of a configuration is damaged;"
            " the card does not take a configuration",
            "기기 자체 설정; 보관된 원격 설정이 손상되었음; 카드에 원격 설정을 저장할 수 없음",
        ),
    ],
)
def test_status_has_one_line_in_either_language(
    config: Mapping[str, object], en: str, ko: str
) -> None:
    assert told.config(config).en == en and told.config(config).ko == ko
    for language, text in (("en", en), ("ko", ko)):
        (line,) = (x for x in Board(language).lines({"config": config}) if text in x)
        assert line.strip().startswith("settings" if language == "en" else "설정")


@pytest.mark.parametrize("why", WHYS)
def test_doctor_warns_of_whatever_was_not_taken_and_says_who_mends_it(why: Why) -> None:
    (finding,) = upkeep.configuration(facts(5, Stage.REFUSED, why))
    assert finding.grade is Grade.WARNING and finding.mend
    assert WHYS[why].ko in finding.seen.ko and "publish" in finding.mend.en


def test_doctor_is_content_with_settings_of_its_own_and_with_a_trial() -> None:
    for config in (facts(), facts(6, Stage.ON_TRIAL, on_trial=True), facts(6, Stage.CONFIRMED)):
        (finding,) = upkeep.configuration(config)
        assert finding.grade is Grade.OK
    for config in (facts(damaged=True), facts(unstored=True)):
        (finding,) = upkeep.configuration(config)
        assert finding.grade is Grade.WARNING
        assert finding.mend and "card" in finding.mend.en


@pytest.fixture
def truck(tmp_path: Path) -> Iterator[Truck]:
    with fitted(tmp_path) as one:
        yield one


def told_on_card(truck: Truck) -> Tuner:
    """Number 1 was confirmed and number 2 given up, on the card of this truck."""
    one = tuned(truck.config.parent)
    device, key = truck.sealer.identity.device, LogKey.parse(LOG_KEY.vkey)
    one._files = ConfigFiles(truck.config.parent, device, key, verify_ed25519)
    one.begin()
    one.offer(document(1, TIGHT, key=KEY, device=device), ORIGIN, 0)
    assert one.advance() and one.confirm()
    one.offer(document(2, key=KEY, device=device), ORIGIN, 0)
    assert one.advance()
    one.revert(Why.FELL_OVER)
    return one


def test_a_stopped_agents_card_tells_what_it_would_go_by_and_nothing_is_written(
    truck: Truck, capsys: pytest.CaptureFixture[str]
) -> None:
    told_on_card(truck)
    truck.outbox.close()
    folder = truck.config.parent
    before = {path.name: path.read_bytes() for path in folder.glob("config.*")}
    capsys.readouterr()
    main(["status", "--json", "--config", str(truck.config)])
    config = json.loads(capsys.readouterr().out)["config"]
    assert (config["version"], config["newest"]["why"]) == (1, "fell_over")
    assert {path.name: path.read_bytes() for path in folder.glob("config.*")} == before
    main(["doctor", "--json", "--config", str(truck.config)])
    findings = json.loads(capsys.readouterr().out)["findings"]
    (mine,) = (one for one in findings if one["part"] == "config")
    assert mine["grade"] == "warning" and "version 2 reverted" in mine["seen"]["en"]


def test_the_files_lie_beside_the_key_and_nobody_else_may_read_them(truck: Truck) -> None:
    told_on_card(truck)
    settings = load(truck.config)
    files = list(settings.state_dir.glob("config.*"))
    assert {path.name for path in files} == {"config.good", "config.state"}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_the_language_is_the_one_asked_for_then_the_one_told_then_the_terminals() -> None:
    korean, nothing = {"LANG": "ko_KR.UTF-8"}, Namespace(lang=None)
    assert chosen(nothing, korean) == "ko" and chosen(nothing, korean, "en") == "en"
    assert chosen(nothing, {}, "ko") == "ko" and chosen(nothing, {}, None) == "en"
    assert chosen(Namespace(lang="en"), korean, "ko") == "en"
