"""Django's name for this app."""

from django.apps import AppConfig


class PilotsConfig(AppConfig):
    """Pilots and what they allow."""

    name = "server.pilots"
    label = "pilots"
