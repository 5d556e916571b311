"""What a run has made, in a few lines for the terminal."""

import sys
from pathlib import Path

import zarr
from pydantic import BaseModel

from tiles2zarr.errors import StoreError


class _Path(BaseModel):
    path: str


class _Name(BaseModel):
    name: str


class _Plate(BaseModel):
    rows: tuple[_Name, ...]
    columns: tuple[_Name, ...]
    wells: tuple[_Path, ...]


class _Well(BaseModel):
    images: tuple[_Path, ...]


class _Multiscale(BaseModel):
    axes: tuple[_Name, ...]
    datasets: tuple[_Path, ...]


class _Channel(BaseModel):
    label: str


class _Omero(BaseModel):
    channels: tuple[_Channel, ...]


class _Attributes(BaseModel):
    """The OME metadata of a plate, a well, an image or a group of tables."""

    plate: _Plate = _Plate(rows=(), columns=(), wells=())
    well: _Well = _Well(images=())
    multiscales: tuple[_Multiscale, ...] = ()
    omero: _Omero = _Omero(channels=())
    tables: tuple[str, ...] = ()


def summarise(store: Path) -> str:
    """Return lines that show the plate in ``store`` and how to open it.

    Raises:
        StoreError: There is no OME-Zarr plate.
    """
    try:
        zarr_format = zarr.open_group(store, mode="r").metadata.zarr_format
    except FileNotFoundError as error:
        raise StoreError(
            f"{store} is not an OME-Zarr plate: there is no group. Run the workflow "
            "first, with: make demo"
        ) from error
    plate = _attributes(store).plate
    images = [
        f"{well.path}/{image.path}"
        for well in plate.wells
        for image in _attributes(store, well.path).well.images
    ]
    version = {2: "0.4", 3: "0.5"}[zarr_format]
    title = (
        f"{store}: OME-Zarr {version}, plate of {len(plate.rows)} x "
        f"{len(plate.columns)} wells, {len(plate.wells)} with images"
    )
    lines = [f"  {image}  {_describe(store, image)}" for image in images]
    return "\n".join([title, *lines, *_opening(store, images)])


def _attributes(store: Path, path: str = "") -> _Attributes:
    """Return the metadata of a group: 0.5 keeps the OME part one level deeper."""
    attributes = zarr.open_group(store, path=path, mode="r").attrs.asdict()
    return _Attributes.model_validate(attributes.get("ome", attributes))


def _describe(store: Path, image: str) -> str:
    """Return shape, levels, channels and tables of an image in one line."""
    attributes = _attributes(store, image)
    multiscale = attributes.multiscales[0]
    levels = [
        zarr.open_array(store, path=f"{image}/{level.path}", mode="r")
        for level in multiscale.datasets
    ]
    full, smallest = levels[0], levels[-1]
    sizes = zip(multiscale.axes, full.shape, strict=True)
    channels = (channel.label for channel in attributes.omero.channels)
    parts = [
        " ".join(f"{axis.name}={size}" for axis, size in sizes),
        str(full.dtype),
        f"{len(levels)} levels down to {smallest.shape[-2]} x {smallest.shape[-1]}",
        ", ".join(channels),
    ]
    if (store / image / "tables").is_dir():
        parts.append(", ".join(_attributes(store, f"{image}/tables").tables))
    return " | ".join(parts)


def _own_command() -> str:
    """Return the program ``tiles2zarr`` of this Python, as it can be typed here."""
    path = Path(sys.executable).with_name("tiles2zarr")
    return str(
        path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    )


def _opening(store: Path, images: list[str]) -> list[str]:
    """Return how to open the store, with its first image as the example."""
    if not images:
        return []
    row, column, image = images[0].split("/")
    return [
        "Open it in a browser:",
        f"  {_own_command()} view {store}",
        "in napari:",
        '  pip install "napari[all]" napari-ome-zarr',
        f"  napari --plugin napari-ome-zarr {store}",
        "or in Python:",
        "  from ngio import open_ome_zarr_plate",
        f'  plate = open_ome_zarr_plate("{store}", mode="r")',
        f'  image = plate.get_image("{row}", {int(column)}, "{image}")',
        "  pixels = image.get_image().get_as_numpy()",
        '  fields = image.get_table("FOV_ROI_table").dataframe',
    ]
