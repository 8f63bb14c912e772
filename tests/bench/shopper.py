"""`python -m tests.bench.shopper`: the shopper's page with 7 days of readings every 10 s behind it.

The lot is landed, driven and handed over by real actions; its week is put down as the log's reader
packs it, the verdict is made from it, and the page is asked for as a browser asks, request by
request. Nothing of an answer is kept between two.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from statistics import quantiles
from typing import Any

DAYS = 7
DAY_MS = 86_400_000
BEAT_MS = 10_000
SPAN = 60
ASKED = 60
SEED = "bench shopper"

Row = tuple[str, float, str, float, str]
"""Name, value, unit, bar, reference."""


def main() -> int:
    """Measure in the home and database that the environment names; print rows as JSON."""
    from server import cli

    cli._set_up()
    cli._ready()
    print(json.dumps(list(_page())))
    return 0


def _page() -> Iterator[Row]:
    from django.db import connection
    from django.test import Client

    lot = _week()
    client = Client()
    readings = f"{DAYS * DAY_MS // BEAT_MS:,} readings"
    page = client.get(f"/q/{lot.ref}")
    assert page.status_code == 200, page.content
    loaded = [page, client.get("/style.css"), client.get("/q/shopper.css")]
    took = _p95(lambda: client.get(f"/q/{lot.ref}"))
    connection.close()
    yield "shopper's page, 7 days of 10 s, p95", took * 1e3, "ms", 100, readings
    size = sum(len(one.content) for one in loaded) / 1024
    yield "shopper's page with its style sheets", size, "KiB", 60, "no script needed"


def _p95(ask: Callable[[], Any]) -> float:
    """Seconds on the wall."""
    taken = []
    for _ in range(ASKED):
        start = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - start)
    return quantiles(taken, n=20)[18]


def _week() -> Any:
    """A lot in a shop after a week in a truck; its verdict is judged and in the log."""
    from science import verdict
    from server.coldchain import exposures
    from server.coldchain.actions import custody, landing, loading
    from server.coldchain.handing import Answer
    from server.coldchain.models import Result
    from server.coldchain.rules import SERVICE
    from server.coldchain.taking import Amount
    from server.ledger import log, service
    from server.ledger.writing import writing
    from tests.protocol import build
    from tests.server.coldchain import rig

    chain = rig.chain()
    begin_ms = chain.now_ms - DAYS * DAY_MS
    landed = replace(rig.mackerel(chain), catch_ms=begin_ms - DAY_MS // 6, graded=True)
    early = {"at_ms": begin_ms}
    event = landing.land(chain.desk("cooperative", **early), (landed,), chain.market.id)
    (lot,) = rig.made(rig.done(event))
    row = chain.offer(lot, "cooperative", "shop")
    boxes = (Amount(lot.ref),)
    rig.done(loading.load(chain.desk("carrier", **early), chain.rooms["truck 1"], boxes))
    _readings(chain, begin_ms)
    chain.unload("truck 1", lot, name="carrier")
    rig.done(custody.accept(chain.desk("shop"), (Answer(row.id),)))
    row.refresh_from_db()
    assert row.went is not None
    text = verdict.judge(exposures.of(row.went, chain.now_ms).history).text
    with writing():
        told: list[object] = ["verdict", row.went.ref, 1, chain.now_ms, text]
        leaf = service.stage(SERVICE, "verdict", told, build.digest(SEED))
        Result.objects.create(
            lot=row.went, version=1, at_ms=chain.now_ms, text=text, leaf_hash=leaf
        )
    log.sequence(chain.now_ms)
    return row.went


def _readings(chain: Any, begin_ms: int) -> None:
    from server.coldchain.models import Room, Track
    from tests.server.coldchain.recorder import row

    asset = Room.objects.get(pk=chain.rooms["truck 1"]).asset
    count = DAYS * DAY_MS // (BEAT_MS * SPAN)
    rows = []
    for number in range(count):
        first = begin_ms + number * SPAN * BEAT_MS
        values = [500 + (number * SPAN + n) * 7 % 23 * 100 for n in range(SPAN)]
        seen = [(first + n * BEAT_MS, value) for n, value in enumerate(values)]
        rows.append(row(asset, seen))
    Track.objects.bulk_create(rows, batch_size=500)


if __name__ == "__main__":
    sys.exit(main())
