"""The daemon as a real process: it begins, answers, ends in order, and refuses in plain words."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from agent import daemon
from agent.cli import main
from agent.edges import contents, rows
from agent.edges.control import ask
from agent.edges.lookout import glimpse, reading
from agent.edges.signer import EcdsaSigner
from agent.exits import CONFIGURATION, OK, RefusedError
from protocol.bodies import Closing, Opening
from protocol.record import Record, open_sealed
from protocol.span import Span
from tests.agent import truck as simulated
from tests.agent.desk import fitted
from tests.agent.rig import Line, Server, opened

PATIENCE_S = 60
PARTS = """
[server]
url = "http://127.0.0.1:9"

[position]
part = "mock-truck"

[door]
part = "mock-truck"

[light]
part = "mock-light"
"""


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """Settings of an enrolled truck in whose dead zone no server answers."""
    with tempfile.TemporaryDirectory() as folder:
        with fitted(Path(folder)) as truck:
            truck.outbox.close()
        for name in ("outbox.db", "outbox.db.lock"):
            (Path(folder) / name).unlink()
        truck.config.write_text(truck.config.read_text() + PARTS)
        yield truck.config


class Daemon:
    """A running `jagalchi-agent run`, heard through the service manager's own socket."""

    def __init__(self, config: Path, *words: str) -> None:
        self.config = config
        self._words = ("run", "--config", str(config), "--speed", "100", *words)
        self._ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ear.settimeout(PATIENCE_S)

    def __enter__(self) -> Self:
        name = self.config.parent / "notify"
        name.unlink(missing_ok=True)
        self._ear.bind(str(name))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "agent", *self._words],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "NOTIFY_SOCKET": str(name)},
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.communicate()
        self._ear.close()

    def hear(self, message: str) -> None:
        """Wait until the agent has said this."""
        while message not in self._ear.recv(4_096).decode():
            pass

    def hear_work(self, times: int) -> None:
        """Wait for so many signs of fresh durable work."""
        for _ in range(times):
            self.hear("WATCHDOG=1")

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Ask it to stop; its exit code and what it said."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, said


def records(config: Path) -> list[list[Record]]:
    """Every record on the card, by epoch; the chain is checked on the way."""
    found = []
    with reading(config.parent / "outbox.db") as sql:
        for shelf in contents.shelves(sql).values():
            sealed = [row[2] for row in rows.between(sql, shelf.number, 0, shelf.last)]
            Span.open(sealed)
            found.append([open_sealed(one).record for one in sealed])
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_agent_leaves_a_closed_epoch_and_nothing_uncommitted(
    config: Path, number: signal.Signals
) -> None:
    with Daemon(config) as daemon:
        daemon.hear("READY=1")
        daemon.hear_work(5)
        code, said = daemon.end(number)
    assert code == OK
    assert "Traceback" not in said
    (epoch,) = records(config)
    assert isinstance(epoch[0].body, Opening)
    assert isinstance(epoch[-1].body, Closing)
    assert len(epoch) >= 3
    assert all(record.simulated for record in epoch)
    assert not (config.parent / "agent.sock").exists()


def test_a_killed_agent_goes_on_in_a_new_epoch_that_names_the_old_head(config: Path) -> None:
    with Daemon(config) as daemon:
        daemon.hear_work(5)
        daemon.end(signal.SIGKILL)
    before = glimpse(config.parent / "outbox.db").counters.committed
    with Daemon(config) as daemon:
        daemon.hear_work(2)
        assert daemon.end()[0] == OK
    first, second = records(config)
    assert len(first) == before
    assert isinstance(second[0].body, Opening)
    assert second[0].body.head is not None
    assert (second[0].body.head.epoch, second[0].body.head.seq) == (first[0].epoch, before - 1)
    last, now = first[-1].utc_ms, second[0].utc_ms
    assert last is not None
    assert now is not None
    assert now >= last


def test_the_running_agent_answers_for_itself(config: Path) -> None:
    with Daemon(config) as daemon:
        daemon.hear_work(3)
        status = ask(config.parent / "agent.sock", "status")
        assert main(["status", "--config", str(config)]) == OK
        daemon.end()
    assert status["name"] == "truck one"
    counters = status["counters"]
    assert isinstance(counters, dict)
    assert counters["committed"] >= 2
    assert counters["made"] == counters["committed"] + counters["uncommitted"]


def test_a_second_agent_on_the_same_card_is_refused_and_harms_nothing(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Daemon(config) as daemon:
        daemon.hear("READY=1")
        assert run(config) == CONFIGURATION
        assert "another agent is running" in capsys.readouterr().err
        assert ask(config.parent / "agent.sock", "status")
        assert daemon.end()[0] == OK


def test_draining_goes_on_after_the_first_wish_and_ends_with_the_second(config: Path) -> None:
    with Daemon(config, "--drain", "3600") as daemon:
        daemon.hear_work(2)
        daemon.process.send_signal(signal.SIGTERM)
        daemon.hear("STOPPING=1")
        daemon.hear_work(1)
        assert daemon.process.poll() is None
        assert daemon.end()[0] == OK
    assert isinstance(records(config)[0][-1].body, Closing)


def test_draining_ends_by_itself_when_its_time_is_over(config: Path) -> None:
    with Daemon(config, "--drain", "1") as daemon:
        daemon.hear_work(2)
        assert daemon.end()[0] == OK


def test_no_port_of_ours_is_open(config: Path) -> None:
    with Daemon(config) as daemon:
        daemon.hear_work(2)
        sockets = _sockets(daemon.process.pid)
        listening = _listening(daemon.process.pid)
        daemon.end()
    assert sockets
    assert sockets & listening == set()


def _sockets(pid: int) -> set[str]:
    names = set[str]()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            names.add(link.readlink().name)
    return {name[8:-1] for name in names if name.startswith("socket:[")}


def _listening(pid: int) -> set[str]:
    """Inodes of listening TCP and of all UDP sockets that the process can see."""
    found = set()
    for kind in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" or kind.startswith("udp"):
                found.add(words[9])
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_another_user_can_neither_read_nor_ask(config: Path) -> None:
    """In a child that gives up root: what a stranger with a login would meet."""
    with Daemon(config) as daemon:
        daemon.hear_work(2)
        config.parent.chmod(0o755)
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setgid(65_534)
            os.setuid(65_534)
            os._exit(_open_doors(config.parent))
        ending = os.waitpid(child, 0)[1]
        daemon.end()
    assert os.waitstatus_to_exitcode(ending) == 0


def _open_doors(folder: Path) -> int:
    """How many of the doors open."""
    names = ("device.key", "enrolment.cbor", "outbox.db", "outbox.db-wal", "outbox.db.lock")
    opened = sum(os.access(folder / name, os.R_OK) for name in names)
    with socket.socket(socket.AF_UNIX) as client:
        opened += client.connect_ex(str(folder / "agent.sock")) == 0
    return opened


def run(config: Path, *words: str) -> int:
    """`run` in this process, for endings before the loop; the umask is put back."""
    before = os.umask(0o022)
    try:
        return main(["run", "--config", str(config), *words])
    finally:
        os.umask(before)


def _edit(config: Path, before: str, after: str) -> None:
    text = config.read_text()
    assert before in text
    config.write_text(text.replace(before, after))


def test_a_device_without_enrolment_is_told_how_to_enrol(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "enrolment.cbor").unlink()
    assert run(config) == CONFIGURATION
    assert "not enrolled; run: jagalchi-agent enrol URL TOKEN" in capsys.readouterr().err


def test_a_key_of_another_device_is_refused(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "device.key").unlink()
    EcdsaSigner.create(config.parent / "device.key")
    assert run(config) == CONFIGURATION
    assert "is enrolled here" in capsys.readouterr().err


def test_a_lost_key_is_refused_and_no_new_one_is_made(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "device.key").unlink()
    assert run(config) == CONFIGURATION
    assert "no key here" in capsys.readouterr().err
    assert not (config.parent / "device.key").exists()


def test_a_part_that_does_not_exist_is_named_with_those_that_do(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _edit(config, 'name = "air"\npart = "mock-truck"', 'name = "air"\npart = "mock-submarine"')
    assert run(config) == CONFIGURATION
    told = capsys.readouterr().err
    assert "'mock-submarine'; there are: " in told
    assert "mock-truck" in told


def test_a_scenario_that_does_not_exist_is_named_with_those_that_do(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(config.read_text() + '\n[mock]\nscenario = "earthquake"\n')
    assert run(config) == CONFIGURATION
    assert "'earthquake'; there are: " in capsys.readouterr().err


def test_time_cannot_run_fast_for_real_parts(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _edit(config, 'name = "air"\npart = "mock-truck"', 'name = "air"\npart = "dht22"')
    assert run(config, "--speed", "10") == CONFIGURATION
    assert "simulated parts only, and this one is real: dht22" in capsys.readouterr().err


def test_another_devices_outbox_is_refused_and_untouched(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with fitted(tmp_path) as other:
        other.record(2)
    foreign = (tmp_path / "outbox.db").read_bytes()
    (config.parent / "outbox.db").write_bytes(foreign)
    assert run(config) == CONFIGURATION
    assert "belongs to device" in capsys.readouterr().err
    assert (config.parent / "outbox.db").read_bytes() == foreign


def test_without_a_place_for_its_socket_it_records_all_the_same(config: Path) -> None:
    _edit(config, 'state_dir = "."', 'state_dir = "."\nsocket = "absent/agent.sock"')
    with Daemon(config) as daemon:
        daemon.hear_work(2)
        code, said = daemon.end()
    assert code == OK
    assert "nobody can ask for the status here: No such file or directory" in said
    assert len(records(config)[0]) >= 3


def test_a_card_that_turns_out_to_be_in_other_hands_is_refused_in_words(tmp_path: Path) -> None:
    lock = tmp_path / "outbox.db.lock"
    lock.symlink_to(tmp_path / "no such folder" / "lock")
    outbox, edge = simulated.Truck(tmp_path, Line(Server())).edge(60_000, drain=False)
    assert outbox.trouble is not None
    lock.unlink()
    other = opened(tmp_path)
    with pytest.raises(RefusedError, match="another agent"):
        daemon._run(edge)
    other.close()
    outbox.close()
