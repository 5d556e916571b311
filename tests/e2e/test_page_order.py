"""Files of several planes whose tags say in which order the planes stand."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from numpy.typing import NDArray

from tests.e2e.convert import convert
from tests.rules.plate import write_csv
from tiles2zarr.checkpoints import read_json
from tiles2zarr.errors import FaultsError
from tiles2zarr.models.plan import Plan

Stack = NDArray[np.uint16]
Write = Callable[[Path, Stack], None]


def stack(t: int, c: int, z: int) -> Stack:
    """Return planes of 6 x 10 pixels, each of the one value 100 t + 10 c + z."""
    places = np.indices((t, c, z, 6, 10))
    return (100 * places[0] + 10 * places[1] + places[2]).astype(np.uint16)


def turned(pixels: Stack, axes: str) -> Stack:
    """Return (t, c, z, y, x) pixels along ``axes``."""
    return pixels.transpose(["TCZYX".index(axis) for axis in axes])


def ome(axes: str) -> Write:
    """Return what writes an OME-TIFF with planes along ``axes``, slowest first."""
    return lambda path, pixels: tifffile.imwrite(
        path, turned(pixels, axes), ome=True, metadata={"axes": axes}
    )


def noted(axes: str) -> Write:
    """Return what writes a TIFF in which tifffile notes the axes."""
    return lambda path, pixels: tifffile.imwrite(
        path, turned(pixels, axes), photometric="minisblack", metadata={"axes": axes}
    )


OME = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16"
SizeX="10" SizeY="6" {sizes}>{blocks}</Pixels></Image></OME>"""


def block(page: int, t: int, c: int, z: int, file: str = "") -> str:
    """Return the ``TiffData`` of one plane."""
    uuid = f'<UUID FileName="{file}">urn:uuid:{file}</UUID>' if file else ""
    return (
        f'<TiffData IFD="{page}" FirstT="{t}" FirstC="{c}" FirstZ="{z}" '
        f'PlaneCount="1">{uuid}</TiffData>'
    )


def write_pages(path: Path, pages: Stack, sizes: str, blocks: str) -> None:
    """Write (page, y, x) pixels with a description of OME."""
    tifffile.imwrite(
        path,
        pages,
        photometric="minisblack",
        metadata=None,
        description=OME.format(sizes=sizes, blocks=blocks),
    )


def shuffled(path: Path, pixels: Stack) -> None:
    """Write planes in no order of axes: every fifth, as ``TiffData`` tell."""
    t, c, z = pixels.shape[:3]
    places = list(np.ndindex(t, c, z))
    places = [places[5 * page % len(places)] for page in range(len(places))]
    write_pages(
        path,
        np.stack([pixels[place] for place in places]),
        f'SizeT="{t}" SizeC="{c}" SizeZ="{z}"',
        "".join(block(page, *place) for page, place in enumerate(places)),
    )


def imagej(path: Path, pixels: Stack) -> None:
    """Write a hyperstack of ImageJ: channels are the fastest."""
    axes = "TZCYX"
    tifffile.imwrite(path, turned(pixels, axes), imagej=True, metadata={"axes": axes})


def plain(path: Path, pixels: Stack) -> None:
    """Write planes without a word on their order."""
    planes = pixels.reshape(-1, *pixels.shape[-2:])
    tifffile.imwrite(path, planes, photometric="minisblack", metadata=None)


def colours(path: Path, pixels: Stack) -> None:
    """Write every z plane as a page of three colours, at time point 0 only."""
    pages = turned(pixels, "TZYXC")[0]
    tifffile.imwrite(path, pages, photometric="rgb", metadata=None)


def converted(work: Path, write: Write, *lengths: int) -> Stack:
    """Convert one file of (t, c, z) ``lengths``; return level 0."""
    work.joinpath("raw").mkdir()
    write(work / "raw/a.tif", stack(*lengths))
    return convert_declared(work, *lengths)


def convert_declared(work: Path, t: int, c: int, z: int) -> Stack:
    """Convert ``raw/a.tif``, declared with these lengths; return level 0."""
    row = {"file_path": "a.tif", "row": "B", "column": 3, "fov_name": "F1"}
    row |= {"start_x": -20.0, "start_y": 7.5, "start_z": 4.0, "start_t": 30.0}
    row |= {"length_x": 10, "length_y": 6, "length_t": t, "length_c": c, "length_z": z}
    write_csv(work / "raw/tiles.csv", [row])
    spacings = {"pixelsize": 0.5, "z_spacing": 2.0, "t_spacing": 15.0, "axes": "tczyx"}
    config = {
        "plate": {"name": "P1"},
        "output": str(work / "out"),
        "acquisitions": [{"path": str(work / "raw/tiles.csv"), "details": spacings}],
    }
    convert(config, work)
    array = zarr.open_array(work / "out/P1.zarr/B/03/0/0", mode="r")
    return np.asarray(array[...])


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(plain, id="plain"),
        pytest.param(imagej, id="imagej"),
        pytest.param(shuffled, id="ome-shuffled"),
        *(pytest.param(ome(axes), id=f"ome-{axes}") for axes in ("TZCYX", "CZTYX")),
        *(pytest.param(noted(axes), id=axes) for axes in ("TCZYX", "ZCTYX")),
    ],
)
def test_planes_are_where_the_tags_say(tmp_path: Path, write: Write) -> None:
    """2 time points, 3 channels and 4 planes in one file land by their own numbers."""
    pixels = converted(tmp_path, write, 2, 3, 4)
    np.testing.assert_array_equal(pixels, stack(2, 3, 4))


def test_a_stack_from_top_to_bottom(tmp_path: Path) -> None:
    """``TiffData`` that name pages backwards count along one axis too."""

    def backwards(path: Path, pixels: Stack) -> None:
        blocks = "".join(block(3 - z, 0, 0, z) for z in range(4))
        pages = pixels[0, 0, ::-1]
        write_pages(path, pages, 'SizeT="1" SizeC="1" SizeZ="4"', blocks)

    pixels = converted(tmp_path, backwards, 1, 1, 4)
    np.testing.assert_array_equal(pixels, stack(1, 1, 4))


def test_a_file_of_a_set_has_its_own_planes(tmp_path: Path) -> None:
    """Of 4 channels of 3 planes in two files, a file's two stand channel by plane."""

    def second(path: Path, pixels: Stack) -> None:
        own = [(z, c) for z in range(3) for c in range(2)]
        blocks = [block(n, 0, c, z, "b.tif") for n, (z, c) in enumerate(own)]
        blocks += [block(n, 0, c + 2, z, "a.tif") for n, (z, c) in enumerate(own)]
        pages = np.stack([pixels[0, c, z] for z, c in own])
        sizes = 'SizeT="1" SizeC="4" SizeZ="3"'
        write_pages(path, pages, sizes, "".join(blocks))

    pixels = converted(tmp_path, second, 1, 2, 3)
    np.testing.assert_array_equal(pixels, stack(1, 2, 3))


def test_a_file_of_a_set_that_was_renamed(tmp_path: Path) -> None:
    """A file of a set whose blocks name other files only is not guessed at."""

    def renamed(path: Path, pixels: Stack) -> None:
        own = [(z, c) for z in range(3) for c in range(2)]
        blocks = [block(n, 0, c, z, "c.tif") for n, (z, c) in enumerate(own)]
        blocks += [block(n, 0, c + 2, z, "d.tif") for n, (z, c) in enumerate(own)]
        pages = np.stack([pixels[0, c, z] for z, c in own])
        sizes = 'SizeT="1" SizeC="4" SizeZ="3"'
        write_pages(path, pages, sizes, "".join(blocks))

    with pytest.raises(FaultsError) as error:
        converted(tmp_path, renamed, 1, 2, 3)
    assert (
        f"{tmp_path / 'raw/a.tif'} has OME-XML that does not tell which of its planes "
        "the 6 pages are" in str(error.value)
    )


def test_a_page_that_two_planes_claim(tmp_path: Path) -> None:
    """Three planes that are all said to be page 0 are not guessed at."""

    def claimed(path: Path, pixels: Stack) -> None:
        blocks = "".join(block(0, 0, 0, z) for z in range(3))
        write_pages(path, pixels[0, 0], 'SizeT="1" SizeC="1" SizeZ="3"', blocks)

    with pytest.raises(FaultsError) as error:
        converted(tmp_path, claimed, 1, 1, 3)
    assert (
        f"{tmp_path / 'raw/a.tif'}: the TiffData of its OME-XML name page 0 3 times "
        "(counted from 0), expected each once. Export the file again, or save it "
        "without that description." in str(error.value)
    )


def test_pages_of_a_pattern_are_where_tiff_data_say(tmp_path: Path) -> None:
    """The planes of a file that a pattern found land by their own numbers."""
    (tmp_path / "raw").mkdir()
    shuffled(tmp_path / "raw/B03.tif", stack(2, 3, 4))
    acquisition = {
        "path": str(tmp_path / "raw"),
        "format": "pattern",
        "options": {"pattern": "{well}.tif"},
        "details": {"pixelsize": 0.5, "z_spacing": 2.0, "t_spacing": 15.0},
    }
    config = {
        "plate": {"name": "P1"},
        "output": str(tmp_path / "out"),
        "acquisitions": [acquisition],
    }
    convert(config, tmp_path)
    array = zarr.open_array(tmp_path / "out/P1.zarr/B/03/0/0", mode="r")
    np.testing.assert_array_equal(array[...], stack(2, 3, 4))


def test_planes_are_counted_one_by_one(tmp_path: Path) -> None:
    """The plan tells 24 planes of one file, not the one row of the table."""
    converted(tmp_path, plain, 2, 3, 4)
    plan = read_json(tmp_path / "results/P1/plan.json", Plan)
    assert plan.images["B/03/0"].planes == 24


def test_as_many_channels_as_planes(tmp_path: Path) -> None:
    """Lengths that are equal do not tell axes apart, their names do."""
    pixels = converted(tmp_path, imagej, 1, 3, 3)
    np.testing.assert_array_equal(pixels, stack(1, 3, 3))


def test_colours_of_a_stack(tmp_path: Path) -> None:
    """The three colours of a page are channels of one plane."""
    pixels = converted(tmp_path, colours, 1, 3, 4)
    np.testing.assert_array_equal(pixels, stack(1, 3, 4))


def test_names_do_not_matter_where_lengths_stand_alike(tmp_path: Path) -> None:
    """A file that calls 2 channels of 3 planes time points is taken in its order."""
    (tmp_path / "raw").mkdir()
    pixels = stack(2, 1, 3)
    noted("TCZYX")(tmp_path / "raw/a.tif", pixels)
    found = convert_declared(tmp_path, 1, 2, 3)
    np.testing.assert_array_equal(found, pixels.reshape(1, 2, 3, 6, 10))


def test_tags_that_contradict_the_table(tmp_path: Path) -> None:
    """A file of 2 channels of 6 planes is not taken for 3 channels of 4."""
    (tmp_path / "raw").mkdir()
    path = tmp_path / "raw/a.tif"
    imagej(path, stack(1, 2, 6))
    with pytest.raises(FaultsError) as error:
        convert_declared(tmp_path, 1, 3, 4)
    assert (
        f"{path} says that it holds 2 channels x 6 planes, the table declares 3 "
        "channels x 4 planes. Correct length_t, length_c and length_z, or save the "
        "file without that description." in str(error.value)
    )
