"""An agent that is killed while its sensor hangs: polls with a hung child until somebody ends it.

python short_lived_agent.py RUN_DIR      prints the numbers of its child and grandchild
"""

from __future__ import annotations

import sys
from pathlib import Path

from hal.pi.warden import Orders, Warden
from tests.hal.pi.turning import turn_until


def main(run_dir: Path) -> None:
    program = (sys.executable, str(Path(__file__).with_name("hung_child.py")), "escape")
    warden = Warden(Orders("dht-4", 0, 60_000, run_dir, program))
    said: list[object] = []
    warden.add({}, lambda word, now_ms: said.append(word))
    turn_until(warden, lambda: said)
    print(*said[0], flush=True)  # type: ignore[misc]
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
