"""Which action an event of a document is, by its type, action and step; a table says it.

What we have no action for (a score, a price, a photo that a document cannot carry) is refused as a
step that is not known here, with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Final

from django.db.models import Q

from science import balance
from science.species import SPECIES, Form, Ice, IceRatio, Kept, Species
from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import custody, landing, loading, pallets, quality, selling, working
from server.coldchain.actions.custody import To
from server.coldchain.actions.landing import Landing
from server.coldchain.actions.working import Job, Out
from server.coldchain.epcis import ids
from server.coldchain.epcis.facts import Catch, Fact, Found, Goods
from server.coldchain.epcis.ids import Name, Noun
from server.coldchain.epcis.read import GOODS
from server.coldchain.epcis.vocabulary import OWN, Action, Disposition, Step, Type, Unfit
from server.coldchain.epcis.write import CARRIER
from server.coldchain.exchange import names
from server.coldchain.exchange.names import Viewer
from server.coldchain.handing import Answer
from server.coldchain.models import Event, Handover, Room
from server.coldchain.rules import Basis, Custody, Gear, Kind, Reason, Source
from server.coldchain.taking import Amount
from server.devices.models import Assignment


class Stop(Exception):
    """The document cannot be captured: why, and where."""

    def __init__(self, reason: StrEnum, at: str) -> None:
        super().__init__(f"{reason} at {at}")
        self.reason = reason
        self.at = at


Outcome = Event | Refused | None
Do = Callable[[Desk, Found], Outcome]


def do(desk: Desk, found: Found) -> Event | None:
    """Do what an event says happened; None: it says what is so already. Raises Stop."""
    fact = found.fact
    act = DEEDS.get((fact.type, fact.action, fact.step)) or ANY_STEP.get(fact.type)
    if act is None:
        raise Stop(Unfit.STEP, f"{found.at}/bizStep")
    outcome = act(desk, found)
    if isinstance(outcome, Refused):
        raise Stop(outcome.reason, found.at)
    return outcome


def _land(desk: Desk, found: Found) -> Outcome:
    fact = found.fact
    catch = fact.catch or Catch()
    if len(catch.species) > 1:
        raise Stop(Unfit.VALUE, f"{found.at}/ilmd")
    landings = tuple(_landing(one, catch) for one in fact.goods)
    name = ids.parse(fact.place)
    place = names.place_of(name) if name and name.noun is Noun.PLACE else ""
    if name and name.noun is Noun.PLACE and not place:
        raise Stop(Unfit.ID, f"{found.at}/bizLocation/id")
    return landing.land(desk, landings, place)


def _landing(goods: Goods, catch: Catch) -> Landing:
    species = Species(catch.species[0]) if catch.species else Species.UNIDENTIFIED
    by = Source(catch.catch_by) if catch.catch_by else Source.DOCUMENT
    name = _lot(goods.id)
    return Landing(
        trade=goods.trade or SPECIES[species].trade.ko,
        species=species,
        grams=goods.grams,
        boxes=goods.boxes,
        form=Form(goods.form or Form.WHOLE),
        kept=Kept(goods.kept or Kept.CHILLED),
        catch_ms=catch.catch_ms,
        catch_by=Source.NOBODY if catch.catch_ms is None else by,
        ice=Ice(catch.ice or Ice.UNSTATED),
        ice_ratio=IceRatio(catch.ice_ratio),
        area=catch.area,
        gear=Gear(catch.gear or Gear.UNKNOWN),
        vessel=catch.vessel,
        origin=catch.origin,
        use_by=date.fromisoformat(catch.use_by) if catch.use_by else None,
        code=name.key,
        gtin=name.gs1,
        trace_no=catch.trace_no,
    )


def _work(desk: Desk, found: Found) -> Outcome:
    fact = found.fact
    assert fact.job is not None
    step = fact.job.step or _guessed(fact)
    if step not in set(balance.Step):
        raise Stop(Unfit.VALUE, f"{found.at}/{OWN}:step")
    made = tuple(_out(one) for one in fact.made)
    job = Job(_amounts(desk, found), made, fact.job.waste, fact.job.loss)
    plain = {
        balance.Step.SORT: working.sort,
        balance.Step.SPLIT: working.split,
        balance.Step.MERGE: working.merge,
        balance.Step.REWORK: working.rework,
    }.get(balance.Step(step))
    return plain(desk, job) if plain else working.transform(desk, balance.Step(step), job)


def _guessed(fact: Fact) -> str:
    """What a transformation is that does not say it: by how many lots go in and come out."""
    if len(fact.goods) == 1:
        return str(balance.Step.SPLIT)
    return str(balance.Step.MERGE if len(fact.made) == 1 else balance.Step.REWORK)


def _out(goods: Goods) -> Out:
    name = _lot(goods.id)
    return Out(
        grams=goods.grams,
        boxes=goods.boxes,
        trade=goods.trade,
        form=Form(goods.form) if goods.form else None,
        kept=Kept(goods.kept) if goods.kept else None,
        feed=goods.feed,
        code=name.key,
        gtin=name.gs1,
    )


def _pack(desk: Desk, found: Found) -> Outcome:
    name = _parent(found, Noun.PALLET)
    if not name.gs1:  # our own number of a pallet is ours to give
        raise Stop(Unfit.ID, f"{found.at}/parentID")
    return pallets.pack(desk, _amounts(desk, found), name.gs1)


def _unpack(desk: Desk, found: Found) -> Outcome:
    return pallets.unpack(desk, names.pallet_of(_parent(found, Noun.PALLET)))


def _load(desk: Desk, found: Found) -> Outcome:
    return loading.load(desk, _room(found), _amounts(desk, found))


def _unload(desk: Desk, found: Found) -> Outcome:
    return loading.unload(desk, _room(found), _amounts(desk, found))


def _offer(desk: Desk, found: Found) -> Outcome:
    taker, carrier = _organisation(found.fact.taker), _organisation(found.fact.carrier)
    if not taker:
        raise Stop(Unfit.ID, f"{found.at}/destinationList")
    if found.fact.carrier and not carrier:
        raise Stop(Unfit.ID, f"{found.at}/{CARRIER}")
    return custody.offer(desk, To(taker, carrier), _amounts(desk, found))


def _organisation(uri: str) -> str:
    name = ids.parse(uri)
    return names.organisation(name) if name else ""


def _withdraw(desk: Desk, found: Found) -> Outcome:
    rows = _handovers(desk, found, Q(giver=desk.organisation))
    return custody.withdraw(desk, tuple(row for row, _ in rows))


def _receive(desk: Desk, found: Found) -> Outcome:
    rows = _handovers(desk, found, Q(taker=desk.organisation))
    if found.fact.disposition is Disposition.RETURNED:
        return custody.refuse(desk, tuple(row for row, _ in rows), "", "")
    answers = tuple(Answer(row, one.grams or None, one.boxes) for row, one in rows)
    return custody.accept(desk, answers)


def _handovers(desk: Desk, found: Found, whose: Q) -> Sequence[tuple[str, Goods]]:
    """The open hand-over of each lot."""
    refs = _refs(desk, found)
    rows = Handover.objects.filter(whose, lot__ref__in=refs.values(), status=Custody.PROPOSED)
    known = dict(rows.order_by("-made_ms").values_list("lot__ref", "id"))
    pairs = []
    for place, one in enumerate(found.fact.goods):
        if refs[one.id] not in known:
            raise Stop(Reason.NOT_FOUND, _at(found, place))
        pairs.append((known[refs[one.id]], one))
    return pairs


def _move(act: Callable[[Desk, tuple[str, ...]], Event | Refused]) -> Do:
    return lambda desk, found: act(desk, tuple(_refs(desk, found).values()))


def _sell(desk: Desk, found: Found) -> Outcome:
    out = found.fact.disposition is Disposition.UNAVAILABLE
    return _move(selling.sell_out if out else selling.sell)(desk, found)


def _other(desk: Desk, found: Found) -> Outcome:
    """What the standard has no step for is told by our own word."""
    act = OTHERS.get(found.fact.kind)
    if act is None:
        raise Stop(Unfit.STEP, f"{found.at}/bizStep")
    return _move(act)(desk, found)


def _hold(desk: Desk, found: Found) -> Outcome:
    return quality.hold(desk, tuple(_refs(desk, found).values()), Basis.OWN)


def _fitted(desk: Desk, found: Found) -> Outcome:
    """Where a device measures is said by who enrols and swaps it; a document may only agree."""
    room = Room.objects.filter(id=_room(found), organisation=desk.organisation).first()
    fact = found.fact
    for place, unit in enumerate(fact.units):
        name = ids.parse(unit)
        fitted = Assignment.objects.filter(device=name.key if name else "", from_ms__lte=fact.at_ms)
        if fact.action is Action.ADD:
            fitted = fitted.filter(Q(until_ms=None) | Q(until_ms__gt=fact.at_ms))
        else:
            fitted = fitted.filter(until_ms__lte=fact.at_ms)
        if room is None or not fitted.filter(asset=room.asset_id).exists():
            raise Stop(Reason.WRONG_STATE, f"{found.at}/childEPCs/{place}")
    return None


def _amounts(desk: Desk, found: Found) -> tuple[Amount, ...]:
    refs = _refs(desk, found)
    amounts = [Amount(refs[one.id], one.grams or None, one.boxes) for one in found.fact.goods]
    for place, unit in enumerate(found.fact.units):
        name = ids.parse(unit)
        inside = pallets.contents(names.pallet_of(name)) if name else ()
        if not inside:
            raise Stop(Reason.NOT_FOUND, f"{found.at}/childEPCs/{place}")
        amounts += inside
    return tuple(amounts)


def _refs(desk: Desk, found: Found) -> dict[str, str]:
    """Refs of the lots that an event names. Raises Stop at the first that is not there."""
    goods = found.fact.goods
    refs = names.refs((one.id for one in goods), Viewer(desk.organisation, desk.inspects))
    for place, one in enumerate(goods):
        if one.id not in refs:
            raise Stop(Reason.NOT_FOUND, _at(found, place))
    return refs


def _at(found: Found, place: int) -> str:
    return f"{found.at}/{GOODS[found.fact.type]}/{place}/epcClass"


def _parent(found: Found, noun: Noun) -> Name:
    name = ids.parse(found.fact.parent)
    if name is None or name.noun is not noun:
        raise Stop(Unfit.ID, f"{found.at}/parentID")
    return name


def _room(found: Found) -> int:
    key = _parent(found, Noun.ROOM).key
    if not (key.isascii() and key.isdecimal() and len(key) < 16):
        raise Stop(Unfit.ID, f"{found.at}/parentID")
    return int(key)


def _lot(uri: str) -> Name:
    name = ids.parse(uri)
    assert name is not None, "the reader lets no other name in"
    return name


def _waste(desk: Desk, found: Found) -> Outcome:
    return working.waste(desk, _amounts(desk, found))


_OBJECT, _ON, _FIT = Type.OBJECT, Type.AGGREGATION, Type.ASSOCIATION

DEEDS: Final[Mapping[tuple[Type, Action | None, Step], Do]] = {
    (_OBJECT, Action.ADD, Step.COMMISSIONING): _land,
    (_OBJECT, Action.ADD, Step.CREATING_CLASS_INSTANCE): _land,
    (_ON, Action.ADD, Step.LOADING): _load,
    (_ON, Action.ADD, Step.STORING): _load,
    (_ON, Action.DELETE, Step.UNLOADING): _unload,
    (_ON, Action.DELETE, Step.REMOVING): _unload,
    (_ON, Action.ADD, Step.PACKING): _pack,
    (_ON, Action.DELETE, Step.UNPACKING): _unpack,
    (_OBJECT, Action.OBSERVE, Step.SHIPPING): _offer,
    (_OBJECT, Action.OBSERVE, Step.VOID_SHIPPING): _withdraw,
    (_OBJECT, Action.OBSERVE, Step.RECEIVING): _receive,
    (_OBJECT, Action.OBSERVE, Step.ACCEPTING): _receive,
    (_OBJECT, Action.OBSERVE, Step.STOCKING): _move(selling.put_on_sale),
    (_OBJECT, Action.OBSERVE, Step.HOLDING): _hold,
    (_OBJECT, Action.OBSERVE, Step.OTHER): _other,
    (_OBJECT, Action.OBSERVE, Step.DESTROYING): _waste,
    (_OBJECT, Action.DELETE, Step.RETAIL_SELLING): _sell,
    (_OBJECT, Action.DELETE, Step.DESTROYING): _move(selling.scrap),
    (_OBJECT, Action.DELETE, Step.DECOMMISSIONING): _move(selling.scrap),
    (_FIT, Action.ADD, Step.INSTALLING): _fitted,
    (_FIT, Action.DELETE, Step.REMOVING): _fitted,
}
ANY_STEP: Final[Mapping[Type, Do]] = {Type.TRANSFORMATION: _work}
"""A transformation is one whatever its step is called."""
OTHERS: Final[Mapping[str, Callable[[Desk, tuple[str, ...]], Event | Refused]]] = {
    Kind.PASSED_IN: landing.pass_in,
    Kind.SETTLED: landing.settle,
    Kind.RELEASED: quality.release,
}
