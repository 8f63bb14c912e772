"""The same truck as in the devices' tests, and a reader who works for the operator."""

from __future__ import annotations

import pytest
from django.test import Client

from server.accounts.rules import Role
from tests.server.accounts import cast
from tests.server.devices.conftest import truck

__all__ = ["truck"]


@pytest.fixture
def client(db: None) -> Client:
    """Signed in for the operator, whose business are devices of no organisation."""
    place = cast.organisation("자갈치 운영", "operator")
    return cast.client_of(cast.member(place, Role.VIEWER))
