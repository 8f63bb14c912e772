"""Write the tables of docs/exchange.md: `python -m tests.tidy.exchange_doc`."""

from __future__ import annotations

from pathlib import Path

from tests.tidy.accounts_doc import table, write

PAGE = Path(__file__).parents[2] / "docs" / "exchange.md"


def render() -> str:
    """All tables as Markdown."""
    return "\n".join([_addresses(), _shapes(), _captured(), _reasons(), _cells()])


def _addresses() -> str:
    from server.coldchain.api.doing import MEMBERS, STRANGERS

    rows = [
        [f"`POST {front}/{path}`", f"`{act.__module__.rpartition('.')[2]}.{act.__name__}`"]
        for front, acts in (("/{organisation}", MEMBERS), ("", STRANGERS))
        for path, act in acts.items()
    ]
    return table("Addresses below /api/coldchain", ["address", "action"], rows)


def _shapes() -> str:
    from server.coldchain.epcis.vocabulary import FITTED, SHAPES, UNFITTED

    ours = [(str(kind), shape) for kind, shape in SHAPES.items()]
    ours += [("a device is fitted", FITTED), ("and taken out", UNFITTED)]
    rows = [
        [kind, shape.type, str(shape.action or ""), shape.step, shape.disposition]
        for kind, shape in ours
    ]
    return table("Our events as EPCIS", ["event", "type", "action", "step", "disposition"], rows)


def _captured() -> str:
    from server.coldchain.exchange.deeds import ANY_STEP, DEEDS

    rows = [[kind, str(action or ""), step] for kind, action, step in DEEDS]
    rows += [[kind, "", "any"] for kind in ANY_STEP]
    return table("What is captured", ["type", "action", "step"], rows)


def _reasons() -> str:
    from server.coldchain.epcis.words import UNFIT

    rows = ([f"`{one}`", text.en, text.ko] for one, text in UNFIT.items())
    return table("Why a document is refused", ["reason", "English", "한국어"], rows)


def _cells() -> str:
    from server.coldchain.listing.words import FAULTS, REJECTS

    said = [*FAULTS.items(), *REJECTS.items()]
    rows = ([f"`{one}`", text.en, text.ko] for one, text in said)
    return table("What is said of a list and its rows", ["what", "English", "한국어"], rows)


if __name__ == "__main__":
    write(PAGE, render)
