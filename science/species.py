"""Species, product forms and states, and what is inside which model.

Both *Lophiomus setigerus* and *Lophius litulon* are traded as 아귀, and 고등어 is several species,
so a lot carries a scientific name or says that nobody identified it. Life in ice is published for
mackerel only; what holds for one species never stands in for another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocol.registry import Text
from science.marks import Figure, Mark


class Family(StrEnum):
    """What people buy; decides which models apply."""

    MACKEREL = "mackerel"
    MONKFISH = "monkfish"
    OTHER = "other"


class Species(StrEnum):
    """Closed list of what a lot may be said to be."""

    SCOMBER_JAPONICUS = "scomber-japonicus"
    SCOMBER_AUSTRALASICUS = "scomber-australasicus"
    SCOMBER_SCOMBRUS = "scomber-scombrus"
    MACKEREL = "mackerel"
    """Traded as mackerel, species not identified."""
    LOPHIOMUS_SETIGERUS = "lophiomus-setigerus"
    LOPHIUS_LITULON = "lophius-litulon"
    MONKFISH = "monkfish"
    """Traded as monkfish, species not identified."""
    UNIDENTIFIED = "unidentified"


class Form(StrEnum):
    """How the fish is offered."""

    WHOLE = "whole"
    GUTTED = "gutted"
    FILLET = "fillet"
    PORTION = "portion"
    LIVER = "liver"
    SALTED = "salted"
    VACUUM = "vacuum"
    THAWED = "thawed"
    DRIED = "dried"
    CANNED = "canned"


class Kept(StrEnum):
    """The state in which a lot is kept."""

    CHILLED = "chilled"
    FROZEN = "frozen"


class Ice(StrEnum):
    """What cooled it on board."""

    ICED = "iced"
    RSW = "rsw"
    """Refrigerated sea water."""
    NONE = "none"
    UNSTATED = "unstated"


class IceRatio(StrEnum):
    """Recorded weight of ice to fish."""

    ONE_TO_TWO = "1:2"
    ONE_TO_THREE = "1:3"
    ONE_TO_FOUR = "1:4"
    UNRECORDED = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A species: scientific name ("" where nobody identified it), trade name, family, mark."""

    scientific: str
    trade: Text
    family: Family
    mark: Mark


SPECIES: Final[Mapping[Species, Named]] = {
    Species.SCOMBER_JAPONICUS: Named(
        "Scomber japonicus", Text("chub mackerel", "고등어"), Family.MACKEREL, Mark.READ
    ),
    Species.SCOMBER_AUSTRALASICUS: Named(
        "Scomber australasicus", Text("blue mackerel", "망치고등어"), Family.MACKEREL, Mark.MEMORY
    ),
    Species.SCOMBER_SCOMBRUS: Named(
        "Scomber scombrus",
        Text("Atlantic mackerel", "노르웨이 대서양고등어"),
        Family.MACKEREL,
        Mark.READ,
    ),
    Species.MACKEREL: Named("", Text("mackerel", "고등어"), Family.MACKEREL, Mark.OURS),
    Species.LOPHIOMUS_SETIGERUS: Named(
        "Lophiomus setigerus", Text("blackmouth angler", "아귀"), Family.MONKFISH, Mark.RECHECK
    ),
    Species.LOPHIUS_LITULON: Named(
        "Lophius litulon", Text("yellow goosefish", "황아귀"), Family.MONKFISH, Mark.RECHECK
    ),
    Species.MONKFISH: Named("", Text("monkfish", "아귀"), Family.MONKFISH, Mark.OURS),
    Species.UNIDENTIFIED: Named("", Text("fish", "수산물"), Family.OTHER, Mark.OURS),
}

ON_ICE: Final = frozenset({Ice.ICED, Ice.RSW})
"""Recorded cooling on board that counts as 0 °C before the first reading."""

GRADED_FORMS: Final = frozenset({Form.WHOLE, Form.GUTTED})

HISTAMINE_LAW_FORMS: Final = frozenset(
    {Form.FILLET, Form.PORTION, Form.SALTED, Form.DRIED, Form.CANNED}
)
"""Forms to which the 200 mg/kg limit is written; for whole fresh fish it is a reference value."""

LIFE_IN_ICE: Final[Mapping[IceRatio, Figure]] = {
    IceRatio.ONE_TO_TWO: Figure(9, "d", "J. Food Prot. 54:784, ice:fish 1:2", Mark.READ),
    IceRatio.ONE_TO_THREE: Figure(8, "d", "J. Food Prot. 54:784, ice:fish 1:3", Mark.READ),
    IceRatio.ONE_TO_FOUR: Figure(6, "d", "J. Food Prot. 54:784, ice:fish 1:4", Mark.READ),
    IceRatio.UNRECORDED: Figure(6, "d", "the least of J. Food Prot. 54:784", Mark.OURS),
}
"""L0 of mackerel in days, by the recorded ratio; without a record the least of them."""


@dataclass(frozen=True, slots=True)
class Product:
    """What a lot is: species (several where lots were mixed), form, state, and its recorded ice."""

    species: tuple[Species, ...]
    form: Form = Form.WHOLE
    kept: Kept = Kept.CHILLED
    ice: Ice = Ice.UNSTATED
    ratio: IceRatio = IceRatio.UNRECORDED

    def __post_init__(self) -> None:
        """Refuse a product of nothing; what nobody identified is a species of its own here."""
        if not self.species:
            raise ValueError("a product is of some species, UNIDENTIFIED perhaps")

    @property
    def families(self) -> frozenset[Family]:
        """What people buy."""
        return frozenset(SPECIES[one].family for one in self.species)

    @property
    def has_histamine_clock(self) -> bool:
        """Whether histamine is watched: with any mackerel always, monkfish alone never."""
        return Family.MACKEREL in self.families

    @property
    def has_histamine_law(self) -> bool:
        """Whether the legal 200 mg/kg is written for this form; for the rest a reference value."""
        cut_or_frozen = self.form in HISTAMINE_LAW_FORMS or self.kept is Kept.FROZEN
        return self.has_histamine_clock and cut_or_frozen

    @property
    def in_model(self) -> bool:
        """Whether life in ice is published for it: fresh chilled mackerel, whole or gutted."""
        fresh = self.form in GRADED_FORMS and self.kept is Kept.CHILLED
        return fresh and self.families == {Family.MACKEREL}

    @property
    def life(self) -> Figure | None:
        """Life in ice, L0 in days; None outside the model. 8 and 9 only where ice is recorded."""
        if not self.in_model:
            return None
        recorded = self.ratio if self.ice is Ice.ICED else IceRatio.UNRECORDED
        return LIFE_IN_ICE[recorded]
