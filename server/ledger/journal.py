"""The journal: every batch of leaves and bodies, on disk and synced before its root is signed.

Append-only frames in segment files, each named by the offset of its first byte:

    frame   = "JGJ1" || length (8, big-endian) || payload || chain (32)
    chain   = SHA-256(chain of the frame before, or 32 zeros, || everything of the frame before it)
    payload = kind 0: origin LF verifier key LF                     the first frame of all
              kind 1: utc_ms (8) first (8) count (4) root (32), then count times
                      leaf length (4) body length (4) leaf body

It refuses to decide: it says what stands after a given offset, and writes where it is told to.
The database remembers offset and chain of the newest batch it has swapped in, so a frame beyond
that is an unfinished batch, and anything that is not a whole frame at the very end is the torn
remainder of a crash before the sync: nothing was signed for it. Damage anywhere else is an error.
Specification: docs/protocol.md, "Journal".
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

MAGIC = b"JGJ1"
START = bytes(32)
SEGMENT_BYTES = 64 << 20
MAX_PAYLOAD = 64 << 20

_HEAD = struct.Struct(">4sQ")
_BATCH = struct.Struct(">BQQI32s")
_ITEM = struct.Struct(">II")
_CHAIN_SIZE = 32
_INCEPTION, _LEAVES = 0, 1


class JournalDamaged(Exception):
    """The journal does not say what it must; the text is for the operator."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place between two frames: how many bytes stand before it, and their chain."""

    end: int = 0
    chain: bytes = START


@dataclass(frozen=True, slots=True)
class Batch:
    """Leaves ``first`` onwards with what each commits to, and the root that they lead to."""

    first: int
    utc_ms: int
    leaves: tuple[bytes, ...]
    bodies: tuple[bytes, ...]
    root: bytes


class Disk:
    """The system calls a journal is written by; a test's disk fails where it is told to."""

    def cut(self, descriptor: int, size: int) -> None:
        """Make the file end at ``size``."""
        os.ftruncate(descriptor, size)

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        """Write all of ``data`` at ``offset``."""
        view = memoryview(data)
        while view:
            done = os.pwrite(descriptor, view, offset)
            view, offset = view[done:], offset + done

    def sync(self, descriptor: int) -> None:
        """Return when the file's bytes and size are on the disk."""
        os.fdatasync(descriptor)


class Journal:
    """The frames in one directory. Only the holder of `locked()` may write."""

    def __init__(self, directory: Path, disk: Disk | None = None) -> None:
        """Nothing is opened or made before it is needed."""
        self._directory = directory
        self._disk = disk or Disk()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process out.

        The database's own lock ends with its connection; this one outlives a lost connection, so
        that nobody can begin to write before a writer that was cut off has stopped.
        """
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def begin(self, origin: str, vkey: str) -> Mark:
        """Write the first frame, which says whose journal this is. Again is harmless: what follows
        a whole first frame stays."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync_directory(self._directory.parent)
        payload = bytes([_INCEPTION]) + f"{origin}\n{vkey}\n".encode()
        return self._put(Mark(), _frame(START, payload), cut=self._payload(Mark()) is None)

    def inception(self) -> tuple[str, str, Mark] | None:
        """Origin, verifier key and end of the first frame; None in an empty journal."""
        payload = self._payload(Mark())
        if payload is None:
            return None
        lines = payload[1:].decode(errors="replace").split("\n")
        if payload[0] != _INCEPTION or len(lines) != 3:
            raise JournalDamaged(f"{self._directory} does not begin like a journal")
        frame = _frame(START, payload)
        return lines[0], lines[1], Mark(len(frame), frame[-_CHAIN_SIZE:])

    def holds(self, mark: Mark) -> bool:
        """Whether a frame with that chain ends at that offset."""
        base = self._base(mark.end - 1)
        try:
            with self._path(base).open("rb") as file:
                file.seek(mark.end - base - _CHAIN_SIZE)
                return file.read(_CHAIN_SIZE) == mark.chain
        except FileNotFoundError:
            return False

    def end(self) -> int:
        """Offset behind the last byte, torn ones included."""
        bases = self._bases()
        return bases[-1] + self._path(bases[-1]).stat().st_size if bases else 0

    def after(self, mark: Mark) -> Batch | None:
        """The batch in the frame after ``mark``; None if there is no whole frame.

        Raises JournalDamaged for a frame that is not the torn end of the file.
        """
        payload = self._payload(mark)
        return None if payload is None else _decode(payload)

    def following(self, mark: Mark) -> tuple[Batch, Mark] | None:
        """What `after` returns, and the mark behind it: for walking through the whole journal."""
        payload = self._payload(mark)
        if payload is None:
            return None
        frame = _frame(mark.chain, payload)
        return _decode(payload), Mark(mark.end + len(frame), frame[-_CHAIN_SIZE:])

    def append(self, mark: Mark, batch: Batch) -> Mark:
        """Put ``batch`` after ``mark``, synced; what a crash left torn there is cut off first.

        A batch that came from `after(mark)` is written over itself: pages whose sync once failed
        count as clean, and only writing makes the kernel try again. Raises OSError; then the
        frame may or may not be there, whole or torn, and the next round asks `after`.
        """
        frame = _frame(mark.chain, _encode(batch))
        return self._put(mark, frame, cut=self.after(mark) is None)

    def _put(self, mark: Mark, frame: bytes, *, cut: bool) -> Mark:
        base = self._base(mark.end)
        if mark.end - base >= SEGMENT_BYTES:
            base = mark.end
        descriptor = os.open(self._path(base), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if cut:
                self._disk.cut(descriptor, mark.end - base)
            self._disk.write(descriptor, frame, mark.end - base)
            self._disk.sync(descriptor)
        finally:
            os.close(descriptor)
        if mark.end == base:
            _sync_directory(self._directory)
        return Mark(mark.end + len(frame), frame[-_CHAIN_SIZE:])

    def _payload(self, mark: Mark) -> bytes | None:
        path = self._path(self._base(mark.end))
        if not path.exists():
            return None
        with path.open("rb") as file:
            file.seek(mark.end - int(path.stem))
            head = file.read(_HEAD.size)
            rest = file.read(_length(head) + _CHAIN_SIZE) if _length(head) else file.read()
            payload = _checked(mark.chain, head, rest)
            if payload is not None:
                return payload
            # A crash leaves a frame too short or wrong inside, and nothing behind it.
            more = file.read(1) or self._bases()[-1] > mark.end
            file.seek(mark.end - int(path.stem))
            if more or _holds_frame(file.read()):
                raise JournalDamaged(f"{path} is damaged at byte {mark.end}, and more follows")
        return None

    def _bases(self) -> list[int]:
        return sorted(int(path.stem) for path in self._directory.glob(f"{'[0-9]' * 20}.journal"))

    def _base(self, offset: int) -> int:
        return max((base for base in self._bases() if base <= offset), default=0)

    def _path(self, base: int) -> Path:
        return self._directory / f"{base:020d}.journal"


def _frame(chain: bytes, payload: bytes) -> bytes:
    frame = _HEAD.pack(MAGIC, len(payload)) + payload
    return frame + sha256(chain + frame).digest()


def _length(head: bytes) -> int:
    """Length of the payload that a head announces; 0 when it announces nothing possible."""
    if len(head) < _HEAD.size:
        return 0
    magic, length = _HEAD.unpack(head)
    return int(length) if magic == MAGIC and length <= MAX_PAYLOAD else 0


def _checked(chain: bytes, head: bytes, rest: bytes) -> bytes | None:
    """The payload, if head and rest are one whole frame after ``chain``."""
    length = _length(head)
    payload, told = rest[:length], rest[length:]
    if not length or sha256(chain + head + payload).digest() != told:
        return None
    return payload


def _holds_frame(data: bytes) -> bool:
    """Whether a whole frame begins anywhere behind the first byte: then this is no torn end."""
    at = data.find(MAGIC, _CHAIN_SIZE)
    while at >= 0:
        head = data[at : at + _HEAD.size]
        rest = data[at + _HEAD.size :][: _length(head) + _CHAIN_SIZE]
        if _checked(data[at - _CHAIN_SIZE : at], head, rest) is not None:
            return True
        at = data.find(MAGIC, at + 1)
    return False


def _encode(batch: Batch) -> bytes:
    count = len(batch.leaves)
    parts = [_BATCH.pack(_LEAVES, batch.utc_ms, batch.first, count, batch.root)]
    for leaf, body in zip(batch.leaves, batch.bodies, strict=True):
        parts += (_ITEM.pack(len(leaf), len(body)), leaf, body)
    return b"".join(parts)


def _decode(payload: bytes) -> Batch:
    try:
        kind, utc_ms, first, count, root = _BATCH.unpack_from(payload)
        leaves, bodies, at = [], [], _BATCH.size
        for _ in range(count):
            leaf_size, body_size = _ITEM.unpack_from(payload, at)
            middle = at + _ITEM.size + leaf_size
            leaves.append(payload[at + _ITEM.size : middle])
            at = middle + body_size
            bodies.append(payload[middle:at])
    except struct.error:
        raise JournalDamaged("a frame of the journal is not a batch of leaves") from None
    if kind != _LEAVES or at != len(payload):
        raise JournalDamaged("a frame of the journal is not a batch of leaves")
    return Batch(first, utc_ms, tuple(leaves), tuple(bodies), root)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
