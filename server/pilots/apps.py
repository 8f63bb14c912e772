"""Django's name for this app."""

from django.apps import AppConfig


class PilotsConfig(AppConfig):
    """Pilots and what they allow."""

    name = "server.pilots"
    label = "pilots"

    def ready(self) -> None:
        """Teach the refusals our reasons; words that accounts has too stay theirs."""
        from server.accounts import refusals
        from server.accounts.rules import Reason as Theirs
        from server.pilots.words import REASONS

        known = {str(one) for one in Theirs}
        refusals.learn({str(one): text for one, text in REASONS.items() if str(one) not in known})
