"""``tiles2zarr verify --store``: a plate or image measured against its own marks."""

from collections.abc import Iterator, Mapping

from tiles2zarr.commands.damage import Depth
from tiles2zarr.commands.levels import halving_faults, read_levels
from tiles2zarr.commands.plate_damage import physical_faults
from tiles2zarr.commands.plates import count
from tiles2zarr.commands.pyramid_damage import pyramid_faults
from tiles2zarr.errors import StoreError
from tiles2zarr.ngff.documents import join, stored_version
from tiles2zarr.ngff.mark import axes_of, read_mark
from tiles2zarr.ngff.plate_groups import read_plate
from tiles2zarr.steps.fingerprints import content_digest
from tiles2zarr.steps.output import open_store
from tiles2zarr.stores.base import Store

THREADS = 8
HOW: Mapping[Depth, str] = {
    "quick": "number and bytes of chunks",
    "chunks": "every chunk read",
    "sources": "every chunk read, levels as means of each other",
}


def verify_store(path: str, *, depth: Depth) -> int:
    """Print a line per damaged image of a store; return 0 if all are whole.

    Without the state only the marks in the store are known: how many chunks and bytes
    an image has, and the digest over all of them; ``quick`` reads no chunk, and
    ``sources``, of which there are none, measures each level against the one before.

    Raises:
        StoreError: There is no group of OME-Zarr at ``path``.
    """
    store = open_store(path)
    if stored_version(store, "") is None:
        raise StoreError(f"{path} is not an OME-Zarr group. Give the path of a .zarr.")
    found = read_plate(store, store.requests)
    images = [i.image for i in found[0].images] if found else [""]
    faults: dict[str, list[str]] = {}
    marked = 0
    for image in sorted(images):
        name = image or path
        ours, lines = image_faults(store.below(image) if image else store, depth=depth)
        marked += ours
        if lines:
            faults[name] = lines
    if found:
        for line in physical_faults(store):
            faults.setdefault(path, []).append(line)
        for image in _unlisted(store, set(images)):
            print(f"{image}: is not listed in the plate (left out of the counts)")
    for name in sorted(faults):
        print(f"{name}: {'; '.join(faults[name])}")
    how = HOW[depth]
    print(f"{path}: {marked} of {count(len(images), 'image')} marked ({how})")
    if not faults:
        print(f"{path}: whole")
    return 1 if faults else 0


def image_faults(store: Store, *, depth: Depth) -> tuple[bool, list[str]]:
    """Return whether an image carries our mark, and how it differs from it."""
    try:
        mark = read_mark(store)
        if mark is None:
            return False, ["carries no mark of tiles2zarr, so nothing proves it whole"]
        levels = read_levels(store, deep=depth != "quick")
    except StoreError as error:
        return False, [str(error)]
    faults = list(halving_faults(levels))
    objects = sum(len(level.chunks.key) for level in levels)
    octets = sum(sum(level.chunks.size) for level in levels)
    if (objects, octets) != (mark.chunks, mark.bytes):
        faults.append(
            f"holds {objects:,} chunks of {octets:,} bytes, its mark says "
            f"{mark.chunks:,} of {mark.bytes:,}"
        )
    elif depth != "quick" and content_digest(levels) != mark.content:
        faults.append("the content of its chunks is not what was written")
    elif depth == "sources" and not faults:
        try:
            faults += pyramid_faults(store, levels, axes_of(store), THREADS)
        except StoreError as error:
            faults.append(str(error))
    return True, faults


def _unlisted(store: Store, listed: set[str]) -> Iterator[str]:
    """Yield images of ours in the wells that the plate does not list."""
    rows = [name for name in store.children("") if name.isalpha() and name.isupper()]
    for row in rows:
        for column in filter(str.isdigit, store.children(row)):
            well = join(row, column)
            for name in store.children(well):
                image = join(well, name)
                hidden = name.startswith(".") or image in listed
                if not hidden and stored_version(store, image) is not None:
                    yield image
