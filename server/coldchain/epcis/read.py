"""EPCIS 2.0 documents as facts. A document is read whole or refused with the place that is wrong.

Fields that our tables have no place for (business transactions, sensor values that nobody signed)
are named as ignored, so that nobody believes them kept. Fields of other people's namespaces are not
even named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from science.species import Form, Kept
from server.coldchain.epcis import times
from server.coldchain.epcis.catches import read as read_catch
from server.coldchain.epcis.facts import Declared, Fact, Found, Goods, Job, Sensed
from server.coldchain.epcis.ids import Noun
from server.coldchain.epcis.node import Node
from server.coldchain.epcis.vocabulary import (
    CONDITIONS,
    MAX_EVENTS,
    OWN,
    Action,
    Disposition,
    Step,
    Type,
    Unfit,
    Wrong,
)
from server.coldchain.epcis.write import CARRIER, CELSIUS, TEMPERATURE
from server.coldchain.rules import MAX_BOXES, MAX_GRAMS

LOTS: Final = frozenset({Noun.LOT})
UNITS: Final = frozenset({Noun.PALLET, Noun.DEVICE})
PARENTS: Final = frozenset({Noun.PALLET, Noun.ROOM, Noun.DEVICE})
PLACES: Final = frozenset({Noun.PLACE, Noun.ROOM, Noun.PARTY})
PARTIES: Final = frozenset({Noun.PARTY})

COMMON: Final = frozenset(
    {
        *("@context", "type", "eventID", "eventTime", "eventTimeZoneOffset", "recordTime"),
        *("errorDeclaration", "certificationInfo", "action", "bizStep", "disposition"),
        *("persistentDisposition", "readPoint", "bizLocation", "bizTransactionList"),
        *("sourceList", "destinationList", "sensorElementList"),
    }
)
OWN_FIELDS: Final[Mapping[Type, frozenset[str]]] = {
    Type.OBJECT: frozenset({"epcList", "quantityList", "ilmd"}),
    Type.AGGREGATION: frozenset({"parentID", "childEPCs", "childQuantityList"}),
    Type.ASSOCIATION: frozenset({"parentID", "childEPCs", "childQuantityList"}),
    Type.TRANSFORMATION: frozenset(
        {
            *("inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList"),
            *("transformationID", "ilmd"),
        }
    ),
}
IGNORED: Final = (
    *("certificationInfo", "persistentDisposition", "readPoint", "bizTransactionList"),
    "transformationID",
)
QUERY: Final = "EPCISQueryDocument"


def document(value: Any) -> list[Found]:
    """The events of a document, or of an answer to a query. Raises Misfit."""
    root = Node(value)
    kind = root.get("type").text()
    if kind not in ("EPCISDocument", QUERY):
        raise root.get("type").no(Unfit.TYPE)
    body = root.get("epcisBody")
    if kind == QUERY:
        body = body.get("queryResults").get("resultsBody")
    events = list(body.get("eventList").elements())
    if len(events) > MAX_EVENTS:
        raise body.get("eventList").no(Unfit.TOO_MANY)
    return [Found(one.at, event(one), ignored(one)) for one in events]


def ignored(node: Node) -> tuple[str, ...]:
    """What an event says that is not taken over."""
    return tuple(name for name in (*IGNORED, "sensorElementList") if node.has(name))


def event(node: Node) -> Fact:
    """One event. Raises Misfit."""
    type_ = node.get("type").of(Type, Unfit.TYPE)
    _check_fields(node, type_)
    changes = type_ is not Type.TRANSFORMATION
    catch = read_catch(node.get("ilmd")) if node.has("ilmd") else None
    about, form = _about(node), _form(node)
    fact = Fact(
        id=node.maybe("eventID"),
        type=type_,
        at_ms=node.get("eventTime").time(),
        step=node.get("bizStep").of(Step, Unfit.STEP),
        action=node.get("action").of(Action) if changes else None,
        disposition=_disposition(node),
        noted_ms=node.get("recordTime").time() if node.has("recordTime") else None,
        goods=_goods(node, GOODS[type_], about, "" if not changes else form),
        made=_goods(node, "outputQuantityList", about, form),
        units=tuple(one.uri(UNITS) for name in THINGS[type_] for one in node.some(name)),
        parent=node.get("parentID").uri(PARENTS) if node.has("parentID") else "",
        place=node.get("bizLocation").get("id").uri(PLACES) if node.has("bizLocation") else "",
        giver=_party(node, "source"),
        taker=_party(node, "destination"),
        catch=catch,
        job=_job(node) if not changes else None,
        sensed=tuple(_sensed(one) for one in node.some("sensorElementList")),
        declared=_declared(node),
        kind=node.maybe(f"{OWN}:kind", 40),
        carrier=node.get(CARRIER).uri(PARTIES) if node.has(CARRIER) else "",
    )
    _check_whole(node, fact)
    return fact


GOODS: Final[Mapping[Type, str]] = {
    Type.OBJECT: "quantityList",
    Type.AGGREGATION: "childQuantityList",
    Type.ASSOCIATION: "childQuantityList",
    Type.TRANSFORMATION: "inputQuantityList",
}
THINGS: Final[Mapping[Type, tuple[str, ...]]] = {
    Type.OBJECT: ("epcList",),
    Type.AGGREGATION: ("childEPCs",),
    Type.ASSOCIATION: ("childEPCs",),
    Type.TRANSFORMATION: ("inputEPCList", "outputEPCList"),
}


def _check_fields(node: Node, type_: Type) -> None:
    """A field without a namespace is the standard's, or a mistake."""
    known = COMMON | OWN_FIELDS[type_]
    for name in node.value:
        if name not in known and ":" not in name:
            raise Node(None, f"{node.at}/{name}").no()


def _check_whole(node: Node, fact: Fact) -> None:
    """What each type cannot do without."""
    if fact.type is Type.TRANSFORMATION:
        if fact.units:
            raise node.no(Unfit.ID)
        for name in ("inputQuantityList", "outputQuantityList"):
            node.get(name)
    elif fact.type is not Type.OBJECT:
        node.get("parentID")
    if not fact.goods and not fact.units and fact.action is not Action.DELETE:
        raise Node(None, f"{node.at}/{GOODS[fact.type]}").no(Unfit.MISSING)
    if node.has("ilmd") and fact.action not in (None, Action.ADD):
        raise node.get("ilmd").no()


def _disposition(node: Node) -> Disposition | None:
    if not node.has("disposition"):
        return None
    return node.get("disposition").of(Disposition, Unfit.DISPOSITION)


def _goods(
    node: Node, name: str, about: Mapping[str, dict[str, Any]], form: str
) -> tuple[Goods, ...]:
    """The lots of a list. form: what all of them are, where nothing else is said of one."""
    found = []
    for one in node.some(name):
        id_ = one.get("epcClass").uri(LOTS)
        goods = Goods(id_, _grams(one), **about.get(id_, {}))
        found.append(goods if goods.form else replace(goods, form=form))
    if len({one.id for one in found}) != len(found):
        raise node.get(name).no()
    return tuple(found)


def _form(node: Node) -> str:
    """The form of a product by its code; one that we have no word for says nothing."""
    code = node.get("ilmd").maybe("cbvmda:tradeItemConditionCode") if node.has("ilmd") else ""
    return next((str(form) for form, known in CONDITIONS.items() if known == code), "")


def _grams(node: Node) -> int:
    if not node.has("quantity"):
        return 0
    weight = times.grams(node.get("quantity").value, node.get("uom").text())
    if weight is None:
        raise node.get("quantity").no()
    return weight


def _about(node: Node) -> dict[str, dict[str, Any]]:
    """What our own field says of single lots, by their URIs."""
    found = {}
    for one in node.some(f"{OWN}:goods"):
        found[one.get(f"{OWN}:lot").uri(LOTS)] = {
            "boxes": one.get(f"{OWN}:boxes").number(MAX_BOXES) if one.has(f"{OWN}:boxes") else 0,
            "trade": one.maybe(f"{OWN}:trade", 40),
            "form": str(one.get(f"{OWN}:form").of(Form)) if one.has(f"{OWN}:form") else "",
            "kept": str(one.get(f"{OWN}:kept").of(Kept)) if one.has(f"{OWN}:kept") else "",
            "feed": one.has(f"{OWN}:feed") and one.get(f"{OWN}:feed").value is True,
        }
    return found


def _party(node: Node, what: str) -> str:
    """Whose hands goods come from or go to; owners and places are another matter."""
    for one in node.some(f"{what}List"):
        if one.get("type").text().endswith("possessing_party"):
            return one.get(what).uri(PARTIES)
    return ""


def _job(node: Node) -> Job:
    gone = {
        field: node.get(name).number(MAX_GRAMS) if node.has(name) else 0
        for field, name in (("waste", f"{OWN}:wasteGrams"), ("loss", f"{OWN}:lossGrams"))
    }
    return Job(node.maybe(f"{OWN}:step", 20), **gone)


def _declared(node: Node) -> Declared | None:
    if not node.has("errorDeclaration"):
        return None
    one = node.get("errorDeclaration")
    wrong = one.get("reason").of(Wrong) if one.has("reason") else Wrong.INCORRECT_DATA
    by = tuple(each.text() for each in one.some("correctiveEventIDs"))
    return Declared(one.get("declarationTime").time(), wrong, by)


def _sensed(node: Node) -> Sensed:
    """Temperatures in degrees Celsius; other quantities are passed over."""
    about = node.get("sensorMetadata") if node.has("sensorMetadata") else Node({}, node.at)
    reports = list(node.get("sensorReport").elements())
    if not reports:
        raise node.get("sensorReport").no()
    warm = [one for one in reports if one.get("type").text().endswith(TEMPERATURE)]
    values = _values(warm[0]) if warm else {}
    start = about.get("startTime").time() if about.has("startTime") else 0
    unknown = f"{OWN}:unknownMilliseconds"
    return Sensed(
        from_ms=start,
        until_ms=about.get("endTime").time() if about.has("endTime") else start,
        proof=about.maybe("rawData"),
        unknown_ms=about.get(unknown).number(MAX_GRAMS) if about.has(unknown) else 0,
        **values,
    )


def _values(report: Node) -> dict[str, int]:
    if report.maybe("uom") != CELSIUS:
        raise report.no()
    found = {}
    for field in ("min", "max", "mean"):
        if report.has(f"{field}Value"):
            value = times.milli(report.get(f"{field}Value").value)
            if value is None:
                raise report.get(f"{field}Value").no()
            found[f"{field}_milli"] = value
    return found
