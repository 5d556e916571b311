"""Readers of CZI, ND2 and LIF: opened lazily, with errors that say what to do."""

import sys
from pathlib import Path

import fsspec
import numpy as np
import pytest

from tests.unit.container_samples import (
    CziTile,
    LifImage,
    czi_xml,
    write_czi,
    write_lif,
    write_nd2,
)
from tiles2zarr.errors import SourceError
from tiles2zarr.loaders import EXTENSIONS, Header, open_source, probe
from tiles2zarr.loaders.containers import runs_of
from tiles2zarr.loaders.source import Run
from tiles2zarr.models.containers import leica_axes, zeiss_key
from tiles2zarr.models.loader import FileLoader

HEIGHT, WIDTH = 4, 5
LIBRARIES = {"czi": "pylibCZIrw.czi", "nd2": "nd2", "lif": "liffile"}
PIXELS = np.arange(3 * HEIGHT * WIDTH, dtype=np.uint16).reshape(3, HEIGHT, WIDTH)


def _write(path: Path) -> Path:
    """Write ``PIXELS`` as three planes."""
    kind = path.suffix[1:]
    pytest.importorskip(LIBRARIES[kind], reason=f"the extra {kind} is not installed")
    if kind == "czi":
        tiles = [CziTile(0, (0, 0), {"Z": z}, plane) for z, plane in enumerate(PIXELS)]
        return write_czi(path, tiles, czi_xml())
    if kind == "nd2":
        return write_nd2(path, np.moveaxis(PIXELS, 0, -1)[None], names=("a", "b", "c"))
    return write_lif(path, {"": [LifImage("a", PIXELS, "ZYX")]})


@pytest.mark.parametrize("kind", LIBRARIES)
def test_planes(kind: str, tmp_path: Path) -> None:
    """Planes come one by one, in any order and repeatedly, as fresh arrays."""
    path = _write(tmp_path / f"a.{kind}")
    with open_source(path.name, str(tmp_path), FileLoader()) as source:
        header = source.header
        for plane in (2, 0, 0, 1):
            pixels = source.read(plane)
            assert pixels.flags.owndata
            assert pixels.flags.writeable
            assert np.array_equal(pixels, PIXELS[plane])
            pixels[:] = 0
    assert header == probe(path.name, str(tmp_path), FileLoader())
    assert (header.planes, header.y, header.x, header.dtype) == (3, 4, 5, "uint16")
    assert kind in EXTENSIONS


@pytest.mark.parametrize("kind", LIBRARIES)
def test_plane_that_is_not_there(kind: str, tmp_path: Path) -> None:
    """A plane beyond the last one is named with how many there are."""
    path = _write(tmp_path / f"a.{kind}")
    with (
        open_source(path.name, str(tmp_path), FileLoader()) as source,
        pytest.raises(SourceError, match=r"plane 3 \(from 0\) was asked for"),
    ):
        source.read(3)


@pytest.mark.parametrize("kind", LIBRARIES)
def test_damaged_files(kind: str, tmp_path: Path) -> None:
    """A file cut short is an error of this package when opened or read."""
    content = _write(tmp_path / f"a.{kind}").read_bytes()
    path = tmp_path / f"cut.{kind}"
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(SourceError):
        _read_all(path)


def _read_all(path: Path) -> None:
    with open_source(path.name, str(path.parent), FileLoader()) as source:
        for plane in range(3):
            source.read(plane)


@pytest.mark.parametrize("kind", LIBRARIES)
def test_other_content(kind: str, tmp_path: Path) -> None:
    """A PNG with the ending of a container is told."""
    path = tmp_path / f"a.{kind}"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(SourceError) as caught:
        probe(path.name, str(tmp_path), FileLoader())
    assert str(caught.value) == (
        f"{path} cannot be read: its extension says {kind.upper()}, its content is "
        "PNG. Rename the file."
    )


@pytest.mark.parametrize("kind", LIBRARIES)
def test_library_that_is_not_installed(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the library the message says how to install it."""
    path = _write(tmp_path / f"a.{kind}")
    monkeypatch.setitem(sys.modules, LIBRARIES[kind], None)
    with pytest.raises(SourceError) as caught:
        probe(path.name, str(tmp_path), FileLoader())
    assert str(caught.value).endswith(
        f"Install it with `pip install tiles2zarr[{kind}]`."
    )


@pytest.mark.parametrize("kind", ["nd2", "lif"])
def test_remote_files(kind: str, tmp_path: Path) -> None:
    """ND2 and LIF are read behind a URL too."""
    content = _write(tmp_path / f"a.{kind}").read_bytes()
    url = f"memory://containers-{kind}"
    with fsspec.open(f"{url}/a.{kind}", "wb") as handle:
        handle.write(content)
    with open_source(f"a.{kind}", url, FileLoader()) as source:
        assert np.array_equal(source.read(1), PIXELS[1])


def test_remote_czi_is_refused(tmp_path: Path) -> None:
    """CZI files are read from disks only, which is said."""
    content = _write(tmp_path / "a.czi").read_bytes()
    with fsspec.open("memory://containers-czi/a.czi", "wb") as handle:
        handle.write(content)
    with pytest.raises(SourceError) as caught:
        probe("a.czi", "memory://containers-czi", FileLoader())
    assert str(caught.value) == (
        "memory://containers-czi/a.czi cannot be read: CZI files can be read from a "
        "local disk only. Copy it to a disk."
    )


def test_only_one_frame_is_fetched(tmp_path: Path) -> None:
    """Opening a LIF file and reading a plane takes little of a large file."""
    pytest.importorskip("liffile", reason="the extra lif is not installed")
    from tiles2zarr.loaders.leica_lif import LifSource

    large = np.zeros((50, 100, 200), np.uint16)
    path = write_lif(tmp_path / "a.lif", {"": [LifImage("a", large, "ZYX")]})
    counted = _CountingFile(path)
    with LifSource("a.lif", counted) as source:
        source.read(49)
    assert counted.count < 100 * 200 * 2 + 20_000


class _CountingFile:
    """A file that counts the bytes read from it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self.count += len(content)
        return content

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


def test_header_of_a_plane() -> None:
    """A header tells shape and type of each plane by the run it is in."""
    shapes = [(4, 5, "uint16")] * 2 + [(6, 7, "uint8")]
    runs = tuple(runs_of(shapes))
    assert runs == (Run(0, 4, 5, "uint16"), Run(2, 6, 7, "uint8"))
    header = Header(3, 4, 5, "uint16", runs=runs)
    found = [(h.y, h.x, h.dtype) for h in map(header.at, range(3))]
    assert found == shapes
    assert Header(3, 4, 5, "uint16").at(2) == Header(3, 4, 5, "uint16")


@pytest.mark.parametrize(
    ("axes", "frame", "counted"),
    [
        ("ZCTMYX", "YX", ("M", "T", "C", "Z")),
        ("AZYXS", "YXS", ("Z", "A")),
        ("YX", "YX", ()),
        ("TX", "TX", None),
        ("YZX", "ZX", None),
    ],
    ids=["all", "others last", "plane", "line", "side view"],
)
def test_order_of_leica_planes(
    axes: str, frame: str, counted: tuple[str, ...] | None
) -> None:
    """Planes run over tiles, times, channels, z, then other axes."""
    assert leica_axes(tuple(axes), tuple(frame)) == counted


def test_order_of_zeiss_planes() -> None:
    """Tiles are sorted by scene, mosaic tile, time, channel and z."""
    tiles = [{"S": 1}, {"M": 1}, {"T": 1}, {"C": 1}, {"Z": 1}, {"H": 1}, {}]
    assert sorted(tiles, key=zeiss_key) == tiles[::-1]
