"""How the agent's programs end: one number for each kind of ending, and the ending that explains.

systemd restarts all but OK, with back-off; a shell script may branch on them.
"""

from __future__ import annotations

import sys
from typing import Final

OK: Final = 0
NO: Final = 1
"""The question was answered, and the answer is no: not running, not valid, not accepted."""

USAGE: Final = 64
BUG: Final = 70
UNPOWERED: Final = 75
"""Stopped in order because power was gone for long: start again, it may have come back."""

CONFIGURATION: Final = 78
INTERRUPTED: Final = 130


class RefusedError(Exception):
    """An expected trouble that somebody has to mend; the message says what and how.

    It ends the program with exit 78 and never with a traceback.
    """


class TakenError(RefusedError):
    """Another agent is at work here; card, socket and light are its own."""


def tell(refusal: RefusedError) -> None:
    """Say it on the standard error, a line each."""
    for line in str(refusal).splitlines():
        print(f"jagalchi-agent: {line}", file=sys.stderr, flush=True)
