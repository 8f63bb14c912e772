"""`export` and `verify`: what leaves the truck on a stick can be checked by a stranger, offline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cli import main
from agent.edges.keys import KeyFiles
from agent.exits import CONFIGURATION, NO, OK
from protocol import wire
from protocol.checkpoint import LogKey
from tests.agent.desk import LOG_KEY, ORIGIN, Truck, fitted


@pytest.fixture
def truck(tmp_path: Path) -> Iterator[Truck]:
    with fitted(tmp_path) as one:
        yield one


def export(truck: Truck, *words: str) -> Path:
    """Run the command; return the file it made."""
    folder = truck.config.parent / "stick"
    folder.mkdir(exist_ok=True)
    before = set(folder.iterdir())
    assert main(["export", "--config", str(truck.config), "--to", str(folder), *words]) == OK
    (made,) = set(folder.iterdir()) - before
    return made


def verify(path: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, object]:
    capsys.readouterr()
    nowhere = ("--config", str(path.parent / "nowhere.toml"))
    code = main(["verify", str(path), "--json", *nowhere, *words])
    return code, json.loads(capsys.readouterr().out)


def test_what_is_exported_beside_a_running_agent_is_sound_anywhere(
    truck: Truck, capsys: pytest.CaptureFixture[str]
) -> None:
    truck.record(9)
    truck.prove(9)
    made = export(truck)
    code, report = verify(made, capsys, "--log-key", LOG_KEY.vkey)
    assert code == OK
    assert isinstance(report, dict)
    counted = {key: report[key] for key in ("records", "signed", "chained", "proved", "simulated")}
    assert counted == dict.fromkeys(counted, 10)
    assert (report["sound"], report["pinned"]) == (True, True)


def test_unproved_records_are_sound_and_said_to_be_unproved(
    truck: Truck, capsys: pytest.CaptureFixture[str]
) -> None:
    truck.record(9)
    truck.prove(4)
    code, report = verify(export(truck), capsys)
    assert code == OK
    assert isinstance(report, dict)
    assert (report["records"], report["proved"], report["pinned"]) == (10, 5, False)
    assert "5 not (yet) proved" in report["verdict"]
    assert "only the file's word" in report["verdict"]
    assert "10 SIMULATED" in report["verdict"]


def test_since_leaves_out_older_records_but_never_part_of_a_leaf(
    truck: Truck, capsys: pytest.CaptureFixture[str]
) -> None:
    truck.record(9)
    truck.prove(4)
    counts = {}
    for text in ("2027-01-15T08:00:31Z", "2027-01-15T08:01:11Z", "2027-01-15T08:09:00Z"):
        made = export(truck, "--since", text)
        _, report = verify(made, capsys)
        made.unlink()
        assert isinstance(report, dict)
        counts[text] = (report["records"], report["proved"], report["sound"])
    assert list(counts.values()) == [(10, 5, True), (2, 0, True), (0, 0, True)]


def test_a_rotation_is_never_left_out_or_nobody_would_know_the_key(
    truck: Truck, capsys: pytest.CaptureFixture[str]
) -> None:
    """First the old key's epoch is partly wanted, then not at all."""
    truck.record(4)
    keys = KeyFiles(truck.config.parent / "device.key", truck.sealer.identity.device)
    heir = keys.make_heir()
    truck.sealer.introduce(heir, truck.clock.read())
    truck.record(3)
    keys.promote()
    truck.sealer.take_over(heir, truck.clock.read())
    truck.record(2)
    counts = []
    for text in ("2027-01-15T08:00:51Z", "2027-01-15T08:01:25Z"):
        made = export(truck, "--since", text)
        _, report = verify(made, capsys)
        made.unlink()
        assert isinstance(report, dict)
        counts.append((report["records"], report["sound"]))
    assert counts == [(8, True), (2, True)]


def test_exporting_leaves_the_card_as_it_was(truck: Truck) -> None:
    truck.record(3)
    truck.outbox.close()
    path = truck.config.parent / "outbox.db"
    before = path.read_bytes()
    export(truck)
    assert path.read_bytes() == before


def test_another_file_is_never_overwritten(
    truck: Truck, capsys: pytest.CaptureFixture[str]
) -> None:
    letter = truck.config.parent / "letter"
    letter.write_text("dear")
    words = ["export", "--config", str(truck.config), "--to", str(letter)]
    assert main(words) == CONFIGURATION
    assert "cannot be written: File exists" in capsys.readouterr().err
    assert letter.read_text() == "dear"


def test_a_flipped_bit_is_found_and_named(truck: Truck, capsys: pytest.CaptureFixture[str]) -> None:
    truck.record(9)
    made = export(truck)
    data = bytearray(made.read_bytes())
    data[len(data) // 2] ^= 1
    made.write_bytes(data)
    code, report = verify(made, capsys)
    assert code == NO
    assert isinstance(report, dict)
    assert report["sound"] is False
    assert report.get("findings") or report.get("problem")


def test_the_report_for_people_ends_in_a_verdict(
    truck: Truck, capsys: pytest.CaptureFixture[str]
) -> None:
    truck.record(2)
    made = export(truck)
    capsys.readouterr()
    assert main(["verify", str(made), "--config", str(truck.config)]) == OK
    told = capsys.readouterr().out
    assert "verdict    sound: every record is signed and chained" in told
    assert "only the file's word" not in told


def test_a_saved_receipt_is_checked_against_the_log_key(
    truck: Truck, capsys: pytest.CaptureFixture[str]
) -> None:
    truck.record(9)
    path = truck.config.parent / "answer.cbor"
    path.write_bytes(wire.encode_answer(truck.prove(9)))
    code, report = verify(path, capsys, "--log-key", LOG_KEY.vkey)
    assert code == OK
    assert isinstance(report, dict)
    assert (report["entries"], report["records"], report["size"]) == (1, 10, 1)
    foreign = LogKey.of(ORIGIN, bytes(range(1, 33))).vkey
    code, report = verify(path, capsys, "--log-key", foreign)
    assert code == NO
    assert isinstance(report, dict)
    assert report["problem"] == "bad-note"


def test_a_saved_receipt_without_any_key_asks_for_one(
    truck: Truck, capsys: pytest.CaptureFixture[str]
) -> None:
    path = truck.config.parent / "answer.cbor"
    path.write_bytes(wire.encode_answer(truck.prove(0)))
    words = ["verify", str(path), "--config", str(path.parent / "nowhere.toml")]
    assert main(words) == CONFIGURATION
    assert "--log-key" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"hello", bytes(1_000), b"\x9f" * 5_000, b"%PDF-1.7"])
def test_garbage_is_no_evidence_and_no_traceback(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "garbage"
    path.write_bytes(content)
    code, report = verify(path, capsys)
    assert code == NO
    assert isinstance(report, dict)
    assert report["sound"] is False


def test_a_missing_file_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path / "absent")]) == CONFIGURATION
    assert capsys.readouterr().err.endswith("cannot be read: No such file or directory\n")
