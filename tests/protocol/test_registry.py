"""The registries: complete, unique, in both languages; and the one error that uses them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import pytest

from protocol import registry
from protocol.errors import Problem, ProtocolError
from protocol.registry import Text

TABLES: list[tuple[type[IntEnum], Mapping[Any, Text]]] = [
    (registry.Kind, registry.KINDS),
    (registry.Quantity, registry.QUANTITIES),
    (registry.Status, registry.STATUSES),
    (registry.TimeSource, registry.TIME_SOURCES),
    (registry.Fix, registry.FIXES),
    (registry.Event, registry.EVENTS),
    (registry.Param, registry.PARAMS),
    (registry.Reason, registry.REASONS),
    (registry.LeafKind, registry.LEAF_KINDS),
    (registry.Item, registry.ITEMS),
]


@pytest.mark.parametrize(("codes", "texts"), TABLES, ids=[codes.__name__ for codes, _ in TABLES])
def test_every_code_has_its_own_text_in_both_languages(
    codes: type[IntEnum], texts: Mapping[Any, Text]
) -> None:
    assert list(texts) == list(codes)
    for language in ("en", "ko"):
        words = [getattr(text, language) for text in texts.values()]
        assert all(words)
        assert len(set(words)) == len(words)


def test_every_problem_has_a_status_and_its_own_title_in_both_languages() -> None:
    assert list(registry.PROBLEMS) == list(Problem)
    titles = [text.title for text in registry.PROBLEMS.values()]
    assert len({title.en for title in titles}) == len({title.ko for title in titles}) == len(titles)
    assert all(400 <= text.status < 600 for text in registry.PROBLEMS.values())


def test_what_may_succeed_later_is_what_waits_for_somebody_else() -> None:
    retryable = {problem for problem, text in registry.PROBLEMS.items() if text.retryable}
    assert retryable == {
        Problem.OPENING_FIRST,
        Problem.TOO_MANY_GAPS,
        Problem.BUSY,
        Problem.TOO_MANY_REQUESTS,
        Problem.LOG_UNAVAILABLE,
        Problem.STALE_CHECKPOINT,
        Problem.INTERNAL,
    }


def test_every_quantity_has_a_unit() -> None:
    assert set(registry.UNITS) == set(registry.Quantity)


def test_an_error_says_which_record_of_which_span_and_why() -> None:
    error = ProtocolError(Problem.HIGH_S, "too high").at(index=3).at(index=9, span=1)
    assert (error.problem, error.index, error.span) == (Problem.HIGH_S, 3, 1)
    assert str(error) == "high-s: too high (span 1, record 3)"
    assert str(ProtocolError(Problem.BUSY, "later")) == "busy: later"
