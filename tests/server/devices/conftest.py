"""A client of the real application, and an enrolled truck."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.server.devices.trucks import Truck


@pytest.fixture
def client() -> Client:
    """Answers like a server: what goes wrong inside is an answer, not an exception."""
    return Client(raise_request_exception=False)


@pytest.fixture
def truck(db: None, client: Client) -> Truck:
    """A truck whose device is enrolled and has sent nothing."""
    return Truck.enrol(client)
