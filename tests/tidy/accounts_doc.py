"""Write the tables of docs/accounts.md: `python -m tests.tidy.accounts_doc`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "accounts.md"
BEGIN, END = "<!-- tables: begin -->\n", "<!-- tables: end -->\n"


def render() -> str:
    """All tables as Markdown."""
    return "\n".join([_rights(), _ways(), _reasons(), _limits(), _messages()])


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """One table of a page, under its title."""
    lines = [f"### {title}\n", _line(head), "|" + "---|" * len(head), *map(_line, rows), ""]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rights() -> str:
    from server.accounts.rules import GIVES, Need
    from server.accounts.words import ROLES

    needs = [need for need in Need if need not in (Need.OPEN, Need.SELF)]
    rows = (
        [f"{role}, {text.ko}", *("yes" if need in GIVES[role] else "" for need in needs)]
        for role, text in ROLES.items()
    )
    return table("What a role gives", ["role", *needs], rows)


def _ways() -> str:
    from server.accounts.rules import HOUR_MS, PASSES, SESSION_MS, Need
    from server.accounts.words import WAYS

    rows = (
        [
            f"{actor}, {WAYS[actor].ko}",
            *("yes" if need in passes else "" for need in Need),
            f"{SESSION_MS[actor] // HOUR_MS} h" if actor in SESSION_MS else "",
        ]
        for actor, passes in PASSES.items()
    )
    return table("What a way in lets through", ["way in", *Need, "session"], rows)


def _reasons() -> str:
    from server.accounts import refusals
    from server.accounts.rules import Refused
    from server.accounts.words import REASONS

    rows = (
        [f"`{reason}`", str(refusals.status_of(Refused(reason))), text.en, text.ko]
        for reason, text in REASONS.items()
    )
    return table("Reasons (closed list)", ["reason", "status", "English", "한국어"], rows)


def _limits() -> str:
    from server.accounts.rules import LIMITS, MINUTE_MS

    rows = (
        [what, one.of, str(one.count), f"{one.window_ms // MINUTE_MS} min"]
        for what, limits in LIMITS.items()
        for one in limits
    )
    return table("How often something may be tried", ["what", "of", "tries", "window"], rows)


def _messages() -> str:
    from server.messages.templates import TEMPLATES

    rows = (
        [f"`{name}`", ", ".join(sorted(one.given)), _many(one.body.en), one.body.ko]
        for name, one in TEMPLATES.items()
    )
    return table("Messages", ["template", "values", "English", "한국어"], rows)


def _many(text: str) -> str:
    """With the plural of what is counted: "{lots} lots"."""
    return re.sub(r"\{(\w+):\w+\|(\w+)\}", r"{\1} \2", text)


def section(page: Path = PAGE) -> str:
    """What a page holds between the two marks now."""
    text = page.read_text(encoding="utf-8")
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)]


def write(page: Path, tables: Callable[[], str]) -> None:
    """Put tables into a page."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings")
    import django

    django.setup()
    text = page.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    page.write_text(before + BEGIN + tables() + after, encoding="utf-8")


if __name__ == "__main__":
    write(PAGE, render)
