"""A worker process of its own: asks `allow` again and again, and says when the answer changed.

    python -m tests.server.pilots.watcher < {"databases": ..., "subject": ..., "home": ...}

One line for each change: the UTC milliseconds at which it was first seen, and the reason or "-".
It ends when its standard input does, or after two minutes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

LIFE_MS = 120_000


def main() -> None:
    """Watch until told to stop."""
    told = json.loads(sys.stdin.readline())
    os.environ["DJANGO_SETTINGS_MODULE"] = "server.settings"
    os.environ["JAGALCHI_HOME"] = told["home"]
    import django
    from django.conf import settings

    settings.DATABASES["default"] = told["database"]
    django.setup()
    gone = threading.Event()
    threading.Thread(target=_wait, args=(gone,), daemon=True).start()
    _watch(told["subject"], told["at_ms"], gone)


def _wait(gone: threading.Event) -> None:
    sys.stdin.read()
    gone.set()


def _watch(subject: str, at_ms: int, gone: threading.Event) -> None:
    from server.accounts.rules import Refused
    from server.ledger.tick import now_ms, steady_ms
    from server.pilots import policy
    from server.pilots.decide import Action
    from server.pilots.rules import ActionKind

    ride, last, begun = Action("ride", ActionKind.USE_EXISTING), "", steady_ms()
    while not gone.is_set() and steady_ms() - begun < LIFE_MS:
        verdict = policy.weigh(subject, "tours", ride, at_ms).verdict
        word = str(verdict.reason) if isinstance(verdict, Refused) else "-"
        if word != last:
            print(now_ms(), word, flush=True)
            last = word
        gone.wait(0.01)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main()
