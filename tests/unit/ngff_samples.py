"""Small registered images and stores for the tests of ngff."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import zarr

from tiles2zarr.models.acquisition import ChannelInfo
from tiles2zarr.models.base import Scalar
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.image import (
    BoxColumns,
    ConditionRow,
    FieldOfView,
    PlaneColumns,
    RegisteredImage,
)
from tiles2zarr.models.plan import AcquisitionEntry
from tiles2zarr.models.well import PlateLayout
from tiles2zarr.ngff.documents import Version, write_attributes
from tiles2zarr.ngff.image import image_attributes, level_paths
from tiles2zarr.ngff.plate import PlateDescription, describe_plate
from tiles2zarr.ngff.plate_groups import write_plate
from tiles2zarr.ngff.tables import write_image_tables, write_plate_tables
from tiles2zarr.ngff.tables_backends import Backend
from tiles2zarr.ngff.tables_frames import plate_rows
from tiles2zarr.stores.local import LocalStore

WELLS = (("A", 2), ("B", 1), ("B", 3))
"""Three wells in two rows: swapped rows and columns cannot pass."""


class MemoryStore:
    """A store in memory that also tells what was written, in order."""

    def __init__(self, objects: Mapping[str, bytes] | None = None) -> None:
        """Start with ``objects``."""
        self.objects = dict(objects or {})
        self.log: list[str] = []

    @property
    def url(self) -> str:
        """A name for messages."""
        return "memory"

    def get(self, key: str) -> bytes | None:
        """Return the object, or ``None``."""
        return self.objects.get(key)

    def put(self, key: str, data: bytes) -> None:
        """Replace the object."""
        self.log.append(key)
        self.objects[key] = data

    def put_chunk(self, key: str, data: bytes) -> None:
        """Write an object that is not there yet."""
        assert key not in self.objects
        self.put(key, data)

    def flush(self) -> None:
        """Do nothing: memory is always up to date."""

    def delete(self, key: str) -> None:
        """Remove the object and all below it."""
        self.log.append(f"-{key}")
        self.objects = {
            k: v
            for k, v in self.objects.items()
            if k != key and not k.startswith(f"{key}/")
        }

    def sizes(self, prefix: str) -> Iterable[tuple[str, int]]:
        """Yield key and size of all objects below ``prefix``."""
        for key, data in list(self.objects.items()):
            if key.startswith(f"{prefix}/"):
                yield key, len(data)

    def children(self, prefix: str) -> tuple[str, ...]:
        """Return the names directly below ``prefix``."""
        below = [k.removeprefix(f"{prefix}/") for k, _ in self.sizes(prefix)]
        return tuple(sorted({name.split("/")[0] for name in below}))

    def below(self, prefix: str) -> "MemoryStore":
        """Return a copy of what is below ``prefix``."""
        known = {k.removeprefix(f"{prefix}/"): self.objects[k] for k in self.objects}
        return MemoryStore(known)


def sample_image(
    row: str = "B",
    column: int = 3,
    *,
    acquisition: int = 0,
    axes: str = "czyx",
    times: int = 1,
    labels: tuple[str, ...] = ("DAPI", "GFP"),
    dtype: str = "uint16",
    levels: int = 2,
    conditions: Iterable[Mapping[str, Scalar]] = (),
    translation: tuple[float, float, float] | None = None,
) -> RegisteredImage:
    """Return two fields of 10 rows x 14 columns side by side, 3 planes 2 um apart.

    Pixels are 0.5 um, so a field is 5 um high and 7 um wide; time points are 30 s
    apart. The stage was at x = -100 and -93, y = 40, z = 7 um.
    """
    planes = 3 if "z" in axes else 1
    channels = len(labels) if "c" in axes else 1
    fovs = tuple(
        FieldOfView(
            name=f"FOV_{n + 1}",
            start=(0, 0, 0, 14 * n),
            shape=(times, planes, 10, 14),
            x_original=-100.0 + 7 * n,
            y_original=40.0,
            z_original=7.0,
        )
        for n in range(2)
    )
    files = tuple(f"{fov.name}.tif" for fov in fovs)
    return RegisteredImage(
        collection=ImageInPlate(
            plate_name="P", row=row, column=column, acquisition=acquisition
        ),
        acquisition_id=acquisition,
        name=f"{row}{column:02d} cycle {acquisition}",
        axes=axes,
        shape=(times, channels, planes, 10, 28),
        tile_shape=(10, 14),
        dtype=dtype,
        levels=levels,
        boxes=BoxColumns(
            file=files,
            plane=(0,),
            fov=tuple(fov.name for fov in fovs),
            t=(0,),
            c=(0,),
            z=(0,),
            y=(0,),
            x=(0, 14),
            len_t=(times,),
            len_c=(channels,),
            len_z=(planes,),
            len_y=(10,),
            len_x=(14,),
        ),
        fovs=fovs,
        channels=tuple(ChannelInfo(channel_label=label) for label in labels[:channels]),
        pixel_size=(30.0, 2.0, 0.5, 0.5),
        translation=translation,
        planes=PlaneColumns(
            fov=tuple(fov.name for fov in fovs),
            c=(0,),
            z=(0,),
            t=(0,),
            time_s=(0.5, None),
            x_um=tuple(fov.x_original for fov in fovs),
            y_um=(40.0,),
            z_um=(7.0,),
            exposure_s=(0.1,),
            file=(files[0], ""),
            status=("ok", "missing"),
        ),
        conditions=tuple(ConditionRow(values=dict(values)) for values in conditions),
    )


def sample_plate(
    images: Iterable[RegisteredImage],
    layout: PlateLayout | None = None,
    acquisitions: Iterable[AcquisitionEntry] = (),
) -> PlateDescription:
    """Return the description of a 96-well plate with the images."""
    places = [image.collection for image in images]
    return describe_plate(
        "P",
        layout or PlateLayout(rows=8, columns=12),
        acquisitions,
        [place for place in places if isinstance(place, ImageInPlate)],
    )


def write_arrays(folder: Path, image: RegisteredImage, version: Version) -> None:
    """Write the levels of an image with zarr-python, all pixels 7, and its metadata."""
    axes = ["tczyx".index(axis) for axis in image.axes]
    zarr_format: Literal[2, 3] = 2 if version == "0.4" else 3
    for level, path in enumerate(level_paths(image)):
        t, c, z, y, x = image.shape
        full = (t, c, z, y >> level, x >> level)
        shape = tuple(full[axis] for axis in axes)
        array = zarr.create_array(
            folder / path,
            shape=shape,
            chunks=shape,
            dtype=image.dtype,
            zarr_format=zarr_format,
            chunk_key_encoding={"name": "v2", "separator": "/"}
            if version == "0.4"
            else None,
            dimension_names=None if version == "0.4" else list(image.axes),
        )
        array[...] = np.full(shape, 7, dtype=image.dtype)
    store = LocalStore(folder)
    write_attributes(store, "", image_attributes(image, version=version), version)


def write_sample(
    folder: Path,
    images: Iterable[RegisteredImage],
    version: Version,
    *,
    backend: Backend = "csv",
    layout: PlateLayout | None = None,
) -> Path:
    """Write a plate with arrays, metadata and tables, and return its path."""
    images = tuple(images)
    plate = folder / "P.zarr"
    store = LocalStore(plate)
    for image in images:
        write_arrays(plate / image.image, image, version)
        write_image_tables(store, image.image, image, version=version, backend=backend)
    write_plate(store, sample_plate(images, layout), version)
    rows = [plate_rows(image) for image in images]
    write_plate_tables(store, rows, version=version, backend=backend)
    return plate
