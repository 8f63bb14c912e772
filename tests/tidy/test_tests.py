"""A test that cannot fail proves nothing, so every test function must be able to."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

import pytest

from tests.tidy.source import Function, Source, imports, suite

FAILS = frozenset({"raises", "fail", "warns", "deprecated_call"})
CHECKING = ("assert", "check", "expect", "must", "verify")


def cannot_fail(source: Source, others: Sequence[Source] = ()) -> Iterator[str]:
    """Tests with no assertion in sight: not in themselves, nor in what they call.

    Looked into are this file, and those of `others` that it imports (a playbook, say).
    """
    reached = {f"{name.replace('.', '/')}.py" for name, _ in imports(source)}
    near = [*(other for other in others if other.path in reached), source]
    bodies = {function.name: function for file in near for function in file.functions()}
    for function in source.functions():
        name = function.name
        if name.startswith("test") and not _fails(function, bodies, frozenset({name})):
            yield f"{source.path}:{function.lineno}: {name} cannot fail"


def _fails(function: Function, bodies: dict[str, Function], seen: frozenset[str]) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call) and _call_fails(node, bodies, seen):
            return True
    return False


def _call_fails(call: ast.Call, bodies: dict[str, Function], seen: frozenset[str]) -> bool:
    name = _called(call.func)
    if name in FAILS or name.lstrip("_").startswith(CHECKING):
        # A checker that can be read is looked into; another keeps the promise of its name.
        return name not in bodies or name in seen or _fails(bodies[name], bodies, seen | {name})
    return name in bodies and name not in seen and _fails(bodies[name], bodies, seen | {name})


def _called(function: ast.expr) -> str:
    """The last name of what is called, in a chain of calls (`a().b()`) too."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


@pytest.mark.parametrize("source", suite(), ids=lambda source: source.path)
def test_every_test_can_fail(source: Source) -> None:
    assert list(cannot_fail(source, suite())) == []


def _told(text: str) -> list[str]:
    return list(cannot_fail(Source.of("t.py", text)))


def test_a_test_without_assertion_is_told() -> None:
    assert _told("def test_nothing():\n    run()\n") == ["t.py:1: test_nothing cannot fail"]
    assert _told("def test_hollow():\n    check_it()\ndef check_it():\n    run()\n") != []


@pytest.mark.parametrize(
    "text",
    [
        "def test_a():\n    assert run()\n",
        "def test_a():\n    with pytest.raises(ValueError):\n        run()\n",
        "def test_a():\n    play()\ndef play():\n    assert run()\n",
    ],
)
def test_a_test_with_assertion_is_left_alone(text: str) -> None:
    assert _told(text) == []


def test_an_assertion_in_an_imported_playbook_counts() -> None:
    test = Source.of("tests/t.py", "from tests.book import play\ndef test_a():\n    play()\n")
    book = Source.of("tests/book.py", "def play():\n    assert run()\n")
    hollow = Source.of("tests/book.py", "def play():\n    run()\n")
    assert list(cannot_fail(test, [book])) == []
    assert list(cannot_fail(test, [hollow])) == ["tests/t.py:2: test_a cannot fail"]
