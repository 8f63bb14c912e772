"""The page of a one-time link: whoever was handed goods, or holds recalled ones, answers in ten
seconds, without an account. A look uses nothing up; the answer does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from server.accounts import limits, links, refusals
from server.accounts.door import View, guarded
from server.accounts.limits import Whence, address_of
from server.accounts.links import BY_LINK
from server.accounts.models import Link
from server.accounts.rules import Need, Refused, Try
from server.coldchain.acting import Desk
from server.coldchain.actions import recalls, strangers
from server.coldchain.actions.recalls import Count
from server.coldchain.handing import Answer
from server.coldchain.models import Event, Handover, RecallHolder, RecallLot
from server.coldchain.rules import SERVICE, Custody, RecallWhy
from server.coldchain.work.frame import Trouble, blank_of, new_key, refusal_of
from server.coldchain.work.labels import LABELS
from server.coldchain.work.photos import keep
from server.coldchain.work.sheet import Blank, Sheet, grams_of, kilograms
from server.coldchain.work.shows import handovers
from server.coldchain.work.words import WHYS
from server.ledger.tick import now_ms
from server.web import shell
from server.web.words import say

Show = Callable[[Link, str], Mapping[str, object]]
Act = Callable[[Desk, str, Link, Sheet], Event | Refused]


def by_link(purpose: str, template: str, show: Show, act: Act) -> View:
    """Make a page of a link's look and its answer."""

    @guarded(Need.OPEN, service=SERVICE)
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(act)
    def view(request: HttpRequest, token: str) -> HttpResponse:
        at_ms, sheet = now_ms(), Sheet.of(request)
        link = links.look(token, purpose, at_ms)
        if isinstance(link, Refused):
            return turned_away(request, link, template)
        content = show(link, shell.language(request))
        if request.method != "POST":
            return link_page(request, template, content)
        desk = Desk(BY_LINK, "", at_ms, sheet.key)
        try:
            done = act(desk, token, link, sheet)
        except Blank as blank:
            trouble = blank_of(blank, shell.language(request))
            return link_page(request, template, content, trouble)
        if isinstance(done, Refused):
            trouble = refusal_of(done, shell.language(request))
            return link_page(request, template, content, trouble)
        content = show(link, shell.language(request))
        return link_page(request, template, {**content, "answered": sheet.text("do")})

    return view


def link_page(
    request: HttpRequest,
    template: str,
    content: Mapping[str, object],
    trouble: Trouble | None = None,
) -> HttpResponse:
    """A page for who has a link: no cache keeps it."""
    sheet = Sheet.of(request)
    key = sheet.key if trouble and sheet.key else new_key()
    told = {"f": sheet.typed if trouble else {}, "key": key, "trouble": trouble}
    frame, status = f"coldchain/work/{template}.html", trouble.status if trouble else 200
    answer = shell.page(request, frame, {**told, **content}, LABELS, status)
    # The address is the secret: it must not travel to another site as a referrer. "no-referrer"
    # would keep the browser from saying that the answer comes from this page, and it were refused.
    answer.headers["Referrer-Policy"] = "same-origin"
    return refusals.unkept(answer)


def turned_away(request: HttpRequest, refused: Refused, template: str) -> HttpResponse:
    """A link that leads nowhere; whoever tries many is told to wait."""
    tries = limits.tried(Try.LINK, Whence(address=address_of(request)), now_ms())
    if isinstance(tries, Refused):
        return refusals.answer(request, tries)
    trouble = refusal_of(refused, shell.language(request))
    return link_page(request, template, {"over": True}, trouble)


def _goods(link: Link, language: str) -> Mapping[str, object]:
    rows = Handover.objects.filter(link=link.id).exclude(status=Custody.WITHDRAWN)
    found = list(rows.select_related("lot", "went", "giver").order_by("id"))
    return {
        "rows": handovers(found, language, given=False),
        "giver": found[0].giver.name if found else "",
        "warm": any(one.lot.warm for one in handovers(found, language, given=False)),
    }


def _answer(desk: Desk, token: str, link: Link, sheet: Sheet) -> Event | Refused:
    """인수, 부족, 거부: one tap for all, or less of some with a photo."""
    mine = Handover.objects.filter(link=link.id).exclude(status=Custody.WITHDRAWN)
    ids = list(mine.order_by("id").values_list("id", flat=True))
    do, why = sheet.text("do"), sheet.text("why")
    if do == "accept":
        return strangers.answer(desk, token, (), why)
    photo = keep(sheet, desk.now_ms)
    if do == "refuse":
        return strangers.answer(desk, token, tuple(Answer(one, 0, 0, photo) for one in ids), why)
    typed = {one: sheet.text(f"grams_{one}") for one in ids}
    short = tuple(
        Answer(one, grams_of(text, "grams"), sheet.count(f"boxes_{one}"), photo)
        for one, text in typed.items()
        if text
    )
    if not short:
        raise Blank("grams")
    return strangers.answer(desk, token, short, why)


def _recall(link: Link, language: str) -> Mapping[str, object]:
    row = RecallHolder.objects.select_related("recall__organisation").filter(link=link.id).first()
    if row is None:
        return {"over": True}
    lots = RecallLot.objects.filter(recall=row.recall).exclude(part="contact")
    went = [row.handover.went_id or row.handover.lot_id] if row.handover else []
    handed = lots.filter(lot__in=went)
    return {
        "owner": row.recall.organisation.name,
        "why": say(WHYS[RecallWhy(row.recall.why)], language),
        "grade": row.recall.grade,
        "share": kilograms(row.grams),
        "codes": list(handed.values_list("lot__trade", "lot__code")[:20]),
    }


def _acknowledge(desk: Desk, token: str, _link: Link, sheet: Sheet) -> Event | Refused:
    return recalls.acknowledge_by_link(desk, token, counted(sheet))


def counted(sheet: Sheet) -> Count | None:
    """What came of a share; None where nothing is said of it. Raises Blank."""
    names = ("recovered", "destroyed", "gone")
    if not any(sheet.text(name) for name in names):
        return None
    return Count(*(sheet.grams_if_any(name) or 0 for name in names))


goods = by_link(strangers.PURPOSE, "goods", _goods, _answer)
recalled = by_link(recalls.PURPOSE, "recall_link", _recall, _acknowledge)
