"""The installer: twice, two at once, killed anywhere, with a version that does not start, away."""

from __future__ import annotations

import json
import os
import time

import pytest

from tests import reliability
from tests.boot.truck import AGENT, CONFIG, MODEL, OPT, PI, STATE, Truck
from tests.power import device

pytestmark = pytest.mark.boot

STRIDE = 1 if os.environ.get("JAGALCHI_CAMPAIGN") else 4
"""Every command of the installer in a campaign, every fourth else."""

KILLED = -9
USAGE, BUSY, MEND = 64, 75, 78
GENTLE = "jagalchi-gentle-card.service"
ROLL_BACK_S = 180
POINTS = 400
"""More commands than the installer runs."""


def test_installing_again_changes_nothing_and_interrupts_nothing(truck: Truck) -> None:
    pid, identity = truck.pid(), truck.identity()
    truck.installed("first")
    assert (truck.pid(), truck.identity()) == (pid, identity)


def test_only_root_may_install(truck: Truck) -> None:
    nobody = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
    told = truck.system.attempt(*nobody, "/wheels/first/install.sh")
    assert told.returncode == MEND
    assert "only root can do this" in told.stderr


def test_two_at_once_are_one(truck: Truck) -> None:
    lock = "/run/lock/jagalchi-install.lock"
    told = truck.system.attempt("flock", lock, "/wheels/first/install.sh")
    reliability.note(
        "O3", "booted system: a second installer while one works", 1, told.stderr.strip()
    )
    assert told.returncode == BUSY


def test_settings_that_the_new_version_cannot_read_are_refused_before_anything(
    truck: Truck,
) -> None:
    truck.write("/root/wrong.toml", "[agent]\nprofile = 'boat'\n")
    told = truck.install("second", "--config", "/root/wrong.toml")
    assert told.returncode == MEND
    assert "agent.profile = 'boat'" in told.stderr
    assert truck.version() == truck.runs() == "0.1.0"


def test_killed_at_any_command_it_leaves_a_version_that_records(truck: Truck) -> None:
    identity, pid = truck.identity(), truck.pid()
    points = _while_building(truck) + _while_switching(truck)
    reliability.note(
        "O3",
        "booted system: installer killed before single commands of an upgrade",
        points,
        "old version recording after each, upgrade complete after the next run",
    )
    assert truck.pid() == pid, "no version was judged, so nothing may have been restarted"
    truck.installed("second")
    assert (truck.version(), truck.runs()) == ("0.1.1", "0.1.1")
    assert truck.version("previous") == "0.1.0"
    assert truck.identity() == identity


def _while_building(truck: Truck) -> int:
    """Kill it at later and later commands until the new version's folder is complete."""
    complete = 0
    for point in range(1, POINTS, STRIDE):
        assert truck.install("second", knife=point).returncode == KILLED
        _check_old_records(truck)
        complete = len(list(truck.inside(f"{OPT}/versions").glob("0.1.1-*/complete")))
        if complete:
            return point // STRIDE + 1
    raise AssertionError("the new version was never complete")


def _while_switching(truck: Truck) -> int:
    """From the old version again each time, up to where systemd takes over."""
    before = truck.inside(f"{OPT}/current").readlink()
    for points, point in enumerate(range(2, POINTS, STRIDE), 1):
        killed = truck.install("second", knife=point)
        assert killed.returncode == KILLED
        _check_old_records(truck)
        if "4/4" in killed.stdout:
            return points  # switched and not judged: the next run has to take it from there
        _go_back(truck, str(before))
    raise AssertionError("the installer never came to its end")


def _check_old_records(truck: Truck) -> None:
    """Whatever the links say, what runs goes on, and what they lead to is whole."""
    current = truck.inside(f"{OPT}/current").readlink()
    assert truck.inside(f"{OPT}/{current}/complete").exists()
    assert truck.runs() == "0.1.0"
    assert truck.status()["running"]


def _go_back(truck: Truck, current: str) -> None:
    truck.system.run("ln", "-sfn", current, f"{OPT}/current")
    truck.inside(f"{OPT}/trial").unlink(missing_ok=True)


def test_a_version_that_does_not_start_is_taken_back(truck: Truck) -> None:
    identity, began = truck.identity(), time.monotonic()
    told = truck.install("broken")
    truck.await_record()
    took = time.monotonic() - began
    reliability.note(
        "O1", "booted system: new version does not start", 1, f"old one records {took:.0f} s later"
    )
    assert told.returncode == 1
    assert "did not record" in told.stderr
    assert truck.version() == truck.runs() == "0.1.1"
    assert truck.identity() == identity
    assert took <= ROLL_BACK_S


def test_a_power_cut_before_the_verdict_ends_in_a_verdict(truck: Truck) -> None:
    identity, count = truck.identity(), truck.count()
    assert truck.install("broken", knife=POINTS).returncode == KILLED
    assert truck.version() == "0.1.2"
    truck.system.cut()
    truck.system.boot()
    truck.system.until(lambda: truck.version() == "0.1.1", ROLL_BACK_S, "the old version")
    truck.system.until(lambda: truck.recording(count), 60, "records from the old version")
    truck.system.run("systemctl", "start", "jagalchi-server")
    reliability.note(
        "O1", "booted system: power cut before a broken version is judged", 1, "taken back at boot"
    )
    assert not truck.inside(f"{OPT}/trial").exists()
    assert truck.identity() == identity


def test_a_technician_goes_back_and_forward(truck: Truck) -> None:
    truck.installed("first")
    assert (truck.version(), truck.version("previous")) == ("0.1.0", "0.1.1")
    truck.installed("first", "--roll-back")
    assert (truck.version(), truck.version("previous")) == ("0.1.1", "0.1.0")
    assert truck.runs() == "0.1.1"


def test_a_version_is_taken_by_its_name_from_an_index(truck: Truck) -> None:
    """The index is a folder; Debian's own pip, which is not here, comes out of a wheel."""
    identity, before = truck.identity(), truck.version()
    words = ("/wheels/first/install.sh", "--package", "jagalchi==0.1.1")
    without = truck.system.attempt(*words)
    assert (without.returncode, truck.version()) == (MEND, before)
    assert "pip is missing: sudo apt install python3-pip" in without.stderr
    (pip,) = truck.system.run("sh", "-c", "ls /wheels/second/pip-*.whl").split()
    index = ("env", f"PYTHONPATH={pip}", "PIP_NO_INDEX=1", "PIP_FIND_LINKS=/wheels/second")
    done = truck.system.attempt(*index, *words, seconds=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert truck.inside(f"{OPT}/current").readlink().name == truck.runs() == "0.1.1"
    absent = truck.system.attempt(*index, *words[:-1], "jagalchi==9.9", seconds=300)
    assert (absent.returncode, truck.runs()) == (MEND, "0.1.1")
    assert truck.system.attempt(*words[:-1], "jagalchi").returncode == USAGE
    assert truck.identity() == identity


def test_a_raspberry_pi_gets_its_parts_and_the_signer_that_its_settings_ask_for(
    truck: Truck,
) -> None:
    truck.write("/root/pi.sh", PI)
    truck.write("/root/model", MODEL)
    truck.write("/root/pi.toml", CONFIG.replace("[server]", 'signer = "openssl"\n[server]'))
    words = ("env", "BASH_ENV=/root/pi.sh", "/wheels/pi/install.sh", "--config", "/root/pi.toml")
    done = truck.system.attempt(*words, seconds=300)
    assert done.returncode == 0, done.stdout + done.stderr
    parts = {"gpiozero", "lgpio", "gpiod", "smbus2", "adafruit_circuitpython_dht", "cryptography"}
    assert parts <= truck.packages()
    assert truck.version() == truck.runs() == "0.1.3"
    truck.await_record()
    doctor = truck.system.attempt(f"{OPT}/current/venv/bin/jagalchi-agent", "doctor", "--json")
    (key,) = [one for one in json.loads(doctor.stdout)["findings"] if one["part"] == "key"]
    assert key["seen"]["en"].endswith("signs by OpenSSL")
    truck.installed("pi", "--config", "/root/agent.toml")
    assert parts.isdisjoint(truck.packages()), "no Pi, and the signer is the usual one again"
    truck.inside("/etc/jagalchi/agent.toml.before").unlink()


def options(truck: Truck) -> set[str]:
    """How the file system with the records is mounted."""
    return set(truck.system.run("findmnt", "-no", "OPTIONS", "-T", STATE).split(","))


@pytest.mark.skipif(not device.available(), reason="needs loop devices and e2fsprogs")
def test_a_card_is_spared_from_version_to_version_until_it_is_asked_for_otherwise(
    truck: Truck,
) -> None:
    before = options(truck)
    truck.installed("pi", "--gentle-card")
    assert {"noatime", "commit=300"} <= options(truck)
    truck.await_record()
    truck.installed("first")
    assert "commit=300" in options(truck)
    truck.installed("first", "--plain-card")
    assert options(truck) - {"commit=5"} == before
    assert not truck.inside(f"/etc/systemd/system/{GENTLE}").is_symlink()
    truck.installed("first", "--gentle-card")
    assert "commit=300" in options(truck)


def test_uninstalling_keeps_the_evidence_and_installing_takes_it_up(truck: Truck) -> None:
    identity, device, count = truck.identity(), truck.status()["device"], truck.count()
    for _ in range(2):
        assert STATE in truck.installed("first", "--uninstall")
    left = truck.system.run(
        "find", "/etc", "/opt", "/usr/local", "-path", "*jagalchi*", "-not", "-path", "*-server*"
    )
    assert set(left.split()) == {
        "/etc/jagalchi",
        *map("/etc/jagalchi/{}.toml".format, ("agent", "server")),
    }
    assert truck.identity() == identity
    assert "commit=300" not in options(truck)
    truck.installed("first")
    truck.system.until(lambda: truck.recording(count), 30, "the same card going on")
    reliability.note(
        "O3",
        "booted system: uninstalled twice, installed again",
        1,
        "same key, same records, going on",
    )
    assert truck.status()["device"] == device


def test_the_unit_is_stopped_in_order(truck: Truck) -> None:
    truck.system.run("systemctl", "stop", AGENT)
    told = truck.status()
    truck.system.run("systemctl", "start", AGENT)
    assert told["running"] is False
    assert "Main process exited" not in truck.system.journal(AGENT).splitlines()[-3:]


def test_uninstalling_with_its_evidence_leaves_nothing(truck: Truck) -> None:
    """The last test of all here: nothing is put back."""
    truck.installed("first", "--uninstall", "--purge-evidence")
    left = truck.system.attempt("find", STATE, "-mindepth", "1").stdout
    assert (left, truck.inside(STATE).exists()) == ("", device.available())
    assert truck.system.attempt("id", "jagalchi").returncode != 0
    assert truck.inside("/etc/jagalchi/server.toml").exists(), "the server's settings are not ours"
