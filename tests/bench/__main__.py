"""`python -m tests.bench [--only GROUP] [--json FILE]`: measure and print.

It exits 0 even when a bar is missed: that is said in the table and in the file, and is for a
person to explain, not to hide.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.figure import Figure, table, write
from tests.bench.figures import GROUPS


def main() -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument(
        "--only",
        action="append",
        choices=list(GROUPS),
        metavar="GROUP",
        help=f"only this group, perhaps several times: {', '.join(GROUPS)}",
    )
    options = parser.parse_args()
    figures = list(_measured(options.only or list(GROUPS)))
    machine = f"Python {platform.python_version()} on {platform.machine()}"
    print(f"\n{machine}, medians of CPU time unless it says otherwise, this machine\n")
    print(table(figures))
    if options.json:
        write(figures, options.json)
    return 0


def _measured(names: Sequence[str]) -> Iterator[Figure]:
    for name, group in GROUPS.items():
        if name not in names:
            continue
        print(f"measuring: {name}", file=sys.stderr)
        for figure in group():
            print(f"measured: {figure.name}", file=sys.stderr)
            yield figure


if __name__ == "__main__":
    sys.exit(main())
