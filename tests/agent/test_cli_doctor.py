"""`doctor`: works with the agent and without, offline, and never touches the card."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from agent.cli import main
from agent.core.finding import Grade, command
from agent.edges import enrolment, inspection
from agent.edges.clock import SystemClock
from agent.edges.control import Control
from agent.edges.courier import LinkLost, Response
from agent.edges.openssl import EXTRA
from agent.edges.signer import EcdsaSigner
from agent.exits import CONFIGURATION
from agent.settings import SignerKind
from agent.settings_file import load
from protocol.checkpoint import Checkpoint, encode, sign_note
from tests.agent.desk import LOG, LOG_KEY, ORIGIN, SETTINGS, Truck, fitted
from tests.agent.truck import bench

NOBODY = b"http://127.0.0.1:9\n"


@pytest.fixture
def truck(tmp_path: Path) -> Iterator[Truck]:
    with fitted(tmp_path) as one:
        (tmp_path / "server.url").write_bytes(NOBODY)
        yield one


def doctor(config: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    """The exit status, and the grade of each part."""
    capsys.readouterr()
    code = main(["doctor", "--json", "--config", str(config)])
    told = json.loads(capsys.readouterr().out)
    return code, {one["part"]: one["grade"] for one in told["findings"]}


def test_a_stopped_device_without_network_is_examined_and_its_card_left_alone(
    truck: Truck, capsys: pytest.CaptureFixture[str]
) -> None:
    truck.record(9)
    truck.outbox.close()
    folder = truck.config.parent
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    code, found = doctor(truck.config, capsys)
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    ours = ("outbox.db", "device.key", "enrolment.cbor", "server.url", "agent.toml")
    assert {name: after[name] for name in ours} == {name: before[name] for name in ours}
    assert code == Grade.WARNING
    assert (found["agent"], found["server"], found["limits"]) == ("warning",) * 3
    well = ("sensor 1 air", "enrolment", "key", "chain", "records", "disk")
    assert {part: found[part] for part in well} == dict.fromkeys(well, "ok")


def test_a_running_agent_is_asked_and_its_light_blinks(
    truck: Truck, capsys: pytest.CaptureFixture[str]
) -> None:
    truck.config.write_text(SETTINGS + '[light]\npart = "mock-light"\n')
    control, clock = Control.open(truck.config.parent / "agent.sock"), SystemClock()
    silent = {
        "sensor": 1,
        "quantity": "temperature",
        "value": None,
        "status": "no_answer",
        "age_ms": 5,
    }
    asked: list[str] = []

    def blink() -> dict[str, object]:
        asked.append("blink")
        return {"blinking_ms": 10_000}

    def answer() -> dict[str, object]:
        return {"sensors": [silent], "log_key": LOG_KEY.vkey}

    def chain() -> dict[str, object]:
        asked.append("chain")
        return {"records": newest}

    truck.record(3)
    newest = [one.hex() for one in records(truck)]

    def serve() -> None:
        while len(asked) < 2:
            ready = clock.wait(10_000, control.descriptors())
            control.serve(ready, {"status": answer, "chain": chain, "blink": blink})

    thread = Thread(target=serve)
    thread.start()
    code, found = doctor(truck.config, capsys)
    thread.join(10)
    control.close()
    assert code == Grade.FAILED
    assert (found["agent"], found["sensor 1 air"], found["light"]) == ("ok", "failed", "ok")
    assert found["chain"] == "ok"
    assert asked == ["blink", "chain"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ko", ("실패", "등록", "조치: sudo jagalchi-agent enrol URL TOKEN")),
        ("en", ("FAILED", "enrolment", "mend: sudo jagalchi-agent enrol URL TOKEN")),
    ],
)
def test_a_device_nobody_enrolled_has_failed_and_is_told_how(
    language: str, words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(SETTINGS)
    assert main(["doctor", "--config", str(config), "--lang", language]) == Grade.FAILED
    told = capsys.readouterr().out
    assert all(word in told for word in words)


def test_settings_that_cannot_be_used_are_78(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "agent.toml"
    config.write_text("[agent]\n")
    assert main(["doctor", "--config", str(config)]) == CONFIGURATION
    assert "agent.profile is missing" in capsys.readouterr().err


def test_a_missing_or_foreign_key_has_failed(truck: Truck) -> None:
    settings = load(truck.config)
    settings.key_path.rename(settings.key_path.with_name("mine"))
    _, signer, found = inspection.identity(settings)
    assert (signer, [one.grade for one in found]) == (None, [Grade.OK, Grade.FAILED])
    EcdsaSigner.create(settings.key_path)
    settings.key_path.chmod(0o644)
    assert inspection.identity(settings)[2][-1].grade is Grade.FAILED


def test_the_signer_in_use_is_told_and_what_it_lacks_is_named(
    truck: Truck, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load(truck.config)
    wanted = replace(settings, signer=SignerKind.OPENSSL)
    kid = EcdsaSigner.load(settings.key_path).kid.hex()
    told = [inspection.identity(one)[2][-1].seen for one in (settings, wanted)]
    assert [one.en for one in told] == [f"{kid}, signs in pure Python", f"{kid}, signs by OpenSSL"]
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ec", None)
    _, signer, found = inspection.identity(wanted)
    assert (signer, found[-1].grade, found[-1].mend) == (None, Grade.FAILED, command(EXTRA))


def test_a_chain_with_a_flipped_bit_has_failed(truck: Truck) -> None:
    truck.record(9)
    settings = load(truck.config)
    signer = EcdsaSigner.load(settings.key_path)
    (good,) = inspection.chain(records(truck), signer)
    assert (good.grade, good.seen.en) == (Grade.OK, "10/10 records follow/are signed")
    with truck.outbox.writing() as sql:
        sql.execute("UPDATE record SET sealed = zeroblob(90) WHERE id & 4294967295 = 4")
    truck.outbox.commit()
    (bad,) = inspection.chain(records(truck), signer)
    assert (bad.grade, bad.mend) == (Grade.FAILED, inspection.EXPORT)


def records(truck: Truck) -> list[bytes]:
    """What a stopped device's card shows."""
    settings = load(truck.config)
    return inspection.at_rest(settings, enrolment.load(settings))[1]


class Wire:
    """A server of one answer; None: nobody is there."""

    def __init__(self, body: bytes | None) -> None:
        self._body = body

    def send(self, method: str, path: str, body: bytes, deadline_s: float) -> Response:
        assert (method, path, body) == ("GET", "/checkpoint", b"")
        if self._body is None:
            raise LinkLost("nobody answers")
        return Response(200, {}, self._body)


def note(origin: str) -> bytes:
    signer = (origin, LOG_KEY.algorithm, LOG_KEY.public, LOG.sign)
    return sign_note(encode(Checkpoint(origin, 7, bytes(32))), [signer]).encode()


@pytest.mark.parametrize(
    ("body", "grade"),
    [
        (None, Grade.WARNING),
        (note(ORIGIN), Grade.OK),
        (note("log.example/other"), Grade.FAILED),
        (b"<html>Welcome to our hotel</html>", Grade.FAILED),
        (b"\xff\xfe", Grade.FAILED),
    ],
)
def test_only_the_pinned_log_is_the_server(body: bytes | None, grade: Grade, truck: Truck) -> None:
    enrolled = enrolment.load(load(truck.config))
    (found,) = inspection.server(enrolled.answer.log_vkey, Wire(body))
    assert found.grade is grade


def test_the_light_that_is_asked_flashes_for_ten_seconds_and_then_tells_the_truth_again() -> None:
    from agent.edges.beacon import FIND, FIND_MS, Beacon
    from hal import Moment
    from hal.mock.light import MockLight

    inner = MockLight()
    parts = replace(bench(), light=Beacon(inner))
    assert isinstance(parts.light, Beacon)
    for now, pattern in ((0, "*..."), (1_000, FIND), (1_000 + FIND_MS, "*...")):
        if now == 1_000:
            parts.light.blink(now)
        parts.light.show("*...", Moment(now, None))
        assert inner.pattern == pattern
