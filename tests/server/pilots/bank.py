"""A service that keeps money and data of its participants, and can be told to fail."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Bank:
    """What it holds by subject; how often it fails before, or after, it has given that back."""

    held: dict[str, int] = field(default_factory=dict)
    fail_before: int = 0
    fail_after: int = 0
    calls: int = 0

    def withdrawn(self, subject: str, now_ms: int) -> None:
        """Refund and erase; again changes nothing."""
        self.calls += 1
        if self.fail_before:
            self.fail_before -= 1
            raise OSError("the bank does not answer")
        self.held.pop(subject, None)
        if self.fail_after:
            self.fail_after -= 1
            raise OSError("the bank's answer was lost")

    def rescheduled(self, subject: str, now_ms: int) -> None:
        """Count that what was paid became refundable."""
        self.calls += 1


bank = Bank()
PATH = f"{__name__}.bank"
