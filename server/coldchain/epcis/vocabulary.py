"""Closed lists of EPCIS 2.0 and CBV 2.0, the names of our own fields, and what our kinds are there.

A word is read in each of the spellings that the standard allows (bare, its web address, its URN)
and written bare. What is on none of the lists is refused. Source: GS1 EPCIS 2.0 and CBV 2.0; key
data elements of a wild catch: GDST 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

from science.species import Form
from server.coldchain.rules import Gear, Kind

VERSION: Final = "2.0"
OWN: Final = "jagalchi"
NAMESPACES: Final[Mapping[str, str]] = {
    OWN: "urn:jagalchi:epcis:",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "gdst": "https://traceability-dialogue.org/epcis/",
}
CONTEXT: Final[list[Any]] = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    dict(NAMESPACES),
]
"""Declares our extensions; the first one is the standard's own context."""

MAX_EVENTS: Final = 500
"""Events of one document."""


class Unfit(StrEnum):
    """Why a document is refused; `at` says where."""

    TYPE = "epcis-type"
    STEP = "epcis-step"
    DISPOSITION = "epcis-disposition"
    ID = "epcis-id"
    MISSING = "epcis-missing"
    VALUE = "epcis-value"
    TOO_MANY = "epcis-too-many"


class Type(StrEnum):
    """The kinds of events that we write and read."""

    OBJECT = "ObjectEvent"
    AGGREGATION = "AggregationEvent"
    TRANSFORMATION = "TransformationEvent"
    ASSOCIATION = "AssociationEvent"


class Action(StrEnum):
    """What an event does to its goods."""

    ADD = "ADD"
    OBSERVE = "OBSERVE"
    DELETE = "DELETE"


class Wrong(StrEnum):
    """Why an event is declared an error."""

    DID_NOT_OCCUR = "did_not_occur"
    INCORRECT_DATA = "incorrect_data"


class Step(StrEnum):
    """Business steps of CBV 2.0."""

    ACCEPTING = "accepting"
    ARRIVING = "arriving"
    ASSEMBLING = "assembling"
    COLLECTING = "collecting"
    COMMISSIONING = "commissioning"
    CONSIGNING = "consigning"
    CREATING_CLASS_INSTANCE = "creating_class_instance"
    CYCLE_COUNTING = "cycle_counting"
    DECOMMISSIONING = "decommissioning"
    DEPARTING = "departing"
    DESTROYING = "destroying"
    DISASSEMBLING = "disassembling"
    DISPENSING = "dispensing"
    ENCODING = "encoding"
    ENTERING_EXITING = "entering_exiting"
    HOLDING = "holding"
    INSPECTING = "inspecting"
    INSTALLING = "installing"
    KILLING = "killing"
    LOADING = "loading"
    OTHER = "other"
    PACKING = "packing"
    PICKING = "picking"
    RECEIVING = "receiving"
    REMOVING = "removing"
    REPACKAGING = "repackaging"
    REPAIRING = "repairing"
    REPLACING = "replacing"
    RESERVING = "reserving"
    RETAIL_SELLING = "retail_selling"
    SAMPLING = "sampling"
    SENSOR_REPORTING = "sensor_reporting"
    SHIPPING = "shipping"
    STAGING_OUTBOUND = "staging_outbound"
    STOCK_TAKING = "stock_taking"
    STOCKING = "stocking"
    STORING = "storing"
    TRANSPORTING = "transporting"
    UNLOADING = "unloading"
    UNPACKING = "unpacking"
    VOID_SHIPPING = "void_shipping"


class Disposition(StrEnum):
    """Dispositions of CBV 2.0."""

    ACTIVE = "active"
    AVAILABLE = "available"
    COMPLETENESS_INFERRED = "completeness_inferred"
    COMPLETENESS_VERIFIED = "completeness_verified"
    CONFORMANT = "conformant"
    CONTAINER_CLOSED = "container_closed"
    CONTAINER_OPEN = "container_open"
    DAMAGED = "damaged"
    DESTROYED = "destroyed"
    DISPENSED = "dispensed"
    DISPOSED = "disposed"
    ENCODED = "encoded"
    EXPIRED = "expired"
    IN_PROGRESS = "in_progress"
    IN_TRANSIT = "in_transit"
    INACTIVE = "inactive"
    MISMATCH_CLASS = "mismatch_class"
    MISMATCH_INSTANCE = "mismatch_instance"
    MISMATCH_QUANTITY = "mismatch_quantity"
    NEEDS_REPLACEMENT = "needs_replacement"
    NO_PEDIGREE_MATCH = "no_pedigree_match"
    NON_CONFORMANT = "non_conformant"
    NON_SELLABLE_OTHER = "non_sellable_other"
    PARTIALLY_DISPENSED = "partially_dispensed"
    RECALLED = "recalled"
    RESERVED = "reserved"
    RETAIL_SOLD = "retail_sold"
    RETURNED = "returned"
    SELLABLE_ACCESSIBLE = "sellable_accessible"
    SELLABLE_NOT_ACCESSIBLE = "sellable_not_accessible"
    STOLEN = "stolen"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"


class Shape(NamedTuple):
    """What one of our kinds is as an event of the standard."""

    type: Type
    action: Action | None
    step: Step
    disposition: Disposition


_ADD, _SEE, _END = Action.ADD, Action.OBSERVE, Action.DELETE
_OBJECT, _ON, _MADE = Type.OBJECT, Type.AGGREGATION, Type.TRANSFORMATION
_GOING, _SHUT = Disposition.IN_PROGRESS, Disposition.NON_SELLABLE_OTHER

SHAPES: Final[Mapping[Kind, Shape]] = {
    Kind.LANDED: Shape(_OBJECT, _ADD, Step.COMMISSIONING, Disposition.ACTIVE),
    Kind.CORRECTED: Shape(_OBJECT, _ADD, Step.COMMISSIONING, Disposition.ACTIVE),
    Kind.PASSED_IN: Shape(_OBJECT, _SEE, Step.OTHER, _GOING),
    Kind.AWARDED: Shape(_OBJECT, _SEE, Step.OTHER, Disposition.RESERVED),
    Kind.SETTLED: Shape(_OBJECT, _SEE, Step.OTHER, _GOING),
    Kind.SORTED: Shape(_MADE, None, Step.COMMISSIONING, _GOING),
    Kind.TRANSFORMED: Shape(_MADE, None, Step.COMMISSIONING, _GOING),
    Kind.REWORKED: Shape(_MADE, None, Step.COMMISSIONING, _GOING),
    Kind.SPLIT: Shape(_MADE, None, Step.REPACKAGING, _GOING),
    Kind.MERGED: Shape(_MADE, None, Step.REPACKAGING, _GOING),
    Kind.WASTED: Shape(_OBJECT, _SEE, Step.DESTROYING, Disposition.DISPOSED),
    Kind.PACKED: Shape(_ON, _ADD, Step.PACKING, _GOING),
    Kind.UNPACKED: Shape(_ON, _END, Step.UNPACKING, _GOING),
    Kind.LOADED: Shape(_ON, _ADD, Step.LOADING, Disposition.IN_TRANSIT),
    Kind.UNLOADED: Shape(_ON, _END, Step.UNLOADING, _GOING),
    Kind.OFFERED: Shape(_OBJECT, _SEE, Step.SHIPPING, Disposition.IN_TRANSIT),
    Kind.WITHDRAWN: Shape(_OBJECT, _SEE, Step.VOID_SHIPPING, _GOING),
    Kind.RECEIVED: Shape(_OBJECT, _SEE, Step.RECEIVING, _GOING),
    Kind.REFUSED: Shape(_OBJECT, _SEE, Step.RECEIVING, Disposition.RETURNED),
    Kind.LEFT: Shape(_OBJECT, _SEE, Step.DEPARTING, Disposition.UNKNOWN),
    Kind.ON_SALE: Shape(_OBJECT, _SEE, Step.STOCKING, Disposition.SELLABLE_ACCESSIBLE),
    Kind.SOLD: Shape(_OBJECT, _END, Step.RETAIL_SELLING, Disposition.RETAIL_SOLD),
    Kind.SOLD_OUT: Shape(_OBJECT, _END, Step.RETAIL_SELLING, Disposition.UNAVAILABLE),
    Kind.SCRAPPED: Shape(_OBJECT, _END, Step.DESTROYING, Disposition.DESTROYED),
    Kind.BOUND: Shape(_OBJECT, _SEE, Step.ENCODING, Disposition.ENCODED),
    Kind.INSPECTED: Shape(_OBJECT, _SEE, Step.INSPECTING, _GOING),
    Kind.SAMPLED: Shape(_OBJECT, _SEE, Step.SAMPLING, _GOING),
    Kind.RESULT: Shape(_OBJECT, _SEE, Step.INSPECTING, Disposition.UNKNOWN),
    Kind.HELD: Shape(_OBJECT, _SEE, Step.HOLDING, _SHUT),
    Kind.RELEASED: Shape(_OBJECT, _SEE, Step.OTHER, Disposition.SELLABLE_NOT_ACCESSIBLE),
    Kind.RECALL_OPENED: Shape(_OBJECT, _SEE, Step.HOLDING, Disposition.RECALLED),
}
"""What is written. Kinds that are not here say nothing of goods, or are somebody's own matter
(a shopper's mark, a recall's letters); a declared error is written on the event that was wrong."""
FITTED: Final = Shape(Type.ASSOCIATION, _ADD, Step.INSTALLING, Disposition.ACTIVE)
UNFITTED: Final = Shape(Type.ASSOCIATION, _END, Step.REMOVING, Disposition.INACTIVE)
"""A device and the truck or room in which it measures."""

GEARS: Final[Mapping[Gear, str]] = {
    Gear.PURSE_SEINE: "PS",
    Gear.TRAWL: "TX",
    Gear.GILL_NET: "GN",
    Gear.LONG_LINE: "LL",
    Gear.TRAP: "FIX",
    Gear.LINE: "LX",
    Gear.OTHER: "MIS",
    Gear.UNKNOWN: "NK",
}
"""FAO's standard abbreviations of fishing gear (ISSCFG)."""
CONDITIONS: Final[Mapping[Form, str]] = {
    Form.WHOLE: "WHL",
    Form.GUTTED: "GUT",
    Form.FILLET: "FIL",
}
"""Codes of a product's form; other forms have our own word only."""

_PREFIX: Final = re.compile(
    r"(?:https?://(?:ns|ref)\.gs1\.org/cbv/|cbv:)(?:BizStep|Disp|ER|SDT)-"
    r"|urn:epcglobal:cbv:(?:bizstep|disp|er|sdt):"
)
Word = TypeVar("Word", bound=StrEnum)


def word(text: str, words: type[Word]) -> Word | None:
    """A word of a closed list in any of its spellings; None: it is not on the list."""
    bare = _PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text
    return words(bare) if bare in set(words) else None
