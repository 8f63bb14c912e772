"""Carry the outbox's messages to where their recipients are, as often as it takes within a day.

Who a message is to, and by what way, is asked when it is sent; the rows know ids only. Sending
happens outside any transaction: a crash between sending and writing that down sends again, under
the same message number, never not at all. It refuses to try for ever: after the last wait a
message is dead, and shown. No address is ever logged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from protocol.registry import Text
from server.counting import Counted
from server.ledger.log import writing
from server.messages.models import Message, State
from server.messages.templates import TEMPLATES

AT_ONCE = 50
WAITS_MS: Final = (10_000, 60_000, 300_000, 1_800_000, 7_200_000, 28_800_000, 43_200_000)
"""From one try to the next, each up to a quarter longer; after the last, no more."""
KEPT_MS = 30 * 24 * 3_600_000

NO_WAY = "no-way"
"""The settings have no carrier for where this recipient is."""
MISFIT = "misfit"
"""No template takes these values any more."""


class Way(StrEnum):
    """How somebody is reached."""

    EMAIL = "email"
    PHONE = "phone"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where somebody is reached, in which language, and what fills the places of a template."""

    way: Way
    address: str = field(repr=False)
    language: str = "ko"
    secret: str = field(default="", repr=False)
    filled: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it leaves; `number` is the same at every try."""

    number: int
    template: str
    values: Mapping[str, str | int] = field(repr=False)
    to: Recipient
    subject: str = field(repr=False)
    text: str = field(repr=False)


Resolve = Callable[[str], Recipient | None]
"""Who an id stands for; None: nobody who can be reached."""
Carry = Callable[[Letter], str]
"""Take a letter out; "" when it was taken, else a word of a closed list."""


@dataclass(frozen=True, slots=True)
class Postman:
    """The ways out; `link` makes an address of a link's id."""

    resolve: Resolve
    link: Callable[[str], str]
    carriers: Mapping[Way, Carry]

    def deliver(self, now_ms: int, entropy: Callable[[int], bytes]) -> int:
        """Try every message that is due; return how many were tried.

        entropy: spreads the waits, so that what failed together does not come back together.
        """
        due = Message.objects.filter(state=State.WAITING, due_ms__lte=now_ms)
        rows = list(due.order_by("due_ms", "id")[:AT_ONCE])
        for row in rows:
            self._try(row, now_ms, entropy(1)[0])
        return len(rows)

    def _try(self, row: Message, now_ms: int, chance: int) -> None:
        recipient = self.resolve(row.to)
        if recipient is None:
            _end(row, State.DROPPED, "", now_ms)
            return
        carry = self.carriers.get(recipient.way)
        letter = self._letter(row, recipient)
        if letter is None:
            _end(row, State.DEAD, MISFIT, now_ms)
            return
        trouble = carry(letter) if carry else NO_WAY
        if not trouble:
            _end(row, State.SENT, "", now_ms)
        elif row.tries >= len(WAITS_MS):
            _end(row, State.DEAD, trouble, now_ms)
        else:
            _put_off(row, trouble, now_ms, chance)

    def _letter(self, row: Message, to: Recipient) -> Letter | None:
        """None for a message that another version of this program had put in."""
        template = TEMPLATES.get(row.template)
        if template is None or set(row.values) != template.given:
            return None
        values: dict[str, str | int] = {**row.values}
        if "link" in values:
            values["link"] = self.link(str(values["link"]))
        places = {**to.filled, **values} | _counts(values)
        subject, text = (
            _say(one, to.language).format_map(places) for one in (template.subject, template.body)
        )
        return Letter(row.id, row.template, values, to, subject, text)


def forget(now_ms: int) -> None:
    """Delete messages that were done with a month ago."""
    with writing():
        Message.objects.filter(done_ms__lte=now_ms - KEPT_MS).delete()


def _counts(values: Mapping[str, str | int]) -> dict[str, Counted]:
    """The numbers among them, which bring their noun."""
    return {name: Counted(one) for name, one in values.items() if isinstance(one, int)}


def _say(text: Text, language: str) -> str:
    return text.ko if language == "ko" else text.en


def _end(row: Message, state: State, trouble: str, now_ms: int) -> None:
    with writing():
        Message.objects.filter(id=row.id).update(
            state=state, trouble=trouble, done_ms=now_ms, tries=row.tries + 1, values={}
        )


def _put_off(row: Message, trouble: str, now_ms: int, chance: int) -> None:
    wait = WAITS_MS[row.tries]
    with writing():
        Message.objects.filter(id=row.id).update(
            trouble=trouble, tries=row.tries + 1, due_ms=now_ms + wait + wait * chance // 1024
        )
