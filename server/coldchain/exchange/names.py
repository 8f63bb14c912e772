"""URIs of rows, and rows of URIs. What somebody may not see is not found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from server.accounts.models import Organisation
from server.coldchain.epcis import ids
from server.coldchain.epcis.ids import Name, Noun
from server.coldchain.models import Lot, Pallet, Party, Place
from server.coldchain.taking import visible

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads: an organisation, or an authority, which sees every lot."""

    organisation: str
    inspects: bool = False

    def lots(self, rows: QuerySet[Lot]) -> QuerySet[Lot]:
        """Those of these lots that the viewer has to do with."""
        return rows if self.inspects else rows.filter(visible(self.organisation))


def lot(row: Lot) -> str:
    """The URI of a lot."""
    return ids.lot(row.gtin, row.code)


def place(row: Place) -> str:
    """The URI of a place."""
    return ids.place(row.id, row.gln)


def parties(organisations: Iterable[str]) -> dict[str, str]:
    """URIs of organisations, by id."""
    wanted = set(organisations) - {""}
    glns = dict(Party.objects.filter(organisation__in=wanted).values_list("organisation", "gln"))
    return {one: ids.party(one, glns.get(one, "")) for one in wanted}


def pallet(id: str) -> str:
    """The URI of a pallet."""
    row = Pallet.objects.filter(id=id).first()
    return ids.pallet(id, row.sscc if row else "")


def event(uri: str) -> str:
    """The ref in an event's URI, "" where it is no event of ours."""
    name = ids.parse(uri)
    return name.key if name and name.noun is Noun.EVENT else ""


def refs(uris: Iterable[str], viewer: Viewer) -> dict[str, str]:
    """Refs of lots by URI; those that are not there, or not to be seen, are left out alike."""
    named = {uri: name for uri in uris if (name := ids.parse(uri)) and name.noun is Noun.LOT}
    codes, known = sorted({name.key for name in named.values()}), dict[tuple[str, str], str]()
    for start in range(0, len(codes), CHUNK):
        rows = viewer.lots(Lot.objects.filter(code__in=codes[start : start + CHUNK]))
        known |= {(gtin, code): ref for gtin, code, ref in rows.values_list("gtin", "code", "ref")}
    found = {uri: known.get((name.gs1, name.key), "") for uri, name in named.items()}
    return {uri: ref for uri, ref in found.items() if ref}


def organisation(name: Name) -> str:
    """The id of an organisation, "" where there is none."""
    if name.gs1:
        party = Party.objects.filter(gln=name.gs1).values_list("organisation", flat=True).first()
        return str(party or "")
    known = Organisation.objects.filter(id=name.key, ended_ms=None).exists()
    return name.key if known else ""


def place_of(name: Name) -> str:
    """The id of a place, "" where there is none."""
    rows = Place.objects.filter(gln=name.gs1) if name.gs1 else Place.objects.filter(id=name.key)
    return rows.values_list("id", flat=True).first() or ""


def pallet_of(name: Name) -> str:
    """The id of a pallet, "" where there is none."""
    rows = Pallet.objects.filter(sscc=name.gs1) if name.gs1 else Pallet.objects.filter(id=name.key)
    return rows.values_list("id", flat=True).first() or ""
