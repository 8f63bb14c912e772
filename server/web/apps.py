"""Django's name for this app."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The pages."""

    name = "server.web"
    label = "web"
