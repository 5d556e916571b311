"""The output: where it is, whose it is."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from tiles2zarr.checkpoints import read_json, write_json
from tiles2zarr.config.options.write import WriteOptions
from tiles2zarr.errors import StoreError, Tiles2ZarrError
from tiles2zarr.models.base import Frozen
from tiles2zarr.models.collection import Collection, ImageInPlate
from tiles2zarr.ngff.documents import (
    Documents,
    ReadOnce,
    read_attributes,
    stored_version,
)
from tiles2zarr.ngff.mark import KEY, level_names
from tiles2zarr.state import State
from tiles2zarr.stores.base import Store
from tiles2zarr.stores.local import LocalStore
from tiles2zarr.stores.target import LocalTarget, Target


class Owner(Frozen):
    """``owner.json``: the id that marks what this results folder made."""

    owner: str
    """Random, made once."""


def make_owner(state: State) -> str:
    """Return the owner id of the results folder, made at the first run."""
    if not state.owner.is_file():
        write_json(state.owner, Owner(owner=secrets.token_hex(16)), durable=True)
    return read_owner(state)


def read_owner(state: State) -> str:
    """Return the owner id.

    Raises:
        Tiles2ZarrError: parse_tiles has not run in this results folder, or the file
            was damaged.
    """
    try:
        return read_json(state.owner, Owner).owner
    except Tiles2ZarrError as error:
        if not state.owner.is_file():
            raise
        raise StoreError(
            f"{state.owner} is damaged: it held the id by which this config knows its "
            'own images. Write it again as one line, {"owner":"<id>"}, with the id '
            "from attributes.tiles2zarr.owner of the plate."
        ) from error


def open_store(output: str, options: Mapping[str, object] | None = None) -> Store:
    """Return the store of the output folder or URL.

    Args:
        output: Folder or URL.
        options: Options of the URL's file system.

    Raises:
        StoreError: What serves the URL is not known or not installed.
    """
    folder = local_folder(output)
    if folder is not None:
        return LocalStore(folder)
    from tiles2zarr.stores.remote import RemoteStore  # only URLs need it

    return RemoteStore(output, options)


def open_target(
    output: str, collection: Collection, options: Mapping[str, object] | None = None
) -> Target:
    """Return the place of an image below the output.

    Args:
        output: Folder or URL.
        collection: Where the image is in it.
        options: Options of the URL's file system.

    Raises:
        StoreError: What serves the URL is not known or not installed.
    """
    return open_place(output, collection.path, options)


def open_place(
    output: str, path: str, options: Mapping[str, object] | None = None
) -> Target:
    """Return the place of the image at a path below the output, as ``open_target``."""
    folder = local_folder(output)
    if folder is not None:
        return LocalTarget(folder / path, level_names)
    from tiles2zarr.stores.remote import RemoteStore  # only URLs need it
    from tiles2zarr.stores.remote_target import RemoteTarget

    parent, _, name = path.rpartition("/")
    store = RemoteStore(output, options).below(parent)
    return RemoteTarget(store, name, level_names)


def local_folder(output: str) -> Path | None:
    """Return the folder an output is, ``None`` if it is a URL of elsewhere."""
    if output.startswith("file://"):
        return Path(output.removeprefix("file://"))
    return None if "://" in output else Path(output)


def check_owner(options: WriteOptions, collection: Collection, owner: str) -> None:
    """Make sure the plate the image goes to is ours, new, or allowed by the mode.

    Raises:
        StoreError: A plate this config did not make is in the way.
    """
    if isinstance(collection, ImageInPlate):
        check_plate(options, collection.plate_name, owner)


def check_plate(options: WriteOptions, plate: str, owner: str) -> None:
    """Make sure that a plate, by name, may be written to, as ``check_owner``.

    Raises:
        StoreError: A plate this config did not make is in the way.
    """
    name = f"{plate}.zarr"
    output = open_store(options.output, options.output_storage_options)
    store = ReadOnce(output)
    version = stored_version(store, name)
    if options.overwrite_mode == "extend" and version not in (
        None,
        options.omezarr.ngff_version,
    ):
        raise StoreError(
            f"{output.url}/{name} is OME-Zarr {version} and cannot be extended by "
            f"{options.omezarr.ngff_version.value}: a plate has one version. Set "
            f'omezarr.ngff_version to "{version}", or choose another plate name.'
        )
    if options.overwrite_mode != "no_overwrite":
        return
    found = plate_owner(store, name)
    if found not in (None, owner):
        raise StoreError(
            f"{output.url}/{name} exists and was not made by this config. Nothing was "
            "touched: set writing.overwrite_mode to extend to add to it, to overwrite "
            "to replace it, or choose another output or plate name."
        )


def plate_owner(store: Documents, plate: str) -> str | None:
    """Return the owner of a plate group: ``""`` if foreign, ``None`` if not there."""
    store = ReadOnce(store)
    version = stored_version(store, plate)
    if version is None:
        return None
    mark = (read_attributes(store, plate, version) or {}).get(KEY)
    owner = mark.get("owner") if isinstance(mark, dict) else None
    return owner if isinstance(owner, str) else ""
