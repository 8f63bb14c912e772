"""What a negative vector must end in."""

from __future__ import annotations

from collections.abc import Callable

from protocol.errors import ProtocolError


def problem_of(act: Callable[..., object], *arguments: object) -> str:
    """The problem's slug; an act that succeeds is a vector that proves nothing."""
    try:
        act(*arguments)
    except ProtocolError as error:
        return error.problem.value
    raise AssertionError("a negative vector that is accepted")
