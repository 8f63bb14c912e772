"""Group commit: whoever comes while work is under way shares the next round of it.

One caller leads and works, the others wait; what all of them get is the result of a round that
began after they came. It refuses to hide an error: a leader's failure is its own, and one of those
who waited leads next. Knows nothing of the log.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Rounds(Generic[Result]):
    """Shared rounds of one piece of work."""

    def __init__(self) -> None:
        """No round has begun."""
        self._changed = threading.Condition()
        self._begun = 0
        self._done = 0
        self._working = False
        self._result: Result | None = None
        self.waiting = 0
        """Callers that wait for a round to end."""

    def join(self, work: Callable[[], Result]) -> Result:
        """Return the result of a round that began after this call, leading it if need be."""
        with self._changed:
            # A round under way may have looked at what there is to do before we added to it.
            mine = self._begun + 1
            while self._done < mine and self._working:
                self._wait()
            if self._done >= mine and self._result is not None:
                return self._result
            self._begun += 1
            self._working, led = True, self._begun
        return self._lead(work, led)

    def _wait(self) -> None:
        self.waiting += 1
        self._changed.wait()
        self.waiting -= 1

    def _lead(self, work: Callable[[], Result], led: int) -> Result:
        result = None
        try:
            result = work()
            return result
        finally:
            with self._changed:
                self._working = False
                if result is not None:
                    self._done, self._result = led, result
                self._changed.notify_all()
