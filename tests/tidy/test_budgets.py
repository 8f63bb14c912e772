"""Size is guidance until it is not: the hard edges of docs/architecture.md."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.tidy.source import Function, Source, product, suite

FUNCTION_LINES = 60
FILE_LINES = 400
COLUMNS = 100
NESTING = 3
PARAMETERS = 5
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)


def too_long(source: Source) -> Iterator[str]:
    """Files, functions and lines beyond their budget."""
    lines = source.text.splitlines()
    if len(lines) > FILE_LINES:
        yield f"{source.path}: {len(lines)} lines in one file"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS and "/migrations/" not in source.path:  # Django writes those
            yield f"{source.path}:{number}: {len(line)} columns"
    for function in source.functions():
        length = _body_lines(function)
        if length > FUNCTION_LINES:
            yield f"{source.path}:{function.lineno}: {function.name} has {length} lines"


def too_deep(source: Source) -> Iterator[str]:
    """Functions whose blocks nest deeper than one can read."""
    for function in source.functions():
        depth = max((_depth(statement) for statement in function.body), default=0)
        if depth > NESTING:
            yield f"{source.path}:{function.lineno}: {function.name} nests {depth} deep"


def too_many_parameters(source: Source) -> Iterator[str]:
    """Functions that want a dataclass instead of a sixth parameter."""
    for function in source.functions():
        count = len(_parameters(function))
        if count > PARAMETERS:
            yield f"{source.path}:{function.lineno}: {function.name} takes {count} parameters"


def _body_lines(function: Function) -> int:
    """Lines from `def` to the end, a docstring not counted: it costs no understanding."""
    last = function.end_lineno or function.lineno
    first = function.body[0]
    docstring = 0
    if ast.get_docstring(function, clean=False) is not None:
        docstring = (first.end_lineno or first.lineno) - first.lineno + 1
    return last - function.lineno + 1 - docstring


def _depth(node: ast.AST) -> int:
    if isinstance(node, Function | ast.ClassDef | ast.Lambda):
        return 0  # counted on its own
    if isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        # `elif` stands beside its `if`, not inside it
        inside = max((_depth(child) for child in node.body), default=0)
        return max(1 + inside, _depth(node.orelse[0]))
    inside = max((_depth(child) for child in ast.iter_child_nodes(node)), default=0)
    return inside + isinstance(node, BLOCKS)


def _parameters(function: Function) -> list[str]:
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


@pytest.mark.parametrize("source", (*product(), *suite()), ids=lambda source: source.path)
def test_a_file_keeps_its_budgets(source: Source) -> None:
    rules = [*too_long(source), *too_deep(source)]
    if not source.path.startswith("tests/"):  # a test may want many fixtures
        rules += too_many_parameters(source)
    assert rules == []


def _sample(text: str) -> Source:
    return Source.of("sample.py", text)


def test_a_long_function_is_told_and_its_docstring_is_free() -> None:
    body = "    x = 1\n" * FUNCTION_LINES
    assert "sample.py:1: f has 61 lines" in list(too_long(_sample("def f():\n" + body)))
    documented = 'def f():\n    """A.\n\n    B.\n    """\n' + body.removesuffix("    x = 1\n")
    assert list(too_long(_sample(documented))) == []


def test_a_long_file_and_a_wide_line_are_told() -> None:
    assert list(too_long(_sample("x = 1\n" * 401))) == ["sample.py: 401 lines in one file"]
    assert list(too_long(_sample("#" * 101))) == ["sample.py:1: 101 columns"]


def test_deep_nesting_is_told_and_elif_is_not_depth() -> None:
    deep = "def f():\n if a:\n  for b in c:\n   with d:\n    if e:\n     g()\n"
    assert list(too_deep(_sample(deep))) == ["sample.py:1: f nests 4 deep"]
    flat = "def f():\n if a:\n  g()\n elif b:\n  g()\n elif c:\n  g()\n elif d:\n  g()\n"
    assert list(too_deep(_sample(flat))) == []


def test_a_sixth_parameter_is_told_and_self_is_free() -> None:
    six = "def f(a, b, c, *, d, e, g): ...\n"
    assert list(too_many_parameters(_sample(six))) == ["sample.py:1: f takes 6 parameters"]
    assert list(too_many_parameters(_sample("def f(self, a, b, c, d, e): ...\n"))) == []
