"""양륙: one lot as it comes off the vessel. What nobody knows is 모름, and it says so."""

from __future__ import annotations

from collections.abc import Mapping

from science.species import SPECIES, Form, Ice, IceRatio, Kept, Species
from server.accounts import vault
from server.accounts.contacts import Contact
from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import landing
from server.coldchain.actions.landing import Correction, Landing
from server.coldchain.models import Event, Place
from server.coldchain.rules import Gear, Source
from server.coldchain.work.frame import Here, task
from server.coldchain.work.sheet import Blank, Hint, Sheet, kilograms
from server.coldchain.work.shows import choices, lots
from server.coldchain.work.words import FORMS, GEARS, ICES, KEPT, RATIOS, SOURCES


def species_choices(here: Here) -> list[tuple[str, str]]:
    """Trade name and scientific name of each species, or that nobody identified it."""
    from server.coldchain.work.labels import LABELS

    unknown = here.say(LABELS["species_unknown"])
    return [
        (str(one), f"{here.say(named.trade)} · {named.scientific or unknown}")
        for one, named in SPECIES.items()
    ]


def lists(here: Here) -> dict[str, object]:
    """The closed lists of the form."""
    language = here.language
    places = Place.objects.filter(organisation=here.organisation, ended_ms=None).order_by("name")
    return {
        "species": species_choices(here),
        "gears": choices(GEARS, language),
        "sources": choices({one: SOURCES[one] for one in Source if one}, language),
        "ices": choices(ICES, language),
        "ratios": choices(RATIOS, language),
        "forms": choices(FORMS, language),
        "kept": choices(KEPT, language),
        "places": [(one.id, one.name) for one in places[:50]],
    }


def _show(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    return lists(here)


def _catch(sheet: Sheet) -> tuple[int | None, Source]:
    """When it was caught and who says so; without either of the two it is unknown."""
    at_ms = sheet.moment("catch")
    if at_ms is None:
        return None, Source.NOBODY
    return at_ms, sheet.word("catch_by", Source)


def _act(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    kind = sheet.word("species", Species)
    catch_ms, catch_by = _catch(sheet)
    ice = sheet.word("ice", Ice)
    one = Landing(
        trade=sheet.text("trade") or SPECIES[kind].trade.ko,
        species=kind,
        grams=sheet.grams("grams"),
        boxes=sheet.count("boxes"),
        form=sheet.word("form", Form),
        kept=sheet.word("kept", Kept),
        catch_ms=catch_ms,
        catch_by=catch_by,
        ice=ice,
        ice_ratio=sheet.word("ice_ratio", IceRatio) if ice is Ice.ICED else IceRatio.UNRECORDED,
        area=sheet.text("area"),
        gear=sheet.word("gear", Gear),
        vessel=sheet.text("vessel"),
        origin=sheet.text("origin"),
        gtin=sheet.text("gtin"),
        trace_no=sheet.text("trace_no"),
        graded=sheet.ticked("graded"),
    )
    return landing.land(desk, (one,), sheet.text("place"), _fisher(here, sheet))


def _fisher(here: Here, sheet: Sheet) -> Contact | None:
    """Where the receipt goes: to who agreed to it, and to nobody else. Raises Blank."""
    address = sheet.text("fisher")
    if not address:
        return None
    try:
        vault.spelled(vault.kind_of(address), address)
    except ValueError:
        raise Blank("fisher", Hint.CONTACT) from None
    if not sheet.ticked("fisher_agrees"):
        raise Blank("fisher_agrees", Hint.CHOICE)
    return Contact(address, here.language)


def first_made(here: Here, _sheet: Sheet, event: Event) -> str:
    """The page of the lot that an act made; home where it made several."""
    made = list(event.made.values_list("ref", flat=True)[:2])
    return f"{here.home}/lots/{made[0]}" if len(made) == 1 else here.home


land = task("land", _show, _act, first_made)


def _correct_show(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    found = here.lot()
    typed = {"grams": kilograms(found.grams), "boxes": found.boxes, "area": found.area}
    return {"lot": lots([found], here.language)[0], "was": typed, **lists(here)}


def _correct(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    found = here.lot()
    grams, boxes = sheet.grams_if_any("grams"), sheet.count("boxes")
    species = sheet.word("species", Species) if sheet.text("species") else None
    changes = Correction(
        grams=None if grams in (None, found.grams) else grams,
        boxes=None if not sheet.text("boxes") or boxes == found.boxes else boxes,
        species=species,
        area=sheet.text("area") or None,
        origin=sheet.text("origin") or None,
        vessel=sheet.text("vessel") or None,
        trade=sheet.text("trade") or None,
        catch_unknown=sheet.ticked("catch_unknown"),
    )
    if changes == Correction():
        raise Blank("grams", Hint.NEEDED)
    return landing.correct(desk, found.ref, changes, sheet.need("why"))


def same_lot(here: Here, _sheet: Sheet, _event: Event) -> str:
    """Back to the lot."""
    return f"{here.home}/lots/{here.named['lot']}"


correct = task("correct", _correct_show, _correct, same_lot)
