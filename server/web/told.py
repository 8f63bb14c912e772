"""What a device was told from afar and what became of it, word for word in one language. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.registry import QUANTITIES, Quantity
from protocol.settable import LIMITED, SETTINGS, STAGES, WHYS, Field, Range, Stage
from server.devices.tuning import Published, Standing
from server.web import shown
from server.web.words import WORDS, say

MARKS = {
    None: ("○", "calm"),
    Stage.ON_TRIAL: ("◐", "wait"),
    Stage.CONFIRMED: ("●", "good"),
    Stage.REVERTED: ("▲", "bad"),
    Stage.REFUSED: ("▲", "bad"),
}
DOCUMENTS = 3
"""Shown; `jagalchi-server config history` lists all."""


@dataclass(frozen=True, slots=True)
class Document:
    """One that was published; `why` is empty where all is well."""

    name: str
    shape: str
    tone: str
    word: str
    why: str
    published: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """The section of the page; empty where nothing was ever published."""

    in_use: str
    documents: tuple[Document, ...]


def section(standing: Standing, language: str) -> Told:
    """Everything that was published, the newest first, and what is gone by."""
    used = standing.in_use
    name = "–" if used is None else _name(used, language) if used else ""
    return Told(
        name or say(WORDS["config_own"], language),
        tuple(_document(one, language) for one in standing.documents[:DOCUMENTS]),
    )


def _name(version: int, language: str) -> str:
    return say(WORDS["config_version"], language).format(version)


def _document(one: Published, language: str) -> Document:
    shape, tone = MARKS[one.stage]
    word = STAGES[one.stage] if one.stage else WORDS["config_untold"]
    return Document(
        name=_name(one.signed.content.version, language),
        shape=shape,
        tone=tone,
        word=say(word, language),
        why=say(WHYS[one.why], language) if one.why else "",
        published=shown.moment(one.published_ms),
        says=tuple(_says(one, language)),
    )


def _says(one: Published, language: str) -> list[str]:
    content = one.signed.content
    told = [f"{_label(SETTINGS[key], language)}: {value:,}" for key, value in content.settings]
    for bound in content.limits:
        names = LIMITED[bound.quantity]
        values = (bound.threshold, bound.hysteresis, bound.delay_ms, bound.budget_ms)
        parts = [
            f"{_label(names[field], language)} {value:,}"
            for field, value in zip(Field, values, strict=True)
        ]
        quantity = say(QUANTITIES[Quantity(bound.quantity)], language)
        side = ">" if bound.above else "<"
        told.append(f"{bound.id} · {bound.sensor} · {quantity} {side} · {', '.join(parts)}")
    return told


def _label(bounds: Range, language: str) -> str:
    """What the number means, with its unit where the name has one."""
    unit = " (ms)" if bounds.key.endswith("_ms") else ""
    return f"{say(bounds.text, language)}{unit}"
