"""판매대: what a shop has received and what is on sale; sold out or destroyed in two taps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from server.accounts.door import View
from server.accounts.models import Kind as Sort
from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import selling
from server.coldchain.models import Event
from server.coldchain.rules import Status
from server.coldchain.work.frame import Here, shown, task
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Sheet
from server.coldchain.work.shows import PAGE, live, lots

Sell = Callable[[Desk, tuple[str, ...]], Event | Refused]

STOPPED_DO: Final = ("stop_do_apart", "stop_do_sign", "stop_do_wait")


@shown("shelf")
def shelf(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """What is on sale, and what may be put there."""
    rows = live(here.organisation.id).filter(side="", feed=False)
    on_sale = rows.filter(status=Status.ON_SALE)[: 2 * PAGE]
    ready = rows.filter(status__in=(Status.RECEIVED, Status.PROCESSED))[: 2 * PAGE]
    return {
        "on_sale": lots(list(on_sale), here.language),
        "ready": lots(list(ready), here.language),
    }


@shown("stopped")
def stopped(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """Goods in hand that must not be sold, and what to do with them."""
    rows = live(here.organisation.id).exclude(side="")[: 2 * PAGE]
    return {
        "lots": lots(list(rows), here.language),
        "what": [here.say(LABELS[one]) for one in STOPPED_DO],
    }


def _sure(word: str, sell: Sell) -> View:
    """One question with one large key: the second of two taps."""

    def show(here: Here, _sheet: Sheet) -> Mapping[str, object]:
        return {
            "lot": lots([here.lot()], here.language)[0],
            "question": here.say(LABELS[f"sure_{word}"]),
            "key_word": here.say(LABELS[f"do_{word}"]),
            "is_stop": word == "scrap",
        }

    def act(here: Here, desk: Desk, _sheet: Sheet) -> Event | Refused:
        return sell(desk, (here.lot().ref,))

    return task("sure", show, act, _to_shelf)


def _to_shelf(here: Here, _sheet: Sheet, _event: Event) -> str:
    shop = here.organisation.kind in (Sort.SHOP, Sort.MERCHANT)
    return f"{here.home}/shelf" if shop else f"{here.home}/lots"


put_on_sale = _sure("on_sale", selling.put_on_sale)
sold_out = _sure("sold_out", selling.sell_out)
sell = _sure("sell", selling.sell)
scrap = _sure("scrap", selling.scrap)
