"""The shopper's addresses: a scanned code, its picture, its proof; marking a purchase, a problem.

Strangers read all of them. A page is useful without script; with it the browser checks the proof.
Nobody is known here: what a shopper sends holds no name, and tries are counted, not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from science import gs1
from science.timeline import HOLD
from server.accounts import limits, refusals
from server.accounts.door import guarded
from server.accounts.limits import Whence
from server.accounts.rules import NOBODY, Need, Refused, Try
from server.coldchain import published
from server.coldchain.acting import Desk
from server.coldchain.actions import selling
from server.coldchain.models import Event
from server.coldchain.rules import ProblemKind
from server.coldchain.shopper import card as cards
from server.coldchain.shopper import codes, evidence, formulas, gather, linkset, scans, shown
from server.coldchain.shopper.card import Card
from server.coldchain.shopper.gather import Code
from server.coldchain.shopper.words import PROBLEMS, WORDS
from server.ledger import log
from server.ledger.tick import now_ms
from server.pilots.days import day_of
from server.web import shell
from server.web.words import say

STATIC: Final = Path(__file__).parents[1] / "static" / "coldchain"
COMMAND: Final = "jagalchi-agent verify"
PROOF: Final = tuple(sorted(path.name for path in (STATIC / "proof").glob("*.js")))
open_to_all = guarded(Need.OPEN, service="coldchain")


@open_to_all
@require_safe
def ask(request: HttpRequest) -> HttpResponse:
    """Where a code is typed in."""
    typed = request.GET.get("code", "").strip()
    if typed and gather.find(typed):
        return HttpResponseRedirect(f"/q/{gather.find(typed).name}")  # type: ignore[union-attr]
    return _nothing(request, "unknown") if typed else _page(request, "ask.html", {}, 200)


@open_to_all
@require_safe
def short(request: HttpRequest, code: str) -> HttpResponse:
    """A code of ours."""
    found = gather.find(code)
    if found is None:
        return _nothing(request, "unknown")
    return _answer(request, found)


@open_to_all
@require_safe
def digital_link(request: HttpRequest, path: str) -> HttpResponse:
    """A GS1 Digital Link; another check digit, and what is not ours, is no lot."""
    try:
        address = gs1.parse(f"/01/{path}")
    except gs1.Gs1Error:
        return _nothing(request, "unknown")
    found = gather.linked(address)
    if found is None:
        return _nothing(request, "unknown")
    if linkset.is_wanted(request.GET.get("linkType", ""), request.headers.get("Accept", "")):
        return _linkset(address.path, found)
    return _answer(request, found)


def _linkset(path: str, code: Code) -> HttpResponse:
    lot = code.lot
    proved = lot is not None and gather.result_of(lot) is not None
    told = linkset.linkset(settings.JAGALCHI.address, path, f"/q/{code.name}", proved=proved)
    response = JsonResponse(told, content_type=linkset.MEDIA)
    response.headers["Vary"] = "Accept"
    return response


def _answer(request: HttpRequest, code: Code) -> HttpResponse:
    if code.lot is None:
        void = code.label is not None and code.label.void_ms is not None
        return _nothing(request, "void" if void else "unbound")
    card = gather.card(code, now_ms())
    if card.stopped is not None:
        return _page(request, "stopped.html", {"stop": shown.stopped(card, _spoken(request))}, 200)
    response = _page(request, "page.html", _content(request, code, card), 200)
    if code.label is not None:
        scans.count(request, response, code.label, now_ms())
    return response


def _content(request: HttpRequest, code: Code, card: Card) -> Mapping[str, object]:
    spoken, here = _spoken(request), f"/q/{code.name}"
    return {
        "head": shown.head(card, spoken),
        "sentences": shown.sentences(card, spoken),
        "facts": shown.facts(card, spoken),
        "trade": shown.trade(card, spoken),
        "latin": [latin for _, latin in cards.names(card) if latin],
        "origin": shown.origin(card, spoken),
        "degrees": shown.degrees(card.verdict, spoken),
        "picture": shown.picture(card, spoken),
        "steps": shown.steps(card, spoken),
        "journey_note": say(WORDS["journey_note"], spoken).format(rule=HOLD.name),
        "sketch": shown.sketch(card, spoken),
        "vouched": shown.vouched(spoken),
        "seen": shown.seen(card, spoken),
        "problems": shown.problems(spoken),
        "formulas": formulas.lines(card.verdict, spoken),
        "chilled": not shown.frozen(card),
        "histamine": bool(card.verdict and card.verdict.histamine),
        "ice_seen": _agreed(published.Said.ICE_SEEN, spoken) if card.ice_seen else "",
        "sampled": say(WORDS[card.sampled], spoken) if card.sampled else "",
        "use_by_over": bool(card.use_by and card.use_by < day_of(now_ms())),
        "failed": card.sampled == "sample_failed",
        "bought": _bought(card, spoken),
        "truth": _agreed(published.Said.PROOF, spoken),
        "proof": _proof(card, here, spoken),
        "proved": card.proved,
        "told": card.told,
        "version": card.version,
        "said": _said(request, spoken),
        "here": here,
        "link": settings.JAGALCHI.address + here,
    }


def _proof(card: Card, here: str, spoken: str) -> Mapping[str, object]:
    """The evidence file as the page offers it, and the checkpoint that the page is made with."""
    seen = log.newest()
    note = WORDS["proof_file_again" if card.recomputable else "proof_file_note"]
    return {
        "file": f"{here}/evidence?version={card.version}&since={seen.size}",
        "size": seen.size,
        "root": seen.root.hex(),
        "note": say(note, spoken).format(command=COMMAND),
    }


def _agreed(said: published.Said, spoken: str) -> str:
    """A sentence as it was agreed, to the letter."""
    return say(published.SENTENCES[said], spoken)


def _bought(card: Card, spoken: str) -> str:
    return say(WORDS["bought_done"], spoken).format(day=card.bought) if card.bought else ""


def _said(request: HttpRequest, spoken: str) -> shown.Said | None:
    """What came of the form that was sent just now."""
    done = request.GET.get("done", "")
    if done == "problem":
        return shown.Said("●", "good", say(WORDS["problem_done"], spoken))
    if done == "bought":
        return shown.Said("●", "good", say(WORDS["bought_thanks"], spoken))
    return None


@open_to_all
@require_POST
def bought(request: HttpRequest, code: str) -> HttpResponse:
    """A purchase, marked by today's date."""
    found, at_ms = _box(request, code)
    if found is None or isinstance(found, HttpResponse):
        return found or _nothing(request, "unknown")
    desk, (lot, serial) = Desk(NOBODY, "", at_ms), _named(found)
    return _done(request, selling.mark_purchase(desk, lot, day_of(at_ms), serial), found, "bought")


@open_to_all
@require_POST
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """A problem, in a shopper's own words."""
    found, at_ms = _box(request, code)
    if found is None or isinstance(found, HttpResponse):
        return found or _nothing(request, "unknown")
    told, wanted = request.POST.get("told", ""), request.POST.get("kind", "")
    kind = ProblemKind(wanted) if wanted in list(PROBLEMS) else ProblemKind.OTHER
    desk, (lot, serial) = Desk(NOBODY, "", at_ms), _named(found)
    event = selling.report_problem(desk, lot, kind, told, serial)
    return _done(request, event, found, "problem")


def _box(request: HttpRequest, code: str) -> tuple[Code | HttpResponse | None, int]:
    """The lot that a form is about; a refusal for whoever sends very many."""
    at_ms = now_ms()
    tries = limits.tried(Try.LINK, Whence(address=limits.address_of(request)), at_ms)
    if isinstance(tries, Refused):
        return refusals.answer(request, tries), at_ms
    found = gather.find(code)
    return (found if found and found.lot else None), at_ms


def _named(code: Code) -> tuple[str, str]:
    lot = code.lot.ref if code.lot else ""
    return lot, code.label.serial if code.label else ""


def _done(request: HttpRequest, event: Event | Refused, code: Code, what: str) -> HttpResponse:
    if isinstance(event, Refused):
        return refusals.answer(request, event)
    return HttpResponseRedirect(f"/q/{code.name}?done={what}")


@open_to_all
@require_safe
def proof_file(request: HttpRequest, code: str) -> HttpResponse:
    """The evidence of a lot's result, of the version that a page showed, for anybody to check."""
    found, version = gather.find(code), _number(request.GET.get("version", ""))
    since = [size for one in request.GET.getlist("since") if (size := _number(one)) is not None]
    data = evidence.file(found.lot, now_ms(), version, since) if found and found.lot else None
    if data is None or found is None:
        return _nothing(request, "unknown")
    response = HttpResponse(data, content_type="application/cbor-seq")
    name = f"{found.name.lower()}.evidence"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _number(text: str) -> int | None:
    """A number as an address gives it; None for whatever else stands there."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


@open_to_all
@require_safe
def picture(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """The code of a lot or box as a picture, for whoever prints."""
    found = gather.find(code)
    if found is None:
        return _nothing(request, "unknown")
    text = address_of(found)
    if kind == "png":
        return HttpResponse(codes.png(text), content_type="image/png")
    return HttpResponse(codes.svg(text), content_type="image/svg+xml")


def address_of(code: Code) -> str:
    """What the code of a lot or box holds."""
    lot, label = code.lot, code.label
    gtin = lot.gtin if lot else ""
    number = lot.code if lot and gtin else code.name
    return codes.address(settings.JAGALCHI.address, gtin, number, label.serial if label else "")


@open_to_all
@require_safe
def script(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001
    """A file of the module that checks the proof."""
    return _static(f"proof/{name}", "text/javascript; charset=utf-8")


@open_to_all
@require_safe
def style(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The page's style sheet."""
    return _static("shopper.css", "text/css; charset=utf-8")


def _static(name: str, kind: str) -> HttpResponse:
    response = HttpResponse(_content_of(name), kind)
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@cache
def _content_of(name: str) -> bytes:
    return (STATIC / name).read_bytes()


def _nothing(request: HttpRequest, why: str) -> HttpResponse:
    """A code that is on nothing, or is none: 404, and what to do."""
    status = 200 if why in ("unbound", "void") else 404
    spoken = _spoken(request)
    content = {"why": say(WORDS[why], spoken), "what": say(WORDS[f"{why}_what"], spoken)}
    return _page(request, "nothing.html", content, status)


def _page(
    request: HttpRequest, template: str, content: Mapping[str, object], status: int
) -> HttpResponse:
    large = request.GET.get("size") == "large"
    frame = {"large": large, "size": "&size=large" if large else ""}
    told = {**content, **frame}
    return shell.page(request, f"coldchain/shopper/{template}", told, WORDS, status)


def _spoken(request: HttpRequest) -> str:
    return shell.language(request)
