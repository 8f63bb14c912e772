"""A whole log in memory, for tests: a key made from a name, leaves, notes and proofs of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol import checkpoint, merkle
from protocol.checkpoint import ED25519, Checkpoint, LogKey, NoteSigner
from protocol.merkle import CompactRange, NodeId
from protocol.wire import Receipt
from tests.protocol.build import ORIGIN


@dataclass(frozen=True)
class NoteKey:
    """An Ed25519 key made from a name."""

    name: str
    secret: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """32 bytes."""
        return self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self.secret.sign(message)

    def key(self, algorithm: int = ED25519) -> LogKey:
        """What others pin."""
        return LogKey.of(self.name, self.public, algorithm)

    def signer(self) -> NoteSigner:
        """What signs notes."""
        return NoteSigner(self.name, ED25519, self.public, self.sign)


@lru_cache
def note_key(name: str = ORIGIN, seed: str = "") -> NoteKey:
    """The key of this name; another ``seed`` gives another key of the same name."""
    digest = hashlib.sha256(f"note key {name} {seed}".encode()).digest()
    return NoteKey(name, Ed25519PrivateKey.from_private_bytes(digest))


@dataclass
class Log:
    """A log that only grows, unless a test makes a second one that tells another story."""

    owner: NoteKey = field(default_factory=note_key)
    leaves: list[bytes] = field(default_factory=list)
    nodes: dict[NodeId, bytes] = field(default_factory=dict)
    edge: CompactRange = field(default_factory=CompactRange)

    def grow(self, *leaves: bytes) -> Log:
        """Append these leaves."""
        self.leaves += leaves
        self.edge, made = self.edge.extend([merkle.leaf_hash(leaf) for leaf in leaves])
        self.nodes |= {(level, index): digest for level, index, digest in made}
        return self

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self.leaves)

    def root(self, size: int) -> bytes:
        """The root at that size."""
        return CompactRange.load(size, self.node).root()

    def note(self, size: int | None = None) -> str:
        """The signed checkpoint of that size, by default the newest."""
        size = self.size if size is None else size
        text = checkpoint.encode(Checkpoint(self.owner.name, size, self.root(size)))
        return checkpoint.sign_note(text, [self.owner.signer()])

    def consistency(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        """Proof from ``old``, by default to the newest size."""
        size = self.size if size is None else size
        return tuple(merkle.consistency_proof(old, size, self.node))

    def receipt(self, index: int, size: int | None = None) -> Receipt:
        """Proof of that leaf, by default under the newest size."""
        size = self.size if size is None else size
        path = merkle.inclusion_proof(index, size, self.node)
        return Receipt(self.leaves[index], index, tuple(path))

    def node(self, level: int, index: int) -> bytes:
        """A complete node."""
        return self.nodes[level, index]
