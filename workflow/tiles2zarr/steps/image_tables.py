"""Tables and contrast windows of the written images, each made once."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

from tiles2zarr.checkpoints import (
    digest,
    read_json,
    read_json_if_there,
    to_bytes,
    write_json,
)
from tiles2zarr.config.options.tables import TablesOptions
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.models.collection import Collection, ImageInPlate
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.plan import BatchOutcome, ImageEntry, Outcome, Plan
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.models.tabled import Tabled
from tiles2zarr.ngff.documents import write_attributes
from tiles2zarr.ngff.image import image_attributes
from tiles2zarr.ngff.tables import write_image_tables
from tiles2zarr.ngff.tables_frames import plate_rows
from tiles2zarr.ngff.windows import Window, contrast_window, merge_by_channel
from tiles2zarr.state import State
from tiles2zarr.steps.fingerprints import geometry_digest
from tiles2zarr.steps.holes import with_holes
from tiles2zarr.steps.output import open_store, open_target

LOG = logging.getLogger("tiles2zarr")
STEP = 1
"""Raised when tables or windows change for the same image."""
ChannelKey = tuple[int, str]
"""An acquisition's id and the label of one of its channels."""


@dataclass(frozen=True)
class Written:
    """An image of the plan that stands in the output."""

    image: str
    acquisition: int
    receipt: Receipt
    digest: str
    registered: str

    @property
    def collection(self) -> Collection:
        """Where the image is."""
        return self.receipt.collection


def written_images(plan: Plan, state: State) -> list[Written]:
    """Return the images of the plan that are written, sorted by id.

    An image that this run leaves out (``only``) counts if it stands as registered.
    """
    images = []
    outcomes = {
        batch: (
            _outcomes(state, "register", batch),
            _outcomes(state, "write_zarr", batch),
        )
        for batch in plan.batches
    }
    for image, entry in sorted(plan.images.items()):
        before, done = (of.get(image) for of in outcomes[entry.batch])
        if before is None or done is None or done.status == "waiting":
            written = _standing(image, entry, state)
        elif done.status == "done":
            written = _written(image, entry, state, done.digest, before.digest)
        else:
            written = None
        if written is not None:
            images.append(written)
    return images


def _outcomes(state: State, step: str, batch: str) -> Mapping[str, Outcome]:
    outcome = read_json_if_there(state.done(step, batch), BatchOutcome)
    return outcome.images if outcome else {}


def _written(
    image: str,
    entry: ImageEntry,
    state: State,
    written: str | None,
    registered: str | None,
) -> Written | None:
    if not (written and registered):
        return None
    return Written(
        image=image,
        acquisition=entry.acquisition,
        receipt=read_json(state.written(image), Receipt),
        digest=written,
        registered=registered,
    )


def _standing(image: str, entry: ImageEntry, state: State) -> Written | None:
    """Return an image by its receipt, if that belongs to the boxes it has now."""
    if not (state.written(image).is_file() and state.registered(image).is_file()):
        return None
    receipt = read_json(state.written(image), Receipt)
    registered = read_json(state.registered(image), RegisteredImage)
    if receipt.geometry != geometry_digest(registered):
        return None
    return _written(image, entry, state, digest(receipt), digest(registered))


def build_image_tables(
    images: list[Written],
    kept: list[Written],
    state: State,
    options: TablesOptions,
) -> dict[str, Tabled]:
    """Write tables and windows of the images that need it; return all marks by image.

    Args:
        images: Images as they were just written or found to stand.
        kept: Images of an earlier run, with the tables they have.
        state: The plate's state.
        options: What the config says of tables.

    Raises:
        Tiles2ZarrError: An image's tables cannot be written.
    """
    windows = _windows(images, kept, state, options)
    marks = {i.image: read_json(state.tabled(i.image), Tabled) for i in kept}
    missing: dict[str, _Missing] = {}
    for image in images:
        key = _key(image, windows[image.image], options)
        tabled = _known(state, image.image, key)
        if tabled is None:
            missing[image.image] = _Missing(image, windows[image.image], key)
        else:
            marks[image.image] = tabled
    marks |= _build_all(missing, state, options)
    made = len(missing)
    LOG.info("tables of %d images written, %d stood", made, len(images) - made)
    return marks


@dataclass(frozen=True)
class _Missing:
    """An image whose tables are to be written."""

    image: Written
    windows: tuple[Window, ...]
    key: str


def _windows(
    images: Sequence[Written],
    kept: Sequence[Written],
    state: State,
    options: TablesOptions,
) -> dict[str, tuple[Window, ...]]:
    """Return the windows of each image's channels: its own, or those of all images.

    They alone are compared with those of an earlier run: a new well rarely moves the
    percentiles of a plate, and then the others' metadata are not touched.
    """
    dtypes = {
        image.image: image.receipt.dtype
        or read_json(state.registered(image.image), RegisteredImage).dtype
        for image in images
    }
    if options.windows == "image":
        return {
            image.image: tuple(
                contrast_window(figures.histogram, dtypes[image.image])
                for figures in image.receipt.channels
            )
            for image in images
        }
    merged = merge_by_channel(
        (key, figures.histogram)
        for image in (*images, *kept)
        for key, figures in zip(_keys(image), image.receipt.channels, strict=True)
    )
    shared = cache(lambda key, dtype: contrast_window(merged.get(key), dtype))
    return {
        image.image: tuple(shared(key, dtypes[image.image]) for key in _keys(image))
        for image in images
    }


def _build_all(
    missing: Mapping[str, _Missing], state: State, options: TablesOptions
) -> dict[str, Tabled]:
    """Write tables and windows, of many images at a time where a server is waited for.

    Whatever fails, the images that are done keep their marks.
    """

    def build(one: _Missing) -> Tabled:
        return _build(one.image, one.windows, one.key, state, options)

    store = open_store(options.output, options.output_storage_options)
    if store.requests == 1:
        return {image: build(one) for image, one in missing.items()}
    with ThreadPoolExecutor(store.requests) as pool:
        tabled = pool.map(build, missing.values())
        return dict(zip(missing, tabled, strict=True))


def _keys(image: Written) -> list[ChannelKey]:
    return [(image.acquisition, label) for label in image.receipt.labels]


def _key(image: Written, windows: Sequence[Window], options: TablesOptions) -> str:
    parts: dict[str, object] = {
        "step": STEP,
        "receipt": image.digest,
        "registered": image.registered,
        "windows": [window.model_dump(mode="json") for window in windows],
        "backend": options.table_backend,
        "version": options.ngff_version,
        "output": options.output,
    }
    if options.output_storage_options:
        parts["storage"] = options.output_storage_options
    return digest(to_bytes(parts))


def _known(state: State, image: str, key: str) -> Tabled | None:
    """Return the mark of an image whose tables stand; a damaged one is made again."""
    try:
        tabled = read_json_if_there(state.tabled(image), Tabled)
    except Tiles2ZarrError as error:
        LOG.warning("%s", error)
        return None
    return tabled if tabled is not None and tabled.key == key else None


def _build(
    written: Written,
    windows: tuple[Window, ...],
    key: str,
    state: State,
    options: TablesOptions,
) -> Tabled:
    image = with_holes(
        read_json(state.registered(written.image), RegisteredImage),
        written.receipt.holes,
    )
    version = options.ngff_version
    target = open_target(
        options.output, image.collection, options.output_storage_options
    )
    with target.hold():
        target.recover()
        store = target.current()
        names = tuple(level.path for level in written.receipt.levels)
        attributes = image_attributes(
            image, version=version, level_names=names, windows=windows
        )
        write_attributes(store, "", attributes, version)
        write_image_tables(
            store.derived(), "", image, version=version, backend=options.table_backend
        )
    rows = plate_rows(image) if isinstance(image.collection, ImageInPlate) else None
    tabled = Tabled(
        key=key,
        conditions=rows.conditions if rows else (),
        fovs=rows.fovs if rows else (),
    )
    write_json(state.tabled(written.image), tabled)
    return tabled
