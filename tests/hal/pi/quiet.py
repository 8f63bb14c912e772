"""A warden that polls nothing: tries are handed to its sensors by the test."""

from __future__ import annotations

from hal.pi.warden import Orders, Warden


class QuietWarden(Warden):
    """Never starts a child."""

    def __init__(self) -> None:
        super().__init__(Orders("quiet", 0, 1_000))

    def begin(self) -> None: ...
