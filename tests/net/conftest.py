"""One server process for all the tests here that leave it as they found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.net.depot import Depot

TRUCKS = 60


@pytest.fixture(scope="package")
def depot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Depot]:
    """A server and trucks."""
    found = Depot(tmp_path_factory.mktemp("depot"), TRUCKS)
    try:
        yield found
    finally:
        found.server.child.kill()
