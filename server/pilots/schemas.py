"""The bodies that programs send about pilots, and what they get back.

A number that is null is undecided (미정): never 0 and never "unlimited".
"""

from __future__ import annotations

from datetime import date

from ninja import Field, Schema
from pydantic import ConfigDict

from server.pilots.actions.papers import MAX_FILE
from server.pilots.rules import (
    ActionKind,
    Dropped,
    FlipReason,
    Mode,
    PhaseKind,
    PhaseState,
    ReadinessStep,
    Service,
)

ENCODED = MAX_FILE * 4 // 3 + 8


class Body(Schema):
    """What a program sends: these fields and no other."""

    model_config = ConfigDict(extra="forbid")


class FileBody(Body):
    """A file: PDF, image or text."""

    name: str = Field(min_length=1, max_length=120)
    base64: str = Field(max_length=ENCODED)


class NoticeBody(Body):
    """A public notice; `supersedes`: the number of the one it replaces."""

    number: str = Field(min_length=1, max_length=60)
    day: date
    file: FileBody
    changes: str = Field("", max_length=200)
    supersedes: str = Field("", max_length=60)


class PlanBody(Body):
    """What a notice says of a phase. The last day is inclusive; null numbers are undecided."""

    phase: int = Field(ge=1, le=9)
    notice: int = Field(ge=1)
    from_day: date
    to_day: date
    target_min: int | None = Field(None, ge=1)
    cap: int | None = Field(None, ge=1)
    zone: list[str] = Field(default_factory=list, max_length=50)


class RescheduleBody(Body):
    """Which phase, and why."""

    phase: int = Field(ge=1, le=9)
    reason: Dropped


class PhaseBody(Body):
    """Which phase."""

    phase: int = Field(ge=1, le=9)


class SignOffBody(Body):
    """A sign-off page: what was checked, and open defects as [owner, what]. `sign`: sign the page
    that is there instead, as another person."""

    phase: int = Field(ge=1, le=9)
    checked: list[str] = Field(default_factory=list, max_length=20)
    defects: list[tuple[str, str]] = Field(default_factory=list, max_length=50)
    sign: bool = False


class ReadinessBody(Body):
    """One step of one truck or plant, 1 fitted to 5 approved."""

    name: str = Field(min_length=1, max_length=64)
    step: ReadinessStep
    passed: bool
    file: FileBody


class FlagBody(Body):
    """Where to move the switch, and why."""

    mode: Mode
    reason: FlipReason


class ApplicationBody(Body):
    """An invitation's token, and where to be told things: nothing, to be handed the link."""

    token: str = Field(pattern="^[a-z2-7]{26}$")
    contact: str = Field("", max_length=200)
    language: str = Field("ko", pattern="^(ko|en)$")


class LinkBody(Body):
    """A personal link's token."""

    link: str = Field(pattern="^[a-z2-7]{26}$")


class ConsentBody(LinkBody):
    """One consent, to the version that was read; `given` false: taken back."""

    purpose: str = Field(max_length=24)
    version: int = Field(ge=1)
    given: bool


class Made(Schema):
    """What was made, by its number."""

    id: int


class PhaseOut(Schema):
    """A phase. Without a notice there are no dates; null numbers are undecided (미정)."""

    number: int
    kind: PhaseKind
    state: PhaseState
    notice: str | None
    from_day: date | None
    to_day: date | None
    target_min: int | None
    cap: int | None
    taken: int | None


class PilotOut(Schema):
    """A pilot and its phases."""

    service: Service
    name: str
    name_en: str
    mode: Mode
    phases: list[PhaseOut]


class Verdict(Schema):
    """What `allow` says; `reason` null: go ahead."""

    allowed: bool
    reason: str | None
    text: str
    generation: int


class FlagOut(Schema):
    """A move of the switch; `in_force` false: it waits for a second person."""

    id: int
    mode: Mode
    in_force: bool


class BoardOut(Schema):
    """A truck or plant and how many of the five steps are done."""

    name: str
    done: int


class LinkOut(Schema):
    """The personal link; empty when it was sent to the contact instead."""

    link: str


class Receipt(Schema):
    """A consent's receipt; empty when it was taken back."""

    receipt: str


class Standing(Schema):
    """Where a participant stands."""

    state: str


class Asked(Schema):
    """What to ask `allow`: for whom (nothing: an act of staff), what, of which kind, where."""

    subject: str = Field("", max_length=64)
    name: str = Field(max_length=40)
    kind: ActionKind
    phase: int = Field(0, ge=0, le=9)
    zone: str = Field("", max_length=40)
    purpose: list[str] = Field(default_factory=list, max_length=8)
    at_ms: int | None = Field(None, ge=0, le=2**42)
