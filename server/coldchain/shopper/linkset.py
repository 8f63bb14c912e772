"""What else there is behind a Digital Link address: a linkset (RFC 9264, GS1's profile). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MEDIA: Final = "application/linkset+json"
GS1: Final = "https://gs1.org/voc/"
HTML: Final = "text/html"


def linkset(site: str, path: str, short: str, *, proved: bool) -> Mapping[str, object]:
    """The links of one address: the page in two languages, the public record, the evidence."""
    page = f"{site}{path}"
    languages = ("ko", "en")
    pages = [_link(f"{page}?lang={one}", "Jagalchi", HTML, [one]) for one in languages]
    links: dict[str, object] = {
        "anchor": page,
        f"{GS1}defaultLink": [_link(page, "Jagalchi", HTML, list(languages))],
        f"{GS1}traceability": pages,
        f"{GS1}recallStatus": pages,
    }
    if proved:
        file = _link(f"{site}{short}/evidence", "evidence", "application/cbor-seq", [])
        links[f"{GS1}certificationInfo"] = [file]
    return {"linkset": [links]}


def _link(href: str, title: str, kind: str, languages: list[str]) -> dict[str, object]:
    told: dict[str, object] = {"href": href, "title": title, "type": kind}
    return told | ({"hreflang": languages} if languages else {})


def is_wanted(link_type: str, accept: str) -> bool:
    """Whether somebody asks for the linkset: by name, or by media type before any page."""
    if link_type == "all":
        return True
    first = accept.split(",")[0].split(";")[0].strip().lower()
    return first == MEDIA
