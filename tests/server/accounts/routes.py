"""One row for each address of the server: what it needs, and of whom. A new address adds its row.

Pages are named as in their urls.py; operations of the API as "METHOD /path". `finds` gives the
arguments of the address for one organisation, where they are more than its id: whatever belongs to
it indirectly. All other arguments are ids of nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from server.accounts.rules import Need, letters
from server.coldchain.models import Event, Roll
from server.devices.models import Assignment
from server.ledger.keys import entropy
from server.pilots.models import Party

Finds = Callable[[str], Mapping[str, str]]

NOTHING = "a" * 16
CODE = "a" * 26
ORG = "/accounts/organisations/{organisation}"
PILOT = "/pilots/{service}"
CHAIN = "/coldchain/{organisation}"


def device(organisation: str) -> Mapping[str, str]:
    """A device on an asset of this organisation."""
    here = Assignment.objects.get(asset__organisation=organisation, until_ms=None)
    return {"name": here.device_id}


def code(_organisation: str) -> Mapping[str, str]:
    """A guest's code, or a certificate's number, that does not exist."""
    return {"code": CODE}


def certificate(_organisation: str) -> Mapping[str, str]:
    """A certificate that does not exist."""
    return {"name": CODE}


def link(_organisation: str) -> Mapping[str, str]:
    """A link that does not exist."""
    return {"purpose": "join", "token": CODE}


def pilot(organisation: str) -> Mapping[str, str]:
    """The pilot that this organisation runs."""
    return {"service": Party.objects.get(organisation=organisation).pilot_id}


def pilot_link(_organisation: str) -> Mapping[str, str]:
    """A link of a pilot that does not exist."""
    return {"token": CODE}


def box(_organisation: str) -> Mapping[str, str]:
    """A code that stands on no box."""
    return {"code": NOTHING}


def of_box(method: str = "GET", **more: str) -> Row:
    """A shopper's address: below one code."""
    return opened("coldchain", method, lambda organisation: {**box(organisation), **more})


def roll(organisation: str) -> Mapping[str, str]:
    """A roll of labels that this organisation made."""
    event = Event.objects.create(
        ref=letters(entropy(10)),
        kind="roll-made",
        at_ms=0,
        noted_ms=0,
        organisation=organisation,
        leaf_hash=entropy(32),
    )
    made = Roll(id=letters(entropy(10)), organisation_id=organisation, labels=1, made_ms=0)
    made.event = event
    made.save(force_insert=True)
    return {"organisation": organisation, "roll": made.id}


def of_pilot(need: Need, method: str = "GET") -> Row:
    """Below one pilot."""
    return Row(need, "pilots", method, pilot)


def tile(_organisation: str) -> Mapping[str, str]:
    """A tile that does not exist."""
    return {"path": "0/000"}


@dataclass(frozen=True, slots=True)
class Row:
    """What one address needs, in which service; `ends`: it ends the session of whoever asks."""

    need: Need
    service: str = "accounts"
    method: str = "GET"
    finds: Finds | None = None
    ends: bool = False


def opened(service: str = "accounts", method: str = "GET", finds: Finds | None = None) -> Row:
    """Strangers may."""
    return Row(Need.OPEN, service, method, finds)


def mine(method: str = "POST", *, ends: bool = False) -> Row:
    """Whoever is somebody may, about themselves."""
    return Row(Need.SELF, method=method, ends=ends)


def administers(method: str = "POST") -> Row:
    """An administrator may, in person."""
    return Row(Need.ADMINISTER, method=method)


PILOT_FORMS = (
    *("flip", "confirm", "incident", "incident-close", "file-notice", "announce", "amend"),
    *("reschedule", "open", "close", "prepare", "sign", "exemption", "exemption-revoke"),
    *("insurance", "consent", "board-row", "board-step", "invite", "cohort", "remove"),
)
LINK_FORMS = ("agree", "take-back", "enrol", "wait", "leave")

WORK_SEEN = (
    *("home", "find", "lots", "lot", "rooms", "room", "door-code", "shelf", "stopped", "alarms"),
    *("problems", "recalls", "record", "record-file", "evidence", "trace", "trips", "trip"),
    *("trip-file", "sensors", "pallets", "sites"),
)
WORK_FORMS = (
    *("undo", "acknowledge", "correct", "sort", "transform", "split", "waste", "inspect"),
    *("sample", "hold", "release", "on-sale", "sold-out", "scrap", "land", "lists", "auction"),
    *("rework", "sell", "settle", "declare", "pack", "pallet", "problem-close"),
    *("merge", "labels", "rolls", "load", "unload", "offer", "given", "inbox", "recall-open"),
    *("recall", "recalled", "handle", "sensor-looked"),
)

WORK_SITES = ("site-add", "room-add", "party")


def photo(organisation: str) -> Mapping[str, str]:
    """A photo that nobody handed in."""
    return {"organisation": organisation, "digest": "0" * 64}


def settlement(organisation: str) -> Mapping[str, str]:
    """What was settled today."""
    return {"organisation": organisation, "kind": "csv"}


PAGES: Mapping[str, Row] = {
    "checkpoint": opened("log"),
    "tile": opened("log", finds=tile),
    "openapi-json": opened(),
    "devices": opened("devices"),
    "device": Row(Need.SEE, "devices", finds=device),
    "wall": opened("devices", finds=pilot_link),
    "style": opened("web"),
    "nothing": opened("web"),
    "sign-in": Row(Need.OPEN, method="POST"),
    "ask-for-link": opened(method="POST"),
    "by-recovery-code": opened(method="POST"),
    "sign-in-options": opened(method="POST"),
    "by-passkey": opened(method="POST"),
    "sign-out": Row(Need.OPEN, method="POST", ends=True),
    "badge": Row(Need.OPEN, method="POST", ends=True),
    "guest": opened(method="POST"),
    "guest-by-code": opened(finds=code),
    "accounts-script": opened(),
    "link": opened(method="POST", finds=link),
    "me": mine("GET"),
    "my-name": mine(),
    "my-address": mine(),
    "my-password": mine(),
    "passkey-options": mine(),
    "passkey-add": mine(),
    "passkey-remove": Row(Need.SELF, method="POST", finds=lambda _: {"passkey": "1"}),
    "recovery-codes": mine(),
    "sessions-end": mine(ends=True),
    "my-export": mine(),
    "erase": mine(),
    "certificate": opened(finds=certificate),
    "certificate-file": opened(finds=certificate),
    "organisations": mine("GET"),
    "organisation": Row(Need.SEE),
    "member-role": administers(),
    "badge-make": administers(),
    "badge-end": administers(),
    "invite": administers(),
    "invitation-end": administers(),
    "duty-set": administers(),
    "duty-end": administers(),
    "access": administers("GET"),
    "key-make": administers(),
    "key-end": administers(),
    "guest-make": administers(),
    "guest-end": administers(),
    "webhook": administers(),
    "acts": Row(Need.AUDIT),
    "messages": administers("GET"),
    "work": opened("coldchain"),
    "work-style": opened("coldchain"),
    "work-script": opened("coldchain"),
    "work-door": opened("coldchain"),
    "work-goods": opened("coldchain", "POST", pilot_link),
    "work-recall-link": opened("coldchain", "POST", pilot_link),
    "work-paper-link": opened("coldchain", finds=pilot_link),
    "work-paper-link-file": opened("coldchain", finds=pilot_link),
    "work-live": opened("coldchain", finds=pilot_link),
    **{f"work-{name}": Row(Need.SEE, "coldchain") for name in WORK_SEEN},
    **{f"work-{name}": Row(Need.OPERATE, "coldchain", "POST") for name in WORK_FORMS},
    **{f"work-{name}": Row(Need.ADMINISTER, "coldchain", "POST") for name in WORK_SITES},
    "work-settlement": Row(Need.OPERATE, "coldchain", finds=settlement),
    "work-receipt": opened("coldchain", "POST", pilot_link),
    "work-photo": Row(Need.SEE, "coldchain", finds=photo),
    "shopper-ask": opened("coldchain"),
    "shopper-style": opened("coldchain"),
    "shopper-script": opened("coldchain", finds=lambda _: {"name": "cbor.js"}),
    "shopper": of_box(),
    "shopper-evidence": of_box(),
    "shopper-bought": of_box("POST"),
    "shopper-problem": of_box("POST"),
    "shopper-code": of_box(kind="svg"),
    "digital-link": opened("coldchain", finds=lambda _: {"path": "08801234567893/10/A"}),
    "label-sheet": Row(Need.SEE, "coldchain", finds=roll),
    "pilots": opened("pilots"),
    "pilot": opened("pilots", finds=pilot),
    "pilot-notice": opened("pilots", finds=pilot),
    "pilot-desk": of_pilot(Need.SEE),
    "pilot-plan": of_pilot(Need.SEE),
    "pilot-board": of_pilot(Need.SEE),
    "pilot-board-file": of_pilot(Need.SEE),
    "pilot-people": of_pilot(Need.SEE),
    "pilot-invitation": of_pilot(Need.OPERATE),
    **{f"pilot-{name}": of_pilot(Need.OPERATE, "POST") for name in PILOT_FORMS},
    "pilot-join": opened("pilots", "POST", pilot_link),
    "pilot-mine": opened("pilots", finds=pilot_link),
    **{f"pilot-{name}": opened("pilots", "POST", pilot_link) for name in LINK_FORMS},
}

PILOT_POSTS = (
    *("notices", "plans", "amendments", "reschedules", "openings", "closings", "signoffs"),
    *("readiness", "flags", "flags/{flag}/confirmation"),
)
LINK_POSTS = ("applications", "consents", "seats", "waiting", "withdrawals")

CHAIN_POSTS = (
    *("landings", "passed-in", "awards", "settlements", "corrections", "declared-errors"),
    *("sorts", "transformations", "splits", "merges", "reworks", "waste", "pallets"),
    *("unpackings", "loads", "unloads", "offers", "acceptances", "refusals", "withdrawals"),
    *("offers-by-link", "unconfirmed", "rolls", "labels", "on-sale", "sales", "sold-out"),
    *("scrapped", "inspections", "samples", "sample-results", "holds", "releases", "recalls"),
    *("recall-notices", "recall-acknowledgements", "recall-unreached", "recall-counts"),
    *("recall-closings", "undo", "report-closings", "epcis/capture"),
)
CHAIN_PLACES = ("party", "places", "rooms")
CHAIN_READS = (
    *("attention", "lots", "lots/{lot}", "lots/{lot}/forward", "lots/{lot}/backward"),
    *("lots/{lot}/contacts", "places", "rooms", "handovers", "recalls/{recall}", "rolls/{roll}"),
    *("epcis/events", "lots/{lot}/fsma204.csv", "lots/{lot}/records.xlsx"),
    *("lots/{lot}/verdicts", "lots/{lot}/excursions"),
)
STRANGERS_POSTS = ("answers", "recall-answers", "purchases", "problems", "disputes")

API: Mapping[str, Row] = {
    "POST /enrol": opened("devices", "POST"),
    "POST /devices/{device}/spans": opened("devices", "POST"),
    "GET /devices/{device}/head": opened("devices"),
    "GET /devices/{device}/receipts": opened("devices"),
    "GET /devices/{device}/config": opened("devices"),
    "POST /devices/{device}/readmission": opened("devices", "POST"),
    "GET /log/succession": opened("devices"),
    "POST /log/evidence": opened("devices", "POST"),
    "GET /": opened("devices"),
    "GET /{path:asked}": opened("devices"),
    "GET /accounts/me": opened(),
    f"GET {ORG}": Row(Need.SEE),
    f"GET {ORG}/members": Row(Need.SEE),
    f"PUT {ORG}/members/{{person}}": administers("PUT"),
    f"DELETE {ORG}/members/{{person}}": administers("DELETE"),
    f"GET {ORG}/invitations": administers("GET"),
    f"POST {ORG}/invitations": administers(),
    f"DELETE {ORG}/invitations/{{link}}": administers("DELETE"),
    f"GET {ORG}/keys": administers("GET"),
    f"POST {ORG}/keys": administers(),
    f"DELETE {ORG}/keys/{{key}}": administers("DELETE"),
    f"GET {ORG}/guests": administers("GET"),
    f"POST {ORG}/guests": administers(),
    f"DELETE {ORG}/guests/{{guest}}": administers("DELETE"),
    f"PUT {ORG}/webhook": administers("PUT"),
    f"DELETE {ORG}/webhook": administers("DELETE"),
    f"GET {ORG}/deeds": Row(Need.AUDIT),
    "GET /pilots": opened("pilots"),
    f"GET {PILOT}": opened("pilots", finds=pilot),
    f"GET {PILOT}/allow": of_pilot(Need.SEE),
    **{f"POST {PILOT}/{name}": of_pilot(Need.OPERATE, "POST") for name in PILOT_POSTS},
    **{f"POST /pilots/{name}": opened("pilots", "POST") for name in LINK_POSTS},
    **{f"POST {CHAIN}/{name}": Row(Need.OPERATE, "coldchain", "POST") for name in CHAIN_POSTS},
    **{f"POST {CHAIN}/{name}": Row(Need.ADMINISTER, "coldchain", "POST") for name in CHAIN_PLACES},
    **{f"GET {CHAIN}/{name}": Row(Need.SEE, "coldchain") for name in CHAIN_READS},
    **{f"POST /coldchain/{name}": opened("coldchain", "POST") for name in STRANGERS_POSTS},
}

NO_ROW: frozenset[str] = frozenset({"api-root"})
"""Made by the API library and never reached: `GET /` stands before it."""
