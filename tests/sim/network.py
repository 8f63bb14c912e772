"""The road between trucks and server: it loses, delays, doubles, reorders, cuts and lies.

A request becomes a packet with a fate. Its answer reaches the courier only if the same run of the
agent is still waiting for it; a packet may reach the server long after its truck has given up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from random import Random

from agent.edges.courier import LinkLost, Outcome, Request, Response
from tests.sim.house import House
from tests.sim.truck import Truck

DEADLINE_MS = 60_000
PORTAL = Response(200, {"content-type": "text/html"}, b"<h1>Welcome to Busan Harbour Wi-Fi</h1>")
AWAY = Response(302, {"location": "http://portal.example/"}, b"")
SHED = Response(429, {"content-type": "application/problem+json", "retry-after": "7"}, b"{}")


class Fate(Enum):
    """What becomes of one request."""

    FINE = "delivered, answered"
    LOST = "not delivered"
    UNHEARD = "delivered, the answer lost"
    TWICE = "delivered twice"
    LATE = "delivered after the truck gave up"
    PORTAL = "answered by somebody else"
    CUT = "the answer cut short"
    BENT = "one byte of the answer changed"
    SHED = "429 before it is read"


@dataclass
class Packet:
    """One delivery to come: when, and whether anybody hears the answer."""

    at_ms: int
    truck: Truck
    run: int
    request: Request
    fate: Fate
    heard: bool = True


@dataclass
class Network:
    """Everything under way. `weights` says how often each fate strikes; none: all is fine."""

    house: House
    now: Callable[[], int]
    random: Random
    weights: dict[Fate, float] = field(default_factory=dict)
    slow_ms: int = 0
    packets: list[Packet] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)

    def take(self, truck: Truck, request: Request) -> None:
        """A request leaves a truck."""
        fate, now = self._fate(), self.now()
        self.told[fate.name] += 1
        packet = Packet(now + self._delay(), truck, truck.run, request, fate)
        if fate is Fate.LATE:
            late = now + DEADLINE_MS + self._delay(90_000)
            self.packets.append(replace(packet, at_ms=late, heard=False))
            packet = replace(packet, at_ms=now + DEADLINE_MS)
        elif fate is Fate.TWICE:
            again = now + self._delay(120_000)
            self.packets.append(replace(packet, at_ms=again, heard=False))
        self.packets.append(packet)

    def deliver(self) -> None:
        """Everything that is due arrives, in any order."""
        due = [packet for packet in self.packets if packet.at_ms <= self.now()]
        self.packets = [packet for packet in self.packets if packet.at_ms > self.now()]
        self.random.shuffle(due)
        for packet in due:
            self._arrive(packet)

    def _fate(self) -> Fate:
        if not self.weights:
            return Fate.FINE
        return self.random.choices(list(self.weights), list(self.weights.values()))[0]

    def _delay(self, more_ms: int = 0) -> int:
        return self.random.randrange(self.slow_ms + more_ms + 1)

    def _arrive(self, packet: Packet) -> None:
        request, truck = packet.request, packet.truck
        try:
            response = self._exchange(packet)
        except LinkLost as lost:
            if self._hand(packet, Outcome(request, None, str(lost), lost.timed_out)):
                truck.lost = True
            return
        genuine = packet.fate is not Fate.PORTAL and response.status in (200, 202)
        if self._hand(packet, Outcome(request, response)):
            truck.lost = packet.fate is Fate.PORTAL
            truck.heard_ms = self.now() if genuine else truck.heard_ms

    def _exchange(self, packet: Packet) -> Response:
        request, fate = packet.request, packet.fate
        if fate is Fate.LOST:
            raise LinkLost("not delivered")
        if fate is Fate.LATE and packet.heard:
            raise LinkLost("deadline", timed_out=True)
        if fate is Fate.PORTAL:
            return self.random.choice([PORTAL, AWAY])
        if fate is Fate.SHED:
            return SHED
        response = self.house.send(request.method, request.path, request.body)
        if fate is Fate.UNHEARD:
            raise LinkLost("answer lost")
        if fate is Fate.CUT and response.body:
            cut = self.random.randrange(len(response.body))
            return Response(response.status, response.headers, response.body[:cut])
        if fate is Fate.BENT and response.body:
            return Response(response.status, response.headers, self._bent(response.body))
        return response

    def _bent(self, body: bytes) -> bytes:
        at, other = self.random.randrange(len(body)), self.random.randrange(1, 256)
        return body[:at] + bytes([body[at] ^ other]) + body[at + 1 :]

    def _hand(self, packet: Packet, outcome: Outcome) -> bool:
        courier = packet.truck.courier
        if courier is None or not packet.heard or courier.asked is not packet.request:
            return False
        courier.hand(outcome)
        return True
