"""Tiles: one spelling of every path, and bytes from which the tree can be rebuilt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import merkle, tiles
from protocol.errors import Problem, ProtocolError
from protocol.merkle import CompactRange, NodeId
from protocol.tiles import TILE_WIDTH, Tile

levels = st.one_of(st.none(), st.integers(0, 63))
indexes = st.integers(0, 10**17)
widths = st.integers(1, TILE_WIDTH)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 1234, 5), "tile/0/x001/234.p/5"),
        (Tile(63, 999, 255), "tile/63/999.p/255"),
        (Tile(None, 1000, 1), "tile/entries/x001/000.p/1"),
    ],
)
def test_paths_are_those_of_the_specification(tile: Tile, path: str) -> None:
    assert tiles.tile_path(tile.level, tile.index, tile.width) == path
    assert tiles.parse_tile_path(path) == tile


@given(levels, indexes, widths)
def test_a_path_reads_back(level: int | None, index: int, width: int) -> None:
    tile = tiles.parse_tile_path(tiles.tile_path(level, index, width))
    assert tile == Tile(level, index, width)
    assert tile.full == (width == 256)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/x/000",
        "tile/data/000",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/x000/001",
        "tile/0/x000/x001/002",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/0/X001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/",
        "tile/0/000.p/1/2",
        "tile/0/000.p/\u0661",
        "tile/0/\u0661\u0661\u0661",
        "tile/entries/../0/000",
        "tile/0/" + "x001/" * 6 + "000",
    ],
)
def test_every_other_spelling_is_refused(path: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        tiles.parse_tile_path(path)
    assert caught.value.problem is Problem.NOT_FOUND


@given(st.text(max_size=40))
def test_garbage_paths_are_refused(path: str) -> None:
    with pytest.raises(ProtocolError):
        tiles.parse_tile_path(path)


def test_widths_of_the_specifications_example() -> None:
    size = 70_000
    assert [tiles.tile_width(0, at, size) for at in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [tiles.tile_width(1, at, size) for at in (0, 1, 2)] == [256, 17, 0]
    assert [tiles.tile_width(2, at, size) for at in (0, 1)] == [1, 0]
    assert tiles.tile_width(3, 0, size) == 0
    assert tiles.tile_width(None, 273, size) == 112
    assert tiles.entries_path(273, 112) == "tile/entries/273.p/112"


@pytest.mark.parametrize("size", [1, 255, 256, 257, 1000])
def test_the_root_can_be_rebuilt_from_the_tiles_alone(size: int) -> None:
    leaves = [merkle.leaf_hash(b"%d" % at) for at in range(size)]
    edge, made = CompactRange().extend(leaves)
    store: dict[NodeId, bytes] = {(level, index): digest for level, index, digest in made}
    hashes: list[bytes] = []
    for index in range(-(-size // TILE_WIDTH)):
        tile = Tile(0, index, tiles.tile_width(0, index, size))
        hashes += [store[node] for node in tiles.tile_nodes(tile)]
    assert merkle.root(hashes) == edge.root()
    above = tiles.tile_nodes(Tile(1, 0, size // 256))
    assert [store[node] for node in above] == [
        merkle.root(leaves[at * 256 : at * 256 + 256]) for at in range(size // 256)
    ]


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_of_entries_reads_back(entries: list[bytes]) -> None:
    assert tiles.decode_entries(tiles.encode_entries(entries), len(entries)) == entries


@given(st.lists(st.binary(max_size=9), min_size=1, max_size=9), st.data())
def test_a_bundle_cut_or_lengthened_is_refused(entries: list[bytes], data: st.DataObject) -> None:
    packed = tiles.encode_entries(entries)
    cut = data.draw(st.integers(0, len(packed) - 1))
    for wrong in (packed[:cut], packed + b"\x00", packed + b"\x00\x00"):
        with pytest.raises(ProtocolError) as caught:
            tiles.decode_entries(wrong, len(entries))
        assert caught.value.problem is Problem.MALFORMED


def test_an_entry_that_has_no_length_is_not_packed() -> None:
    longest = bytes((1 << 16) - 1)
    assert tiles.decode_entries(tiles.encode_entries([longest]), 1) == [longest]
    with pytest.raises(ValueError, match="64 KiB"):
        tiles.encode_entries([longest + b"x"])
