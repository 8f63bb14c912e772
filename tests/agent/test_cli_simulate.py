"""`simulate`: no hardware, no network, and the same seed gives the same bytes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from agent.cli import main
from agent.exits import OK
from agent.tally import count
from protocol.bodies import EventBody, Measured, Reading
from protocol.record import Record
from protocol.registry import Event, Kind, Param, Quantity, Status, TimeSource

MEASURED = """
import sys
from agent.cli import main
code = main(sys.argv[1:])
status = open("/proc/self/status").read()
print(status.partition("VmHWM:")[2].split()[0], file=sys.stderr)
sys.exit(code)
"""


@cache
def simulated(seed: int) -> dict[str, object]:
    """One steady hour, played once for all tests."""
    with contextlib.redirect_stdout(io.StringIO()) as told:
        assert main(["simulate", "--hours", "1", "--json", "--seed", str(seed)]) == OK
    facts = json.loads(told.getvalue())
    assert isinstance(facts, dict)
    return facts


def test_an_hour_holds_what_an_hour_should() -> None:
    told = simulated(1)
    events = told["events"]
    assert isinstance(events, list)
    assert told["records"] == {
        "opening": 1,
        "reading": 361,
        "position": 361,
        "event": len(events),
        "closing": 1,
    }
    counters = told["counters"]
    assert isinstance(counters, dict)
    assert counters["made"] == counters["committed"] == counters["waiting"]
    assert counters["overflowed"] == counters["evicted"] == counters["proved"] == 0
    assert told["excursions"] == 0


def test_the_seed_decides_every_byte_and_people_read_that_it_was_simulated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["simulate", "--hours", "1", "--seed", "1"]) == OK
    told = capsys.readouterr().out
    assert told.startswith("SIMULATED / 모의 실행: scenario steady, seed 1, hours 1\nsealed ")
    assert "door opened [0] / 문 열림" in told
    first, other = simulated(1)["head"], simulated(2)["head"]
    assert isinstance(first, dict)
    assert told.endswith(f"head     {first['hash']}\n")
    assert other != first


def test_a_failing_compressor_ends_in_an_excursion_and_the_agent_stays_small(
    tmp_path: Path,
) -> None:
    """32 MiB is the promise for as long as the network was not needed."""
    words = ("simulate", "--hours", "1", "--scenario", "failing-compressor", "--json")
    ended = subprocess.run(
        [sys.executable, "-c", MEASURED, *words],
        capture_output=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        check=True,
    )
    assert json.loads(ended.stdout)["excursions"] == 1
    assert int(ended.stderr) <= 32 * 1_024
    assert list(tmp_path.iterdir()) == []


def _record(body: Reading | EventBody) -> Record:
    return Record(
        kind=Kind(body.KIND),
        epoch=bytes(8),
        seq=1,
        prev=bytes(32),
        boot_ms=0,
        utc_ms=None,
        source=TimeSource.NONE,
        uncertainty_ms=None,
        simulated=True,
        body=body,
    )


def test_a_tally_counts_values_and_faults_apart() -> None:
    readings = [
        Reading((Measured(1, Quantity.TEMPERATURE, value, status),))
        for value, status in (
            (-500, Status.OK),
            (900, Status.SUSPECT),
            (None, Status.CHECKSUM),
            (None, Status.CHECKSUM),
        )
    ]
    event = EventBody(Event.EXCURSION_START, 1, ((Param.PEAK, 900),))
    tally = count([*map(_record, readings), _record(event)])
    facts = tally.facts()
    assert facts["records"] == {"reading": 4, "event": 1}
    assert facts["sensors"] == [
        {
            "sensor": 1,
            "quantity": "temperature",
            "least": -500,
            "most": 900,
            "values": 2,
            "faults": {"suspect": 1, "checksum": 2},
        }
    ]
    assert facts["excursions"] == 1
    assert facts["events"] == [
        {"utc_ms": None, "event": "excursion_start", "subject": 1, "params": {"peak": 900}}
    ]
