"""Django's name for this app."""

from django.apps import AppConfig


class ColdchainConfig(AppConfig):
    """Lots of fish, their custody, places and recalls."""

    name = "server.coldchain"
    label = "coldchain"

    def ready(self) -> None:
        """Teach the refusals our reasons; words that accounts and pilots have too stay theirs."""
        from server.accounts import refusals
        from server.accounts.rules import Reason as Accounts
        from server.coldchain.epcis.words import UNFIT
        from server.coldchain.words import REASONS, STATUSES
        from server.pilots.rules import Reason as Pilots

        known = {str(one) for theirs in (Accounts, Pilots) for one in theirs}
        ours = {str(one): text for one, text in REASONS.items() if str(one) not in known}
        refusals.learn(ours, {str(one): status for one, status in STATUSES.items()})
        unfit = {str(one): text for one, text in UNFIT.items()}
        refusals.learn(unfit, dict.fromkeys(unfit, 422))
