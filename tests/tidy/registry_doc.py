"""Write the registries of docs/protocol.md: `python -m tests.tidy.registry_doc`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path

from protocol import registry
from protocol.registry import Text

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"
BEGIN, END = "<!-- registries: begin -->\n", "<!-- registries: end -->\n"

TABLES: tuple[tuple[str, Mapping[IntEnum, Text]], ...] = (
    ("kind", registry.KINDS),
    ("quantity", registry.QUANTITIES),
    ("status", registry.STATUSES),
    ("time-source", registry.TIME_SOURCES),
    ("fix", registry.FIXES),
    ("event-kind", registry.EVENTS),
    ("param", registry.PARAMS),
    ("reason", registry.REASONS),
    ("leaf kind", registry.LEAF_KINDS),
)  # type: ignore[assignment]  # mappings are invariant in their key


def render() -> str:
    """All registries as Markdown."""
    return "\n".join([*(_table(name, texts) for name, texts in TABLES), _problems()])


def _table(name: str, texts: Mapping[IntEnum, Text]) -> str:
    rows = [
        f"| {code.value} | {text.en}{_note(code)} | {text.ko} |" for code, text in texts.items()
    ]
    return "\n".join([f"**{name}**\n", "| code | English | 한국어 |", "|---|---|---|", *rows, ""])


def _note(code: IntEnum) -> str:
    if isinstance(code, registry.Quantity):
        return f" ({registry.UNITS[code]})"
    if isinstance(code, registry.Status):
        return "; has a value" if code in registry.VALUED else "; null"
    return ""


def _problems() -> str:
    rows = [
        f"| `{slug}` | {text.status} | {'yes' if text.retryable else ''} | {text.title.en} "
        f"| {text.title.ko} |"
        for slug, text in registry.PROBLEMS.items()
    ]
    head = ["**problem** (closed list)\n", "| slug | status | retry | English | 한국어 |"]
    return "\n".join([*head, "|---|---|---|---|---|", *rows, ""])


def section() -> str:
    """What the page holds between the two marks now."""
    page = PAGE.read_text(encoding="utf-8")
    return page[page.index(BEGIN) + len(BEGIN) : page.index(END)]


def main() -> None:
    """Put the registries into the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, after = page[: page.index(BEGIN)], page[page.index(END) :]
    PAGE.write_text(before + BEGIN + render() + after, encoding="utf-8")


if __name__ == "__main__":
    main()
