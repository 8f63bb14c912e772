"""Write the tables of docs/freshness.md: `python -m tests.tidy.freshness_doc`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

from science.marks import Figure, Formula
from tests.tidy.accounts_doc import table, write

PAGE = Path(__file__).parents[2] / "docs" / "freshness.md"
MODULES = (
    "spoilage",
    "histamine",
    "kinetics",
    "species",
    "sensing",
    "defrost",
    "timeline",
    "alarms",
)


def render() -> str:
    """All tables as Markdown."""
    return "\n".join([_formulas(), _figures(), _limits(), _budgets(), _grades(), _yields()])


def modules() -> Iterator[ModuleType]:
    """Those whose figures stand in the page."""
    yield from (import_module(f"science.{name}") for name in MODULES)


def _formulas() -> str:
    found = {
        one.name: one for module in modules() for one in vars(module).values() if _is(one, Formula)
    }
    rows = ([f"`{name}`", one.unit, one.valid, one.source, one.mark] for name, one in found.items())
    return table(
        "Formulas, with the version that a page prints",
        ["formula", "unit", "valid", "source", "mark"],
        rows,
    )


def _is(value: object, kind: type) -> bool:
    return isinstance(value, kind)


def _figures() -> str:
    rows = (
        [f"`{name}`", str(one.value), one.unit, one.source, one.mark]
        for module in modules()
        for name, one in figures(module)
    )
    return table("Figures", ["figure", "value", "unit", "source", "mark"], rows)


def figures(module: ModuleType) -> Iterator[tuple[str, Figure]]:
    """Every constant of a module that has a source, those in tables too."""
    where = module.__name__.rpartition(".")[2]
    for name, value in vars(module).items():
        if isinstance(value, Figure):
            yield f"{where}.{name}", value
        elif isinstance(value, Mapping):
            yield from (
                (f"{where}.{name}[{key or 'none'}]", one)
                for key, one in value.items()
                if isinstance(one, Figure)
            )


def _limits() -> str:
    from science.limits import LINES, REFERENCES
    from server.coldchain.published import CLASSES

    rows = [
        [
            f"`{one.id}`",
            CLASSES[one.kind].ko,
            "" if one.low is None else str(one.low),
            "" if one.high is None else str(one.high),
            one.source.words.en,
            one.source.mark,
        ]
        for one in LINES.values()
    ]
    rows += [
        [f"`{one.id}`", CLASSES[one.kind].ko, "", "", one.words.en, one.mark] for one in REFERENCES
    ]
    head = ["limit", "class", "from, m°C", "to, m°C", "source, or what it says", "mark"]
    return table("Limits of air", head, rows)


def _budgets() -> str:
    from science.limits import BUDGETS, HOUR_MS

    rows = (
        [
            f"`{profile}`",
            "yes" if frozen else "",
            str(one.above),
            f"{one.most_ms // HOUR_MS} h",
            "" if one.hot is None else f"{one.hot_ms // HOUR_MS} h above {one.hot}",
            one.source.mark,
        ]
        for (profile, frozen), one in BUDGETS.items()
    )
    head = ["profile", "was frozen", "above, m°C", "at most", "with any hotter", "mark"]
    return table("For export: information only, never a grade at home", head, rows)


def _grades() -> str:
    from science.spoilage import BANDS, GRADES

    rows = [[text.ko, text.en, str(BANDS.get(one, "above"))] for one, text in GRADES.items()]
    return table("Grades by the worse end of D / L0", ["등급", "grade", "percent, at most"], rows)


def _yields() -> str:
    from science.balance import BOUNDS

    rows = (
        [step, family, f"{one.least_product}–{one.most_product}", str(one.most_lost), one.mark]
        for (step, family), one in BOUNDS.items()
    )
    head = ["step", "fish", "product, ‰ of input", "unweighed at most, ‰", "mark"]
    return table("Yields", head, rows)


if __name__ == "__main__":
    write(PAGE, render)
