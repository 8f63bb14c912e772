"""Every address of the server: pages, API, public log. Each has a door (accounts/door.py)."""

from django.urls import include, path

from server.accounts.door import guarded
from server.accounts.rules import Need
from server.api import api
from server.ledger import tiles

public = guarded(Need.OPEN, service="log")

urlpatterns = [
    path("api/", api.urls),
    # These two are C2SP's and do not move.
    path("checkpoint", public(tiles.checkpoint), name="checkpoint"),
    path("tile/<path:path>", public(tiles.tile), name="tile"),
    path("", include("server.accounts.urls")),
    path("", include("server.pilots.urls")),
    path("", include("server.coldchain.work.urls")),
    path("", include("server.coldchain.shopper.urls")),
    path("", include("server.web.urls")),
]
handler404 = "server.web.views.not_found"
