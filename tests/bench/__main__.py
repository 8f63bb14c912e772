"""`python -m tests.bench [--json FILE]`: measure and print; exit 0 even when a bar is missed.

A missed bar is said in the table and in the file; it is for a person to explain, not to hide.
"""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path

from tests.bench.figure import table, write
from tests.bench.figures import everything


def main() -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args()
    figures = []
    for figure in everything():
        print(f"measured: {figure.name}", file=sys.stderr)
        figures.append(figure)
    machine = f"Python {platform.python_version()} on {platform.machine()}"
    print(f"\n{machine}, medians of CPU time, this machine\n")
    print(table(figures))
    if options.json:
        write(figures, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
