"""Addresses of the pages."""

from django.urls import path, re_path

from server.web import views

urlpatterns = [
    path("", views.devices, name="devices"),
    re_path(r"^devices/(?P<name>[a-z2-7]{16})$", views.device, name="device"),
    re_path(r"^wall/(?P<token>[a-z2-7]{26})$", views.wall_display, name="wall"),
    path("style.css", views.style, name="style"),
    re_path(r"^(?!api/|tile/|checkpoint).*$", views.nothing, name="nothing"),
]
