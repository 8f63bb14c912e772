"""`python -m tests.bench.trace_goods`: build, walk, compare with a naive walk, print figures.

The graph is 150 days of a harbour: landings are sorted, classes are merged into batches of a plant,
batches are split twice, and a few of the parts go back into a batch of the next day (rework).
Every walk is compared with a naive one; another answer ends the measurement.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from random import Random

DAYS = 150
LANDINGS, CLASSES, BATCHES, PARTS, SPLITS = 40, 6, 100, 15, 3
MIXED = 4
"""Classes that go into one batch."""
REWORKED = 60
ASKED = 400
LOTS = 10_000

Edges = list[tuple[int, int]]
Row = tuple[str, float, str, str]


def harbour(random: Random) -> tuple[Edges, int, list[int], list[int]]:
    """Links between lots numbered from 0, how many lots, the landings, and what ends in shops."""
    edges, landed, sold, size = Edges(), list[int](), list[int](), 0
    back: list[int] = []

    def new(count: int, parents: Callable[[], Iterable[int]]) -> list[int]:
        nonlocal size
        made = list(range(size, size + count))
        size += count
        edges.extend((parent, child) for child in made for parent in parents())
        return made

    def each(lots: Iterable[int], count: int) -> list[int]:
        return [one for lot in lots for one in new(count, partial(tuple, [lot]))]

    for _ in range(DAYS):
        landings = new(LANDINGS, tuple)
        classes = each(landings, CLASSES)
        batches = new(BATCHES, partial(random.sample, classes, MIXED))
        edges.extend({(one, random.choice(batches)) for one in back})
        parts = each(batches, PARTS)
        ends = each(parts, SPLITS)
        back = random.sample(parts, REWORKED)
        landed += landings
        sold += random.sample(ends, LANDINGS)
    return edges, size, landed, sold


def main() -> int:
    """Measure in the home and database that the environment names."""
    from server import cli

    cli._set_up()
    cli._ready()
    rows = [*_night(), *_walks()]
    print(json.dumps(rows))
    return 0


def _walks() -> list[Row]:
    from django.db import connection

    from server.coldchain import trace
    from tests.server.coldchain import graphs
    from tests.server.pilots.rig import organisation

    random = Random(20200602)
    edges, size, landed, sold = harbour(random)
    begun = time.perf_counter()
    first = graphs.lots(size, organisation("harbour"))
    graphs.links(edges, first)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE coldchain_link")
    built = time.perf_counter() - begun
    print(f"{len(edges):,} links of {size:,} lots in {built:.0f} s", file=sys.stderr)
    down, up = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    for parent, child in edges:
        down[parent].append(child)
        up[child].append(parent)
    found = []
    for name, walk, graph, seeds in (
        ("forward", trace.forward, down, random.sample(landed, ASKED)),
        ("backward", trace.backward, up, random.sample(sold, ASKED)),
    ):
        taken, sizes = [], []
        for seed in seeds:
            start = time.perf_counter()
            got = walk([first + seed]).lots
            taken.append((time.perf_counter() - start) * 1e3)
            naive = {first + one for one in graphs.walked(graph, [seed])}
            assert got == naive, f"{name} from {seed}: {len(got)} lots, not {len(naive)}"
            sizes.append(len(got))
        p95 = statistics.quantiles(taken, n=20)[-1]
        what = f"trace {name}, p95 of {ASKED}, {len(edges):,} links"
        reference = f"{statistics.median(sizes):,.0f} lots in the middle, {max(sizes):,} at most"
        found.append((what, p95, "ms", reference))
    return found


def _night() -> list[Row]:
    from server.coldchain.actions import landing, loading
    from server.coldchain.taking import Amount
    from tests.server.coldchain.rig import chain, done, mackerel, made

    here = chain()
    listed = tuple(mackerel(here, 20_000, 1) for _ in range(LOTS))
    start = time.perf_counter()
    lots = made(done(landing.land(here.desk("cooperative"), listed, here.market.id)))
    landed = time.perf_counter() - start
    amounts = tuple(Amount(one.ref) for one in lots)
    for room in ("own truck 1", "cooperative room"):
        done(loading.load(here.desk("cooperative"), here.rooms[room], amounts))
        done(loading.unload(here.later().desk("cooperative"), here.rooms[room], amounts))
    taken = time.perf_counter() - start
    what = f"{LOTS:,} lots landed, loaded, unloaded, stored and taken out"
    return [(what, taken, "s", f"landed in {landed:.1f} s")]


if __name__ == "__main__":
    sys.exit(main())
