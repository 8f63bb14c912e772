"""Django for the server's tests: a database of their own, and a fresh installation for each test.

SQLite in a temporary file by default (threads share it, the WAL is real); PostgreSQL when
JAGALCHI_TEST_DATABASE_URL is set. A test that may use the database finds a log that has begun.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections

from server import options
from server.ledger import startup

ORIGIN = "log.jagalchi.test/1"
NOW_MS = 1_790_000_000_000
URL = os.environ.get("JAGALCHI_TEST_DATABASE_URL", "")

# A server makes its secret at its first start; Django cannot even put back an empty one.
django_settings.SECRET_KEY = "only for tests"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Point Django at the tests' database before the first connection is made."""
    home = tmp_path_factory.mktemp("database")
    database: dict[str, Any] = options.Options(home, home, URL).database()
    if not URL:
        database["TEST"] = {"NAME": str(home / "test.sqlite3")}
    chosen = connections.settings["default"]
    chosen.clear()
    chosen.update(database)
    connections.configure_settings(connections.settings)
    connections["default"].close()
    del connections["default"]


@pytest.fixture(autouse=True)
def installation(
    request: pytest.FixtureRequest, settings: Any, tmp_path: Path
) -> options.Options:
    """Keys, journal and, where the test may use the database, a log of size 0."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    chosen = options.Options(home, home / "journal", URL, ORIGIN)
    settings.JAGALCHI = chosen
    settings.SECRET_FILE = home / "keys" / "secret"
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("_django_db_helper")
        startup.prepare(NOW_MS)
    return chosen
