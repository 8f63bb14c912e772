"""pymerkle's tree in SQLite, measured as ours is. Runs in an environment of its own.

    python log_pymerkle.py FILE ENTRIES BATCH ROUNDS     prints one JSON object

It imports nothing of this project. The first proof is measured by a second process.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import time

from pymerkle import SqliteTree

PROOFS = 30
LEAF_BYTES = 140


def grow(tree: SqliteTree, entries: int, batch: int, rounds: int) -> float:
    """Fill the tree; entries a second of the last batches, each one transaction."""
    rates: list[float] = []
    for start in range(0, entries, batch):
        leaves = [b"%*d" % (LEAF_BYTES, start + at) for at in range(batch)]
        begun = time.perf_counter()
        tree.append_entries(leaves, chunksize=batch)
        tree.get_root()  # a log that nobody knows the root of has promised nothing
        rates.append(batch / (time.perf_counter() - begun))
    return statistics.median(rates[-rounds:])


def prove(tree: SqliteTree, size: int, count: int) -> list[float]:
    """Milliseconds of each proof."""
    chance, taken = random.Random(1), []
    for _ in range(count):
        begun = time.perf_counter()
        tree.prove_inclusion(1 + chance.randrange(size), size)
        taken.append((time.perf_counter() - begun) * 1e3)
    return taken


def main() -> None:
    """Measure and print."""
    file, entries, batch, rounds = sys.argv[1], *map(int, sys.argv[2:5])
    tree = SqliteTree(file)
    if tree.get_size() == entries:
        print(prove(tree, entries, 1)[0])
        return
    append = grow(tree, entries, batch, rounds)
    proof_ms = statistics.median(prove(tree, entries, PROOFS))
    tree.close()
    again = subprocess.run([sys.executable, *sys.argv], capture_output=True, check=True, text=True)
    first_ms = float(again.stdout)
    print(json.dumps({"append": append, "proof_ms": proof_ms, "first_ms": first_ms}))


if __name__ == "__main__":
    main()
