"""Drafts in, durable signed rows out: epochs, the RAM ring, and what to do when the card fails.

The only caller of the signer. It signs when the loop brings drafts, on the sampling schedule, and
never because of something that came over the network. Whatever the card does, drafts are taken:
while nothing can be written they wait in a bounded ring, and after the card is back they are sealed
into a new epoch whose opening names the head that was really found on the disk. Nothing is ever
signed twice under one number. Raises nothing; `trouble` and `full` are states.
Spec: docs/protocol.md, "Epoch" and "Eviction".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from agent.core import chain
from agent.core.chain import Draft, Ground, Identity, Lane, Moment, Stamp, Told
from agent.edges import following, pruning, rows
from agent.edges.following import Heir
from agent.edges.outbox import Outbox, StorageTrouble
from agent.edges.pruning import Burial
from agent.edges.signer import Signer
from protocol import cose, record
from protocol.bodies import Closing, EventBody, Rotation
from protocol.errors import ProtocolError
from protocol.opening import Head, KeptFrom, TreeHead
from protocol.record import Record, Sealed
from protocol.registry import Event, Kind, Param, Reason
from protocol.tombstone import Tombstone

RING_DRAFTS = 4_096
RETRY_MS = 5_000
FULL_RETRY_MS = 60_000
EPOCH_BYTES = 8
_SEALED_AGAIN = frozenset({Kind.READING, Kind.POSITION, Kind.EVENT, Kind.ANCHOR})
"""Openings, gossip and tombstones of a broken transaction spoke of a state that is gone."""
_NEWS = frozenset({Event.STORAGE_TROUBLE, Event.OUTBOX_DAMAGED})
"""Said by every opening until one has landed: else an hour of trouble would fill the ring."""


class Sealer:
    """Owns the outbox and the key for one run of the agent; `entropy(n)` draws n bytes.

    `told` is what this epoch said about log and time. `durable_ms` is the boot time of the newest
    commit, for the watchdog. `overflowed` counts drafts the ring had to let go. `damaged` is the
    name of a file that was set aside. `heir` is a log that was accepted as the successor of ours
    and is believed from the next epoch on. `awaited` is the id of a key that shall take over.
    """

    def __init__(
        self,
        outbox: Outbox,
        signer: Signer,
        identity: Identity,
        entropy: Callable[[int], bytes],
    ) -> None:
        self.outbox = outbox
        self.told = Told()
        self.durable_ms: int | None = None
        self.overflowed = 0
        self.full = False
        self.damaged: str | None = None
        self.trouble_since_ms: int | None = None
        self.heir: Heir | None = None
        self.awaited: bytes | None = None
        self._signer, self._identity, self._entropy = signer, identity, entropy
        self._ring: deque[Draft] = deque()
        self._head: Head | None = None
        self._told_news = False
        self._retry_ms = 0

    @property
    def identity(self) -> Identity:
        """Who signs."""
        return self._identity

    @property
    def kid(self) -> bytes:
        """The key that seals now."""
        return self._signer.kid

    @property
    def head(self) -> Head | None:
        """Where this epoch stands; None before its opening is written."""
        return self._head

    @property
    def ring(self) -> int:
        """Drafts that wait in RAM because the card does not take them."""
        return len(self._ring)

    def begin(self, now: Moment) -> None:
        """Open the epoch of this run and make it durable."""
        self._attempt(now, self._begin)

    def put(self, drafts: Sequence[Draft], now: Moment) -> None:
        """Take drafts, seal them in order, and commit when the rules say so."""
        for draft in drafts:
            self._keep(draft)
        self.tend(now)

    def tend(self, now: Moment) -> None:
        """Commit what is due; bring down the ring if the card is back."""
        self._attempt(now, self._work)

    def succeed(self, now: Moment) -> None:
        """Step over to the log that has been accepted, between two epochs; else try again later."""
        if self.heir is not None and not self._ring and not self.full:
            self._attempt(now, self._succeed)
            if self.outbox.log == self.heir.trust.log_key:
                self.heir = None

    @property
    def writes(self) -> bool:
        """Whether the card takes what is sealed now."""
        return self.outbox.trouble is None and not self._ring and not self.full

    def introduced(self, heir: Signer) -> bool | None:
        """Whether the log has proved the rotation to this key; None: there is none on the card.

        Raises StorageTrouble.
        """
        with self.outbox.using() as sql:
            found = [
                (number, seq)
                for number, seq, sealed in rows.rotations(sql)
                if _brings(sealed, heir.public)
            ]
        if not found:
            return None
        return any(seq in self.outbox.shelf(number).proved for number, seq in found)

    def introduce(self, heir: Signer, now: Moment) -> None:
        """Seal a rotation to this key, which signs its own place in the chain, and commit it."""
        self._attempt(now, partial(self._introduce, heir))

    def adopt(self, heir: Signer) -> None:
        """Sign with another key from the first epoch on."""
        self._signer = heir

    def take_over(self, heir: Signer, now: Moment) -> None:
        """End the epoch and open the next under another key, whose file is in place already."""
        self.end(now, Reason.ROTATED)
        # Whatever became of the closing: from here on a start would sign with this key, too.
        self._signer = heir
        self._attempt(now, self._begin)

    def end(self, now: Moment, reason: Reason) -> None:
        """End the epoch, for another one is to follow: what cannot be written now is left out."""
        self._attempt(now, partial(self._append, Draft(Closing(reason), now)))

    def close(self, now: Moment, reason: Reason) -> None:
        """End the epoch in order: a closing record, then everything durable."""
        self._keep(Draft(Closing(reason), now))
        self._attempt(now, self._work)
        self._attempt(now, self._commit)

    def commit(self, now: Moment) -> None:
        """Make everything durable now."""
        self._attempt(now, self._commit)

    def _attempt(self, now: Moment, step: Callable[[Moment], None]) -> None:
        try:
            if self._reached(now):
                step(now)
        except StorageTrouble:
            self._retry_ms = now.boot_ms + RETRY_MS
            if self.trouble_since_ms is None:
                self.trouble_since_ms = now.boot_ms

    def _reached(self, now: Moment) -> bool:
        """Whether the card can be spoken to; after trouble it is opened and read anew."""
        if self.outbox.trouble is None:
            return True
        if self.trouble_since_ms is None:
            self.trouble_since_ms = now.boot_ms
        if now.boot_ms < self._retry_ms:
            return False
        self.outbox.reopen()
        lost = self.outbox.rescue()
        self._head, self._told_news = None, False
        self._ring.extendleft(
            _draft_of(one.row, one.lane, now.boot_id)
            for one in reversed(lost)
            if one.row.record.kind in _SEALED_AGAIN and not _is_news(one.row)
        )
        return True

    def _begin(self, now: Moment) -> None:
        self._open_epoch(now)
        self._commit(now)

    def _work(self, now: Moment) -> None:
        if self._ring and self._has_room(now):
            self._bury_rotten(now)
        while self._ring and not self.full:
            self._append(self._ring[0], now)
            self._ring.popleft()
            # On a full card it is the commit that fails: find out before the whole ring is signed.
            self._commit_due(now)
        self._commit_due(now)

    def _succeed(self, now: Moment) -> None:
        """Closing, statement and opening in one transaction: the old log or the new one."""
        heir = self.heir
        if heir is None or self.outbox.log == heir.trust.log_key:
            return
        self.outbox.commit()
        self._append(Draft(Closing(Reason.SUCCESSOR), now), now)
        kept = following.kept_from(self.outbox)
        following.step(self.outbox, heir)
        self._open_epoch(now, kept)
        self._commit(now)

    def _commit_due(self, now: Moment) -> None:
        if self.outbox.commit_due(now.boot_ms):
            self._commit(now)

    def _commit(self, now: Moment) -> None:
        self.outbox.commit()
        self.durable_ms = now.boot_ms
        if self._told_news:
            self.trouble_since_ms, self.outbox.damaged = None, None
            self._told_news = False

    def _keep(self, draft: Draft) -> None:
        self._ring.append(draft)
        if len(self._ring) > RING_DRAFTS:
            self._ring.popleft()
            self.overflowed += 1

    def _append(self, draft: Draft, now: Moment) -> None:
        head = self._current(draft.at)
        self._seal(chain.follow(self._identity, head, draft), draft.lane, now)

    def _introduce(self, heir: Signer, now: Moment) -> None:
        head = self._current(now)
        asked = record.rotation_message(self._identity.device, head, heir.public)
        consent = cose.low_s(heir.sign(asked))
        draft = Draft(Rotation(heir.public, consent), now, Lane.ALARM)
        self._seal(chain.follow(self._identity, head, draft), draft.lane, now)
        self._commit(now)

    def _current(self, at: Moment) -> Head:
        """The head of this epoch, which is begun if need be."""
        head = self.outbox.head()
        if head is None or head != self._head:
            # A first record, a re-opened card, or a card that forgot: never continue on a guess.
            head = self._open_epoch(at)
        return head

    def _seal(self, unsigned: Record, lane: Lane, now: Moment) -> Head:
        sealed = record.seal(unsigned, self._signer.kid, self._signer.sign)
        self.outbox.append(sealed, lane, now.boot_ms)
        self._head = sealed.head
        self.told = chain.tell(self.told, unsigned.body, now.boot_ms)
        return sealed.head

    def _open_epoch(self, at: Moment, kept: tuple[KeptFrom, ...] = ()) -> Head:
        """The opening, then at once what made this epoch necessary. Stamped like what follows."""
        epoch, tree = self._entropy(EPOCH_BYTES), self.tree()
        ground = Ground(self.outbox.log.name, self.outbox.head(), tree, kept)
        first = chain.opening(self._identity, at, epoch, ground)
        head = self._seal(first, Lane.ROUTINE, at)
        self.told = Told(tree=tree)
        for body in self._news():
            head = self._seal(chain.follow(self._identity, head, Draft(body, at)), Lane.ALARM, at)
        self._told_news = True
        return head

    def _news(self) -> list[EventBody]:
        news = []
        if self.outbox.damaged is not None:
            self.damaged = self.outbox.damaged
            news.append(EventBody(Event.OUTBOX_DAMAGED))
        if self.trouble_since_ms is not None:
            told = ((Param.COUNT, self.overflowed), (Param.SINCE_MS, self.trouble_since_ms))
            news.append(EventBody(Event.STORAGE_TROUBLE, params=told))
        return news

    def tree(self) -> TreeHead | None:
        """The newest checkpoint this device has verified itself."""
        kept = self.outbox.kept
        return TreeHead(kept.size, kept.root) if kept.size else None

    def _has_room(self, now: Moment) -> bool:
        """Let rows go by the declared order once the card is pressed; else the ring must do."""
        if self.full and now.boot_ms < self._retry_ms:
            return False
        self.full = self.outbox.pressed() and not self._make_room(now)
        if self.full:
            self._retry_ms = now.boot_ms + FULL_RETRY_MS
        return not self.full

    def _make_room(self, now: Moment) -> bool:
        self.outbox.commit()
        if pruning.free(self.outbox, None):
            return True
        burial = pruning.evictable(self.outbox)
        if burial is not None:
            self._bury(burial, now)
        return burial is not None

    def _bury_rotten(self, now: Moment) -> None:
        if not any(self.outbox.rotten.values()):
            return
        pruning.heal(self.outbox)
        burial = pruning.damaged(self.outbox)
        if burial is not None:
            self._bury(burial, now)

    def _bury(self, burial: Burial, now: Moment) -> None:
        """Tombstone and removal in one transaction: the append opens it, the commit ends it."""
        self._append(Draft(Tombstone(burial.ranges), now), now)
        pruning.bury(self.outbox, burial)
        self._commit(now)


def _is_news(row: Sealed) -> bool:
    body = row.record.body
    return isinstance(body, EventBody) and body.event in _NEWS


def _brings(sealed: bytes, public: bytes) -> bool:
    """Whether these bytes are a rotation to this key."""
    try:
        body = record.open_sealed(sealed).record.body
    except ProtocolError:
        return False
    return isinstance(body, Rotation) and body.new_key == public


def _draft_of(row: Sealed, lane: Lane, boot_id: bytes) -> Draft:
    """The content of a record that is not on the disk, with the moment it was made at."""
    old = row.record
    at = Stamp(old.boot_ms, old.utc_ms, old.source, old.uncertainty_ms, boot_id)
    return Draft(old.body, at, lane)
