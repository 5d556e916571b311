"""Images of Python users as one init task and a compute task per image."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from tiles2zarr.api.image import TiledImage
from tiles2zarr.api.json_files import (
    await_raw,
    cleanup_if_exists,
    dump_to_json,
    parse_image,
    read_raw,
    remove_json,
)
from tiles2zarr.api.options import ConverterOptions
from tiles2zarr.api.plates import add_to_plate, setup_ome_zarr_collection
from tiles2zarr.api.registration import build_default_registration_pipeline
from tiles2zarr.api.urls import join_url_paths, local_url_to_path
from tiles2zarr.api.writing import STATE, find_place, tiled_image_creation_pipeline
from tiles2zarr.checkpoints import replace_file
from tiles2zarr.config.writing import OverwriteMode
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.fractal.image_list import ImageListUpdateDict, image_list_update
from tiles2zarr.models.base import Frozen
from tiles2zarr.models.collection import ImageInPlate


class ConvertParallelInitArgs(Frozen):
    """What the init task hands to the compute task of one image."""

    tiled_image_json_dump_url: str
    """File the image waits in."""
    converter_options: ConverterOptions
    """Options of the conversion."""
    overwrite_mode: OverwriteMode = OverwriteMode.NO_OVERWRITE
    """What is done where the output exists."""


def setup_images_for_conversion(
    tiled_images: Sequence[TiledImage],
    *,
    zarr_dir: str,
    collection_type: str,
    converter_options: ConverterOptions,
    overwrite_mode: OverwriteMode | str = OverwriteMode.NO_OVERWRITE,
    ngff_version: str | None = None,
) -> list[dict[str, object]]:
    """Set up the collection and return the arguments of one compute task per image.

    Args:
        tiled_images: The images.
        zarr_dir: Output folder.
        collection_type: ``ImageInPlate``, ``SingleImage``, or one that was added.
        converter_options: Options of the conversion.
        overwrite_mode: What is done where the output exists.
        ngff_version: Version of OME-Zarr; left out, that of the options.

    Raises:
        StoreError: A foreign plate is in the way, or the output cannot be written.
    """
    if ngff_version is not None:
        omezarr = converter_options.omezarr_options.replace(ngff_version=ngff_version)
        converter_options = converter_options.replace(omezarr_options=omezarr)
    mode = OverwriteMode(overwrite_mode)
    setup_ome_zarr_collection(
        tiled_images=tiled_images,
        collection_type=collection_type,
        zarr_dir=zarr_dir,
        ngff_version=converter_options.omezarr_options.ngff_version,
        overwrite_mode=mode,
        table_backend=converter_options.omezarr_options.table_backend,
    )
    folder = converter_options.temp_json_options.format_temp_url(zarr_dir)
    arguments: list[dict[str, object]] = []
    for image in tiled_images:
        init_args = ConvertParallelInitArgs(
            tiled_image_json_dump_url=dump_to_json(folder, image),
            converter_options=converter_options,
            overwrite_mode=mode,
        )
        arguments.append(
            {
                "zarr_url": join_url_paths(zarr_dir, image.path),
                "init_args": init_args.model_dump(mode="json"),
            }
        )
    return arguments


def generic_compute_task(
    *,
    zarr_url: str,
    init_args: ConvertParallelInitArgs | Mapping[str, object],
    collection_type: type | None = None,
    image_loader_type: type | None = None,
    resource: object = None,
) -> ImageListUpdateDict:
    """Write one image and list it in its plate; return Fractal's update of its list.

    May be called again whenever: after a failure it does what is missing, after a
    success it looks and touches nothing.

    Args:
        zarr_url: Where the image goes.
        init_args: What the init task returned for the image.
        collection_type: Checked against the collection, if given.
        image_loader_type: Checked against the loaders, if given.
        resource: Base folder or URL of the loaders; left out, that of the image.

    Raises:
        Tiles2ZarrError: The image cannot be written; nothing of an older one is lost.
    """
    args = ConvertParallelInitArgs.model_validate(init_args)
    url = args.tiled_image_json_dump_url
    raw = _waiting_or_done(url, zarr_url)
    image = parse_image(raw, url, collection_type, image_loader_type)
    receipt = tiled_image_creation_pipeline(
        zarr_url=zarr_url,
        tiled_image=image,
        registration_pipeline=build_default_registration_pipeline(
            args.converter_options.alignment_correction,
            args.converter_options.tiling_mode,
            args.converter_options.tiling_tolerance,
            args.converter_options.max_gap,
        ),
        converter_options=args.converter_options,
        overwrite_mode=args.overwrite_mode,
        resource=resource,
    )
    place = find_place(zarr_url, image)
    if isinstance(image.collection, ImageInPlate):
        add_to_plate(place.output, image.collection, place.state)
    replace_file(_done(place.state.root.parent, url), raw)
    remove_json(url)
    cleanup_if_exists(url.rpartition("/")[0])
    return image_list_update(
        zarr_url, image.axes, receipt, image.collection, image.conditions
    )


def _waiting_or_done(url: str, zarr_url: str) -> bytes:
    """Return the image's JSON, the copy kept in the output if it was converted."""
    raw = read_raw(url)
    if raw is not None:
        return raw
    for folder in local_url_to_path(zarr_url).parents:
        copy = _done(folder / STATE, url)
        if copy.is_file():
            return copy.read_bytes()
    raw = await_raw(url)
    if raw is not None:
        return raw
    raise Tiles2ZarrError(
        f"{url} does not exist, and {zarr_url} was not made from it before. Run the "
        "init task again."
    )


def _done(state: Path, url: str) -> Path:
    return state / "done" / PurePosixPath(url).name
