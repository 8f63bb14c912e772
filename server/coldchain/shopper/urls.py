"""Addresses of what a shopper scans. /01/ is GS1's and does not move; /q/ is our short one."""

from django.urls import path, re_path

from server.coldchain.shopper import sheets, views

ID = "[a-z2-7]{16}"
CODE = "(?P<code>[A-Za-z0-9-]{8,20})"
NAMES = "|".join(name.removesuffix(".js") for name in views.PROOF)

urlpatterns = [
    path("q", views.ask, name="shopper-ask"),
    path("q/shopper.css", views.style, name="shopper-style"),
    re_path(rf"^q/proof/(?P<name>(?:{NAMES})\.js)$", views.script, name="shopper-script"),
    re_path(f"^q/{CODE}$", views.short, name="shopper"),
    re_path(f"^q/{CODE}/evidence$", views.proof_file, name="shopper-evidence"),
    re_path(f"^q/{CODE}/bought$", views.bought, name="shopper-bought"),
    re_path(f"^q/{CODE}/problem$", views.problem, name="shopper-problem"),
    re_path(f"^q/{CODE}/qr\\.(?P<kind>svg|png)$", views.picture, name="shopper-code"),
    re_path(
        f"^organisations/(?P<organisation>{ID})/rolls/(?P<roll>{ID})$",
        sheets.sheet,
        name="label-sheet",
    ),
    re_path("^01/(?P<path>.{1,120})$", views.digital_link, name="digital-link"),
]
