"""Cables between two network namespaces of our own, each with its own bad weather.

The trucks live in the near one, the server in the far one; nobody else is on these cables, and the
machine's own network is not touched. Namespaces that a killed run left behind are taken down by the
next. Needs root, iproute2 and iptables with its `statistic` match.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PREFIX = "jagalchi-"
NET = "10.99"
TOOLS = ("ip", "tc", "iptables-legacy", "unshare")
DROP = ("iptables-legacy", "-A", "INPUT", "-m", "statistic", "--mode", "random")
BUCKET = ("root", "tbf", "burst", "4kb", "latency", "400ms", "rate")


@dataclass(frozen=True, slots=True)
class Weather:
    """What a cable does: loses packets both ways, is slow both ways, or comes and goes."""

    name: str
    loss: float = 0.0
    kbit: int = 0
    flaps: bool = False


@functools.cache
def available() -> bool:
    """Whether this machine lets us make such cables."""
    if os.geteuid() or not all(map(shutil.which, TOOLS)):
        return False
    lossy = [*DROP, "--probability", "0.1", "-j", "DROP"]
    slow = ["tc", "qdisc", "add", "dev", "lo", *BUCKET, "64kbit"]
    tried = (["unshare", "--net", *command] for command in (lossy, slow))
    return not any(subprocess.run(one, capture_output=True).returncode for one in tried)


class Cables:
    """One cable for each weather: number n has 10.99.n.1 near and 10.99.n.2 far."""

    def __init__(self, weathers: Sequence[Weather]) -> None:
        self.near, self.far = (f"{PREFIX}{end}-{os.getpid()}" for end in ("near", "far"))
        for end in (self.near, self.far):
            _call("ip", "netns", "add", end)
        for number, weather in enumerate(weathers):
            self._lay(number)
            self._spoil(number, weather)

    def under(self, end: str) -> list[str]:
        """What starts a program at that end."""
        return ["ip", "netns", "exec", end]

    def address(self, number: int) -> str:
        """Where the far end of a cable is, seen from the near one."""
        return f"{NET}.{number}.2"

    def plug(self, number: int, *, up: bool) -> None:
        """Put the cable in, or pull it out."""
        _call("ip", "-n", self.near, "link", "set", f"near{number}", "up" if up else "down")

    def _lay(self, number: int) -> None:
        near, far = f"near{number}", f"far{number}"
        peer = ("peer", "name", far, "netns", self.far)
        _call("ip", "link", "add", near, "netns", self.near, "type", "veth", *peer)
        for end, name, last in ((self.near, near, 1), (self.far, far, 2)):
            _call("ip", "-n", end, "addr", "add", f"{NET}.{number}.{last}/24", "dev", name)
            _call("ip", "-n", end, "link", "set", name, "up")

    def _spoil(self, number: int, weather: Weather) -> None:
        for end, name in ((self.near, f"near{number}"), (self.far, f"far{number}")):
            inside = self.under(end)
            if weather.loss:
                chance = ("-i", name, "--probability", str(weather.loss), "-j", "DROP")
                _call(*inside, *DROP, *chance)
            if weather.kbit:
                _call(*inside, "tc", "qdisc", "add", "dev", name, *BUCKET, f"{weather.kbit}kbit")


@contextlib.contextmanager
def cables(weathers: Sequence[Weather]) -> Iterator[Cables]:
    """Cables for the length of a `with`; whatever happens they are gone afterwards."""
    _sweep()
    try:
        yield Cables(weathers)
    finally:
        _remove(str(os.getpid()))


def _sweep() -> None:
    """Take down what runs left behind that are not there any more."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
    for pid in set(re.findall(rf"^{PREFIX}(?:near|far)-(\d+)", listed.stdout, re.M)):
        if not Path(f"/proc/{pid}").exists():
            _remove(pid)


def _remove(pid: str) -> None:
    for end in ("near", "far"):
        subprocess.run(["ip", "netns", "del", f"{PREFIX}{end}-{pid}"], capture_output=True)


def _call(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
