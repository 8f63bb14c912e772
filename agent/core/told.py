"""A configuration in one line for people, in both languages. Pure.

Which one is gone by, how far a trial is, and what became of the newest one if that is another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from protocol.registry import Text
from protocol.settable import STAGES, WHYS, Stage, Why

Facts = Mapping[str, object]

OWN: Final = Text("the device's own", "기기 자체 설정")
DAMAGED: Final = Text(
    "what was kept of a configuration is damaged", "보관된 원격 설정이 손상되었음"
)
OUTGROWN: Final = Text(
    "version {} does not fit this device any more", "버전 {} 설정이 이 기기에 더 이상 맞지 않음"
)
UNSTORED: Final = Text(
    "the card does not take a configuration", "카드에 원격 설정을 저장할 수 없음"
)


def config(facts: Facts) -> Text:
    """The whole line."""
    parts = list(_parts(facts))
    return Text("; ".join(p.en for p in parts), "; ".join(p.ko for p in parts))


def _parts(facts: Facts) -> Iterator[Text]:
    yield _in_use(facts)
    if (newest := bad(facts)) is not None:
        yield newest
    if facts.get("damaged"):
        yield DAMAGED
    if facts.get("unstored"):
        yield UNSTORED


def _in_use(facts: Facts) -> Text:
    version = facts.get("version")
    if version is None:
        return OWN
    stage = STAGES[Stage.ON_TRIAL if facts.get("on_trial") else Stage.CONFIRMED]
    text = Text(f"version {version}, {stage.en}", f"버전 {version} {stage.ko}")
    if not facts.get("on_trial"):
        return text
    count = f"{facts.get('readings')}/{facts.get('wanted')}"
    return Text(f"{text.en} ({count} readings)", f"{text.ko} (측정 {count})")


def bad(facts: Facts) -> Text | None:
    """The newest one, if it was refused, given up or cannot be gone by any more, and why."""
    newest = facts.get("newest")
    if not isinstance(newest, Mapping):
        return None
    if newest.get("stage") not in ("refused", "reverted"):
        return None if facts.get("version") or facts.get("damaged") else _outgrown(newest)
    stage = STAGES[Stage[str(newest["stage"]).upper()]]
    why = WHYS[Why[str(newest["why"]).upper()]]
    version = newest.get("version")
    en = "a configuration" if version is None else f"version {version}"
    ko = "받은 설정" if version is None else f"버전 {version}"
    return Text(f"{en} {stage.en}: {why.en}", f"{ko} {stage.ko}: {why.ko}")


def _outgrown(newest: Facts) -> Text | None:
    """It was confirmed once, and the device's own settings have changed since."""
    if newest.get("stage") != "confirmed":
        return None
    version = newest.get("version")
    return Text(OUTGROWN.en.format(version), OUTGROWN.ko.format(version))
