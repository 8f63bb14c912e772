"""Facts of every kind, for hypothesis: whatever an event can say."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from science import gs1
from science.species import Form, Ice, IceRatio, Kept, Species
from server.coldchain.epcis import ids
from server.coldchain.epcis.facts import Catch, Declared, Fact, Goods, Job, Sensed
from server.coldchain.epcis.ids import Noun
from server.coldchain.epcis.vocabulary import Action, Disposition, Step, Type, Wrong
from server.coldchain.rules import Gear, Kind, Source

AT = st.integers(0, 4_102_444_800_000)
WEIGHTS = st.integers(0, 10**12)
PRINTED = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=12)
DIGITS = st.text("0123456789", min_size=12, max_size=12)
GTINS = DIGITS.map(lambda one: "0" + one + gs1.check_digit("0" + one))
GLNS = DIGITS.map(lambda one: one + gs1.check_digit(one))
REFS = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=16, max_size=16)
CODES = st.text("ABCDEFGHJK0123456789-/.%:", min_size=1, max_size=20)

LOTS = st.one_of(
    st.builds(ids.lot, GTINS, CODES),
    st.builds(ids.lot, st.just(""), PRINTED.filter(bool)),
    st.builds(ids.lot, GTINS, st.just("2026-고등어")),
)
PLACES = st.builds(ids.place, REFS, st.one_of(st.just(""), GLNS))
PARTIES = st.builds(ids.party, REFS, st.one_of(st.just(""), GLNS))
PALLETS = st.builds(ids.pallet, REFS)
ROOMS = st.builds(ids.own, st.just(Noun.ROOM), st.integers(1, 10**9))
DEVICES = st.builds(ids.own, st.just(Noun.DEVICE), REFS)
EVENTS = st.builds(ids.own, st.just(Noun.EVENT), REFS)


def maybe(some: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.one_of(st.just(""), some)


def goods(least: int) -> SearchStrategy[tuple[Goods, ...]]:
    one = st.builds(
        Goods,
        LOTS,
        WEIGHTS,
        st.integers(0, 10**6),
        PRINTED,
        maybe(st.sampled_from(Form).map(str)),
        maybe(st.sampled_from(Kept).map(str)),
        st.booleans(),
    )
    return st.lists(one, min_size=least, max_size=4, unique_by=lambda each: each.id).map(tuple)


CATCHES = st.builds(
    Catch,
    species=st.lists(st.sampled_from(Species).map(str), max_size=3, unique=True).map(tuple),
    catch_ms=st.one_of(st.none(), AT),
    catch_by=maybe(st.sampled_from([one.value for one in Source if one.value])),
    area=st.sampled_from(["", "61", "61 71", "61.K.1", "남해"]),
    gear=maybe(st.sampled_from(Gear).map(str)),
    vessel=PRINTED,
    landed=maybe(PLACES),
    origin=PRINTED,
    ice=maybe(st.sampled_from(Ice).map(str)),
    ice_ratio=st.sampled_from([str(one) for one in IceRatio]),
    use_by=maybe(st.dates().map(lambda day: day.isoformat())),
    trace_no=PRINTED,
)
DEGREES = st.one_of(st.none(), st.integers(-60_000, 60_000))
SENSED = st.builds(
    Sensed, AT, AT, DEGREES, DEGREES, DEGREES, WEIGHTS, maybe(st.just("https://x.example/proof/1"))
)
DECLARED = st.builds(Declared, AT, st.sampled_from(Wrong), st.lists(EVENTS, max_size=2).map(tuple))
JOBS = st.builds(Job, maybe(st.sampled_from(["sort", "gut"])), WEIGHTS, WEIGHTS)

FACTS = st.builds(
    Fact,
    id=EVENTS,
    type=st.sampled_from(Type),
    at_ms=AT,
    step=st.sampled_from(Step),
    action=st.sampled_from(Action),
    disposition=st.one_of(st.none(), st.sampled_from(Disposition)),
    noted_ms=st.one_of(st.none(), AT),
    goods=goods(1),
    made=goods(1),
    units=st.lists(st.one_of(PALLETS, DEVICES), max_size=2, unique=True).map(tuple),
    parent=st.one_of(PALLETS, ROOMS),
    place=maybe(st.one_of(PLACES, ROOMS)),
    giver=maybe(PARTIES),
    taker=maybe(PARTIES),
    catch=st.one_of(st.none(), CATCHES),
    job=st.one_of(st.none(), JOBS),
    sensed=st.lists(SENSED, max_size=2).map(tuple),
    declared=st.one_of(st.none(), DECLARED),
    kind=st.sampled_from(Kind).map(str),
    carrier=maybe(PARTIES),
)


def sensible(fact: Fact) -> Fact:
    """Without what events of its type cannot say."""
    if fact.type is Type.TRANSFORMATION:
        made = tuple(one for one in fact.made if one.id not in {each.id for each in fact.goods})
        fact = replace(fact, action=None, units=(), parent="", job=fact.job or Job(), made=made)
        return fact if made else replace(fact, made=(Goods("urn:jagalchi:lot:of-this"),))
    plain = tuple(replace(one, trade="", form="", kept="", feed=False) for one in fact.goods)
    fact = replace(fact, made=(), job=None)
    if fact.type is Type.OBJECT:
        fact = replace(fact, parent="")
        return fact if fact.action is Action.ADD else replace(fact, catch=None, goods=plain)
    return replace(fact, catch=None, goods=plain)


SENSIBLE = FACTS.map(sensible)
