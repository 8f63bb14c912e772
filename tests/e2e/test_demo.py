"""`jagalchi-server demo` from end to end: real processes, real HTTP, nothing lost, nothing left."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
GAP_MS = 45 * 60_000
"""More than the half hour that one truck's sensor was unplugged, less than any unmeasured trip."""
LONGEST_S = 240
"""A deadline, no figure: a machine that is busy with other things takes its time."""
NAMES = {"name", "sealed", "committed", "shipped", "proved", "duplicates", "lost"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a demonstration in a folder of its own."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "LANG": "C.UTF-8"}
    port = str(free_port())
    return subprocess.Popen(
        [sys.executable, "-m", "server", "demo", "--port", port, "--speed", "240", *arguments],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def left_behind(tmp_path: Path) -> list[str]:
    """Command lines of processes that still run in this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(tmp_path) in text:
            found.append(text)
    return found


def test_everything_sealed_is_proved_and_nothing_is_left_running(tmp_path: Path) -> None:
    counts = tmp_path / "counts.json"
    demo = start(tmp_path, "--for", "15s", "--json", str(counts))
    output, _ = demo.communicate(timeout=240)
    assert demo.returncode == 0, output
    told = json.loads(counts.read_text("utf-8"))
    trucks = told["trucks"]
    assert set(told["story"]) == {"shopper_url", "monkfish_url"}
    assert all(address in output for address in told["story"].values())
    assert len(trucks) == 3
    for truck in trucks:
        assert set(truck) == NAMES
        assert truck["sealed"] == truck["committed"] == truck["shipped"] == truck["proved"] > 20
        assert (truck["duplicates"], truck["lost"]) == (0, 0)
    assert "/checkpoint" in output
    assert "Traceback" not in output
    assert left_behind(tmp_path) == []


def test_an_interruption_drains_counts_and_leaves_nothing_running(tmp_path: Path) -> None:
    demo = start(tmp_path)
    assert demo.stdout is not None
    for line in demo.stdout:
        if " sealed" in line and " 0 sealed" not in line:
            break
    demo.send_signal(signal.SIGINT)
    output, _ = demo.communicate(timeout=240)
    assert demo.returncode == 0, output
    assert "stopping" in output
    assert "duplicates" in output
    assert "Traceback" not in output
    assert left_behind(tmp_path) == []


def test_the_story_is_measured_to_its_end_and_its_proof_holds(tmp_path: Path) -> None:
    demo = start(tmp_path, "--speed", "60", "--for", "120s")
    assert demo.stdout is not None
    address = next(line.split()[1] for line in demo.stdout if line.startswith("mackerel"))
    # The word of the warm truck, as it went out while it was warm still.
    warning = next(line for line in demo.stdout if "email" in line and "데모 85바 3141" in line)
    assert "지금 조치하고" in warning
    assert warning in next(tmp_path.rglob("messages.txt")).read_text("utf-8")
    reader = Thread(target=demo.stdout.read)
    reader.start()
    begun = time.monotonic()
    try:
        while not 0 < unknown_ms(told := evidence(address)) < GAP_MS:
            assert time.monotonic() - begun < LONGEST_S
        assert re.search(r"/01/0952\d{10}/10/[0-9A-Z]+/21/[0-9A-Z-]{9}$", address)
        short = address.partition("/01/")[0] + "/q/" + address.rpartition("/")[2]
        assert all("Songpa" in fetched(f"{one}?lang=en").decode() for one in (address, short))
        (tmp_path / "box.evidence").write_bytes(told)
        argv = [sys.executable, "-m", "agent", "verify", str(tmp_path / "box.evidence")]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, "NOT" in done.stdout) == (0, False), done.stdout
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(240)
        reader.join(20)
    assert demo.returncode == 0
    assert left_behind(tmp_path) == []


def fetched(address: str) -> bytes:
    """What a shopper's phone gets; nothing where there is nothing yet."""
    try:
        with urlopen(address, timeout=10) as answer:
            return bytes(answer.read())
    except HTTPError:
        return b""


def evidence(address: str) -> bytes:
    """The file that a shopper's page offers; nothing where it offers none yet."""
    offered = re.search(r'href="(/q/[^"]+/evidence[^"]*)"', fetched(address).decode())
    return fetched(address.partition("/01/")[0] + offered[1]) if offered else b""


def unknown_ms(evidence: bytes) -> int:
    """How long nothing was recorded in trucks, as the verdict in an evidence file says."""
    found = re.search(rb'"transport_unknown_ms":(\d+)', evidence)
    return int(found[1]) if found else 0
