"""Django's database sessions, in a table that also says whose a session is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from server.accounts.models import Session
from server.ledger.log import writing


class SessionStore(DatabaseStore):
    """One browser's session; `person` is empty until somebody has signed in."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Our table."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row to save."""
        row = super().create_model_instance(data)
        row.person = str(data.get(SESSION_KEY, ""))  # type: ignore[attr-defined]
        return row  # type: ignore[return-value]


def forget(now_ms: int) -> None:
    """Delete sessions that have run out."""
    with writing():
        Session.objects.filter(expire_date__lt=datetime.fromtimestamp(now_ms / 1000, UTC)).delete()
