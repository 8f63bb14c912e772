"""Vectors of configurations: what a device is told to do, and what it must never take."""

from __future__ import annotations

from dataclasses import asdict, replace

from protocol import cbor, configuration
from protocol.configuration import Bound, Configuration, Issue
from protocol.registry import Quantity
from protocol.settable import Setting
from tests.protocol import build
from tests.protocol.testlog import note_key
from tests.vectors.outcome import problem_of

KEY = note_key("config.test")
COLD = Bound(1, 1, Quantity.TEMPERATURE, True, 4_000, 500, 600_000, 3_600_000)
DAMP = Bound(2, 1, Quantity.HUMIDITY, False, 40_000, 2_000, 0, 0)
PLAIN = Configuration(
    device=build.key().device,
    version=1,
    issued_ms=build.START_UTC_MS,
    issue=Issue(build.ORIGIN, 100, 43_300),
)
FULL = replace(
    PLAIN,
    version=4_294_967_295,
    settings=(
        (Setting.SAMPLE_PERIOD, 300_000),
        (Setting.DOOR_OPEN, 1_200_000),
        (Setting.SYNC_PACE, 600_000),
        (Setting.LANGUAGE, 1),
        (Setting.BUZZER, 0),
    ),
    limits=(COLD, DAMP),
)


def document(content: dict[int, object], version: int = 1) -> bytes:
    """Whatever the content is, signed."""
    body = cbor.encode(content)
    return cbor.encode([version, body, KEY.sign(configuration.DOMAIN + body)])


def content(**changed: object) -> dict[int, object]:
    """The plain document's values, with other ones at `k0` .. `k6`."""
    plain: dict[int, object] = {
        0: PLAIN.device,
        1: 7,
        2: build.START_UTC_MS,
        3: [build.ORIGIN, 100, 43_300],
        4: {},
        5: [],
    }
    return plain | {int(key[1:]): value for key, value in changed.items()}


def open_document(data: bytes) -> object:
    """What a device does first."""
    return configuration.open_signed(data, KEY.key(), build.verify_ed25519)


def configurations_file() -> dict[str, object]:
    """Documents, and what must be refused."""
    good = configuration.sign(PLAIN, KEY.sign)
    thief = configuration.sign(PLAIN, note_key("config.test", seed="thief").sign)
    row = COLD.values()
    bad = [
        ("by another key of the same name", thief),
        ("another format", document(content(), version=2)),
        ("a byte follows", good + b"\x00"),
        ("a setting that no table has", document(content(k4={6: 1}))),
        ("an outbox of no size", document(content(k4={0: 0}))),
        ("a sampling period beyond five minutes", document(content(k4={1: 300_001}))),
        ("a sampling period below five seconds", document(content(k4={1: 4_999}))),
        ("a setting that is text", document(content(k4={4: "ko"}))),
        ("a limit on a door", document(content(k5=[[1, 1, 3, *row[3:]]]))),
        ("a threshold that no food has", document(content(k5=[[*row[:4], 60_001, *row[5:]]]))),
        ("a limit of seven numbers", document(content(k5=[row[:7]]))),
        ("two limits of one id", document(content(k5=[row, row]))),
        ("limits that do not ascend", document(content(k5=[DAMP.values(), row]))),
        ("number 0", document(content(k1=0))),
        ("a seventh value", document(content(k6=0))),
        ("a device that is no name", document(content(k0="*"))),
        ("over before it was issued", document(content(k3=[build.ORIGIN, 100, 99]))),
        ("a floating-point threshold", _floating()),
    ]
    return {
        "about": "Configurations of the device of key 0: section 11.2. What a document says, and "
        "documents that are refused before anything else is looked at.",
        "config_vkey": KEY.key().vkey,
        "golden": [_case(PLAIN), _case(FULL)],
        "negative": [
            {"why": why, "document": data.hex(), "problem": problem_of(open_document, data)}
            for why, data in bad
        ],
    }


def _case(said: Configuration) -> dict[str, object]:
    data = configuration.sign(said, KEY.sign)
    return {
        "document": data.hex(),
        "device": said.device,
        "version": said.version,
        "issued_ms": said.issued_ms,
        "issue": list(asdict(said.issue).values()),
        "settings": {str(int(setting)): value for setting, value in said.settings},
        "limits": [one.values() for one in said.limits],
        "mark": configuration.decode(data).mark,
    }


def _floating() -> bytes:
    body = bytes.fromhex("fb3ff8000000000000")  # 1.5
    return cbor.encode([1, body, KEY.sign(configuration.DOMAIN + body)])
