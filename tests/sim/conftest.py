"""The simulation brings a database of its own; here it only gets leave to use one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from tests.sim.house import SECRET

# Django cannot put back an empty one: it is set for good.
settings.SECRET_KEY = SECRET


@pytest.fixture(autouse=True)
def own_database(django_db_blocker: Any) -> Iterator[None]:
    """Let the simulation connect; what the server logs of faults made on purpose stays unsaid."""
    logging.disable(logging.CRITICAL)
    with django_db_blocker.unblock():
        yield
    logging.disable(logging.NOTSET)
