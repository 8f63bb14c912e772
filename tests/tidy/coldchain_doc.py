"""Write the tables of docs/coldchain.md: `python -m tests.tidy.coldchain_doc`."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from tests.tidy.accounts_doc import table, write

PAGE = Path(__file__).parents[2] / "docs" / "coldchain.md"
NONE = "(none)"


def render() -> str:
    """All tables as Markdown."""
    return "\n".join([_actions(), *_machines(), _undoable(), _reasons()])


def _actions() -> str:
    import server.coldchain.actions as rooms
    from server.coldchain.acting import ONLY

    rows = []
    for path in sorted(Path(rooms.__path__[0]).glob("[a-z]*.py")):
        module = __import__(f"server.coldchain.actions.{path.stem}", fromlist=["_"])
        for name, one in vars(module).items():
            if hasattr(one, "need") and one.__module__ == module.__name__:
                only = ", ".join(sorted(map(str, ONLY.get(name, ()))))
                rows.append([f"`{path.stem}.{name}`", str(one.need), str(one.kind), only])
    head = ["action", "needs", "for the pilot it is", "only"]
    return table("What can be done", head, rows)


def _machines() -> Iterable[str]:
    from server.coldchain import rules, signs

    for title, steps in (
        ("Steps of a lot", rules.LOT_STEPS),
        ("Steps of a hand-over", rules.CUSTODY_STEPS),
        ("Steps of a sign that a sensor needs a look", signs.SIGN_STEPS),
    ):
        yield table(title, ["from", "step", "to"], ([a, b, c] for (a, b), c in steps.items()))
    for title, moves in (
        ("Whether a lot may be sold", rules.SIDE_STEPS),
        ("Moves of a sample", rules.SAMPLE_STEPS),
        ("Moves of a hold", rules.HOLD_STEPS),
        ("Moves of a recall", rules.RECALL_STEPS),
        ("Moves of a recall's holder", rules.HOLDER_STEPS),
    ):
        yield table(title, ["from", "to"], _sorted(moves))


def _sorted(moves: Iterable[tuple[StrEnum, StrEnum]]) -> list[list[str]]:
    return sorted([str(a) or NONE, str(b) or NONE] for a, b in moves)


def _undoable() -> str:
    from server.coldchain.effects.back import UNDOABLE

    return table("What can be undone", ["event"], ([kind] for kind in UNDOABLE))


def _reasons() -> str:
    from server.accounts.refusals import status_of
    from server.accounts.rules import Refused
    from server.coldchain.words import REASONS

    rows = (
        [f"`{reason}`", str(status_of(Refused(reason))), text.en, text.ko]
        for reason, text in REASONS.items()
    )
    return table("Reasons (closed list)", ["reason", "status", "English", "한국어"], rows)


if __name__ == "__main__":
    write(PAGE, render)
