"""Addresses of the public log; they are C2SP's and do not move."""

from django.urls import path

from server.ledger import tiles

urlpatterns = [
    path("checkpoint", tiles.checkpoint, name="checkpoint"),
    path("tile/<path:path>", tiles.tile, name="tile"),
]
