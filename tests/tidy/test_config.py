"""Every example in config/ loads, shows every key there is, and tells the truth about defaults."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from agent import settings_file
from agent.daemon import bench_config
from agent.settings import PARTS, Settings
from hal import open_bench, schema
from server.options import CONFIG, Options, load
from tests.tidy.source import ROOT, product

AGENT_EXAMPLES = [ROOT / "config/agent.toml", *sorted((ROOT / "config/profiles").glob("*.toml"))]
SERVER_EXAMPLE = ROOT / "config/server.toml"
QUESTIONS = ("integer", "text", "optional_text", "flag", "word", "code", "path", "table")
ASKS = frozenset({*QUESTIONS, "tables", "options"})
ASKING_FUNCTIONS = frozenset({"_section"})
REAL = frozenset({"truck-pi.toml"})


def with_defaults_spelled_out(text: str) -> str:
    """Take the "#" from every line that shows a default ("#key = ..."); prose keeps its "# "."""
    return re.sub(r"^#(?=[a-z_]+ = )", "", text, flags=re.MULTILINE)


def mentioned(text: str) -> set[str]:
    """Every key and table name that an example shows, in use or in a comment."""
    keys = re.findall(r"^#? ?([a-z_]+) = ", text, flags=re.MULTILINE)
    headings = re.findall(r"^#? ?\[\[?([a-z_.]+)\]", text, flags=re.MULTILINE)
    return {*keys, *(part for heading in headings for part in heading.split("."))}


def asked_for(tree: ast.Module) -> set[str]:
    """Every key that a settings reader asks for: the literal first arguments of its questions."""
    return {key for node in ast.walk(tree) if isinstance(node, ast.Call) for key in _key(node)}


def _key(call: ast.Call) -> set[str]:
    if isinstance(call.func, ast.Attribute):
        question, arguments = call.func.attr in ASKS, call.args[:1]
    else:
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        question, arguments = name in ASKING_FUNCTIONS, call.args[1:2]
    if not question:
        return set()
    return {a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str)}


def _agent_keys() -> set[str]:
    (reader,) = (s for s in product() if s.path == "agent/settings_file.py")
    return asked_for(reader.tree) | set(PARTS) | {"temperature", "humidity"}


def _named(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", AGENT_EXAMPLES, ids=_named)
def test_an_agent_example_loads(path: Path) -> None:
    assert isinstance(settings_file.load(path), Settings)


@pytest.mark.parametrize("path", AGENT_EXAMPLES, ids=_named)
def test_the_parts_of_an_agent_example_exist_and_say_whether_they_are_simulated(path: Path) -> None:
    bench = open_bench(bench_config(settings_file.load(path), None))
    bench.close()
    assert bench.simulated is (path.name not in REAL)


def test_the_profiles_are_there() -> None:
    names = {path.name for path in AGENT_EXAMPLES}
    assert names >= {"agent.toml", "truck.toml", "site.toml", *REAL}


def test_the_real_profile_shows_every_real_part_and_each_of_its_options() -> None:
    text = (ROOT / "config/profiles/truck-pi.toml").read_text("utf-8")
    for (_, part), keys in schema.PARTS.items():
        assert re.search(rf'^(# )?part = "{part}"', text, re.MULTILINE), part
        missing = {key for key in keys if not re.search(rf"\b{key} = ", text)}
        assert missing == set(), part


@pytest.mark.parametrize("path", AGENT_EXAMPLES, ids=_named)
def test_a_default_shown_in_an_agent_example_is_the_default(path: Path, tmp_path: Path) -> None:
    spelled = tmp_path / "spelled.toml"
    spelled.write_text(with_defaults_spelled_out(path.read_text("utf-8")), "utf-8")
    silent = tmp_path / "silent.toml"
    silent.write_text(path.read_text("utf-8"), "utf-8")
    assert settings_file.load(spelled) == settings_file.load(silent)


def test_the_agent_example_shows_every_key() -> None:
    assert _agent_keys() - mentioned(AGENT_EXAMPLES[0].read_text("utf-8")) == set()


def test_the_server_example_loads_and_its_defaults_are_the_defaults(tmp_path: Path) -> None:
    text = SERVER_EXAMPLE.read_text("utf-8")
    spelled = tmp_path / "spelled.toml"
    spelled.write_text(with_defaults_spelled_out(text), "utf-8")
    loaded = load({CONFIG: str(SERVER_EXAMPLE)})
    assert loaded == load({CONFIG: str(spelled)})
    assert loaded.demo is False


def test_the_server_example_shows_every_key() -> None:
    keys = {field.name for field in fields(Options)}
    assert keys - mentioned(SERVER_EXAMPLE.read_text("utf-8")) == set()


def test_a_key_that_no_example_shows_is_told() -> None:
    reader = ast.parse('table.integer("patience_ms", 1, 0, 9)\n_section(top, "weather")\n')
    missing = asked_for(reader) - mentioned('[agent]\n#name = "x"\n')
    assert missing == {"patience_ms", "weather"}


def test_only_lines_that_show_a_default_are_spelled_out() -> None:
    text = "# prose = not a default\n#key_ms = 5\n"
    assert with_defaults_spelled_out(text) == "# prose = not a default\nkey_ms = 5\n"
