"""Devices for a bench of the server: really enrolled, really signing, and believing nothing.

Records are signed with OpenSSL before the clock starts, because a truck signs at one record per ten
seconds and a bench that signed in pure Python would measure itself. Every answer is checked after
the clock has stopped, as a truck checks it: verdicts, note, consistency, inclusion, own records.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from protocol import cose, merkle, receipt, record, wire
from protocol.leaf import SpanLeaf
from protocol.receipt import Trust
from protocol.record import Sealed
from server.devices.crypto import verify_ed25519
from tests.bench.record import following, opening
from tests.bench.server_load import Answered, Job, Result, Sender, load
from tests.e2e.processes import Server

_ES256 = ec.ECDSA(SHA256())


class OpenSSLSigner:
    """A P-256 key that signs quickly."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        xy = numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        self.public = cose.encode_key(xy)
        self.kid = cose.key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        """r || s; `cose.seal` lowers S."""
        r, s = decode_dss_signature(self._key.sign(message, _ES256))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@dataclass
class Truck:
    """One enrolled device, the end of its chain, and what it trusts."""

    signer: OpenSSLSigner
    device: str
    last: Sealed
    trust: Trust
    spans: list[list[bytes]] = field(default_factory=list)
    """What was signed and is not proved yet."""

    @classmethod
    def enrol(cls, server: Server, name: str) -> Truck:
        """Enrol a new device; its opening is its first span."""
        signer = OpenSSLSigner()
        body = wire.make_enrol(server.token(name), signer.public, signer.sign)
        request = urllib.request.Request(server.url + "/api/enrol", body)
        request.add_header("Content-Type", wire.MEDIA_TYPE)
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = bytes(response.read())
        pinned = wire.decode_enrol_answer(answer)
        first = opening(pinned.device, pinned.origin, wire.first_prev(answer))
        sealed = record.seal(first, signer.kid, signer.sign)
        trust = Trust.start(pinned.log_key())
        return cls(signer, pinned.device, sealed, trust, [[sealed.sealed]])

    def sign(self, spans: int, size: int) -> None:
        """Sign so many more spans of so many readings."""
        for _ in range(spans):
            sealed = following(self.last, self.signer, size)
            self.last = sealed[-1]
            self.spans.append([one.sealed for one in sealed])

    def sender(self) -> Sender:
        """What is to be sent, as bytes."""
        bodies = tuple(wire.encode_batch([span]) for span in self.spans)
        return Sender(self.device, self.trust.size, bodies)

    def check(self, answers: Sequence[Answered]) -> None:
        """Prove every record that was sent. Raises AssertionError or ProtocolError."""
        assert len(answers) == len(self.spans), f"{len(answers)} of {len(self.spans)} answered"
        for span, answered in zip(self.spans, answers, strict=True):
            assert answered.status == 200, answered.body
            self._prove(span, wire.decode_answer(answered.body))
        self.spans = []

    def _prove(self, span: Sequence[bytes], answer: wire.Answer) -> None:
        assert [one.code for one in answer.verdicts] == [wire.VerdictCode.ACCEPTED]
        assert answer.note is not None
        trust = self.trust, answer.note, answer.since, answer.consistency
        self.trust = receipt.advance(*trust, verify_ed25519)
        (only,) = answer.receipts
        leaf = receipt.proved(self.trust, only)
        assert isinstance(leaf, SpanLeaf)
        assert receipt.covers(leaf, [merkle.leaf_hash(sealed) for sealed in span])


@dataclass(frozen=True, slots=True)
class Fleet:
    """The devices that send together."""

    server: Server
    trucks: tuple[Truck, ...]

    @classmethod
    def enrol(cls, server: Server, count: int) -> Fleet:
        """Enrol so many, and send their openings."""
        fleet = cls(server, tuple(Truck.enrol(server, f"bench {at}") for at in range(count)))
        fleet.send()
        return fleet

    def sign(self, spans: int, size: int) -> None:
        """Sign so many spans of so many readings for each device."""
        for truck in self.trucks:
            truck.sign(spans, size)

    def send(self, every_s: float = 0.0) -> Result:
        """Send what was signed, every `every_s` seconds a span, and check each answer."""
        senders = tuple(truck.sender() for truck in self.trucks)
        result = load(Job(self.server.port, senders, every_s))
        for truck in self.trucks:
            truck.check(result.answers[truck.device])
        return result
