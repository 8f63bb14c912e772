"""A new card in the same truck: nothing of the old one is lost or changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import calibration_file
from agent.cli import main
from agent.exits import CONFIGURATION, NO
from agent.settings import Calibration
from agent.settings_file import load
from protocol import bundle
from tests.agent.desk import SETTINGS, START, Truck, fitted

MADE = Calibration(1, "KR-2026-0123", START, -120, 90)
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Truck]:
    folder = tmp_path / "old"
    folder.mkdir()
    with fitted(folder) as one:
        yield one


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "new"
    folder.mkdir()
    path = folder / "agent.toml"
    path.write_text(SETTINGS)
    return path


def swap(config: Path, *words: str) -> int:
    return main(["swap", NOBODY, "token", "--config", str(config), *words])


@pytest.mark.parametrize("mounted", [False, True])
def test_what_the_old_card_holds_is_saved_before_anything_else(
    mounted: bool, old: Truck, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old.record(9)
    old.outbox.close()
    state = old.config.parent
    calibration_file.write(load(old.config), [MADE])
    if mounted:
        root = config.parent / "mounted/var/lib"
        root.mkdir(parents=True)
        state = state.rename(root / "jagalchi")
    before = {path.name: path.read_bytes() for path in state.iterdir()}
    stick = config.parent / "stick"
    stick.mkdir()
    where = root.parent.parent if mounted else state
    # No server is there: the swap has to be repeated, and nothing is lost by that.
    assert swap(config, "--from", str(where), "--to", str(stick), "--lang", "en") == NO
    (made,) = stick.iterdir()
    found = bundle.read(made.read_bytes())
    assert len(found.records) == 10
    assert calibration_file.read(load(config)) == {1: MADE}
    assert {name: (state / name).read_bytes() for name in before} == before
    told = capsys.readouterr()
    assert "jagalchi-server import" in told.out
    assert "run the same command again" in told.err
    assert not load(config).enrolment_path.exists()


def test_a_dead_card_is_said_to_leave_a_hole(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert swap(config, "--lang", "ko") == NO
    assert "기록 없음으로 표시됩니다" in capsys.readouterr().err


def test_a_card_in_use_and_a_folder_without_a_card_are_refused(
    old: Truck, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert swap(old.config) == CONFIGURATION
    assert "this card is enrolled already" in capsys.readouterr().err
    assert swap(config, "--from", str(config.parent)) == CONFIGURATION
    assert "here is no state of an agent" in capsys.readouterr().err
    assert list(config.parent.iterdir()) == [config]
