"""Whatever happens to lots, rooms and networks: no file of an honest server is ever called unsound.

Days by chance: lots go into rooms and trucks, are split and merged, with sensors that fail, doors,
silence, records that come late, and versions judged in between, each of which has its file.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.test import Client

from agent.cli import main
from protocol.bodies import EventBody, Measured, Position, Reading
from protocol.registry import Event, Fix, Quantity, Status
from server.accounts.rules import Refused
from server.coldchain import tracks, verdicts
from server.coldchain.actions import loading, working
from server.coldchain.actions.working import Job, Out
from server.coldchain.models import Lot, Room
from server.coldchain.shopper import evidence
from server.coldchain.taking import Amount
from server.ledger import log
from tests.reliability import note
from tests.server.coldchain.rig import KG, MINUTE, Chain, mackerel, made
from tests.server.coldchain.shopper.stall import Stall, stall

pytestmark = pytest.mark.django_db
SEEDS = range(200 if os.environ.get("JAGALCHI_CAMPAIGN") else 4)
ROOMS = ("own truck 1", "cooperative room")
POSITION = Position(351_028_000, 1_290_364_000, 0, 0, Fix.FIX_3D, 9, 110, 0)


@dataclass
class Days:
    """A harbour by chance."""

    chain: Chain
    chance: Random
    devices: list[Stall]
    lots: list[Lot] = field(default_factory=list)

    def go_on(self, steps: int) -> None:
        """So many things happen, one after the other, with time between them."""
        self.lots = [self.chain.land("cooperative", mackerel(self.chain)) for _ in range(2)]
        for _ in range(steps):
            self.chance.choice([self.load, self.unload, self.part, self.mix, self.judge])()
            self.measure(self.chance.choice([0, 3, 30, 90]))
        self.measure(5, sends=True)
        self.judge()
        log.sequence(self.chain.now_ms)

    def load(self) -> None:
        room = self.chain.rooms[self.chance.choice(ROOMS)]
        self._try(loading.load(self._desk(), room, (Amount(self._lot().ref),)))

    def unload(self) -> None:
        room = self.chain.rooms[self.chance.choice(ROOMS)]
        self._try(loading.unload(self._desk(), room, (Amount(self._lot().ref),)))

    def part(self) -> None:
        job = Job((Amount(self._lot().ref, 20 * KG),), (Out(10 * KG), Out(10 * KG)))
        self._try(working.split(self._desk(), job))

    def mix(self) -> None:
        some = self.chance.sample(self.lots, 2)
        amounts = tuple(Amount(one.ref, 10 * KG) for one in some)
        self._try(working.merge(self._desk(), Job(amounts, (Out(20 * KG),))))

    def judge(self) -> None:
        """As the server does it: what the log has gained is read, then lots are judged."""
        log.sequence(self.chain.now_ms)
        tracks.follow_all()
        for lot in self.chance.sample(self.lots, 2):
            with tracks.still():
                verdicts.judge(lot.pk, self.chain.now_ms)

    def measure(self, minutes: int, sends: bool = False) -> None:
        """Time goes by; each device measures, is silent, or has something wrong."""
        start = self.chain.now_ms
        for device in self.devices:
            period = self.chance.choice([1, 2, 5, 11])
            silent = self.chance.random() < 0.2
            for minute in range(0, 0 if silent else minutes, period):
                at_ms = start + minute * MINUTE + self.chance.randint(0, 9_000)
                device.seal(self._body(), at_ms)
        self.chain.later(minutes)
        for device in self.devices:
            if sends or self.chance.random() < 0.5:
                device.post()

    def _body(self) -> Reading | EventBody | Position:
        what = self.chance.random()
        if what < 0.1:
            return POSITION
        if what < 0.2:
            return EventBody(self.chance.choice([Event.DOOR_OPENED, Event.DOOR_CLOSED]), 9)
        return Reading(tuple(self._measured(number) for number in (1, 2)))

    def _measured(self, number: int) -> Measured:
        if self.chance.random() < 0.15:
            return Measured(number, Quantity.TEMPERATURE, None, Status.NO_ANSWER)
        value = self.chance.choice([-300, 700, 1_000, 1_200, 4_000, 12_500])
        return Measured(number, Quantity.TEMPERATURE, value, Status.OK)

    def _lot(self) -> Lot:
        return self.chance.choice(self.lots)

    def _desk(self) -> Any:
        return self.chain.desk("cooperative")

    def _try(self, event: Any) -> None:
        """What cannot be is refused; what is made may be loaded and judged next."""
        if not isinstance(event, Refused):
            self.lots += [one for one in made(event) if one not in self.lots]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_file_of_an_honest_server_is_called_unsound(
    chain: Chain,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    chance = Random(seed)
    monkeypatch.setattr(evidence, "MAX_BYTES", chance.choice([15_000, 2 << 20]))
    assert Room.objects.filter(id__in=[chain.rooms[one] for one in ROOMS]).count() == 2
    names = Room.objects.in_bulk([chain.rooms[one] for one in ROOMS])
    devices = [
        stall(chain, Client(), names[chain.rooms[room]].asset.name, f"{room} device")
        for room in ROOMS
    ]
    for one in devices:
        one.span = chance.choice([5, 20, 100])
    days = Days(chain, chance, devices)
    days.go_on(12)
    counted, refused = Counter[str](), list[object]()
    file = tmp_path / "lot.evidence"
    for lot in days.lots:
        for result in lot.results.all():
            file.write_bytes(evidence.file(lot, chain.now_ms, result.version) or b"")
            code = main(["verify", str(file), "--config", str(tmp_path / "none"), "--json"])
            told = json.loads(capsys.readouterr().out)
            found = told.get("chapters", [told])[0]["judged_again"][0]
            counted.update(one["checked"] for one in found["sections"])
            if (code, found["outcome"]) != (0, "same"):
                refused.append((lot.ref, result.version, found))
            counted["files"] += 1
    how = "days by chance, every version's file judged again"
    note("CC2", how, counted["files"], f"{len(refused)} refused")
    assert counted["files"] > 1 and refused == []
