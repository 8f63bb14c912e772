"""What stands on a page, word for word: the facts of `overview` in one language. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from protocol.bodies import Opening
from protocol.record import open_sealed
from protocol.registry import TIME_SOURCES
from server.devices.epochs import Epoch, Flag
from server.devices.overview import Detail, Proof, Summary
from server.web import shown, troubles
from server.web.words import FLAGS, STANDINGS, WORDS, say


@dataclass(frozen=True, slots=True)
class Row:
    """One device in the list."""

    name: str
    asset: str
    shape: str
    tone: str
    word: str
    meaning: str
    simulated: bool
    reading: tuple[shown.Value, ...]
    read_at: str
    read_by: str
    proof: str
    proved_at: str
    heard: str
    records: str
    gaps: int
    lost: str


@dataclass(frozen=True, slots=True)
class Run:
    """One epoch on the device's page."""

    id: str
    started: str
    software: str
    follows: str
    records: str
    held: tuple[str, ...]
    missing: tuple[str, ...]
    vouched: tuple[str, ...]
    evicted: tuple[str, ...]
    tail: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two records for one place."""

    run: str
    number: int
    one: str
    other: str
    seen: str


@dataclass(frozen=True, slots=True)
class Period:
    """A key or an asset, from when to when; an empty `until` is: still."""

    what: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class Page:
    """The page of one device."""

    row: Row
    runs: tuple[Run, ...]
    conflicts: tuple[Conflict, ...]
    pairs: tuple[tuple[str, str, str], ...]
    keys: tuple[Period, ...]
    assets: tuple[Period, ...]
    set_apart: str
    troubles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The newest checkpoint."""

    size: str
    signed: str
    origin: str


def checkpoint(size: int, utc_ms: int, origin: str) -> Checkpoint:
    """The newest checkpoint, for the head of every page."""
    return Checkpoint(shown.count(size), shown.moment(utc_ms), origin)


def row(summary: Summary, language: str, now_ms: int) -> Row:
    """One device at a glance."""
    badge, reading = STANDINGS[summary.standing], summary.reading
    record = reading.record if reading else None
    measured = reading.measured if reading else ()
    heard = summary.heard_ms
    return Row(
        name=summary.name,
        asset=summary.asset or "–",
        shape=badge.shape,
        tone=badge.tone,
        word=say(badge.word, language),
        meaning=say(badge.meaning, language),
        simulated=summary.simulated,
        reading=tuple(shown.value(name, one, language) for name, one in measured),
        read_at=shown.moment(record.utc_ms) if record else "",
        read_by=say(TIME_SOURCES[record.source], language) if record else "",
        proof=_place(summary.proof, language),
        proved_at=shown.moment(summary.proof.received_ms) if summary.proof else "",
        heard="–" if heard is None else shown.age(max(now_ms - heard, 0), language),
        records=shown.count(summary.rows),
        gaps=summary.gaps,
        lost=shown.count(summary.lost) if summary.lost else "",
    )


def _place(proof: Proof | None, language: str) -> str:
    if proof is None:
        return ""
    number = shown.count(proof.index)
    return f"{number}번" if language == "ko" else f"no. {number}"


def device(detail: Detail, language: str, now_ms: int) -> Page:
    """Everything about one device."""
    apart, summary = detail.quarantined, detail.summary
    measured = summary.reading.measured if summary.reading else ()
    return Page(
        row=row(summary, language, now_ms),
        troubles=troubles.sentences(measured, summary.lasting, language),
        runs=tuple(_run(epoch, detail, language) for epoch in detail.epochs),
        conflicts=tuple(_conflicts(detail)),
        pairs=tuple(_pairs(detail, language)),
        keys=tuple(
            Period(
                bytes(key.kid).hex(),
                shown.moment(key.since_ms),
                shown.moment(key.ended_ms) if key.ended_ms is not None else "",
            )
            for key in detail.keys
        ),
        assets=tuple(
            Period(
                one.asset.name,
                shown.moment(one.from_ms),
                shown.moment(one.until_ms) if one.until_ms is not None else "",
            )
            for one in detail.assignments
        ),
        set_apart=shown.count(apart) if apart else "",
    )


def _run(epoch: Epoch, detail: Detail, language: str) -> Run:
    opening = open_sealed(epoch.opening).record
    software = opening.body.software if isinstance(opening.body, Opening) else ""
    parent = epoch.parent
    tail = next((tail for tail in detail.tails if tail.epoch == epoch.id), None)
    return Run(
        id=epoch.id.hex(),
        started=shown.moment(opening.utc_ms),
        software=software,
        follows=f"{parent.epoch.hex()} · {parent.seq}" if parent else "",
        records=shown.count(epoch.rows),
        held=shown.runs(epoch.held),
        missing=shown.runs(epoch.missing),
        vouched=shown.runs(epoch.vouched),
        evicted=shown.runs(epoch.evicted),
        tail=f"{tail.first}–{tail.last}" if tail else "",
        remarks=tuple(_remarks(epoch, detail, language)),
    )


def _remarks(epoch: Epoch, detail: Detail, language: str) -> Iterator[str]:
    for flag, text in FLAGS.items():
        if flag in epoch.flags and flag is not Flag.SIMULATED:
            yield say(text, language)
    if epoch.id in detail.late:
        yield say(WORDS["late"], language)
    if epoch.id in detail.quiet:
        yield say(WORDS["quiet"], language)


def _conflicts(detail: Detail) -> Iterator[Conflict]:
    for one in detail.evidence:
        yield Conflict(
            run=bytes(one.epoch).hex(),
            number=one.seq,
            one=bytes(one.held_hash).hex()[:16],
            other=bytes(one.posted_hash).hex()[:16],
            seen=shown.moment(one.seen_ms),
        )


def _pairs(detail: Detail, language: str) -> Iterator[tuple[str, str, str]]:
    for word, pairs in (("forked_runs", detail.forks), ("suspect_runs", detail.suspects)):
        for pair in pairs:
            yield pair.epoch.hex(), pair.other.hex(), say(WORDS[word], language)
