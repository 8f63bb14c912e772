"""The bench opens what the configuration names, all or nothing, and says what is wrong."""

from __future__ import annotations

import sys
from importlib import invalidate_caches
from pathlib import Path

import pytest

import hal
from hal.catalog import TABLE
from hal.options import Options, Shared
from tests.hal.bench_config import site, truck

FOREIGN = """
class Part:
    wake_fd = 7
    closed = 0

    def __init__(self, simulated):
        self.simulated = simulated

    def read(self, at):
        return ()

    def close(self):
        Part.closed += 1


def real(options, shared):
    options.integer("pin", 4)
    return Part(False)


def pretender(options, shared):
    return Part(True)


def denier(options, shared):
    return Part(False)


def shapeless(options, shared):
    class Nothing:
        simulated = False
        wake_fd = None

        def close(self):
            Part.closed += 1

    return Nothing()
"""
ENTRIES = """[jagalchi.hal]
sensor.acme-probe = acme_parts:real
sensor.acme-pretender = acme_parts:pretender
sensor.mock-denier = acme_parts:denier
sensor.acme-shapeless = acme_parts:shapeless
sensor.mock-truck = acme_parts:real
"""


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A third party's distribution, installed as far as the import system can tell."""
    (tmp_path / "acme_parts.py").write_text(FOREIGN)
    info = tmp_path / "acme_parts-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-parts\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "acme_parts", raising=False)
    invalidate_caches()
    return tmp_path


@pytest.mark.parametrize("kind", TABLE)
def test_every_name_of_the_table_leads_to_a_factory(kind: str) -> None:
    from importlib import import_module

    for target in TABLE[kind].values():
        module, _, function = target.partition(":")
        assert callable(getattr(import_module(module), function)), target


def test_an_empty_configuration_opens_nothing_and_knows_nothing() -> None:
    bench = hal.open_bench({})
    at = hal.Moment(0, None)
    assert (bench.sensors, bench.contacts) == ((), ())
    assert (bench.positioner.read(at), bench.link.up(at)) == (None, None)
    assert not bench.simulated
    bench.light.show(hal.blinks(1), at)
    bench.close()


def test_one_simulated_part_makes_the_bench_simulated() -> None:
    assert hal.open_bench({"link": {"part": "mock-truck"}}).simulated


def test_parts_of_one_bench_share_a_truck_and_two_benches_do_not() -> None:
    one, other = hal.open_bench(truck("door")), hal.open_bench(truck("door"))
    trucks = {id(sensor._world) for sensor in one.sensors}  # type: ignore[attr-defined]
    assert len(trucks) == 1
    assert id(other.sensors[0]._world) not in trucks  # type: ignore[attr-defined]


def test_contacts_carry_number_name_and_role() -> None:
    bench = hal.open_bench(site("steady"))
    assert [(c.number, c.name, c.role) for c in bench.contacts] == [
        (9, "power", hal.Role.POWER),
        (1, "work-room-door", hal.Role.DOOR),
        (2, "cold-room-door", hal.Role.DOOR),
        (3, "freezer-door", hal.Role.DOOR),
    ]


NONE = {"part": "none"}
SENSOR = {"number": 1, "part": "mock-truck"}


def test_a_part_of_its_own_key_keeps_its_role_and_has_a_number() -> None:
    bench = hal.open_bench({role.value: {**NONE, "role": "door"} for role in hal.Role})
    assert [(fitted.number, fitted.role) for fitted in bench.contacts] == [
        (0, hal.Role.DOOR),
        (254, hal.Role.POWER),
        (255, hal.Role.IGNITION),
    ]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"sensor": []}, "unknown key 'sensor'.*sensors"),
        ({"sensors": {"number": 1}}, "list of tables"),
        ({"sensors": ["mock-truck"]}, "list of tables"),
        ({"sensors": [{"part": "mock-truck"}]}, "number = None.*0 to 255"),
        ({"sensors": [{**SENSOR, "number": 256}]}, "256.*0 to 255"),
        ({"sensors": [{**SENSOR, "number": True}]}, "True.*0 to 255"),
        ({"sensors": [SENSOR, SENSOR]}, "number 1 is given twice"),
        (
            {"contacts": [{"number": 254, "role": "door", "part": "none"}], "power": NONE},
            "contact number 254 is given twice",
        ),
        ({"sensors": [{"number": 1}]}, "part = None.*name of a part"),
        ({"sensors": [{"number": 1, "part": "dht23"}]}, "no sensor named 'dht23'.*mock-truck"),
        ({"sensors": [{**SENSOR, "sed": 3}]}, "unknown option 'sed'.*seed"),
        ({"sensors": [{**SENSOR, "seed": "x"}]}, "seed = 'x'.*whole number"),
        ({"sensors": [{**SENSOR, "channel": "roof"}]}, "channel = 'roof'.*air-front"),
        ({"sensors": [SENSOR], "scenario": "sunny"}, "no scenario 'sunny'.*steady"),
        ({"position": "mock-truck"}, "position.*table with a part"),
        ({"position": {"part": "mock-site"}}, "no positioner named 'mock-site'.*mock-truck"),
        ({"link": {"part": "mock-truck", "seed": 1.5}}, "seed = 1.5.*whole number"),
        ({"contacts": [{"number": 1, "role": "roof"}]}, "role = 'roof'.*door"),
        ({"power": {"part": "mock-truck"}}, "role = 'power'.*no other contact"),
        ({"ignition": {"part": "mock-site"}}, "no ignition"),
        ({"door": {"part": "mock-site", "room": "attic"}}, "room = 'attic'.*freezer"),
        ({"light": {"part": "mock-light", "pin": 3}}, "unknown option 'pin'.*none"),
    ],
)
def test_an_error_names_the_key_the_value_and_what_fits(
    config: dict[str, object], message: str
) -> None:
    with pytest.raises(hal.HalError, match=message):
        hal.open_bench(config)


def test_a_third_party_part_is_found_by_its_entry_point(acme: Path) -> None:
    config = {"sensors": [{"number": 1, "part": "acme-probe", "pin": 17}]}
    bench = hal.open_bench(config)
    assert not bench.simulated
    assert bench.wake_fds == (7,)
    assert "acme-probe" in hal.names("sensor")


def test_a_third_party_cannot_take_a_name_of_ours(acme: Path) -> None:
    sensor = hal.open_sensor("mock-truck", {"number": 1})
    assert hal.is_simulated(sensor)


@pytest.mark.parametrize("name", ["acme-pretender", "mock-denier"])
def test_a_part_cannot_hide_what_it_is_behind_its_name(acme: Path, name: str) -> None:
    with pytest.raises(hal.HalError, match="its name denies"):
        hal.open_sensor(name, {"number": 1})


def test_a_part_of_another_shape_is_refused_and_closed(acme: Path) -> None:
    with pytest.raises(hal.HalError, match="not a sensor"):
        hal.open_sensor("acme-shapeless", {"number": 1})
    assert sys.modules["acme_parts"].Part.closed == 1


def test_when_a_part_fails_to_open_those_before_it_are_closed(acme: Path) -> None:
    probe = {"number": 1, "part": "acme-probe"}
    with pytest.raises(hal.HalError, match="dht23"):
        hal.open_bench({"sensors": [probe, {"number": 2, "part": "dht23"}]})
    assert sys.modules["acme_parts"].Part.closed == 1


@pytest.mark.parametrize(
    "opened",
    [
        hal.open_sensor("mock-site", {"number": 1, "scenario": "door"}),
        hal.open_positioner("mock-truck", {"seed": 4}),
        hal.open_contact("mock-truck", {}),
        hal.open_light("mock-light", {}),
        hal.open_link("mock-site", {}),
    ],
)
def test_single_parts_open_alone(opened: hal.Part) -> None:
    assert hal.is_simulated(opened)
    opened.close()
    opened.close()


def test_a_thing_is_shared_under_its_key_only() -> None:
    shared = Shared()
    first = shared.get("port", list, lambda: [1])
    assert shared.get("port", list, lambda: [2]) is first
    with pytest.raises(hal.HalError, match="not a dict"):
        shared.get("port", dict, dict)


def test_options_remember_what_was_asked_for() -> None:
    options = Options("x", {"part": "x", "number": 1, "pin": 3, "speed": 9600}, {"seed": 5})
    assert options.integer("pin", 0) == 3
    assert options.maybe_integer("seed") == 5
    assert options.maybe_integer("start_utc_ms") is None
    assert options.unknown() == ["speed"]
