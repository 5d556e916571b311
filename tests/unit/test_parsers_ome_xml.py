"""OME-XML and OME-TIFF: every plane gets its page, its well and its place.

The documents are written here by hand, so that every number can be checked by eye.
Tiles are 6 pixels wide and 4 high, plates have fewer rows than columns.
"""

import contextlib
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import fsspec
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tiles2zarr.errors import ParserError, Tiles2ZarrError
from tiles2zarr.models.well import PlateLayout
from tiles2zarr.parsers.ome_xml import parse
from tiles2zarr.parsers.peek import detect
from tiles2zarr.parsers.records import ParsedAcquisition, check_table

WIDTH, HEIGHT = 6, 4
NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def _attributes(values: Mapping[str, object]) -> str:
    return "".join(f' {k}="{v}"' for k, v in values.items() if v is not None)


def _plane(c: int = 0, z: int = 0, t: int = 0, **more: object) -> str:
    """Return a Plane; ``x``, ``y`` and ``z_um`` are its position in micrometer."""
    named = {"x": "PositionX", "y": "PositionY", "z_um": "PositionZ"}
    values: dict[str, object] = {"TheC": c, "TheZ": z, "TheT": t}
    for key, value in more.items():
        values[named.get(key, key)] = value
        if key in named:
            values.setdefault(f"{named[key]}Unit", "µm")
    return f"<Plane{_attributes(values)}/>"


def _tiff(file: str | None = None, uuid: str = "", **values: object) -> str:
    if file is None and not uuid:
        return f"<TiffData{_attributes(values)}/>"
    name = _attributes({"FileName": file})
    return f"<TiffData{_attributes(values)}><UUID{name}>{uuid}</UUID></TiffData>"


def _image(
    number: int | str,
    content: str,
    *,
    name: str | None = None,
    czt: tuple[int, int, int] = (1, 1, 1),
    channels: str = "",
    date: str = "",
    **pixels: object,
) -> str:
    """Return an Image of 6 x 4 pixels of 0.5 micrometer."""
    c, z, t = czt
    values: dict[str, object] = {
        "ID": f"Pixels:{number}",
        "DimensionOrder": "XYCZT",
        "Type": "uint16",
        "SizeX": WIDTH,
        "SizeY": HEIGHT,
        "SizeC": c,
        "SizeZ": z,
        "SizeT": t,
        "PhysicalSizeX": 0.5,
        "PhysicalSizeY": 0.5,
    }
    when = f"<AcquisitionDate>{date}</AcquisitionDate>" if date else ""
    return (
        f"<Image{_attributes({'ID': f'Image:{number}', 'Name': name})}>{when}"
        f"<Pixels{_attributes(values | pixels)}>{channels}{content}</Pixels></Image>"
    )


def _sample(image: int | str | None, **values: object) -> str:
    ref = "" if image is None else f'<ImageRef ID="Image:{image}"/>'
    return f"<WellSample{_attributes(values)}>{ref}</WellSample>"


def _well(row: int, column: int, *samples: str) -> str:
    place = _attributes({"Row": row, "Column": column})
    return f'<Well ID="Well:{row}:{column}"{place}>{"".join(samples)}</Well>'


def _plate(content: str, **values: object) -> str:
    named = _attributes({"ID": "Plate:0", "Name": "P1"} | values)
    return f"<Plate{named}>{content}</Plate>"


def _ome(*content: str, uuid: str | None = None) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<OME xmlns="{NAMESPACE}"{_attributes({"UUID": uuid})}>\n'
        + "\n".join(content)
        + "\n</OME>\n"
    )


def _write_tiff(
    path: Path, pages: Iterable[int] = (0,), description: str | None = None
) -> None:
    """Write pages of one value each, with a description on the first one."""
    with tifffile.TiffWriter(path) as tiff:
        for number, value in enumerate(pages):
            tiff.write(
                np.full((HEIGHT, WIDTH), value, np.uint16),
                description=description.encode()
                if description and not number
                else None,
                metadata=None,
                contiguous=False,
            )


def _companion(folder: Path, *content: str, files: Iterable[str] = ()) -> Path:
    path = folder / "plate.companion.ome"
    path.write_text(_ome(*content), encoding="utf-8")
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        _write_tiff(folder / file)
    return path


def _parse(path: Path, **options: object) -> ParsedAcquisition:
    parsed = parse(str(path), options)
    check_table(parsed.table, parsed.attributes, "ome_xml")
    return parsed


def _codes(parsed: ParsedAcquisition) -> dict[str, int]:
    return {finding.code: finding.count for finding in parsed.findings}


def _rows(parsed: ParsedAcquisition, *columns: str) -> list[tuple[object, ...]]:
    return list(parsed.table[list(columns)].itertuples(index=False, name=None))


def _single(path: Path, content: str, **image: object) -> Path:
    return _companion(path, _image(0, content, **image), files=["a.tif"])


def test_fields_of_a_plate_get_well_field_and_position(tmp_path: Path) -> None:
    """Well rows and columns count from 0, and positions in millimetre are converted."""
    images = [
        _image(
            n,
            _tiff(f"{n}.tif")
            + _plane(PositionX=x, PositionXUnit="mm", PositionY=y, PositionYUnit="mm"),
        )
        for n, (x, y) in enumerate([(1.5, 2), (1.503, 2), (1.5, 2.5), (7, -3)])
    ]
    wells = (
        _well(0, 2, _sample(0, ID="s0", Index=0), _sample(1, ID="s1", Index=1)),
        _well(1, 0, _sample(3, ID="s3", Index=3), _sample(2, ID="s2", Index=2)),
    )
    path = _companion(
        tmp_path,
        _plate("".join(wells), Rows=2, Columns=3, Name="Drugs"),
        *images,
        files=[f"{n}.tif" for n in range(4)],
    )
    for place in (path, tmp_path):
        parsed = _parse(place)
        assert _rows(parsed, "file", "row", "column", "fov", "x", "y") == [
            ("0.tif", 0, 2, "1", 1500.0, 2000.0),
            ("1.tif", 0, 2, "2", 1503.0, 2000.0),
            ("2.tif", 1, 0, "1", 1500.0, 2500.0),
            ("3.tif", 1, 0, "2", 7000.0, -3000.0),
        ]
        assert parsed.plate_name == "Drugs"
        assert parsed.layout == PlateLayout(rows=2, columns=3)
        assert parsed.resource == str(tmp_path)
        assert set(parsed.table["len_x"]) == {6.0}
        assert set(parsed.table["len_y"]) == {4.0}
        assert parsed.details.pixelsize == 0.5
        assert not parsed.details.stage_corrections.flip_y
        assert parsed.findings == ()


@pytest.mark.parametrize(
    "order", ["XYCZT", "XYCTZ", "XYZCT", "XYZTC", "XYTCZ", "XYTZC"]
)
def test_pages_follow_the_dimension_order(tmp_path: Path, order: str) -> None:
    """The page of a plane holds the number written there in the document's order."""
    sizes = {"C": 2, "Z": 3, "T": 4}
    slow, middle, fast = order[4], order[3], order[2]
    pages = []
    for a in range(sizes[slow]):
        for b in range(sizes[middle]):
            for c in range(sizes[fast]):
                at = {slow: a, middle: b, fast: c}
                pages.append(100 * at["T"] + 10 * at["Z"] + at["C"])
    text = _ome(_image(0, _tiff(), czt=(2, 3, 4), DimensionOrder=order))
    path = tmp_path / "a.ome.tif"
    _write_tiff(path, pages, text)
    parsed = _parse(path)
    assert len(parsed.table) == 24
    with tifffile.TiffFile(path) as tiff:
        for plane, c, z, t in _rows(parsed, "plane", "c", "z", "t"):
            assert tiff.pages[plane].asarray()[0, 0] == 100 * t + 10 * z + c
    order_of_rows = _rows(parsed, "t", "c", "z")
    assert order_of_rows == sorted(order_of_rows)


def test_tifffile_writes_what_is_read(tmp_path: Path) -> None:
    """An OME-TIFF by tifffile comes with its axes, sizes and channel names."""
    pixels = np.zeros((2, 3, HEIGHT, WIDTH), np.uint16)  # z, c, y, x
    tifffile.imwrite(
        tmp_path / "cells.ome.tif",
        pixels,
        ome=True,
        photometric="minisblack",
        metadata={
            "axes": "ZCYX",
            "PhysicalSizeX": 250,
            "PhysicalSizeXUnit": "nm",
            "PhysicalSizeY": 250,
            "PhysicalSizeYUnit": "nm",
            "PhysicalSizeZ": 2,
            "Channel": {"Name": ["DAPI", "GFP", "Cy5"]},
        },
    )
    parsed = _parse(tmp_path)
    assert _rows(parsed, "c", "z", "plane") == [
        (c, z, 3 * z + c) for c in range(3) for z in range(2)
    ]
    assert parsed.details.pixelsize == 0.25
    assert parsed.details.z_spacing == 2.0
    labels = [channel.channel_label for channel in parsed.details.channels or ()]
    assert labels == ["DAPI", "GFP", "Cy5"]
    assert set(parsed.table["image_path"]) == {"cells"}
    assert parsed.table["row"].isna().all()


def test_colour_pages_are_three_channels(tmp_path: Path) -> None:
    """An RGB page is one tile of three channels, and pages advance by three planes."""
    pixels = np.zeros((2, HEIGHT, WIDTH, 3), np.uint8)
    tifffile.imwrite(
        tmp_path / "rgb.ome.tif",
        pixels,
        ome=True,
        photometric="rgb",
        metadata={"axes": "ZYXS"},
    )
    parsed = _parse(tmp_path / "rgb.ome.tif")
    assert _rows(parsed, "c", "z", "len_c", "plane") == [(0, 0, 3, 0), (0, 1, 3, 3)]
    channels = parsed.details.channels or ()
    assert [(c.channel_label, c.colors) for c in channels] == [
        ("red", "FF0000"),
        ("green", "00FF00"),
        ("blue", "0000FF"),
    ]
    assert _codes(parsed)["pixel_size_unknown"] == 1


def _two_plates(folder: Path) -> Path:
    return _companion(
        folder,
        _plate(_well(0, 1, _sample(0)), ID="Plate:0", Name="first"),
        _plate(_well(5, 3, _sample(1)), ID="Plate:1", Name="second"),
        _image(0, _tiff("0.tif")),
        _image(1, _tiff("1.tif")),
        files=["0.tif", "1.tif"],
    )


def test_two_plates_need_a_choice(tmp_path: Path) -> None:
    """Of two plates in one file neither is taken unasked; the error names both."""
    path = _two_plates(tmp_path)
    with pytest.raises(ParserError) as caught:
        _parse(path)
    assert str(caught.value) == (
        f"{path} holds 2 plates: 'first' (Plate:0), 'second' (Plate:1). Set the option "
        "plate to the name or id of one of them; each plate is a run of its own."
    )


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("first", ("0.tif", 0, 1)),
        ("second", ("1.tif", 5, 3)),
        ("Plate:1", ("1.tif", 5, 3)),
    ],
)
def test_a_plate_is_chosen_by_name_or_id(
    tmp_path: Path, wanted: str, expected: tuple[object, ...]
) -> None:
    """The option plate takes the wells of that plate alone, row F too."""
    parsed = _parse(_two_plates(tmp_path), plate=wanted)
    assert _rows(parsed, "file", "row", "column") == [expected]
    assert parsed.plate_name == ("first" if expected[1] == 0 else "second")
    assert parsed.layout is None


def test_a_plate_that_is_not_there_is_named(tmp_path: Path) -> None:
    """An unknown plate is an error that lists the plates."""
    path = _two_plates(tmp_path)
    with pytest.raises(ParserError) as caught:
        _parse(path, plate="third")
    assert str(caught.value) == (
        f"{path} holds 0 plates called 'third', its plates are: 'first' (Plate:0), "
        "'second' (Plate:1). Set the option plate to one of these names or ids."
    )


@pytest.mark.parametrize(
    "wells",
    ["", _well(0, 1), _well(0, 1, _sample(None))],
    ids=["no wells", "no fields", "no images"],
)
def test_an_empty_plate_is_an_error(tmp_path: Path, wells: str) -> None:
    """A plate without any image is refused, also if the file holds images."""
    path = _companion(
        tmp_path, _plate(wells), _image(0, _tiff("a.tif")), files=["a.tif"]
    )
    with pytest.raises(ParserError) as caught:
        _parse(path)
    assert str(caught.value) == (
        f"{path}: plate 'P1' (Plate:0) has no well with an image. Leave it out, or "
        "export it again after it was acquired."
    )


def test_an_empty_plate_beside_another_is_left_out(tmp_path: Path) -> None:
    """With one acquired plate, an empty one is only a finding."""
    path = _companion(
        tmp_path,
        _plate("", ID="Plate:7", Name="blank"),
        _plate(_well(1, 2, _sample(0))),
        _image(0, _tiff("a.tif")),
        files=["a.tif"],
    )
    parsed = _parse(path)
    assert parsed.plate_name == "P1"
    assert _codes(parsed) == {"empty_plates": 1}


def test_a_layout_too_small_is_not_taken(tmp_path: Path) -> None:
    """Rows and columns that do not hold the wells are a finding, not a layout."""
    path = _companion(
        tmp_path,
        _plate(_well(5, 3, _sample(0)), Rows=2, Columns=3),
        _image(0, _tiff("a.tif")),
        files=["a.tif"],
    )
    parsed = _parse(path)
    assert parsed.layout is None
    assert [f.message for f in parsed.findings] == [
        "The plate is said to have 2 rows and 3 columns, which does not hold well F04; "
        "its layout is taken from the wells."
    ]


def test_fields_keep_their_number_beside_ones_not_acquired(tmp_path: Path) -> None:
    """A planned field without an image, or whose image is absent, leaves a gap."""
    samples = (
        _sample(None, ID="s0", Index=0),
        _sample(9, ID="s1", Index=1),
        _sample(0, ID="s2", Index=2),
    )
    path = _companion(
        tmp_path,
        _plate(_well(0, 1, *samples)),
        _image(0, _tiff("a.tif")),
        _image(1, _tiff("b.tif")),
        files=["a.tif", "b.tif"],
    )
    parsed = _parse(path)
    assert _rows(parsed, "file", "fov") == [("a.tif", "3")]
    assert _codes(parsed) == {
        "fields_not_acquired": 1,
        "images_absent": 1,
        "images_outside_plate": 1,
    }


def test_images_without_a_plate_go_by_their_names(tmp_path: Path) -> None:
    """Names lose what cannot be a path and repeats are numbered; else the file's."""
    path = _companion(
        tmp_path,
        _image(0, _tiff("a.tif"), name="cells.lif [Series 1]"),
        _image(1, _tiff("b.ome.tif"), name="CELLS.ome.tiff"),
        _image(2, _tiff("b.ome.tif", IFD=1), name="cells"),
        _image(3, _tiff("sub/d.ome.tif")),
        _image(4, _tiff("e.tif"), name="../.."),
        files=["a.tif", "b.ome.tif", "sub/d.ome.tif", "e.tif"],
    )
    parsed = _parse(path)
    assert _rows(parsed, "image_path", "file", "plane", "x", "y") == [
        ("cells.lif _Series 1", "a.tif", 0, 0.0, 0.0),
        ("CELLS", "b.ome.tif", 0, 0.0, 0.0),
        ("cells_2", "b.ome.tif", 1, 0.0, 0.0),
        ("d", "sub/d.ome.tif", 0, 0.0, 0.0),
        ("image", "e.tif", 0, 0.0, 0.0),
    ]
    assert parsed.plate_name is None
    assert _codes(parsed) == {"renamed_images": 3}


def test_a_tiff_points_to_its_companion(tmp_path: Path) -> None:
    """BinaryOnly in a TIFF leads to the companion with the metadata of all files."""
    companion = _companion(
        tmp_path,
        _image(0, _tiff("a.ome.tif") + _tiff("b.ome.tif", FirstT=1), czt=(1, 1, 2)),
    )
    pointer = _ome(
        f'<BinaryOnly MetadataFile="{companion.name}" UUID="urn:uuid:1"/>',
        uuid="urn:uuid:2",
    )
    _write_tiff(tmp_path / "a.ome.tif", description=pointer)
    _write_tiff(tmp_path / "b.ome.tif", description=pointer)
    for path in (tmp_path / "b.ome.tif", companion, tmp_path):
        assert _rows(_parse(path), "file", "t", "plane") == [
            ("a.ome.tif", 0.0, 0),
            ("b.ome.tif", 1.0, 0),
        ]


def test_an_absent_companion_is_named(tmp_path: Path) -> None:
    """A TIFF whose metadata are elsewhere says which file to copy."""
    path = tmp_path / "a.ome.tif"
    _write_tiff(path, description=_ome('<BinaryOnly MetadataFile="p.companion.ome"/>'))
    with pytest.raises(ParserError) as caught:
        _parse(tmp_path)
    assert str(caught.value) == (
        f"{path}, line 3, element BinaryOnly: the metadata stand in 'p.companion.ome', "
        f"which is not in {tmp_path}. Copy it there."
    )


def test_files_that_repeat_the_metadata_count_once(tmp_path: Path) -> None:
    """A multi-file OME-TIFF with all metadata in every file is one acquisition."""
    wells = _well(0, 2, _sample(0)) + _well(1, 0, _sample(1))
    text = _ome(
        _plate(wells),
        _image(0, _tiff("a.ome.tif", "urn:uuid:a")),
        _image(1, _tiff("b.ome.tif", "urn:uuid:b")),
    )
    _write_tiff(tmp_path / "a.ome.tif", description=text)
    _write_tiff(tmp_path / "b.ome.tif", description=text)
    _write_tiff(tmp_path / "overview.tif")
    parsed = _parse(tmp_path)
    assert _rows(parsed, "file", "row", "column") == [
        ("a.ome.tif", 0, 2),
        ("b.ome.tif", 1, 0),
    ]
    assert _codes(parsed) == {"other_files": 1}


def test_files_with_own_metadata_make_one_plate(tmp_path: Path) -> None:
    """Files that each describe their own field, with equal ids, are one plate."""
    places = {"a": (0, 2, 0), "b": (0, 2, 10), "c": (1, 0, 0)}
    for name, (row, column, x) in places.items():
        text = _ome(
            _plate(_well(row, column, _sample(0, ID="WellSample:0"))),
            _image(0, _tiff(IFD=0) + _plane(x=x, y=5)),
        )
        _write_tiff(tmp_path / f"{name}.ome.tif", description=text)
    parsed = _parse(tmp_path)
    assert _rows(parsed, "file", "row", "column", "fov", "x") == [
        ("a.ome.tif", 0, 2, "1", 0.0),
        ("b.ome.tif", 0, 2, "2", 10.0),
        ("c.ome.tif", 1, 0, "1", 0.0),
    ]
    assert parsed.findings == ()


def test_a_renamed_file_is_known_by_its_uuid(tmp_path: Path) -> None:
    """A file that was renamed after it was written is found by its UUID."""
    text = _ome(
        _image(0, _tiff("old.ome.tif", "urn:uuid:7"), name="x"), uuid="urn:uuid:7"
    )
    _write_tiff(tmp_path / "new.ome.tif", description=text)
    parsed = _parse(tmp_path)
    assert _rows(parsed, "file") == [("new.ome.tif",)]
    assert [f.message for f in parsed.findings] == [
        "1 files have another name on disk than in the metadata, e.g. new.ome.tif for "
        "old.ome.tif; the files on disk are taken."
    ]


def test_absent_files_stay_tiles(tmp_path: Path) -> None:
    """A file that is not on disk is counted, and its plane stays to be reported."""
    path = _companion(
        tmp_path,
        _image(0, _tiff("a.tif") + _tiff("sub\\B.TIF", FirstZ=1), czt=(1, 3, 1)),
        files=["sub/b.tif"],
    )
    parsed = _parse(path)
    assert _rows(parsed, "file", "z", "status") == [
        ("a.tif", 0.0, "ok"),
        ("sub/b.tif", 1.0, "ok"),
    ]
    assert _codes(parsed) == {
        "missing_files": 1,
        "renamed_files": 1,
        "planes_not_acquired": 1,
        "z_spacing_unknown": 1,
    }
    missing = next(f for f in parsed.findings if f.code == "missing_files")
    assert missing.severity == "error"
    assert missing.message == (
        "1 of 2 files that the metadata name are not on disk, e.g. a.tif. Copy them, "
        "or set writing.on_missing to report to go on without."
    )


@pytest.mark.parametrize("name", ["../a.tif", "x/../../a.tif", "/"])
def test_files_outside_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    """No metadata lead to files elsewhere on the disk."""
    path = _companion(tmp_path, _image(0, _tiff(name)))
    with pytest.raises(ParserError, match="which lies outside of its folder"):
        _parse(path)


def test_folders_of_another_computer_do_not_count(tmp_path: Path) -> None:
    """Of an absolute path only the name of the file is taken."""
    path = _companion(
        tmp_path, _image(0, _tiff("D:\\scans\\a.tif"), name="x"), files=["a.tif"]
    )
    assert _rows(_parse(path), "file") == [("a.tif",)]


def _two_fields(folder: Path, planes: list[str], samples: list[str]) -> Path:
    return _companion(
        folder,
        _plate(_well(0, 1, *samples)),
        *(_image(n, _tiff(f"{n}.tif") + plane) for n, plane in enumerate(planes)),
        files=["0.tif", "1.tif"],
    )


@pytest.mark.parametrize(
    ("planes", "samples", "expected"),
    [
        (
            [_plane(x=1, y=2), _plane(x=4, y=2)],
            [{"PositionX": 90, "PositionY": 90}, {"PositionX": 99, "PositionY": 90}],
            [(1.0, 2.0), (4.0, 2.0)],
        ),
        (
            [_plane(x=0, y=0), _plane(x=0, y=0)],
            [
                {"PositionX": 1, "PositionXUnit": "mm", "PositionY": 7},
                {"PositionX": 2, "PositionXUnit": "mm", "PositionY": 7},
            ],
            [(1000.0, 7.0), (2000.0, 7.0)],
        ),
        (
            [_plane(), _plane(x=3, y=3)],
            [{"PositionX": 5, "PositionY": 7}, {"PositionX": 6, "PositionY": 7}],
            [(5.0, 7.0), (6.0, 7.0)],
        ),
    ],
    ids=["planes first", "planes do not tell", "planes lack one"],
)
def test_positions_of_planes_or_of_fields(
    tmp_path: Path,
    planes: list[str],
    samples: list[Mapping[str, object]],
    expected: list[tuple[float, float]],
) -> None:
    """Positions of planes count unless only those of the wells tell fields apart."""
    fields = [_sample(n, **values) for n, values in enumerate(samples)]
    assert _rows(_parse(_two_fields(tmp_path, planes, fields)), "x", "y") == expected


@pytest.mark.parametrize(
    "planes", [["", ""], [_plane(x=3, y=3)] * 2], ids=["none", "all the same"]
)
def test_fields_without_positions(tmp_path: Path, planes: list[str]) -> None:
    """Fields are not laid on one another: an error, or side by side if asked for."""
    path = _two_fields(tmp_path, planes, [_sample(0), _sample(1)])
    with pytest.raises(ParserError) as caught:
        _parse(path)
    assert str(caught.value) == (
        f"{path}: well A02 has several fields, but their positions are not told or all "
        "the same. Give them in a tile table (format: tile_table), or set the option "
        "without_positions to row to lay the fields side by side."
    )
    parsed = _parse(path, without_positions="row")
    assert _rows(parsed, "x", "y") == [(0.0, 0.0), (3.0, 0.0)]
    assert _codes(parsed) == {"positions_unknown": 2}


def test_positions_without_a_unit_are_told(tmp_path: Path) -> None:
    """Positions in the reference frame or without a unit are taken as micrometer."""
    place = {"PositionX": 1500, "PositionY": -20, "PositionYUnit": "reference frame"}
    parsed = _parse(_single(tmp_path, _tiff("a.tif") + _plane(**place)))
    assert _rows(parsed, "x", "y") == [(1500.0, -20.0)]
    assert _codes(parsed) == {"positions_without_unit": 1}


def test_positions_in_pixels_are_converted(tmp_path: Path) -> None:
    """Positions in pixels are multiplied by the size of a pixel."""
    place = {
        "PositionX": 100,
        "PositionXUnit": "pixel",
        "PositionY": 30,
        "PositionYUnit": "pixel",
    }
    parsed = _parse(_single(tmp_path, _tiff("a.tif") + _plane(**place)))
    assert _rows(parsed, "x", "y") == [(50.0, 15.0)]
    assert parsed.findings == ()


def test_stage_positions_of_old_documents(tmp_path: Path) -> None:
    """Before 2010 position and times stood in elements inside the plane."""
    plane = (
        '<Plane TheC="0" TheZ="0" TheT="0"><StagePosition PositionX="8" PositionY="9"/>'
        '<PlaneTiming DeltaT="2" ExposureTime="0.25"/></Plane>'
    )
    parsed = _parse(_single(tmp_path, _tiff("a.tif") + plane))
    assert _rows(parsed, "x", "y", "exposure_s", "time_s") == [(8.0, 9.0, 0.25, 0.0)]


def test_spacing_times_and_exposure(tmp_path: Path) -> None:
    """Spacings are medians within one channel; times count from the first plane."""
    planes = "".join(
        _plane(
            c,
            z,
            t,
            z_um=100 + 2 * z + 0.7 * c,
            DeltaT=1000 * (5 * t + z),
            DeltaTUnit="ms",
            ExposureTime=20 * (c + 1),
            ExposureTimeUnit="ms",
        )
        for t in range(2)
        for z in range(3)
        for c in range(2)
    )
    content = _tiff("a.tif", IFD=0, PlaneCount=12) + planes
    parsed = _parse(_single(tmp_path, content, czt=(2, 3, 2), PhysicalSizeZ=2.01))
    assert parsed.details.z_spacing == 2.0
    assert parsed.details.t_spacing == 5.0
    table = parsed.table.set_index(["t", "c", "z"])
    assert table.loc[(1, 0, 2), "time_s"] == 7.0
    assert table.loc[(1, 1, 2), "z_um"] == pytest.approx(104.7)
    assert set(table.loc[(0, 1), "exposure_s"]) == {0.04}
    assert parsed.details.start_z_coo == parsed.details.start_t_coo == "pixel"
    assert parsed.findings == ()


def test_declared_z_spacing_that_is_contradicted(tmp_path: Path) -> None:
    """Where planes are not as far apart as declared, their positions count."""
    planes = "".join(_plane(z=z, z_um=-1.5 * z) for z in range(3))
    content = _tiff("a.tif", PlaneCount=3) + planes
    parsed = _parse(_single(tmp_path, content, czt=(1, 3, 1), PhysicalSizeZ=3))
    assert parsed.details.z_spacing == 1.5
    assert _codes(parsed) == {"z_spacing_contradicted": 1}


def test_images_start_at_their_own_time(tmp_path: Path) -> None:
    """Where every image tells when it began, times count from the first image."""
    path = _companion(
        tmp_path,
        _image(
            0, _tiff("0.tif") + _plane(DeltaT=1), date="2024-05-31T10:00:30", name="a"
        ),
        _image(
            1, _tiff("1.tif") + _plane(DeltaT=2), date="2024-05-31T10:00:00", name="b"
        ),
        files=["0.tif", "1.tif"],
    )
    parsed = _parse(path)
    assert _rows(parsed, "image_path", "time_s") == [("a", 29.0), ("b", 0.0)]
    assert parsed.start_time == 1717149600000


def test_channels_keep_their_identity(tmp_path: Path) -> None:
    """A well with the third channel alone has its name, colour and wavelength."""
    dapi = (
        '<Channel ID="Channel:0:0" Name="DAPI" Color="65535" EmissionWavelength="461"/>'
    )
    gfp = '<Channel ID="Channel:0:1" Fluor="GFP" ExcitationWavelength="488"/>'
    cy5 = (
        '<Channel ID="Channel:0:2" Name="Cy5" Color="-16776961" '
        'ExcitationWavelength="0.64" ExcitationWavelengthUnit="µm"/>'
    )
    path = _companion(
        tmp_path,
        _plate(_well(0, 1, _sample(0)) + _well(1, 2, _sample(1))),
        _image(
            0,
            _tiff("0.tif", IFD=0, PlaneCount=3),
            czt=(3, 1, 1),
            channels=dapi + gfp + cy5,
        ),
        _image(1, _tiff("1.tif"), channels=cy5.replace("0:2", "1:0")),
        files=["0.tif", "1.tif"],
    )
    parsed = _parse(path)
    assert _rows(parsed, "row", "c") == [(0, 0), (0, 1), (0, 2), (1, 2)]
    channels = parsed.details.channels or ()
    assert [(c.channel_label, c.wavelength_id, c.colors) for c in channels] == [
        ("DAPI", "461", "0000FF"),
        ("GFP", "488", None),
        ("Cy5", "640", "FF0000"),
    ]
    assert parsed.channel_ids == ("Channel:0:0", "Channel:0:1", "Channel:0:2")


def test_channels_without_planes_are_left_out(tmp_path: Path) -> None:
    """Of four channels those with planes remain, with their own names."""
    names = "".join(f'<Channel ID="C:{n}" Name="n{n}"/>' for n in range(4))
    content = _tiff("a.tif", FirstC=3, IFD=0) + _tiff("a.tif", FirstC=1, IFD=1)
    parsed = _parse(_single(tmp_path, content, czt=(4, 1, 1), channels=names))
    labels = [channel.channel_label for channel in parsed.details.channels or ()]
    assert labels == ["n1", "n3"]
    assert _rows(parsed, "c", "plane") == [(0, 1), (1, 0)]
    assert parsed.channel_ids == ("C:1", "C:3")


def test_channels_of_one_name_stay_apart(tmp_path: Path) -> None:
    """Two channels of one name in one image are two channels, unnamed ones too."""
    twice = '<Channel ID="C:0" Name="A"/><Channel ID="C:1" Name="A"/>'
    path = _companion(
        tmp_path,
        _image(
            0, _tiff("a.tif", PlaneCount=2), czt=(2, 1, 1), channels=twice, name="a"
        ),
        _image(1, _tiff("a.tif", PlaneCount=2), czt=(2, 1, 1), name="b"),
        files=["a.tif"],
    )
    parsed = _parse(path)
    assert _rows(parsed, "image_path", "c") == [("a", 0), ("a", 1), ("b", 2), ("b", 3)]
    labels = [channel.channel_label for channel in parsed.details.channels or ()]
    assert labels == ["A", "A", "channel_0", "channel_1"]


@pytest.mark.parametrize(
    ("blocks", "pages", "expected"),
    [
        ([{}], 4, [(0, 0), (1, 1), (2, 2), (3, 3)]),
        ([{}], 2, [(0, 0), (1, 1)]),
        ([{"IFD": 1}], 4, [(0, 1)]),
        ([{"FirstZ": 2, "PlaneCount": 2}], 2, [(2, 0), (3, 1)]),
        ([{"FirstZ": 1, "IFD": 3, "PlaneCount": 2}], 5, [(1, 3), (2, 4)]),
        ([{"FirstZ": n} for n in range(4)], 1, [(0, 0), (1, 0), (2, 0), (3, 0)]),
        ([{}, {"FirstZ": 3}], 1, [(0, 0), (3, 0)]),
        ([{}, {"FirstZ": 2}], 2, [(0, 0), (1, 1), (2, 0), (3, 1)]),
        ([{"PlaneCount": 0}, {"IFD": 0}], 1, [(0, 0)]),
        ([{"FirstZ": 3, "PlaneCount": 9}], 9, [(3, 0)]),
    ],
    ids=[
        "all pages",
        "fewer pages than planes",
        "one page",
        "count",
        "page and count",
        "one page each",
        "stack cut short",
        "two stacks",
        "no planes",
        "too many planes",
    ],
)
def test_blocks_say_which_page_a_plane_is(
    tmp_path: Path,
    blocks: list[Mapping[str, object]],
    pages: int,
    expected: list[tuple[int, int]],
) -> None:
    """A block without a count is the page it names, else all pages of its file."""
    content = "".join(_tiff("a.tif", **block) for block in blocks)
    path = _single(tmp_path, content, czt=(1, 4, 1))
    _write_tiff(tmp_path / "a.tif", range(pages))
    parsed = _parse(path)
    assert _rows(parsed, "z", "plane") == expected
    left_out = (
        {"planes_left_out": 1} if {"FirstZ": 3, "PlaneCount": 9} in blocks else {}
    )
    lacking = {"planes_not_acquired": 4 - len(expected)} if len(expected) < 4 else {}
    spacing = {"z_spacing_unknown": 1} if len(expected) > 1 else {}
    assert _codes(parsed) == left_out | lacking | spacing


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (' SizeC="1"', "", "line 3, element Pixels: SizeC is not given"),
        (' ID="Image:0"', "", "line 3, element Image: ID is not given"),
        (' DimensionOrder="XYCZT"', "", "element Pixels: DimensionOrder is not given"),
        ("XYCZT", "XYZ", "DimensionOrder is 'XYZ', expected one of XYCZT, XYCTZ"),
        ('SizeX="6"', 'SizeX="0"', "element Pixels: SizeX is 0, expected 1 to 5000000"),
        ('SizeX="6"', 'SizeX="six"', "SizeX is 'six', not a whole number"),
        ('SizeT="1"', 'SizeT="9999999"', "SizeT is 9999999, expected 1 to 5000000"),
        ('SizeZ="1"', 'SizeZ="0x1"', "SizeZ is '0x1', not a whole number"),
        (' TheC="0"', "", "element Plane: attribute TheC is not given"),
        (
            'TheZ="0"',
            'TheZ="1"',
            "TheZ is 1, but Image:0 has 1 along Z (counted from 0)",
        ),
        ('PositionX="1"', 'PositionX="?"', "PositionX is '?', not a number"),
        ('PositionX="1"', 'PositionX="nan"', "PositionX is 'nan', not a finite number"),
        (
            'PositionXUnit="µm"',
            'PositionXUnit="ell"',
            "PositionXUnit is 'ell', known are",
        ),
        ('IFD="0"', 'IFD="-1"', "IFD is '-1', not a whole number from 0"),
        (
            'PhysicalSizeX="0.5"',
            'PhysicalSizeX="-2"',
            "is -2 micrometer, not a distance",
        ),
        ('<UUID FileName="a.tif"></UUID>', "", "TiffData: it names no file"),
        ("<OME ", "<OEM ", "line 2, element OEM: the root element should be OME"),
        ("<Pixels", "<Voxels", "element Image: it holds no element Pixels"),
        ('Row="1"', "", "element Well: Row is not given"),
        ('Row="1"', 'Row="48"', "element Well: Row is 48, expected 0 to 47"),
        ('ID="Image:0"/>', "/>", "element ImageRef: ID is not given"),
        ('Color="1"', 'Color="red"', "element Channel: Color is 'red', not a whole"),
        ('Color="1"', 'Color="4294967296"', "4294967296, not a number of 32 bits"),
        ('Color="1"', 'SamplesPerPixel="2"', "SizeC is 1, but its 1 Channel elements"),
    ],
)
def test_faults_name_file_and_element(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    """What is absent or impossible is one error with the document and the line."""
    content = _tiff("a.tif", IFD=0) + _plane(x=1, y=2)
    channel = '<Channel ID="C" Color="1"/>'
    text = _ome(_image(0, content, channels=channel), _plate(_well(1, 2, _sample(0))))
    if old == "<Pixels":
        text = text.replace("</Pixels", "</Voxels")
    if old == "<OME ":
        text = text.replace("</OME", "</OEM")
    changed = text.replace(old, new)
    assert changed != text
    path = tmp_path / "a.ome"
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(ParserError) as caught:
        _parse(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}, line ")


def test_pixels_in_the_xml_are_refused(tmp_path: Path) -> None:
    """Pixels that stand in the document itself cannot be taken."""
    path = tmp_path / "a.ome"
    path.write_text(_ome(_image(0, '<BinData Length="4">AAAA</BinData>')))
    with pytest.raises(ParserError) as caught:
        _parse(path)
    assert str(caught.value) == (
        f"{path}, line 2, element OME: its 1 images stand in the XML itself (BinData). "
        "Save it as OME-TIFF."
    )


def test_images_without_files_are_counted(tmp_path: Path) -> None:
    """An image of metadata alone is left out beside others and counted."""
    path = _companion(
        tmp_path,
        _image(0, "<MetadataOnly/>", name="none"),
        _image(1, _tiff("a.tif"), name="some"),
        files=["a.tif"],
    )
    parsed = _parse(path)
    assert _rows(parsed, "image_path") == [("some",)]
    assert _codes(parsed) == {"images_without_files": 1}


def test_different_pixel_sizes_are_refused(tmp_path: Path) -> None:
    """One acquisition has one pixel size; the error names both images."""
    path = _companion(
        tmp_path,
        _image(0, _tiff("a.tif")),
        _image(1, _tiff("b.tif"), PhysicalSizeX=2, PhysicalSizeY=2),
        files=["a.tif", "b.tif"],
    )
    with pytest.raises(ParserError) as caught:
        _parse(path)
    assert str(caught.value) == (
        f"{path}: the images have different pixel sizes, 0.5 micrometer (Image:0) and "
        "2 micrometer (Image:1). Put images of one size into one folder each, and list "
        "each folder as an acquisition or run of its own."
    )


def test_pixels_that_are_not_square_are_told(tmp_path: Path) -> None:
    """Pixels of two lengths are a finding that names both."""
    parsed = _parse(_single(tmp_path, _tiff("a.tif"), PhysicalSizeY=0.8, name="a"))
    assert parsed.details.pixelsize == 0.5
    assert [f.message for f in parsed.findings] == [
        f"{tmp_path}/plate.companion.ome: pixels are not square, 0.5 x 0.8 micrometer "
        "(x by y, Image:0); 0.5 is taken for both."
    ]


def _two_runs(folder: Path) -> Path:
    runs = "".join(
        f'<PlateAcquisition ID="Run:{n}" Name="r{n}" '
        f'StartTime="2024-05-31T10:00:0{n}Z">'
        f'<WellSampleRef ID="s{n}"/></PlateAcquisition>'
        for n in range(2)
    )
    well = _well(0, 1, _sample(0, ID="s0"), _sample(1, ID="s1"))
    return _companion(
        folder,
        _plate(well + runs),
        *(_image(n, _tiff(f"{n}.tif") + _plane(x=1, y=1)) for n in range(2)),
        files=["0.tif", "1.tif"],
    )


def test_one_run_of_a_plate_is_chosen(tmp_path: Path) -> None:
    """A plate acquired twice needs a choice, and the run gives name and start."""
    path = _two_runs(tmp_path)
    with pytest.raises(ParserError) as caught:
        _parse(path)
    assert str(caught.value) == (
        "plate 'P1' (Plate:0) was acquired 2 times: Run:0, Run:1. Set the option "
        "plate_acquisition to one of them; list the others as acquisitions of their "
        "own."
    )
    with pytest.raises(ParserError, match="holds 0 acquisitions called 'r2', it has"):
        _parse(path, plate_acquisition="r2")
    parsed = _parse(path, plate_acquisition="r1")
    assert _rows(parsed, "file", "fov") == [("1.tif", "1")]
    assert parsed.name == "r1"
    assert parsed.start_time == 1717149601000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"plat": "x"},
            "option 'plat' is unknown to the format ome_xml; known: projections, "
            "plate, plate_acquisition, without_positions. Correct or delete it.",
        ),
        (
            {"without_positions": "grid"},
            "option without_positions is 'grid', expected one of error, row. Correct "
            "it.",
        ),
        (
            {"projections": "only"},
            "the format ome_xml marks no projections, so option projections 'only' "
            "leaves nothing. Set it to auto.",
        ),
    ],
    ids=["unknown", "value", "only"],
)
def test_options_are_checked(
    tmp_path: Path, options: Mapping[str, object], message: str
) -> None:
    """An option that is unknown or cannot be met is an error."""
    with pytest.raises(ParserError) as caught:
        parse(str(_single(tmp_path, _tiff("a.tif"))), options)
    assert str(caught.value) == message


def test_a_folder_without_metadata(tmp_path: Path) -> None:
    """Plain TIFF files are no OME-TIFF; the error names what was found."""
    _write_tiff(tmp_path / "a.tif")
    with pytest.raises(ParserError) as caught:
        _parse(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} should hold OME-TIFF or .companion.ome files; found: a.tif. Give "
        "the folder or the file with the OME metadata as path."
    )
    with pytest.raises(ParserError) as caught:
        _parse(tmp_path / "a.tif")
    assert str(caught.value) == (
        f"{tmp_path}/a.tif holds no OME metadata. Use format pattern for plain TIFF "
        "files, or give the file that has the metadata."
    )


def test_a_damaged_tiff_is_named(tmp_path: Path) -> None:
    """A file that is no TIFF is an error that names it."""
    path = tmp_path / "a.ome.tif"
    path.write_bytes(b"not a TIFF file at all")
    with pytest.raises(ParserError, match="is not an intact TIFF file"):
        _parse(path)


def test_entities_are_refused(tmp_path: Path) -> None:
    """A document that declares entities is not read, in a TIFF neither."""
    text = '<?xml version="1.0"?><!DOCTYPE OME [<!ENTITY a "b">]><OME>&a;</OME>'
    (tmp_path / "a.ome").write_text(text)
    _write_tiff(tmp_path / "b.ome.tif", description=text)
    for path in (tmp_path / "a.ome", tmp_path / "b.ome.tif"):
        with pytest.raises(ParserError, match="document type or entity is declared"):
            _parse(path)


def test_folders_behind_a_url() -> None:
    """A folder in an object store is read like a local one."""
    system = fsspec.filesystem("memory")
    text = _ome(_image(0, _tiff("a b#1.tif") + _plane(x=1, y=2), name="x"))
    system.pipe("/ome-plate/p.companion.ome", text.encode())
    system.pipe("/ome-plate/a b#1.tif", b"II*\0")
    parsed = parse("memory://ome-plate")
    assert _rows(parsed, "file", "x", "y") == [("a b#1.tif", 1.0, 2.0)]
    assert parsed.resource == "memory://ome-plate"
    assert parsed.findings == ()


def test_prefixes_of_the_namespace_do_not_matter(tmp_path: Path) -> None:
    """Elements with a prefix are read like those without."""
    text = _ome(_image(0, _tiff("a.tif", IFD=0) + _plane(x=1, y=2), name="x"))
    prefixed = text.replace("</", "</OME:").replace("<", "<OME:")
    prefixed = prefixed.replace("<OME:/OME:", "</OME:").replace("<OME:?", "<?")
    (tmp_path / "a.ome").write_text(prefixed.replace("xmlns=", "xmlns:OME="))
    parsed = _parse(tmp_path / "a.ome")
    assert _rows(parsed, "file", "x", "y") == [("a.tif", 1.0, 2.0)]
    assert _codes(parsed) == {"missing_files": 1}


_FUZZED = _ome(
    _plate(
        _well(0, 1, _sample(0, ID="s0", Index=0), _sample(1, ID="s1", Index=1))
        + '<PlateAcquisition ID="R"><WellSampleRef ID="s0"/></PlateAcquisition>',
        Rows=2,
        Columns=3,
    ),
    *(
        _image(
            n,
            _tiff(f"{n}.tif", IFD=0, PlaneCount=2)
            + _plane(x=n, y=2, z_um=3)
            + _plane(z=1, x=n, y=2, z_um=4, DeltaT=2, ExposureTime=0.1),
            czt=(1, 2, 1),
            channels='<Channel ID="C" Name="DAPI" Color="255" EmissionWavelength="4"/>',
            date="2024-05-31T10:00:30",
        )
        for n in range(2)
    ),
).encode()


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    at=st.integers(0, len(_FUZZED) - 1),
    cut=st.integers(0, 12),
    new=st.one_of(
        st.binary(max_size=4),
        st.sampled_from(
            [b"9" * 14, b"-1", b"1e308", b"", b'"', b"/>", b"\xff", b"nan"]
        ),
    ),
)
def test_damaged_documents_give_one_error(
    tmp_path: Path, at: int, cut: int, new: bytes
) -> None:
    """Whatever is done to the bytes, the outcome is tiles or one of our errors."""
    path = tmp_path / "a.ome"
    path.write_bytes(_FUZZED[:at] + new + _FUZZED[at + cut :])
    with contextlib.suppress(Tiles2ZarrError):
        parsed = _parse(path)
        assert len(parsed.table) > 0
        assert math.isfinite(parsed.details.pixelsize)


@pytest.mark.parametrize("at", range(1, len(_FUZZED) - 8, 97))
def test_documents_cut_short_are_damaged(tmp_path: Path, at: int) -> None:
    """A half-written document is one error that says so."""
    path = tmp_path / "a.ome"
    path.write_bytes(_FUZZED[:at])
    with pytest.raises(ParserError) as caught:
        _parse(path)
    assert "not well-formed XML" in str(caught.value)


def _two_wells(*names: str) -> str:
    """Return metadata of A03 and B01, whose files have these names and UUIDs."""
    wells = _well(0, 2, _sample(0)) + _well(1, 0, _sample(1))
    images = [_image(n, _tiff(f, f"urn:uuid:{n}")) for n, f in enumerate(names)]
    return "".join([_plate(wells), *images])


def test_renamed_files_that_repeat_the_metadata(tmp_path: Path) -> None:
    """Each file describes all, none has its name: UUIDs tell them, wells come once."""
    for number, name in enumerate(("x.tif", "y.tif")):
        text = _ome(_two_wells("a.tif", "b.tif"), uuid=f"urn:uuid:{number}")
        _write_tiff(tmp_path / name, description=text)
    parsed = _parse(tmp_path)
    assert _rows(parsed, "file", "row", "column") == [("x.tif", 0, 2), ("y.tif", 1, 0)]
    assert _codes(parsed) == {"renamed_files": 2}


def test_a_companion_and_its_copy(tmp_path: Path) -> None:
    """A second file with the same metadata is left out and told."""
    path = _companion(tmp_path, _two_wells("a.tif", "b.tif"), files=("a.tif", "b.tif"))
    copy = tmp_path / "plate_copy.ome.xml"
    copy.write_text(path.read_text())
    parsed = _parse(tmp_path)
    assert _rows(parsed, "file", "fov") == [("a.tif", "1"), ("b.tif", "1")]
    (found,) = parsed.findings
    assert (found.code, found.count) == ("repeated_metadata", 1)
    assert found.message.endswith(f"as another one and are left out, e.g. {copy}.")


def test_an_unreadable_file_does_not_cost_the_others(tmp_path: Path) -> None:
    """A damaged TIFF beside OME-TIFF files is an error in the findings."""
    text = _ome(_plate(_well(1, 2, _sample(0))), _image(0, _tiff(IFD=0)))
    _write_tiff(tmp_path / "b.ome.tif", description=text)
    (tmp_path / "a.ome.tif").write_bytes(b"cut short")
    parsed = _parse(tmp_path)
    assert _rows(parsed, "file", "row", "column") == [("b.ome.tif", 1, 2)]
    found = next(f for f in parsed.findings if f.code == "unreadable_files")
    assert (found.severity, found.count) == ("error", 1)
    assert f"{tmp_path}/a.ome.tif is not an intact TIFF file" in found.message


def test_the_folder_of_the_files_is_searched(tmp_path: Path) -> None:
    """A plate among other folders is found; of two, both are named."""
    for name in ("notes", "plates/run1"):
        (tmp_path / name).mkdir(parents=True)
    _companion(tmp_path / "plates/run1", _two_wells("a.tif", "b.tif"))
    assert len(_parse(tmp_path).table) == 2
    (tmp_path / "plates/run2").mkdir()
    _companion(tmp_path / "plates/run2", _two_wells("a.tif", "b.tif"))
    with pytest.raises(ParserError) as caught:
        _parse(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} should hold OME-TIFF or .companion.ome files; they are in 2 "
        f"folders below: {tmp_path}/plates/run1, {tmp_path}/plates/run2. Give one of "
        "them as path, or list all whose wells make up the plate."
    )


@pytest.mark.parametrize(
    ("written", "there"),
    [("", "images/"), ("images/", ""), ("images/", "pictures/")],
    ids=["into a folder", "out of it", "renamed folder"],
)
def test_files_that_were_moved(tmp_path: Path, written: str, there: str) -> None:
    """A file is found by its name in the folder and those in it, not in thumbnails."""
    text = _two_wells(f"{written}a.tif", f"{written}b.tif")
    files = [f"{there}a.tif", f"{there}b.tif"]
    _companion(tmp_path, text, files=[*files, "Thumbs/a.tif"])
    parsed = _parse(tmp_path)
    assert parsed.table["file"].tolist() == files
    assert _codes(parsed)["renamed_files"] == 2


def test_a_file_of_two_folders_is_none(tmp_path: Path) -> None:
    """Which of two files of one name is meant cannot be told, so it is absent."""
    text = _two_wells("a.tif", "b.tif")
    _companion(tmp_path, text, files=["1/a.tif", "2/a.tif", "b.tif"])
    parsed = _parse(tmp_path)
    assert _codes(parsed) == {"missing_files": 1}


@pytest.mark.parametrize("unit", ["pixel", "reference frame"])
def test_a_pixel_size_in_pixels_is_not_known(tmp_path: Path, unit: str) -> None:
    """It is told as not known, instead of refused."""
    units = {f"PhysicalSize{axis}Unit": unit for axis in "XY"}
    image = _image(0, _tiff("a.tif"), PhysicalSizeX=1, PhysicalSizeY=1, **units)
    _companion(tmp_path, _plate(_well(1, 2, _sample(0))), image, files=["a.tif"])
    parsed = _parse(tmp_path)
    assert (parsed.details.pixelsize, _codes(parsed)) == (
        1.0,
        {"pixel_size_unknown": 1},
    )


def test_an_escaped_micro_sign(tmp_path: Path) -> None:
    """Some writers leave the sign of the unit as its number."""
    unit = {f"PhysicalSize{axis}Unit": "\\u00B5m" for axis in "XY"}
    well = _plate(_well(1, 2, _sample(0)))
    _companion(tmp_path, well, _image(0, _tiff("a.tif"), **unit), files=["a.tif"])
    assert _parse(tmp_path).details.pixelsize == 0.5


def test_field_positions_in_pixels_leave_those_of_planes(tmp_path: Path) -> None:
    """A WellSample in pixels tells nothing; the planes' positions in micrometer do."""
    units = {"PositionXUnit": "pixel", "PositionYUnit": "pixel"}
    samples = [_sample(n, PositionX=7 * n, PositionY=0, **units) for n in (0, 1)]
    images = [_image(n, _tiff(f"{n}.tif") + _plane(x=10 * n, y=5)) for n in (0, 1)]
    _companion(tmp_path, _plate(_well(1, 2, *samples)), *images, files=["0.tif"])
    assert _rows(_parse(tmp_path), "x", "y") == [(0.0, 5.0), (10.0, 5.0)]


def test_an_index_tells_more_than_names(tmp_path: Path) -> None:
    """Files named like those of MetaXpress beside a companion are its images."""
    image = _image(0, _tiff("P_B03.tif"))
    well = _plate(_well(1, 2, _sample(0)))
    _companion(tmp_path, well, image, files=["P_B03.tif"])
    assert detect(str(tmp_path)) == "ome_xml"


def test_all_files_of_the_folder_are_accounted_for(tmp_path: Path) -> None:
    """What is neither tile nor metadata is counted by kind, TIFF files come first."""
    image = _image(0, _tiff("b.tif"))
    files = ["b.tif", "map.tif"]
    _companion(tmp_path, _plate(_well(1, 2, _sample(0))), image, files=files)
    for name in ("Thumbs.db", ".DS_Store", "a.TXT"):
        (tmp_path / name).touch()
    (found,) = _parse(tmp_path).findings
    assert found.message == (
        f"4 files in {tmp_path} are no tiles of the metadata and are left out (1 .db, "
        "1 .tif, 1 .txt, 1 none), e.g. map.tif."
    )
    assert found.files[0] == "map.tif"
