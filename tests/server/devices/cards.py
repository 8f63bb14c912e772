"""A card for tests: writes epochs, forgets, is copied; and a memory that judges what it ships.

Signatures here are well-formed and worthless: the judge is given spans that have been verified.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from hypothesis import strategies as st

from protocol.bodies import Body, Gossip, Head
from protocol.opening import TreeHead
from protocol.record import Sealed, seal
from protocol.span import Span
from server.devices import held
from server.devices.epochs import Epoch
from server.devices.held import Held, House, Key
from server.devices.judge import Accept, Fork, Verdict, judge
from tests.protocol import build

ENROLMENT = build.digest("enrolment answer")


def worthless(message: bytes) -> bytes:
    """A signature in form only."""
    return b"\x01" + hashlib.sha256(message).digest()[1:] + bytes(31) + b"\x01"


@dataclass
class Card:
    """What one card remembers: its head. `shipped` is all that was ever written, by epoch."""

    who: build.Key = field(default_factory=build.key)
    head: Head | None = None
    epochs: dict[bytes, list[Sealed]] = field(default_factory=dict)
    drawn: int = 0
    name: str = "card"
    enrolment: bytes = ENROLMENT
    origin: str = build.ORIGIN

    def start(self, checkpoint: TreeHead | None = None, device: str | None = None) -> bytes:
        """Begin an epoch at the head this card knows; return its id."""
        self.drawn += 1
        epoch = build.digest(f"{self.name} {self.drawn}", 8)
        prev = self.head.hash if self.head else self.enrolment
        body = build.opening(self.who, self.head, self.origin, checkpoint)
        body = replace(body, device=device or self.who.device)
        self.epochs[epoch] = []
        self._seal(body, build.Place(epoch, 0, prev))
        return epoch

    def write(self, count: int = 1) -> None:
        """Seal readings."""
        for _ in range(count):
            self.add(build.reading(len(self.here)))

    def gossip(self, size: int, root: bytes) -> None:
        """Seal gossip."""
        self.add(Gossip(size, root))

    def add(self, body: Body) -> Sealed:
        """Seal any body after the newest record of this epoch."""
        last = self.here[-1]
        return self._seal(body, build.Place(last.record.epoch, len(self.here), last.hash))

    @property
    def here(self) -> list[Sealed]:
        """The records of the epoch now being written."""
        assert self.head is not None
        return self.epochs[self.head.epoch]

    def forget(self, head: Head | None) -> None:
        """Be restored to an older image: the head is an older one. A new epoch must follow."""
        self.head = head

    def copy_at(self, seq: int) -> Card:
        """A clone made while the card ran: it goes on in the same epoch after record `seq`."""
        here = self.here[: seq + 1]
        epochs = {here[0].record.epoch: here}
        return replace(self, head=here[-1].head, epochs=epochs, drawn=0, name="clone")

    def _seal(self, body: Body, place: build.Place) -> Sealed:
        made = seal(build.record(body.KIND, body, place), self.who.kid, worthless)
        self.epochs[place.epoch].append(made)
        self.head = made.head
        return made


def spans(records: Sequence[Sealed], cuts: Iterable[int] = ()) -> list[Span]:
    """The records of one epoch as spans, cut before these positions."""
    edges = sorted({0, len(records), *(cut for cut in cuts if 0 < cut < len(records))})
    return [Span.of(records[a:b]) for a, b in pairwise(edges)]


class Memory:
    """A server in a dictionary: judges and remembers everything."""

    def __init__(self, made: Card | None = None) -> None:
        made = made or Card()
        house = House(made.who.device, frozenset({made.origin}), made.enrolment)
        self.held = Held(house, {made.who.kid: Key(0, ended=False)})
        self.forked: set[bytes] = set()

    def post(self, span: Span) -> Verdict:
        """Judge one span and take it in."""
        verdict = judge(self.held, span)
        match verdict:
            case Accept(pieces, conflicts):
                self.held = held.grow(self.held, span, pieces)
                self.forked |= {conflict.point[0] for conflict in conflicts}
            case Fork(conflicts):
                self.held = held.contest(self.held, span)
                self.forked |= {conflict.point[0] for conflict in conflicts}
        return verdict

    def post_all(self, pending: Iterable[Span]) -> list[Span]:
        """Post spans again and again until nothing more is taken; return those refused."""
        waiting = list(pending)
        while waiting:
            verdicts = [self.post(span) for span in waiting]
            kept = [
                s for s, v in zip(waiting, verdicts, strict=True) if hasattr(v, "problem")
            ]
            if len(kept) == len(waiting):
                return kept
            waiting = kept
        return []

    def revoke(self) -> None:
        """End all keys."""
        keys = {kid: replace(key, ended=True) for kid, key in self.held.keys.items()}
        self.held = replace(self.held, keys=keys, house=replace(self.held.house, revoked=True))

    @property
    def epochs(self) -> list[Epoch]:
        """The open epochs in the order of their ids."""
        return sorted(self.held.epochs.values(), key=lambda epoch: epoch.id)

    def rows(self) -> set[tuple[bytes, int, bytes]]:
        """Every record held, primary or contested."""
        primary = {
            (epoch, seq, digest)
            for (epoch, seq), said in self.held.known.items()
            if (digest := self.held.record_at((epoch, seq))) and said
        }
        others = {(e, s, h) for (e, s), hashes in self.held.others.items() for h in hashes}
        return primary | others


@st.composite
def histories(draw: st.DrawFn, made: Card | None = None) -> Card:
    """A card that runs, forgets and is restored; all it ever wrote is in `epochs`."""
    made = made or Card()
    made.start()
    made.write(draw(st.integers(0, 6)))
    heads: list[Head | None] = [made.head]
    for forgetful in draw(st.lists(st.booleans(), max_size=4)):
        if forgetful:
            known: list[Head | None] = [None, *heads, *(s.head for s in made.here)]
            made.forget(draw(st.sampled_from(known)))
        made.start()
        made.write(draw(st.integers(0, 6)))
        heads.append(made.head)
    return made


@st.composite
def shipments(draw: st.DrawFn, made: Card) -> list[Span]:
    """Everything the card wrote, sliced at random, some of it twice, in random order."""
    pending: list[Span] = []
    for records in made.epochs.values():
        for _ in range(draw(st.integers(1, 2))):
            cuts = draw(st.sets(st.integers(1, max(len(records) - 1, 1))))
            pending += spans(records, cuts)
    order = draw(st.permutations(range(len(pending))))
    return [pending[at] for at in order]
