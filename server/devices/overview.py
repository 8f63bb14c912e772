"""What a page or a program may read about devices, in a few bounded queries. Changes nothing.

Personal data is not here, and neither are positions: only the kinds of record that may be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from protocol.bodies import Measured, Opening, Reading
from protocol.record import Record, open_sealed
from server.devices import epochs as tree
from server.devices import ranges, shelf
from server.devices.epochs import Epoch, Flag, Lasting, Pair, Tail
from server.devices.models import (
    Assignment,
    Device,
    DeviceKey,
    EpochFacts,
    ForkEvidence,
    HeldSpan,
)
from server.devices.standing import Signs, Standing, standing
from server.ledger import log

PAGE = 50
EPOCHS = 200
"""Epochs looked at per device, the newest ones: pairs of them are compared."""
EVIDENCE = 20


@dataclass(frozen=True, slots=True)
class LastReading:
    """The newest reading of the newest epoch that has one, with the names of its sensors."""

    record: Record
    measured: tuple[tuple[str, Measured], ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """The newest leaf of a device that the log holds: its place, and when it was received."""

    index: int
    first: int
    last: int
    received_ms: int


@dataclass(frozen=True, slots=True)
class Summary:
    """One device at a glance. rows: records held. lost: records in lost tails.

    lasting: what the newest run says of what goes on; beyond: sensors that exceed a limit.
    """

    name: str
    asset: str
    standing: Standing
    simulated: bool
    heard_ms: int | None
    reading: LastReading | None
    proof: Proof | None
    rows: int
    gaps: int
    lost: int
    lasting: tuple[Lasting, ...] = ()
    beyond: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Detail:
    """All that the page of one device shows; epochs newest first."""

    summary: Summary
    epochs: tuple[Epoch, ...]
    tails: tuple[Tail, ...]
    late: frozenset[bytes]
    forks: tuple[Pair, ...]
    suspects: tuple[Pair, ...]
    quiet: frozenset[bytes]
    evidence: tuple[ForkEvidence, ...]
    keys: tuple[DeviceKey, ...]
    assignments: tuple[Assignment, ...]
    quarantined: int


def summaries(now_ms: int, page: int = 0, whose: frozenset[str] | None = None) -> list[Summary]:
    """Return up to PAGE devices, in the order of their enrolment; `page` counts from 0.

    whose: only those fitted to assets of these organisations ("": of none); None: all.
    """
    rows = _fitted(whose).order_by("enrolled_ms", "name")[page * PAGE : (page + 1) * PAGE]
    return [_summary(device, _epochs(device.name), now_ms) for device in rows]


def fitted_to(assets: Sequence[int], now_ms: int) -> list[Summary]:
    """Return the devices that measure for these assets now, in the order of their enrolment."""
    here = Device.objects.filter(assignments__asset__in=assets, assignments__until_ms=None)
    rows = here.distinct().order_by("enrolled_ms", "name")[:PAGE]
    return [_summary(device, _epochs(device.name), now_ms) for device in rows]


def count(whose: frozenset[str] | None = None) -> int:
    """Return how many devices are enrolled, of these organisations."""
    return _fitted(whose).count()


def organisation_of(name: str) -> str:
    """Return the organisation whose asset a device is fitted to; "" for none, or no device."""
    here = Assignment.objects.filter(device=name, until_ms=None)
    return here.values_list("asset__organisation", flat=True).first() or ""


def detail(name: str, now_ms: int, whose: frozenset[str] | None = None) -> Detail | None:
    """Return everything about one device, or None for one that nobody enrolled.

    whose: organisations whose assets may be named among those it was fitted to before.
    """
    device = Device.objects.filter(name=name).first()
    if device is None:
        return None
    epochs = _epochs(name)
    tails = tree.tails(epochs)
    before = device.assignments.select_related("asset").order_by("-id")
    if whose is not None:
        before = before.filter(asset__organisation__in=whose)
    return Detail(
        summary=_summary(device, epochs, now_ms),
        epochs=tuple(reversed(epochs)),
        tails=tails,
        late=frozenset(tail.epoch for tail in tails if _is_late(name, tail)),
        forks=tree.forks(epochs),
        suspects=tree.suspects(epochs),
        quiet=frozenset(tree.quiet(epochs)),
        evidence=tuple(device.forks.order_by("-id")[:EVIDENCE]),
        keys=tuple(device.keys.order_by("order")),
        assignments=tuple(before[:EVIDENCE]),
        quarantined=device.quarantined,
    )


def _fitted(whose: frozenset[str] | None) -> QuerySet[Device]:
    if whose is None:
        return Device.objects.all()
    here = Assignment.objects.filter(device=OuterRef("pk"), until_ms=None)
    owner = Coalesce(Subquery(here.values("asset__organisation")[:1]), Value(""))
    return Device.objects.alias(owner=owner).filter(owner__in=whose)


def _epochs(device: str) -> list[Epoch]:
    """The newest epochs, oldest of them first, with their openings' places in the log."""
    rows = EpochFacts.objects.filter(device=device).order_by("-id")[:EPOCHS]
    epochs = [shelf.epoch_of(row) for row in rows]
    places = log.index_of(epoch.leaf for epoch in epochs)
    here = (replace(epoch, index=places.get(epoch.leaf)) for epoch in reversed(epochs))
    return tree.with_former(here)


def _summary(device: Device, epochs: Sequence[Epoch], now_ms: int) -> Summary:
    tails = tree.tails(epochs)
    gaps = device.gaps - sum(epoch.gaps - len(epoch.missing) for epoch in epochs)
    signs = Signs(
        forks=ForkEvidence.objects.filter(device=device).count() + len(tree.forks(epochs)),
        suspects=len(tree.suspects(epochs)),
        beyond=bool(epochs) and epochs[-1].is_beyond,
        revoked=device.revoked_ms is not None,
        heard_ago_ms=None if device.heard_ms is None else max(now_ms - device.heard_ms, 0),
        gaps=gaps,
        tails=len(tails),
    )
    fitted = device.assignments.filter(until_ms=None).select_related("asset").first()
    return Summary(
        name=device.name,
        asset=fitted.asset.name if fitted else "",
        standing=standing(signs),
        simulated=any(Flag.SIMULATED in epoch.flags for epoch in epochs),
        heard_ms=device.heard_ms,
        reading=_last_reading(epochs),
        proof=_proof(device.name),
        rows=sum(epoch.rows for epoch in epochs),
        gaps=gaps,
        lost=sum(tail.rows for tail in tails),
        lasting=epochs[-1].lasting if epochs else (),
        beyond=epochs[-1].beyond if epochs else frozenset(),
    )


def _last_reading(epochs: Iterable[Epoch]) -> LastReading | None:
    for epoch in reversed(list(epochs)):
        if epoch.reading is None:
            continue
        record = open_sealed(epoch.reading[1]).record
        if isinstance(record.body, Reading):
            names = sensor_names(epoch)
            named = ((names.get(m.sensor, str(m.sensor)), m) for m in record.body.measurements)
            return LastReading(record, tuple(named))
    return None


def sensor_names(epoch: Epoch) -> dict[int, str]:
    """Return what the epoch's opening calls its sensors."""
    body = open_sealed(epoch.opening).record.body
    return {s.number: s.name for s in body.sensors} if isinstance(body, Opening) else {}


def _proof(device: str) -> Proof | None:
    """The newest span that is in the log; the very newest may be staged and not yet sequenced."""
    rows = list(HeldSpan.objects.filter(device=device, contested=False).order_by("-id")[:8])
    places = log.index_of(bytes(row.leaf_hash) for row in rows)
    for row in rows:
        if (index := places.get(bytes(row.leaf_hash))) is not None:
            return Proof(index, row.first, row.last, row.received_ms)
    return None


def _is_late(device: str, tail: Tail) -> bool:
    """Whether some of a lost tail was logged after the opening that had forgotten it."""
    spans = HeldSpan.objects.filter(device=device, contested=False)
    beyond = spans.filter(epoch=tail.epoch, last__gte=tail.first).order_by("-id").first()
    opening = spans.filter(epoch=tail.by, first=0).first()
    return beyond is not None and opening is not None and beyond.id > opening.id


def rows_of(device: str) -> tuple[int, int]:
    """Return how many records are held of a device, and how many its leaves hold together.

    They differ exactly when some record is logged more than once.
    """
    held = EpochFacts.objects.filter(device=device).values_list("held", flat=True)
    logged = HeldSpan.objects.filter(device=device).values_list("first", "last")
    distinct = sum(ranges.size(ranges.decode(text)) for text in held)
    return distinct, sum(last - first + 1 for first, last in logged.iterator())
