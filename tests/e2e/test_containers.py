"""CZI, ND2 and LIF files end to end: every pixel where it was taken."""

from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.e2e.convert import convert
from tests.unit.container_samples import (
    CziTile,
    LifImage,
    czi_xml,
    position_loop,
    stack_loop,
    time_loop,
    write_czi,
    write_lif,
    write_nd2,
)


def _pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 60_000, shape, dtype=np.uint16)


def _read(path: Path) -> np.ndarray:
    return np.asarray(zarr.open_array(str(path), mode="r")[:])


def test_czi_plate(tmp_path: Path) -> None:
    """Two wells of 2 x 1 mosaics are put together; a filter takes one channel."""
    pytest.importorskip("pylibCZIrw", reason="the extra czi is not installed")
    wells = _pixels(2, 2, 3, 32, 96)  # well, c, z, y, x
    tiles = [
        CziTile(
            well,
            (1000 * well + 48 * tile, 0),
            {"C": c, "Z": z},
            np.ascontiguousarray(wells[well, c, z, :, 48 * tile : 48 * tile + 48]),
        )
        for well in range(2)
        for c in range(2)
        for z in range(3)
        for tile in range(2)
    ]
    xml = czi_xml(
        '<Dimensions><Channels><Channel Id="Channel:0" Name="DAPI"/>'
        '<Channel Id="Channel:1" Name="GFP"/></Channels><S><Scenes>'
        '<Scene Index="0" Name="A2-1"/><Scene Index="1" Name="B3-1"/>'
        "</Scenes></S></Dimensions>",
        '<Distance Id="X"><Value>5e-7</Value></Distance>',
    )
    write_czi(tmp_path / "p.czi", tiles, xml)
    only = {"kind": "channel", "mode": "include", "channel_labels": ["DAPI"]}
    acquisition = {"path": str(tmp_path / "p.czi"), "filters": [only]}
    config = {
        "plate": {"name": "P"},
        "output": str(tmp_path / "out"),
        "acquisitions": [acquisition],
    }
    convert(config, tmp_path / "work")
    for well, path in enumerate(("A/02/0/0", "B/03/0/0")):
        assert np.array_equal(_read(tmp_path / "out/P.zarr" / path)[0], wells[well, 0])


def test_nd2_plate(tmp_path: Path) -> None:
    """Two wells with two time points, three planes and two channels."""
    pytest.importorskip("nd2", reason="the extra nd2 is not installed")
    frames = _pixels(12, 20, 36, 2)
    wells = [("A01_0000", 0.0, 0.0, 0.0), ("B03_0001", 1000.0, 0.0, 0.0)]
    loops = [time_loop(2, 5000.0), position_loop(wells), stack_loop(3, 2.0)]
    write_nd2(tmp_path / "p.nd2", frames, loops, names=("DAPI", "GFP"))
    config = {
        "plate": {"name": "P"},
        "output": str(tmp_path / "out"),
        "acquisitions": [{"path": str(tmp_path)}],
    }
    convert(config, tmp_path / "work")
    told = frames.reshape(2, 2, 3, 20, 36, 2)  # t, well, z, y, x, c
    for well, path in enumerate(("A/01/0/0", "B/03/0/0")):
        found = _read(tmp_path / "out/P.zarr" / path)
        assert np.array_equal(found, told[:, well].transpose(0, 4, 1, 2, 3))


def test_lif_images_of_two_kinds(tmp_path: Path) -> None:
    """Images of one file keep their own shape and pixel type; a filter may drop z."""
    pytest.importorskip("liffile", reason="the extra lif is not installed")
    stack, movie = _pixels(2, 3, 40, 30), (_pixels(2, 20, 64) % 256).astype(np.uint8)
    images = [LifImage("stack", stack, "CZYX"), LifImage("movie", movie, "TYX")]
    write_lif(tmp_path / "p.lif", {"": images})
    below = {"kind": "z_range", "mode": "include", "max_z": 1}
    config = {
        "name": "run",
        "output": str(tmp_path / "out"),
        "acquisitions": [{"path": str(tmp_path / "p.lif"), "filters": [below]}],
    }
    convert(config, tmp_path / "work")
    found = _read(tmp_path / "out/p_movie.zarr/0")
    assert found.dtype == np.uint8
    assert np.array_equal(found.reshape(movie.shape), movie)
    assert np.array_equal(_read(tmp_path / "out/p_stack.zarr/0")[0], stack[:, :2])
