"""A real agent process with real parts: a probe in the kernel's files, a receiver on a pty."""

from __future__ import annotations

from pathlib import Path

from agent.exits import OK
from protocol.bodies import Position, Reading
from protocol.registry import Status
from tests.agent.test_daemon import Daemon, config, records
from tests.hal.pi.ports import Port
from tests.hal.pi.test_kernel_files import probe
from tests.hal.pi.turning import lives, marked
from tests.hal.test_nmea import GGA, GSA, RMC, line

__all__ = ["config"]
SETTINGS = """
[agent]
profile = "truck"
name = "truck one"
state_dir = "."
sample_period_ms = 1000

[server]
url = "http://127.0.0.1:9"

[[sensor]]
number = 1
name = "return-air"
part = "ds18b20"
options = {{ devices = "{devices}" }}

[position]
part = "nmea"
options = {{ device = "{device}" }}

[light]
part = "gpio"
options = {{ pin = 24 }}
"""
SENTENCES = b"".join(line(body) + b"\r\n" for body in (GSA, GGA, RMC))


def test_what_the_parts_say_is_recorded_as_real_and_no_process_is_left(
    config: Path, tmp_path: Path
) -> None:
    port, devices = Port(tmp_path), tmp_path / "devices"
    port.plug()
    probe(devices, "28-00000000000a", 0x0191)
    config.write_text(SETTINGS.format(devices=devices, device=port.path))
    with Daemon(config, "--speed", "1") as daemon:
        daemon.hear("READY=1")
        for _ in range(8):
            port.write(SENTENCES)
            daemon.hear_work(1)
        children = marked(f" {daemon.process.pid} ")
        code, said = daemon.end()
    port.unplug()
    (epoch,) = records(config)
    bodies = [record.body for record in epoch]
    readings = [body.measurements[0] for body in bodies if isinstance(body, Reading)]
    places = [body for body in bodies if isinstance(body, Position)]
    assert (code, said.count("Traceback")) == (OK, 0)
    assert not any(record.simulated for record in epoch)
    assert (25_062, Status.OK) in {(one.value, one.status) for one in readings}
    assert {one.value for one in readings} <= {25_062, None}
    assert any(place.lat_e7 == 350_740_000 for place in places)
    assert children != []
    assert [pid for pid in children if lives(pid)] == []
    assert not list(config.parent.glob("part-*"))
