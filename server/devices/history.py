"""Two notes of one size with two roots: the proof that this log has told two histories.

Whoever holds both may hand them in, a device or a stranger. They are kept only if both bear this
log's own signature, so that nobody can fill the table with noise; and they are kept for ever.
Spec: docs/protocol.md, section "Receipt and trust".
"""

from __future__ import annotations

import hashlib
import logging

from protocol import cbor
from protocol.checkpoint import Checkpoint, open_checkpoint
from protocol.errors import ProtocolError
from protocol.registry import Problem
from server.devices import roster
from server.devices.crypto import verify_ed25519
from server.devices.models import TwoNotes
from server.ledger import keys
from server.ledger.log import writing

MAX_BYTES = 256 * 1024
MAX_KEPT = 1000

logger = logging.getLogger(__name__)


def keep(body: bytes, now_ms: int) -> None:
    """Keep the evidence in ``[1, note, note]``. Idempotent, in either order of the notes.

    Raises ProtocolError: MALFORMED, BAD_NOTE (not a note of this log), BAD_PROOF (the notes do not
    contradict each other).
    """
    notes = sorted(_notes(body))
    one, other = (open_checkpoint(note, keys.current().log, verify_ed25519) for note in notes)
    if one.size != other.size or one.root == other.root:
        raise ProtocolError(Problem.BAD_PROOF, "two histories need one size and two roots")
    logger.critical("this log has signed two roots for size %d: stop it", one.size)
    _write(one, notes, now_ms)


def _notes(body: bytes) -> list[str]:
    match cbor.decode(body, max_bytes=MAX_BYTES):
        case [1, str() as one, str() as other]:
            return [one, other]
    raise ProtocolError(Problem.MALFORMED, "evidence is [1, note, note]")


def _write(checkpoint: Checkpoint, notes: list[str], now_ms: int) -> None:
    digest = hashlib.sha256("\n\n".join(notes).encode()).digest()
    with writing():
        known = TwoNotes.objects.filter(digest=digest).exists()
        if not known and TwoNotes.objects.count() < MAX_KEPT:
            roster.keep_notes(digest, checkpoint.size, notes, now_ms)
