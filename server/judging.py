"""The cold chain's reader, as a process of its own beside the workers that answer requests.

    Beside    in every worker; one of them starts the process, and again whenever it has ended
    main      that process: reads the log and judges lots until its standard input ends

Threads of one process share a core: whoever read for the cold chain there made requests wait. Its
standard input is a pipe from its worker, so it ends with it, however that ended. A crash here or
there leaves a step undone, and the next process does it. Why: docs/adr/0019.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from server.ledger.tick import Leader, steady_ms

LOCK: Final = "coldchain.lock"
BESIDE: Final = "coldchain-beside.lock"
AGAIN_MS: Final = 10_000
"""One that ends at once is not started more often."""
END_S: Final = 5
"""How long a step under way may take to end; what is cut off is done again."""
BUG: Final = 70
"""Exit status, as in the agent: EX_SOFTWARE of sysexits.h."""
COMMAND: Final = (sys.executable, "-m", "server.judging")


class Ended(OSError):
    """The process has ended; it is started again."""


class Beside:
    """What one beat of a worker does for it; `home` holds the lock that decides which worker."""

    def __init__(
        self,
        home: Path,
        command: Sequence[str] = COMMAND,
        clock: Callable[[], int] = steady_ms,
        end_s: float = END_S,
    ) -> None:
        """Nothing is opened or started before the first beat."""
        self._leader = Leader(home / BESIDE)
        self._command, self._clock, self._end_s = command, clock, end_s
        self._process: subprocess.Popen[bytes] | None = None
        self._started_ms = 0

    @property
    def pid(self) -> int | None:
        """Of the process, while this worker is the one that keeps it."""
        return self._process.pid if self._process else None

    def beat(self, _at_ms: int) -> None:
        """See to it that it runs. Raises Ended."""
        if not self._leader.leads():
            return
        status = self._process.poll() if self._process else None
        if self._process is not None and status is None:
            return
        if self._process is None or self._clock() - self._started_ms >= AGAIN_MS:
            self._start()
        if status is not None:
            raise Ended(f"the process that judges them ended with status {status}")

    def _start(self) -> None:
        self._let_go()
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)
        self._started_ms = self._clock()

    def close(self) -> None:
        """End it after its step, and let another worker do it."""
        self._let_go()
        self._leader.close()

    def _let_go(self) -> None:
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            process.wait(self._end_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def end_by_the_unexpected() -> None:
    """From now on an error that no thread expected ends this process: whoever keeps it says so and
    starts it again, where a thread alone would die and leave it idle."""

    def end(what: threading.ExceptHookArgs) -> None:
        threading.__excepthook__(what)
        os._exit(BUG)

    threading.excepthook = end


def main() -> None:
    """Read and judge until standard input ends."""
    end_by_the_unexpected()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us, and ends us
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings")
    import django

    django.setup()
    from django.conf import settings

    from server.coldchain.verdicts import Rounds
    from server.ledger.tick import Ticker

    stopping = threading.Event()
    rounds = Rounds(settings.JAGALCHI.home / LOCK, stopping)
    ticker = Ticker(rounds, "lots cannot be judged")
    ticker.start()
    sys.stdin.buffer.read()
    stopping.set()
    ticker.stop()


if __name__ == "__main__":
    main()
