"""The depth-first writer against numpy, read back through two independent readers."""

from pathlib import Path

import numpy as np
import pytest
import tensorstore as ts
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tiles2zarr.config.omezarr import Blosc, Compressor, Gzip, NoCompressor, Zstd
from tiles2zarr.errors import SourceError
from tiles2zarr.models.acquisition import ChannelInfo
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.image import (
    BoxColumns,
    PlaneColumns,
    RegisteredImage,
    SourceStats,
)
from tiles2zarr.pixels.harvest import WrittenPixels
from tiles2zarr.pixels.layout import Shape, level_layouts
from tiles2zarr.pixels.modes import Way, write_pixels
from tiles2zarr.pixels.writer import WriteTask
from tiles2zarr.stores.local import LocalStore

Box = tuple[int, int, int, int, int, int, int]
"""t, c, z, y, x and the tile's rows and columns."""


def save_tiles(folder: Path, boxes: list[Box], dtype: str, seed: int = 0) -> list[str]:
    """Write one npy file of random pixels per box and return their names."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for number, (*_, rows, columns) in enumerate(boxes):
        kind = np.dtype(dtype)
        if kind.kind == "f":
            tile = rng.normal(100, 50, (rows, columns)).astype(kind)
        else:
            limits = np.iinfo(kind)
            tile = rng.integers(
                limits.min, limits.max, (rows, columns), dtype=kind, endpoint=True
            )
        np.save(folder / f"{number}.npy", tile)
    return [f"{number}.npy" for number in range(len(boxes))]


def registered(
    folder: Path, boxes: list[Box], shape: Shape, dtype: str, axes: str, levels: int
) -> RegisteredImage:
    """Return an image of one-plane tiles with the given boxes."""
    files = save_tiles(folder, boxes, dtype)
    one = (1,) * len(boxes)
    columns = list(zip(*boxes, strict=True))
    return RegisteredImage(
        collection=ImageInPlate(plate_name="P", row="B", column=3),
        name="B03",
        axes=axes,
        shape=shape,
        tile_shape=(boxes[0][5], boxes[0][6]),
        dtype=dtype,
        levels=levels,
        resource=str(folder),
        boxes=BoxColumns(
            file=tuple(files),
            plane=(0,) * len(boxes),
            fov=tuple(files),
            t=columns[0],
            c=columns[1],
            z=columns[2],
            y=columns[3],
            x=columns[4],
            len_t=one,
            len_c=one,
            len_z=one,
            len_y=columns[5],
            len_x=columns[6],
        ),
        fovs=(),
        channels=tuple(ChannelInfo(channel_label=f"c{i}") for i in range(shape[1])),
        pixel_size=(1.0, 1.0, 0.5, 0.5),
        planes=PlaneColumns(
            fov=(),
            c=(),
            z=(),
            t=(),
            time_s=(),
            x_um=(),
            y_um=(),
            z_um=(),
            exposure_s=(),
            file=(),
            status=(),
        ),
        sources=SourceStats(
            file=tuple(sorted(files)), size=one, mtime_ns=(0,) * len(boxes)
        ),
    )


def truth(folder: Path, boxes: list[Box], shape: Shape, dtype: str, levels: int):
    """Return every level by plain numpy: paste in order, halve the whole plane."""
    canvas = np.zeros(shape, dtype=dtype)
    for number, (t, c, z, y, x, rows, columns) in enumerate(boxes):
        tile = np.load(folder / f"{number}.npy")
        canvas[t, c, z, y : y + rows, x : x + columns] = tile
    pyramid = [canvas]
    for _ in range(levels - 1):
        before = pyramid[-1]
        rows, columns = before.shape[-2] // 2, before.shape[-1] // 2
        even = before[..., : rows * 2, : columns * 2].astype(np.float64)
        mean = even.reshape(*before.shape[:3], rows, 2, columns, 2).mean(axis=(4, 6))
        if np.dtype(dtype).kind != "f":
            mean = np.floor(mean + 0.5)
        pyramid.append(mean.astype(dtype))
    return pyramid


def write(
    image: RegisteredImage,
    folder: Path,
    chunk: Shape,
    *,
    version: str = "0.4",
    factors: Shape | None = None,
    compressor: Compressor | None = None,
    threads: int = 1,
    way: Way | None = None,
) -> WrittenPixels:
    """Write an image's arrays into ``folder``."""
    names = tuple(str(level) for level in range(image.levels))
    layouts = level_layouts(image.shape, image.axes, chunk, factors, names)
    task = WriteTask(
        image=image,
        layouts=layouts,
        compressor=compressor or Blosc(),
        version=version,
        store=LocalStore(folder),
        storage={},
    )
    return write_pixels(task, way or Way("by_fov", threads))


def read_tensorstore(path: Path, version: str) -> np.ndarray:
    """Return an array as tensorstore reads it."""
    driver = "zarr" if version == "0.4" else "zarr3"
    spec = {"driver": driver, "kvstore": {"driver": "file", "path": str(path)}}
    return ts.open(spec).result().read().result()


def check(folder: Path, levels: list[np.ndarray], axes: str, version: str) -> None:
    """Compare every level with the truth through zarr-python and tensorstore."""
    drop = tuple(i for i, axis in enumerate("tczyx") if axis not in axes)
    for number, level in enumerate(levels):
        expected = level.squeeze(drop)
        found = zarr.open_array(str(folder / str(number)), mode="r")
        assert found.dtype == expected.dtype
        other = read_tensorstore(folder / str(number), version)
        np.testing.assert_array_equal(other, found[...])
        # the order of a float sum is ours to choose, hence the last bit
        tolerance = 1e-6 if expected.dtype.kind == "f" else 0
        np.testing.assert_allclose(found[...], expected, rtol=tolerance)


GRID: list[Box] = [
    (0, c, z, 6 * row, 9 * column, 6, 9)
    for c in range(2)
    for z in range(2)
    for row in range(3)
    for column in range(2)
]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(
    "dtype",
    ["uint8", "uint16", "uint32", "int8", "int16", "int32", "float32", "float64"],
)
def test_every_pixel_type_reads_back(tmp_path: Path, dtype: str, version: str) -> None:
    """Tiles of 6 x 9 pixels on a 3 x 2 grid come back exactly, at every level."""
    shape = (1, 2, 2, 18, 18)
    image = registered(tmp_path / "raw", GRID, shape, dtype, "czyx", 4)
    write(image, tmp_path / "out", (1, 1, 1, 6, 9), version=version)
    levels = truth(tmp_path / "raw", GRID, shape, dtype, 4)
    check(tmp_path / "out", levels, "czyx", version)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(
    "compressor",
    [
        Blosc(),
        Blosc(shuffle="shuffle", cname="zstd", clevel=1),
        Blosc(shuffle="noshuffle", cname="zlib"),
        Zstd(clevel=3),
        Gzip(clevel=1),
        NoCompressor(),
    ],
    ids=["lz4", "blosc-zstd", "blosc-zlib", "zstd", "gzip", "none"],
)
def test_every_compressor_reads_back(
    tmp_path: Path, compressor: Compressor, version: str
) -> None:
    """The header says what the chunks are encoded with."""
    shape = (1, 2, 2, 18, 18)
    image = registered(tmp_path / "raw", GRID, shape, "uint16", "czyx", 3)
    write(
        image, tmp_path / "out", (1, 1, 2, 5, 4), version=version, compressor=compressor
    )
    levels = truth(tmp_path / "raw", GRID, shape, "uint16", 3)
    check(tmp_path / "out", levels, "czyx", version)


@pytest.mark.parametrize("axes", ["yx", "cyx", "zyx", "tyx", "czyx", "tczyx"])
def test_axes_left_out_have_length_one(tmp_path: Path, axes: str) -> None:
    """An array has just the axes asked for."""
    shape = (*tuple(2 if axis in axes else 1 for axis in "tcz"), 11, 7)
    boxes = [
        (t, c, z, 0, 0, 11, 7)
        for t in range(shape[0])
        for c in range(shape[1])
        for z in range(shape[2])
    ]
    image = registered(tmp_path / "raw", boxes, shape, "uint16", axes, 3)
    write(image, tmp_path / "out", (1, 1, 1, 4, 5), version="0.5")
    check(
        tmp_path / "out",
        truth(tmp_path / "raw", boxes, shape, "uint16", 3),
        axes,
        "0.5",
    )
    assert zarr.open_array(str(tmp_path / "out/0")).metadata.dimension_names == tuple(
        axes
    )


@pytest.mark.parametrize("factors", [(1, 1, 1, 2, 2), (1, 2, 2, 3, 3), (2, 2, 2, 8, 8)])
def test_shards_read_back(tmp_path: Path, factors: Shape) -> None:
    """Shards hold their chunks and index, written once as a whole."""
    shape = (1, 2, 2, 18, 18)
    image = registered(tmp_path / "raw", GRID, shape, "uint16", "czyx", 4)
    pixels = write(
        image, tmp_path / "out", (1, 1, 1, 5, 4), version="0.5", factors=factors
    )
    check(
        tmp_path / "out",
        truth(tmp_path / "raw", GRID, shape, "uint16", 4),
        "czyx",
        "0.5",
    )
    files = sum(len(level.chunks.key) for level in pixels.levels)
    assert files == len([p for p in (tmp_path / "out").rglob("*") if p.is_file()]) - 4


boxes_strategy = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(0, 1),
        st.integers(0, 2),
        st.integers(0, 20),
        st.integers(0, 30),
        st.integers(1, 14),
        st.integers(1, 17),
    ),
    min_size=1,
    max_size=9,
)


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    boxes=boxes_strategy,
    chunk=st.tuples(
        st.integers(1, 2),
        st.integers(1, 3),
        st.integers(1, 3),
        st.integers(1, 16),
        st.integers(1, 16),
    ),
    dtype=st.sampled_from(["uint8", "uint16", "int32", "float32"]),
    threads=st.integers(1, 3),
)
def test_any_tiles_in_any_chunks(
    tmp_path_factory: pytest.TempPathFactory,
    boxes: list[Box],
    chunk: Shape,
    dtype: str,
    threads: int,
) -> None:
    """Overlaps, gaps, odd sizes and odd chunks give what numpy gives, later wins."""
    folder = tmp_path_factory.mktemp("any")
    shape = (
        2,
        2,
        3,
        max(y + rows for _, _, _, y, _, rows, _ in boxes),
        max(x + columns for *_, x, _, columns in boxes),
    )
    levels = min(shape[3], shape[4]).bit_length()
    image = registered(folder / "raw", boxes, shape, dtype, "tczyx", levels)
    write(image, folder / "out", chunk, threads=threads)
    check(
        folder / "out",
        truth(folder / "raw", boxes, shape, dtype, levels),
        "tczyx",
        "0.4",
    )


def test_threads_make_the_same_bytes(tmp_path: Path) -> None:
    """One thread and three write identical files."""
    boxes = [(0, 0, 0, 7 * r, 5 * c, 9, 8) for r in range(5) for c in range(6)]
    image = registered(tmp_path / "raw", boxes, (1, 1, 1, 37, 33), "float32", "yx", 5)
    one = write(image, tmp_path / "one", (1, 1, 1, 5, 7), threads=1)
    three = write(image, tmp_path / "three", (1, 1, 1, 5, 7), threads=3)
    assert one == three


def test_chunks_without_tiles_are_not_written(tmp_path: Path) -> None:
    """A hole of a whole chunk has no file, and its neighbours are kept."""
    boxes = [(0, 0, 0, 0, 0, 4, 6), (0, 0, 0, 4, 6, 4, 6)]
    image = registered(tmp_path / "raw", boxes, (1, 1, 1, 8, 12), "uint16", "yx", 1)
    pixels = write(image, tmp_path / "out", (1, 1, 1, 4, 6))
    assert pixels.levels[0].chunks.key == ("0/0", "1/1")
    check(
        tmp_path / "out",
        truth(tmp_path / "raw", boxes, image.shape, "uint16", 1),
        "yx",
        "0.4",
    )


def test_figures_count_acquired_pixels_only(tmp_path: Path) -> None:
    """The histogram knows nothing of the zeros around the tiles."""
    (tmp_path / "raw").mkdir()
    boxes = [(0, 0, 0, 1, 1, 2, 3)]
    image = registered(tmp_path / "raw", boxes, (1, 1, 1, 8, 12), "uint16", "yx", 1)
    np.save(tmp_path / "raw/0.npy", np.array([[7, 7, 9], [7, 7, 9]], np.uint16))
    figures = write(image, tmp_path / "out", (1, 1, 1, 8, 12)).channels[0]
    assert figures.minimum == 7
    assert figures.maximum == 9
    assert figures.histogram.start == 7
    assert figures.histogram.counts == (4, 0, 2)


def test_a_tile_of_another_shape_is_an_error(tmp_path: Path) -> None:
    """A file that changed since registration is named with both shapes."""
    boxes = [(0, 0, 0, 0, 0, 4, 6)]
    image = registered(tmp_path / "raw", boxes, (1, 1, 1, 4, 6), "uint16", "yx", 1)
    np.save(tmp_path / "raw/0.npy", np.zeros((6, 4), np.uint16))
    message = r"B/03/0: 0.npy holds 6 x 4 pixels, expected 4 x 6\."
    with pytest.raises(SourceError, match=message):
        write(image, tmp_path / "out", (1, 1, 1, 4, 6))
