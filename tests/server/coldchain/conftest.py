"""A chain for each test that wants one."""

from __future__ import annotations

import pytest

from tests.server.coldchain.rig import Chain
from tests.server.coldchain.rig import chain as made


@pytest.fixture
def chain(installation: object) -> Chain:
    """Everybody of one chain, and nothing landed."""
    return made()
