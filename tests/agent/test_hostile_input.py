"""D23: whatever stands in the settings, environment, command line or socket, the end is a sentence.

2,000 cases, most of them in this process, so that they are many; a few in processes of their own,
with bytes that Python cannot hand over by itself. Not one may end in a traceback or in exit 70.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agent.cli import main, parser
from agent.edges.control import Control
from agent.exits import CONFIGURATION, NO, OK, USAGE
from tests import reliability
from tests.agent.desk import SETTINGS
from tests.agent.test_control import ANSWERS, put

CONFIGS, ENVIRONMENTS, LINES, QUESTIONS = 800, 200, 500, 500
MENDABLE = frozenset({USAGE, CONFIGURATION})
EXAMPLE = Path(__file__).parents[2].joinpath("config/agent.toml").read_bytes()
GOOD = EXAMPLE.replace(b'#state_dir = "/var/lib/jagalchi"', b'state_dir = "."')
COMMANDS = sorted(parser()._subparsers._group_actions[0].choices or ())  # type: ignore[union-attr]
WORDS = (
    "--config",
    "--json",
    "--lang",
    "--to",
    "--since",
    "--sensor",
    "--name",
    "--hours",
    "--speed",
)

values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.binary(max_size=9)
)
edits = st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 40), st.binary(max_size=12))
keys = st.sampled_from(("agent", "sensor", "limit", "pair", "server", "light", "mock", "x"))
tables = st.dictionaries(keys, st.one_of(values, st.dictionaries(st.text(max_size=9), values)))
names = st.sampled_from(
    ("LANG", "LC_ALL", "LC_MESSAGES", "NOTIFY_SOCKET", "WATCHDOG_USEC", "TMPDIR")
)
plain = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200)
junk = st.one_of(plain, st.sampled_from((*WORDS, "-1", "0", "9" * 40, "--", "-", "/dev/null")))
OFTEN = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


class Endings:
    """How often each exit code came, and every end that nobody should see."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.codes: Counter[int] = Counter()
        self.wrong: list[object] = []
        self._capsys = capsys

    def meet(self, words: Sequence[str], allowed: frozenset[int] = MENDABLE) -> None:
        """Run one command line to its end."""
        try:
            code = main(words)
        except SystemExit as end:
            code = int(end.code or 0)
        told = self._capsys.readouterr()
        self.codes[code] += 1
        if code not in allowed or "Traceback" in told.err or (code in MENDABLE and not told.err):
            self.wrong.append((code, words, told.err))

    def note(self, how: str) -> None:
        """Publish, before anything is asserted."""
        kinds = ", ".join(f"{count} x exit {code}" for code, count in sorted(self.codes.items()))
        told = f"{kinds}; {len(self.wrong)} tracebacks or silent ends"
        reliability.note("D23", how, self.codes.total(), told)


@pytest.fixture
def endings(capsys: pytest.CaptureFixture[str]) -> Endings:
    return Endings(capsys)


def broken(edits: Sequence[tuple[int, int, bytes]]) -> bytes:
    """The example of all settings, with bytes cut out and put in."""
    text = GOOD
    for start, length, put_in in edits:
        text = text[:start] + put_in + text[start + length :]
    return text


def toml(tables: Mapping[str, object]) -> bytes:
    """Something that is TOML, or nearly."""
    lines = ["[agent]", 'profile = "truck"']
    for key, value in tables.items():
        inner = value if isinstance(value, dict) else {"x": value}
        lines += [f"[{key}.y]", *(f"{name!r} = {one!r}" for name, one in inner.items())]
    return "\n".join(lines).encode("utf-8", "replace")


def test_D23_no_settings_end_in_a_traceback(endings: Endings, tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"

    @settings(OFTEN, max_examples=CONFIGS)
    @given(st.one_of(st.lists(edits, min_size=1, max_size=4).map(broken), tables.map(toml)))
    def meet(text: bytes) -> None:
        config.write_bytes(text)
        endings.meet(["run", "--config", str(config)])

    meet()
    endings.note("settings with bytes cut out and put in, and tables of anything")
    assert endings.wrong == []


def test_D23_no_environment_ends_in_a_traceback(
    endings: Endings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(SETTINGS)
    command = st.sampled_from(("run", "rotate", "export"))

    @settings(OFTEN, max_examples=ENVIRONMENTS)
    @given(st.dictionaries(names, plain), command)
    def meet(environment: dict[str, str], word: str) -> None:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            endings.meet([word, "--config", str(config)])

    meet()
    endings.note("an environment of nonsense, a device that is not enrolled")
    assert endings.wrong == []


def test_D23_no_command_line_ends_in_a_traceback(endings: Endings, tmp_path: Path) -> None:
    absent = str(tmp_path / "absent.toml")
    lines = st.tuples(st.sampled_from(COMMANDS), st.lists(junk, max_size=6))

    @settings(OFTEN, max_examples=LINES)
    @given(lines)
    def meet(line: tuple[str, list[str]]) -> None:
        command, words = line
        # A right line for `simulate` would have to be played; its hours are never right here.
        last = ["--hours", "0"] if command == "simulate" else ["--config", absent]
        endings.meet([command, *last, *words, *last], MENDABLE | {OK, NO})

    meet()
    endings.note("command lines of every command with words of anything")
    assert endings.wrong == []
    assert endings.codes.total() - endings.codes[OK] - endings.codes[NO] > LINES // 2


def test_D23_no_question_takes_the_socket_down(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    control, known, wrong = Control.open(path), ANSWERS["status"](), list[object]()
    asked = st.one_of(st.binary(min_size=1, max_size=1_100), values.map(repr).map(str.encode))

    @settings(OFTEN, max_examples=QUESTIONS)
    @given(asked.filter(bool))
    def meet(question: bytes) -> None:
        answer = put(control, path, question)
        if not (isinstance(answer, dict) and "error" in answer) and answer != known:
            wrong.append((question, answer))

    meet()
    alive = put(control, path, b'{"ask": "status"}') == known
    control.close()
    told = f"{len(wrong)} without an answer; it answers still: {alive}"
    reliability.note("D23", "questions of nonsense to the control socket", QUESTIONS, told)
    assert (wrong, alive) == ([], True)


RAW: tuple[tuple[list[bytes], dict[bytes, bytes]], ...] = (
    ([b"run", b"--config", b"\xff\xfe"], {}),
    ([b"\xff\xfe"], {}),
    ([b"status", b"--config", b"/dev/zero"], {}),
    ([b"run"], {b"NOTIFY_SOCKET": b"\xff" * 200, b"LANG": b"\xff", b"LC_ALL": b"no.such"}),
    ([b"verify", b"/dev/full"], {b"PYTHONIOENCODING": b"ascii"}),
)


def test_D23_processes_fed_with_bytes_end_with_a_sentence(tmp_path: Path) -> None:
    ends = [_ended(words, more, tmp_path) for words, more in RAW]
    codes = [end.returncode for end in ends]
    bad = [end for end in ends if b"Traceback" in end.stderr or not _told(end)]
    reliability.note(
        "D23", "processes with bytes that are no text", len(RAW), f"exit codes {codes}"
    )
    assert bad == []
    assert set(codes) <= MENDABLE | {NO}


def _told(end: subprocess.CompletedProcess[bytes]) -> bytes:
    return end.stderr + end.stdout


def _ended(
    words: Sequence[bytes], more: Mapping[bytes, bytes], folder: Path
) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environb, b"PYTHONPATH": str(Path(__file__).parents[2]).encode(), **more}
    return subprocess.run(
        [os.fsencode(sys.executable), b"-m", b"agent", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=60,
    )
