"""What must hold after every step, seen from outside: files are read behind everybody's back.

No number signed twice; every chain whole; the log only grows, and every checkpoint it ever signed
is a prefix of it; what was committed is on the card, in the log, or under a signed tombstone; what
counts as proved is in the log; nothing is there that no truck has signed; everything is bounded;
the light tells the truth.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256

from django.conf import settings

from agent.core.health import OFFLINE_MS, State
from agent.edges.rows import place
from protocol import cbor, merkle
from protocol.leaf import SpanLeaf, decode_leaf, encode_leaf
from protocol.record import Sealed, open_sealed
from protocol.span import Span
from protocol.tombstone import Tombstone
from server.devices import overview
from server.devices.overview import Detail
from tests.sim.house import House
from tests.sim.truck import Truck

Place = tuple[bytes, int]
"""(epoch, seq)."""
SLACK_ROWS = 32
A_FEW = 64
SLOTS = 2


@dataclass
class Card:
    """What the checker has seen on one card. `past`: what had been freed under an earlier log."""

    committed: dict[Place, bytes] = field(default_factory=dict)
    forgotten: dict[Place, bytes] = field(default_factory=dict)
    buried: set[Place] = field(default_factory=set)
    freed: set[Place] = field(default_factory=set)
    past: set[Place] = field(default_factory=set)
    proofs: list[tuple[int, bytes]] = field(default_factory=list)
    forgets: int = 0


@dataclass
class Book:
    """What one log was seen to hold."""

    leaves: list[bytes] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=lambda: {0: merkle.EMPTY})
    logged: dict[tuple[str, bytes, int], set[bytes]] = field(default_factory=dict)
    edge: merkle.CompactRange = field(default_factory=merkle.CompactRange)


class Checks:
    """The memory of one run, and everything that is compared with it.

    `clones` are trucks, `by_hand` devices, of which not everything is expected.
    """

    def __init__(self, house: House, trucks: list[Truck], now: Callable[[], int]) -> None:
        self.house, self.trucks, self.now = house, trucks, now
        self.books: dict[str, Book] = {}
        self.cards: dict[str, Card] = {}
        self.clones: set[str] = set()
        self.by_hand: set[str] = set()
        self.steps = 0
        self._opened: dict[bytes, Sealed] = {}
        self._told: set[tuple[bytes, int, int]] = set()

    @property
    def book(self) -> Book:
        """What the log that is kept now was seen to hold."""
        return self.books.setdefault(settings.JAGALCHI.origin, Book())

    @property
    def leaves(self) -> list[bytes]:
        """Its leaves."""
        return self.book.leaves

    @property
    def logged(self) -> dict[tuple[str, bytes, int], set[bytes]]:
        """Hashes by device, epoch and number."""
        return self.book.logged

    def all(self) -> None:
        """After a step."""
        self.steps += 1
        self.log()
        for truck in self.trucks:
            assert not truck.pen.twice, f"{truck.name} signed one number twice"
            if truck.path.exists():
                self.card(truck)
            if truck.state is not None:
                self.run(truck)

    # The log

    def log(self) -> None:
        """It grew, and nothing else; and it holds what it says that it holds."""
        book = self.book
        with closing(sqlite3.connect(self.house.home / "db.sqlite3")) as sql:
            known = len(book.leaves)
            for number, leaf, body in sql.execute(_ENTRIES, (known,)):
                assert number == len(book.leaves), "a hole in the log"
                self._grow(book, bytes(leaf), bytes(body or b""))
            newest = max(book.roots)
            found = sql.execute("SELECT size, root FROM ledger_checkpoint").fetchall()
        assert found or not book.leaves
        for size, root in found:
            assert book.roots.get(size) == bytes(root), f"a second root for size {size}"
        assert max((size for size, _ in found), default=0) == newest, "the log shrank"

    def _grow(self, book: Book, leaf: bytes, body: bytes) -> None:
        book.leaves.append(leaf)
        book.edge, _ = book.edge.append(merkle.leaf_hash(leaf))
        book.roots[len(book.leaves)] = book.edge.root()
        said = decode_leaf(leaf)
        if isinstance(said, SpanLeaf):
            self._insist_on_signed(said, leaf, body)

    def _insist_on_signed(self, said: SpanLeaf, leaf: bytes, body: bytes) -> None:
        sealed = cbor.decode(body, max_bytes=1 << 20)
        assert isinstance(sealed, list)
        span = Span.open(sealed)
        assert encode_leaf(span.leaf(said.device)) == leaf, "a leaf without its records"
        pens = {truck.device: truck.pen for truck in self.trucks}
        for one in span.records:
            where = (one.record.epoch, one.record.seq)
            known = said.device in self.by_hand or where in pens[said.device].signed
            assert known, "nobody signed this"
            self.logged.setdefault((said.device, *where), set()).add(one.hash)

    def whole_log(self) -> None:
        """Every leaf is still what it was."""
        with closing(sqlite3.connect(self.house.home / "db.sqlite3")) as sql:
            found = [bytes(leaf) for _, leaf, _ in sql.execute(_ENTRIES, (0,))]
        assert found == self.leaves, "the log was rewritten"

    # The card

    def card(self, truck: Truck) -> None:
        """What was committed is there, or freed, or under a tombstone; and it is one chain."""
        seen = self.cards.setdefault(truck.name, Card())
        with truck.reading() as sql:
            if not sql.execute("SELECT 1 FROM sqlite_master WHERE name = 'record'").fetchone():
                assert not seen.committed
                return
            book, here = self.books.get(_believed(sql), Book()), self._rows(sql)
            seen.proofs = [(at, bytes(leaf)) for at, leaf in sql.execute(_PROOFS)]
            seen.buried = set(_spread(sql, "buried"))
            seen.freed = set(_spread(sql, "freed"))
        lost = seen.committed.keys() - here.keys() - seen.buried - seen.freed
        assert not lost, f"{truck.name} lost {sorted(lost)[:4]} of what was committed"
        assert all(seen.committed.get(at, digest) == digest for at, digest in here.items())
        seen.committed |= here
        assert seen.buried <= {(e, s) for e, f, t in self._told for s in range(f, t + 1)}
        for at, leaf in seen.proofs:
            assert book.leaves[at] == leaf, f"{truck.name} holds a proof of what is not in the log"
        assert len(here) <= truck.caps.rows + SLACK_ROWS, "more rows than the cap"

    def _rows(self, sql: sqlite3.Connection) -> dict[Place, bytes]:
        epochs = {number: bytes(epoch) for number, epoch in sql.execute("SELECT * FROM epoch")}
        here: dict[Place, bytes] = {}
        for row, digest, sealed in sql.execute("SELECT id, hash, sealed FROM record ORDER BY id"):
            number, seq = place(row)
            one = self._read(bytes(sealed))
            assert (one.hash, one.record.seq) == (bytes(digest), seq)
            assert one.record.epoch == epochs[number]
            before = here.get((one.record.epoch, seq - 1))
            assert before is None or before == one.record.prev, "the chain is broken"
            here[one.record.epoch, seq] = one.hash
        return here

    def _read(self, sealed: bytes) -> Sealed:
        digest = sha256(sealed).digest()
        one = self._opened.get(digest)
        if one is None:
            one = self._opened[digest] = open_sealed(sealed)
            if isinstance(one.record.body, Tombstone):
                self._told |= {(g.epoch, g.first, g.last) for g in one.record.body.ranges}
        return one

    # The agent that runs

    def run(self, truck: Truck) -> None:
        """Its counters balance and agree with the card, and the light does not lie."""
        state, edge = truck.state, truck.edge
        assert state is not None and edge is not None
        outbox, counters = edge.sealer.outbox, state.counters
        assert counters.made == counters.committed + counters.uncommitted + counters.overflowed
        assert counters.committed == counters.waiting + counters.proved + counters.evicted
        trouble = outbox.trouble is not None
        assert (state.health.state is State.DISK_TROUBLE) == trouble
        if trouble:
            return
        seen = self.cards[truck.name]
        assert counters.committed == len(seen.committed.keys() | seen.buried | seen.freed)
        logged = self.books.get(outbox.log.name, Book()).logged
        for shelf in outbox.shelves:
            for seq in shelf.proved:
                digest = seen.committed[shelf.epoch, seq]
                held = logged.get((truck.device, shelf.epoch, seq), set())
                held = held | ({digest} if (shelf.epoch, seq) in seen.past else set())
                assert digest in held, f"{truck.name} counts as proved what the log does not hold"
        self._light(truck, state.health.state, counters.waiting)

    def _light(self, truck: Truck, light: State, waiting: int) -> None:
        stale = truck.heard_ms is None or self.now() - truck.heard_ms >= OFFLINE_MS
        silent = truck.heard_ms is None or (truck.lost and stale)
        if light in (State.PROVED, State.CATCHING_UP):
            assert not silent, f"{truck.name} says {light} and has heard nobody"
        assert light is not State.PROVED or waiting <= A_FEW
        assert truck.edge is not None
        assert light is not State.LOG_INCONSISTENT or truck.edge.sealer.outbox.two_histories

    # What the world tells

    def forgot(self, truck: Truck) -> None:
        """The card was rolled back: from here on it knows only what lies on it."""
        seen = self.cards.setdefault(truck.name, Card())
        before, seen.committed = seen.committed, {}
        seen.forgets += 1
        if truck.path.exists():
            self.card(truck)
        here = seen.committed.keys() | seen.buried | seen.freed
        seen.forgotten |= {at: digest for at, digest in before.items() if at not in here}

    def succeeded(self) -> None:
        """Another log has begun: what a card had freed under the old one stays freed."""
        for card in self.cards.values():
            card.past |= card.freed

    def restored(self) -> None:
        """The server was put back: size and root are what was published last."""
        self.log()
        self.whole_log()

    # The end

    def last(self) -> None:
        """Everything delivered; no honest device accused; what was forgotten is shown."""
        self.whole_log()
        for truck in self.trucks:
            seen = self.cards[truck.name]
            for (epoch, seq), digest in seen.committed.items():
                held = self.logged.get((truck.device, epoch, seq), set())
                gone = (epoch, seq) in seen.buried | seen.past
                assert gone or digest in held, f"{truck.name}: {seq} never reached the log"
            if truck.name not in self.clones:
                self._honest(truck, seen)

    def _honest(self, truck: Truck, seen: Card) -> None:
        shown = self.detail(truck)
        assert not shown.evidence and not shown.forks, f"{truck.name} is honest, and accused"
        assert not shown.suspects, f"{truck.name} is honest, and suspect"
        if not seen.forgets:
            assert shown.summary.gaps == 0 and not shown.tails
        lost = {(t.epoch, seq) for t in shown.tails for seq in range(t.first, t.last + 1)}
        for (epoch, seq), digest in seen.forgotten.items():
            if digest in self.logged.get((truck.device, epoch, seq), set()):
                assert (epoch, seq) in lost, f"{truck.name}: a lost tail that is not shown"

    def detail(self, truck: Truck) -> Detail:
        """What the server's page shows of this truck."""
        shown = overview.detail(truck.device, self.now())
        assert shown is not None
        return shown

    @property
    def root(self) -> bytes:
        """The newest root."""
        return self.book.roots[max(self.book.roots)]


_ENTRIES = (
    "SELECT e.number, e.leaf, b.body FROM ledger_entry AS e LEFT JOIN ledger_body AS b"
    " ON b.number = e.number WHERE e.number >= ? ORDER BY e.number"
)
_PROOFS = "SELECT place, leaf FROM proof"


def _believed(sql: sqlite3.Connection) -> str:
    """The log whose checkpoint the card has verified last."""
    found = sql.execute("SELECT value FROM fact WHERE name = 'note'").fetchone()
    return bytes(found[0]).decode().partition("\n")[0] if found else ""


def _spread(sql: sqlite3.Connection, table: str) -> Iterator[Place]:
    runs = sql.execute(
        f"SELECT e.id, t.first, t.last FROM {table} AS t JOIN epoch AS e ON e.number = t.epoch"
    )
    for epoch, first, last in runs:
        for seq in range(first, last + 1):
            yield bytes(epoch), seq
