"""What each kind of event does to the tables, from what its entry of the log says.

`events.write` calls it when an event is new and when it is written again after a restore, so that
the two cannot part. An effect reads rows and its event: no clock, no chance, nobody's desk. What
only the tables have (`done.own`) is empty after a restore.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from server.coldchain.done import Done
from server.coldchain.effects import back, checks, goods, hands, moves, recalls
from server.coldchain.rules import Kind

EFFECTS: Final[Mapping[Kind, Callable[[Done], None]]] = {
    Kind.PARTY_TOLD: checks.party,
    Kind.ROOM_ADDED: moves.room,
    Kind.PASSED_IN: goods.stand,
    Kind.AWARDED: goods.award,
    Kind.SETTLED: goods.settle,
    Kind.CORRECTED: goods.correct,
    Kind.SORTED: goods.work,
    Kind.TRANSFORMED: goods.work,
    Kind.SPLIT: goods.work,
    Kind.MERGED: goods.work,
    Kind.REWORKED: goods.work,
    Kind.WASTED: goods.work,
    Kind.ON_SALE: goods.stand,
    Kind.SOLD: goods.leave,
    Kind.SOLD_OUT: goods.leave,
    Kind.SCRAPPED: goods.leave,
    Kind.LOADED: moves.load,
    Kind.UNLOADED: moves.unload,
    Kind.PACKED: moves.pack,
    Kind.UNPACKED: moves.unpack,
    Kind.ROLL_MADE: moves.roll,
    Kind.BOUND: moves.bind,
    Kind.OFFERED: hands.offer,
    Kind.WITHDRAWN: hands.withdraw,
    Kind.RECEIVED: hands.settle,
    Kind.REFUSED: hands.settle,
    Kind.LEFT: hands.leave,
    Kind.PURCHASED: checks.purchase,
    Kind.PROBLEM: checks.problem,
    Kind.DISPUTED: checks.problem,
    Kind.REPORT_CLOSED: checks.close_report,
    Kind.INSPECTED: checks.inspect,
    Kind.SAMPLED: checks.sample,
    Kind.RESULT: checks.result,
    Kind.HELD: checks.hold,
    Kind.RELEASED: checks.release,
    Kind.RECALL_OPENED: recalls.open_,
    Kind.RECALL_NOTIFIED: recalls.notify,
    Kind.RECALL_ANSWERED: recalls.answer,
    Kind.RECALL_COUNTED: recalls.count,
    Kind.RECALL_CLOSED: recalls.close,
    Kind.UNDONE: back.undo,
}
"""Kinds that are not here do nothing but to be told."""


def apply(done: Done) -> None:
    """Do it, in the caller's transaction. Raises Refusal where rows and event do not fit."""
    effect = EFFECTS.get(done.kind)
    if effect is not None:
        effect(done)
