"""Words of closed lists and state machines as tables. Pure: no tables, no requests, no clock.

A machine is a table from (state, step) to the next state; what is not in it cannot happen, and the
database refuses it too (migration 0002). Spec: docs/coldchain.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Final

SERVICE: Final = "coldchain"
MINUTE_MS: Final = 60_000

AHEAD_MS: Final = 2 * MINUTE_MS
"""How far a clock in somebody's hand may be ahead of ours."""
BEHIND_MS: Final = 60 * 24 * 60 * MINUTE_MS
"""How late something may be told."""
UNDO_MS: Final = 15 * MINUTE_MS
"""How long the last action of a person can be undone."""
MAX_PARTS: Final = 500
"""Lots that one action takes up or makes."""
MAX_LANDINGS: Final = 10_000
"""Lots of one list: a night's auction, or all that is loaded from it."""
MAX_GRAMS: Final = 10**12
MAX_BOXES: Final = 10**6


class Reason(StrEnum):
    """Why the cold chain says no; used in pages, API and log alike."""

    NOT_FOUND = "not-found"
    ROLE = "role"
    BAD_INPUT = "bad-input"
    TAKEN = "taken"
    KEY_REUSED = "key-reused"
    FUTURE = "future"
    TOO_OLD = "too-old"
    BEFORE_IT_WAS = "before-it-was"
    NOT_HOLDER = "not-holder"
    NOT_YOURS_TO_DO = "not-yours-to-do"
    NOT_YOUR_TRUCK = "not-your-truck"
    WRONG_STATE = "wrong-state"
    USED_UP = "used-up"
    TOO_MANY_PARTS = "too-many-parts"
    HEAVIER = "heavier"
    MORE_WAS_TAKEN = "more-was-taken"
    ELSEWHERE = "elsewhere"
    NOT_THERE = "not-there"
    UNLOADED_ALREADY = "unloaded-already"
    OFFERED_ALREADY = "offered-already"
    EXCURSION_OPEN = "excursion-open"
    PHOTO_MISSING = "photo-missing"
    WHY_MISSING = "why-missing"
    LABEL_UNKNOWN = "label-unknown"
    LABEL_BOUND = "label-bound"
    LABEL_VOID = "label-void"
    GTIN = "gtin"
    HELD = "held"
    RECALLED = "recalled"
    SETTLED = "settled"
    NOT_UNDOABLE = "not-undoable"
    UNDO_LATE = "undo-late"
    NOTHING_TOUCHED = "nothing-touched"
    HOLDERS_OPEN = "holders-open"
    QUANTITIES_OPEN = "quantities-open"
    PERSON_NEEDED = "person-needed"
    SCORE_EXCEEDS = "score-exceeds"
    CYCLE = "cycle"


class Kind(StrEnum):
    """What happened: the kinds of events."""

    PARTY_TOLD = "party-told"
    PLACE_ADDED = "place-added"
    ROOM_ADDED = "room-added"
    LANDED = "landed"
    PASSED_IN = "passed-in"
    AWARDED = "awarded"
    SETTLED = "settled"
    SORTED = "sorted"
    TRANSFORMED = "transformed"
    SPLIT = "split"
    MERGED = "merged"
    REWORKED = "reworked"
    WASTED = "wasted"
    PACKED = "packed"
    UNPACKED = "unpacked"
    LOADED = "loaded"
    UNLOADED = "unloaded"
    OFFERED = "offered"
    WITHDRAWN = "withdrawn"
    RECEIVED = "received"
    REFUSED = "refused"
    LEFT = "left"
    ON_SALE = "on-sale"
    SOLD = "sold"
    SOLD_OUT = "sold-out"
    SCRAPPED = "scrapped"
    PURCHASED = "purchased"
    PROBLEM = "problem"
    DISPUTED = "disputed"
    REPORT_CLOSED = "report-closed"
    ROLL_MADE = "roll-made"
    BOUND = "bound"
    INSPECTED = "inspected"
    SAMPLED = "sampled"
    RESULT = "result"
    HELD = "held"
    RELEASED = "released"
    RECALL_OPENED = "recall-opened"
    RECALL_NOTIFIED = "recall-notified"
    RECALL_ANSWERED = "recall-answered"
    RECALL_COUNTED = "recall-counted"
    RECALL_CLOSED = "recall-closed"
    CORRECTED = "corrected"
    DECLARED = "declared"
    UNDONE = "undone"


class Part(StrEnum):
    """What a lot is in an event."""

    MADE = "made"
    USED = "used"
    NAMED = "named"


class LinkKind(StrEnum):
    """How a lot came from another one."""

    SORT = "sort"
    SPLIT = "split"
    MERGE = "merge"
    TRANSFORM = "transform"
    REWORK = "rework"


class Gear(StrEnum):
    """How it was caught."""

    PURSE_SEINE = "purse-seine"
    TRAWL = "trawl"
    GILL_NET = "gill-net"
    LONG_LINE = "long-line"
    TRAP = "trap"
    LINE = "line"
    OTHER = "other"
    UNKNOWN = "unknown"


class Source(StrEnum):
    """Who gave the time of the catch."""

    NOBODY = ""
    FISHER = "fisher"
    COOPERATIVE = "cooperative"
    DOCUMENT = "document"


class PlaceKind(StrEnum):
    """Fixed sites."""

    MARKET = "market"
    """위판장"""
    PLANT = "plant"
    STORE = "store"
    SHOP = "shop"
    DEPOT = "depot"


class RoomKind(StrEnum):
    """What lots can be in."""

    TRUCK = "truck"
    COLD_ROOM = "cold-room"
    WORK_ROOM = "work-room"
    DISPLAY = "display"
    FLOOR = "floor"
    """A row on the market's floor: time without ice, as a stay."""


class Status(StrEnum):
    """Where a lot stands. In transit is no state: it is an open stay in a truck."""

    LANDED = "landed"
    SORTED = "sorted"
    PASSED_IN = "passed-in"
    """유찰"""
    AWARDED = "awarded"
    """낙찰"""
    PROCESSED = "processed"
    RECEIVED = "received"
    ON_SALE = "on-sale"
    SOLD = "sold"
    SOLD_OUT = "sold-out"
    SCRAPPED = "scrapped"
    VOID = "void"
    """Its making was undone."""


class Step(StrEnum):
    """What is done to a lot."""

    PASS_IN = "pass-in"
    AWARD = "award"
    WORK = "work"
    """Take from it: sort, split, merge, transform, rework, waste."""
    RECEIVE = "receive"
    OFFER_FOR_SALE = "offer-for-sale"
    SELL = "sell"
    SELL_OUT = "sell-out"
    SCRAP = "scrap"
    VOID = "void"


FRESH: Final = (Status.LANDED, Status.SORTED, Status.PASSED_IN)
"""States in which a lot can be put up for auction."""
LIVE: Final = (*FRESH, Status.AWARDED, Status.PROCESSED, Status.RECEIVED, Status.ON_SALE)
OVER: Final = frozenset({Status.SOLD, Status.SOLD_OUT, Status.SCRAPPED, Status.VOID})

LOT_STEPS: Final[Mapping[tuple[Status, Step], Status]] = {
    **{(one, Step.PASS_IN): Status.PASSED_IN for one in FRESH},
    **{(one, Step.AWARD): Status.AWARDED for one in FRESH},
    **{(one, Step.WORK): one for one in LIVE},
    **{(one, Step.RECEIVE): Status.RECEIVED for one in LIVE},
    **{(one, Step.OFFER_FOR_SALE): Status.ON_SALE for one in LIVE},
    **{(one, Step.SELL): Status.SOLD for one in LIVE},
    **{(one, Step.SELL_OUT): Status.SOLD_OUT for one in LIVE},
    **{(one, Step.SCRAP): Status.SCRAPPED for one in LIVE},
    **{(one, Step.VOID): Status.VOID for one in LIVE},
}


class Side(StrEnum):
    """What stands beside a lot's state: may it be sold?"""

    FREE = ""
    HELD = "held"
    RECALLED = "recalled"


SIDE_STEPS: Final = frozenset(
    {
        (Side.FREE, Side.HELD),
        (Side.FREE, Side.RECALLED),
        (Side.HELD, Side.FREE),
        (Side.HELD, Side.RECALLED),
    }
)
"""A recalled lot stays recalled."""


class Custody(StrEnum):
    """Where a hand-over stands."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    PART = "part"
    REFUSED = "refused"
    ONE_SIDED = "one-sided"
    """수령 미확인: gone, and nobody has answered."""
    WITHDRAWN = "withdrawn"


class CustodyStep(StrEnum):
    """What is done to a hand-over."""

    ACCEPT = "accept"
    TAKE_PART = "take-part"
    REFUSE = "refuse"
    LEAVE = "leave"
    WITHDRAW = "withdraw"


CUSTODY_STEPS: Final[Mapping[tuple[Custody, CustodyStep], Custody]] = {
    (Custody.PROPOSED, CustodyStep.ACCEPT): Custody.ACCEPTED,
    (Custody.PROPOSED, CustodyStep.TAKE_PART): Custody.PART,
    (Custody.PROPOSED, CustodyStep.REFUSE): Custody.REFUSED,
    (Custody.PROPOSED, CustodyStep.LEAVE): Custody.ONE_SIDED,
    (Custody.PROPOSED, CustodyStep.WITHDRAW): Custody.WITHDRAWN,
    (Custody.ONE_SIDED, CustodyStep.ACCEPT): Custody.ACCEPTED,
    (Custody.ONE_SIDED, CustodyStep.TAKE_PART): Custody.PART,
    (Custody.ONE_SIDED, CustodyStep.REFUSE): Custody.REFUSED,
}
OPEN_CUSTODY: Final = (Custody.PROPOSED, Custody.ONE_SIDED)


class Judge(StrEnum):
    """Whose side an inspector is on: a seller's score may only worsen."""

    SELLER = "seller"
    BUYER = "buyer"
    INDEPENDENT = "independent"


class SampleState(StrEnum):
    """Where a sample (수거검사) stands. 부적합 is said here and nowhere else."""

    TAKEN = "taken"
    PASSED = "passed"
    FAILED = "failed"


SAMPLE_STEPS: Final = frozenset((SampleState.TAKEN, one) for one in list(SampleState)[1:])


class Basis(StrEnum):
    """On what a hold or a recall rests."""

    OWN = "own"
    """The seller's own caution."""
    FOOD_SANITATION = "food-sanitation-act"
    """식품위생법"""
    FISHERY_QUALITY = "fishery-quality-act"
    """농수산물 품질관리법"""
    COURT = "court"


class HoldState(StrEnum):
    """Where a sales hold (판매 중지) stands."""

    HELD = "held"
    RELEASED = "released"


HOLD_STEPS: Final = frozenset({(HoldState.HELD, HoldState.RELEASED)})


class RecallWhy(StrEnum):
    """Why lots are recalled."""

    HISTAMINE = "histamine"
    TEMPERATURE = "temperature"
    CONTAMINATION = "contamination"
    FOREIGN_BODY = "foreign-body"
    LABELLING = "labelling"
    SAMPLE = "sample"
    OTHER = "other"


class RecallState(StrEnum):
    """Where a recall stands."""

    OPENED = "opened"
    NOTIFIED = "notified"
    CLOSED = "closed"


RECALL_STEPS: Final = frozenset(pairwise(RecallState))


class RecallPart(StrEnum):
    """Why a lot stands in a recall."""

    SOURCE = "source"
    DERIVED = "derived"
    CONTACT = "contact"
    """Possible contact: in the same room at the same time. Listed, not recalled."""


class HolderState(StrEnum):
    """How far a holder was reached."""

    LISTED = "listed"
    NOTIFIED = "notified"
    ACKNOWLEDGED = "acknowledged"
    UNREACHED = "unreached"


HOLDER_STEPS: Final = frozenset(
    {
        (HolderState.LISTED, HolderState.NOTIFIED),
        (HolderState.LISTED, HolderState.UNREACHED),
        (HolderState.LISTED, HolderState.ACKNOWLEDGED),
        (HolderState.NOTIFIED, HolderState.ACKNOWLEDGED),
        (HolderState.NOTIFIED, HolderState.UNREACHED),
        (HolderState.UNREACHED, HolderState.ACKNOWLEDGED),
    }
)


class ProblemKind(StrEnum):
    """What is reported of a lot: by a shopper, or by the fisher of what was entered for them."""

    SMELL = "smell"
    ILLNESS = "illness"
    WARM = "warm"
    LABEL = "label"
    OTHER = "other"
    QUANTITY = "quantity"
    SPECIES = "species"
    TIME = "time"


DISPUTES: Final = (ProblemKind.QUANTITY, ProblemKind.SPECIES, ProblemKind.TIME)
"""What a fisher may say of a landing; the others are a shopper's."""
