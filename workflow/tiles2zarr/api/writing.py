"""Images of Python users written as OME-Zarr, with the proof the workflow keeps."""

from dataclasses import dataclass
from pathlib import Path

from tiles2zarr.api.image import TiledImage
from tiles2zarr.api.internal import to_workflow, with_originals
from tiles2zarr.api.options import ConverterOptions, register_options, write_options
from tiles2zarr.api.places import internal_collection, path_of
from tiles2zarr.api.registration import apply_registration_pipeline, register
from tiles2zarr.api.steps import RegistrationStep
from tiles2zarr.api.urls import join_url_paths, local_url_to_path
from tiles2zarr.checkpoints import write_json
from tiles2zarr.config.registration import Offsets, Registration
from tiles2zarr.config.writing import OverwriteMode, WriterMode
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.decisions import AcquisitionDecision, InplaceTiling
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.models.tabled import Tabled
from tiles2zarr.ngff.mark import level_names
from tiles2zarr.ngff.tables import write_image_tables
from tiles2zarr.ngff.tables_frames import plate_rows
from tiles2zarr.registration import register_image
from tiles2zarr.state import State
from tiles2zarr.steps.headers import check_headers
from tiles2zarr.steps.listings import Listings
from tiles2zarr.steps.output import check_owner, make_owner, open_target
from tiles2zarr.steps.sources import source_stats
from tiles2zarr.steps.write_image import ImageJob, write_image
from tiles2zarr.stores.lock import hold
from tiles2zarr.stores.target import LocalTarget, Target

STATE = ".tiles2zarr"
"""Folder in the output with owner and receipts, which make repeated runs safe."""
_IN_PLACE = Registration(
    align_xy=False,
    offsets=Offsets.model_validate({"xy": "keep", "z": "keep", "t": "keep"}),
)


@dataclass(frozen=True)
class Place:
    """Where an image goes, and where its state is kept."""

    output: str
    """Output folder."""
    target: Target
    """The image."""
    state: State
    """Receipts of the plate, or of the output's single images."""


def write_tiled_image_as_zarr(
    *,
    zarr_url: str,
    tiled_image: TiledImage,
    converter_options: ConverterOptions,
    writer_mode: WriterMode | str | None = None,
    overwrite_mode: OverwriteMode | str = OverwriteMode.NO_OVERWRITE,
    resource: object = None,
) -> Receipt:
    """Make the image at ``zarr_url`` be what ``tiled_image`` says; return its receipt.

    Nothing is touched if it is that already. An image that is not registered is
    registered by the options first. Pixels, pyramid, metadata and the tables of the
    image are written; its plate is the business of `setup_ome_zarr_collection`.

    Args:
        zarr_url: Where the image goes, mostly output folder and path of the image.
        tiled_image: The image.
        converter_options: Options of the conversion.
        writer_mode: Order of reading and writing; left out, that of the options.
        overwrite_mode: What is done where the output exists.
        resource: Base folder or URL of the loaders; left out, that of the image.

    Raises:
        SourceError: A source cannot be read or is not as declared; an old image stands.
        RegistrationError: The slices cannot be placed.
        StoreError: Something foreign is in the way, or the output cannot be written.
    """
    image = _with_resource(tiled_image, resource)
    if not image.registered:
        image = register(image, converter_options.registration)
    place = find_place(zarr_url, image)
    options = write_options(
        converter_options,
        name=place.state.root.name,
        output=place.output,
        writer_mode=WriterMode(writer_mode or converter_options.writer_mode),
        overwrite_mode=OverwriteMode(overwrite_mode),
    )
    owner = claim(place.state)
    registered = to_registered(image, converter_options)
    check_owner(options, registered.collection, owner)
    job = ImageJob(place.state, options, owner, converter_options.threads, {})
    receipt = write_image(registered, place.target, job)
    _write_tables(registered, receipt, place, converter_options)
    return receipt


def tiled_image_creation_pipeline(
    *,
    zarr_url: str,
    tiled_image: TiledImage,
    registration_pipeline: list[RegistrationStep],
    converter_options: ConverterOptions,
    writer_mode: WriterMode | str | None = None,
    overwrite_mode: OverwriteMode | str = OverwriteMode.NO_OVERWRITE,
    resource: object = None,
) -> Receipt:
    """Register an image by a pipeline and write it; return its receipt.

    Args:
        zarr_url: Where the image goes, mostly output folder and path of the image.
        tiled_image: The image.
        registration_pipeline: The steps, see `build_default_registration_pipeline`.
        converter_options: Options of the conversion.
        writer_mode: Order of reading and writing; left out, that of the options.
        overwrite_mode: What is done where the output exists.
        resource: Base folder or URL of the loaders; left out, that of the image.

    Raises:
        Tiles2ZarrError: As `apply_registration_pipeline`, `write_tiled_image_as_zarr`.
    """
    return write_tiled_image_as_zarr(
        zarr_url=zarr_url,
        tiled_image=apply_registration_pipeline(tiled_image, registration_pipeline),
        converter_options=converter_options,
        writer_mode=writer_mode,
        overwrite_mode=overwrite_mode,
        resource=resource,
    )


def to_registered(image: TiledImage, options: ConverterOptions) -> RegisteredImage:
    """Return a registered image as the writer takes it, every header checked.

    Raises:
        SourceError: A file cannot be read, or is not as declared.
        RegistrationError: A slice lies before the image's origin.
    """
    tiled = to_workflow(image)
    stats = source_stats(tiled, {}, Listings())
    checked, dtype, findings = check_headers(tiled, register_options(options), {})
    decision = _in_place(image, options)
    placed = register_image(checked, decision, _IN_PLACE, dtype=dtype)
    registered = with_originals(placed, image)
    return registered.replace(
        name=image.name or registered.name,
        translation=image.translation,
        sources=stats.only(set(registered.boxes.file)),
        findings=(*image.findings, *findings),
    )


def _in_place(image: TiledImage, options: ConverterOptions) -> AcquisitionDecision:
    levels = options.omezarr_options.num_levels
    if image.decision is not None:
        levels = min(levels, image.decision.levels)
    return AcquisitionDecision(
        axes="".join(image.axes),
        levels=levels,
        tiling=InplaceTiling(),
        reason="registered before",
        requested="",
    )


def _with_resource(image: TiledImage, resource: object) -> TiledImage:
    return image if resource is None else image.replace(resource=str(resource))


def find_place(zarr_url: str, image: TiledImage) -> Place:
    """Return where an image goes and where its state is kept.

    Raises:
        StoreError: The place is not local.
    """
    path = path_of(image.collection)
    url = join_url_paths(zarr_url)
    if url == path or url.endswith(f"/{path}"):
        output = url.removesuffix(path).rstrip("/") or ("/" if url[0] == "/" else ".")
        target = open_target(output, internal_collection(image.collection))
        return Place(output, target, plate_state(output, image))
    folder = local_url_to_path(url)
    target = LocalTarget(folder, level_names)
    state = State(folder.parent / STATE / folder.name)
    return Place(str(folder.parent), target, state)


def plate_state(output: str, image: TiledImage) -> State:
    """Return where the state of an image's plate, or of single images, is kept.

    Raises:
        StoreError: The output is not local.
    """
    place = image.collection
    name = f"{place.plate_name}.zarr" if isinstance(place, ImageInPlate) else "images"
    return State(local_url_to_path(output) / STATE / name)


def claim(state: State) -> str:
    """Return the owner id of the output, made once whoever comes first."""
    if state.owner.is_file():
        return make_owner(state)
    state.root.mkdir(parents=True, exist_ok=True)
    with hold(Path(f"{state.owner}.lock")):
        return make_owner(state)


def _write_tables(
    image: RegisteredImage, receipt: Receipt, place: Place, options: ConverterOptions
) -> None:
    omezarr = options.omezarr_options
    with place.target.hold():
        place.target.recover()
        write_image_tables(
            place.target.current(),
            "",
            image,
            version=omezarr.ngff_version,
            backend=omezarr.table_backend,
        )
    if isinstance(image.collection, ImageInPlate):
        rows = plate_rows(image)
        tabled = Tabled(
            key=receipt.metadata, conditions=rows.conditions, fovs=rows.fovs
        )
        write_json(place.state.tabled(image.image), tabled)
