"""What an HTTP answer means for the sync machine: a few meanings, whatever the status code.

Anything that is not unmistakably our server speaking counts as "the link is missing": a captive
portal's 200 with a page, a redirect, somebody's 404. A status code alone never moves a record; at
most it makes the agent wait. Pure. Spec: docs/protocol.md, "Bodies" and "Problems".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import wire
from protocol.errors import ProtocolError
from protocol.registry import PROBLEMS, Problem
from protocol.wire import Answer, HeadAnswer

MAX_RETRY_AFTER_S: Final = 86_400
MAX_PROBLEM_BYTES: Final = 16_384
PROBLEM_TYPE: Final = "urn:jagalchi:problem:"

DENIALS: Final = frozenset(
    {Problem.UNKNOWN_DEVICE, Problem.UNKNOWN_KEY, Problem.REVOKED, Problem.SIMULATED}
)
"""The server wants nothing of this device: sending more would not help. Somebody has to act."""

ABOUT_ROWS: Final = frozenset(
    {
        Problem.MALFORMED,
        Problem.NOT_DETERMINISTIC,
        Problem.UNSUPPORTED_VERSION,
        Problem.UNKNOWN_KIND,
        Problem.UNPROTECTED_HEADER,
        Problem.OUT_OF_RANGE,
        Problem.TOO_DEEP,
        Problem.BAD_SIGNATURE,
        Problem.HIGH_S,
        Problem.WRONG_DOMAIN,
        Problem.BROKEN_CHAIN,
        Problem.MIXED_EPOCHS,
        Problem.WRONG_DEVICE,
        Problem.WRONG_ORIGIN,
        Problem.CONTESTED_FULL,
    }
)
"""Refusals of what was sent: sending the same again is refused again, so it is set aside."""


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer of our server; `timed_out` when the line was open but too slow for the batch."""

    why: str
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Busy:
    """Our server, or one in its place, asks to come back later."""

    why: str
    retry_after_ms: int = 0


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Send less at once."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The whole request is refused because of something in it."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Denied:
    """The device is refused, whatever it sends."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Distrusted:
    """A well-formed answer whose proof or checkpoint does not verify: it counts for nothing."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer whose proofs, if any, were verified and settled.

    `gained`: rows proved by it; `lacking`: some leaf needs the server's hashes to be proved.
    """

    answer: Answer
    gained: int = 0
    lacking: bool = False


@dataclass(frozen=True, slots=True)
class Heads:
    """What the server holds."""

    head: HeadAnswer


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The log we trust has a successor, says the server: it shall show the statement."""


@dataclass(frozen=True, slots=True)
class Followed:
    """The statement holds; the new log is believed from the next epoch on."""


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """The statement does not hold: nothing changes."""

    problem: Problem


Reply = (
    Lost
    | Busy
    | TooLarge
    | Refused
    | Denied
    | Distrusted
    | Answered
    | Heads
    | Succeeded
    | Followed
    | Unfollowed
)


def read(status: int, headers: Mapping[str, str], body: bytes, *, head: bool) -> Reply:
    """Say what this response means; `head` when the question was what the server holds.

    `headers` have lower-case names. Never raises.
    """
    if status in (200, 202):
        return _read_good(headers, body, head=head)
    if status == 413:
        return TooLarge()
    problem = _problem(headers, body)
    if status == 429 or status >= 500:
        return Busy(problem or f"HTTP {status}", _retry_after_ms(headers))
    if problem is None:
        return Lost(f"not our server: HTTP {status}")
    if problem is Problem.LOG_SUCCEEDED:
        return Succeeded()
    if problem in DENIALS:
        return Denied(problem)
    if problem in ABOUT_ROWS:
        return Refused(problem)
    return Busy(problem, _retry_after_ms(headers))


def _read_good(headers: Mapping[str, str], body: bytes, *, head: bool) -> Reply:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != wire.MEDIA_TYPE:
        return Lost(f"not our server: an answer of type {kind[:40] or 'nothing'}")
    try:
        return Heads(wire.decode_head(body)) if head else Answered(wire.decode_answer(body))
    except ProtocolError as error:
        return Lost(f"not our server: {error}")


def _problem(headers: Mapping[str, str], body: bytes) -> Problem | None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/problem+json" or len(body) > MAX_PROBLEM_BYTES:
        return None
    try:
        return Problem(str(json.loads(body)["type"]).removeprefix(PROBLEM_TYPE))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _retry_after_ms(headers: Mapping[str, str]) -> int:
    """Seconds only: the other form is a date, and a truck may not know the date."""
    value = headers.get("retry-after", "").strip()
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        return 0
    return min(int(value), MAX_RETRY_AFTER_S) * 1_000


def is_retryable(problem: Problem) -> bool:
    """Whether the same span may be accepted later."""
    return PROBLEMS[problem].retryable
