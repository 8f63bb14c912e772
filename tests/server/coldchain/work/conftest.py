"""A harbour of today for each test that wants one."""

from __future__ import annotations

import pytest

from tests.server.coldchain.rig import Chain
from tests.server.coldchain.work.harbour import harbour as made


@pytest.fixture
def harbour(installation: object) -> Chain:
    """Everybody of one chain, now, and nothing landed."""
    return made()
