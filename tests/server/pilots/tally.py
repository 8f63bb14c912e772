"""How often an invariant was tried and how often it did not hold; noted whatever comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.reliability import note


@dataclass
class Tally:
    """One row of docs/reliability.md in the making; `what` is counted, like "wrong verdicts"."""

    id: str
    how: str
    what: str
    times: int = 0
    wrong: int = 0

    def expect(self, holds: bool, times: int = 1) -> None:
        """Count, and fail where it does not hold."""
        self.times += times
        self.wrong += not holds
        assert holds

    def during(self, tried: Callable[[], object]) -> None:
        """Try, and note what was counted, also when it failed."""
        try:
            tried()
        finally:
            note(self.id, self.how, self.times, f"{self.wrong} {self.what}")
