"""Messages of the cold chain: to the people of an organisation, and to who has a link only."""

from __future__ import annotations

from collections.abc import Mapping

from server.accounts import vault, webhooks
from server.accounts.models import Membership, Webhook
from server.accounts.rules import Datum, Role
from server.messages import outbox

AT_MOST = 50
"""People of one organisation that one notice goes to."""


def organisation(to: str, template: str, values: Mapping[str, str | int], now_ms: int) -> bool:
    """Tell everybody of an organisation who may act, and its webhook; whether there was anybody."""
    reached = False
    if Webhook.objects.filter(organisation=to).exists():
        outbox.send(webhooks.ORGANISATION + to, template, values, now_ms)
        reached = True
    roles = (Role.OPERATOR, Role.ADMINISTRATOR)
    here = Membership.objects.filter(organisation=to, until_ms=None, role__in=roles)
    for one in here.order_by("id").values_list("person", flat=True)[:AT_MOST]:
        reached |= person(one, template, values, now_ms)
    return reached


def person(to: str, template: str, values: Mapping[str, str | int], now_ms: int) -> bool:
    """Tell one person; False where no address of theirs is known."""
    if not to or not (vault.get(to, Datum.PHONE) or vault.get(to, Datum.EMAIL)):
        return False
    outbox.send(to, template, values, now_ms)
    return True
