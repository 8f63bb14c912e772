"""What a demonstration says while it runs and when it is over: a line, a table, a JSON file.

It also says what counts as whole: sealed on the truck, held once by the server, proved to the
truck. It starts and stops nothing.
"""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from server.fleet import Truck, now_ms

LINE_EVERY_MS = 5000
NUMBERS = ("sealed", "committed", "shipped", "proved", "duplicates", "lost")


@dataclass(frozen=True, slots=True)
class Count:
    """The final count of one truck; `lost`: sealed, and not held by the server."""

    name: str
    sealed: int
    committed: int
    shipped: int
    proved: int
    duplicates: int
    lost: int

    @property
    def whole(self) -> bool:
        """Whether nothing was lost, doubled or left unproved."""
        return self.sealed == self.proved and not self.lost and not self.duplicates


def count(truck: Truck, held: int, logged: int) -> Count:
    """The final count of a truck: `held` records, which `logged` ones in the log's leaves hold."""
    sealed = max(truck.most_made, truck.counter("committed"))
    return Count(
        name=truck.cast.plate,
        sealed=sealed,
        committed=truck.counter("committed"),
        shipped=truck.counter("shipped"),
        proved=truck.counter("proved"),
        duplicates=logged - held,
        lost=max(sealed - held, 0),
    )


def progress(truck: Truck) -> str:
    """One truck in the line of progress."""
    if truck.child and not truck.running:
        return f"{truck.cast.scenario} done"
    made, proved = truck.counter("made"), truck.counter("proved")
    return f"{truck.cast.scenario} {made} sealed, {proved} proved"


class Line:
    """One line that is rewritten on a terminal; elsewhere a line every few seconds."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._shown_ms = 0
        self._open = False

    def show(self, text: str) -> None:
        """Show how it goes."""
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            print("\r\x1b[2K" + text[:width], end="", flush=True)
            self._open = True
        elif now_ms() - self._shown_ms >= LINE_EVERY_MS:
            self._shown_ms = now_ms()
            print(text, flush=True)

    def say(self, text: str) -> None:
        """Say something of its own, on a line that stays."""
        self.end()
        print(text, flush=True)

    def end(self) -> None:
        """Leave the live line as it is."""
        if self._open:
            print()
        self._open = False


def show(counts: Sequence[Count]) -> None:
    """Print the final table."""
    print(_pad("truck", 20) + "".join(f"{name:>12}" for name in NUMBERS))
    for one in counts:
        numbers: Mapping[str, int] = asdict(one)
        cells = "".join(f"{numbers[name]:>12}" for name in NUMBERS)
        print(_pad(one.name, 20) + cells + ("" if one.whole else "   <- not whole"))
    sys.stdout.flush()


def _pad(text: str, width: int) -> str:
    """Korean letters are two columns wide."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return text + " " * max(width - len(text) - wide, 1)


def write(path: Path, counts: Sequence[Count], story: Mapping[str, str]) -> None:
    """Write the final counts as JSON, and where the story's labels led."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"trucks": [asdict(one) for one in counts], "story": dict(story)}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", "utf-8")
