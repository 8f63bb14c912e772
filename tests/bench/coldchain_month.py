"""`python -m tests.bench.coldchain_month`: a month of readings every 10 s, and what it costs.

The month is put down as the log's reader packs it, a span of 60 records a row. Then: a month from
readings alone, a month from cached hours, and what one more span costs until the month is right
again. Reading a span out of the log (opening its records) is measured for itself.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from statistics import median
from typing import Any

from tests.bench.figure import seconds

DAYS = 30
BEAT_MS = 10_000
SPAN = 60
SPANS = DAYS * 86_400_000 // (BEAT_MS * SPAN)
DAY_MS = 86_400_000
NEW = 20
"""Spans that arrive one by one."""

Row = tuple[str, float, str, float, str]
"""Name, value, unit, bar, reference."""


def main() -> int:
    """Measure in the home and database that the environment names; print rows as JSON."""
    from server import cli

    cli._set_up()
    cli._ready()
    print(json.dumps(list(_exposures())))
    return 0


def _exposures() -> Iterator[Row]:
    from django.db import connection

    from science import verdict
    from science.timeline import Stretch
    from server.coldchain import cells
    from server.coldchain.models import Cell
    from tests.science.trips import MACKEREL
    from tests.server.coldchain.recorder import START, asset_of

    begin = START // DAY_MS * DAY_MS
    # Neither end on the hour, as no loading is.
    window = Stretch(begin + 1_234_567, begin + DAYS * DAY_MS - 1_234_567)
    asset = asset_of("truck").pk
    _month(begin, SPANS - NEW)

    def cold() -> None:
        Cell.objects.all().delete()
        cells.exposure(asset, window)

    def judge() -> None:
        exposure = cells.exposure(asset, window)
        section = verdict.Section(verdict.Where.TRANSPORT, exposure)
        made = verdict.History(product=MACKEREL, sections=(section,), until_ms=window.until_ms)
        verdict.judge(made)

    from_readings = seconds(cold, rounds=3)
    cached = seconds(judge)
    added = _arriving(begin, asset, window)
    connection.close()
    count = f"{(SPANS - NEW) * SPAN:,} readings"
    yield "exposure, 30 days of 10 s, nothing cached", from_readings, "s", 1, count
    yield "exposure and verdict, 30 days, cached", cached * 1e3, "ms", 1_000, count
    name = "exposure of 30 days after one more span"
    yield name, added * 1e3, "ms", 20, f"median of {NEW}, its row written"
    yield _reading()


def _month(begin: int, spans: int) -> None:
    from server.coldchain.models import Track

    Track.objects.bulk_create([_row(begin, number) for number in range(spans)], batch_size=500)


def _row(begin: int, number: int) -> Any:
    from tests.server.coldchain.recorder import asset_of, row

    first = begin + number * SPAN * BEAT_MS
    seen = [(first + n * BEAT_MS, 1_000 + (number * SPAN + n) * 7 % 23 * 100) for n in range(SPAN)]
    return row(asset_of("truck"), seen)


def _arriving(begin: int, asset: int, window: Any) -> float:
    """Median seconds for one more span: its row, the cells it drops, and the month again."""
    from server.coldchain import cells, tracks

    rows = iter([_row(begin, number) for number in range(SPANS - NEW, SPANS)])

    def arrive() -> None:
        with tracks.still():
            tracks.put(next(rows))
        cells.exposure(asset, window)

    return median([seconds(arrive, rounds=1) for _ in range(NEW)])


def _reading() -> Row:
    """Milliseconds to read one span of 60 records out of the log into its row."""
    from django.test import Client

    from server.coldchain import tracks
    from tests.server.coldchain.recorder import BEAT, START, Recorder

    recorder = Recorder.enrol(Client())
    recorder.measure([1_000 + n % 23 for n in range(SPAN * NEW - 1)], START + BEAT)
    for number in range(NEW):
        recorder.truck.post(recorder.sealed[number * SPAN : (number + 1) * SPAN])
    took = seconds(tracks.follow_all, rounds=1) / NEW
    return f"span of {SPAN} from the log to its row", took * 1e3, "ms", 20, f"{NEW} spans"


if __name__ == "__main__":
    sys.exit(main())
