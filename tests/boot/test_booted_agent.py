"""The agent under systemd: what it may do, that it needs nothing, that it comes back."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from agent.edges.walltime import WallSources
from tests import reliability
from tests.boot.truck import AGENT, STATE, Truck

pytestmark = pytest.mark.boot

NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
OURS_S, ALL_S = 60, 300
RESTART_S = 70
LOOP_S = 12
PAUSE_S = 5


def test_a_card_with_a_file_on_it_enrols_by_itself_and_the_file_is_gone(truck: Truck) -> None:
    assert truck.installed_s <= OURS_S
    assert not truck.inside("/boot/firmware/jagalchi.toml").exists()
    assert truck.status()["state"] != "not-enrolled"


def test_a_truck_gets_nothing_of_the_server(truck: Truck) -> None:
    assert truck.packages() == {
        "jagalchi", "cbor2", "ecdsa", "six", "pynmea2", "pyserial",
        "requests", "certifi", "charset_normalizer", "idna", "urllib3",
    }  # fmt: skip


def test_nothing_of_ours_listens(truck: Truck) -> None:
    listening = truck.system.run("ss", "--no-header", "-lntup").splitlines()
    assert [line for line in listening if "jagalchi-server" not in line] == []
    (server,) = listening
    assert "127.0.0.1:8000" in server


@pytest.mark.parametrize("name", ["device.key", "enrolment.cbor", "outbox.db", "outbox.db-wal"])
def test_another_user_reads_nothing(truck: Truck, name: str) -> None:
    told = truck.system.attempt(*NOBODY, "cat", f"{STATE}/{name}")
    reliability.note("D22", f"booted system: another user reads {name}", 1, told.stderr.strip())
    assert told.stdout == ""
    assert "Permission denied" in told.stderr


def test_another_user_may_not_ask(truck: Truck) -> None:
    told = truck.system.attempt(*NOBODY, AGENT, "status")
    reliability.note("D22", "booted system: another user asks the agent", 1, told.stderr.strip())
    assert told.returncode == 1
    assert "this user may not ask the agent; try sudo" in told.stderr


def test_the_journal_holds_no_byte_of_the_key(truck: Truck) -> None:
    pem = truck.identity()[0].decode().splitlines()[1:-1]
    journal = truck.system.run("journalctl", "--no-pager", "--output=cat")
    found = sum(line in journal for line in pem)
    reliability.note("D22", "booted system: lines of the key in the journal", len(pem), f"{found}")
    assert found == 0


def test_the_sandbox_lets_the_agent_do_its_work_and_nothing_else(truck: Truck) -> None:
    told = _probed(truck)
    assert [what for what, allowed in told["can"].items() if not allowed] == []
    assert [what for what, allowed in told["cannot"].items() if allowed] == []
    assert {"dialout", "gpio", "i2c"} <= set(told["groups"])


def _probed(truck: Truck) -> dict[str, dict[str, bool]]:
    """What a program in the agent's place tells; the pins are a stand-in with the right group."""
    system = truck.system
    system.run("sh", "-c", "[ -e /dev/gpiomem ] || mknod -m 0660 /dev/gpiomem c 1 3")
    system.run("chgrp", "gpio", "/dev/gpiomem")
    truck.write("/opt/probe.py", (Path(__file__).parent / "probe.py").read_text("utf-8"))
    unit = truck.inside_text(f"/etc/systemd/system/{AGENT}.service")
    unit = re.sub(r"^(Restart|WatchdogSec|NotifyAccess|TimeoutStartSec).*\n", "", unit, flags=re.M)
    unit = unit.replace("Type=notify", "Type=oneshot")
    unit = unit.replace("RuntimeDirectory=jagalchi", "RuntimeDirectory=probe")
    unit = unit.replace("%t/jagalchi", "%t/probe")
    program = f"ExecStart=/usr/bin/python3 -I /opt/probe.py {STATE}"
    truck.write(
        "/etc/systemd/system/probe.service", re.sub(r"^ExecStart=.*", program, unit, flags=re.M)
    )
    system.run("systemctl", "daemon-reload")
    system.run("systemctl", "start", "probe")
    told = system.run("journalctl", "--no-pager", "--output=cat", "--unit=probe", "_COMM=python3")
    return dict(json.loads(told))


def test_the_first_reading_is_proved(truck: Truck) -> None:
    truck.system.until(lambda: truck.count("proved") > 0, 120, "the first proof")
    whole_s = time.monotonic() - truck.began
    reliability.note(
        "O3",
        "first installation, booted system, from a wheelhouse, no network",
        1,
        f"{truck.installed_s:.0f} s, first proved reading {whole_s:.0f} s after its start",
    )
    assert whole_s <= ALL_S


def test_the_servers_other_process_reads_what_came_in_its_sandbox(truck: Truck) -> None:
    look = "file:/var/lib/jagalchi-server/db.sqlite3?mode=ro"
    asked = (
        f"import sqlite3; c = sqlite3.connect({look!r}, uri=True);"
        " print(*c.execute('SELECT coalesce(max(number), 0) FROM coldchain_followed').fetchone())"
    )

    def read() -> bool:
        return int(truck.system.run("/opt/jagalchi-server/venv/bin/python", "-c", asked)) > 1

    truck.system.until(read, 60, "the reader of the log")
    assert read()


def test_recording_begins_with_neither_network_nor_time(truck: Truck) -> None:
    before, count = truck.status(), truck.count()
    truck.system.reboot()
    assert truck.system.show("jagalchi-server", "ActiveState") == "inactive"
    truck.system.until(lambda: truck.recording(count + 2), 30, "readings without a server")
    after, truck.alone = truck.status(), truck.count()
    truck.system.run("systemctl", "start", "jagalchi-server")
    assert after["epoch"] != before["epoch"]
    assert after["device"] == before["device"]
    vouched = WallSources().facts(0, 0).kernel_error_ms is not None
    assert (after["clock"]["utc_ms"] is not None) is vouched


def test_an_agent_that_hangs_is_restarted(truck: Truck) -> None:
    pid, count = truck.pid(), truck.count()
    began = time.monotonic()
    truck.system.run("sh", "-c", f"kill -STOP {pid}")
    truck.system.until(lambda: truck.pid() not in (0, pid), 100, "another process")
    truck.system.until(lambda: truck.recording(count), 30, "records from it")
    took = time.monotonic() - began
    reliability.note(
        "D17", "booted system: SIGSTOP to the agent", 1, f"recording after {took:.0f} s"
    )
    assert took <= RESTART_S
    assert "Watchdog timeout" in truck.system.journal(AGENT)


def test_what_was_recorded_without_a_server_is_delivered(truck: Truck) -> None:
    truck.system.until(lambda: truck.count("shipped") >= truck.alone, 60, "delivery of all of it")
    assert truck.count("evicted") == 0


@contextmanager
def wrong_settings(truck: Truck) -> Iterator[str]:
    path = truck.inside("/etc/jagalchi/agent.toml")
    right = path.read_text("utf-8")
    path.write_text(right + "\n[agnet]\n", "utf-8")
    yield "agnet: unknown key; did you mean agent?"
    path.write_text(right, "utf-8")


@contextmanager
def no_key(truck: Truck) -> Iterator[str]:
    path = truck.inside(f"{STATE}/device.key")
    path.rename(path.with_suffix(".away"))
    yield "no key here; run: jagalchi-agent enrol URL TOKEN"
    path.with_suffix(".away").rename(path)


@pytest.mark.parametrize("broken", [wrong_settings, no_key])
def test_a_crash_loop_is_slow_clear_and_heals_itself(
    truck: Truck, broken: Callable[[Truck], AbstractContextManager[str]]
) -> None:
    system, name = truck.system, broken.__name__.replace("_", " ")
    with broken(truck) as sentence:
        system.attempt("systemctl", "restart", AGENT)
        truck.write("/root/marker", "")
        began, first = time.monotonic(), int(system.show(AGENT, "NRestarts"))
        system.until(lambda: time.monotonic() - began >= LOOP_S, LOOP_S + 10, "some tries")
        tries = int(system.show(AGENT, "NRestarts")) - first
        state, journal = system.show(AGENT, "ActiveState"), system.journal(AGENT)
        written = _written(truck)
    count = truck.count()
    system.until(lambda: truck.recording(count), 3 * PAUSE_S, "recovery without help")
    reliability.note(
        "D18",
        f"booted system: {name}, systemd 252 (fixed pause of {PAUSE_S} s), {LOOP_S} s",
        tries,
        f"restarts, {written} bytes written to the card; recorded again by itself",
    )
    assert 1 <= tries <= LOOP_S / PAUSE_S
    assert state == "activating"
    assert sentence in journal
    assert "Traceback" not in journal
    assert written == 0


def _written(truck: Truck) -> int:
    """Bytes of files on the card that are newer than the marker; the journal is in memory."""
    ours = "( -path /var/lib/jagalchi-server -o -path /proc -o -path /sys ) -prune -o"
    find = f"find / -xdev {ours} -newer /root/marker -type f -printf %s\\n".split()
    return sum(map(int, truck.system.run(*find).split()))
