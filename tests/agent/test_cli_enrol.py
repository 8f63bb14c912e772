"""`enrol` over real HTTP on loopback: what the installer types and reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from agent.cli import main
from agent.edges.signer import verify_es256
from agent.exits import CONFIGURATION, NO, OK
from protocol import cose, wire
from protocol.errors import ProtocolError
from protocol.wire import EnrolAnswer
from tests.agent.desk import LOG_KEY, ORIGIN, SETTINGS


class Desk(BaseHTTPRequestHandler):
    """Just enough of a server: one token, any key."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert (self.path, self.headers["Content-Type"]) == ("/api/enrol", "application/cbor")
        token, public = wire.open_enrol(body, verify_es256)
        if token != "good":
            return self._send(
                403, json.dumps({"type": "urn:jagalchi:problem:token-unknown"}).encode()
            )
        vkey = LOG_KEY.vkey
        device = cose.device_id(public)
        answer = EnrolAnswer(device, ORIGIN, vkey, vkey, vkey, 1, "부산 80바 1234", True)
        return self._send(201, wire.encode_enrol_answer(answer))

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Stay silent."""


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Desk)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text(SETTINGS)
    return path


def test_an_installer_enrols_with_one_line(
    config: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["enrol", url + "/", "good", "--config", str(config)]) == OK
    told = capsys.readouterr().out
    assert told.startswith("enrolled / 등록 완료: 부산 80바 1234\n")
    assert "demonstration" in told
    kept = (config.parent / "enrolment.cbor").read_bytes()
    assert wire.decode_enrol_answer(kept).origin == ORIGIN
    assert (config.parent / "server.url").read_text() == url + "\n"


def test_a_wrong_token_is_said_in_both_languages_and_may_be_tried_again(
    config: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["enrol", url, "bad", "--config", str(config)]) == NO
    told = capsys.readouterr().err
    assert "the server said no: Unknown enrolment token / 알 수 없는 등록 토큰" in told
    assert "run the same command again" in told
    assert main(["enrol", url, "good", "--config", str(config)]) == OK


def test_enrolling_twice_is_refused(
    config: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["enrol", url, "good", "--config", str(config)]) == OK
    assert main(["enrol", url, "good", "--config", str(config)]) == CONFIGURATION
    assert "enrolled already" in capsys.readouterr().err


def test_no_server_is_a_sentence(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["enrol", "http://127.0.0.1:9", "good", "--config", str(config)]) == NO
    told = capsys.readouterr().err
    assert told.startswith("jagalchi-agent: the server cannot be reached: ")
    assert "Traceback" not in told


def test_a_proof_made_for_one_token_does_not_serve_another(config: Path, url: str) -> None:
    main(["enrol", url, "bad", "--config", str(config)])
    from agent.edges.signer import EcdsaSigner

    signer = EcdsaSigner.load(config.parent / "device.key")
    request = wire.make_enrol("bad", signer.public, signer.sign)
    with pytest.raises(ProtocolError):
        wire.open_enrol(request.replace(b"bad", b"god"), verify_es256)


def note(config: Path, text: str) -> str:
    """A file as somebody leaves it on the boot partition."""
    path = config.parent / "jagalchi.toml"
    path.write_text(text)
    return str(path)


def test_a_device_is_introduced_by_a_file_and_a_second_time_nothing_happens(
    config: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = note(config, f'[enrol]\nurl = "{url}/"\ntoken = "good"\n')
    assert main(["join", file, "--config", str(config)]) == OK
    before = (config.parent / "enrolment.cbor").read_bytes()
    assert main(["join", file, "--config", str(config)]) == OK
    assert "nothing to do" in capsys.readouterr().out
    assert (config.parent / "enrolment.cbor").read_bytes() == before
    assert (config.parent / "server.url").read_text() == url + "\n"


def test_a_file_whose_server_says_no_may_be_tried_again(config: Path, url: str) -> None:
    file = note(config, f'[enrol]\nurl = "{url}"\ntoken = "bad"\n')
    assert main(["join", file, "--config", str(config)]) == NO
    file = note(config, f'[enrol]\nurl = "{url}"\ntoken = "good"\n')
    assert main(["join", file, "--config", str(config)]) == OK


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "enrol.url is missing"),
        ('[enrol]\nurl = "cold.example"\ntoken = "x"\n', "enrol.url = 'cold.example': expected"),
        ('[enrol]\nurl = "https://a"\ntoken = "x y"\n', "enrol.token = 'x y': expected the token"),
        ('[enrol]\nurl = "https://a"\ntoken = "x"\ntoken2 = 1\n', "unknown key; did you mean"),
        ("[enrol\n", "not valid TOML"),
    ],
)
def test_a_file_with_a_mistake_is_told_and_makes_no_key(
    config: Path, text: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["join", note(config, text), "--config", str(config)]) == CONFIGURATION
    assert told in capsys.readouterr().err
    assert not (config.parent / "device.key").exists()
