"""Images of Python users as images of the workflow, and back."""

from collections.abc import Mapping, Sequence

import numpy as np

from tiles2zarr.api.columns import GroupedImage
from tiles2zarr.api.image import TiledImage
from tiles2zarr.api.loaders import DefaultImageLoader, file_entry, image_loader
from tiles2zarr.api.places import internal_collection
from tiles2zarr.api.roi import Roi, make_roi
from tiles2zarr.api.slices import TileSlice
from tiles2zarr.geometry import Shape
from tiles2zarr.models import image as workflow
from tiles2zarr.models.acquisition import AXES, StageOrientation
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.decisions import AcquisitionDecision
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.tiles import TileColumns
from tiles2zarr.registration.boxes import TileNumbers
from tiles2zarr.registration.planes import make_planes
from tiles2zarr.registration.stage import round_px, stage_tiles


def slice_shapes(image: workflow.TiledImage) -> list[Shape]:
    """Return the (t, c, z, y, x) extent of each tile."""
    tiles = image.tiles
    columns = (tiles.len_t, tiles.len_c, tiles.len_z, tiles.len_y, tiles.len_x)
    return list(zip(*columns, strict=True))


def slice_rois(image: workflow.TiledImage) -> list[Roi]:
    """Return each tile in world units, after swap and flips of the stage."""
    tiles, details = image.tiles, image.acquisition
    stage = stage_tiles([image])
    spacing = (
        details.t_spacing,
        1.0,
        details.z_spacing,
        details.pixelsize,
        details.pixelsize,
    )
    starts = zip(
        tiles.t,
        map(float, tiles.c),
        tiles.z,
        stage.y_um.tolist(),
        stage.x_um.tolist(),
        strict=True,
    )
    originals = zip(tiles.z, tiles.y, tiles.x, strict=True)
    return [
        make_roi(fov, start, _times(shape, spacing), original)
        for fov, start, shape, original in zip(
            tiles.fov, starts, slice_shapes(image), originals, strict=True
        )
    ]


def _times(values: Sequence[float], spacing: Sequence[float]) -> list[float]:
    return [value * step for value, step in zip(values, spacing, strict=True)]


def from_grouped(grouped: GroupedImage, resource: str) -> TiledImage:
    """Return the image of Python users that tiles were grouped into."""
    image = grouped.image
    rois, shapes = slice_rois(image), slice_shapes(image)
    return TiledImage(
        regions=tuple(
            TileSlice(roi=roi, image_loader=loader, shape=shape)
            for roi, loader, shape in zip(rois, grouped.loaders, shapes, strict=True)
        ),
        collection=grouped.collection,
        acquisition_details=image.acquisition,
        data_type=image.dtype,
        conditions=image.conditions,
        resource=resource,
        fault=image.fault,
    )


def to_workflow(image: TiledImage, *, original: bool = False) -> workflow.TiledImage:
    """Return the image of the workflow, slices as tiles in their order.

    Args:
        image: The image.
        original: Place tiles where the stage was, as acquired, in place of where the
            slices are.
    """
    collection = image.collection
    loaders = [region.image_loader for region in image.regions]
    plain = all(isinstance(loader, DefaultImageLoader) for loader in loaders)
    files = [
        file_entry(
            r.image_loader, plain=plain, lengths=(r.shape[0], r.shape[1], r.shape[2])
        )
        for r in image.regions
    ]
    # swap and flips are in the slices already
    details = image.acquisition_details.replace(stage_corrections=StageOrientation())
    return workflow.TiledImage(
        collection=internal_collection(collection),
        acquisition=details,
        acquisition_id=(
            collection.acquisition if isinstance(collection, ImageInPlate) else 0
        ),
        resource=image.resource if plain else "",
        loader=image_loader(image.resource, plain=plain),
        tiles=_tiles(image, files, original=original),
        conditions=image.conditions,
        dtype=image.data_type,
        fault=image.fault,
    )


def _tiles(image: TiledImage, files: list[str], *, original: bool) -> TileColumns:
    rois = [region.roi for region in image.regions]
    starts = {a: tuple(roi.get(a).start for roi in rois) for a in AXES}
    if original:
        for axis in ("x", "y", "z"):
            name = f"{axis}_micrometer_original"
            known = [getattr(roi, name) for roi in rois]
            starts[axis] = tuple(
                place if value is None else value
                for place, value in zip(starts[axis], known, strict=True)
            )
    lengths = zip(*(region.shape for region in image.regions), strict=True)
    return TileColumns(
        file=tuple(files),
        plane=(0,) * len(files),
        fov=tuple(roi.name for roi in rois),
        x=starts["x"],
        y=starts["y"],
        z=starts["z"],
        t=starts["t"],
        c=tuple(round(start) for start in starts["c"]),
        status=("ok",) * len(files),
        **dict(zip((f"len_{axis}" for axis in AXES), lengths, strict=True)),
    )


def from_registered(
    image: TiledImage, registered: RegisteredImage, decision: AcquisitionDecision
) -> TiledImage:
    """Return ``image`` with its slices where registration put them."""
    boxes = registered.boxes
    t, z, y, x = registered.pixel_size
    spacing = (t, 1.0, z, y, x)
    starts = zip(boxes.t, boxes.c, boxes.z, boxes.y, boxes.x, strict=True)
    regions = [
        region.replace(
            roi=region.roi.move_to(
                **dict(zip(AXES, _times(start, spacing), strict=True))
            )
        )
        for region, start in zip(image.regions, starts, strict=True)
    ]
    # channels are numbered without holes now
    details = image.acquisition_details.replace(
        channels=registered.channels, axes=registered.axes
    )
    return image.replace(
        regions=tuple(regions),
        acquisition_details=details,
        name=registered.name,
        translation=registered.translation,
        decision=decision.replace(channels=None, axes=registered.axes),
        registered=True,
        findings=registered.findings,
    )


def with_originals(registered: RegisteredImage, image: TiledImage) -> RegisteredImage:
    """Return a registered image that tells the stage positions as acquired.

    Args:
        registered: Made of ``image``; its boxes may be fewer, where files cannot be
            read.
        image: The image with its slices on whole pixels.
    """
    tiles = to_workflow(image, original=True).tiles
    files = set(registered.boxes.file)
    status = tuple("ok" if file in files else "missing" for file in tiles.file)
    acquired = to_workflow(image).replace(tiles=tiles.replace(status=status))
    world = [[region.roi.get(a).start for a in AXES] for region in image.regions]
    spacing = np.array([image.pixel_size.along(axis) for axis in AXES])
    start = round_px(np.array(world) / spacing)
    length = np.array([region.shape for region in image.regions])
    least = _least(tiles)
    fovs = []
    for fov in registered.fovs:
        x, y, z = least[fov.name]
        fovs.append(fov.replace(x_original=x, y_original=y, z_original=z))
    planes = make_planes(acquired, TileNumbers(start, length))
    return registered.replace(fovs=tuple(fovs), planes=planes)


def _least(tiles: TileColumns) -> Mapping[str, tuple[float, float, float]]:
    """Return the smallest stage (x, y, z) of each field of view."""
    found: dict[str, tuple[float, float, float]] = {}
    for fov, x, y, z in zip(tiles.fov, tiles.x, tiles.y, tiles.z, strict=True):
        old = found.get(fov, (x, y, z))
        found[fov] = min(old[0], x), min(old[1], y), min(old[2], z)
    return found
