"""Files that can be opened, wherever they are, and those that cannot."""

import os
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pytest
import tifffile
from PIL import Image

from tiles2zarr.config.options.register import RegisterOptions
from tiles2zarr.config.registration import Registration
from tiles2zarr.config.writing import MixedDtype, OnMissing
from tiles2zarr.errors import SourceError
from tiles2zarr.filesystems import is_url, local_path
from tiles2zarr.loaders import EXTENSIONS, Header, open_source, probe, resolve
from tiles2zarr.loaders.location import extension
from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.image import TiledImage
from tiles2zarr.models.loader import FileLoader
from tiles2zarr.models.tiles import TileColumns
from tiles2zarr.steps.headers import check_headers

FILE = FileLoader()
PIXELS = np.arange(5 * 7, dtype=np.uint8).reshape(5, 7)
COPY = (
    "Copy the file again from the instrument, or leave it out: take its row out of "
    "the table, or filter by path_regex."
)


def _save(path: Path) -> Path:
    """Save ``PIXELS`` in the format of the path's extension."""
    if path.suffix == ".npy":
        np.save(path, PIXELS)
    elif path.suffix in (".png", ".bmp"):
        Image.fromarray(PIXELS).save(path)
    else:
        with open(path, "wb") as file:
            tifffile.imwrite(file, PIXELS)
    return path


def _refused(file: str, resource: Path | str) -> str:
    """Return why a file cannot be opened; ``probe`` must say the same."""
    with pytest.raises(SourceError) as error:
        open_source(file, str(resource), FILE)
    with pytest.raises(SourceError) as probed:
        probe(file, str(resource), FILE)
    assert str(probed.value) == str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("resource", "file", "location"),
    [
        ("raw", "a.tif", "raw/a.tif"),
        ("raw/", "b/a.tif", "raw/b/a.tif"),
        ("raw", "/data/a.tif", "/data/a.tif"),
        ("raw", "s3://bucket/a.tif", "s3://bucket/a.tif"),
        ("s3://bucket/raw", "a #1.tif", "s3://bucket/raw/a #1.tif"),
        ("", "a.tif", "a.tif"),
        (".", "../a.tif", "./../a.tif"),
    ],
)
def test_files_are_relative_to_their_folder(
    resource: str, file: str, location: str
) -> None:
    """Absolute paths and URLs stay as they are."""
    assert resolve(resource, file) == location


@pytest.mark.parametrize(
    ("location", "suffix"),
    [
        ("a.TIF", "tif"),
        ("a/b.c/d", ""),
        ("a.ome.tiff", "tiff"),
        ("a #1?.png", "png"),
        ("https://host/a.tif?version=1.2", "tif"),
        ("https://host/a.png#part.x", "png"),
        ("s3://bucket/a?b.png", "png"),
    ],
)
def test_extensions(location: str, suffix: str) -> None:
    """The last extension counts, in lower case; only web addresses have a query."""
    assert extension(location) == suffix


def test_urls_and_paths() -> None:
    """``file://`` is a local path; a path with a colon is no URL."""
    assert local_path("file:///data/a.tif") == "/data/a.tif"
    assert local_path("a:b.tif") == "a:b.tif"
    assert local_path("s3://bucket/a.tif") is None
    assert not is_url("c:/a.tif")


NAMES = ("a.tif", "a #1 {2}.tif", "ä.tif", "a.tiff", "a.TIF", "a.tf8", "a.dat", "none")


@pytest.mark.parametrize("name", [*NAMES, "a.png", "a.bmp", "a.npy"])
def test_local_files(tmp_path: Path, name: str) -> None:
    """Odd names do not matter, and TIFF is known by its first bytes too."""
    _save(tmp_path / name)
    assert probe(name, str(tmp_path), FILE) == Header(1, 5, 7, "uint8")
    with open_source(name, f"file://{tmp_path}", FILE) as source:
        np.testing.assert_array_equal(source.read(0), PIXELS)


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """Yield an empty file system in memory."""
    system = fsspec.filesystem("memory")
    system.rm("/", recursive=True)
    yield system
    system.rm("/", recursive=True)


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.bmp", "a.npy", "b/a #1.tif"])
def test_remote_files(
    tmp_path: Path, memory: fsspec.AbstractFileSystem, name: str
) -> None:
    """A URL is read like a local file, by ``probe`` too, again and again."""
    local = _save(tmp_path / Path(name).name)
    memory.pipe(f"/plates/P1/{name}", local.read_bytes())
    for _ in range(2):
        assert probe(name, "memory://plates/P1", FILE, {}) == Header(1, 5, 7, "uint8")
        with open_source(name, "memory://plates/P1", FILE) as source:
            np.testing.assert_array_equal(source.read(0), PIXELS)


def test_remote_files_that_cannot_be_had(memory: fsspec.AbstractFileSystem) -> None:
    """An absent object, an empty one and an unknown protocol are told apart."""
    memory.pipe("/plates/empty.tif", b"")
    assert _refused("no.tif", "memory://plates") == (
        "memory://plates/no.tif cannot be read: there is no such object. Correct the "
        "URL, or upload the file."
    )
    assert _refused("empty.tif", "memory://plates") == (
        f"memory://plates/empty.tif cannot be read: it is empty (0 bytes). {COPY}"
    )
    assert _refused("a.tif", "nosuch://plates").startswith(
        "nosuch://plates/a.tif cannot be read: Protocol not known: nosuch"
    )


def test_local_files_that_cannot_be_had(tmp_path: Path) -> None:
    """Absent files, broken links, folders and empty files are told apart."""
    (tmp_path / "link.tif").symlink_to(tmp_path / "gone.tif")
    (tmp_path / "folder.tif").mkdir()
    (tmp_path / "empty.tif").touch()
    reasons = {
        "no.tif": "there is no such file. Correct the path in the table (relative to "
        "its folder), or copy the file.",
        "link.tif": f"it is a symbolic link to {tmp_path}/gone.tif, which does not "
        "exist. Mount or copy the link's target.",
        "folder.tif": "it is a folder, expected an image file. Correct the path.",
        "empty.tif": f"it is empty (0 bytes). {COPY}",
        "no\0.tif": "embedded null byte. Correct the path.",
        "n" * 300: "file name too long. Correct the path.",
    }
    for name, reason in reasons.items():
        text = _refused(name, tmp_path)
        assert text == f"{tmp_path}/{name} cannot be read: {reason}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_read_access(tmp_path: Path) -> None:
    """A file that may not be read is told as such."""
    _save(tmp_path / "a.tif").chmod(0)
    assert _refused("a.tif", tmp_path).endswith(
        "permission is denied. Give the user of the job read access."
    )


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "a.tif",
            b"<html>Sign in",
            f"it is no TIFF file, it begins with b'<html>Si'. {COPY}",
        ),
        (
            "a.png",
            b"II*\0rest",
            "its extension says PNG, its content is TIFF. Rename the file.",
        ),
        (
            "a.tif",
            b"\x89PNG\r\n\x1a\n",
            "its extension says TIFF, its content is PNG. Rename the file.",
        ),
        (
            "a.npy",
            b"BMxxxx",
            "its extension says npy, its content is BMP. Rename the file.",
        ),
        ("a.jpg", b"x", f"it is no JPEG file, it begins with b'x'. {COPY}"),
        (
            "a.oib",
            b"\xda\xce\xbe\n",
            f"its extension 'oib' is none of {' '.join(EXTENSIONS)} and it begins with "
            r"b'\xda\xce\xbe\n', which is not TIFF. Convert it, or give a custom "
            "loader.",
        ),
    ],
    ids=["web page", "tiff as png", "png as tiff", "bmp as npy", "one byte", "oib"],
)
def test_files_of_another_kind(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    """What a file is instead is told, by its first bytes."""
    (tmp_path / name).write_bytes(content)
    assert _refused(name, tmp_path) == f"{tmp_path}/{name} cannot be read: {reason}"


def test_files_are_closed(tmp_path: Path) -> None:
    """Neither reading nor failing to leaves a file open."""
    for name in ("a.tif", "a.png", "a.bmp", "a.npy"):
        _save(tmp_path / name)
    (tmp_path / "bad.tif").write_bytes(b"II*\0rubbish")
    before = len(os.listdir("/proc/self/fd"))
    for name in ("a.tif", "a.png", "a.bmp", "a.npy"):
        with open_source(name, str(tmp_path), FILE) as source:
            source.read(0)
        probe(name, str(tmp_path), FILE)
    _refused("bad.tif", tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


OPTIONS = RegisterOptions(
    registration=Registration(),
    on_missing=OnMissing.AUTO,
    mixed_dtype=MixedDtype.ERROR,
    storage_options={},
    extensions=(),
)


def _image(resource: Path, *files: str) -> TiledImage:
    """Return an image of a field of 16 x 16 pixels, a plane per file."""
    one = (1,) * len(files)
    return TiledImage(
        collection=ImageInPlate(plate_name="P", row="B", column=3),
        acquisition=AcquisitionDetails(),
        resource=str(resource),
        tiles=TileColumns(
            file=files,
            plane=(0,) * len(files),
            fov=("1",) * len(files),
            x=(0.0,) * len(files),
            y=(0.0,) * len(files),
            z=tuple(map(float, range(len(files)))),
            t=(0.0,) * len(files),
            c=(0,) * len(files),
            len_x=(16,) * len(files),
            len_y=(16,) * len(files),
            len_z=one,
            len_c=one,
            len_t=one,
            status=("ok",) * len(files),
        ),
    )


def test_files_of_one_fault_are_told_together(tmp_path: Path) -> None:
    """Eight files are not there and one is empty: two reasons, five names of eight."""
    (tmp_path / "empty.tif").touch()
    names = [f"z{number}.tif" for number in range(8)]
    with pytest.raises(SourceError) as error:
        check_headers(_image(tmp_path, *names, "empty.tif"), OPTIONS, {})
    assert str(error.value) == (
        f"{tmp_path}/empty.tif cannot be read: it is empty (0 bytes). {COPY} "
        f"{tmp_path}/z0.tif cannot be read: there is no such file. Correct the path in "
        "the table (relative to its folder), or copy the file. The same of 7 more "
        "files: z1.tif, z2.tif, z3.tif, z4.tif ..."
    )
    with pytest.raises(SourceError, match=r"The same of 1 more file: z1\.tif\.$"):
        check_headers(_image(tmp_path, "z0.tif", "z1.tif"), OPTIONS, {})


@pytest.mark.parametrize(
    "shape", [(1, 16), (16, 1), (8, 32), (16, 17)], ids=lambda s: f"{s[0]}x{s[1]}"
)
def test_w19_a_file_of_another_shape_is_not_stretched(
    tmp_path: Path, shape: tuple[int, int]
) -> None:
    """A 1 x 16 file declared 16 x 16 is an error that names both shapes."""
    tifffile.imwrite(tmp_path / "a.tif", np.ones(shape, np.uint16), metadata=None)
    assert probe("a.tif", str(tmp_path), FILE) == Header(1, *shape, "uint16")
    image = _image(tmp_path, "a.tif")
    with pytest.raises(SourceError) as error:
        check_headers(image, OPTIONS, {})
    assert str(error.value) == (
        f"B/03/0: a.tif holds {shape[0]} x {shape[1]} pixels (rows x columns), the "
        "table declares 16 x 16. Correct length_y and length_x, or the file."
    )


def test_real_tiles_are_read(real_data: Path) -> None:
    """Tiles of four instruments give planes of the expected shape and type."""
    expected = {
        "yokogawa/cv7000-hipsc-real-png": ("*.png", Header(1, 2160, 2560, "uint16")),
        "revvity/operetta-sonata-2f": ("*.tif*", Header(1, 1080, 1080, "uint16")),
        "imagexpress/9987_Plate_3433": (
            "*.[tT][iI][fF]",
            Header(1, 256, 256, "uint16"),
        ),
        "scanr/scanr-3.3-1w": ("*.tif", Header(1, 2048, 2048, "uint16")),
    }
    for folder, (pattern, header) in expected.items():
        file = min((real_data / folder).rglob(pattern))
        with open_source(str(file), "", FILE) as source:
            assert source.header == header
            assert np.ptp(source.read(0)) > 0
