"""선별, 손질, 소분, 합침, 재작업, 폐기: what went in, what came out, and the sum while it is typed.

Waste and loss are asked at the end of every step, or the sum never closes; a sum that does not
close is called 수량 불일치 and is never adjusted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from science.balance import Finding, Step
from science.species import Form
from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import working
from server.coldchain.actions.working import TRANSFORMS, Job, Out
from server.coldchain.models import Event, Lot
from server.coldchain.taking import Amount
from server.coldchain.work.basket import basket
from server.coldchain.work.frame import Here, task
from server.coldchain.work.labels import LABELS
from server.coldchain.work.landing import first_made, same_lot
from server.coldchain.work.sheet import MAX_TEXT, Blank, Hint, Sheet, count_of, grams_of, kilograms
from server.coldchain.work.shows import choices, lots
from server.coldchain.work.words import FORMS

LINES: Final = 4
MORE: Final = 3
SIZES: Final = ("size_large", "size_middle", "size_small")
STEPS: Final = (Step.GUT, Step.FILLET, Step.PORTION, Step.SALT, Step.PACK)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what comes out, as it was typed. number: counts from 1."""

    number: int
    trade: str = ""
    boxes: str = ""
    grams: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class Total:
    """The sum so far: in, out and what is untold, in kilograms; shape, tone and word of it."""

    taken: str
    made: str
    lost: str
    shape: str
    tone: str
    word: str


def lines(sheet: Sheet, suggested: Sequence[str] = ()) -> list[Line]:
    """The lines as typed, filled up; one button adds more of them."""
    columns = [sheet.column(name) for name in ("out_trade", "out_boxes", "out_grams", "out_form")]
    typed = list(zip_longest(*columns, fillvalue=""))
    if not typed:
        typed = [(one, "", "", "") for one in suggested]
    least = max(LINES, len(typed) + (MORE if sheet.text("more") else 0))
    typed += [("", "", "", "")] * (least - len(typed))
    return [Line(number, *one) for number, one in enumerate(typed, 1)]


def outs(sheet: Sheet, parent: Lot) -> tuple[Out, ...]:
    """What came out, by the lines that have a weight. Raises Blank."""
    found = []
    for line in lines(sheet):
        if not line.grams and not line.boxes:
            continue
        found.append(
            Out(
                grams=grams_of(line.grams, "out_grams"),
                boxes=count_of(line.boxes, "out_boxes"),
                trade=named(parent, line.trade),
                form=_form(line.form),
            )
        )
    return tuple(found)


def named(parent: Lot, size: str) -> str:
    """A size class by the name of what it came from."""
    plain = size[:MAX_TEXT]
    return plain if not plain or parent.trade in plain else f"{parent.trade} {plain}"


def _form(text: str) -> Form | None:
    try:
        return Form(text) if text else None
    except ValueError:
        raise Blank("out_form", Hint.CHOICE) from None


def job(sheet: Sheet, found: Lot, *, whole: bool) -> Job:
    """What was done with one lot; `whole`: all that is left of it was taken up. Raises Blank."""
    made = outs(sheet, found)
    feed = sheet.grams_if_any("feed") or 0
    if feed:
        made += (Out(grams=feed, trade=named(found, "사료용"), feed=True),)
    if not made:
        raise Blank("out_grams", Hint.WEIGHT)
    waste, loss = sheet.grams_if_any("waste") or 0, sheet.grams_if_any("loss") or 0
    taken = sum(one.grams for one in made) + waste + loss
    used = Amount(found.ref) if whole or taken >= found.left_grams else Amount(found.ref, taken)
    return Job((used,), made, waste, loss, sheet.text("said"))


def total(here: Here, sheet: Sheet, found: Lot, step: Step) -> Total | None:
    """The sum of what is typed, held against the bounds of the step; None while there is none."""
    try:
        done = job(sheet, found, whole=True)
    except Blank:
        return None
    held = working.weighed(step, found.left_grams, done, found.species.split())
    signs = {
        Finding.FITS: ("✓", "good", "sum_fits"),
        Finding.OPEN: ("△", "warn", "mismatch"),
        Finding.YIELD: ("△", "warn", "odd_yield"),
        Finding.HEAVIER: ("✕", "bad", "sum_heavier"),
    }
    shape, tone, word = signs[held.finding]
    made = found.left_grams - held.lost
    lost = ("−" if held.lost < 0 else "") + kilograms(abs(held.lost))
    text = here.say(LABELS[word])
    return Total(kilograms(found.left_grams), kilograms(made), lost, shape, tone, text)


def _one(here: Here, sheet: Sheet, step: Step, suggested: Sequence[str] = ()) -> dict[str, object]:
    found = here.lot()
    return {
        "lot": lots([found], here.language)[0],
        "lines": lines(sheet, suggested),
        "total": total(here, sheet, found, step),
        "forms": choices(FORMS, here.language),
    }


def _sort_show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    return _one(here, sheet, Step.SORT, [here.say(LABELS[one]) for one in SIZES])


def _sort(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    return working.sort(desk, job(sheet, here.lot(), whole=True))


def _chosen(sheet: Sheet) -> Step:
    """The step of a transformation. Raises Blank."""
    step = sheet.word("step", Step)
    if step not in TRANSFORMS:
        raise Blank("step", Hint.CHOICE)
    return step


def _transform_show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    chosen = sheet.text("step")
    step = Step(chosen) if chosen in list(STEPS) else Step.GUT
    words = [(str(one), here.say(LABELS[f"step_{one}"])) for one in STEPS]
    return {**_one(here, sheet, step), "steps": words, "step": str(step)}


def _transform(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    return working.transform(desk, _chosen(sheet), job(sheet, here.lot(), whole=True))


def _split_show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    return _one(here, sheet, Step.SPLIT)


def _split(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    return working.split(desk, job(sheet, here.lot(), whole=False))


def _rework_show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    return _one(here, sheet, Step.REWORK)


def _rework(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    return working.rework(desk, job(sheet, here.lot(), whole=False))


def _waste_show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    return _one(here, sheet, Step.SORT)


def _waste(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    gone = Amount(here.lot().ref, sheet.grams("grams"), sheet.count("boxes"))
    return working.waste(desk, (gone,), sheet.text("said"))


def _merge_show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    return basket(here, sheet)


def _merge(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    refs = sheet.many("lot")
    if len(refs) < 2:
        raise Blank("lot", Hint.LOT)
    found = [here.lot(ref) for ref in refs]
    waste, loss = sheet.grams_if_any("waste") or 0, sheet.grams_if_any("loss") or 0
    out = Out(grams=sheet.grams("grams"), boxes=sheet.count("boxes"), trade=sheet.text("out_trade"))
    used = tuple(Amount(one.ref) for one in found)
    return working.merge(desk, Job(used, (out,), waste, loss, sheet.text("said")))


sort = task("sort", _sort_show, _sort)
transform = task("transform", _transform_show, _transform)
split = task("split", _split_show, _split)
waste = task("waste", _waste_show, _waste, same_lot)
rework = task("rework", _rework_show, _rework)
merge = task("merge", _merge_show, _merge, first_made)
