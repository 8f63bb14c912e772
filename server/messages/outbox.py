"""Put a message into the outbox, in the caller's own transaction: it is sent if that commits.

    outbox.send(person, "invitation", {"organisation": "...", "link": link.id}, now_ms)

It refuses a template that does not exist and values that do not fit it. Who `to` is, by what way
they are reached and in which language is asked when it is sent (server/messages/postman.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from server.messages.models import Message
from server.messages.templates import TEMPLATES


def send(to: str, template: str, values: Mapping[str, str | int], now_ms: int) -> int:
    """Queue one message to whoever has this id; return its number.

    Raises ValueError for an unknown template, or values other than it is given.
    """
    known = TEMPLATES.get(template)
    if known is None or known.given != set(values):
        raise ValueError(f"no template {template!r} takes {sorted(values)}")
    row = Message.objects.create(
        to=to, template=template, values=dict(values), due_ms=now_ms, made_ms=now_ms
    )
    return row.id
