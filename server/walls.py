"""The operator's command `wall`: a link that shows rooms on a display, and its end."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from server.admission import Acting, Add, AdmissionRefused

DAYS = 366


def add_command(add: Add, acting: Acting, asset: Callable[[str], str]) -> None:
    """Put the command on the program's command line; `asset` reads a name."""

    def wall(chosen: argparse.Namespace) -> int:
        with acting() as now_ms:
            return _wall(chosen, now_ms)

    sub = add("wall", wall, "Make a link that shows the rooms of some assets on a display.")
    text = "truck, room or store to show; again for several"
    sub.add_argument(
        "--asset", type=asset, required=True, action="append", metavar="NAME", help=text
    )
    sub.add_argument("--days", type=_days, default=DAYS, help="how long it is good (%(default)s)")
    sub.add_argument("--end", action="store_true", help="end every link that shows one of them")


def _wall(chosen: argparse.Namespace, now_ms: int) -> int:
    from server.accounts.rules import CLOCKWORK
    from server.web import displays

    try:
        if chosen.end:
            print(f"ended: {displays.end(CLOCKWORK, chosen.asset, now_ms)}")
        else:
            print(displays.make(CLOCKWORK, chosen.asset, chosen.days, now_ms))
    except displays.NoWall as refused:
        raise AdmissionRefused(str(refused)) from None
    return 0


def _days(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text[:6]) <= DAYS:
        raise argparse.ArgumentTypeError(f"{text!r}: expected 1 to {DAYS}")
    return int(text)
