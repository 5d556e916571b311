"""Every validator and reader there is for OME-Zarr, behind two functions.

``validate_plate`` and ``validate_image`` raise AssertionError naming the validator that
objected. What none of the others sees (physical rows, groups of rows, names of the
dimensions) is checked here from the specification.
"""

import io
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import zarr

MOSAIC_BYTES = 2**30
"""Readers that stitch a plate allocate an image for every physical well; above this
many bytes they are given the images one by one only."""
_MUTED = (
    # third parties on zarr v2, on plates, and on each other
    ("Object at .* is not recognized as a component of a Zarr hierarchy", UserWarning),
    ("Passing `levels.*`", DeprecationWarning),
)
Json = Mapping[str, object]


class blame:  # noqa: N801  (read as a word: `with blame("ngio"):`)
    """Turn whatever a validator raises into an AssertionError that names it."""

    def __init__(self, validator: str, path: Path) -> None:
        """Remember whom to name."""
        self.title = f"{validator} on {path}"

    def __enter__(self) -> Self:
        """Run the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Rename the error, if there is one."""
        if error is not None and not isinstance(error, KeyboardInterrupt):
            raise AssertionError(f"{self.title}: {error!r}") from error


def validate_plate(path: Path | str, version: str, *, mosaic: bool = True) -> None:
    """Let every validator look at a plate, its wells and its images.

    Args:
        path: The plate, ``P.zarr``.
        version: The OME-Zarr version it must have, ``0.4`` or ``0.5``.
        mosaic: Also let viewers stitch the plate; not for plates whose wells differ in
            shape, which no viewer opens as a whole.

    Raises:
        AssertionError: A validator objects; it is named.
    """
    plate = Path(path)
    images = image_paths(plate, version)
    assert images, f"{plate} lists no images"
    with _quiet():
        for name, check in (
            ("specification", _check_plate),
            ("JSON schemas", _check_plate_schemas),
            ("ome-zarr-models", _check_plate_models),
            ("ngff-zarr", _check_plate_ngff_zarr),
            ("ngio", _check_plate_ngio),
        ):
            with blame(name, plate):
                check(plate, version)
        _check_io(plate, version)
        if mosaic and _mosaic_bytes(plate, images[0], version) <= MOSAIC_BYTES:
            _check_info(plate)
            _check_napari(plate)
    for image in images:
        validate_image(plate / image, version)


def validate_image(path: Path | str, version: str) -> None:
    """Let every validator look at one image.

    Raises:
        AssertionError: A validator objects; it is named.
    """
    image = Path(path)
    with _quiet():
        for name, check in (
            ("specification", _check_image),
            ("JSON schemas", _check_image_schema),
            ("ome-zarr-models", _check_image_models),
            ("ngff-zarr", _check_image_ngff_zarr),
            ("ngio", _check_image_ngio),
            ("tensorstore", _check_tensorstore),
        ):
            with blame(name, image):
                check(image, version)
        _check_io(image, version)
        _check_info(image)
        _check_napari(image)


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        for message, category in _MUTED:
            warnings.filterwarnings("ignore", message=message, category=category)
        yield


def attributes(group: Path, version: str) -> Json:
    """Return the OME-Zarr attributes of a group, read as JSON."""
    if version == "0.4":
        assert json.loads((group / ".zgroup").read_text()) == {"zarr_format": 2}
        found = json.loads((group / ".zattrs").read_text())
    else:
        document = json.loads((group / "zarr.json").read_text())
        assert (document["zarr_format"], document["node_type"]) == (3, "group")
        found = document["attributes"]["ome"]
        assert found["version"] == version
    assert isinstance(found, dict)
    return found


def image_paths(plate: Path, version: str) -> list[str]:
    """Return the paths of all images the wells of a plate list."""
    wells = attributes(plate, version)["plate"]["wells"]  # type: ignore[index]
    return [
        f"{well['path']}/{image['path']}"
        for well in wells
        for image in attributes(plate / well["path"], version)["well"]["images"]  # type: ignore[index]
    ]


def _check_plate(plate: Path, version: str) -> None:
    """Check what the specification asks for and no validator looks at."""
    found = attributes(plate, version)["plate"]
    assert isinstance(found, dict)
    rows = [row["name"] for row in found["rows"]]
    columns = [column["name"] for column in found["columns"]]
    letters = [chr(65 + n) if n < 26 else f"A{chr(39 + n)}" for n in range(len(rows))]
    assert rows == letters, f"physical rows are missing: {rows}"
    assert columns == [f"{n + 1:02d}" for n in range(len(columns))], columns
    used = set()
    for well in found["wells"]:
        row, column = rows[well["rowIndex"]], columns[well["columnIndex"]]
        assert well["path"] == f"{row}/{column}", well
        used.add(row)
    assert len({well["path"] for well in found["wells"]}) == len(found["wells"])
    marker = ".zgroup" if version == "0.4" else "zarr.json"
    for row in used:
        assert (plate / row / marker).is_file(), f"row {row} is no group"
    ids = {acquisition["id"] for acquisition in found["acquisitions"]}
    assert len(ids) == len(found["acquisitions"])
    for well in found["wells"]:
        listed = attributes(plate / well["path"], version)["well"]
        for image in listed["images"]:  # type: ignore[index]
            assert image["acquisition"] in ids, image
            assert (plate / well["path"] / image["path"] / marker).is_file(), image


def _check_image(image: Path, version: str) -> None:
    """Check axes, dimension names, pyramid and channels against the arrays."""
    found = attributes(image, version)
    (multiscale,) = found["multiscales"]  # type: ignore[misc]
    axes = [axis["name"] for axis in multiscale["axes"]]
    group = zarr.open_group(image, mode="r")
    shape: tuple[int, ...] | None = None
    for dataset in multiscale["datasets"]:
        array = group[dataset["path"]]
        assert isinstance(array, zarr.Array)
        if version == "0.5":
            assert array.metadata.dimension_names == tuple(axes), dataset["path"]
        scale, *rest = dataset["coordinateTransformations"]
        assert scale["type"] == "scale"
        assert [entry["type"] for entry in rest] in ([], ["translation"])
        assert shape is None or all(np.less_equal(array.shape, shape)), "grows"
        shape = array.shape
    channels = found["omero"]["channels"]  # type: ignore[index]
    first = group[multiscale["datasets"][0]["path"]]
    assert isinstance(first, zarr.Array)
    count = first.shape[axes.index("c")] if "c" in axes else 1
    assert len(channels) == count, f"{len(channels)} omero channels, {count} in array"
    for channel in channels:
        window = channel["window"]
        assert window["min"] <= window["start"] < window["end"] <= window["max"]
    for key in ("label", "wavelength_id"):
        assert len({channel[key] for channel in channels}) == count, key


def _schema_check(document: Json, kind: str, version: str) -> None:
    from importlib.resources import files

    from jsonschema import Draft202012Validator
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    folder = files("ngff_zarr") / "spec" / version / "schemas"
    schemas = {
        entry.name: json.loads(entry.read_text())
        for entry in folder.iterdir()
        if entry.name.endswith(".schema")
    }
    registry: Registry[Json] = Registry().with_resources(
        (schema["$id"], DRAFT202012.create_resource(schema))
        for schema in schemas.values()
    )
    strict = schemas[f"strict_{kind}.schema"]
    Draft202012Validator(strict, registry=registry).validate(document)


def _schema_document(group: Path, version: str) -> Json:
    found = attributes(group, version)
    return found if version == "0.4" else {"ome": found}


def _check_plate_schemas(plate: Path, version: str) -> None:
    _schema_check(_schema_document(plate, version), "plate", version)
    for well in attributes(plate, version)["plate"]["wells"]:  # type: ignore[index]
        document = _schema_document(plate / well["path"], version)
        _schema_check(document, "well", version)


def _check_image_schema(image: Path, version: str) -> None:
    _schema_check(_schema_document(image, version), "image", version)


_MODELS = """
import json, sys, warnings
import zarr
from ome_zarr_models import open_ome_zarr
from ome_zarr_models.exceptions import ValidationWarning

version, groups = json.load(sys.stdin)
with warnings.catch_warnings(action="error", category=ValidationWarning):
    for group in groups:
        open_ome_zarr(zarr.open_group(group, mode="r"), version=version)
"""
"""Run in a process of its own: once ngio is imported, forward references of the
0.4 models resolve to zarr v3 arrays; every plate is refused (ome-zarr-models 1.7)."""


def _check_models(groups: Sequence[Path], version: str) -> None:
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", _MODELS],
        input=json.dumps([version, [str(group) for group in groups]]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _check_image_models(image: Path, version: str) -> None:
    _check_models([image], version)


def _check_plate_models(plate: Path, version: str) -> None:
    """Check the plate, its wells and its images."""
    found = attributes(plate, version)["plate"]["wells"]  # type: ignore[index]
    wells = [plate / well["path"] for well in found]
    images = [plate / image for image in image_paths(plate, version)]
    _check_models([plate, *wells, *images], version)


def _check_plate_ngff_zarr(plate: Path, version: str) -> None:
    from ngff_zarr import from_hcs_zarr

    opened = from_hcs_zarr(str(plate), validate=True)
    for path in image_paths(plate, version):
        row, column, _ = path.split("/")
        well = opened.get_well(row, column)
        assert well is not None, path
        for index in range(len(well.metadata.images)):
            assert well.get_image(index) is not None, path


def _check_image_ngff_zarr(image: Path, version: str) -> None:
    from ngff_zarr import from_ome_zarr

    from_ome_zarr(str(image), validate=True)


def _check_plate_ngio(plate: Path, version: str) -> None:
    from ngio import open_ome_zarr_plate

    opened = open_ome_zarr_plate(plate, mode="r", cache=True)
    listed = image_paths(plate, version)
    assert sorted(opened.get_images(max_workers=1)) == sorted(listed)
    for name in opened.list_tables():
        assert len(opened.get_table(name).dataframe), name


def _check_image_ngio(image: Path, version: str) -> None:
    from ngio import open_ome_zarr_container

    opened = open_ome_zarr_container(image, mode="r")
    for path in opened.level_paths:
        assert opened.get_image(path=path).shape
    for name in opened.list_tables():
        assert len(opened.get_table(name).dataframe), name
    for name in opened.list_roi_tables():
        for roi in opened.get_generic_roi_table(name).rois():
            opened.get_image().get_roi(roi)


def _check_tensorstore(image: Path, version: str) -> None:
    import tensorstore

    (multiscale,) = attributes(image, version)["multiscales"]  # type: ignore[misc]
    path = multiscale["datasets"][-1]["path"]
    driver = "zarr" if version == "0.4" else "zarr3"
    place = {"driver": "file", "path": str(image / path)}
    opened = tensorstore.open({"driver": driver, "kvstore": place}).result()
    known = zarr.open_group(image, mode="r")[path]
    assert isinstance(known, zarr.Array)
    np.testing.assert_array_equal(opened.read().result(), known[...])


def _check_io(group: Path, version: str) -> None:
    """Run ome-zarr-io, which knows OME-Zarr 0.5 only."""
    if version != "0.5":
        return
    from ome_zarr_io.report import validate

    with blame("ome-zarr-io", group):
        report = validate(str(group), strict=True)
        assert report.is_valid, [str(issue) for issue in report.errors]


def _check_info(group: Path) -> None:
    from ome_zarr.utils import info

    printed = io.StringIO()
    with blame("ome_zarr info", group), redirect_stdout(printed):
        nodes = list(info(str(group)))
        assert nodes, "found nothing"
        assert nodes[0].data, printed.getvalue()


def _check_napari(group: Path) -> None:
    with warnings.catch_warnings(action="ignore"):
        # napari's own models use what pydantic has deprecated
        from napari_ome_zarr import napari_get_reader

    with blame("napari-ome-zarr", group), redirect_stdout(io.StringIO()):
        reader = napari_get_reader(str(group))
        assert reader is not None
        layers = reader(str(group))
        assert layers
        for pyramid, _, kind in layers:
            assert kind == "image"
            assert isinstance(pyramid, Sequence)
            np.asarray(pyramid[-1])


def _mosaic_bytes(plate: Path, image: str, version: str) -> int:
    found = attributes(plate, version)["plate"]
    assert isinstance(found, dict)
    (multiscale,) = attributes(plate / image, version)["multiscales"]  # type: ignore[misc]
    array = zarr.open_group(plate / image, mode="r")[multiscale["datasets"][0]["path"]]
    assert isinstance(array, zarr.Array)
    return int(len(found["rows"]) * len(found["columns"]) * array.nbytes)
