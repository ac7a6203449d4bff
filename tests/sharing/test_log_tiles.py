from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharing.logs import checkpoint, served, tree_hash
from stillwatch.model.errors import LogError
from stillwatch.model.merkle import leaf_hash
from stillwatch.sharing.transparency.merkle import root
from stillwatch.sharing.transparency.tiles import ENTRIES, Tile, TileNodes, bundle, read_bundle, read_path


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(63, 999, 1), "tile/63/999.p/1"),
        (Tile(ENTRIES, 273, 112), "tile/entries/273.p/112"),
        (Tile(1, 1000), "tile/1/x001/000"),
    ],
)
def test_paths_are_those_of_tlog_tiles(tile, path):
    assert tile.path == path
    assert read_path(path) == tile


@given(st.integers(-1, 63), st.integers(0, 1 << 60), st.integers(1, 256))
def test_a_path_is_read_back(level, index, width):
    tile = Tile(level, index, width)

    assert read_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/64/000", "tile/00/000", "tile/0/00", "tile/0/x000/000", "tile/0/001/000", "tile/0/x001", "tile/0/000.p/0",
        "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000/", "tile/-1/000", "tile/entries/../000", "tile/0/000\n",
        "tile/0/\u0660\u0660\u0660", "/tile/0/000", "tile/0/" + "x001/" * 7 + "000", "",
    ],
)  # fmt: skip
def test_other_paths_are_no_tiles(path):
    assert read_path(path) is None


@given(
    st.text(max_size=40) | st.from_regex(r"tile/[0-9]{1,2}/(x[0-9]{3}/){0,3}[0-9]{3}(\.p/[0-9]{1,3})?", fullmatch=True)
)
def test_each_tile_has_one_path(path):
    tile = read_path(path)

    assert tile is None or tile.path == path


@given(st.lists(st.binary(max_size=40), max_size=256))
def test_a_bundle_is_read_back(entries):
    assert read_bundle(bundle(entries)) == entries


@given(st.binary(max_size=200))
def test_a_bundle_is_read_in_one_form_or_refused(content):
    try:
        entries = read_bundle(content)
    except LogError:
        return
    assert bundle(entries) == content


@pytest.mark.parametrize("content", [b"\x00", b"\x00\x02a", bundle([b""] * 257)])
def test_a_bundle_cut_off_or_too_long_is_refused(content):
    with pytest.raises(LogError, match="bundle"):
        read_bundle(content)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 511, 513, 66_000])
def test_nodes_read_from_tiles_make_the_root(size):
    entries = [n.to_bytes(4, "big") for n in range(size)]
    fetch = served(entries, checkpoint(entries[:1]))
    nodes = TileNodes(lambda tile: fetch(tile.path), size)

    assert root(size, nodes) == tree_hash([leaf_hash(one) for one in entries])


def test_a_tile_of_another_length_is_refused():
    with pytest.raises(LogError, match=r"tile/0/000\.p/3 has 64 bytes"):
        TileNodes(lambda _: bytes(64), 3)(0, 0)


def test_a_node_beyond_the_tree_is_refused():
    with pytest.raises(ValueError, match="no tile 1"):
        TileNodes(lambda _: bytes(96), 3)(0, 256)
