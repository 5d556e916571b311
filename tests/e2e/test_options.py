"""Options of the config end to end: what each makes of known pixels."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from numpy.typing import NDArray

from tests.e2e.convert import convert
from tiles2zarr.errors import FaultsError

Pixels = NDArray[np.generic]
Json = dict[str, object]

HEIGHT, WIDTH = 24, 40
"""Rows and columns of a tile."""
PIXEL = 0.5
"""Pixel size in micrometer."""


def plane(seed: int, dtype: str = "uint16", shape: Sequence[int] = ()) -> Pixels:
    """Return known pixels from 1 to 100, other ones for every seed."""
    random = np.random.default_rng(seed)
    return random.integers(1, 101, (*shape, HEIGHT, WIDTH)).astype(dtype)


def write(work: Path, name: str, pixels: Pixels, **row: object) -> Json:
    """Write a file below ``raw`` and return its row of a tile table in well B03."""
    (work / "raw").mkdir(parents=True, exist_ok=True)
    path = work / "raw" / name
    tifffile.imwrite(path, pixels, photometric="minisblack", metadata=None)
    known: Json = {"file_path": name, "row": "B", "column": 3, "fov_name": "F1"}
    known |= {"start_x": 0.0, "start_y": 0.0, "start_z": 0, "start_c": 0, "start_t": 0}
    lengths = {"length_x": WIDTH, "length_y": HEIGHT, "length_z": 1, "length_c": 1}
    return known | lengths | row


def write_table(work: Path, rows: Sequence[Json], name: str = "tiles.csv") -> None:
    """Write a tile table below ``raw``."""
    with (work / "raw" / name).open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def config(work: Path, **sections: Mapping[str, object]) -> Json:
    """Return the config of the plate, sections given laid over its own."""
    details = {"pixelsize": PIXEL, "axes": "czyx"}
    acquisition: Json = {
        "path": str(work / "raw/tiles.csv"),
        "format": "tile_table",
        "details": details | dict(sections.get("details", {})),
    }
    return {
        "plate": {"name": "P1", "layout": 96} | dict(sections.get("plate", {})),
        "output": str(work / "out"),
        "acquisitions": [acquisition | dict(sections.get("acquisition", {}))],
        "registration": dict(sections.get("registration", {})),
        "writing": dict(sections.get("writing", {})),
        "omezarr": {"num_levels": 1} | dict(sections.get("omezarr", {})),
    }


def array(work: Path, image: str = "B/03/0", level: str = "0") -> zarr.Array:  # type: ignore[type-arg]
    """Return an array of the plate by zarr-python."""
    opened = zarr.open_array(str(work / "out/P1.zarr" / image / level), mode="r")
    assert isinstance(opened, zarr.Array)
    return opened


def pixels_of(work: Path, image: str = "B/03/0", level: str = "0") -> Pixels:
    """Return the pixels of an image of the plate."""
    return np.asarray(array(work, image, level)[...])


def chunks_of(work: Path, image: str, level: str = "0") -> list[str]:
    """Return the keys of the chunks or shards of an array, sorted."""
    folder = work / "out/P1.zarr" / image / level
    files = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted(f for f in files if f not in (".zarray", ".zattrs", "zarr.json"))


def findings(work: Path) -> dict[str, Json]:
    """Return the findings of the run by code."""
    found = json.loads((work / "results/P1/findings.json").read_text())["findings"]
    return {finding["code"]: finding for finding in found}


def fails(settings: Json, work: Path) -> list[str]:
    """Convert and return the faults of the images that are not written."""
    with pytest.raises(FaultsError) as error:
        convert(settings, work)
    return list(error.value.faults)


def test_w1_mixed_pixel_types_are_an_error_of_their_image(tmp_path: Path) -> None:
    """The message names both files and types; the other well is written."""
    bright = np.full((HEIGHT, WIDTH), 1000, np.uint16)
    rows = [
        write(tmp_path, "a.tif", plane(1, "uint8")),
        write(tmp_path, "b.tif", bright, fov_name="F2", start_x=WIDTH * PIXEL),
        write(tmp_path, "c.tif", bright, row="C", column=11),
    ]
    write_table(tmp_path, rows)
    assert fails(config(tmp_path), tmp_path) == [
        "B/03/0: a.tif holds uint8 pixels but b.tif uint16. Make them one pixel "
        "type, or set writing.mixed_dtype to promote."
    ]
    assert not (tmp_path / "out/P1.zarr/B/03/0").exists()
    np.testing.assert_array_equal(pixels_of(tmp_path, "C/11/0")[0, 0], bright)


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("uint8", "uint16", "uint16"),
        ("uint16", "int16", "int32"),
        ("uint16", "float32", "float32"),
        ("uint32", "float32", "float64"),
    ],
)
def test_w1_promotion_keeps_every_value(
    tmp_path: Path, one: str, other: str, common: str
) -> None:
    """1000 stays 1000 whatever the type of the first file is, on both sides."""
    first = plane(1, one)
    bright = np.full((HEIGHT, WIDTH), 1000, other)
    rows = [
        write(tmp_path, "a.tif", first),
        write(tmp_path, "b.tif", bright, fov_name="F2", start_x=WIDTH * PIXEL),
    ]
    write_table(tmp_path, rows)
    convert(config(tmp_path, writing={"mixed_dtype": "promote"}), tmp_path)
    found = pixels_of(tmp_path)
    assert found.dtype == common
    np.testing.assert_array_equal(found[0, 0, :, :WIDTH], first)
    np.testing.assert_array_equal(found[0, 0, :, WIDTH:], bright)


def test_w1_wells_may_have_types_of_their_own(tmp_path: Path) -> None:
    """A well of uint8 beside one of uint16 changes neither."""
    bright = np.full((HEIGHT, WIDTH), 1000, np.uint16)
    rows = [
        write(tmp_path, "a.tif", plane(1, "uint8")),
        write(tmp_path, "b.tif", bright, row="C", column=11),
    ]
    write_table(tmp_path, rows)
    convert(config(tmp_path), tmp_path)
    assert pixels_of(tmp_path).dtype == "uint8"
    np.testing.assert_array_equal(pixels_of(tmp_path)[0, 0], plane(1))
    np.testing.assert_array_equal(pixels_of(tmp_path, "C/11/0")[0, 0], bright)


BAD = ("missing", "truncated", "garbled")
"""Ways in which a file cannot be read; the last is noticed when pixels are decoded."""


def spoil(path: Path, how: str) -> None:
    """Remove a file, cut it after its header, or garble its compressed pixels."""
    if how == "missing":
        path.unlink()
        return
    if how == "garbled":
        pixels = tifffile.imread(path)
        tifffile.imwrite(path, pixels, compression="zlib", metadata=None)
        with tifffile.TiffFile(path) as tiff:
            (start,), (length,) = (
                tiff.pages.first.dataoffsets,
                tiff.pages.first.databytecounts,
            )
        raw = path.read_bytes()
        path.write_bytes(raw[:start] + b"\xff" * length + raw[start + length :])
    else:
        path.write_bytes(path.read_bytes()[: -HEIGHT * WIDTH])
    with tifffile.TiffFile(path) as tiff:
        assert tiff.pages.first.shape == (HEIGHT, WIDTH)


def two_wells(work: Path) -> tuple[Pixels, Pixels]:
    """Write two fields in B03 and one in C11; return the pixels of both wells."""
    one, two, three = plane(1), plane(2), plane(3)
    rows = [
        write(work, "a.tif", one),
        write(work, "b.tif", two, fov_name="F2", start_x=WIDTH * PIXEL),
        write(work, "c.tif", three, row="C", column=11),
    ]
    write_table(work, rows)
    return np.concatenate([one, two], axis=1), three


@pytest.mark.parametrize("how", BAD)
@pytest.mark.parametrize("mode", ["auto", "error"])
def test_a_bad_file_costs_its_image(tmp_path: Path, how: str, mode: str) -> None:
    """The image is not there, the run says why, the other well is written."""
    _, three = two_wells(tmp_path)
    spoil(tmp_path / "raw/b.tif", how)
    (told,) = fails(config(tmp_path, writing={"on_missing": mode}), tmp_path)
    assert told.startswith("B/03/0: ")
    assert "b.tif" in told
    assert "a.tif" not in told
    assert "\n" not in told
    assert not (tmp_path / "out/P1.zarr/B/03/0").exists()
    np.testing.assert_array_equal(pixels_of(tmp_path, "C/11/0")[0, 0], three)


@pytest.mark.parametrize("how", BAD)
def test_a_bad_file_can_be_a_hole(tmp_path: Path, how: str) -> None:
    """With ``report`` its pixels are 0, and a finding names it."""
    both, three = two_wells(tmp_path)
    spoil(tmp_path / "raw/b.tif", how)
    convert(config(tmp_path, writing={"on_missing": "report"}), tmp_path)
    expected = both.copy()
    expected[:, WIDTH:] = 0
    np.testing.assert_array_equal(pixels_of(tmp_path)[0, 0], expected)
    np.testing.assert_array_equal(pixels_of(tmp_path, "C/11/0")[0, 0], three)
    if how != "garbled":
        assert chunks_of(tmp_path, "B/03/0") == ["0/0/0/0"]
    finding = findings(tmp_path)["unreadable_files"]
    assert finding["severity"] == "error"
    assert finding["count"] == 1
    assert finding["files"] == ["b.tif"]
    assert finding["images"] == ["B/03/0"]


@pytest.mark.parametrize("how", BAD)
def test_a_mended_file_mends_its_image(tmp_path: Path, how: str) -> None:
    """After the file is back, the same config makes the image whole."""
    both, _ = two_wells(tmp_path)
    spoil(tmp_path / "raw/b.tif", how)
    settings = config(tmp_path, writing={"on_missing": "report"})
    convert(settings, tmp_path)
    write(tmp_path, "b.tif", plane(2))
    convert(settings, tmp_path)
    np.testing.assert_array_equal(pixels_of(tmp_path)[0, 0], both)
    assert "unreadable_files" not in findings(tmp_path)


def uneven_plate(work: Path) -> None:
    """Write B03: one plane; C11: two channels, three planes in one, two fields."""
    rows = [
        write(work, "a.tif", plane(1)),
        write(work, "b.tif", plane(2, shape=(3,)), row="C", column=11, length_z=3),
        write(work, "c.tif", plane(3), row="C", column=11, start_c=1)
        | {"start_x": WIDTH * PIXEL, "fov_name": "F2"},
    ]
    write_table(work, rows)


def test_a_uniform_plate_has_images_of_one_shape(tmp_path: Path) -> None:
    """All images get all channels, planes and fields; what is absent is not stored."""
    uneven_plate(tmp_path)
    convert(config(tmp_path, plate={"uniform": True}), tmp_path)
    small, large = pixels_of(tmp_path), pixels_of(tmp_path, "C/11/0")
    assert small.shape == large.shape == (2, 3, HEIGHT, 2 * WIDTH)
    expected = np.zeros((2, 3, HEIGHT, 2 * WIDTH), np.uint16)
    expected[0, 0, :, :WIDTH] = plane(1)
    np.testing.assert_array_equal(small, expected)
    expected = np.zeros_like(expected)
    expected[0, :, :, :WIDTH] = plane(2, shape=(3,))
    expected[1, 0, :, WIDTH:] = plane(3)
    np.testing.assert_array_equal(large, expected)
    assert chunks_of(tmp_path, "B/03/0") == ["0/0/0/0"]
    assert chunks_of(tmp_path, "C/11/0") == ["0/0/0/0", "0/1/0/0", "0/2/0/0", "1/0/0/1"]
    assert (
        not {"uneven_channels", "uneven_z", "uneven_shape"} & findings(tmp_path).keys()
    )


def test_images_keep_their_own_shapes_without(tmp_path: Path) -> None:
    """Every image is as large as what was acquired; each run's findings tell so."""
    uneven_plate(tmp_path)
    convert(config(tmp_path), tmp_path)
    assert pixels_of(tmp_path).shape == (1, 1, HEIGHT, WIDTH)
    assert pixels_of(tmp_path, "C/11/0").shape == (2, 3, HEIGHT, 2 * WIDTH)
    told = findings(tmp_path)
    assert {"uneven_channels", "uneven_z", "uneven_shape"} <= told.keys()
    convert(config(tmp_path), tmp_path)
    assert findings(tmp_path) == told


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_levels_have_the_names_given(tmp_path: Path, version: str) -> None:
    """Arrays and metadata carry them; no array has a number for a name."""
    write_table(tmp_path, [write(tmp_path, "a.tif", plane(1))])
    omezarr = {"ngff_version": version, "num_levels": 2, "level_names": ["full", "s 1"]}
    convert(config(tmp_path, omezarr=omezarr), tmp_path)
    image = tmp_path / "out/P1.zarr/B/03/0"
    attributes = zarr.open_group(image, mode="r").attrs.asdict()
    datasets = attributes.get("ome", attributes)["multiscales"][0]["datasets"]
    assert [dataset["path"] for dataset in datasets] == ["full", "s 1"]
    np.testing.assert_array_equal(pixels_of(tmp_path, level="full")[0, 0], plane(1))
    assert pixels_of(tmp_path, level="s 1").shape == (1, 1, HEIGHT // 2, WIDTH // 2)
    folders = {path.name for path in image.iterdir() if path.is_dir()}
    assert folders == {"full", "s 1", "tables"}


def test_shards_hold_whole_numbers_of_chunks(tmp_path: Path) -> None:
    """Two fields of 2 x 2 chunks each: 8 chunks in one row of two shards per plane."""
    pixels = plane(1, shape=(2,)), plane(2, shape=(2,))
    rows = [
        write(tmp_path, "a.tif", pixels[0], length_z=2),
        write(tmp_path, "b.tif", pixels[1], length_z=2)
        | {"fov_name": "F2", "start_x": WIDTH * PIXEL},
    ]
    write_table(tmp_path, rows)
    omezarr = {
        "ngff_version": "0.5",
        "chunks": {"kind": "fov", "xy_scaling": 0.5},
        "shards": {"kind": "multiple", "xy_factor": 2, "z_factor": 1},
    }
    convert(config(tmp_path, omezarr=omezarr), tmp_path)
    found = array(tmp_path)
    assert found.chunks == (1, 1, HEIGHT // 2, WIDTH // 2)
    assert found.shards == (1, 1, HEIGHT, WIDTH)
    expected = np.concatenate(pixels, axis=2)
    np.testing.assert_array_equal(pixels_of(tmp_path)[0], expected)
    assert chunks_of(tmp_path, "B/03/0") == [
        f"c/0/{z}/0/{x}" for z in range(2) for x in range(2)
    ]


BLOSC = [
    {"name": "blosc", "cname": cname, "shuffle": shuffle, "clevel": 4}
    for cname in ("lz4", "lz4hc", "blosclz", "zstd", "zlib")
    for shuffle in ("bitshuffle", "shuffle", "noshuffle")
]
COMPRESSORS: list[Json] = [
    *BLOSC,
    {"name": "zstd", "clevel": 6},
    {"name": "gzip", "clevel": 2},
    {"name": "none"},
]


def codec_of(found: zarr.Array) -> Json:  # type: ignore[type-arg]
    """Return name and settings of an array's compressor as the config words them."""
    metadata = json.loads(json.dumps(found.metadata.to_dict(), default=str))
    if metadata["zarr_format"] == 2:
        codec = metadata["compressor"] or {"id": "none"}
        settings = {key: value for key, value in codec.items() if key != "id"}
        name = codec["id"]
    else:
        codec = [c for c in metadata["codecs"] if c["name"] != "bytes"]
        codec = codec[0] if codec else {"name": "none"}
        name, settings = codec["name"], codec.get("configuration", {})
    shuffles = {0: "noshuffle", 1: "shuffle", 2: "bitshuffle"}
    told: Json = {"name": "gzip" if name == "zlib" else name}
    if name == "blosc":
        shuffle = settings["shuffle"]
        told["cname"] = settings["cname"]
        told["shuffle"] = shuffles.get(shuffle, shuffle)
    level = settings.get("clevel", settings.get("level"))
    return told if level is None else told | {"clevel": level}


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(
    "compressor", COMPRESSORS, ids=lambda c: "-".join(map(str, c.values()))
)
def test_every_compressor_gives_the_pixels_back(
    tmp_path: Path, compressor: Json, version: str
) -> None:
    """zarr-python reads what was written, and the header names the compressor."""
    write_table(tmp_path, [write(tmp_path, "a.tif", plane(1))])
    omezarr = {"ngff_version": version, "compressor": compressor}
    convert(config(tmp_path, omezarr=omezarr), tmp_path)
    np.testing.assert_array_equal(pixels_of(tmp_path)[0, 0], plane(1))
    assert codec_of(array(tmp_path)) == compressor


def test_a_declared_pixel_type_is_checked(tmp_path: Path) -> None:
    """Files of another type are an error of their image, not converted in silence."""
    rows = [
        write(tmp_path, "a.tif", plane(1, "uint8")),
        write(tmp_path, "b.tif", plane(2), row="C", column=11),
    ]
    write_table(tmp_path, rows)
    declared = {"details": {"data_type": "uint16"}}
    assert fails(config(tmp_path, **declared), tmp_path) == [
        "B/03/0: a.tif holds uint8 pixels, details.data_type declares uint16. "
        "Correct data_type, or leave it out."
    ]
    assert pixels_of(tmp_path, "C/11/0").dtype == "uint16"


def test_a_declared_pixel_type_is_promoted_to(tmp_path: Path) -> None:
    """With ``promote`` files of a smaller type are written as the declared one."""
    write_table(tmp_path, [write(tmp_path, "a.tif", plane(1, "uint8"))])
    settings = config(
        tmp_path,
        details={"data_type": "uint32"},
        writing={"mixed_dtype": "promote"},
    )
    convert(settings, tmp_path)
    assert pixels_of(tmp_path).dtype == "uint32"
    np.testing.assert_array_equal(pixels_of(tmp_path)[0, 0], plane(1))


@pytest.mark.parametrize(
    ("axes", "lengths", "shape"),
    [
        ("yx", {}, ()),
        ("cyx", {"length_c": 2}, (2,)),
        ("zyx", {"length_z": 3}, (3,)),
        ("tcyx", {"length_t": 2, "length_c": 3}, (2, 3)),
        ("tczyx", {"length_t": 2, "length_c": 1, "length_z": 3}, (2, 1, 3)),
    ],
)
def test_only_the_axes_asked_for_are_written(
    tmp_path: Path, axes: str, lengths: Json, shape: tuple[int, ...]
) -> None:
    """The array has the axes, in order, and the pixels of the file."""
    pixels = plane(1, shape=shape)
    write_table(tmp_path, [write(tmp_path, "a.tif", pixels, **lengths)])
    convert(config(tmp_path, details={"axes": axes}), tmp_path)
    image = zarr.open_group(tmp_path / "out/P1.zarr/B/03/0", mode="r")
    named = image.attrs.asdict()["multiscales"][0]["axes"]
    assert "".join(axis["name"] for axis in named) == axes
    np.testing.assert_array_equal(pixels_of(tmp_path), pixels)


def test_an_axis_that_is_needed_cannot_be_left_out(tmp_path: Path) -> None:
    """Two planes do not fit into an image of y and x."""
    pixels = plane(1, shape=(2,))
    write_table(tmp_path, [write(tmp_path, "a.tif", pixels, length_z=2)])
    (told,) = fails(config(tmp_path, details={"axes": "cyx"}), tmp_path)
    assert told.startswith("B/03/0: ")
    assert "2 planes" in told
    assert "axes" in told


@pytest.mark.parametrize(
    ("offsets", "start"),
    [
        ({}, (0, 0, 0, 0)),
        ({"xy": "keep"}, (0, 0, 12, 20)),
        ({"z": "keep"}, (0, 3, 0, 0)),
        ({"t": "keep"}, (2, 0, 0, 0)),
        ({"xy": "keep", "z": "keep", "t": "keep"}, (2, 3, 12, 20)),
    ],
    ids=["image", "xy", "z", "t", "all"],
)
def test_offsets_that_are_kept(
    tmp_path: Path, offsets: Json, start: tuple[int, int, int, int]
) -> None:
    """A tile at x 10, y 6, z 3 micrometer and 2 s begins at x 20, y 12, z 3, t 2."""
    row = write(tmp_path, "a.tif", plane(1), start_x=10, start_y=6)
    write_table(tmp_path, [row | {"start_z": 3, "start_t": 2}])
    settings = config(
        tmp_path, details={"axes": "tczyx"}, registration={"offsets": offsets}
    )
    convert(settings, tmp_path)
    t, z, y, x = start
    expected = np.zeros((t + 1, 1, z + 1, y + HEIGHT, x + WIDTH), np.uint16)
    expected[t, 0, z, y:, x:] = plane(1)
    np.testing.assert_array_equal(pixels_of(tmp_path), expected)


@pytest.mark.parametrize(("offset", "second"), [("image", 2), ("fov", 0)])
def test_every_field_may_have_its_own_z(
    tmp_path: Path, offset: str, second: int
) -> None:
    """Fields at z 3 and 5 micrometer are 2 planes apart, or both at plane 0."""
    rows = [
        write(tmp_path, "a.tif", plane(1), start_z=3),
        write(tmp_path, "b.tif", plane(2), start_z=5)
        | {"fov_name": "F2", "start_x": WIDTH * PIXEL},
    ]
    write_table(tmp_path, rows)
    settings = config(tmp_path, registration={"offsets": {"z": offset}})
    convert(settings, tmp_path)
    expected = np.zeros((1, second + 1, HEIGHT, 2 * WIDTH), np.uint16)
    expected[0, 0, :, :WIDTH] = plane(1)
    expected[0, second, :, WIDTH:] = plane(2)
    np.testing.assert_array_equal(pixels_of(tmp_path), expected)


@pytest.mark.parametrize(("offset", "start"), [("image", 0), ("well", WIDTH)])
def test_w21_cycles_of_a_well_overlay(tmp_path: Path, offset: str, start: int) -> None:
    """A cycle with the second field only begins where that field is in the well."""
    first = write(tmp_path, "a.tif", plane(1))
    second = write(tmp_path, "b.tif", plane(2))
    again = write(tmp_path, "c.tif", plane(3))
    beside = {"fov_name": "F2", "start_x": WIDTH * PIXEL}
    write_table(tmp_path, [first, second | beside])
    write_table(tmp_path, [again | beside], "cycle2.csv")
    settings = config(tmp_path, registration={"offsets": {"xy": offset}})
    (acquisition,) = settings["acquisitions"]  # type: ignore[misc]  # a list of one
    other = acquisition | {"path": str(tmp_path / "raw/cycle2.csv")}
    settings["acquisitions"] = [acquisition, other]
    convert(settings, tmp_path)
    both = np.concatenate([plane(1), plane(2)], axis=1)
    np.testing.assert_array_equal(pixels_of(tmp_path)[0, 0], both)
    expected = np.zeros((HEIGHT, start + WIDTH), np.uint16)
    expected[:, start:] = plane(3)
    np.testing.assert_array_equal(pixels_of(tmp_path, "B/03/1")[0, 0], expected)


def two_tables(work: Path) -> Json:
    """Write B03 and C11 of one day and B03 of another; return the config's entry."""
    for day, seed in (("mon", 1), ("tue", 5)):
        folder = work / day
        rows = [write(folder, "a.tif", plane(seed))]
        if day == "mon":
            rows.append(write(folder, "c.tif", plane(seed + 1), row="C", column=11))
        write_table(folder, rows)
    paths = [str(work / day / "raw/tiles.csv") for day in ("mon", "tue")]
    return {"path": paths}


@pytest.mark.parametrize(("rule", "seed"), [("last", 5), ("first", 1)])
def test_of_two_tables_one_counts(tmp_path: Path, rule: str, seed: int) -> None:
    """A well in both comes from the last or first one, the other well from its own."""
    settings = config(tmp_path, acquisition=two_tables(tmp_path) | {"on_repeat": rule})
    convert(settings, tmp_path)
    np.testing.assert_array_equal(pixels_of(tmp_path)[0, 0], plane(seed))
    np.testing.assert_array_equal(pixels_of(tmp_path, "C/11/0")[0, 0], plane(2))
    finding = findings(tmp_path)["repeated_wells"]
    assert finding["wells"] == ["B03"]


def test_channels_of_two_folders_keep_their_names(tmp_path: Path) -> None:
    """A folder with the second channel only is not taken for one with the first."""
    names = {"mon/B03_DAPI.tif": 1, "mon/B03_GFP.tif": 2, "tue/C11_GFP.tif": 3}
    for name, seed in names.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        tifffile.imwrite(path, plane(seed), metadata=None)
    acquisition = {
        "path": [str(tmp_path / "mon"), str(tmp_path / "tue")],
        "format": "pattern",
        "options": {"pattern": "{well}_{channel}.tif"},
        "details": {"pixelsize": 0.5},
    }
    settings = {"plate": {"name": "P1"}, "output": str(tmp_path / "out")}
    convert(settings | {"acquisitions": [acquisition]}, tmp_path)
    for image, labels, seed in (
        ("B/03/0", ["DAPI", "GFP"], 2),
        ("C/11/0", ["GFP"], 3),
    ):
        group = tmp_path / "out/P1.zarr" / image
        omero = json.loads((group / ".zattrs").read_text())["omero"]
        assert [channel["label"] for channel in omero["channels"]] == labels
        level = zarr.open_array(group / "0", mode="r")
        np.testing.assert_array_equal(level[-1, 0], plane(seed))


def test_two_tables_joined_along_t(tmp_path: Path) -> None:
    """The second table's planes are the well's second time point."""
    acquisition = two_tables(tmp_path) | {"on_repeat": "time"}
    settings = config(tmp_path, acquisition=acquisition, details={"axes": None})
    convert(settings, tmp_path)
    expected = np.stack([plane(1), plane(5)])[:, None, None]
    np.testing.assert_array_equal(pixels_of(tmp_path), expected)


def test_tables_in_seconds_joined_along_t(tmp_path: Path) -> None:
    """A time point after the first of 0.5 s follows at once, not a second later."""
    acquisition = two_tables(tmp_path) | {"on_repeat": "time"}
    details = {"axes": None, "t_spacing": 0.5, "start_t_coo": "world"}
    convert(config(tmp_path, acquisition=acquisition, details=details), tmp_path)
    expected = np.stack([plane(1), plane(5)])[:, None, None]
    np.testing.assert_array_equal(pixels_of(tmp_path), expected)


def test_two_tables_may_not_repeat_a_well(tmp_path: Path) -> None:
    """With ``error`` nothing is converted, and the well is named."""
    settings = config(
        tmp_path, acquisition=two_tables(tmp_path) | {"on_repeat": "error"}
    )
    with pytest.raises(FaultsError) as error:
        convert(settings, tmp_path)
    (told,) = error.value.faults
    assert told == (
        f"B03 of {tmp_path}/mon/raw/tiles.csv is in another path too. Set on_repeat to "
        "last or first to choose one."
    )
    assert not (tmp_path / "out").exists()
