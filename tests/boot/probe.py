"""Run inside the agent's sandbox in its place: what may a program there do, and what not?

A stand-alone script for the container's Python; prints one line of JSON.
"""

from __future__ import annotations

import ctypes
import grp
import json
import mmap
import os
import resource
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

CLONE_NEWUSER = 0x10000000
TIMEX_BYTES = 256
RAW = socket.SOCK_RAW
LIBC = ctypes.CDLL(None, use_errno=True)


def may(what: Callable[[], object]) -> bool:
    """Whether the system lets us."""
    try:
        what()
    except OSError:
        return False
    return True


def call(name: str, *arguments: object) -> None:
    """A function of the C library that answers -1 for no. Raises OSError."""
    if getattr(LIBC, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def status(key: str) -> str:
    """A line of /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line for line in lines if line.startswith(key + ":")).split()[1]


def main() -> None:
    """Try everything, and tell."""
    state = Path(sys.argv[1])
    can = {
        "ask how good the clock is": may(lambda: call("adjtimex", bytes(TIMEX_BYTES))),
        "read the boot id": may(Path("/proc/sys/kernel/random/boot_id").read_text),
        "read cpuinfo": may(Path("/proc/cpuinfo").read_text),
        "find a host": may(lambda: socket.getaddrinfo("localhost", 80)),
        "be called back by C": may(lambda: ctypes.CFUNCTYPE(ctypes.c_int)(int)()),
        "write its state": may(lambda: (state / "probe").write_text("")),
        "open the pins": may(lambda: os.close(os.open("/dev/gpiomem", os.O_RDWR))),
    }
    cannot = {
        "set the clock": may(lambda: time.clock_settime(time.CLOCK_REALTIME, time.time())),
        "write elsewhere": may(lambda: Path("/etc/probe").write_text("")),
        "write its own program": may(lambda: Path("/opt/jagalchi/probe").write_text("")),
        "make code": may(lambda: mmap.mmap(-1, mmap.PAGESIZE, prot=7)),
        "make a user namespace": may(lambda: call("unshare", CLONE_NEWUSER)),
        "see other processes": Path("/proc/1/cmdline").exists(),
        "see homes": any(Path("/root").iterdir()) if os.access("/root", os.R_OK) else False,
        "dump a core": resource.getrlimit(resource.RLIMIT_CORE)[0] > 0,
        "have a capability": int(status("CapEff"), 16) | int(status("CapBnd"), 16) > 0,
        "gain a privilege": status("NoNewPrivs") != "1",
        "open a netlink socket": may(lambda: socket.socket(socket.AF_NETLINK, RAW).close()),
        "open a packet socket": may(lambda: socket.socket(socket.AF_PACKET, RAW).close()),
    }
    (state / "probe").unlink(missing_ok=True)
    groups = sorted(grp.getgrgid(number).gr_name for number in os.getgroups())
    print(json.dumps({"can": can, "cannot": cannot, "groups": groups}))


main()
