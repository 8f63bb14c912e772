"""Django's name for this app."""

from django.apps import AppConfig


class MessagesConfig(AppConfig):
    """The outbox of messages."""

    name = "server.messages"
    label = "messages"
