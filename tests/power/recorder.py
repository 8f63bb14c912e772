"""A block device that remembers: one file, served through /dev/fuse, whose every write is recorded.

A loop device stands on the file and a file system on that. The *tape* gets one entry for each write
and each flush, in the order in which the kernel sent them, before the kernel is told that it is
done. Whoever works on the file system reads the tape's length from the counter file: all that was
acknowledged to him is in the entries before it.

    entry = offset (8, little-endian) || length (4) || data        a flush has length 0

It speaks the kernel's own protocol (linux/fuse.h) and needs no library, only root and /dev/fuse.
Run as `python -m tests.power.recorder FILE MEGABYTES TAPE COUNTER`; says "ready"; ends on unmount.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import signal
import stat
import struct
import sys
from pathlib import Path
from typing import BinaryIO

ENTRY = struct.Struct("<QI")
COUNTER = struct.Struct("<Q")
MAX_WRITE = 128 << 10

_IN = struct.Struct("<IIQQIIII")
_OUT = struct.Struct("<IiQ")
_INIT = struct.Struct("<IIIIHHIIHHI28x")
_ATTR = struct.Struct("<QII6Q10I")
_OPEN = struct.Struct("<QII")
_SPAN = struct.Struct("<QQI20x")
_GETATTR, _SETATTR, _OPENED, _READ, _WRITE = 3, 4, 14, 15, 16
_RELEASE, _FSYNC, _FLUSH, _INITIAL, _ACCESS, _DESTROY = 18, 20, 25, 26, 34, 38
_UNANSWERED = frozenset({2, 36, 42})
"""Forget, interrupt, batch forget."""
_BIG_WRITES, _MAX_PAGES, _DIRECT_IO = 1 << 5, 1 << 22, 1
_NOSUID_NODEV = 2 | 4
_PARENT_DIES = 1


class Recorder:
    """The file's contents, and the tape of what was done to it."""

    def __init__(self, megabytes: int, tape: BinaryIO, counter: mmap.mmap) -> None:
        """An empty device of that size."""
        self._data = bytearray(megabytes << 20)
        self._tape, self._counter, self._count = tape, counter, 0

    def serve(self, channel: int) -> None:
        """Answer the kernel until the file is unmounted."""
        while True:
            try:
                request = os.read(channel, MAX_WRITE + 4096)
            except OSError as error:
                if error.errno == errno.ENODEV:
                    return
                if error.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                    continue
                raise
            _, code, unique, *_ = _IN.unpack_from(request)
            if code in _UNANSWERED:
                continue
            answer = self._answer(code, request[_IN.size :])
            trouble, body = (0, answer) if isinstance(answer, bytes) else (-answer, b"")
            os.write(channel, _OUT.pack(_OUT.size + len(body), trouble, unique) + body)

    def _answer(self, code: int, body: bytes) -> bytes | int:
        """The answer's body, or an error number."""
        if code == _WRITE:
            return self._write(body)
        if code == _READ:
            _, offset, size = _SPAN.unpack_from(body)
            return bytes(self._data[offset : offset + size])
        if code == _FSYNC:
            self._record(0, b"")
            return b""
        if code in (_GETATTR, _SETATTR):
            return self._attributes()
        if code == _OPENED:
            return _OPEN.pack(0, _DIRECT_IO, 0)
        if code == _INITIAL:
            flags = _BIG_WRITES | _MAX_PAGES
            return _INIT.pack(7, 31, 0, flags, 16, 12, MAX_WRITE, 1, MAX_WRITE // 4096, 0, 0)
        if code in (_RELEASE, _FLUSH, _ACCESS, _DESTROY):
            return b""
        return errno.ENOSYS

    def _write(self, body: bytes) -> bytes:
        _, offset, size = _SPAN.unpack_from(body)
        data = body[_SPAN.size : _SPAN.size + size]
        self._data[offset : offset + size] = data
        self._record(offset, data)
        return struct.pack("<II", size, 0)

    def _record(self, offset: int, data: bytes) -> None:
        self._tape.write(ENTRY.pack(offset, len(data)) + data)
        self._count += 1
        COUNTER.pack_into(self._counter, 0, self._count)

    def _attributes(self) -> bytes:
        size = len(self._data)
        sizes = (1, size, size >> 9, 0, 0, 0)
        return _ATTR.pack(1, 0, 0, *sizes, 0, 0, 0, stat.S_IFREG | 0o600, 1, 0, 0, 0, 4096, 0)


def mount(file: Path) -> int:
    """Put the file under the kernel's FUSE; the descriptor on which its requests come."""
    channel = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={channel},rootmode=100600,user_id=0,group_id=0"
    kind = b"fuse"
    if libc.mount(b"recorder", os.fsencode(file), kind, _NOSUID_NODEV, options.encode()):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(file))
    return channel


def main(file: Path, megabytes: int, tape: Path, counter: Path) -> None:
    """Serve one file, and die with whoever asked for it."""
    ctypes.CDLL(None).prctl(_PARENT_DIES, signal.SIGKILL)
    counter.write_bytes(COUNTER.pack(0))
    with counter.open("r+b") as shared, tape.open("wb", buffering=1 << 20) as out:
        recorder = Recorder(megabytes, out, mmap.mmap(shared.fileno(), COUNTER.size))
        channel = mount(file)
        print("ready", flush=True)
        recorder.serve(channel)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
