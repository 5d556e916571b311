"""Plates of Python users: set up before the images, brought up to date after each."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from tiles2zarr.api.image import TiledImage
from tiles2zarr.api.options import ConverterOptions, OmeZarrOptions, write_options
from tiles2zarr.api.registry import COLLECTIONS
from tiles2zarr.api.writing import claim, plate_state
from tiles2zarr.checkpoints import read_json, read_json_if_there, write_json
from tiles2zarr.config.omezarr import NgffVersion, TableBackend
from tiles2zarr.config.writing import OverwriteMode, WriterMode
from tiles2zarr.extension import call_function
from tiles2zarr.models.base import Frozen
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.plan import AcquisitionEntry
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.models.tabled import Tabled
from tiles2zarr.models.well import (
    PlateLayout,
    column_index,
    row_index,
    smallest_layout,
)
from tiles2zarr.ngff.mark import KEY, read_mark
from tiles2zarr.ngff.plate import PlateImage, describe_plate, merge_plates
from tiles2zarr.ngff.plate_groups import read_plate, write_plate
from tiles2zarr.ngff.plate_listing import list_image
from tiles2zarr.ngff.tables import add_plate_rows, write_plate_tables
from tiles2zarr.ngff.tables_frames import PlateRows
from tiles2zarr.state import State
from tiles2zarr.steps.output import check_owner, open_store, plate_owner
from tiles2zarr.stores.lock import hold


class PlateSetup(Frozen):
    """``setup.json``: what is known of a plate before its images are there."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    layout: PlateLayout
    """Physical rows and columns."""
    acquisitions: tuple[AcquisitionEntry, ...]
    """The acquisitions, by id."""
    version: NgffVersion
    """Version of OME-Zarr."""
    extend: bool
    """Whether images others put there stay listed."""
    backend: TableBackend = TableBackend.CSV
    """File format of the plate's tables."""


def setup_ome_zarr_collection(
    *,
    tiled_images: Sequence[TiledImage],
    collection_type: str,
    zarr_dir: str,
    ngff_version: str = "0.4",
    overwrite_mode: OverwriteMode | str = OverwriteMode.NO_OVERWRITE,
    table_backend: TableBackend | str | None = None,
) -> None:
    """Set up what images are collected in, before or after they are written.

    Plates list the images that are complete, so an interrupted conversion leaves a
    plate that opens; it may be called again at any time.

    Args:
        tiled_images: The images that will be there.
        collection_type: ``ImageInPlate``, ``SingleImage``, or the name of a class
            whose handler was added.
        zarr_dir: Output folder.
        ngff_version: Version of OME-Zarr.
        overwrite_mode: What is done where the output exists.
        table_backend: File format of the plate's tables; left out, that of an earlier
            call, else CSV.

    Raises:
        StoreError: A foreign plate is in the way.
        ExtensionError: The collection is not known, or its handler failed.
    """
    version, mode = NgffVersion(ngff_version), OverwriteMode(overwrite_mode)
    if collection_type == "ImageInPlate" and collection_type not in COLLECTIONS:
        backend = TableBackend(table_backend) if table_backend else None
        _setup_plates(zarr_dir, tiled_images, version, mode, backend)
    elif collection_type != "SingleImage" or collection_type in COLLECTIONS:
        function = COLLECTIONS.get(collection_type)
        call_function(
            collection_type,
            lambda: function(
                zarr_dir=zarr_dir,
                tiled_images=list(tiled_images),
                ngff_version=version.value,
                overwrite_mode=mode,
            ),
        )


def _setup_plates(
    zarr_dir: str,
    images: Iterable[TiledImage],
    version: NgffVersion,
    mode: OverwriteMode,
    backend: TableBackend | None,
) -> None:
    plates: dict[str, list[tuple[TiledImage, ImageInPlate]]] = {}
    for image in images:
        if isinstance(image.collection, ImageInPlate):
            place = image.collection
            plates.setdefault(place.plate_name, []).append((image, place))
    for members in plates.values():
        state = plate_state(zarr_dir, members[0][0])
        places = [place for _, place in members]
        owner = claim(state)
        options = write_options(
            ConverterOptions(omezarr_options=OmeZarrOptions(ngff_version=version)),
            name=state.root.name,
            output=zarr_dir,
            writer_mode=WriterMode.BY_FOV,
            overwrite_mode=mode,
        )
        with hold(_lock(state)):
            check_owner(options, places[0], owner)
            _plan(state, places, version, mode, backend)
        update_plate(zarr_dir, places[0].plate_name, state)


def _plan(
    state: State,
    places: Sequence[ImageInPlate],
    version: NgffVersion,
    mode: OverwriteMode,
    backend: TableBackend | None,
) -> None:
    """Remember layout and acquisitions, those of earlier setups too."""
    old = read_json_if_there(_setup(state), PlateSetup)
    layout = smallest_layout(
        [(row_index(p.row), column_index(p.column)) for p in places]
    )
    ids = {place.acquisition for place in places}
    extend = mode is OverwriteMode.EXTEND
    if old is not None:
        ids |= {entry.id for entry in old.acquisitions}
        layout = PlateLayout(
            rows=max(layout.rows, old.layout.rows),
            columns=max(layout.columns, old.layout.columns),
        )
        extend = extend or (old.extend and mode is not OverwriteMode.OVERWRITE)
        backend = backend or old.backend
    setup = PlateSetup(
        layout=layout,
        acquisitions=tuple(AcquisitionEntry(id=number) for number in sorted(ids)),
        version=version,
        extend=extend,
        backend=backend or TableBackend.CSV,
    )
    write_json(_setup(state), setup)


def update_plate(zarr_dir: str, plate_name: str, state: State) -> None:
    """Write metadata and tables of a plate from the images that are complete.

    One process at a time; a plate that was not set up is left alone.

    Raises:
        StoreError: The output cannot be written.
        LockedError: Another process kept the plate for minutes.
    """
    if _setup(state).is_file():
        with hold(_lock(state)):
            _update(zarr_dir, plate_name, state)


def add_to_plate(zarr_dir: str, place: ImageInPlate, state: State) -> None:
    """List an image that is complete in its plate, and its rows in the plate's tables.

    As ``update_plate``, at the cost of this image alone.

    Raises:
        StoreError: The output cannot be written.
        LockedError: Another process kept the plate for minutes.
    """
    if not _setup(state).is_file():
        return
    with hold(_lock(state)):
        setup = read_json(_setup(state), PlateSetup)
        store = open_store(zarr_dir).below(f"{place.plate_name}.zarr")
        if plate_owner(store, "") is None:  # it was removed since it was set up
            _update(zarr_dir, place.plate_name, state)
            return
        list_image(store, PlateImage.of(place), setup.version)
        rows = _rows(state, place.image)
        add_plate_rows(store, rows, version=setup.version, backend=setup.backend)


def _update(zarr_dir: str, plate_name: str, state: State) -> None:
    setup = read_json(_setup(state), PlateSetup)
    owner = claim(state)
    store = open_store(zarr_dir).below(f"{plate_name}.zarr")
    places = _complete(zarr_dir, state, owner)
    plate = describe_plate(plate_name, setup.layout, setup.acquisitions, places)
    known = read_plate(store) if setup.extend else None
    if known is not None:
        plate = merge_plates(known[0], plate)
    foreign = setup.extend and plate_owner(store, "") not in (None, owner)
    mark = {} if foreign else {KEY: {"owner": owner}}
    write_plate(store, plate, setup.version, mark=mark)
    rows = [_rows(state, place.image) for place in places]
    kept = {i.image for i in plate.images} - {place.image for place in places}
    write_plate_tables(
        store, rows, version=setup.version, backend=setup.backend, kept=kept
    )


def _complete(zarr_dir: str, state: State, owner: str) -> list[ImageInPlate]:
    """Return the images of the plate that stand in the output with their tables."""
    store = open_store(zarr_dir)
    places = []
    for image in state.images("tabled"):
        place = read_json(state.written(image), Receipt).collection
        mark = read_mark(store, place.path)
        if isinstance(place, ImageInPlate) and mark is not None and mark.owner == owner:
            places.append(place)
    return places


def _rows(state: State, image: str) -> PlateRows:
    tabled = read_json(state.tabled(image), Tabled)
    return PlateRows(image=image, conditions=tabled.conditions, fovs=tabled.fovs)


def _setup(state: State) -> Path:
    return state.root / "setup.json"


def _lock(state: State) -> Path:
    return state.root / "plate.lock"
