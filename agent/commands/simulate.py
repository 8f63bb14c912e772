"""`simulate`: hours of a made-up truck in seconds, through the same loop, sealer and outbox.

No hardware, no network, no server: the truck is in one long dead zone, with a key that anybody can
guess and a card that is thrown away. Time passes only by waiting, and all chance comes from the
seed: the same seed gives the same records, to the last byte.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from agent import exits, loop
from agent.daemon import identity, open_parts, plan
from agent.edge import Edge, Mode, State
from agent.edges import contents, rows
from agent.edges.clock import SteppedClock
from agent.edges.enrolment import Enrolment
from agent.edges.lookout import reading
from agent.edges.outbox import Caps, Outbox, Owner
from agent.edges.sealer import Sealer
from agent.edges.signer import EcdsaSigner, verify_ed25519
from agent.settings import Settings
from agent.settings_file import parse
from agent.tally import Tally, count
from protocol import cose, wire
from protocol.checkpoint import LogKey
from protocol.record import Record, open_sealed
from protocol.registry import EVENTS, QUANTITIES, UNITS
from protocol.wire import EnrolAnswer

START_UTC_MS = 1_784_062_800_000
"""2026-07-14 21:00 UTC, a summer morning in Busan."""

ORIGIN = "simulation.invalid"
HOUR_MS = 3_600_000
TRUCK = "mock-truck"
MEMORY = Path("/dev/shm")
SHOWN_EVENTS = 20


def execute(options: argparse.Namespace) -> int:
    """Play, then tell what was sealed."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        settings = _settings(Path(folder), options.scenario, options.seed)
        last = _play(settings, options.seed, options.hours * HOUR_MS)
        tally = count(_records(settings.outbox_path))
    played = {"scenario": options.scenario, "seed": options.seed, "hours": options.hours}
    if options.json:
        print(json.dumps({**played, **_ending(last), **tally.facts()}, ensure_ascii=False))
    else:
        print("\n".join(_lines(played, last, tally)))
    return exits.OK


def _settings(folder: Path, scenario: str, seed: int) -> Settings:
    """A truck with three probes and a limit of 5 degrees, as in config/profiles/truck.toml."""
    names = ("air-front", "air-door", "box-probe")
    limit = {"id": 1, "sensor": 1, "quantity": "temperature", "threshold_milli": 5_000}
    values: dict[str, object] = {
        "agent": {"profile": "truck", "name": "simulation", "state_dir": str(folder)},
        "sensor": [
            {"number": number, "name": name, "part": TRUCK} for number, name in enumerate(names, 1)
        ],
        "position": {"part": TRUCK},
        "door": {"part": TRUCK},
        "mock": {"scenario": scenario, "seed": seed},
        "limit": [{**limit, "delay_ms": 600_000, "uncertainty_milli": 500}],
    }
    return parse(values, folder / "simulation.toml")


def _play(settings: Settings, seed: int, length_ms: int) -> State:
    clock, signer = SteppedClock(START_UTC_MS), EcdsaSigner.from_seed(seed)
    enrolled = _enrolled(signer)
    agreed = enrolled.answer
    owner = Owner(agreed.device, agreed.log_key(), agreed.recovery_key())
    with (
        closing(open_parts(settings, clock)) as bench,
        closing(Outbox.open(settings.outbox_path, owner, Caps())) as outbox,
    ):
        entropy = _chance(seed)
        return loop.run(
            Edge(
                clock=clock,
                bench=bench,
                sealer=Sealer(outbox, signer, identity(settings, enrolled, bench), entropy),
                courier=None,
                plan=plan(settings, enrolled, signer.public),
                verify=verify_ed25519,
                entropy=entropy,
                mode=lambda s: Mode.STOP if s.now.boot_ms >= length_ms else Mode.RUN,
                report=lambda _: None,
                descriptors=lambda: (),
                serve=lambda _ready, _state: None,
            )
        )


def _enrolled(signer: EcdsaSigner) -> Enrolment:
    vkey = LogKey.of(ORIGIN, bytes(32)).vkey
    device = cose.device_id(signer.public)
    answer = EnrolAnswer(device, ORIGIN, vkey, vkey, vkey, START_UTC_MS, "simulation", True)
    return Enrolment(answer, wire.encode_enrol_answer(answer), "http://" + ORIGIN)


def _chance(seed: int) -> Callable[[int], bytes]:
    """Bytes that look random and are the same for the same seed; at most 32 at a time."""
    numbers = itertools.count()
    return lambda size: sha256(b"%d/%d" % (seed, next(numbers))).digest()[:size]


def _records(path: Path) -> Iterator[Record]:
    with reading(path) as sql:
        for shelf in contents.shelves(sql).values():
            for _, _, sealed in rows.between(sql, shelf.number, 0, shelf.last):
                yield open_sealed(sealed).record


def _ending(last: State) -> dict[str, object]:
    head = last.head
    return {
        "device": last.device,
        "counters": asdict(last.counters),
        "head": head and {"epoch": head.epoch.hex(), "seq": head.seq, "hash": head.hash.hex()},
    }


def _lines(played: dict[str, object], last: State, tally: Tally) -> Iterator[str]:
    yield "SIMULATED / 모의 실행: " + ", ".join(f"{key} {value}" for key, value in played.items())
    yield f"sealed   {last.counters.made} records: " + ", ".join(
        f"{number} {kind}" for kind, number in tally.kinds.items()
    )
    for (sensor, quantity), spread in sorted(tally.spreads.items()):
        faults = ", ".join(f"{n} {status.name.lower()}" for status, n in spread.faults.items())
        unit, ko = UNITS[quantity], QUANTITIES[quantity].ko
        yield (
            f"sensor {sensor} {quantity.name.lower()} ({ko}): {spread.least} to {spread.most} "
            f"{unit}; faults: {faults or 'none'}"
        )
    for one in tally.happenings[:SHOWN_EVENTS]:
        subject = "" if one.subject is None else f" [{one.subject}]"
        yield f"{_clock(one.utc_ms)}  {EVENTS[one.event].en}{subject} / {EVENTS[one.event].ko}"
    if len(tally.happenings) > SHOWN_EVENTS:
        yield f"and {len(tally.happenings) - SHOWN_EVENTS} more events (--json shows all)"
    if last.head:
        yield f"head     {last.head.hash.hex()}"


def _clock(utc_ms: int | None) -> str:
    if utc_ms is None:
        return "time unknown        "
    return f"{datetime.fromtimestamp(utc_ms // 1_000, UTC):%Y-%m-%d %H:%M:%SZ}"
