"""An outbox for tests, and carriers that say what a test wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from server.messages import outbox
from server.messages.models import Message
from server.messages.postman import Letter, Postman, Recipient, Way

NOW = 1_790_000_000_000
ADDRESS = "kim@example.kr"


def chance(count: int) -> bytes:
    """The least of it."""
    return bytes(count)


def queued(to: str = "somebody", now_ms: int = NOW) -> Message:
    """A message that is due."""
    number = outbox.send(to, "sign-in", {"link": "l" * 16}, now_ms)
    return Message.objects.get(id=number)


def letter(way: Way = Way.EMAIL, address: str = ADDRESS, secret: str = "") -> Letter:
    """One that leaves."""
    to = Recipient(way, address, "ko", secret)
    return Letter(7, "sign-in", {"link": "https://x/y"}, to, "제목", "본문 https://x/y")


@dataclass
class Round:
    """A postman whose one way out answers what `says` gives, letter by letter."""

    says: Callable[[int], str] = lambda _: ""
    carried: list[Letter] = field(default_factory=list)
    known: bool = True

    def postman(self) -> Postman:
        """With one carrier, for e-mail."""
        return Postman(self._resolve, lambda link: f"https://x/{link}", {Way.EMAIL: self._carry})

    def deliver(self, now_ms: int) -> int:
        """One beat."""
        return self.postman().deliver(now_ms, chance)

    def _resolve(self, to: str) -> Recipient | None:
        way = Way.PHONE if to == "by phone" else Way.EMAIL
        return Recipient(way, ADDRESS, "en" if to == "english" else "ko") if self.known else None

    def _carry(self, letter: Letter) -> str:
        self.carried.append(letter)
        return self.says(len(self.carried))
