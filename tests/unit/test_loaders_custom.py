"""Planes read by a function of the user's."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tiles2zarr.errors import ExtensionError, SourceError
from tiles2zarr.extension import add_paths
from tiles2zarr.loaders import UNKNOWN_PLANES, Header, open_source, probe
from tiles2zarr.models.loader import CustomLoader

MODULE = """
import numpy as np

def constant(path, plane, options):
    pixels = np.full((5, 7), plane + options["add"], dtype=">u2")
    options["add"] = 99
    return pixels

def told(path, plane, options):
    return np.full((1, len(path)), options["size"], dtype="float32")

def transposed(path, plane, options):
    return np.arange(35, dtype="uint8").reshape(7, 5).T

def growing(path, plane, options):
    return np.zeros((5, 7 + plane), dtype="uint8")

def changing(path, plane, options):
    return np.zeros((5, 7), dtype=["uint8", "uint16"][plane])

def text(path, plane, options):
    return "pixels"

def volume(path, plane, options):
    return np.zeros((2, 5, 7), dtype="uint8")

def nothing(path, plane, options):
    return None

def truth(path, plane, options):
    return np.zeros((5, 7), dtype=bool)

def failing(path, plane, options):
    raise KeyError("no such plane")
"""
CORRECT = "Correct the function."


@pytest.fixture(autouse=True)
def _module(tmp_path: Path) -> Iterator[None]:
    """Make the module above importable for one test."""
    path = list(sys.path)
    (tmp_path / "my_loader.py").write_text(MODULE)
    add_paths([str(tmp_path)])
    yield
    sys.path[:] = path
    sys.modules.pop("my_loader", None)


def _loader(name: str, **options: str | float) -> CustomLoader:
    return CustomLoader(function=f"my_loader:{name}", options=options)


def test_planes_come_from_the_function() -> None:
    """Each plane is asked for by its index, in native byte order, options unchanged."""
    loader = _loader("constant", add=10)
    with open_source("a.raw", "data", loader) as source:
        assert source.header == Header(UNKNOWN_PLANES, 5, 7, "uint16")
        for plane in (3, 0, 3):
            pixels = source.read(plane)
            np.testing.assert_array_equal(pixels, np.full((5, 7), plane + 10))
            assert pixels.dtype.isnative
    assert loader.options == {"add": 10}


def test_the_location_is_given_in_full() -> None:
    """The function gets the resolved path or URL; the file need not exist."""
    loader = _loader("told", size=0.5)
    header = probe("a.raw", "s3://bucket/raw", loader)
    assert header == Header(UNKNOWN_PLANES, 1, len("s3://bucket/raw/a.raw"), "float32")


def test_a_plane_in_another_order_in_memory() -> None:
    """What is returned is copied, rows first."""
    with open_source("a", "", _loader("transposed")) as source:
        pixels = source.read(0)
    np.testing.assert_array_equal(pixels, np.arange(35).reshape(7, 5).T)
    assert pixels.flags.c_contiguous


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("text", f"returned str, expected a (y, x) array. {CORRECT}"),
        ("volume", f"returned (2, 5, 7), expected a (y, x) array. {CORRECT}"),
        ("nothing", f"returned NoneType, expected a (y, x) array. {CORRECT}"),
    ],
)
def test_what_is_no_plane(name: str, reason: str) -> None:
    """Anything but an array of rows and columns is refused."""
    with pytest.raises(SourceError) as error:
        probe("a.raw", "data", _loader(name))
    assert str(error.value) == (
        f"data/a.raw cannot be read: function 'my_loader:{name}' {reason}"
    )


def test_a_type_that_cannot_be_written() -> None:
    """A truth value is no pixel."""
    with pytest.raises(SourceError, match=r"^data/a cannot be read: its pixel type is"):
        probe("a", "data", _loader("truth"))


@pytest.mark.parametrize(
    ("name", "planes"),
    [
        ("growing", "plane 1 as (5, 8) uint8, others as (5, 7) uint8"),
        ("changing", "plane 1 as (5, 7) uint16, others as (5, 7) uint8"),
    ],
)
def test_planes_must_be_alike(name: str, planes: str) -> None:
    """A plane of another shape or type than the first one is refused."""
    with open_source("a", "data", _loader(name)) as source:
        source.read(0)
        with pytest.raises(SourceError) as error:
            source.read(1)
    assert str(error.value) == (
        f"data/a cannot be read: function 'my_loader:{name}' returned {planes}. "
        f"{CORRECT}"
    )


def test_a_function_that_fails() -> None:
    """What it raised is told with the file and the plane, as an unreadable file."""
    with (
        open_source("a", "data", _loader("failing")) as source,
        pytest.raises(SourceError) as error,
    ):
        source.read(4)
    assert str(error.value) == (
        "data/a plane 4 cannot be read: Function 'my_loader:failing' failed: KeyError: "
        "'no such plane'. Correct the function or its options. See the message above."
    )
    assert isinstance(error.value.__cause__, ExtensionError)


def test_a_function_that_is_not_there() -> None:
    """A wrong name is an error of the config, not of each file."""
    with pytest.raises(ExtensionError, match="Did you mean my_loader:constant"):
        open_source("a", "data", _loader("constants"))
