"""Write the registries of docs/protocol.md: `python -m tests.tidy.registry_doc`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path

from protocol import registry, settable
from protocol.registry import Text
from protocol.settable import Range

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
    ("configuration stage", settable.STAGES),
    ("configuration why", settable.WHYS),
)  # type: ignore[assignment]  # mappings are invariant in their key


def render() -> str:
    """All registries as Markdown."""
    tables = (_table(name, texts) for name, texts in TABLES)
    return "\n".join([*tables, _settings(), _limits(), _problems()])


def _settings() -> str:
    rows = [f"| {code.value} | {_range(one)}" for code, one in settable.SETTINGS.items()]
    head = ["**setting**\n", "| code | in a file | least | most | English | 한국어 |"]
    return "\n".join([*head, "|---|---|---:|---:|---|---|", *rows, ""])


def _limits() -> str:
    rows = [
        f"| {quantity.name.lower()} | {_range(one)}"
        for quantity, fields in settable.LIMITED.items()
        for one in fields.values()
    ]
    head = ["**limit**\n", "| quantity | in a file | least | most | English | 한국어 |"]
    return "\n".join([*head, "|---|---|---:|---:|---|---|", *rows, ""])


def _range(one: Range) -> str:
    return f"`{one.key}` | {one.least:,} | {one.most:,} | {one.text.en} | {one.text.ko} |"


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
