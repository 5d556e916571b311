"""What is amiss with an image in the output, measured against its receipt."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xxhash

from tiles2zarr.checkpoints import digest, parse_json, read_json
from tiles2zarr.commands.plates import Plate, count
from tiles2zarr.commands.table_damage import table_faults
from tiles2zarr.config.slices import WriteOptions, write_options
from tiles2zarr.errors import StoreError, Tiles2ZarrError
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.plan import BatchOutcome, ImageEntry
from tiles2zarr.models.receipt import LevelReceipt, Receipt
from tiles2zarr.ngff.documents import read_attributes, stored_version
from tiles2zarr.ngff.mark import read_mark
from tiles2zarr.pixels.headers import array_files
from tiles2zarr.steps.fingerprints import ImagePlan, content_digest, plan_image
from tiles2zarr.steps.output import open_target
from tiles2zarr.stores.base import Store

HEADERS = frozenset({".zarray", "zarr.json"})
"""Names of array headers, Zarr 2 and 3."""
Part = Literal["receipt", "registered", "attributes", "pixels", "tables", "busy"]
"""What is damaged; ``busy`` is a live writer's."""


@dataclass(frozen=True)
class Damage:
    """One thing that is amiss with an image."""

    part: Part
    message: str


@dataclass(frozen=True)
class ImageCheck:
    """One image of the plan and how it is to be looked at."""

    image: str
    entry: ImageEntry
    plate: Plate
    owner: str
    deep: bool

    def find(self) -> tuple[Damage, ...]:
        """Return all that is amiss; nothing if the image is whole."""
        path = self.plate.state.written(self.image)
        if not path.is_file():
            return (Damage("receipt", "is not written, there is no receipt"),)
        try:
            receipt = read_json(path, Receipt)
        except Tiles2ZarrError as error:
            return (Damage("receipt", str(error)),)
        target = open_target(self.plate.output, receipt.collection)
        if not target.exists():
            return (Damage("pixels", f"{target.current().url} is not there"),)
        return tuple(self._find_in(target.current(), receipt))

    def _find_in(self, store: Store, receipt: Receipt) -> Iterator[Damage]:
        registered = self._registered()
        if isinstance(registered, Damage):
            yield registered
            plan = None
        else:
            options = write_options(self.plate.config)
            plan = self._plan(registered, receipt, options)
            yield from _headers(store, registered, plan, options)
        for message in mark_faults(store, receipt, self.owner, plan):
            yield Damage("attributes", message)
        for level in receipt.levels:
            for message in level_faults(store, level, deep=self.deep):
                yield Damage("pixels", message)
        if isinstance(registered, RegisteredImage):
            for message in table_faults(store, registered, deep=self.deep):
                yield Damage("tables", message)

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
) -> Iterator[str]:
    """Yield how the image group's attributes do not fit the receipt."""
    try:
        mark = read_mark(store)
        attributes = _own_attributes(store)
    except StoreError as error:
        yield f"its attributes are damaged: {error}"
        return
    if mark is None:
        yield "carries no mark of tiles2zarr"
    elif mark.owner != owner:
        yield f"was made by another config (owner {mark.owner}, ours is {owner})"
    elif (mark.pixels, mark.content) != (
        receipt.pixels,
        content_digest(receipt.levels),
    ):
        yield "its mark is not that of the receipt"
    elif plan is not None and plan.metadata == mark.metadata:
        wanted = plan.attributes.get("ome", plan.attributes)
        if _geometry(attributes) != _geometry(wanted):
            yield "axes and levels in its attributes are not those that were written"


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


def level_faults(store: Store, level: LevelReceipt, *, deep: bool) -> Iterator[str]:
    """Yield how the objects of a level differ from the receipt's."""
    prefix = len(level.path) + 1
    found = {key[prefix:]: octets for key, octets in store.sizes(level.path)}
    headers = HEADERS & found.keys()
    if not headers:
        yield f"level {level.path} has no array header"
    for name in sorted(headers):
        header = _json(store.get(f"{level.path}/{name}") or b"")
        shape = header.get("shape") if isinstance(header, dict) else None
        if shape != list(level.shape):
            yield f"the header of level {level.path} is damaged"
    wanted = dict(zip(level.chunks.key, level.chunks.size, strict=True))
    yield from _told(level, "missing", [k for k in wanted if k not in found])
    same = {key for key, octets in wanted.items() if found.get(key) == octets}
    other = [k for k in wanted if k in found and k not in same]
    yield from _told(level, "of another size", other)
    beyond = sorted(found.keys() - wanted.keys() - headers)
    yield from _told(level, "beyond the receipt's", beyond)
    if deep:
        pairs = zip(level.chunks.key, level.chunks.digest, strict=True)
        changed = [
            key
            for key, known in pairs
            if key in same and chunk_digest(store, f"{level.path}/{key}") != known
        ]
        yield from _told(level, "of another content", changed)


def chunk_digest(store: Store, key: str) -> str:
    """Return the xxh3_64 of an object's bytes; of nothing where there is none."""
    return xxhash.xxh3_64_hexdigest(store.get(key) or b"")


def _told(level: LevelReceipt, what: str, keys: Sequence[str]) -> Iterator[str]:
    if keys:
        chunks = count(len(keys), "chunk")
        verb = "is" if len(keys) == 1 else "are"
        yield f"level {level.path}: {chunks} {verb} {what} ({keys[0]})"
