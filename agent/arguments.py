"""What the commands' options share: how a value is written, and what is said of a wrong one.

Every reader takes text and raises ArgumentTypeError with what was expected.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from agent import exits
from agent.settings import DEFAULT_PATH


class Parser(argparse.ArgumentParser):
    """argparse with our exit code for a wrong command line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and how to get help."""
        self.exit(exits.USAGE, f"{self.prog}: {message}\nhelp: {self.prog} --help\n")


def config(command: Parser) -> None:
    """Add --config."""
    command.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_PATH,
        metavar="FILE",
        help=f"settings (default: {DEFAULT_PATH})",
    )


def language(command: Parser) -> None:
    """Add --lang."""
    command.add_argument(
        "--lang",
        choices=("ko", "en"),
        default=None,
        help="language (default: that of the terminal)",
    )


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number in ASCII digits."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 12):
            raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number")
        if not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text}: expected {low} to {high}")
        return int(text)

    return read


def minutes(high: int) -> Callable[[str], int]:
    """Whole minutes, or seconds with an "s", as milliseconds."""
    whole_minutes, whole_seconds = whole(1, high), whole(1, high * 60)

    def read(text: str) -> int:
        if text.endswith("s"):
            return whole_seconds(text[:-1]) * 1_000
        return whole_minutes(text) * 60_000

    return read


def milli(low: int, high: int) -> Callable[[str], int]:
    """Degrees with a point, as thousandths; no more than three places are believed."""

    def read(text: str) -> int:
        found = re.fullmatch(r"([+-]?)(\d{1,2})(?:\.(\d{1,3}))?", text, re.ASCII)
        if found is None:
            raise argparse.ArgumentTypeError(f"{text!r}: expected degrees like -0.12")
        sign, whole, places = found[1], int(found[2]), (found[3] or "").ljust(3, "0")
        milli = (whole * 1_000 + int(places)) * (-1 if sign == "-" else 1)
        if not low <= milli <= high:
            raise argparse.ArgumentTypeError(
                f"{text}: expected {low / 1_000:g}"
                f" to {high / 1_000:g}"
            )
        return milli

    return read


def certificate(text: str) -> str:
    """The number of a calibration certificate."""
    if not (0 < len(text) <= 64 and text.isprintable()):
        raise argparse.ArgumentTypeError("expected 1 to 64 printable characters")
    return text


def moment(text: str) -> int:
    """A date or a time, UTC where no zone is given, as milliseconds."""
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(aware.timestamp()) * 1_000
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a time like 2026-11-23") from None


def url(text: str) -> str:
    """A server's address, without a slash at its end."""
    from agent.settings_file import is_server_url

    if not is_server_url(text) or len(text) > 256:
        raise argparse.ArgumentTypeError(f"{text!r}: expected https://NAME")
    return text.rstrip("/")


def token(text: str) -> str:
    """An enrolment token, opaque."""
    from agent.edges.enrolment import is_token

    if not is_token(text):
        raise argparse.ArgumentTypeError("expected the token exactly as the server shows it")
    return text
