"""NumPy files: mapped, counted through, and never unpickled."""

import contextlib
import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tiles2zarr.errors import SourceError
from tiles2zarr.loaders import Header, open_source, probe
from tiles2zarr.models.loader import FileLoader

FILE = FileLoader()
FIX = (
    "Copy the file again from the instrument, or leave it out: take its row out of "
    "the table, or filter by path_regex."
)


def _planes(path: Path) -> tuple[Header, list[NDArray[np.generic]]]:
    """Return header and all planes, having checked that ``probe`` says the same."""
    with open_source(path.name, str(path.parent), FILE) as source:
        header = source.header
        planes = [source.read(plane) for plane in range(header.planes)]
    assert probe(path.name, str(path.parent), FILE) == header
    return header, planes


def _refused(path: Path) -> str:
    with pytest.raises(SourceError) as error:
        _planes(path)
    assert str(error.value).startswith(f"{path} cannot be read: ")
    return str(error.value).removeprefix(f"{path} cannot be read: ")


@pytest.mark.parametrize(
    "shape", [(5, 7), (1, 5, 7), (2, 3, 4, 5, 7)], ids=["yx", "zyx", "tczyx"]
)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<u2", ">u2", "|i1", ">f8"])
def test_leading_axes_are_counted_through(
    tmp_path: Path, shape: tuple[int, ...], order: str, dtype: str
) -> None:
    """The last of the leading axes runs fastest, whatever the order in memory."""
    pixels = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    np.save(tmp_path / "a.npy", np.asarray(pixels, order=order))
    header, planes = _planes(tmp_path / "a.npy")
    count = int(np.prod(shape[:-2]))
    assert header == Header(count, 5, 7, np.dtype(dtype).name)
    np.testing.assert_array_equal(planes, pixels.reshape(count, 5, 7))
    assert all(plane.dtype.isnative and plane.flags.c_contiguous for plane in planes)


def test_planes_are_copies(tmp_path: Path) -> None:
    """Changing a plane changes neither the file nor the next reading."""
    np.save(tmp_path / "a.npy", np.ones((5, 7), np.uint16))
    with open_source("a.npy", str(tmp_path), FILE) as source:
        source.read(0).fill(0)
        assert source.read(0).min() == 1
    assert np.load(tmp_path / "a.npy").min() == 1


class _Bomb:
    """An object that makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    """A pickle in an ``.npy`` file is refused without being run."""
    bomb = np.array([[_Bomb(tmp_path / "ran")]], dtype=object)
    np.save(tmp_path / "a.npy", bomb, allow_pickle=True)
    assert _refused(tmp_path / "a.npy") == (
        "its array holds Python objects (a pickle), which are never loaded. Save an "
        "array of numbers."
    )
    (tmp_path / "b.npy").write_bytes(pickle.dumps(_Bomb(tmp_path / "ran")))
    assert _refused(tmp_path / "b.npy").startswith("it is no npy file, it begins with")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("shape", [(), (7,), (0, 7), (3, 5, 0)], ids=str)
def test_arrays_that_are_no_planes(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """An array needs at least one row and one column."""
    np.save(tmp_path / "a.npy", np.ones(shape, np.uint8))
    assert _refused(tmp_path / "a.npy") == (
        f"its array has the shape {shape}, expected (y, x) with any number of axes "
        "before. Save planes of at least one pixel."
    )


@pytest.mark.parametrize(
    ("dtype", "name"),
    [("bool", "bool"), ("i8", "int64"), ("f2", "float16"), ("u1,u1", "void16")],
)
def test_pixel_types_that_cannot_be_written(
    tmp_path: Path, dtype: str, name: str
) -> None:
    """Other pixel types are told with those that can be."""
    np.save(tmp_path / "a.npy", np.zeros((5, 7), dtype))
    assert _refused(tmp_path / "a.npy") == (
        f"its pixel type is {name}, expected one of uint8 uint16 uint32 int8 int16 "
        "int32 float32 float64. Save the image in one of these types."
    )


@pytest.mark.parametrize("plane", [-1, 6])
def test_a_plane_that_is_not_there(tmp_path: Path, plane: int) -> None:
    """Planes are counted from 0 and never from the end."""
    np.save(tmp_path / "a.npy", np.zeros((2, 3, 5, 7), np.uint8))
    with (
        open_source("a.npy", str(tmp_path), FILE) as source,
        pytest.raises(SourceError) as error,
    ):
        source.read(plane)
    assert str(error.value) == (
        f"{tmp_path}/a.npy cannot be read: plane {plane} (from 0) was asked for, the "
        "file holds 6. Correct the lengths in the table, or take the row out."
    )


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    """Header and pixels must be whole."""
    stream = io.BytesIO()
    np.save(stream, np.ones((45, 70), np.uint16))
    whole = stream.getvalue()
    for stop in (7, 9, 40, 128, 1000, len(whole) - 1):
        (tmp_path / "a.npy").write_bytes(whole[:stop])
        assert _refused(tmp_path / "a.npy").endswith(FIX)


@pytest.mark.parametrize("seed", range(30))
def test_flipped_bytes_never_escape_as_other_errors(tmp_path: Path, seed: int) -> None:
    """A damaged header gives pixels or a ``SourceError``, nothing else."""
    rng = np.random.default_rng(seed)
    stream = io.BytesIO()
    np.save(stream, np.ones((45, 70), np.uint16))
    whole = bytearray(stream.getvalue())
    for spot in rng.integers(6, 80, 3):
        whole[spot] = rng.integers(256)
    (tmp_path / "a.npy").write_bytes(whole)
    with (
        contextlib.suppress(SourceError),
        open_source("a.npy", str(tmp_path), FILE) as source,
    ):
        source.read(0)


def test_a_header_with_an_open_bracket(tmp_path: Path) -> None:
    """What Python's own tokenizer raises on a header is told as damage too."""
    text = b"{'descr': ('<u2', 'fortran_order': False, 'shape': (5, 7)\n"
    head = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    (tmp_path / "a.npy").write_bytes(head + b"\0" * 70)
    assert _refused(tmp_path / "a.npy").startswith(
        "it is no intact NumPy (.npy) file (TokenError: "
    )
