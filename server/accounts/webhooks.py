"""An organisation's webhook: where its messages are posted to, signed with a key of its own.

The key is derived from the webhook's id: a new address gets a new key, and none is stored. An
address inside a network is refused here, and again at every sending (server/messages/outside.py).
"""

from __future__ import annotations

import hmac

from server.accounts import deeds
from server.accounts.deeds import Act
from server.accounts.masters import SUBJECTS, derived
from server.accounts.models import Webhook
from server.accounts.rules import ALLOWED, Reason, Refused, Verdict, Who, letters
from server.ledger.keys import entropy
from server.ledger.log import writing
from server.messages import outbox, outside

LONGEST = 500
ORGANISATION = "organisation/"
"""Before an organisation's id: whom an outbox message is to."""


def put(who: Who, organisation: str, url: str, now_ms: int) -> Verdict:
    """Post this organisation's messages there from now on, and send one to try it."""
    reason = _refused(url)
    with writing():
        deeds.record(who, Act("accounts", "webhook-set", organisation), now_ms, reason)
        if reason is not None:
            return Refused(reason)
        Webhook.objects.filter(organisation=organisation).delete()
        new = letters(entropy(10))
        Webhook.objects.create(
            id=new, organisation_id=organisation, url=url.strip(), made_ms=now_ms
        )
        outbox.send(ORGANISATION + organisation, "webhook-check", {}, now_ms)
    return ALLOWED


def end(who: Who, organisation: str, now_ms: int) -> Verdict:
    """Post nothing any more."""
    with writing():
        if not Webhook.objects.filter(organisation=organisation).delete()[0]:
            return Refused(Reason.NOT_FOUND)
        deeds.record(who, Act("accounts", "webhook-ended", organisation), now_ms)
    return ALLOWED


def secret(webhook: str) -> str:
    """What the messages of this webhook are signed with."""
    return letters(hmac.digest(derived(SUBJECTS, "webhook"), webhook.encode(), "sha256"))


def _refused(url: str) -> Reason | None:
    if len(url) > LONGEST:
        return Reason.BAD_INPUT
    found = outside.look(url.strip())
    if isinstance(found, outside.Target):
        return None
    return Reason.INTERNAL_ADDRESS if found is outside.Trouble.INTERNAL else Reason.BAD_INPUT
