"""Headers and tags of image files: size, pages, pixel size, stage position."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.pattern_header import FileHeader, read_header
from tiles2zarr.parsers.pattern_tags import NO_TAGS, Tags

PLANE = np.zeros((6, 9), dtype=np.uint16)
OME = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">{images}</OME>"""


def ome(pixels: str, plane: str = "", uuid: str = "") -> str:
    """Return an OME image of a 9 x 6 plane."""
    return (
        f'<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" '
        f'Type="uint16" SizeX="9" SizeY="6" SizeC="1" SizeT="1" {pixels}>'
        f"<TiffData>{uuid}</TiffData>{plane}</Pixels></Image>"
    )


def write_ome(path: Path, *images: str, pages: int = 1) -> str:
    """Write a TIFF whose description holds OME images; return its path."""
    tifffile.imwrite(
        path,
        np.zeros((pages, 6, 9), dtype=np.uint16),
        photometric="minisblack",
        metadata=None,
        description=OME.format(images="".join(images)),
    )
    return str(path)


def test_plain_tiff(tmp_path: Path) -> None:
    """A TIFF without metadata tells rows, columns and one page, and no more."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, PLANE, metadata=None)
    assert read_header(str(path)) == FileHeader(6, 9, 1, 1, NO_TAGS)


@pytest.mark.parametrize("ending", ["png", "bmp", "jpg"])
def test_rasters(tmp_path: Path, ending: str) -> None:
    """PNG, BMP and JPEG tell rows and columns."""
    path = tmp_path / f"a.{ending}"
    Image.fromarray(PLANE.astype(np.uint8)).save(path)
    assert read_header(str(path)) == FileHeader(6, 9)


def test_colours(tmp_path: Path) -> None:
    """A colour image has three samples and one page, in TIFF and in PNG."""
    colours = np.zeros((6, 9, 3), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", colours, photometric="rgb")
    Image.fromarray(colours).save(tmp_path / "a.png")
    for name in ("a.tif", "a.png"):
        header = read_header(str(tmp_path / name))
        assert (header.y, header.x, header.pages, header.samples) == (6, 9, 1, 3)


def test_npy(tmp_path: Path) -> None:
    """Leading axes of an array are pages."""
    np.save(tmp_path / "a.npy", np.zeros((2, 5, 6, 9), dtype=np.uint8))
    assert read_header(str(tmp_path / "a.npy")) == FileHeader(6, 9, 10)


@pytest.mark.parametrize(
    ("resolution", "unit", "pixelsize"),
    [
        pytest.param((20000, 20000), "CENTIMETER", 0.5, id="cm"),
        pytest.param((25400 * 4, 25400 * 4), "INCH", 0.25, id="inch"),
        pytest.param((72, 72), "INCH", None, id="printer"),
        pytest.param((20000, 20000), "NONE", None, id="no-unit"),
    ],
)
def test_resolution_tags(
    tmp_path: Path, resolution: tuple[int, int], unit: str, pixelsize: float | None
) -> None:
    """Pixels per cm or inch give the pixel size; 72 per inch are a printer's."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, PLANE, resolution=resolution, resolutionunit=unit, metadata=None
    )
    assert read_header(str(path)).tags.pixelsize == pytest.approx(pixelsize)


@pytest.mark.parametrize("unit", ["micron", "um", "\\u00B5m"])
def test_imagej(tmp_path: Path, unit: str) -> None:
    """ImageJ tells pixel size, spacing and the order of its pages: c, z, t."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path,
        np.zeros((2, 3, 4, 6, 9), dtype=np.uint16),
        imagej=True,
        resolution=(4, 4),
        metadata={"axes": "TZCYX", "unit": unit, "spacing": 1.5},
    )
    header = read_header(str(path))
    assert (header.y, header.x, header.pages) == (6, 9, 24)
    order = (("c", 4), ("z", 3), ("t", 2))
    assert header.tags == Tags(pixelsize=0.25, z_spacing=1.5, order=order)


def test_ome(tmp_path: Path) -> None:
    """OME-XML tells pixel size, spacing, stage and order, whatever the unit."""
    path = write_ome(
        tmp_path / "a.tif",
        ome(
            'SizeZ="2" PhysicalSizeX="325" PhysicalSizeXUnit="nm" PhysicalSizeZ="2"',
            '<Plane TheZ="0" TheC="0" TheT="0" PositionX="1.5" PositionXUnit="mm" '
            'PositionY="-20" PositionZ="7" PositionYUnit="reference frame"/>',
        ),
        pages=2,
    )
    assert read_header(path).tags == Tags(
        pixelsize=0.325,
        z_spacing=2.0,
        x=1500.0,
        y=-20.0,
        z=7.0,
        order=(("z", 2), ("c", 1), ("t", 1)),
    )


def test_ome_of_several_files(tmp_path: Path) -> None:
    """Where every file tells of all, the image that names the file counts."""
    images = [
        ome(
            f'SizeZ="1" PhysicalSizeX="0.{n}"',
            f'<Plane PositionX="{n}" PositionY="{10 * n}"/>',
            f'<UUID FileName="{name}.tif">urn:uuid:0</UUID>',
        )
        for n, name in ((1, "a"), (2, "b"))
    ]
    tags = read_header(write_ome(tmp_path / "b.tif", *images)).tags
    assert (tags.pixelsize, tags.x, tags.y) == (0.2, 2.0, 20.0)
    tags = read_header(write_ome(tmp_path / "c.tif", *images)).tags
    assert (tags.pixelsize, tags.x, tags.y) == (0.1, None, None)


@pytest.mark.parametrize(
    ("blocks", "order", "numbers"),
    [
        pytest.param('<TiffData IFD="0" PlaneCount="6"/>', (3, 2), None, id="in-order"),
        pytest.param(
            '<TiffData IFD="0" FirstC="1" PlaneCount="3"/>'
            '<TiffData IFD="3" PlaneCount="3"/>',
            (3, 2),
            (3, 4, 5, 0, 1, 2),
            id="second-channel-first",
        ),
        pytest.param(
            '<TiffData IFD="3"/><TiffData IFD="0" FirstZ="1" PlaneCount="2"/>'
            '<TiffData IFD="1" PlaneCount="0"/>'
            '<TiffData IFD="2" FirstC="1" FirstZ="2"/>'
            '<TiffData IFD="4" FirstC="1" PlaneCount="2"/>',
            (3, 2),
            (1, 2, 5, 0, 3, 4),
            id="single-pages",
        ),
        pytest.param(
            '<TiffData FirstC="0"><UUID FileName="a.tif">u</UUID></TiffData>'
            '<TiffData FirstC="1"><UUID FileName="b.tif">v</UUID></TiffData>',
            (),
            None,
            id="fewer-than-pages",
        ),
        pytest.param(
            '<TiffData><UUID FileName="b.tif">v</UUID></TiffData>'
            '<TiffData><UUID FileName="c.tif">w</UUID></TiffData>',
            (),
            None,
            id="other-files",
        ),
    ],
)
def test_tiff_data(
    tmp_path: Path,
    blocks: str,
    order: tuple[int, int] | tuple[()],
    numbers: tuple[int, ...] | None,
) -> None:
    """Blocks tell which plane of 3 z by 2 channels each of the 6 pages is."""
    image = (
        '<Image><Pixels DimensionOrder="XYZCT" SizeX="9" SizeY="6" SizeZ="3" SizeC="2" '
        f'SizeT="1">{blocks}</Pixels></Image>'
    )
    tags = read_header(write_ome(tmp_path / "a.tif", image, pages=6)).tags
    z_c_t = tuple(zip("zct", (*order, 1), strict=True)) if order else ()
    assert (tags.order, tags.pages) == (z_c_t, numbers)


def test_an_acquisition_that_was_stopped(tmp_path: Path) -> None:
    """Of 5 time points of 2 planes said to be there, 6 pages are the first three."""
    image = (
        '<Image><Pixels DimensionOrder="XYZCT" SizeX="9" SizeY="6" SizeZ="2" SizeC="1" '
        'SizeT="5"><TiffData IFD="0" PlaneCount="10"/></Pixels></Image>'
    )
    tags = read_header(write_ome(tmp_path / "a.tif", image, pages=6)).tags
    assert tags.order == (("z", 2), ("c", 1), ("t", 3))
    assert tags.pages is None


def test_damaged_ome_counts_as_none(tmp_path: Path) -> None:
    """OME-XML that is cut short leaves the pixel size unknown."""
    path = tmp_path / "a.tif"
    text = OME.format(images=ome('PhysicalSizeX="1"'))[:200] + "</OME>"
    tifffile.imwrite(path, PLANE, metadata=None, description=text)
    assert read_header(str(path)).tags == NO_TAGS


def metaseries(**values: str) -> str:
    """Return a MetaSeries description with float and bool properties."""
    props = "".join(
        f'<prop id="{key.replace("_", "-")}" type="{kind}" value="{value}"/>'
        for key, text in values.items()
        for kind, value in [text.split(":")]
    )
    return f"<MetaData><PlaneInfo>{props}</PlaneInfo></MetaData>"


@pytest.mark.parametrize(
    ("state", "pixelsize"), [("On", 0.65), ("Off", None)], ids=["calibrated", "not"]
)
def test_metaseries(tmp_path: Path, state: str, pixelsize: float | None) -> None:
    """MetaSeries tells pixel size, if calibrated, and the stage."""
    path = tmp_path / "a.tif"
    text = metaseries(
        spatial_calibration_state=f"bool:{state}",
        spatial_calibration_x="float:0.65",
        spatial_calibration_units="string:um",
        stage_position_x="float:-12.5",
        stage_position_y="float:40",
        z_position="float:3.25",
    )
    tifffile.imwrite(path, PLANE, metadata=None, description=text)
    tags = read_header(str(path)).tags
    assert tags == Tags(pixelsize=pixelsize, x=-12.5, y=40.0, z=3.25)


@pytest.mark.parametrize("content", [b"", b"II*\0", b"no image"], ids=repr)
@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.npy"])
def test_no_image(tmp_path: Path, name: str, content: bytes) -> None:
    """A file that is no image is an error that names it and the cure."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ParserError) as caught:
        read_header(str(path))
    assert str(caught.value).startswith(f"{path} cannot be read as an image: ")
    assert str(caught.value).endswith("write the pattern so that it does not match.")


def test_damaged_headers_are_parser_errors(tmp_path: Path) -> None:
    """A TIFF that is cut or changed at any place gives a header or a ParserError."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, PLANE, imagej=True, resolution=(4, 4), metadata={"unit": "um"}
    )
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    variants = [whole[:end] for end in range(0, len(whole), 7)]
    for place in rng.integers(0, len(whole), 200):
        variants.append(whole[:place] + bytes([rng.integers(256)]) + whole[place + 1 :])
    for content in variants:
        path.write_bytes(content)
        outcome: object
        try:
            outcome = read_header(str(path))
        except ParserError as error:
            outcome = error
        assert isinstance(outcome, FileHeader) or str(path) in str(outcome)


def test_real_metaseries(real_data: Path) -> None:
    """An ImageXpress file tells its pixel size and stage position."""
    folder = real_data / "imagexpress/9987_Plate_3433/TimePoint_1/ZStep_1"
    tags = read_header(str(folder / "9987_B02_s2_w1.TIF")).tags
    assert tags.pixelsize == pytest.approx(1.3672)
    assert (tags.x, tags.y) != (None, None)
