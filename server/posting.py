"""Where messages and people meet: who an outbox id stands for, by what way, and the chores.

`server.messages` knows no people, and `server.accounts` sends no mail; this is the one place that
knows both. It also holds what is done every few minutes for tidiness.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from django.conf import settings

from server.accounts import invitations, limits, links, me, sessions, vault, webhooks
from server.accounts.models import Person, Webhook
from server.accounts.rules import Datum
from server.ledger.keys import entropy
from server.ledger.tick import Leader
from server.messages import carriers, postman
from server.messages.postman import Carry, Postman, Recipient, Way
from server.options import Options

CHORES_MS = 600_000
CHORES: tuple[Callable[[int], object], ...] = (
    limits.forget,
    invitations.sweep,
    sessions.forget,
    postman.forget,
)

logger = logging.getLogger(__name__)


def the_postman() -> Postman:
    """The one that the settings describe."""
    return Postman(recipient, links.address, ways(settings.JAGALCHI))


def ways(chosen: Options) -> Mapping[Way, Carry]:
    """By which way whom is reached."""
    found: dict[Way, Carry] = {Way.WEBHOOK: carriers.Hook()}
    if chosen.messages == "console":
        console = carriers.Console(chosen.home)
        return {**found, Way.EMAIL: console, Way.PHONE: console}
    if chosen.smtp_url:
        found[Way.EMAIL] = carriers.Mail(chosen.smtp_url, chosen.mail_from)
    if chosen.messages == "gateway":
        found[Way.PHONE] = carriers.Gateway(chosen.gateway_url, chosen.gateway_key)
    return found


def recipient(to: str) -> Recipient | None:
    """Who an outbox id is: a person, a person's unconfirmed address, or an organisation."""
    if to.startswith(webhooks.ORGANISATION):
        return _organisation(to.removeprefix(webhooks.ORGANISATION))
    row = Person.objects.filter(id=to.removesuffix(me.PENDING), erased_ms=None).first()
    if row is None:
        return None
    data = vault.export(row.id)
    pending = data.get(Datum.PENDING, "") if to.endswith(me.PENDING) else None
    address = data.get(Datum.PHONE) or data.get(Datum.EMAIL) if pending is None else pending
    if not address:
        return None
    way = Way.EMAIL if vault.kind_of(address) is Datum.EMAIL else Way.PHONE
    filled = {"name": data.get(Datum.NAME, ""), "address": settings.JAGALCHI.address}
    return Recipient(way, address, row.language, filled=filled)


def _organisation(organisation: str) -> Recipient | None:
    hook = Webhook.objects.filter(organisation=organisation).first()
    if hook is None:
        return None
    filled = {"address": settings.JAGALCHI.address}
    return Recipient(Way.WEBHOOK, hook.url, "ko", webhooks.secret(hook.id), filled)


class Round:
    """What one beat does: carry messages, and now and then tidy up. One worker does it."""

    def __init__(self, lock: Path) -> None:
        """Nothing is opened before the first beat."""
        self._leader = Leader(lock)
        self._tidied_ms = 0

    def beat(self, at_ms: int) -> None:
        """Carry what is due."""
        if not self._leader.leads():
            return
        the_postman().deliver(at_ms, entropy)
        if not 0 <= at_ms - self._tidied_ms < CHORES_MS:
            self._tidied_ms = at_ms
            for chore in CHORES:
                chore(at_ms)

    def close(self) -> None:
        """Let another worker do it."""
        self._leader.close()
