"""Pieces of which scenes are made: quiet worlds, steps with a purpose, looks at cards and pages."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from agent.edges.courier import Response
from protocol import wire
from protocol.bodies import Body
from protocol.opening import Head
from protocol.record import Sealed, open_sealed
from protocol.wire import Verdict
from tests.protocol import build
from tests.sim import house
from tests.sim.truck import Truck
from tests.sim.world import Plot, World

QUIET = Plot(harm=False, forget=False, copies=False, road=False)
FORGETFUL = Plot(harm=False, forget=True, copies=False, road=False)


def go(here: World, steps: int, after_ms: int = 10_000) -> None:
    """Steps in which nothing breaks."""
    for _ in range(steps):
        here.step(after_ms, harm=False)


def link(truck: Truck, up: bool) -> None:
    """The modem finds a network, or not."""
    truck.modem.link = None if up else False


def on_card(truck: Truck) -> list[Sealed]:
    """Every committed record, in order."""
    with truck.reading() as sql:
        found = sql.execute("SELECT sealed FROM record ORDER BY id").fetchall()
    return [open_sealed(bytes(sealed)) for (sealed,) in found]


def asked(here: World) -> list[str]:
    """From now on: what arrives at the server, as `POST spans` or `GET receipts?...`."""
    seen: list[str] = []
    send = here.house.send

    def noting(method: str, path: str, body: bytes) -> Response:
        url = urlsplit(path)
        seen.append(f"{method} {url.path.rpartition('/')[2]}?{url.query}")
        return send(method, path, body)

    here.house.send = noting  # type: ignore[method-assign]
    return seen


class Hand:
    """A device written by hand, for what no honest agent does: signs and posts what it is told."""

    def __init__(self, here: World, name: str) -> None:
        self.house = here.house
        self.who, self.answer = self.house.enrol(name)
        here.checks.by_hand.add(self.who.device)

    def chain(self, count: int, epoch: str, head: Head | None = None) -> list[Sealed]:
        """Sealed records of one epoch."""
        return build.chain(
            count,
            who=self.who,
            epoch=epoch,
            head=head,
            first_prev=wire.first_prev(self.answer),
            origin=house.ORIGIN,
        )

    def more(self, records: Sequence[Sealed], body: Body) -> list[Sealed]:
        """The chain with one record more."""
        return build.append(records, body, who=self.who)

    def post(self, *spans: Sequence[Sealed]) -> list[Verdict]:
        """Post them; the verdicts."""
        response = self.send(wire.encode_batch([build.raw(span) for span in spans]))
        assert response.status in (200, 202), response.body
        return list(wire.decode_answer(response.body).verdicts)

    def said(self, *spans: Sequence[Sealed]) -> list[str]:
        """Post them; the verdicts in words."""
        return [str(v.problem or v.code.name.lower()) for v in self.post(*spans)]

    def send(self, batch: bytes, device: str = "") -> Response:
        """Post these bytes, as this device or another."""
        path = f"/api/devices/{device or self.who.device}/spans?since=0"
        return self.house.send("POST", path, batch)
