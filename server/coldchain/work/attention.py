"""What needs somebody now, gravest first: each thing with its number, one instruction, and a key.

First what waits (`server.coldchain.attention`), then the next steps of this kind of organisation.
The first of all is the biggest thing on a home page. A recall or sales hold that nobody has
acknowledged covers the page before any of it (`stops`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from server.accounts.models import Kind as Sort
from server.coldchain import attention, excursions
from server.coldchain.attention import Matter
from server.coldchain.models import Handover, Label, Lot, Recall, Stay
from server.coldchain.rules import OPEN_CUSTODY, Custody, RecallState, RoomKind, Status
from server.coldchain.work.frame import Here
from server.coldchain.work.labels import LABELS
from server.coldchain.work.shows import live


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do: how many, what, the one instruction, and where."""

    icon: str
    tone: str
    shape: str
    count: int
    word: str
    note: str
    address: str


@dataclass(frozen=True, slots=True)
class Look:
    """How a thing to do is told. word: its label; the label `{word}_do` is the instruction."""

    word: str
    icon: str
    tone: str
    shape: str
    page: str


@dataclass(frozen=True, slots=True)
class Step:
    """A next step, and how many lots wait for it. kinds: of whom; empty: of all."""

    look: Look
    count: Callable[[Here], int]
    kinds: frozenset[str] = frozenset()


LABELLED: Final = (Status.AWARDED, Status.PROCESSED)
"""States in which goods want a label: after the auction or repacking, never at the landing."""
COOPERATIVE: Final = frozenset({Sort.COOPERATIVE})
PLANT: Final = frozenset({Sort.PLANT})
SHOP: Final = frozenset({Sort.SHOP, Sort.MERCHANT})

MATTERS: Final[Mapping[Matter, Look]] = {
    Matter.RECALL: Look("to_acknowledge", "stop", "bad", "◼", "recalls"),
    Matter.RECALLED: Look("recalled_here", "stop", "bad", "◼", "stopped"),
    Matter.HELD: Look("held_here", "stop", "bad", "■", "stopped"),
    Matter.EXCURSION: Look("excursions", "warm", "bad", "▲", "alarms"),
    Matter.SENSOR: Look("sensors", "eye", "warn", "△", "sensors"),
    Matter.TO_ANSWER: Look("to_accept", "inbox", "wait", "◐", "inbox"),
    Matter.UNCONFIRMED: Look("unconfirmed", "hand", "warn", "▽", "given"),
    Matter.UNANSWERED: Look("unanswered", "hand", "calm", "○", "given"),
    Matter.IN_TRUCK: Look("in_truck", "truck", "calm", "▷", "rooms"),
    Matter.PROBLEM: Look("problems", "eye", "warn", "△", "problems"),
}
GRAVE: Final = frozenset(
    {Matter.RECALL, Matter.RECALLED, Matter.HELD, Matter.EXCURSION, Matter.TO_ANSWER}
)
"""What comes before the next step of a day; the rest follows it."""


def incoming(here: Here) -> QuerySet[Handover]:
    """What waits for this organisation's answer."""
    mine = Handover.objects.filter(taker=here.organisation, status=Custody.PROPOSED)
    return mine.select_related("lot", "went", "giver").order_by("made_ms", "id")


def carried(here: Here) -> QuerySet[Handover]:
    """What this organisation brings to others."""
    return Handover.objects.filter(carrier=here.organisation, status__in=OPEN_CUSTODY)


def awaited(here: Here) -> QuerySet[Handover]:
    """What this organisation may bring aboard: what it carries, or is to take and nobody else
    carries."""
    mine = Handover.objects.filter(taker=here.organisation, status=Custody.PROPOSED)
    return carried(here) | mine.filter(carrier=None)


def aboard(here: Here) -> QuerySet[Stay]:
    """What is in this organisation's trucks now."""
    mine = Stay.objects.filter(room__organisation=here.organisation, until_ms=None)
    return mine.filter(room__kind=RoomKind.TRUCK)


def unlabelled(here: Here) -> QuerySet[Lot]:
    """Lots that want a label and have none."""
    bound = Label.objects.filter(lot__holder=here.organisation, void_ms=None).values("lot")
    return live(here.organisation.id).filter(status__in=LABELLED, feed=False).exclude(id__in=bound)


def _in_state(*states: Status) -> Callable[[Here], int]:
    return lambda here: live(here.organisation.id).filter(status__in=states, side="").count()


def _to_load(here: Here) -> int:
    there = aboard(here).values("lot")
    return carried(here).filter(went=None).exclude(lot__in=there).count()


def _own_recalls(here: Here) -> int:
    mine = Recall.objects.filter(organisation=here.organisation)
    return mine.exclude(state=RecallState.CLOSED).count()


STEPS: Final = (
    Step(Look("own_recalls", "stop", "bad", "◼", "recalls"), _own_recalls),
    Step(
        Look("to_sort", "sort", "wait", "▽", "lots?state=landed"),
        _in_state(Status.LANDED),
        COOPERATIVE,
    ),
    Step(
        Look("to_auction", "gavel", "wait", "◇", "auction"),
        _in_state(Status.SORTED, Status.PASSED_IN),
        COOPERATIVE,
    ),
    Step(
        Look("to_work", "knife", "wait", "●", "lots?state=received"),
        _in_state(Status.RECEIVED),
        PLANT,
    ),
    Step(Look("to_load", "truck", "wait", "▷", "rooms"), _to_load),
    Step(
        Look("to_unload", "truck", "wait", "◁", "rooms"),
        lambda here: aboard(here).exclude(lot__holder=here.organisation).count(),
    ),
    Step(Look("to_label", "label", "wait", "◈", "labels"), lambda here: unlabelled(here).count()),
    Step(Look("to_sell", "shop", "wait", "●", "shelf"), _in_state(Status.RECEIVED), SHOP),
)
"""The steps of a day, first what comes first."""


def items(here: Here) -> list[Item]:
    """What is to be done now: what is grave, the next steps, what waits for others."""
    found = {one.matter: one.count for one in attention.items(here.organisation.id)}
    # A carrier holds no lot, and its trucks are what gets warm.
    found[Matter.EXCURSION] = excursions.of(here.organisation.id).count()
    waiting = [
        (matter, _item(here, look, found[matter]))
        for matter, look in MATTERS.items()
        if found.get(matter)
    ]
    return [
        *(item for matter, item in waiting if matter in GRAVE),
        *_steps(here),
        *(item for matter, item in waiting if matter not in GRAVE),
    ]


def _steps(here: Here) -> Iterator[Item]:
    for step in STEPS:
        if step.kinds and here.organisation.kind not in step.kinds:
            continue
        count = step.count(here)
        if count:
            yield _item(here, step.look, count)


def _item(here: Here, look: Look, count: int) -> Item:
    return Item(
        icon=look.icon,
        tone=look.tone,
        shape=look.shape,
        count=count,
        word=here.say(LABELS[look.word]),
        note=here.say(LABELS[f"{look.word}_do"]),
        address=f"{here.home}/{look.page}",
    )
