"""Whom the truck trusts over TLS: the authority that it was told of, or the usual ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.edges.courier import LinkLost, RequestsTransport
from tests.agent.authority import Depot


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot.founded(tmp_path, "depot")


def test_the_authority_of_the_settings_is_trusted(depot: Depot) -> None:
    with depot.serving() as url:
        answer = RequestsTransport(url, depot.certificate).send("GET", "/", b"", 20.0)
    assert answer.body == b"yes"


def test_no_other_authority_is_trusted_beside_it(
    depot: Depot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even one that this machine trusts for everything else."""
    monkeypatch.setenv("SSL_CERT_FILE", str(depot.certificate))
    other = Depot.founded(tmp_path, "other")
    with depot.serving() as url, pytest.raises(LinkLost, match="CERTIFICATE_VERIFY_FAILED"):
        RequestsTransport(url, other.certificate).send("GET", "/", b"", 20.0)


def test_an_authority_out_of_the_environment_is_not_trusted(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(depot.certificate))
    with depot.serving() as url, pytest.raises(LinkLost, match="CERTIFICATE_VERIFY_FAILED"):
        RequestsTransport(url).send("GET", "/", b"", 20.0)
