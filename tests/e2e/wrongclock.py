"""A machine whose wall clock shows what a test wants, for one process and what it starts.

libfaketime stands between a process and the wall clock, and only there: boot time goes on. A mount
namespace gives it a /run of its own, where the time service's file lies or does not. What the
machine's real kernel says of the machine's real clock is forbidden to it, as by the hardened unit
(ProtectClock=yes), which leaves the file as the only voice.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

LIBRARIES = "/usr/lib/*/faketime/libfaketime.so.1"
ADJTIMEX = {"x86_64": (159, 305), "aarch64": (171, 266)}
"""The numbers of adjtimex and clock_adjtime."""

OWN_RUN = 'mount --bind "$1" /run && shift && exec "$@"'
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, EPERM = 0x7FFF0000, 0x00050001


def library() -> Path | None:
    """Where libfaketime lies (Debian: faketime)."""
    return next(iter(sorted(Path("/").glob(LIBRARIES[1:]))), None)


def available() -> bool:
    """Whether a process here can have a clock and a /run of its own."""
    if os.getuid() != 0 or library() is None or platform.machine() not in ADJTIMEX:
        return False
    unshare = shutil.which("unshare") or "false"
    return subprocess.run([unshare, "--mount", "true"]).returncode == 0


class WrongClock:
    """What the wall clock shows, and when its time service last said that it is right."""

    def __init__(self, folder: Path, shift_ms: int) -> None:
        """The true time of this machine's world is `shift_ms` ahead of the real one."""
        self.shift_ms = shift_ms
        self._rate = folder / "clock"
        self._synced = folder / "run/systemd/timesync/synchronized"
        self._synced.parent.mkdir(parents=True)
        self.shows(0)

    def shows(self, wrong_ms: int) -> None:
        """From now on the wall clock is wrong by so much."""
        self._wrong_ms = wrong_ms
        fresh = self._rate.with_suffix(".new")
        fresh.write_text(f"{(self.shift_ms + wrong_ms) / 1_000:+.3f}\n", "ascii")
        fresh.replace(self._rate)

    def sync(self) -> None:
        """The time service says that what the clock shows is right, whatever it shows."""
        shown_s = time.time() + (self.shift_ms + self._wrong_ms) / 1_000
        self._synced.touch()
        os.utime(self._synced, (shown_s, shown_s))

    def forget(self) -> None:
        """As after a boot: nobody has said anything yet."""
        self._synced.unlink()

    @property
    def under(self) -> tuple[str, ...]:
        """What a process has to be started by."""
        run = str(self._synced.parents[2])
        own = ("unshare", "--mount", "sh", "-c", OWN_RUN, "sh", run)
        return (*own, sys.executable, "-m", __name__)

    @property
    def environ(self) -> dict[str, str]:
        """What libfaketime has to be told."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._rate),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }


def forbid_the_kernels_word() -> None:
    """No adjtimex from here on, for this process and all it becomes. Raises OSError."""
    adjtimex, clock_adjtime = ADJTIMEX[platform.machine()]
    steps = (
        (LOAD, 0, 0, 0),
        (JUMP_IF_EQUAL, 2, 0, adjtimex),
        (JUMP_IF_EQUAL, 1, 0, clock_adjtime),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, EPERM),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = struct.pack("@HP", len(steps), ctypes.addressof(code))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for order in ((PR_SET_NO_NEW_PRIVS, 1, None), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program)):
        if prctl(*order, None, None) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    forbid_the_kernels_word()
    os.execv(sys.argv[1], sys.argv[1:])
