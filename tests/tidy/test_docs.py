"""The documents keep up: every command and option is described, every link leads somewhere."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from agent.cli import parser as agent_parser
from agent.core.health import LOOKS
from server.cli import parser as server_parser
from tests.tidy.source import ROOT

COMMANDS = ROOT / "docs/commands.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("systemd/*.md")])
PROGRAMS = [agent_parser(), server_parser()]


def commands(program: argparse.ArgumentParser) -> dict[str, set[str]]:
    """Every command of a program, "program command", with its long options."""
    found = {}
    for action in program._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                found[f"{program.prog} {name}"] = _options(command)
    return found


def _options(command: argparse.ArgumentParser) -> set[str]:
    spelled = {option for action in command._actions for option in action.option_strings}
    return {option for option in spelled if option.startswith("--")} - {"--help"}


def undocumented(program: argparse.ArgumentParser, page: str) -> list[str]:
    """Commands without a section of their own, and options that theirs does not mention."""
    sections = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL))
    missing = []
    for name, options in commands(program).items():
        if name not in sections:
            missing.append(name)
            continue
        said = set(re.findall(r"--[a-z-]+", sections[name]))
        missing += [f"{name} {option}" for option in sorted(options - said)]
    return missing


def lights(page: str) -> dict[str, str]:
    """The light patterns that a page explains, by state: rows `| `pattern` words | state | ...`."""
    return {state: p for p, state in re.findall(r"^\| `([*.]+)`[^|]*\| (\S+) \|", page, re.M)}


def dead_links(path: Path, text: str) -> list[str]:
    """Relative links of a page that lead nowhere."""
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    ours = (target for target in targets if ":" not in target)
    return [target for target in ours if not (path.parent / target).exists()]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.prog)
def test_every_command_and_option_is_described(program: argparse.ArgumentParser) -> None:
    assert commands(program), "no commands found: this test has lost its subject"
    assert undocumented(program, COMMANDS.read_text("utf-8")) == []


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.prog)
def test_no_command_is_described_that_does_not_exist(program: argparse.ArgumentParser) -> None:
    described = re.findall(rf"^### ({program.prog} \S+)$", COMMANDS.read_text("utf-8"), re.M)
    assert set(described) == set(commands(program))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(path: Path) -> None:
    assert dead_links(path, path.read_text("utf-8")) == []


def test_the_technicians_page_explains_every_light() -> None:
    page = (ROOT / "docs/operate.md").read_text("utf-8")
    assert lights(page) == {state.value: look.pattern for state, look in LOOKS.items()}


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs/adr/README.md").read_text("utf-8")
    pages = {path.name for path in (ROOT / "docs/adr").glob("[0-9]*.md")}
    assert set(re.findall(r"\]\((\d{4}-[^)]+)\)", listed)) == pages


def test_an_undescribed_command_and_option_are_told() -> None:
    program = argparse.ArgumentParser(prog="x")
    new = program.add_subparsers().add_parser("new")
    new.add_argument("--colour")
    assert undocumented(program, "# Commands\n") == ["x new"]
    assert undocumented(program, "### x new\n\nIt is new.\n") == ["x new --colour"]
    assert undocumented(program, "### x new\n\n- `--colour`: of it.\n") == []


def test_a_dead_link_is_told(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    assert dead_links(page, "[a](gone.md) [b](https://example.org) [c](#here)") == ["gone.md"]
