"""What is amiss with an image in the output, measured against its receipt."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tiles2zarr.checkpoints import digest, parse_json, read_json, read_json_if_there
from tiles2zarr.commands.comparison import Compared, Comparison
from tiles2zarr.commands.levels import halving_faults
from tiles2zarr.commands.pixel_damage import LevelCheck
from tiles2zarr.commands.plates import Plate
from tiles2zarr.commands.pyramid_damage import pyramid_faults
from tiles2zarr.commands.source_damage import compare_sources, source_damages
from tiles2zarr.commands.table_damage import table_faults
from tiles2zarr.config.options.write import WriteOptions
from tiles2zarr.config.slices import write_options
from tiles2zarr.errors import StoreError, Tiles2ZarrError
from tiles2zarr.models.image import RegisteredImage, TiledImage
from tiles2zarr.models.plan import BatchOutcome, ImageEntry
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.ngff.documents import read_attributes, stored_version
from tiles2zarr.ngff.mark import read_mark
from tiles2zarr.pixels.headers import array_files
from tiles2zarr.steps.fingerprints import ImagePlan, content_digest, plan_image
from tiles2zarr.steps.output import open_target
from tiles2zarr.stores.base import Store

Depth = Literal["quick", "chunks", "sources"]
"""How far verify looks: keys and sizes; every chunk and table; the sources too."""
Part = Literal[
    "receipt", "registered", "attributes", "pixels", "tables", "source", "busy"
]
"""What is damaged; ``busy`` is a live writer's, ``source`` is not the output's."""


@dataclass(frozen=True)
class Damage:
    """One thing that is amiss with an image."""

    part: Part
    message: str


@dataclass(frozen=True)
class Looked:
    """What was found of an image."""

    damages: tuple[Damage, ...]
    """All that is amiss; nothing if the image is whole."""
    compared: Compared | None = None
    """How its planes fared against their sources, if these were looked at."""


@dataclass(frozen=True)
class ImageCheck:
    """One image of the plan and how it is to be looked at."""

    image: str
    entry: ImageEntry
    plate: Plate
    owner: str
    depth: Depth
    threads: int = 1

    def find(self) -> Looked:
        """Return what is amiss, and how the planes fared against their sources."""
        path = self.plate.state.written(self.image)
        if not path.is_file():
            return _lost("receipt", "is not written, there is no receipt")
        try:
            receipt = read_json(path, Receipt)
        except Tiles2ZarrError as error:
            return _lost("receipt", str(error))
        target = open_target(self.plate.output, receipt.collection, self.plate.storage)
        if not target.exists():
            return _lost("pixels", f"{target.current().url} is not there")
        return self._find_in(target.current(), receipt)

    def _find_in(self, store: Store, receipt: Receipt) -> Looked:
        registered = self._registered()
        if isinstance(registered, Damage):
            found = [registered, *mark_faults(store, receipt, self.owner, None)]
            found += self._pixels(store, receipt, "", None)
            return Looked(tuple(found))
        options = write_options(self.plate.config)
        plan = self._plan(registered, receipt, options)
        found = list(_headers(store, registered, plan, options))
        found += mark_faults(store, receipt, self.owner, plan)
        comparison = None
        if self.depth == "sources":
            storage = options.storage_options.get(registered.acquisition_id, {})
            path = self.plate.state.tiles(self.image)
            comparison = compare_sources(
                store,
                registered,
                receipt,
                storage,
                read_json_if_there(path, TiledImage),
            )
        found += self._pixels(
            store,
            receipt,
            registered.axes,
            comparison if isinstance(comparison, Comparison) else None,
        )
        for message in table_faults(store, registered, read=self.depth != "quick"):
            found.append(Damage("tables", message))
        if isinstance(comparison, Comparison):
            compared = comparison.result()
            for message in compared.faults():
                found.append(Damage("pixels", message))
            for message in source_damages(comparison, compared):
                found.append(Damage("source", message))
            return Looked(tuple(found), compared)
        return Looked(tuple(found), comparison)

    def _pixels(
        self, store: Store, receipt: Receipt, axes: str, comparison: Comparison | None
    ) -> Iterator[Damage]:
        """Yield what is amiss with the levels, each after the ones before it."""
        intact = True
        for number, level in enumerate(receipt.levels):
            at_level = None if number else comparison
            check = LevelCheck(store, level, axes, self.threads, at_level)
            messages = list(check.listing_faults())
            if self.depth != "quick" and axes:
                messages += check.content_faults()
            for message in messages:
                intact = False
                yield Damage("pixels", message)
        for message in halving_faults(receipt.levels):
            yield Damage("pixels", message)
        if self.depth == "sources" and axes and intact:
            for message in pyramid_faults(store, receipt.levels, axes, self.threads):
                yield Damage("pixels", message)

    def _registered(self) -> RegisteredImage | Damage:
        """Return the checkpoint of register, or what is wrong with it."""
        state = self.plate.state
        path = state.registered(self.image)
        try:
            if not path.is_file():
                return Damage("registered", f"{path} is not there")
            raw = path.read_bytes()
            done = state.done("register", self.entry.batch)
            if done.is_file():
                outcome = read_json(done, BatchOutcome).images.get(self.image)
                if outcome and outcome.digest and outcome.digest != digest(raw):
                    return Damage("registered", f"{path} is not what register wrote")
            return parse_json(raw, RegisteredImage, str(path))
        except Tiles2ZarrError as error:
            return Damage("registered", str(error))

    def _plan(
        self, image: RegisteredImage, receipt: Receipt, options: WriteOptions
    ) -> ImagePlan | None:
        """Return how the image is written, unless options changed since it was."""
        try:
            plan = plan_image(image, options.omezarr)
        except StoreError:
            return None
        return plan if plan.pixels == receipt.pixels else None


def _lost(part: Part, message: str) -> Looked:
    return Looked((Damage(part, message),))


def _headers(
    store: Store,
    image: RegisteredImage,
    plan: ImagePlan | None,
    options: WriteOptions,
) -> Iterator[Damage]:
    """Yield the levels whose array header is not the one that was written."""
    version = options.omezarr.ngff_version
    dtype = np.dtype(image.dtype)
    if plan is None:
        return
    for layout in plan.layouts:
        for key, raw in array_files(layout, dtype, plan.codec, version).items():
            found, wanted = _json(store.get(key) or b""), json.loads(raw)
            # absent, no JSON, another shape: told with the level
            readable = isinstance(found, dict) and found.get("shape") == wanted["shape"]
            if readable and found != wanted:
                yield Damage("pixels", f"{key} is not the header that was written")


def _json(raw: bytes) -> object:
    try:
        value: object = json.loads(raw)
    except ValueError:
        return None
    return value


def mark_faults(
    store: Store, receipt: Receipt, owner: str, plan: ImagePlan | None
) -> Iterator[Damage]:
    """Yield how the image group's attributes do not fit the receipt."""
    try:
        mark = read_mark(store)
        attributes = _own_attributes(store)
    except StoreError as error:
        yield Damage("attributes", f"its attributes are damaged: {error}")
        return
    if mark is None:
        yield Damage("attributes", "carries no mark of tiles2zarr")
    elif mark.owner != owner:
        yield Damage(
            "attributes",
            f"was made by another config (owner {mark.owner}, ours is {owner})",
        )
    elif (mark.pixels, mark.content) != (
        receipt.pixels,
        content_digest(receipt.levels),
    ):
        # a mark written anew would vouch for the pixels of another image
        yield Damage("pixels", "its mark is not that of the receipt")
    elif plan is not None and plan.metadata == mark.metadata:
        wanted = plan.attributes.get("ome", plan.attributes)
        if _geometry(attributes) != _geometry(wanted):
            yield Damage(
                "attributes",
                "axes and levels in its attributes are not those that were written",
            )


def _own_attributes(store: Store) -> object:
    version = stored_version(store, "")
    found = read_attributes(store, "", version) if version else None
    return (found or {}).get("ome", found)


def _geometry(attributes: object) -> object:
    """Return axes and levels of the first multiscale, in plain JSON values."""
    plain = json.loads(json.dumps(attributes))
    scales = plain.get("multiscales") if isinstance(plain, dict) else None
    if not (isinstance(scales, list) and scales and isinstance(scales[0], dict)):
        return None
    return scales[0].get("axes"), scales[0].get("datasets")
