"""선별, 손질, 소분, 합침: lots are taken up, others come of them.

One event each. A sum that does not close is told ("수량 불일치", `told["balance"]`), and the work
goes on; more coming out than went in is refused. No child has a better history than its parents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from science import balance as mass
from science.balance import Step
from science.species import SPECIES, Form, Kept, Species
from server.accounts.rules import Need
from server.coldchain import taking
from server.coldchain.acting import Desk, Refusal, action
from server.coldchain.done import Line
from server.coldchain.events import Told, happened
from server.coldchain.lineage import inherited, shaped
from server.coldchain.making import Family, Used, born, descend, new
from server.coldchain.models import Event, Lot
from server.coldchain.rules import MAX_PARTS, Kind, Part, Reason, Status
from server.coldchain.rules import Step as LotStep
from server.coldchain.taking import Amount
from server.pilots.rules import ActionKind


@dataclass(frozen=True, slots=True)
class Out:
    """One lot that comes out. form, kept "": as its parents; feed: reject or 사료용."""

    grams: int
    boxes: int = 0
    trade: str = ""
    form: Form | None = None
    kept: Kept | None = None
    feed: bool = False
    code: str = ""
    gtin: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """What is taken, what comes of it, and what is gone: grams of waste and by-product, of loss."""

    used: tuple[Amount, ...]
    made: tuple[Out, ...]
    waste: int = 0
    loss: int = 0
    """Ice and water that ran off, as weighed or estimated; told, so it closes the sum."""
    said: str = field(default="")


SHAPES: Final[dict[Step, tuple[Kind, Status]]] = {
    Step.SORT: (Kind.SORTED, Status.SORTED),
    Step.SPLIT: (Kind.SPLIT, Status.PROCESSED),
    Step.MERGE: (Kind.MERGED, Status.PROCESSED),
    Step.REWORK: (Kind.REWORKED, Status.PROCESSED),
}
"""Event and the children's state; every other step is a transformation."""
TRANSFORMS: Final = frozenset({Step.GUT, Step.FILLET, Step.PORTION, Step.SALT, Step.PACK})
FORMS: Final = {Step.GUT: Form.GUTTED, Step.FILLET: Form.FILLET, Step.SALT: Form.SALTED}
"""What comes out of a transformation where nothing else is said."""


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def sort(desk: Desk, job: Job) -> Event:
    """선별: one landing in; size classes, rejects and 사료용 out."""
    _check_parents(job, one=True)
    return _work(desk, Step.SORT, job)


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def transform(desk: Desk, step: Step, job: Job) -> Event:
    """손질 and other transformations."""
    if step not in TRANSFORMS:
        raise Refusal(Reason.BAD_INPUT, "step")
    return _work(desk, step, job)


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def split(desk: Desk, job: Job) -> Event:
    """소분: one lot becomes several; what is not taken stays in it."""
    _check_parents(job, one=True)
    return _work(desk, Step.SPLIT, job)


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def merge(desk: Desk, job: Job) -> Event:
    """합침(혼합): several lots become one, with the worse start and all their species."""
    _check_parents(job, one=False)
    if len(job.made) != 1:
        raise Refusal(Reason.BAD_INPUT, "made")
    return _work(desk, Step.MERGE, job)


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def rework(desk: Desk, job: Job) -> Event:
    """Take back into work what was made already; a new lot, so that no circle arises."""
    return _work(desk, Step.REWORK, job)


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def waste(desk: Desk, amounts: tuple[Amount, ...], said: str = "") -> Event:
    """Throw so much of lots away (폐기); less is left of them."""
    used = _taken(desk, amounts)
    lines = [Line(lot, Part.USED, boxes, grams) for lot, grams, boxes in used]
    return happened(desk, Told(Kind.WASTED, lines, said=said))


def weighed(step: Step, used: int, job: Job, species: Sequence[str]) -> mass.Balance:
    """The mass balance of a job of which the parents' grams add up to `used`."""
    family = SPECIES[Species(species[0])].family
    products = sum(one.grams for one in job.made if not one.feed)
    rest = job.waste + job.loss + sum(one.grams for one in job.made if one.feed)
    return mass.balance(mass.Weighed(used, products, rest), mass.bounds_of(step, family))


def _work(desk: Desk, step: Step, job: Job) -> Event:
    if max(len(job.used), len(job.made), len(job.used) * len(job.made)) > MAX_PARTS:
        raise Refusal(Reason.TOO_MANY_PARTS)
    if not job.made:
        raise Refusal(Reason.BAD_INPUT, "made")
    for name in ("waste", "loss"):
        if getattr(job, name) < 0:
            raise Refusal(Reason.BAD_INPUT, name)
    used = _taken(desk, job.used)
    parents = [lot for lot, _, _ in used]
    kind, status = SHAPES.get(step, (Kind.TRANSFORMED, Status.PROCESSED))
    made = [new(desk, {**_columns(parents, step, one), "status": status}) for one in job.made]
    found = weighed(step, sum(grams for _, grams, _ in used), job, parents[0].species.split())
    if not found.possible:
        raise Refusal(Reason.HEAVIER)
    told = {
        "step": str(step),
        "balance": str(found.finding),
        "untold": found.lost,
        "waste": job.waste,
        "loss": job.loss,
    }
    return descend(desk, [Family(used, made)], Told(kind, told=told, said=job.said))


def _columns(parents: Sequence[Lot], step: Step, out: Out) -> dict[str, Any]:
    """What a job says of a lot that it makes. Raises Refusal for a form that cannot come of it."""
    theirs = inherited(parents)
    kept = out.kept or Kept(theirs["kept"])
    form = shaped(parents, out.form or FORMS.get(step) or Form(theirs["form"]), kept)
    if form is None:
        raise Refusal(Reason.BAD_INPUT, "form")
    said: dict[str, Any] = {"form": form, "kept": kept, "grams": out.grams, "boxes": out.boxes}
    if out.trade:
        said["trade"] = out.trade[:40]
    feed = out.feed or any(one.feed for one in parents)
    return born(parents, {**said, "feed": feed, "code": out.code[:20], "gtin": out.gtin})


def _taken(desk: Desk, amounts: tuple[Amount, ...]) -> Used:
    """What is taken, not yet written: lots in one's hands, whole and free. Raises Refusal."""
    if len(amounts) > MAX_PARTS:
        raise Refusal(Reason.TOO_MANY_PARTS)
    lots = taking.held(desk, [one.lot for one in amounts])
    taking.free(lots)
    used = []
    for lot, amount in zip(lots, amounts, strict=True):
        taking.step(lot, LotStep.WORK)
        used.append((lot, *taking.weigh(lot, amount)))
        if used[-1][1] == 0:
            raise Refusal(Reason.USED_UP)
    taking.unoffered(used)
    return used


def _check_parents(job: Job, *, one: bool) -> None:
    if (len(job.used) == 1) is not one:
        raise Refusal(Reason.BAD_INPUT, "used")
