"""Documents for archives in a plate, as the config asks for them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from tiles2zarr.checkpoints import read_json
from tiles2zarr.config.omezarr import NgffVersion
from tiles2zarr.config.options.tables import TablesOptions
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.ngff.archive import CRATE, SOFTWARE, ArchivedImage, ro_crate
from tiles2zarr.ngff.archive_ome_xml import CREATOR, PLACE, ome_xml
from tiles2zarr.ngff.documents import write_attributes
from tiles2zarr.ngff.plate import PlateDescription
from tiles2zarr.state import State
from tiles2zarr.steps.written_images import Written
from tiles2zarr.stores.base import Store


def write_archive(
    store: Store,
    plate: PlateDescription,
    name: str,
    written: Sequence[Written],
    state: State,
    options: TablesOptions,
) -> None:
    """Write what the section ``archive`` asks for; remove ours that it no longer does.

    Args:
        store: Rooted at the plate.
        plate: The plate as its metadata list it.
        name: Its name.
        written: Our images in it; those of others are not known here.
        state: The plate's state.
        options: What the config says of archives.

    Raises:
        Tiles2ZarrError: A document cannot be made or written.
    """
    wanted = options.archive
    images: list[RegisteredImage] = []
    if wanted.ro_crate or wanted.ome_xml:
        paths = [state.registered(image.image) for image in written]
        images = [read_json(path, RegisteredImage) for path in paths]
    xml = ome_xml(plate, name, images) if wanted.ome_xml else None
    _settle(store, PLACE, xml, f'Creator="{CREATOR} ', options.ngff_version)
    crate = None
    if wanted.ro_crate:
        archived = [
            ArchivedImage(image, one.octets)
            for image, one in zip(images, written, strict=True)
        ]
        roots = [image.resource for image in images]
        crate = ro_crate(name, archived, roots, wanted, _day(written))
    _settle(store, CRATE, crate, f'"{SOFTWARE}"', options.ngff_version)


def _settle(
    store: Store, key: str, data: bytes | None, sign: str, version: NgffVersion
) -> None:
    """Put a document, or remove an old one that carries our sign."""
    old = store.get(key)
    group, _, _ = key.rpartition("/")
    if data is not None:
        if group:
            write_attributes(store, group, {}, version)
        if old != data:
            store.put(key, data)
    elif old is not None and sign.encode() in old:
        store.delete(group or key)


def _day(written: Sequence[Written]) -> str | None:
    """Return the day of the newest source, UTC; ``None`` where no time is known."""
    newest_ns = max((image.newest_ns for image in written), default=0)
    newest_s = newest_ns // 10**9  # below: the version of an object
    if newest_s <= 0:
        return None
    return datetime.fromtimestamp(newest_s, UTC).date().isoformat()
