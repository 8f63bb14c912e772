"""A child as bad as they come: ignores SIGTERM, hangs, and has a grandchild that spins.

python hung_child.py escape|stay ORDERS      escape: the grandchild leaves the process group
"""

from __future__ import annotations

import json
import os
import signal
import sys


def grandchild(escaping: bool) -> None:
    if escaping:
        os.setsid()
    while True:  # burns a core until it is killed
        pass


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        grandchild(sys.argv[1] == "escape")
    print(json.dumps({"loaded": 1}))
    print(json.dumps({"job": 0, "raw": [os.getpid(), pid]}), flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
