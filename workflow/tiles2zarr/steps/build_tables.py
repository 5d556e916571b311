"""build_tables: everything that is derived from the written images of a plate."""

import logging
from collections.abc import Iterable

from tiles2zarr.checkpoints import read_json, write_json
from tiles2zarr.config.options.tables import TablesOptions
from tiles2zarr.config.root import Config
from tiles2zarr.filesystems import is_url
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.plan import BatchOutcome, Plan
from tiles2zarr.models.tabled import Tabled
from tiles2zarr.models.well import (
    PlateLayout,
    column_index,
    parse_well,
    row_index,
    smallest_layout,
)
from tiles2zarr.ngff.mark import KEY, is_of_others
from tiles2zarr.ngff.plate import PlateDescription, describe_plate, merge_plates
from tiles2zarr.ngff.plate_groups import read_plate, write_plate
from tiles2zarr.ngff.provenance import GROUP, write_provenance
from tiles2zarr.ngff.tables import write_plate_tables
from tiles2zarr.ngff.tables_frames import PlateRows
from tiles2zarr.state import State
from tiles2zarr.steps.archive import write_archive
from tiles2zarr.steps.findings import group_findings, log_findings
from tiles2zarr.steps.foreign import foreign_findings
from tiles2zarr.steps.image_tables import build_image_tables, find_windows
from tiles2zarr.steps.kept_images import kept_findings, kept_images
from tiles2zarr.steps.orphans import settle_orphans
from tiles2zarr.steps.output import open_store, plate_owner, read_owner
from tiles2zarr.steps.provenance import make_provenance
from tiles2zarr.steps.written_images import Written, written_images
from tiles2zarr.stores.base import Store
from tiles2zarr.stores.lock import hold

LOG = logging.getLogger("tiles2zarr")
STEP = 1
"""Raised when the result of this step changes for the same input."""


def build_tables(state: State, options: TablesOptions, config: Config) -> None:
    """Write image tables, plate tables, plate and well metadata; then plate.json.

    Lists only images that are complete; may run at any time on a half-done plate. An
    image whose tables stand costs one look at a small file. Waits for another that a
    killed Snakemake left running.

    Args:
        state: The plate's state.
        options: What the tables depend on.
        config: All of the config, for the provenance alone.

    Raises:
        LockedError: The other one does not end.
        Tiles2ZarrError: State cannot be read, or the output cannot be written.
    """
    with hold(state.root / ".build_tables.lock"):
        _build(state, options, config)


def _build(state: State, options: TablesOptions, config: Config) -> None:
    plan = read_json(state.plan, Plan)
    outcomes = [
        read_json(state.done(step, batch), BatchOutcome)
        for batch in plan.batches
        for step in ("register", "write_zarr")
        if state.done(step, batch).is_file()
    ]
    found = find_windows(
        written_images(plan, state), kept_images(plan, state, options), state, options
    )
    tabled = build_image_tables(found, state, options)
    findings = [*plan.findings, *(f for o in outcomes for f in o.findings)]
    findings += kept_findings(found.kept)
    written = sorted([*found.images, *found.kept], key=lambda image: image.image)
    provenance = make_provenance(state, config, written)
    plates: dict[str, list[Written]] = {}
    for image in written:
        if isinstance(image.collection, ImageInPlate):
            plates.setdefault(image.collection.plate_name, []).append(image)
    for name, images in sorted(plates.items()):
        store = open_store(options.output, options.output_storage_options).below(
            f"{name}.zarr"
        )
        write_provenance(store, read_owner(state), provenance, options.ngff_version)
        findings.extend(_build_plate(name, images, tabled, plan, state, options))
    findings.extend(settle_orphans(plan, state, options))
    log_findings(findings, aloud=True)
    listed = [finding.model_dump(mode="json") for finding in group_findings(findings)]
    write_json(state.findings, {"findings": listed, "schema": 1})
    write_json(
        state.plate,
        {
            "schema": 1,
            "images": {image.image: image.digest for image in written},
            "plates": sorted(plates),
        },
    )
    LOG.info("%d of %d images are in the output", len(written), len(plan.images))


def lay_out_plates(state: State, options: TablesOptions) -> None:
    """Write the plates of the plan before their images are there.

    All physical rows and columns are listed, no image is. With ``extend`` the images
    that stand stay listed.

    Raises:
        Tiles2ZarrError: State cannot be read, or the output cannot be written.
    """
    plan = read_json(state.plan, Plan)
    paths = [entry.path for entry in plan.images.values() if entry.well is not None]
    layout, _ = _layout([], plan, options)
    # without images in the plan, extend keeps all that are listed
    empty = plan.replace(layout=layout, images={})
    for name in sorted({path.partition(".zarr/")[0] for path in paths}):
        _build_plate(name, [], {}, empty, state, options)


def _build_plate(
    name: str,
    images: list[Written],
    tabled: dict[str, Tabled],
    plan: Plan,
    state: State,
    options: TablesOptions,
) -> tuple[Finding, ...]:
    output = open_store(options.output, options.output_storage_options)
    store = output.below(f"{name}.zarr")
    collections = [
        i.collection for i in images if isinstance(i.collection, ImageInPlate)
    ]
    layout, findings = _layout(collections, plan, options)
    mine = describe_plate(name, layout, plan.acquisitions, collections)
    owner, found = read_owner(state), plate_owner(store, "")
    extend = options.overwrite_mode == "extend"
    foreign = found not in (None, owner) and extend
    plate = _extended(store, mine, plan, owner) if extend else mine
    # a plate that others made keeps their mark, or a later run would take it for ours
    mark = {} if foreign else {KEY: {"owner": owner, "provenance": GROUP}}
    write_plate(store, plate, options.ngff_version, mark=mark, threads=store.requests)
    rows = [
        PlateRows(
            image=image.image,
            conditions=tabled[image.image].conditions,
            fovs=tabled[image.image].fovs,
        )
        for image in images
    ]
    # a plate of ours may have images that others added; on a server each well costs a
    # request, so there only a plate that was taken over is looked through
    mode = options.overwrite_mode
    if mode == "overwrite" or (mode == "no_overwrite" and not is_url(options.output)):
        findings += foreign_findings(store, plan, owner, mode)
    write_archive(store.derived(), plate, name, images, state, options)
    kept = {image.image for image in plate.images} - {image.image for image in images}
    write_plate_tables(
        store.derived(),
        rows,
        version=options.ngff_version,
        backend=options.table_backend,
        kept=kept,
    )
    return findings


def _layout(
    images: Iterable[ImageInPlate], plan: Plan, options: TablesOptions
) -> tuple[PlateLayout, tuple[Finding, ...]]:
    """Return the declared layout, else the vendor's, else a guess and a finding."""
    declared = options.plate.layout if options.plate else None
    known = declared or plan.layout
    if known is not None:
        return known, ()
    wells = [(row_index(image.row), column_index(image.column)) for image in images]
    wells += [parse_well(entry.well) for entry in plan.images.values() if entry.well]
    guess = smallest_layout(wells)
    message = (
        f"The plate's layout is not known: {guess.rows} rows x {guess.columns} columns "
        "taken, the smallest standard plate that holds the wells. Set plate.layout if "
        "it is another one."
    )
    return guess, (Finding(code="layout_guessed", message=message),)


def _extended(
    store: Store, mine: PlateDescription, plan: Plan, owner: str
) -> PlateDescription:
    """Return the plate with the images others put there, which are never ours."""
    known = read_plate(store, store.requests)
    if known is None:
        return mine
    old, _ = known
    written = {image.image for image in mine.images}
    others = tuple(
        image
        for image in old.images
        if image.image not in written
        and (image.image not in plan.images or is_of_others(store, image.image, owner))
    )
    return merge_plates(old.replace(images=others), mine)
