"""The five writer modes write one store: same objects, same bytes, same receipt."""

from pathlib import Path

import numpy as np
import pytest

from tests.unit.test_pixels_writer import Box, registered, truth, write
from tiles2zarr.config.omezarr import Blosc
from tiles2zarr.errors import SourceError, StoreError
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.pixels.harvest import WrittenPixels
from tiles2zarr.pixels.layout import level_layouts
from tiles2zarr.pixels.modes import Mode, Way, write_pixels
from tiles2zarr.pixels.writer import WriteTask
from tiles2zarr.stores.local import LocalStore

SHAPE = (2, 2, 3, 41, 95)
"""Two time points, two channels, three planes of 41 x 95 pixels."""
CHUNK = (1, 1, 1, 16, 32)
"""Does not divide the tiles of 21 x 50."""
FACTORS = (1, 2, 3, 2, 2)
LEVELS = 3
WAYS = {
    "by_fov": Way("by_fov", 2),
    "by_tile": Way("by_tile", 2),
    "in_memory": Way("in_memory", 2),
    "by_fov_dask": Way("by_fov_dask", 2),
    "by_tile_dask": Way("by_tile_dask", 2),
    "processes": Way("by_fov_dask", 2, "processes"),
}


def overlapping() -> list[Box]:
    """Return four overlapping tiles per plane; one plane lacks its last tile."""
    places = [(0, 0), (0, 45), (20, 0), (20, 45)]
    boxes: list[Box] = [
        (t, c, z, y, x, 21, 50)
        for t in range(SHAPE[0])
        for c in range(SHAPE[1])
        for z in range(SHAPE[2])
        for y, x in places
    ]
    return boxes[:-1]


def objects(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def image(tmp_path: Path) -> RegisteredImage:
    """Return an image of 47 overlapping tiles."""
    return registered(
        tmp_path / "tiles", overlapping(), SHAPE, "uint16", "tczyx", LEVELS
    )


def written(
    image: RegisteredImage, folder: Path, way: Way, *, shards: bool
) -> WrittenPixels:
    """Write the image in one way, sharded or not."""
    version, factors = ("0.5", FACTORS) if shards else ("0.4", None)
    return write(image, folder, CHUNK, version=version, factors=factors, way=way)


@pytest.mark.parametrize("shards", [False, True], ids=["chunks", "shards"])
@pytest.mark.parametrize("name", [name for name in WAYS if name != "by_fov"])
def test_modes_write_the_same_bytes(
    name: str, shards: bool, image: RegisteredImage, tmp_path: Path
) -> None:
    """Every mode leaves the files and the receipt that by_fov leaves."""
    one = written(image, tmp_path / "one", WAYS["by_fov"], shards=shards)
    other = written(image, tmp_path / "other", WAYS[name], shards=shards)
    assert objects(tmp_path / "other") == objects(tmp_path / "one")
    assert other == one


class OneUse(LocalStore):
    """A store that takes nothing more once it was flushed."""

    flushed = False

    def put_chunk(self, key: str, data: bytes) -> None:
        """Write an object, before the flush only."""
        assert not self.flushed, f"{key} came after the flush"
        super().put_chunk(key, data)

    def flush(self) -> None:
        """Take nothing more."""
        super().flush()
        self.flushed = True

    def below(self, prefix: str) -> "OneUse":
        """Return a new one."""
        return OneUse(self.root / prefix)


def test_parts_flush_stores_of_their_own(
    image: RegisteredImage, tmp_path: Path
) -> None:
    """A part that is done does not end another one's wait for the disk."""
    names = tuple(str(level) for level in range(LEVELS))
    task = WriteTask(
        image=image,
        layouts=level_layouts(image.shape, image.axes, CHUNK, None, names),
        compressor=Blosc(),
        version="0.4",
        store=OneUse(tmp_path / "out"),
        storage={},
    )
    done = write_pixels(task, Way("by_tile_dask", 1))
    assert done == written(image, tmp_path / "one", WAYS["by_fov"], shards=False)


def test_cluster_writes_the_same_bytes(image: RegisteredImage, tmp_path: Path) -> None:
    """Two workers of a dask.distributed cluster write what by_fov writes."""
    distributed = pytest.importorskip("distributed")
    one = written(image, tmp_path / "one", WAYS["by_fov"], shards=False)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        way = Way("by_fov_dask", 2, cluster.scheduler_address)
        other = written(image, tmp_path / "other", way, shards=False)
    assert objects(tmp_path / "other") == objects(tmp_path / "one")
    assert other == one


def test_level_0_is_the_truth(image: RegisteredImage, tmp_path: Path) -> None:
    """What all modes write is what numpy pastes, tile after tile."""
    pytest.importorskip("zarr")
    import zarr

    written(image, tmp_path / "out", WAYS["by_tile_dask"], shards=False)
    levels = truth(tmp_path / "tiles", overlapping(), SHAPE, "uint16", LEVELS)
    for number, level in enumerate(levels):
        found = zarr.open_array(tmp_path / "out" / str(number), mode="r")
        np.testing.assert_array_equal(found[:], level)


@pytest.mark.parametrize("mode", ["by_fov", "in_memory", "by_fov_dask"])
def test_broken_file_ends_every_mode(
    mode: Mode, image: RegisteredImage, tmp_path: Path
) -> None:
    """A file that cannot be decoded is one error naming it, in every mode."""
    (tmp_path / "tiles" / "5.npy").write_bytes(b"nothing")
    with pytest.raises(SourceError, match=r"5\.npy"):
        written(image, tmp_path / "out", Way(mode, 2), shards=False)


def test_scheduler_out_of_reach(image: RegisteredImage, tmp_path: Path) -> None:
    """An address without a scheduler is an error that names it."""
    pytest.importorskip("distributed")
    way = Way("by_fov_dask", 1, "tcp://127.0.0.1:9", connect_s=1)
    with pytest.raises(StoreError, match=r"scheduler at tcp://127\.0\.0\.1:9"):
        written(image, tmp_path / "out", way, shards=False)
