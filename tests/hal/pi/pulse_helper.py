"""In place of Blinka's `libgpiod_pulsein`: the same talk over the same queue, without a pin.

Its file `trains` has one line for each read: pulse lengths in microseconds, or a word: "hang" stops
answering, "spin" burns a core as well. Like the real one it does not end with its parent.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import sysv_ipc


def main(key: int, trains: list[str]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    queue = sysv_ipc.MessageQueue(key)
    queue.send(b"!", type=2)
    pulses: list[int] = []
    while True:
        command = queue.receive(type=1)[0].decode()
        if command.startswith("t") and trains:
            train = trains.pop(0)
            if train in ("hang", "spin"):
                hang(train == "spin")
            pulses = json.loads(train)
        elif command == "c":
            pulses = []
        elif command == "l":
            queue.send(str(len(pulses)).encode(), type=2)
        elif command == "^":
            queue.send(str(pulses.pop(0) if pulses else -1).encode(), type=2)


def hang(burning: bool) -> None:
    while True:
        if not burning:
            signal.pause()


if __name__ == "__main__":
    folder = Path(sys.argv[0]).parent
    main(int(sys.argv[sys.argv.index("--queue") + 1]), (folder / "trains").read_text().splitlines())
