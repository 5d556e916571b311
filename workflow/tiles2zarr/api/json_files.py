"""Images as JSON files on their way from the init to the compute task."""

import hashlib
import logging
import os
import re
import time

from tiles2zarr.api.image import TiledImage
from tiles2zarr.api.urls import (
    filesystem_for_url,
    is_local,
    join_url_paths,
    local_url_to_path,
)
from tiles2zarr.checkpoints import parse_json, replace_file, to_bytes
from tiles2zarr.errors import StoreError, Tiles2ZarrError

LOG = logging.getLogger("tiles2zarr")
RETRIES = "CONVERTERS_TOOLS_NUM_RETRIES"
"""Environment variable: how often a file is looked for, 5 times by default."""
_TRIES = 5
"""Another run may take the empty folder away between its making and the file's."""


def dump_to_json(temp_json_url: str, tiled_image: TiledImage) -> str:
    """Write an image into a folder; return the path or URL of its file.

    The name is made of the image's path and its content: the same image has the same
    file, and two runs that differ never touch each other's.

    Raises:
        StoreError: The folder cannot be written.
    """
    raw = to_bytes(tiled_image)
    plain = re.sub(r"[^A-Za-z0-9.-]+", "_", tiled_image.path)
    name = f"{plain}-{hashlib.sha256(raw).hexdigest()[:16]}.json"
    url = join_url_paths(temp_json_url, name)
    if is_local(url):
        _write(url, raw)
    else:
        filesystem_for_url(url).pipe_file(url, raw)
    return url


def _write(url: str, raw: bytes) -> None:
    path = local_url_to_path(url)
    for left in reversed(range(_TRIES)):
        try:
            return replace_file(path, raw)
        except FileNotFoundError:
            if not left:
                raise
        except OSError as error:
            raise StoreError(
                f"{path} cannot be written: {error.strerror}. Correct temp_url in "
                "temp_json_options, or get write access."
            ) from error
    return None


def read_raw(url: str) -> bytes | None:
    """Return the bytes of a JSON file, ``None`` if there is no such file."""
    try:
        if is_local(url):
            return local_url_to_path(url).read_bytes()
        return bytes(filesystem_for_url(url).cat_file(url))
    except FileNotFoundError:
        return None


def await_raw(url: str) -> bytes | None:
    """Return the bytes of a JSON file that may be seen late on a file server.

    Looks as often as ``CONVERTERS_TOOLS_NUM_RETRIES`` says (5), after pauses of 2, 4, 8
    ... seconds; ``None`` if there is no such file then.

    Raises:
        Tiles2ZarrError: The variable is not a whole number from 1.
    """
    tries = _tries()
    for pause in (2**attempt for attempt in range(1, tries)):
        raw = read_raw(url)
        if raw is not None:
            return raw
        LOG.warning("%s is not there yet; looking again in %d s", url, pause)
        time.sleep(pause)
    return read_raw(url)


def _tries() -> int:
    text = os.environ.get(RETRIES) or "5"
    if not text.isdecimal() or int(text) < 1:
        raise Tiles2ZarrError(
            f"{RETRIES} is {text!r}, expected a whole number from 1. Correct or unset "
            "the environment variable."
        )
    return int(text)


def tiled_image_from_json(
    tiled_image_json_dump_url: str,
    collection_type: type | None = None,
    image_loader_type: type | None = None,
) -> TiledImage:
    """Return the image in a file; collection and loaders say themselves what they are.

    Args:
        tiled_image_json_dump_url: The file.
        collection_type: Checked against the collection, if given.
        image_loader_type: Checked against the loaders, if given.

    Raises:
        Tiles2ZarrError: There is no such file, or it holds no such image.
    """
    raw = await_raw(tiled_image_json_dump_url)
    if raw is None:
        raise Tiles2ZarrError(
            f"{tiled_image_json_dump_url} does not exist. Run the init task again."
        )
    return parse_image(
        raw, tiled_image_json_dump_url, collection_type, image_loader_type
    )


def parse_image(
    raw: bytes,
    name: str,
    collection_type: type | None = None,
    image_loader_type: type | None = None,
) -> TiledImage:
    """Return the image in the bytes of a JSON file.

    Raises:
        Tiles2ZarrError: They hold no image, or one of other classes than asked for.
    """
    image = parse_json(raw, TiledImage, name)
    if collection_type is not None and not isinstance(
        image.collection, collection_type
    ):
        raise Tiles2ZarrError(
            f"{name} holds a {type(image.collection).__name__}, expected "
            f"{collection_type.__name__}. Correct collection_type or leave it out."
        )
    for region in image.regions:
        loader = region.image_loader
        if image_loader_type is not None and not isinstance(loader, image_loader_type):
            raise Tiles2ZarrError(
                f"{name} holds a {type(loader).__name__}, expected "
                f"{image_loader_type.__name__}. Correct image_loader_type or leave it "
                "out."
            )
    return image


def remove_json(tiled_image_json_dump_url: str) -> None:
    """Remove the file of one image, if it is there."""
    if is_local(tiled_image_json_dump_url):
        local_url_to_path(tiled_image_json_dump_url).unlink(missing_ok=True)
        return
    system = filesystem_for_url(tiled_image_json_dump_url)
    if system.exists(tiled_image_json_dump_url):
        system.rm_file(tiled_image_json_dump_url)


def cleanup_if_exists(temp_json_url: str) -> bool:
    """Remove the folder if no image waits in it; say whether it is gone.

    Files of runs that are under way are never touched.
    """
    if not is_local(temp_json_url):
        return not filesystem_for_url(temp_json_url).exists(temp_json_url)
    folder = local_url_to_path(temp_json_url)
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:  # not empty
        return False
    return True
