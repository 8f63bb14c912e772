"""Enrolment: one key, one answer, kept whole; every refusal says what to do and harms nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from agent.edges import enrolment, files
from agent.edges.courier import LinkLost, Response
from agent.edges.enrolment import EnrolmentError, NotEnrolledError
from agent.edges.signer import EcdsaSigner, verify_es256
from agent.exits import RefusedError
from agent.settings import Settings
from agent.settings_file import parse
from protocol import cose, wire
from protocol.checkpoint import LogKey
from protocol.wire import EnrolAnswer

URL = "https://cold.example"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    values: dict[str, object] = {
        "agent": {"profile": "truck", "state_dir": "state"},
        "sensor": [{"number": 1, "name": "air", "part": "mock-truck"}],
    }
    return parse(values, tmp_path / "agent.toml")


def vkey(name: str) -> str:
    return LogKey.of(name, bytes(range(32))).vkey


def agree(device: str) -> EnrolAnswer:
    origin = "log.example/one"
    return EnrolAnswer(
        device=device,
        origin=origin,
        log_vkey=vkey(origin),
        recovery_vkey=vkey("recovery"),
        config_vkey=vkey("config"),
        utc_ms=1_800_000_000_000,
        asset="부산 80바 1234",
        demo=False,
    )


def honest(body: bytes) -> Response:
    """What a server does: check the proof of possession, answer about that key."""
    _, public = wire.open_enrol(body, verify_es256)
    answer = agree(cose.device_id(public))
    return Response(201, {}, wire.encode_enrol_answer(answer))


@dataclass
class Line:
    """A transport that ends at a function instead of a network."""

    server: Callable[[bytes], Response] = honest
    sent: list[tuple[str, str, bytes]] = field(default_factory=list)

    def send(self, method: str, path: str, body: bytes, deadline_s: float) -> Response:
        assert deadline_s == 30
        self.sent.append((method, path, body))
        return self.server(body)


def test_an_enrolled_device_keeps_the_very_bytes_it_was_given(settings: Settings) -> None:
    line = Line()
    agreed = enrolment.enrol(settings, "token-1", URL, line)
    assert enrolment.load(settings) == agreed
    assert settings.enrolment_path.read_bytes() == agreed.raw
    assert agreed.url == URL
    assert agreed.answer.device == cose.device_id(EcdsaSigner.load(settings.key_path).public)
    assert [(method, path) for method, path, _ in line.sent] == [("POST", "/api/enrol")]
    assert wire.open_enrol(line.sent[0][2], verify_es256)[0] == "token-1"


def test_nothing_that_is_kept_is_readable_by_others(settings: Settings) -> None:
    enrolment.enrol(settings, "token-1", URL, Line())
    kept = list(settings.state_dir.iterdir())
    assert len(kept) == 3
    assert not any(files.readable_by_others(path) for path in (*kept, settings.state_dir))


def test_an_enrolled_device_is_never_enrolled_over(settings: Settings) -> None:
    enrolment.enrol(settings, "token-1", URL, Line())
    before = settings.enrolment_path.read_bytes()
    line = Line()
    with pytest.raises(RefusedError, match="enrolled already"):
        enrolment.enrol(settings, "token-2", "https://evil.example", line)
    assert settings.enrolment_path.read_bytes() == before
    assert enrolment.load(settings).url == URL
    assert line.sent == []


def test_a_lost_answer_is_asked_for_again_with_the_same_key(settings: Settings) -> None:
    def lose(body: bytes) -> Response:
        honest(body)
        raise LinkLost("the line fell silent")

    line = Line(lose)
    with pytest.raises(EnrolmentError, match="cannot be reached: the line fell silent"):
        enrolment.enrol(settings, "token-1", URL, line)
    with pytest.raises(NotEnrolledError):
        enrolment.load(settings)
    line.server = honest
    enrolment.enrol(settings, "token-1", URL, line)
    first, second = (wire.open_enrol(body, verify_es256)[1] for _, _, body in line.sent)
    assert first == second


def problem(slug: str) -> bytes:
    return json.dumps({"type": f"urn:jagalchi:problem:{slug}"}).encode()


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (Response(403, {}, problem("token-used")), "Enrolment token already used / 이미 사용된"),
        (Response(404, {}, b"<html>"), "HTTP status 404"),
        (Response(500, {}, problem("no-such-problem")), "HTTP status 500"),
        (Response(301, {}, b""), "HTTP status 301"),
        (Response(400, {}, b"[" * 5_000), "HTTP status 400"),
        (Response(200, {}, b"<html>Please sign in</html>"), "not a Jagalchi server's answer"),
        (Response(200, {}, b""), "not a Jagalchi server's answer"),
    ],
)
def test_a_refusal_is_a_sentence_and_changes_nothing(
    settings: Settings, response: Response, reason: str
) -> None:
    with pytest.raises(EnrolmentError) as caught:
        enrolment.enrol(settings, "token-1", URL, Line(lambda _: response))
    assert reason in str(caught.value)
    assert [path.name for path in settings.state_dir.iterdir()] == ["device.key"]


def test_an_answer_about_another_key_is_not_pinned(settings: Settings) -> None:
    other = wire.encode_enrol_answer(agree("a" * 16))
    with pytest.raises(EnrolmentError, match="another device, aaaaaaaaaaaaaaaa"):
        enrolment.enrol(settings, "token-1", URL, Line(lambda _: Response(201, {}, other)))
    assert not settings.enrolment_path.exists()


def test_an_answer_whose_log_key_bears_another_name_is_not_pinned(settings: Settings) -> None:
    def forged(body: bytes) -> Response:
        _, public = wire.open_enrol(body, verify_es256)
        answer = replace(agree(cose.device_id(public)), log_vkey=vkey("another"))
        return Response(201, {}, wire.encode_enrol_answer(answer))

    with pytest.raises(EnrolmentError, match="not a Jagalchi server's answer"):
        enrolment.enrol(settings, "token-1", URL, Line(forged))
    assert not settings.enrolment_path.exists()


def test_the_settings_may_name_another_address_later(settings: Settings) -> None:
    enrolment.enrol(settings, "token-1", URL, Line())
    moved = replace(settings, server=replace(settings.server, url="https://new.example"))
    assert enrolment.load(moved).url == "https://new.example"


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xa0"])
def test_a_damaged_enrolment_is_told_and_not_replaced(settings: Settings, content: bytes) -> None:
    enrolment.enrol(settings, "token-1", URL, Line())
    settings.enrolment_path.write_bytes(content)
    with pytest.raises(NotEnrolledError, match="not a usable enrolment"):
        enrolment.load(settings)
    with pytest.raises(NotEnrolledError):
        enrolment.enrol(settings, "token-2", URL, Line())
    assert settings.enrolment_path.read_bytes() == content


def test_a_device_without_enrolment_is_told_the_command(settings: Settings) -> None:
    with pytest.raises(NotEnrolledError, match="jagalchi-agent enrol URL TOKEN"):
        enrolment.load(settings)


def test_a_state_folder_that_cannot_be_made_is_a_sentence(settings: Settings) -> None:
    settings.state_dir.write_text("a file in the way")
    with pytest.raises(RefusedError, match="cannot be made"):
        enrolment.enrol(settings, "token-1", URL, Line())
