"""What the agent's tests stand on: a key, a clock, a breakable disk, a small log server.

The fakes stand at the lowest doors only: the sqlite3 connection and the transport's one call.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from agent.core.chain import Draft, Identity, Lane, Stamp
from agent.edges import lookout
from agent.edges.courier import Courier, LinkLost, Request, Response
from agent.edges.outbox import Caps, Outbox, Owner
from agent.edges.sealer import Sealer
from agent.edges.signer import EcdsaSigner
from protocol import cose, merkle, wire
from protocol.bodies import Measured, Reading
from protocol.errors import ProtocolError
from protocol.opening import Opening
from protocol.record import Sealed, open_sealed
from protocol.registry import Problem, Quantity, Status, TimeSource
from protocol.span import Span, encode_leaf
from protocol.wire import Answer, HeadAnswer, HeldEpoch, Receipt, Verdict, VerdictCode
from tests.protocol.testlog import Log, note_key

SIGNER = EcdsaSigner.from_seed(1)
DEVICE = cose.device_id(SIGNER.public)
ORIGIN = "log.test/jagalchi"
START_UTC_MS = 1_800_000_000_000
BOOT_ID = bytes(range(16))
IDENTITY = Identity(DEVICE, bytes(32), "test 1", (), simulated=True)
RECOVERY = note_key("recovery.test")
OWNER = Owner(DEVICE, note_key(ORIGIN).key(), RECOVERY.key())
CBOR = {"content-type": "application/cbor"}
NOT_FOUND = Response(404, {"content-type": "application/problem+json"}, b"{}")


def at(boot_ms: int, *, utc: bool = True) -> Stamp:
    """A moment, dated or not."""
    if not utc:
        return Stamp(boot_ms, None, TimeSource.NONE, None, BOOT_ID)
    return Stamp(boot_ms, START_UTC_MS + boot_ms, TimeSource.NTP, 50, BOOT_ID)


def reading(number: int, boot_ms: int = 0, lane: Lane = Lane.ROUTINE) -> Draft:
    """A draft whose value tells it from all others."""
    measured = Measured(1, Quantity.TEMPERATURE, number, Status.OK)
    return Draft(Reading((measured,)), at(boot_ms), lane)


def values(rows: list[Sealed]) -> list[int | None]:
    """The numbers of the readings among these records."""
    bodies = (row.record.body for row in rows)
    return [body.measurements[0].value for body in bodies if isinstance(body, Reading)]


def epochs() -> Callable[[int], bytes]:
    """Entropy that never repeats."""
    counter = iter(range(1, 1 << 30))
    return lambda count: next(counter).to_bytes(count, "big")


def opened(
    path: Path, caps: Caps | None = None, connect: Any = sqlite3.connect, owner: Owner = OWNER
) -> Outbox:
    """An outbox in this folder."""
    return Outbox.open(path / "outbox.db", owner, caps or Caps(), connect)


def sealer_on(outbox: Outbox, entropy: Callable[[int], bytes] | None = None) -> Sealer:
    """A sealer whose epoch has begun at boot time 0."""
    sealer = Sealer(outbox, SIGNER, IDENTITY, entropy or epochs())
    sealer.begin(at(0))
    return sealer


@contextmanager
def fast_folder() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of commits that nobody has to survive."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def on_disk(path: Path) -> list[Sealed]:
    """Every record of the file, in order, read behind the outbox's back."""
    with lookout.reading(path / "outbox.db") as sql:
        found = sql.execute("SELECT sealed FROM record ORDER BY id").fetchall()
    return [open_sealed(sealed) for (sealed,) in found]


def assert_chained(rows: list[Sealed]) -> None:
    """Each epoch is contiguous from its opening, and each opening names a record that is there."""
    hashes = {row.hash for row in rows}
    for before, row in zip([None, *rows], rows, strict=False):
        if isinstance(row.record.body, Opening):
            head = row.record.body.head
            assert head is None or head.hash in hashes
        else:
            assert before is not None
            assert row.record.seq == before.record.seq + 1
            assert row.record.prev == before.hash


class Breaker:
    """Breaks the n-th SQL statement of the connections it makes, once, or from there on.

    `done`: the statement is carried out and then looks failed. `last` None: only the n-th.
    `damage`: the error says that the file is damaged, not that the disk failed.
    """

    def __init__(self, first: int, *, done: bool, last: int | None = None) -> None:
        self.count = 0
        self.first, self.last = first, last if last is not None else first
        self.done = done
        self.damage = False

    @property
    def fired(self) -> bool:
        """Whether any statement was broken."""
        return self.count >= self.first

    def error(self) -> sqlite3.Error:
        """A fresh one each time: a kept exception would keep its cursor, and that its locks."""
        if not self.damage:
            return sqlite3.OperationalError("disk I/O error")
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        return error

    def connect(self, path: str, **options: Any) -> sqlite3.Connection:
        """Stands in for sqlite3.connect."""
        breaker = self

        class Connection(sqlite3.Connection):
            def execute(self, *args: Any) -> sqlite3.Cursor:
                breaker.count += 1
                broken = breaker.first <= breaker.count <= breaker.last
                if broken and not breaker.done:
                    raise breaker.error()
                cursor = super().execute(*args)
                if broken:
                    raise breaker.error()
                return cursor

        return sqlite3.connect(path, factory=Connection, **options)


@dataclass
class Server:
    """A log server of the simplest kind: holds spans, proves them, answers like the real one.

    `prompt` False: answers carry no receipts, they have to be collected. `frozen`: it takes spans
    but adds nothing to the log. `config`: the document it publishes; empty: none.
    """

    log: Log = field(default_factory=Log)
    prompt: bool = True
    frozen: bool = False
    utc_ms: int = START_UTC_MS
    config: bytes = b""
    requests: list[tuple[str, str]] = field(default_factory=list)
    held: dict[bytes, dict[int, bytes]] = field(default_factory=dict)
    spans: dict[bytes, list[tuple[int, int, int]]] = field(default_factory=dict)
    refuse: Callable[[Sealed], Problem | None] = lambda _: None

    def send(self, method: str, path: str, body: bytes, deadline_s: float) -> Response:
        """The transport's one call."""
        self.requests.append((method, path))
        url = urlsplit(path)
        query = {name: found[0] for name, found in parse_qs(url.query).items()}
        if url.path.endswith("/head"):
            return Response(200, CBOR, wire.encode_head(self._head()))
        if url.path.endswith("/config"):
            return Response(200, CBOR, self.config) if self.config else NOT_FOUND
        since = int(query["since"])
        if since > self.log.size:
            return Response(503, {"content-type": "application/problem+json"}, b"{}")
        if url.path.endswith("/receipts"):
            epoch, start = bytes.fromhex(query["epoch"]), int(query["from"])
            answer = self._receipts(epoch, start, since, hashes="hashes" in query)
        else:
            answer = self._batch(wire.decode_batch(body), since)
        return Response(200, CBOR, wire.encode_answer(answer))

    def records(self) -> list[bytes]:
        """Everything it holds, in order."""
        return [one for epoch in self.held.values() for _, one in sorted(epoch.items())]

    def _head(self) -> HeadAnswer:
        found = tuple(HeldEpoch(epoch, _runs(rows)) for epoch, rows in self.held.items() if rows)
        return HeadAnswer(found, self.log.size, None)

    def _batch(self, batch: list[list[bytes]], since: int) -> Answer:
        verdicts, places = [], list[int]()
        for records in batch:
            try:
                verdict = self._judge(Span.open(records), places)
            except ProtocolError as error:
                verdict = Verdict(VerdictCode.REFUSED, error.problem, error.index)
            verdicts.append(verdict)
        return self._answer(tuple(verdicts), places if self.prompt else [], since)

    def _judge(self, span: Span, places: list[int]) -> Verdict:
        held = self.held.setdefault(span.epoch, {})
        if span.first != 0 and 0 not in held:
            return Verdict(VerdictCode.REFUSED, Problem.OPENING_FIRST)
        for index, row in enumerate(span.records):
            if problem := self.refuse(row):
                return Verdict(VerdictCode.REFUSED, problem, index)
        missing = [row for row in span.records if row.record.seq not in held]
        held |= {row.record.seq: row.sealed for row in missing}
        fresh = {} if self.frozen else {row.record.seq: b"" for row in missing}
        for first, last in _runs(fresh):
            self.log.grow(encode_leaf(span.slice(first, last).leaf(DEVICE)))
            self.spans.setdefault(span.epoch, []).append((first, last, self.log.size - 1))
        places += [
            place
            for first, last, place in self.spans.get(span.epoch, [])
            if first <= span.last and span.first <= last
        ]
        return Verdict(VerdictCode.ACCEPTED if missing else VerdictCode.DUPLICATE)

    def _receipts(self, epoch: bytes, start: int, since: int, *, hashes: bool) -> Answer:
        found = [one for one in sorted(self.spans.get(epoch, [])) if one[1] >= start]
        page, rest = found[:8], found[8:]
        answer = self._answer((), [place for _, _, place in page], since)
        given: tuple[tuple[bytes, ...], ...] = ()
        if hashes:
            rows = self.held[epoch]
            given = tuple(
                tuple(merkle.leaf_hash(rows[seq]) for seq in range(first, last + 1))
                for first, last, _ in page
            )
        after = rest[0][0] if rest else None
        return replace(answer, next=after, hashes=given)

    def _answer(self, verdicts: tuple[Verdict, ...], places: list[int], since: int) -> Answer:
        receipts: tuple[Receipt, ...] = tuple(self.log.receipt(place) for place in places[:32])
        path = self.log.consistency(since)
        return Answer(verdicts, self.log.note(), since, path, receipts, None, self.utc_ms)


def _runs(rows: dict[int, bytes]) -> tuple[tuple[int, int], ...]:
    runs: list[tuple[int, int]] = []
    for seq in sorted(rows):
        if runs and seq == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], seq)
        else:
            runs.append((seq, seq))
    return tuple(runs)


class DirectCourier(Courier):
    """Carries at once, in the caller's thread: the outcome is there in the next turn."""

    def post(self, request: Request) -> bool:
        if self._busy:
            return False
        self._busy = True
        self._outcome = self._carry(request)
        return True


@dataclass
class Line:
    """A transport with a script: each entry says what happens to one request, then all is well.

    "ok"; "lost": not delivered; "unheard": delivered, the answer lost; or a response given instead.
    """

    server: Server
    script: Iterator[str | Response] = field(default_factory=lambda: iter(()))

    def send(self, method: str, path: str, body: bytes, deadline_s: float) -> Response:
        """The transport's one call."""
        fate = next(self.script, "ok")
        if isinstance(fate, Response):
            return fate
        if fate == "lost":
            raise LinkLost("not delivered")
        answer = self.server.send(method, path, body, deadline_s)
        if fate == "unheard":
            raise LinkLost("answer lost", timed_out=True)
        return answer


def filled(
    tmp_path: Path, rows: int, entropy: Callable[[int], bytes] | None = None
) -> tuple[Outbox, Sealer]:
    """An outbox with an opening and so many readings, all committed."""
    outbox = opened(tmp_path)
    sealer = sealer_on(outbox, entropy)
    sealer.put([reading(number, number) for number in range(rows)], at(rows))
    sealer.commit(at(rows))
    return outbox, sealer
