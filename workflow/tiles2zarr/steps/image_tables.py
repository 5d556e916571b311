"""Tables and contrast windows of the written images, each made once."""

import logging
from collections.abc import Iterator, Mapping, Sequence
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
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.receipt import Histogram, Receipt
from tiles2zarr.models.tabled import Tabled
from tiles2zarr.ngff.documents import write_attributes
from tiles2zarr.ngff.image import image_attributes
from tiles2zarr.ngff.tables import write_image_tables
from tiles2zarr.ngff.tables_frames import plate_rows
from tiles2zarr.ngff.windows import Window, contrast_window, merge_by_channel
from tiles2zarr.state import State
from tiles2zarr.steps.holes import with_holes
from tiles2zarr.steps.output import open_store, open_target
from tiles2zarr.steps.written_images import ChannelKey, Written

LOG = logging.getLogger("tiles2zarr")
STEP = 1
"""Raised when tables or windows change for the same image."""
Found = Iterator[tuple[Written, Receipt]]


@dataclass(frozen=True)
class ImagesToTable:
    """Images that stand in the output, with the contrast windows of their channels."""

    images: list[Written]
    """As they were just written or found to stand."""
    kept: list[Written]
    """Of an earlier run, with the tables they have."""
    windows: Mapping[str, tuple[Window, ...]]
    """By id of the image: its own, or those it shares with all others."""


def find_windows(
    found: Found, old: Found, state: State, options: TablesOptions
) -> ImagesToTable:
    """Return the images and their windows; their receipts pass one by one.

    Args:
        found: Images as they were just written or found to stand.
        old: Images of an earlier run, with the tables they have.
        state: The plate's state.
        options: What the config says of windows.

    Raises:
        Tiles2ZarrError: A receipt cannot be read.
    """
    images: list[Written] = []
    kept: list[Written] = []
    dtypes: dict[str, str] = {}
    own: dict[str, tuple[Window, ...]] = {}

    def remembered() -> Iterator[tuple[ChannelKey, Histogram]]:
        for image, receipt in found:
            images.append(image)
            dtype = receipt.dtype or _registered(image, state).dtype
            dtypes[image.image] = dtype
            histograms = [figures.histogram for figures in receipt.channels]
            if options.windows == "image":
                windows = (contrast_window(one, dtype) for one in histograms)
                own[image.image] = tuple(windows)
            yield from zip(image.channels, histograms, strict=True)
        for image, receipt in old:
            kept.append(image)
            histograms = [figures.histogram for figures in receipt.channels]
            yield from zip(image.channels, histograms, strict=True)

    merged = merge_by_channel(remembered())
    shared = cache(lambda key, dtype: contrast_window(merged.get(key), dtype))
    if options.windows == "image":
        return ImagesToTable(images, kept, own)
    windows = {
        image.image: tuple(shared(key, dtypes[image.image]) for key in image.channels)
        for image in images
    }
    return ImagesToTable(images, kept, windows)


def build_image_tables(
    found: ImagesToTable, state: State, options: TablesOptions
) -> dict[str, Tabled]:
    """Write tables and windows of the images that need it; return all marks by image.

    Windows alone are compared with those of an earlier run, not what they follow from:
    a new well rarely moves the percentiles of a plate, and then the others stand.

    Args:
        found: The images.
        state: The plate's state.
        options: What the config says of tables.

    Raises:
        Tiles2ZarrError: An image's tables cannot be written.
    """
    marks = {i.image: read_json(state.tabled(i.image), Tabled) for i in found.kept}
    missing: dict[str, _Missing] = {}
    for image in found.images:
        windows = found.windows[image.image]
        key = _key(image, windows, options)
        tabled = _known(state, image.image, key)
        if tabled is None:
            missing[image.image] = _Missing(image, windows, key)
        else:
            marks[image.image] = tabled
    marks |= _build_all(missing, state, options)
    stood = len(found.images) - len(missing)
    LOG.info("tables of %d images written, %d stood", len(missing), stood)
    return marks


@dataclass(frozen=True)
class _Missing:
    """An image whose tables are to be written."""

    image: Written
    windows: tuple[Window, ...]
    key: str


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


def _registered(image: Written, state: State) -> RegisteredImage:
    return read_json(state.registered(image.image), RegisteredImage)


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
    image = with_holes(_registered(written, state), written.holes)
    version = options.ngff_version
    target = open_target(
        options.output, image.collection, options.output_storage_options
    )
    with target.hold():
        target.recover()
        store = target.current()
        attributes = image_attributes(
            image, version=version, level_names=written.levels, windows=windows
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
