"""A pilot for each test that wants one."""

from __future__ import annotations

import pytest

from tests.server.pilots.rig import Rig
from tests.server.pilots.rig import rig as made


@pytest.fixture
def rig(installation: object) -> Rig:
    """The pilot of the tours: papers, duties, consents; nothing announced."""
    return made()
