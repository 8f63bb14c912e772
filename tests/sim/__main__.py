"""Run seeds by number and print what came of each: `python -m tests.sim 17`, `... 1-100`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time


def main() -> int:
    """Run them one after the other; the first failure ends it with its traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings")
    import django
    from django.conf import settings

    django.setup()
    logging.disable(logging.CRITICAL)  # what is broken on purpose need not be told

    from tests.sim.house import SECRET
    from tests.sim.runs import line, run

    settings.SECRET_KEY = SECRET

    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("seeds", help="one number, or first-last")
    parser.add_argument("--steps", type=int, default=0, help="steps in each run")
    asked = parser.parse_args()
    first, _, last = asked.seeds.partition("-")
    for seed in range(int(first), int(last or first) + 1):
        begun = time.process_time()
        outcome = run(seed, asked.steps or None)
        print(line(outcome), f"{time.process_time() - begun:.2f}s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
