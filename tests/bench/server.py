"""How many signed readings a second a real server takes in, verifies, logs durably and proves.

A `jagalchi-server run` of one worker on SQLite, on a disk, with every sync; devices that were
enrolled over HTTP post one span a request, as a truck does, over connections that stay. The load is
light (server_load.py) but lives on the same machine. The figure is readings a second of wall clock
as a part of what OpenSSL alone verifies on one core, measured in a pause just before and just
after, so that a slow or busy machine slows both.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from tests.bench.figure import Figure
from tests.bench.server_traffic import Fleet
from tests.e2e.processes import Server

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "bench"
TRUCKS = 16
ROUNDS = 3
READINGS = 24_000
"""In each round, whatever the size of a span."""
BARS = {60: 0.35, 500: 0.5}
USUAL = 60
CORES = os.cpu_count() or 1
PACED_SPANS = 480
P99_MS = 250
VERIFY_S = 0.5


def figures() -> Iterator[Figure]:
    """Measure, one after the other."""
    with running() as server:
        fleet = Fleet.enrol(server, TRUCKS)
        rates = {}
        for size, bar in BARS.items():
            rates[size], figure = throughput(fleet, size, bar, "SQLite, 1 worker")
            yield figure
        yield _latency(fleet, rates[USUAL])
        yield _verify(fleet)


@contextmanager
def running(workers: int = 1, environ: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server in a folder of its own on this disk, not a demonstration; gone afterwards."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    server = Server(FOLDER, demo=False, workers=workers, environ=environ or {})
    try:
        yield server
    finally:
        server.child.kill()
        shutil.rmtree(FOLDER)


def throughput(
    fleet: Fleet, size: int, bar: float, where: str, *, spared: bool = False
) -> tuple[float, Figure]:
    """Readings a second, and the figure: the median of a few rounds.

    spared: the generator's processor time is taken out of the clock.
    """
    spans = READINGS // (size * TRUCKS)
    rounds = []
    for _ in range(ROUNDS):
        fleet.sign(spans, size)
        before = verifies()
        sent = fleet.send()
        rate = spans * size * TRUCKS / (sent.wall_s - spared * sent.cpu_s / CORES)
        rounds.append((rate / statistics.mean((before, verifies())), rate))
    ratio, rate = sorted(rounds)[ROUNDS // 2]
    reference = f"{rate:,.0f}/s; OpenSSL alone {rate / ratio:,.0f}/s a core"
    name = f"readings logged ÷ raw verifies, {size} a span, {where}"
    return rate, Figure(name, ratio, "a core", bar, reference, at_most=False)


def verifies() -> float:
    """Signatures a second that OpenSSL verifies on one core, nothing else being done."""
    key, message = ec.generate_private_key(ec.SECP256R1()), bytes(250)
    es256 = ec.ECDSA(SHA256())
    public, signature = key.public_key(), key.sign(message, es256)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < VERIFY_S:
        for _ in range(100):
            public.verify(signature, message, es256)
        count += 100
    return count / (time.perf_counter() - start)


def _latency(fleet: Fleet, rate: float) -> Figure:
    """Counted from when a span was due, at half the load that was just measured."""
    fleet.sign(PACED_SPANS // TRUCKS, USUAL)
    sent = fleet.send(every_s=2 * USUAL / rate)
    took = [one.took_s for answers in sent.answers.values() for one in answers]
    p99 = statistics.quantiles(took, n=100)[-1]
    reference = f"median {statistics.median(took) * 1e3:.0f} ms at {rate / 2:,.0f} readings/s"
    name = f"span of {USUAL} to receipt, p99 at half load"
    return Figure(name, p99 * 1e3, "ms", P99_MS, reference)


def _verify(fleet: Fleet) -> Figure:
    """Everything that was sent above, derived anew from the journal, beside the idle server."""
    sent = sum(truck.last.record.seq + 1 for truck in fleet.trucks)
    environ = {**os.environ, **fleet.server.environ}
    start = time.perf_counter()
    command = [sys.executable, "-m", "server", "verify"]
    subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, check=True)
    rate = sent / (time.perf_counter() - start)
    reference = f"the whole command, {sent:,} readings"
    return Figure("verify, with every signature", rate, "/s", 8_000, reference, at_most=False)
