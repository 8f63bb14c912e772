"""Whoever has to do something finds a page for it: every action of the cold chain, or why not."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.tidy.source import ROOT, Source, dotted, product

ACTIONS = "server/coldchain/actions"
PAGES = ("server/coldchain/work/", "server/coldchain/shopper/", "server/coldchain/listing/")
ELSEWHERE: Mapping[str, str] = {}
"""Actions that have no page, and why nobody misses one."""


def actions() -> Iterator[str]:
    """`module.name` of each."""
    for source in product():
        if str(Path(source.path).parent) != ACTIONS:
            continue
        for one in source.functions():
            if any(_is_action(mark) for mark in one.decorator_list):
                yield f"{Path(source.path).stem}.{one.name}"


def _is_action(mark: ast.expr) -> bool:
    return isinstance(mark, ast.Call) and dotted(mark.func) == "action"


def named(source: Source) -> set[str]:
    """Every `module.name` in a file, whether it is called there or handed on."""
    found = (dotted(node) for node in ast.walk(source.tree) if isinstance(node, ast.Attribute))
    return {one for one in found if one}


def reached() -> set[str]:
    """What the rooms of the pages name; each of their views has an address, or nothing names it."""
    return set().union(*(named(one) for one in product() if one.path.startswith(PAGES)))


def test_every_action_of_the_cold_chain_is_on_a_page_or_says_why_not() -> None:
    known = set(actions())
    assert len(known) > 40
    assert known - reached() - set(ELSEWHERE) == set()


def test_what_is_said_to_have_no_page_is_an_action_and_has_none() -> None:
    assert set(ELSEWHERE) <= set(actions())
    assert set(ELSEWHERE) & reached() == set()
    assert all(ELSEWHERE.values())


@pytest.mark.parametrize("room", ["work", "shopper"])
def test_every_view_of_a_page_has_an_address(room: str) -> None:
    folder = f"server/coldchain/{room}/"
    (urls,) = (one for one in product() if one.path == f"{folder}urls.py")
    addressed = named(urls)
    for source in product():
        if not source.path.startswith(folder) or source.path.endswith("urls.py"):
            continue
        for name in _views(source):
            assert f"{Path(source.path).stem}.{name}" in addressed, (source.path, name)


def _views(source: Source) -> Iterator[str]:
    """Names of a module that are made by `task`, `by_link` or `_sure`, or marked by `shown`."""
    makers = {"task", "by_link", "_sure"}
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            if dotted(node.value.func) in makers:
                yield from (one.id for one in node.targets if isinstance(one, ast.Name))
        elif isinstance(node, ast.FunctionDef):
            marks = (one for one in node.decorator_list if isinstance(one, ast.Call))
            if any(dotted(one.func) in {"shown", "guarded"} for one in marks):
                yield node.name


def test_the_sources_are_there() -> None:
    assert (ROOT / ACTIONS).is_dir()
