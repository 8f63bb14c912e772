"""How a hand-over is answered, and what is told of it; what that does: effects/hands.py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from server.coldchain import taking
from server.coldchain.acting import Desk, Refusal
from server.coldchain.done import Line
from server.coldchain.events import Told
from server.coldchain.making import Family, born, descend, new
from server.coldchain.models import Event, Handover, Lot
from server.coldchain.rules import (
    CUSTODY_STEPS,
    MAX_LANDINGS,
    Custody,
    CustodyStep,
    Kind,
    Reason,
    Step,
)
from server.pilots.models.programme import SHA256_HEX

_DIGEST: Final = re.compile(f"[0-9a-f]{{{SHA256_HEX}}}")


@dataclass(frozen=True, slots=True)
class Answer:
    """How much of a hand-over is taken: grams None all of it, 0 nothing. photo: SHA-256, hex."""

    handover: str
    grams: int | None = None
    boxes: int = 0
    photo: str = ""


@dataclass(frozen=True, slots=True)
class _Move:
    """One hand-over, what is taken of it, the lot it is taken of, and the lot that goes."""

    row: Handover
    answer: Answer
    grams: int
    boxes: int
    source: Lot
    went: Lot | None

    @property
    def is_part(self) -> bool:
        """Whether a part of the source goes, as a lot of its own."""
        return self.went is not None and self.went is not self.source


def answered(refs: Sequence[str], **whose: str) -> list[Handover]:
    """These hand-overs, locked with their lots, in the order asked for. Raises Refusal."""
    if not refs or len(set(refs)) != len(refs) or len(refs) > MAX_LANDINGS:
        raise Refusal(Reason.BAD_INPUT, "answers")
    rows = Handover.objects.select_for_update(of=("self",)).select_related("lot", "went")
    found: dict[str, Handover] = {}
    for start in range(0, len(refs), taking.CHUNK):
        some = rows.filter(id__in=refs[start : start + taking.CHUNK], **whose)
        found |= {row.id: row for row in some.order_by("id")}
    if len(found) != len(refs):
        raise Refusal(Reason.NOT_FOUND)
    return [found[ref] for ref in refs]


def check_photo(row: Handover, answer: Answer) -> None:
    """Whoever takes less than was offered shows a photo. Raises Refusal."""
    less = answer.grams is not None and answer.grams < row.grams
    check_digest(answer.photo)
    if less and not answer.photo:
        raise Refusal(Reason.PHOTO_MISSING)


def check_digest(photo: str) -> None:
    """A photo is named by its SHA-256, hex, and by nothing that people write: its name stands in
    the log. Raises Refusal."""
    if photo and not _DIGEST.fullmatch(photo):
        raise Refusal(Reason.BAD_INPUT, "photo")


def settle(desk: Desk, pairs: Sequence[tuple[Handover, Answer]], said: str = "") -> Event:
    """Answer hand-overs by one event. The lots that are taken change hands; what is refused of a
    one-sided hand-over goes back to who gave it. Raises Refusal."""
    _lock([row for row, _ in pairs])
    moves = [_move(desk, row, answer) for row, answer in pairs]
    taken = any(move.went for move in moves)
    told = {"handovers": [_answer(move) for move in moves]}
    return _write(desk, moves, Kind.RECEIVED if taken else Kind.REFUSED, told, said)


def leave(desk: Desk, rows: Sequence[Handover], said: str) -> Event:
    """The goods are gone and nobody has answered (수령 미확인): they leave the giver's hands, and
    no acceptance is counted."""
    _lock(rows)
    moves = [_move(desk, row, Answer(row.id)) for row in rows]
    told = {"handovers": [row.id for row in rows]}
    return _write(desk, moves, Kind.LEFT, told, said)


def _write(
    desk: Desk, moves: Sequence[_Move], kind: Kind, told: dict[str, Any], said: str
) -> Event:
    whole = [
        Line(move.source, boxes=move.boxes, grams=move.grams) for move in moves if not move.is_part
    ]
    families = [
        Family([(move.source, move.grams, move.boxes)], [move.went])
        for move in moves
        if move.went is not None and move.is_part
    ]
    own = {"": {"photo": any(move.answer.photo for move in moves)}}
    return descend(desk, families, Told(kind, whole, told, said=said, own=own))


def _move(desk: Desk, row: Handover, answer: Answer) -> _Move:
    """What an answer means; nothing is written. Raises Refusal."""
    source = row.went if row.went is not None else row.lot
    grams, boxes = (row.grams, row.boxes) if answer.grams is None else (answer.grams, answer.boxes)
    if not (0 <= grams <= row.grams and 0 <= boxes <= row.boxes):
        raise Refusal(Reason.USED_UP)
    if grams == 0:
        return _Move(row, answer, 0, 0, source, None)
    if grams == row.grams:
        boxes = row.boxes
    taking.check_time(desk, [source])
    taking.free([source])
    taking.step(source, Step.RECEIVE)
    if grams > source.left_grams or boxes > source.left_boxes:
        raise Refusal(Reason.USED_UP)
    if grams == source.left_grams:
        return _Move(row, answer, grams, boxes, source, source)
    columns = born([source], {"grams": grams, "boxes": boxes, "status": source.status})
    part = new(desk, columns)
    part.maker_id = row.giver_id
    part.holder_id = row.giver_id
    return _Move(row, answer, grams, boxes, source, part)


def _state(move: _Move) -> Custody:
    steps = {0: CustodyStep.REFUSE, move.row.grams: CustodyStep.ACCEPT}
    step = steps.get(move.grams, CustodyStep.TAKE_PART)
    state = CUSTODY_STEPS.get((Custody(move.row.status), step))
    if state is None:
        raise Refusal(Reason.WRONG_STATE)
    return state


def _answer(move: _Move) -> list[object]:
    """What the event says of one hand-over."""
    took = (move.grams, move.boxes, move.answer.photo)
    return [move.row.id, str(_state(move)), *took, move.row.excursions]


def _lock(rows: Sequence[Handover]) -> None:
    """Lock the lots and read them again: others may have taken from them since."""
    ids = sorted({row.went_id or row.lot_id for row in rows})
    if len(ids) != len(rows):
        raise Refusal(Reason.BAD_INPUT, "answers")
    fresh: dict[int, Lot] = {}
    for start in range(0, len(ids), taking.CHUNK):
        some = Lot.objects.select_for_update().filter(id__in=ids[start : start + taking.CHUNK])
        fresh |= {lot.id: lot for lot in some.order_by("id")}
    for row in rows:
        if row.went_id is not None:
            row.went = fresh[row.went_id]
        else:
            row.lot = fresh[row.lot_id]
