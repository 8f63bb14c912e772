"""The cold chain for programs: typed bodies, one event for one request, nothing half done."""

from __future__ import annotations

import inspect
import json
import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.test import Client

from server.accounts import refusals
from server.accounts.rules import Refused, Role
from server.api import api
from server.coldchain import actions, rules
from server.coldchain.api.doing import MEMBERS, STRANGERS
from server.coldchain.epcis.vocabulary import Unfit
from server.coldchain.models import Event, Excursion, Handover, Lot, Result, Room
from server.coldchain.rules import Kind, Reason
from tests.server.coldchain import live, rig
from tests.server.coldchain.live import Program, reason
from tests.server.coldchain.rig import KG, PHOTO, Chain

pytestmark = pytest.mark.django_db

LANDING = {"trade": "고등어", "species": "scomber-japonicus", "grams": 500 * KG, "boxes": 25}


@pytest.fixture
def chain(installation: object) -> Chain:
    """A chain whose pilot runs today."""
    return live.chain()


def program(chain: Chain, name: str, role: Role = Role.OPERATOR) -> Program:
    return Program(chain.ids[name], role)


def test_every_action_has_its_address() -> None:
    found = set()
    for one in pkgutil.iter_modules(actions.__path__):
        module = import_module(f"{actions.__name__}.{one.name}")
        found |= {act for _, act in inspect.getmembers(module) if hasattr(act, "need")}
    assert found == {*MEMBERS.values(), *STRANGERS.values()}
    paths = Client().get("/api/openapi.json").json()["paths"]
    for path in MEMBERS:
        assert f"/api/coldchain/{{organisation}}/{path}" in paths


def test_no_two_schemas_of_the_document_share_a_name() -> None:
    texts: dict[str, set[str]] = defaultdict(set)
    for name, one in _schemas():
        texts[name].add(json.dumps(one, sort_keys=True))
    assert {name for name, some in texts.items() if len(some) > 1} == set()
    assert {"Landing", "LotFacts", "Facts"} <= set(texts)


def _schemas() -> Iterator[tuple[str, Any]]:
    for operation in _operations():
        models = [*operation.models, *operation.response_models.values()]
        for model in filter(lambda one: hasattr(one, "model_json_schema"), models):
            yield from model.model_json_schema().get("$defs", {}).items()


def _operations() -> list[Any]:
    return [
        operation
        for _, router in api._routers
        for view in router.path_operations.values()
        for operation in view.operations
    ]


def test_a_lot_goes_from_the_landing_to_the_shop_by_programs_alone(chain: Chain) -> None:
    market, shop = program(chain, "cooperative"), program(chain, "shop")
    landed = market.post("landings", {"landings": [LANDING], "place": chain.market.id}).json()
    assert (landed["kind"], landed["place"]) == ("landed", chain.market.id)
    lot = landed["lots"][0]["lot"]
    parts = {"job": {"used": [{"lot": lot}], "made": [{"grams": 300 * KG}, {"grams": 200 * KG}]}}
    split = market.post("splits", parts)
    assert split.status_code == 201, split.content
    first = next(one["lot"] for one in split.json()["lots"] if one["part"] == "made")
    to = {"organisation": chain.ids["shop"], "carrier": chain.ids["carrier"]}
    offered = market.post("offers", {"to": to, "amounts": [{"lot": first}]}).json()
    (handover,) = offered["told"]["handovers"]
    carrier = program(chain, "carrier")
    truck = {"room": chain.rooms["truck 1"], "amounts": [{"lot": first}]}
    assert reason(market.post("loads", truck)) == "not-your-truck"
    assert carrier.post("loads", truck).json()["kind"] == "loaded"
    assert carrier.post("unloads", truck).status_code == 201
    taken = shop.post("acceptances", {"answers": [{"handover": handover}]})
    assert taken.json()["kind"] == "received"
    (mine,) = shop.get("lots").json()["lots"]
    assert (mine["lot"], mine["status"]) == (first, "received")
    whole = shop.get(f"lots/{first}").json()
    kinds = [one["kind"] for one in whole["history"]]
    assert kinds == ["split", "offered", "loaded", "unloaded", "received"]
    assert whole["facts"]["vessel"] == "" and whole["maker"]["name"] == "cooperative"
    back = shop.get(f"lots/{first}/backward").json()
    assert {one["lot"] for one in back["lots"]} == {first}
    assert (back["hidden"], back["complete"]) == (1, True)
    ahead = market.get(f"lots/{lot}/forward").json()
    assert len(ahead["lots"]) == 3 and ahead["hidden"] == 0
    assert shop.get(f"lots/{lot}").status_code == 404


def test_the_same_request_twice_is_one_event_and_another_under_its_key_is_none(
    chain: Chain,
) -> None:
    market = program(chain, "cooperative")
    body = {"landings": [LANDING]}
    first, second = (market.post("landings", body, "the-same-key") for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    other = market.post("landings", {"landings": [{**LANDING, "boxes": 3}]}, "the-same-key")
    assert Lot.objects.count() == 1
    assert reason(other) == "key-reused"
    elsewhere = program(chain, "plant").post("landings", body, "the-same-key")
    assert elsewhere.json()["event"] != first.json()["event"]


SENSELESS: list[tuple[str, Any]] = [
    ("landings", {"landings": []}),
    ("landings", {"landings": [{**LANDING, "grams": 0}]}),
    ("landings", {"landings": [{**LANDING, "grams": 10**30}]}),
    ("landings", {"landings": [{**LANDING, "grams": "heavy"}]}),
    ("landings", {"landings": [{**LANDING, "species": "squid"}]}),
    ("landings", {"landings": [{**LANDING, "price": 5}]}),
    ("landings", {"landings": [{**LANDING, "vessel": "a\x00b"}]}),
    ("landings", {"landings": [{**LANDING, "vessel": "\ud800"}]}),
    ("landings", {"landings": [{**LANDING, "use_by": "tomorrow"}]}),
    ("landings", {"landings": [LANDING], "quietly": True}),
    ("landings", {"landings": [LANDING], "at_ms": -1}),
    ("landings", {"landings": LANDING}),
    ("awards", {"sold": [{"lot": "a" * 16, "dealer": "7", "krw": 10**40}]}),
    ("loads", {"room": "truck", "amounts": [{"lot": "a" * 16}]}),
    ("inspections", {"lot": "a" * 16, "score": {"side": "mine", "score": 1, "out_of": 23}}),
    ("recalls", {"scope": {"lots": ["a" * 16]}, "order": {"why": "bored"}}),
    ("undo", {"what": "everything"}),
    ("undo", [1]),
]


def test_a_body_that_makes_no_sense_is_refused_whole(chain: Chain) -> None:
    before, market = Event.objects.count(), program(chain, "cooperative")
    answers = [market.post(path, body) for path, body in SENSELESS]
    odd = [
        (one, answer.status_code, reason(answer))
        for one, answer in zip(SENSELESS, answers, strict=True)
        if (answer.status_code, reason(answer)) != (422, "bad-input")
    ]
    assert odd == []
    assert (Event.objects.count(), Lot.objects.count()) == (before, 0)


def test_a_refusal_names_the_field_that_is_missing_or_wrong(chain: Chain) -> None:
    market, lot = program(chain, "cooperative"), chain.land()
    weightless = {name: value for name, value in LANDING.items() if name != "grams"}
    tries: list[tuple[str, dict[str, Any], str]] = [
        ("landings", {"landings": []}, "landings"),
        ("landings", {"landings": [weightless]}, "landings.0.grams"),
        ("landings", {"landings": [{**LANDING, "grams": 0}]}, "grams"),
        ("landings", {"landings": [{**LANDING, "trade": " "}]}, "trade"),
        ("landings", {"landings": [{**LANDING, "vessel": "a\tb"}]}, "vessel"),
        ("landings", {"landings": [LANDING], "quietly": True}, "quietly"),
        ("splits", {"job": {"used": [{"lot": lot.ref}], "made": []}}, "made"),
        ("offers", {"to": {}, "amounts": [{"lot": lot.ref}]}, "organisation"),
        ("holds", {"lots": [lot.ref, lot.ref], "basis": "own"}, "lots"),
    ]
    found = [market.post(path, body).json() for path, body, _ in tries]
    assert [one["at"] for one in found] == [at for _, _, at in tries]
    assert {one["type"].rpartition(":")[2] for one in found} == {"bad-input"}
    assert market.post("landings", {"landings": [LANDING]}, "short").json()["at"] == (
        "Idempotency-Key"
    )


RIGHTS = {
    Reason.ROLE,
    Reason.NOT_HOLDER,
    Reason.NOT_YOURS_TO_DO,
    Reason.NOT_YOUR_TRUCK,
    Reason.PERSON_NEEDED,
}


def test_a_refusal_is_forbidden_only_where_rights_are_the_reason() -> None:
    found = {one: refusals.status_of(Refused(one)) for one in Reason}
    assert {one for one, status in found.items() if status == 403} == RIGHTS
    for status, some in (
        (404, "not-found label-unknown"),
        (409, "taken key-reused wrong-state used-up elsewhere not-there unloaded-already settled"),
        (422, "bad-input future too-old before-it-was heavier gtin cycle why-missing"),
    ):
        assert {found[Reason(one)] for one in some.split()} == {status}
    assert {refusals.status_of(Refused(one)) for one in Unfit} == {422}


def test_a_request_without_a_key_or_with_no_json_is_refused(chain: Chain) -> None:
    market = program(chain, "cooperative")
    for key in ("short", "with a space in it", "k" * 65, "열쇠열쇠열쇠열쇠"):
        answer = market.post("landings", {"landings": [LANDING]}, key)
        assert reason(answer) == "bad-input"
    bearer = {"Authorization": f"Bearer {market.key}"}
    none = Client(headers=bearer).post(
        f"{market.root}/landings", {"landings": [LANDING]}, "application/json"
    )
    assert reason(none) == "bad-input"
    deep = "[" * 50_000
    for text in ("{", "", "\xff", deep, '{"landings": NaN}', '{"landings": 1e999}'):
        assert reason(market.post("landings", text)) == "bad-input"
    assert not Lot.objects.exists()


def test_what_cannot_be_is_refused_with_its_reason_and_leaves_nothing(chain: Chain) -> None:
    """Bad input, as far as a program can send it."""
    lot = chain.land()
    part = chain.split(lot, 100 * KG)[0]
    chain.load("truck 1", part)
    market, plant = program(chain, "cooperative"), program(chain, "plant")
    carrier, room = program(chain, "carrier"), chain.rooms
    amount = [{"lot": part.ref}]
    heavier = {"used": [{"lot": lot.ref, "grams": 10 * KG}], "made": [{"grams": 11 * KG}]}
    cycle = {"used": [{"lot": lot.ref}, {"lot": lot.ref}], "made": [{"grams": KG}]}
    many = [{"grams": 1} for _ in range(501)]
    ten_thousand = [{"lot": f"{number:016}".replace("0", "a")} for number in range(10_001)]
    before = Event.objects.count()
    tries: list[tuple[str, Program, str, dict[str, Any]]] = [
        ("elsewhere", market, "loads", {"room": room["own truck 2"], "amounts": amount}),
        ("not-your-truck", market, "loads", {"room": room["truck 2"], "amounts": amount}),
        ("not-there", carrier, "unloads", {"room": room["truck 2"], "amounts": amount}),
        ("heavier", market, "splits", {"job": heavier}),
        ("bad-input", market, "merges", {"job": cycle}),
        ("too-many-parts", market, "splits", {"job": {"used": [{"lot": lot.ref}], "made": many}}),
        ("too-many-parts", market, "loads", {"room": room["own truck 1"], "amounts": ten_thousand}),
        ("not-found", plant, "splits", {"job": heavier}),
        ("not-holder", carrier, "sales", {"lots": [part.ref]}),
        ("future", market, "sales", {"lots": [lot.ref], "at_ms": chain.now_ms + 3_600_000}),
        ("too-old", market, "sales", {"lots": [lot.ref], "at_ms": chain.now_ms - 61 * 86_400_000}),
        ("gtin", market, "landings", {"landings": [{**LANDING, "gtin": "08801234567890"}]}),
        ("label-unknown", market, "labels", {"lot": lot.ref, "serials": ["AAAA-AAAA"]}),
        ("not-found", market, "labels", {"lot": "a" * 16, "serials": ["2222-2222"]}),
        ("not-yours-to-do", plant, "awards", {"sold": [{"lot": lot.ref, "dealer": "7"}]}),
        ("why-missing", market, "corrections",
         {"lot": lot.ref, "correction": {"boxes": 4}, "why": " "}),
        ("person-needed", market, "recall-closings", {"recall": "a" * 16}),
    ]  # fmt: skip
    answers = [who.post(path, body) for _, who, path, body in tries]
    assert [reason(one) for one in answers] == [wanted for wanted, *_ in tries]
    statuses = [one.json()["status"] for one in answers]
    assert statuses == [one.status_code for one in answers]
    assert statuses[:4] == [409, 403, 409, 422]
    assert Event.objects.count() == before
    assert carrier.post("unloads", {"room": room["truck 1"], "amounts": amount}).status_code == 201
    again = carrier.post("unloads", {"room": room["truck 1"], "amounts": amount})
    assert reason(again) == "unloaded-already"


def test_a_label_is_bound_once(chain: Chain) -> None:
    lot, market = chain.land(), program(chain, "cooperative")
    roll = market.post("rolls", {"labels": 2}).json()["told"]["roll"]
    serials = market.get(f"rolls/{roll}").json()["serials"]
    assert market.post("labels", {"lot": lot.ref, "serials": serials[:1]}).status_code == 201
    assert reason(market.post("labels", {"lot": lot.ref, "serials": serials})) == "label-bound"
    assert program(chain, "plant").get(f"rolls/{roll}").status_code == 404


def test_a_viewers_key_reads_and_does_nothing(chain: Chain) -> None:
    lot, viewer = chain.land(), program(chain, "cooperative", Role.VIEWER)
    assert viewer.get("lots").json()["lots"][0]["lot"] == lot.ref
    assert reason(viewer.post("sales", {"lots": [lot.ref]})) == "role"
    site = {"kind": "shop", "name": "a", "region": "b"}
    assert reason(viewer.post("places", {"site": site})) == "way-in"
    abroad = Program(chain.ids["plant"])
    abroad.root = f"/api/coldchain/{chain.ids['cooperative']}"
    assert reason(abroad.post("sales", {"lots": [lot.ref]})) == "not-found"
    assert abroad.get("lots").status_code == 404


def test_what_is_somebody_elses_looks_like_what_does_not_exist(chain: Chain) -> None:
    lot, shop = chain.land(), program(chain, "shop")
    for path in ("", "/forward", "/backward", "/contacts"):
        theirs, nobodys = shop.get(f"lots/{lot.ref}{path}"), shop.get(f"lots/{'b' * 16}{path}")
        assert (theirs.status_code, theirs.content) == (404, nobodys.content)
    assert shop.get("lots").json() == {"lots": [], "next": None}
    seen = program(chain, "agency").get(f"lots/{lot.ref}").json()
    assert seen["facts"]["code"] == lot.code


def test_verdicts_are_read_with_all_their_versions_and_excursions_with_their_three_times(
    chain: Chain,
) -> None:
    lot, market = chain.land(), program(chain, "cooperative")
    for version in (1, 2):
        text = f'{{"grade":{version}}}'
        Result.objects.create(
            lot=lot, version=version, at_ms=version, text=text, leaf_hash=bytes([version])
        )
    room = Room.objects.get(id=chain.rooms["truck 1"])
    times = {"from_ms": 1, "until_ms": 9, "confirmed": 5, "possible": 2, "unknown": 1}
    more = {"limit": "kr_chilled", "peak_milli": 12_000, **times}
    Excursion.objects.create(room=room, **more).lots.add(lot)
    found = market.get(f"lots/{lot.ref}/verdicts").json()
    assert [(one["version"], one["verdict"]["grade"]) for one in found] == [(2, 2), (1, 1)]
    (one,) = market.get(f"lots/{lot.ref}/excursions").json()
    assert {name: one[name] for name in times} == times and one["signed_ms"] is None
    shop = program(chain, "shop")
    assert shop.get(f"lots/{lot.ref}/verdicts").status_code == 404
    assert shop.get(f"lots/{lot.ref}/excursions").status_code == 404


def test_a_recall_is_run_and_read_by_programs_but_signed_by_a_person(chain: Chain) -> None:
    lot = chain.land()
    sold = chain.hand(lot, "cooperative", "shop", 50 * KG)
    market, shop = program(chain, "cooperative"), program(chain, "shop")
    order = {"why": "histamine", "basis": "own", "grade": 2}
    opened = market.post("recalls", {"scope": {"lots": [lot.ref]}, "order": order}).json()
    recall = opened["told"]["recall"]
    assert market.post("recall-notices", {"recall": recall}).status_code == 201
    told = [one["matter"] for one in shop.get("attention").json()["items"]]
    assert told[:1] == ["recall"]
    known = {"recall": recall, "count": {"recovered": sold.grams}}
    assert shop.post("recall-acknowledgements", known).status_code == 201
    row = market.get(f"recalls/{recall}").json()
    states = {one["organisation"]: one["state"] for one in row["holders"]}
    assert states[chain.ids["shop"]] == "acknowledged"
    assert reason(market.post("recall-closings", {"recall": recall})) == "person-needed"
    assert reason(market.post("sales", {"lots": [lot.ref]})) == "recalled"
    assert shop.get(f"recalls/{recall}").status_code == 404


def test_goods_for_a_stranger_are_answered_by_the_link_once(chain: Chain) -> None:
    lot, market = chain.land(), program(chain, "cooperative")
    wanted = {"amounts": [{"lot": lot.ref, "grams": 20 * KG}], "contact": {}}
    offered = market.post("offers-by-link", wanted).json()
    token = offered["link"].rpartition("/")[2]
    (handover,) = offered["told"]["handovers"]
    answer = {"token": token, "answers": [{"handover": handover, "grams": 0}]}
    assert reason(_stranger("answers", answer)) == "photo-missing"
    answer["answers"][0]["photo"] = PHOTO
    assert _stranger("answers", answer, "strangers-answer").json()["kind"] == "refused"
    assert _stranger("answers", answer, "strangers-answer").status_code == 201
    assert reason(_stranger("answers", answer, "another-answer")) == "used"
    assert Handover.objects.get().status == "refused"


def test_a_shopper_marks_a_purchase_and_too_many_are_stopped(chain: Chain) -> None:
    lot = chain.land()
    problem = {"lot": lot.ref, "kind": "smell", "told": "냄새"}
    found = [_stranger("problems", problem).status_code for _ in range(11)]
    assert found[0] == 201 and found[-1] == 429
    assert reason(_stranger("problems", {**problem, "lot": "a" * 16})) in ("not-found", "too-many")


def _stranger(path: str, body: Any, key: str = "") -> Any:
    sent = {"Idempotency-Key": key or f"stranger-{next(live._keys)}"}
    return Client(headers=sent).post(f"/api/coldchain/{path}", body, "application/json")


def test_every_reason_of_the_room_has_words_in_two_languages() -> None:
    from server.accounts import refusals

    for one in rules.Reason:
        assert refusals.said(one, "ko") != refusals.said(one, "en")
    assert len(Kind) > 30 and rig.NAMES
