"""What follows a log that is lost: the statement of the recovery key, and who may follow it.

The first leaves of a successor are statements: its own first, then those of its predecessor. Each
is signed by the one recovery key that every device has pinned, and names the log that was lost, its
last known checkpoint, and the new log's key. `follow` is a device's half: it believes the new log
only if that key said so, and never one that contradicts a checkpoint which the device has verified.
It refuses to judge whether the old log was really lost: that is what the recovery key is for.
Spec: docs/protocol.md, section "Successors".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from protocol import cbor, receipt
from protocol.checkpoint import Checkpoint, LogKey
from protocol.cose import Sign, Verify
from protocol.errors import Problem, ProtocolError
from protocol.leaf import Leaf, SuccessorLeaf, decode_leaf
from protocol.receipt import Trust
from protocol.wire import Answer, decode_answer

DOMAIN: Final = b"jagalchi/successor/1\x00"
MAX_CHAIN: Final = 16
"""Predecessors that are looked at."""


def statement(new: LogKey | str, old: Checkpoint, sign: Sign) -> SuccessorLeaf:
    """The leaf that says: the log `new` follows `old`, its last known checkpoint.

    new: the log's key; or its name, where the key is lost too and nobody shall follow it any more.
    sign: with the recovery key.
    """
    name, vkey = (new, None) if isinstance(new, str) else (new.name, new.vkey)
    said = SuccessorLeaf(old.origin, old.size, old.root, b"", vkey)
    return replace(said, signature=sign(_message(name, said)))


def chain(
    leaves: Iterable[Leaf], key: LogKey, recovery: LogKey, verify: Verify
) -> Iterator[SuccessorLeaf]:
    """Yield the statements that `leaves`, the first of the log of `key`, begin with, while valid.

    The first names the log before this one, the next the log before that.
    """
    origin = key.name
    for at, one in enumerate(leaves):
        if not isinstance(one, SuccessorLeaf) or not _holds(one, origin, recovery, verify):
            return
        if at == 0 and one.log_vkey not in (None, key.vkey):
            return
        yield one
        origin = one.old_origin


def follow(
    old: Trust, verified: Mapping[int, bytes], recovery: LogKey, answer: Answer, verify: Verify
) -> Trust:
    """What is trusted once `answer`, of another log, has shown that this log follows ours.

    verified: roots by size of the old log's checkpoints that were verified before. Raises
    ProtocolError: UNKNOWN_KEY (no statement, or one that names no key), BAD_SIGNATURE (not by this
    recovery key), WRONG_ORIGIN (of another log than ours), TWO_HISTORIES (it contradicts what we
    have verified), and what `receipt.advance` and `receipt.proved` raise.
    """
    leaves = [decode_leaf(one.leaf) for one in answer.receipts]
    key = _key(leaves)
    said = list(chain(leaves, key, recovery, verify))
    if not said:
        raise ProtocolError(Problem.BAD_SIGNATURE, "the recovery key did not sign this statement")
    mine = next((one for one in said if one.old_origin == old.origin), None)
    if mine is None or key.name == old.origin:
        raise ProtocolError(Problem.WRONG_ORIGIN, f"nothing here follows {old.origin}")
    known = {**verified, old.size: old.root}
    if known.get(mine.old_size, mine.old_root) != mine.old_root:
        detail = f"the statement names another root of size {mine.old_size} than was verified"
        raise ProtocolError(Problem.TWO_HISTORIES, detail)
    new = receipt.advance(
        Trust.start(key), answer.note or "", answer.since, answer.consistency, verify
    )
    _must_begin_the_log(new, answer, len(said))
    return new


def followed(pinned: LogKey, recovery: LogKey, answers: Iterable[bytes], verify: Verify) -> LogKey:
    """The key of the log that a device believes which accepted these answers, one after the other.

    Raises ProtocolError for answers that do not lead from the pinned log to where they say.
    """
    key = pinned
    for data in answers:
        answer = decode_answer(data)
        key = follow(Trust.start(key), {}, recovery, answer, verify).log_key
    return key


def statements(leaves: Iterable[bytes]) -> Iterator[SuccessorLeaf]:
    """The successor statements that these leaves begin with, unverified."""
    for data in leaves:
        try:
            leaf = decode_leaf(data)
        except ProtocolError:
            return
        if not isinstance(leaf, SuccessorLeaf):
            return
        yield leaf


def _key(leaves: Sequence[Leaf]) -> LogKey:
    first = leaves[0] if leaves else None
    if not isinstance(first, SuccessorLeaf) or first.log_vkey is None:
        raise ProtocolError(Problem.UNKNOWN_KEY, "no statement here names the new log's key")
    return LogKey.parse(first.log_vkey)


def _holds(one: SuccessorLeaf, origin: str, recovery: LogKey, verify: Verify) -> bool:
    if one.log_vkey is not None and not one.log_vkey.startswith(f"{origin}+"):
        return False
    return verify(recovery.public, _message(origin, one), one.signature)


def _must_begin_the_log(new: Trust, answer: Answer, count: int) -> None:
    """A statement counts where everybody finds it: at the very beginning of its log."""
    for at, one in enumerate(answer.receipts[:count]):
        if one.index != at:
            raise ProtocolError(Problem.BAD_PROOF, f"statement {at} is not leaf {at} of its log")
        receipt.proved(new, one)


def _message(new_origin: str, said: SuccessorLeaf) -> bytes:
    named = [] if said.log_vkey is None else [said.log_vkey]
    old = [said.old_origin, said.old_size, said.old_root]
    return DOMAIN + cbor.encode([new_origin, *old, *named])
