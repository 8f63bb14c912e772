"""Write the tables of docs/pilots.md: `python -m tests.tidy.pilots_doc`."""

from __future__ import annotations

from pathlib import Path

from tests.tidy.accounts_doc import table, write

PAGE = Path(__file__).parents[2] / "docs" / "pilots.md"


def render() -> str:
    """All tables as Markdown."""
    return "\n".join([_switch(), _terms(), _phases(), _lives(), _parts(), _reasons()])


def _switch() -> str:
    from server.pilots.rules import MODES, ActionKind
    from server.pilots.words import MODES as WORDS

    rows = (
        [f"{mode}, {WORDS[mode].word.ko}", *(stops.get(kind, "") for kind in ActionKind)]
        for mode, stops in MODES.items()
    )
    return table("What each mode of the switch stops", ["mode", *ActionKind], rows)


def _terms() -> str:
    from server.pilots.rules import ANYBODY, TERMS

    rows = (
        [
            kind,
            terms.window,
            "yes" if terms.covered else "",
            "anybody in the pilot" if terms.states == ANYBODY else ", ".join(sorted(terms.states)),
            "yes" if terms.consents else "",
        ]
        for kind, terms in TERMS.items()
    )
    head = ["kind of action", "when", "exemption and insurance", "who", "consents"]
    return table("What each kind of action asks for", head, rows)


def _phases() -> str:
    from server.pilots.rules import PHASE_STEPS

    rows = ([state, step, to] for (state, step), to in PHASE_STEPS.items())
    return table("Steps of a phase", ["from", "step", "to"], rows)


def _lives() -> str:
    from server.pilots.rules import PARTICIPANT_STEPS

    rows = ([state, step, to] for (state, step), to in PARTICIPANT_STEPS.items())
    return table("Steps of a participant", ["from", "step", "to"], rows)


def _parts() -> str:
    from server.pilots.rules import PARTS, Right
    from server.pilots.words import PARTS as WORDS

    rows = (
        [f"{part}, {WORDS[part].ko}", *("yes" if right in rights else "" for right in Right)]
        for part, rights in PARTS.items()
    )
    return table("What a part in a pilot gives", ["part", *Right], rows)


def _reasons() -> str:
    from server.accounts import refusals
    from server.accounts.rules import Refused
    from server.pilots.words import REASONS

    rows = (
        [f"`{reason}`", str(refusals.status_of(Refused(reason))), text.en, text.ko]
        for reason, text in REASONS.items()
    )
    return table("Reasons (closed list)", ["reason", "status", "English", "한국어"], rows)


if __name__ == "__main__":
    write(PAGE, render)
