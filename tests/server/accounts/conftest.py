"""Passwords and PINs that cost little here; what they cost in life is test_passwords' business."""

from __future__ import annotations

import pytest

from server.accounts import passwords
from server.accounts.passwords import Hasher


@pytest.fixture(autouse=True)
def cheap_hasher(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords._dummy.cache_clear()
    if not request.node.get_closest_marker("true_cost"):
        monkeypatch.setattr(Hasher, "time_cost", 1)
        monkeypatch.setattr(Hasher, "memory_cost", 64)
