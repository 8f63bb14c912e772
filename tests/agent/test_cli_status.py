"""`status`: the running agent's own words, or the card's when it is down; it never writes."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from agent.cli import main
from agent.edges.clock import SystemClock
from agent.edges.control import Control
from agent.edges.lookout import NoOutboxError, glimpse, reading
from agent.exits import NO, OK
from tests.agent.desk import ORIGIN, SETTINGS, Truck, fitted


@pytest.fixture
def truck(tmp_path: Path) -> Iterator[Truck]:
    with fitted(tmp_path) as one:
        yield one


def status(config: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    capsys.readouterr()
    code = main(["status", "--json", "--config", str(config)])
    return code, json.loads(capsys.readouterr().out)


def test_a_stopped_agent_is_said_to_be_stopped_and_its_card_is_read(
    truck: Truck, capsys: pytest.CaptureFixture[str]
) -> None:
    truck.record(9)
    truck.prove(4)
    truck.outbox.close()
    code, told = status(truck.config, capsys)
    assert code == NO
    assert told["running"] is False
    assert told["state"] == "not-running"
    assert (told["name"], told["origin"], told["seq"]) == ("truck one", ORIGIN, 9)
    counters = told["counters"]
    assert isinstance(counters, dict)
    assert (counters["committed"], counters["proved"], counters["waiting"]) == (10, 5, 5)


def test_people_are_told_in_both_languages(
    truck: Truck, capsys: pytest.CaptureFixture[str]
) -> None:
    truck.record(1)
    truck.outbox.close()
    assert main(["status", "--config", str(truck.config)]) == NO
    told = capsys.readouterr().out
    assert told.startswith("truck one: not running; start it with: systemctl start jagalchi-agent")
    assert "실행 중이 아님" in told
    assert "         2  on the card / 저장\n" in told


def test_a_running_agent_speaks_for_itself(
    truck: Truck, capsys: pytest.CaptureFixture[str]
) -> None:
    control, clock = Control.open(truck.config.parent / "agent.sock"), SystemClock()

    def serve() -> None:
        for _ in range(2):
            ready = clock.wait(10_000, control.descriptors())
            control.serve(ready, {"status": lambda: {"name": "x", "state": "recording"}})

    thread = Thread(target=serve)
    thread.start()
    code, told = status(truck.config, capsys)
    thread.join(10)
    control.close()
    assert code == OK
    assert told == {"running": True, "name": "x", "state": "recording"}


def test_a_device_that_never_ran_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(SETTINGS)
    code, told = status(config, capsys)
    assert code == NO
    assert told["state"] == "not-enrolled"
    assert str(told["sentence"]).startswith("No server knows this device yet")
    assert str(told["outbox"]).endswith("there is no outbox here yet")


def test_a_card_after_a_power_cut_is_read_without_repairing_it(truck: Truck) -> None:
    truck.record(3)
    path = truck.config.parent / "outbox.db"
    assert path.with_name("outbox.db-wal").exists()
    assert glimpse(path).counters.committed == 4


def test_nothing_can_be_written_through_the_lookout(truck: Truck) -> None:
    truck.record(1)
    path = truck.config.parent / "outbox.db"
    with reading(path) as sql:
        sql.execute("DELETE FROM record")  # a copy's
    assert glimpse(path).counters.committed == 2
    truck.outbox.close()
    with pytest.raises(NoOutboxError, match="readonly"), reading(path) as sql:
        sql.execute("DELETE FROM record")
    assert glimpse(path).counters.committed == 2


def test_the_agent_can_write_while_somebody_looks(truck: Truck) -> None:
    truck.record(1)
    with reading(truck.config.parent / "outbox.db") as sql:
        assert sql.execute("SELECT count(*) FROM record").fetchone() == (2,)
        truck.record(1)
        assert truck.outbox.trouble is None
    with reading(truck.config.parent / "outbox.db") as sql:
        assert sql.execute("SELECT count(*) FROM record").fetchone() == (3,)


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00" + bytes(4_000)])
def test_what_is_no_outbox_is_told_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "outbox.db"
    path.write_bytes(content)
    with pytest.raises(NoOutboxError):
        glimpse(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_not_an_outbox(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    with contextlib.closing(sqlite3.connect(path)) as sql:
        sql.execute("CREATE TABLE t (a)")
    with pytest.raises(NoOutboxError, match="not an outbox of this program"):
        glimpse(path)
