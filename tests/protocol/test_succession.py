"""Evidence across a successor: openings may name the lost log if this one begins by saying so.

Whom a device follows, and whom not, is in tests/vectors/succession.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from protocol.errors import Problem
from protocol.evidence import Evidence, Proofs, ProvedLeaf
from protocol.span import Span, SuccessorLeaf, encode_leaf
from tests.protocol import build
from tests.protocol.test_evidence import KEY, VKEY, examine, file_of, problems
from tests.protocol.testlog import Log


def after_a_successor(*statements: SuccessorLeaf, places: Sequence[int] = (0, 1)) -> Evidence:
    """Records meant for a lost log and for this one, in the log that begins with these leaves."""
    old = build.chain(4, origin="log.test/lost")
    new = build.chain(3, epoch="epoch 2", head=old[-1].head)
    spans = [encode_leaf(Span.of(records).leaf(KEY.device)) for records in (old, new)]
    log = Log().grow(*map(encode_leaf, statements), *spans)
    shown = tuple(ProvedLeaf(log.receipt(at)) for at in places if at < len(statements))
    own = tuple(ProvedLeaf(log.receipt(len(statements) + at)) for at in (0, 1))
    file = file_of([*old, *new])
    return replace(file, proofs=(Proofs(log.note(), (*shown, *own)),))


def said(old: str) -> SuccessorLeaf:
    return SuccessorLeaf(old, 9, build.digest("root"), bytes(64), VKEY)


def test_openings_may_name_a_log_that_this_one_begins_by_following() -> None:
    assert examine(after_a_successor(said("log.test/lost"))).whole
    assert examine(after_a_successor(said("log.test/near"), said("log.test/lost"))).whole


@pytest.mark.parametrize(
    ("statements", "places"),
    [
        ((), ()),
        ((said("log.test/other"),), (0,)),
        ((said("log.test/lost"),), ()),
        ((said("log.test/near"), said("log.test/lost")), (1,)),
    ],
    ids=["none", "of another log", "not shown", "the nearer one not shown"],
)
def test_without_that_statement_they_are_meant_for_another_log(
    statements: tuple[SuccessorLeaf, ...], places: tuple[int, ...]
) -> None:
    report = examine(after_a_successor(*statements, places=places))
    assert problems(report) == [Problem.WRONG_ORIGIN] and report.proved == 7
