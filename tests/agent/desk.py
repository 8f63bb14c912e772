"""An enrolled truck on the desk: real key, real card, a log of one entry, no agent running."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ecdsa import SigningKey
from ecdsa.curves import Ed25519

from agent.core.chain import Draft, Identity
from agent.core.shelf import Cut
from agent.edges import files, pruning
from agent.edges.clock import SteppedClock
from agent.edges.outbox import Caps, Kept, Outbox, Owner, Proof
from agent.edges.pruning import Settlement
from agent.edges.sealer import Sealer
from agent.edges.signer import EcdsaSigner
from protocol import cose, merkle, wire
from protocol.bodies import Measured, Reading
from protocol.checkpoint import Checkpoint, LogKey, encode, sign_note
from protocol.leaf import encode_leaf
from protocol.registry import Quantity, Status
from protocol.span import Span
from protocol.wire import Answer, EnrolAnswer, Receipt
from tests.agent.rig import epochs

ORIGIN = "log.example/one"
START = 1_800_000_000_000
LOG = SigningKey.from_string(bytes(range(32)), Ed25519)
LOG_KEY = LogKey.of(ORIGIN, LOG.get_verifying_key().to_string())
SETTINGS = """
[agent]
profile = "truck"
name = "truck one"
state_dir = "."

[[sensor]]
number = 1
name = "air"
part = "mock-truck"
"""


@dataclass
class Truck:
    """A card with records on it, as an agent left it, and its settings beside it."""

    config: Path
    outbox: Outbox
    sealer: Sealer
    clock: SteppedClock

    def record(self, count: int) -> None:
        """One reading every ten seconds."""
        for number in range(count):
            self.clock.wait(10_000)
            measured = Measured(1, Quantity.TEMPERATURE, 1_000 + number, Status.OK)
            now = self.clock.read()
            self.sealer.put([Draft(Reading((measured,)), now)], now)
        self.sealer.commit(self.clock.read())

    def prove(self, last: int) -> Answer:
        """Let a log of one entry commit to records 0..last, and settle it."""
        shelf = self.outbox.shelves[-1]
        held = list(self.outbox.sound(Cut(shelf.number, 0, last)))
        leaf = encode_leaf(Span.open(held).leaf(self.sealer.identity.device))
        root = merkle.leaf_hash(leaf)
        signer = (ORIGIN, LOG_KEY.algorithm, LOG_KEY.public, LOG.sign)
        note = sign_note(encode(Checkpoint(ORIGIN, 1, root)), [signer])
        proof = Proof(shelf.number, 0, last, 0, 1, leaf, ())
        pruning.settle(self.outbox, Settlement(Kept(1, root, note), (proof,), START), 0)
        self.outbox.commit()
        return Answer((), note, 0, (), (Receipt(leaf, 0, ()),), None, START)


@contextlib.contextmanager
def fitted(tmp_path: Path) -> Iterator[Truck]:
    """An enrolled truck whose epoch has begun; whoever wants its card closes the outbox."""
    config = tmp_path / "agent.toml"
    config.write_text(SETTINGS)
    signer = EcdsaSigner.create(tmp_path / "device.key")
    device = cose.device_id(signer.public)
    raw = wire.encode_enrol_answer(
        EnrolAnswer(device, ORIGIN, LOG_KEY.vkey, LOG_KEY.vkey, LOG_KEY.vkey, START, "1", True)
    )
    files.create(tmp_path / "enrolment.cbor", raw)
    files.create(tmp_path / "server.url", b"https://cold.example\n")
    identity = Identity(device, sha256(raw).digest(), "test", (), simulated=True)
    outbox = Outbox.open(tmp_path / "outbox.db", Owner(device, LOG_KEY, LOG_KEY), Caps())
    clock = SteppedClock(START)
    sealer = Sealer(outbox, signer, identity, epochs())
    sealer.begin(clock.read())
    yield Truck(config, outbox, sealer, clock)
    outbox.close()
