"""The published log: right bytes, right headers, and nothing that it has not grown to yet."""

from __future__ import annotations

import pytest
from django.test import Client

from protocol import checkpoint as c2sp
from protocol import merkle
from protocol.tiles import decode_entries
from server.ledger import keys, log
from server.ledger.writing import writing
from tests.server.conftest import NOW_MS

pytestmark = pytest.mark.django_db

SIZE = 600
LEAVES = [b"leaf %d" % number for number in range(SIZE)]
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]


@pytest.fixture(autouse=True)
def grown(installation: object) -> None:
    with writing():
        log.stage_all([(leaf, b"") for leaf in LEAVES])
    log.sequence(NOW_MS)


def test_the_checkpoint_is_a_signed_note(client: Client) -> None:
    response = client.get("/checkpoint")
    head = c2sp.open_checkpoint(response.text, keys.current().log, keys.verify_ed25519)
    assert (head.size, head.root) == (SIZE, merkle.root(HASHES))
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["Cache-Control"] == "public, max-age=1"


def test_a_full_tile_may_be_kept_for_ever(client: Client) -> None:
    response = client.get("/tile/0/001")
    assert response.content == b"".join(HASHES[256:512])
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_partial_tile_may_be_kept_a_minute_at_any_width_reached(client: Client) -> None:
    for width in (1, 60, 88):
        response = client.get(f"/tile/0/002.p/{width}")
        assert response.content == b"".join(HASHES[512 : 512 + width])
        assert response.headers["Cache-Control"] == "public, max-age=60"
    assert client.get("/tile/0/000.p/7").content == b"".join(HASHES[:7])


def test_higher_tiles_hold_roots_of_full_subtrees(client: Client) -> None:
    roots = [merkle.root(HASHES[:256]), merkle.root(HASHES[256:512])]
    assert client.get("/tile/1/000.p/2").content == b"".join(roots)


def test_entries_come_in_bundles(client: Client) -> None:
    full, rest = client.get("/tile/entries/000"), client.get("/tile/entries/002.p/88")
    assert decode_entries(full.content, 256) == LEAVES[:256]
    assert decode_entries(rest.content, 88) == LEAVES[512:]
    assert "immutable" in full.headers["Cache-Control"]
    assert "immutable" not in rest.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "0/002", "0/002.p/89", "0/003.p/1", "1/000", "1/000.p/3", "2/000.p/1", "63/000",
        "entries/002", "entries/002.p/89", "0/x999/x999/x999/x999/x999/999", "0/0", "0/000.p/0",
        "0/000.p/256", "00/000", "64/000", "0/000.p/07", "entries/000/", "data/000", "",
        "0/%EF%BC%90%EF%BC%90%EF%BC%90",
    ],
)  # fmt: skip
def test_what_the_log_has_not_reached_or_is_misspelt_is_not_found(
    client: Client, path: str
) -> None:
    response = client.get(f"/tile/{path}")
    assert response.status_code == 404
    assert response.headers.get("Cache-Control", "no-store") == "no-store"


def test_the_public_log_is_only_read(client: Client) -> None:
    for path in ("/checkpoint", "/tile/0/000"):
        assert client.post(path).status_code == 405
        assert client.head(path).status_code == 200
