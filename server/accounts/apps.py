"""Django's name for this app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, organisations, roles, and the vault for what is personal."""

    name = "server.accounts"
    label = "accounts"
