"""The one error of this package: the peer sent something that the protocol refuses.

Misuse of our own functions raises TypeError or ValueError instead, so that a bug of ours is never
mistaken for a misbehaving peer. Every refusal names its problem from the closed list, and where it
stands: which record of a span, which span of a batch. Spec: docs/protocol.md, section "Problems".
"""

from __future__ import annotations

from protocol.registry import Problem

__all__ = ["Problem", "ProtocolError"]


class ProtocolError(ValueError):
    """Foreign bytes were refused.

    problem: the slug from the closed list. detail: one English sentence for a log or an engineer.
    index: which record of the span (from 0). span: which span of the batch (from 0).
    """

    def __init__(
        self,
        problem: Problem,
        detail: str,
        *,
        index: int | None = None,
        span: int | None = None,
    ) -> None:
        """Name the problem and its place."""
        super().__init__(problem, detail, index, span)
        self.problem = problem
        self.detail = detail
        self.index = index
        self.span = span

    def at(self, *, index: int | None = None, span: int | None = None) -> ProtocolError:
        """Return the same refusal with its place filled in; a place already known stays."""
        return ProtocolError(
            self.problem,
            self.detail,
            index=self.index if self.index is not None else index,
            span=self.span if self.span is not None else span,
        )

    def __str__(self) -> str:
        """Return one line for a log."""
        places = (("span", self.span), ("record", self.index))
        where = ", ".join(f"{name} {at}" for name, at in places if at is not None)
        return f"{self.problem}: {self.detail}" + (f" ({where})" if where else "")
