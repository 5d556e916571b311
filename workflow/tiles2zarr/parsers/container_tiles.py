"""Images of containers (CZI, ND2, LIF) to the table of tiles."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.container_channels import channel_infos, join_channels
from tiles2zarr.parsers.container_choice import Choice, choose_images
from tiles2zarr.parsers.container_fields import Field, find_unplaced, name_fields
from tiles2zarr.parsers.container_files import ContainerOptions
from tiles2zarr.parsers.container_records import ContainerImage
from tiles2zarr.parsers.records import ParsedAcquisition, build_table


def build_acquisition(
    images: Sequence[ContainerImage],
    resource: str,
    options: ContainerOptions,
    file_wells: Mapping[str, tuple[int, int]],
    findings: Sequence[Finding] = (),
) -> ParsedAcquisition:
    """Return the tiles of the images: of a plate if any has a well, else single ones.

    Args:
        images: What the files hold, in paste order.
        resource: Folder of the files.
        options: What was asked.
        file_wells: Wells by file name, for files that tell none themselves.
        findings: What reading the files noticed, besides what the images carry.

    Raises:
        ParserError: Nothing is left, or the images differ in pixel size or plate.
    """
    choice = choose_images(images, resource, options, file_wells)
    chosen = choice.images
    channels, numbers = join_channels(chosen)
    fields = name_fields(chosen, choice.in_plate, as_fields=options.as_fields)
    noticed = [*findings, *(f for image in images for f in image.findings)]
    noticed += [*choice.findings, *find_unplaced(fields)]
    starts = [image.start_ms for image in chosen if image.start_ms is not None]
    return ParsedAcquisition(
        table=_tile_table(chosen, fields, numbers, in_plate=choice.in_plate),
        details=_details(choice).replace(channels=channel_infos(channels)),
        resource=resource,
        channel_ids=tuple(str(number) for number in range(len(channels))),
        plate_name=choice.plate,
        start_time=min(starts) if starts else None,
        findings=tuple(noticed),
    )


def _details(choice: Choice) -> AcquisitionDetails:
    """Return spacings and axes; channels are not in them."""
    return AcquisitionDetails(
        pixelsize=choice.pixel_um or 1.0,
        z_spacing=_median([image.z_um for image in choice.images]),
        t_spacing=_median([image.t_s for image in choice.images]),
        start_z_coo="pixel",
        start_t_coo="pixel",
        stage_corrections=choice.images[0].stage,
    )


def _median(values: Sequence[float | None]) -> float:
    """Return the median of the values that are known, 1 if none is."""
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else 1.0


def _tile_table(
    images: Sequence[ContainerImage],
    fields: Sequence[Field],
    numbers: Sequence[Sequence[int]],
    *,
    in_plate: bool,
) -> pd.DataFrame:
    """Return one row per plane in the order target, t, field, channel, z."""
    planes = _sorted_planes(images, fields, numbers)
    index = planes["field"].to_numpy()
    first = planes.groupby("field")["z"].transform("min")
    where: dict[str, object] = {
        "image_path": _objects([field.target for field in fields])[index]
    }
    if in_plate:
        wells = np.asarray([field.place.well or (0, 0) for field in fields])
        where = {"row": wells[index, 0], "column": wells[index, 1]}
    corners = np.asarray([(f.place.x_um, f.place.y_um) for f in fields], dtype=float)
    sizes = np.asarray([(f.place.width, f.place.height) for f in fields])
    return build_table(
        {
            "file": planes["file"],
            "plane": planes["plane"],
            **where,
            "fov": _objects([field.fov for field in fields])[index],
            "x": np.nan_to_num(corners)[index, 0],
            "y": np.nan_to_num(corners)[index, 1],
            "z": planes["z"] - first,
            "t": planes["t"],
            "c": planes["c"],
            "len_x": sizes[index, 0],
            "len_y": sizes[index, 1],
            "z_um": planes["z_um"],
            "time_s": planes["time_s"],
            "exposure_s": planes["exposure_s"],
        }
    )


def _sorted_planes(
    images: Sequence[ContainerImage],
    fields: Sequence[Field],
    numbers: Sequence[Sequence[int]],
) -> pd.DataFrame:
    """Return the planes of all images in paste order, with ``file`` and ``field``."""
    targets = {target: i for i, target in enumerate({f.target: None for f in fields})}
    codes = np.asarray([targets[field.target] for field in fields])
    parts = []
    offset = 0
    for image, own in zip(images, numbers, strict=True):
        field = image.planes["place"].to_numpy() + offset
        channel = np.asarray(own, dtype=np.int64)[image.planes["c"].to_numpy()]
        parts.append(
            image.planes.assign(
                field=field, c=channel, file=image.file, target=codes[field]
            )
        )
        offset += len(image.places)
    order = ["target", "t", "field", "c", "z"]
    return pd.concat(parts, ignore_index=True).sort_values(
        order, kind="stable", ignore_index=True
    )


def _objects(texts: Sequence[str]) -> NDArray[np.object_]:
    return np.asarray(texts, dtype=object)
