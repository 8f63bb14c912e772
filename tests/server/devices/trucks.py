"""A truck for tests of the endpoint: enrols, signs chains, posts, and checks every proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from protocol import receipt, wire
from protocol.bodies import Body, Head
from protocol.leaf import SpanLeaf
from protocol.receipt import Trust
from protocol.record import Sealed
from server.devices.commands import issue_token
from server.ledger.tick import now_ms
from tests.protocol import build
from tests.server.conftest import ORIGIN

CBOR = "application/cbor"


def token(asset: str = "부산 81바 1234", entropy: bytes = b"0123456789abcdef0123") -> str:
    """A new enrolment token."""
    return issue_token(asset, now_ms=now_ms(), entropy=entropy)


@dataclass
class Truck:
    """An enrolled device with its key, its pinned trust and what it has proved."""

    client: Client
    who: build.Key
    answer: bytes
    trust: Trust
    proved: list[SpanLeaf] = field(default_factory=list)

    @classmethod
    def enrol(cls, client: Client, name: str = "truck") -> Truck:
        """Enrol a new device through the endpoint."""
        who = build.key(name)
        request = wire.make_enrol(token(entropy=build.digest(name)), who.cose_key, who.sign)
        response = client.post("/api/enrol", request, content_type=CBOR)
        assert response.status_code == 200, response.content
        pinned = wire.decode_enrol_answer(response.content)
        return cls(client, who, response.content, Trust.start(pinned.log_key()))

    @property
    def device(self) -> str:
        """Its name."""
        return self.who.device

    def chain(self, count: int, epoch: str = "epoch 1", head: Head | None = None) -> list[Sealed]:
        """Sealed records of one epoch, meant for the server that enrolled this truck."""
        prev = wire.first_prev(self.answer)
        return build.chain(
            count, who=self.who, epoch=epoch, head=head, first_prev=prev, origin=ORIGIN
        )

    def append(self, records: Sequence[Sealed], body: Body) -> list[Sealed]:
        """The chain with one more record."""
        return build.append(records, body, who=self.who)

    def send(self, body: bytes, **headers: str) -> Any:
        """Post raw bytes to the intake."""
        path = f"/api/devices/{self.device}/spans?since={self.trust.size}"
        return self.client.post(path, body, content_type=CBOR, headers=headers)

    def post(self, *spans: Sequence[Sealed]) -> wire.Answer:
        """Post spans and check every proof in the answer."""
        response = self.send(wire.encode_batch([build.raw(span) for span in spans]))
        assert response.status_code in (200, 202), response.content
        return self.check(wire.decode_answer(response.content))

    def codes(self, *spans: Sequence[Sealed]) -> list[str]:
        """Post spans and return the verdicts as words."""
        verdicts = self.post(*spans).verdicts
        return [v.problem.value if v.problem else v.code.name.lower() for v in verdicts]

    def get(self, what: str, **query: str | int) -> Any:
        """Ask for head or receipts."""
        return self.client.get(f"/api/devices/{self.device}/{what}", query)

    def check(self, answer: wire.Answer) -> wire.Answer:
        """Move trust forward and remember what is proved."""
        assert answer.note is not None
        self.trust = receipt.advance(
            self.trust, answer.note, answer.since, answer.consistency, build.verify_ed25519
        )
        for one in answer.receipts:
            leaf = receipt.proved(self.trust, one)
            assert isinstance(leaf, SpanLeaf)
            self.proved.append(leaf)
        return answer
