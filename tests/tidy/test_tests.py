"""A test that cannot fail proves nothing, so every test function must be able to."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.tidy.source import Function, Source, dotted, suite

FAILS = frozenset({"raises", "fail", "warns", "deprecated_call"})
CHECKING = ("assert", "check", "expect", "must", "verify")


def cannot_fail(source: Source) -> Iterator[str]:
    """Tests with no assertion in sight: not in themselves, nor in what they call in this file."""
    bodies = {function.name: function for function in source.functions()}
    for name, function in bodies.items():
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
    name = dotted(call.func).rpartition(".")[2]
    if name in FAILS or name.lstrip("_").startswith(CHECKING):
        # A checker of this file is looked into; one from elsewhere keeps the promise of its name.
        return name not in bodies or name in seen or _fails(bodies[name], bodies, seen | {name})
    return name in bodies and name not in seen and _fails(bodies[name], bodies, seen | {name})


@pytest.mark.parametrize("source", suite(), ids=lambda source: source.path)
def test_every_test_can_fail(source: Source) -> None:
    assert list(cannot_fail(source)) == []


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
