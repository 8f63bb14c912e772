"""Contrast of every pair of colours that the work pages put on each other, by WCAG 2.2's formula.

Text needs 4.5 : 1, the edges of keys and fields 3 : 1 (1.4.3, 1.4.11), in light and in dark.
"""

from __future__ import annotations

import re
from itertools import product

import pytest

from server.coldchain.work import assets
from server.web import views

STYLE = views.STYLE.read_text("utf-8")
WORK = (assets.FOLDER / "work.css").read_text("utf-8")
SCHEMES = ("light", "dark")
TONES = ("good", "wait", "warn", "bad", "calm", "off")
TEXT = 4.5
EDGE = 3.0
ON_TEXT = [
    *(("ink", ground) for ground in ("page", "card", "wait-bg", "bad-bg")),
    *(("soft", ground) for ground in ("page", "card")),
    *(("sea", ground) for ground in ("page", "card")),
    *(("page", ground) for ground in ("sea", "bad", "ink")),
    ("bad", "card"),
    *((tone, f"{tone}-bg") for tone in TONES),
]
ON_EDGES = [
    *product(("sea", "soft", "bad"), ("page", "card")),
    ("sea", "wait-bg"),
    *((tone, "page") for tone in TONES),
]


def colours(scheme: str) -> dict[str, str]:
    """The style sheet's named colours in light or dark."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    found: dict[str, str] = {}
    for block in blocks[: 1 + (scheme == "dark")]:
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", block))
    return found


def luminance(colour: str) -> float:
    """Relative luminance of #rgb or #rrggbb. Source: WCAG 2.2, definitions."""
    plain = colour.lstrip("#")
    whole = "".join(one * 2 for one in plain) if len(plain) == 3 else plain
    parts = [int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(share * one for share, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Between 1 and 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_gives_the_published_values() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777", "#fff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_text_can_be_read_and_every_edge_be_seen(scheme: str) -> None:
    named = colours(scheme)
    weak = [
        (one, other, round(contrast(named[one], named[other]), 2))
        for pairs, least in ((ON_TEXT, TEXT), (ON_EDGES, EDGE))
        for one, other in pairs
        if contrast(named[one], named[other]) < least
    ]
    assert weak == []


def test_the_work_pages_have_no_colour_of_their_own() -> None:
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsl", WORK) == []
    used = set(re.findall(r"var\(--([\w-]+)\)", WORK))
    assert used <= set(colours("light"))
    grounds = set(re.findall(r"background: var\(--([\w-]+)\)", WORK))
    assert grounds <= {other for _, other in ON_TEXT}
