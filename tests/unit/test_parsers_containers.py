"""What CZI, ND2 and LIF share: options, files of a folder, wells, images, channels."""

import sys
from pathlib import Path

import numpy as np
import pytest

from tiles2zarr.config.acquisition import FORMATS
from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import StageOrientation
from tiles2zarr.parsers.container_files import (
    ContainerOptions,
    find_containers,
    read_options,
    reading,
    wells_of_names,
)
from tiles2zarr.parsers.container_records import (
    ContainerChannel,
    ContainerImage,
    Place,
    hex_color,
    plane_table,
)
from tiles2zarr.parsers.container_tiles import build_acquisition
from tiles2zarr.parsers.formats import MODULES
from tiles2zarr.parsers.peek import detect
from tiles2zarr.parsers.records import ParsedAcquisition, check_table

FORMATS_HERE = ("czi", "nd2", "lif")
ALL = ContainerOptions(None, as_fields=False)


def _image(
    file: str = "a.czi",
    scenes: tuple[str, ...] = ("",),
    wells: tuple[tuple[int, int] | None, ...] = (None,),
    *,
    labels: tuple[str, ...] = ("DAPI",),
    pixel_um: float | None = 0.5,
    x_um: float = 0.0,
    stage: StageOrientation | None = None,
) -> ContainerImage:
    """Return an image with one plane per channel and scene, 5 columns and 4 rows."""
    places = tuple(
        Place(scene, number, None, well, x_um, 0.0, 5, 4)
        for number, (scene, well) in enumerate(zip(scenes, wells, strict=True))
    )
    rows = np.arange(len(scenes) * len(labels))
    planes = {
        "plane": rows,
        "place": rows // len(labels),
        "t": 0,
        "c": rows % len(labels),
        "z": 0,
    }
    return ContainerImage(
        file=file,
        title="",
        channels=tuple(ContainerChannel(label) for label in labels),
        places=places,
        planes=plane_table(planes, file),
        pixel_um=pixel_um,
        stage=stage or StageOrientation(),
    )


def _build(*images: ContainerImage, **wells: tuple[int, int]) -> ParsedAcquisition:
    named = {f"{stem}.czi": well for stem, well in wells.items()}
    parsed = build_acquisition(images, "/raw", ALL, named)
    check_table(parsed.table, parsed.attributes, "container")
    return parsed


def _rows(parsed: ParsedAcquisition, *columns: str) -> list[tuple[object, ...]]:
    return list(parsed.table[list(columns)].itertuples(index=False, name=None))


@pytest.mark.parametrize("name", FORMATS_HERE)
def test_formats_are_registered(name: str, tmp_path: Path) -> None:
    """Each format can be named in a config and is found by the endings of files."""
    assert name in FORMATS
    assert name in MODULES
    (tmp_path / "inner").mkdir()
    (tmp_path / f"inner/a.{name.upper()}").touch()
    assert detect(str(tmp_path)) == name
    assert detect(str(tmp_path / f"inner/a.{name.upper()}")) == name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"plates": 1},
            "option 'plates' is unknown to the format czi; known: projections, "
            "positions, images. Correct or delete it.",
        ),
        (
            {"positions": "grid"},
            "option positions is 'grid', expected one of images, fields. Correct it.",
        ),
        (
            {"projections": "only"},
            "the format czi marks no projections, so option projections 'only' leaves "
            "nothing. Set it to auto.",
        ),
        (
            {"images": "("},
            "option images is '(', no regular expression: missing ), unterminated "
            "subpattern at position 0. Correct it, e.g. images: '^Plate'.",
        ),
    ],
    ids=["unknown", "value", "projections", "expression"],
)
def test_wrong_options(options: dict[str, object], message: str) -> None:
    """A wrong option is named with what it may be."""
    with pytest.raises(ParserError) as caught:
        read_options(options, "czi")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("names", "wells"),
    [
        (["x_B03.czi", "x_C12.czi"], {"x_B03.czi": (1, 2), "x_C12.czi": (2, 11)}),
        (["WellB3_1.nd2"], {"WellB3_1.nd2": (1, 2)}),
        (["B03.lif", "overview.lif"], {}),
        (["A01_B02.czi"], {}),
        (["tile_P1.czi", "tile_P2.czi"], {}),
        (["FAB03.czi"], {}),
    ],
    ids=["two digits", "word", "one without", "two wells", "positions", "in a word"],
)
def test_wells_of_names(names: list[str], wells: dict[str, tuple[int, int]]) -> None:
    """Names tell wells if every one holds exactly one."""
    assert wells_of_names(names) == wells


def test_files_of_a_folder(tmp_path: Path) -> None:
    """Of a folder the files with the ending are taken, sorted; a file is alone."""
    for name in ("b.CZI", "a.czi", "c.txt"):
        (tmp_path / name).touch()
    folder = str(tmp_path)
    assert find_containers(folder, "czi", None) == (folder, ("a.czi", "b.CZI"), True)
    alone = find_containers(f"{folder}/c.txt", "czi", None)
    assert alone == (folder, ("c.txt",), False)
    with pytest.raises(ParserError) as caught:
        find_containers(folder, "lif", None)
    assert str(caught.value) == (
        f"{folder} holds no file that ends with .lif. Give such a file, or the folder "
        "they lie in."
    )


def test_file_names_tell_wells_last() -> None:
    """A file's own wells count before the one in its name."""
    own = _image("x.czi", ("P1",), ((1, 1),))
    parsed = _build(own, _image("y.czi"), x=(3, 3), y=(2, 2))
    assert _rows(parsed, "file", "row") == [("x.czi", 1), ("y.czi", 2)]


def test_scenes_outside_wells_are_counted() -> None:
    """Where any scene is in a well, scenes in none are left out and named."""
    parsed = _build(_image(scenes=("overview", "P1"), wells=(None, (1, 2))))
    assert _rows(parsed, "plane", "row", "column") == [(1, 1, 2)]
    assert [finding.message for finding in parsed.findings] == [
        "a.czi: 1 images or scenes are in no well, others are: 'overview'. They are "
        "left out."
    ]


def test_names_of_images_are_safe_and_unique() -> None:
    """Names hold no slashes, and equal ones in any case are numbered."""
    parsed = _build(
        _image("Brain 1.czi", ("top/left", "TOP_left"), (None, None)),
        _image("brain 1.czi", ("top:left",)),
        _image("../x.czi"),
    )
    assert [row[0] for row in _rows(parsed, "image_path")] == [
        "Brain 1_top_left",
        "Brain 1_TOP_left_2",
        "brain 1_top_left_3",
        "x",
    ]


def test_channels_of_images_are_joined_by_name() -> None:
    """A channel keeps its identity in images that lack the one before it."""
    parsed = _build(
        _image("a.czi", labels=("DAPI", "GFP", "GFP")),
        _image("b.czi", labels=("GFP", "RFP")),
    )
    assert parsed.details.channels is not None
    labels = [channel.channel_label for channel in parsed.details.channels]
    assert labels == ["DAPI", "GFP", "GFP", "RFP"]
    assert _rows(parsed, "file", "c")[3:] == [("b.czi", 1), ("b.czi", 3)]


def test_pixel_sizes_must_agree() -> None:
    """Images of two pixel sizes are two acquisitions."""
    with pytest.raises(ParserError) as caught:
        _build(_image(), _image("b.czi", pixel_um=0.6))
    assert str(caught.value) == (
        "/raw: 1 of 2 images have another pixel size than the first one (0.5 "
        "micrometer), e.g. b.czi (0.6). Make one acquisition of each size, choosing "
        "with option images (a regular expression on the images' names)."
    )


def test_what_is_not_told_is_found() -> None:
    """Absent sizes and positions, and stages that differ, are findings."""
    turned = StageOrientation(flip_x=True)
    well = (1, 1)
    parsed = _build(
        _image("a.czi", ("1",), (well,), pixel_um=None, x_um=np.nan),
        _image("b.czi", ("2",), (well,), pixel_um=None, x_um=np.nan, stage=turned),
    )
    codes = {finding.code: finding.count for finding in parsed.findings}
    assert codes == {
        "pixel_size_unknown": 1,
        "stage_axes_differ": 1,
        "positions_unknown": 2,
    }
    assert _rows(parsed, "fov", "x") == [("1", 0.0), ("2", 0.0)]


def test_nothing_left() -> None:
    """A choice that matches no scene is an error that names some."""
    options = read_options({"images": "nothing"}, "czi")
    image = _image(scenes=("left", "right"), wells=(None, None))
    with pytest.raises(ParserError) as caught:
        build_acquisition([image], "/raw", options, {})
    assert str(caught.value) == (
        "/raw: no image is left to convert (of 2: 'left', 'right'). Check option "
        "images, and what the files hold."
    )


@pytest.mark.parametrize(
    ("text", "color"),
    [("#FF00FF7F", "00FF7F"), ("00ff00", "00FF00"), ("green", None), (None, None)],
)
def test_hex_color(text: str | None, color: str | None) -> None:
    """Colours may have transparency in front."""
    assert hex_color(text) == color


def test_library_that_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the library the message says how to install it."""
    monkeypatch.setitem(sys.modules, "liffile", None)
    path = tmp_path / "a.lif"
    path.write_bytes(b"\x70\0\0\0")
    with (
        pytest.raises(ParserError) as caught,
        reading(str(path), "lif", "liffile", None),
    ):
        import liffile  # noqa: F401
    assert str(caught.value) == (
        f"{path} cannot be read: the library liffile cannot be imported (import of "
        "liffile halted; None in sys.modules). Install it with `pip install "
        "tiles2zarr[lif]`."
    )


def test_many_planes_are_fast() -> None:
    """A table of 200,000 planes comes from columns, not from objects."""
    count = 200_000
    places = tuple(
        Place(f"P{n}", n, None, (n % 16, n // 16 % 24), 0.0, 0.0, 5, 4)
        for n in range(1000)
    )
    rows = np.arange(count)
    planes = {"plane": rows, "place": rows % 1000, "t": 0, "c": 0, "z": rows // 1000}
    image = ContainerImage(
        "a.czi", "", (ContainerChannel("a"),), places, plane_table(planes, "a"), 0.5
    )
    assert len(_build(image).table) == count
