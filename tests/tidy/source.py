"""The project's own Python files, read once, and the little that every rule needs from them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("agent", "hal", "protocol", "science", "server")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: its path from the project's root (posix), its text, its tree."""

    path: str
    text: str = field(repr=False)
    tree: ast.Module = field(repr=False)

    @staticmethod
    def of(path: str, text: str) -> Source:
        """Parse `text` as if it stood at `path`; samples in tests are made this way."""
        return Source(path, text, ast.parse(text))

    def functions(self) -> Iterator[Function]:
        """Every function and method, nested ones too."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node


@cache
def product() -> tuple[Source, ...]:
    """Every file that is shipped."""
    return tuple(_read(PACKAGES))


@cache
def suite() -> tuple[Source, ...]:
    """Every file that tests."""
    return tuple(_read(("tests",)))


def _read(folders: tuple[str, ...]) -> Iterator[Source]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "build" not in path.relative_to(ROOT).parts:
                yield Source.of(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))


def imports(source: Source) -> Iterator[tuple[str, int]]:
    """Every absolute import as (dotted module, line); `from a import b` gives a and a.b."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{name.name}", node.lineno) for name in node.names)


def dotted(node: ast.expr) -> str:
    """`a.b.c` for the expression a.b.c; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else ""
    return ""
