"""What one event says, apart from how it is spelt: the nouns between rows and documents.

Ids are URIs (`ids`), times UTC milliseconds, weights grams (0: not said), temperatures
milli-degrees Celsius. An empty text is something that was not said.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.coldchain.epcis.vocabulary import Action, Disposition, Step, Type, Wrong


@dataclass(frozen=True, slots=True)
class Goods:
    """So much of a lot. trade, form, kept, feed: of lots that the event makes."""

    id: str
    grams: int = 0
    boxes: int = 0
    trade: str = ""
    form: str = ""
    kept: str = ""
    feed: bool = False


@dataclass(frozen=True, slots=True)
class Catch:
    """Where lots come from: the key data elements of a wild catch, the same for all of an event.

    species: words of our closed list; area: FAO's numbers, apart by spaces; landed: a place's URI;
    use_by: a day as it is written, YYYY-MM-DD.
    """

    species: tuple[str, ...] = ()
    catch_ms: int | None = None
    catch_by: str = ""
    area: str = ""
    gear: str = ""
    vessel: str = ""
    landed: str = ""
    origin: str = ""
    ice: str = ""
    ice_ratio: str = ""
    use_by: str = ""
    trace_no: str = ""


@dataclass(frozen=True, slots=True)
class Sensed:
    """What sensors said of the air around the goods from when to when; proof: where that is proved.

    unknown_ms: how much of the time nothing was recorded; null values: nothing was, at all.
    """

    from_ms: int
    until_ms: int
    min_milli: int | None = None
    max_milli: int | None = None
    mean_milli: int | None = None
    unknown_ms: int = 0
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """That an event was wrong: when that was said, why, and which events tell it right."""

    at_ms: int
    wrong: Wrong
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """What a transformation says beside its lots: our step, what is gone, in grams."""

    step: str = ""
    waste: int = 0
    loss: int = 0


@dataclass(frozen=True, slots=True)
class Fact:
    """One event. action: None for transformations; goods: its lots, for these the ones used.

    units: single things (pallets by SSCC, devices); parent: what they and the goods are put on.
    kind: our own word for what happened; noted_ms: when we were told, None: not said; carrier: who
    brings goods from giver to taker, for which the standard has no field.
    """

    id: str
    type: Type
    at_ms: int
    step: Step
    action: Action | None = None
    disposition: Disposition | None = None
    noted_ms: int | None = None
    goods: tuple[Goods, ...] = ()
    made: tuple[Goods, ...] = ()
    units: tuple[str, ...] = ()
    parent: str = ""
    place: str = ""
    giver: str = ""
    taker: str = ""
    catch: Catch | None = None
    job: Job | None = None
    sensed: tuple[Sensed, ...] = ()
    declared: Declared | None = None
    kind: str = ""
    carrier: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """An event that was read, and where it stands; ignored: what it says that is not taken over."""

    at: str
    fact: Fact
    ignored: tuple[str, ...] = ()
