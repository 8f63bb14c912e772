"""An authority that this process trusts while a test runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.messages import outside
from tests.server.messages.tls import make_authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    make_authority(folder)
    return folder


@pytest.fixture
def trusted(authority: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "authority.pem"))
    outside.context.cache_clear()
    yield authority
    outside.context.cache_clear()
