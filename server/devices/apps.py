"""Django's name for this app."""

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    """Devices, their keys, and what is held of their chains."""

    name = "server.devices"
    label = "devices"
