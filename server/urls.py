"""Every address of the server: pages, API, public log."""

from django.urls import include, path

from server.api import api

urlpatterns = [
    path("api/", api.urls),
    path("", include("server.ledger.urls")),
    path("", include("server.web.urls")),
]
handler404 = "server.web.views.not_found"
