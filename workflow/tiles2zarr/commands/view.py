"""``tiles2zarr view``: a plate in napari if that is there, else in any browser."""

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from tiles2zarr.commands.plates import load_plates
from tiles2zarr.commands.telling import document
from tiles2zarr.errors import StoreError
from tiles2zarr.ngff.documents import stored_version
from tiles2zarr.ngff.plate import PlateImage
from tiles2zarr.ngff.plate_groups import read_plate
from tiles2zarr.steps.output import open_store

_VIEWERS = {
    "validator": "https://ome.github.io/ome-ngff-validator/?source=",
    "vizarr": "https://hms-dbmi.github.io/vizarr/?source=",
}
"""Pages of others that open an OME-Zarr by its URL, for who has a network."""
_NAPARI = ("napari", "napari_ome_zarr")
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


def run(choice: argparse.Namespace) -> int:
    """Open the plates in napari, or serve the first one to browsers until Ctrl-C.

    Raises:
        ArgumentError: Neither or both of a store and ``--configfile``.
        StoreError: There is no OME-Zarr, or the port is taken.
    """
    if (choice.store is None) == (choice.configfile is None):
        raise argparse.ArgumentError(None, "give either PLATE.ZARR or --configfile")
    stores = [choice.store] if choice.store else _outputs(choice)
    _need(stores, "Run the workflow first." if choice.configfile else "Give its path.")
    facts = [describe(store) for store in stores]
    if choice.json:
        print(document(choice.command, 0, {"stores": facts}))
        return 0
    for store in stores if choice.how else ():
        print("\n".join(opening(store)))
    if choice.how:
        return 0
    if not choice.serve and has_napari():
        return _napari(stores)
    return _serve(stores, choice.host, choice.port)


def _outputs(choice: argparse.Namespace) -> list[str]:
    plates = load_plates(choice.configfile, choice.plate)
    return [f"{plate.output.rstrip('/')}/{plate.name}.zarr" for plate in plates]


def _need(stores: Sequence[str], cure: str) -> None:
    """Say that a folder is not there before it is looked into.

    Raises:
        StoreError: One is missing.
    """
    for store in stores:
        if "://" not in store and not Path(store).exists():
            raise StoreError(f"{store} is not there. {cure}")


def has_napari() -> bool:
    """Say whether napari, its OME-Zarr reader and a screen are there."""
    screen = sys.platform != "linux" or any(map(os.environ.get, _DISPLAYS))
    return screen and all(find_spec(name) is not None for name in _NAPARI)


def _napari(stores: Sequence[str]) -> int:
    command = ["napari", "--plugin", "napari-ome-zarr", *stores]
    print(f"opens napari: {shlex.join(command)}", flush=True)
    return subprocess.run([sys.executable, "-m", *command], check=False).returncode


def _serve(stores: Sequence[str], host: str, port: int) -> int:
    from tiles2zarr.commands.viewer import make_viewer

    for other in stores[1:]:
        print(f"{other}: not shown; `tiles2zarr view {shlex.quote(other)}` does")
    store = Path(stores[0].rstrip("/")).absolute()
    with make_viewer(store, host, port) as server:
        bound = server.server_address[1]
        print("\n".join(addresses(str(store), host, bound)), flush=True)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0


def describe(path: str) -> dict[str, object]:
    """Return what there is to open, as JSON values.

    Raises:
        StoreError: There is no OME-Zarr at ``path``.
    """
    store = open_store(path)
    version = stored_version(store, "")
    if version is None:
        raise StoreError(f"{path} is not an OME-Zarr group. Give the path of a .zarr.")
    found = read_plate(store)
    images = sorted(image.image for image in found[0].images) if found else []
    kind = "plate" if found else "image"
    return {"path": path, "kind": kind, "version": version, "images": images}


def opening(path: str) -> Iterator[str]:
    """Yield how a plate or image is opened in napari and in Python.

    Raises:
        StoreError: There is no OME-Zarr at ``path``.
    """
    store = open_store(path)
    if stored_version(store, "") is None:
        raise StoreError(f"{path} is not an OME-Zarr group. Give the path of a .zarr.")
    found = read_plate(store)
    images = found[0].images if found else ()
    yield f"{path}: {f'plate, {len(images)} images' if found else 'image'}"
    yield "in napari (pip install 'napari[all]' napari-ome-zarr):"
    yield f"  napari --plugin napari-ome-zarr '{path}'"
    yield "in Python:"
    yield from _python(path, images) if found else _single(path)


def _python(path: str, images: tuple[PlateImage, ...]) -> Iterator[str]:
    yield "  from ngio import open_ome_zarr_plate"
    yield f'  plate = open_ome_zarr_plate("{path}", mode="r")'
    if images:
        row, column, name = min(images, key=lambda i: i.image).image.split("/")
        yield f'  image = plate.get_image("{row}", {int(column)}, "{name}")'
        yield "  pixels = image.get_image().get_as_numpy()"


def _single(path: str) -> Iterator[str]:
    yield "  from ngio import open_ome_zarr_container"
    yield f'  image = open_ome_zarr_container("{path}", mode="r")'
    yield "  pixels = image.get_image().get_as_numpy()"


def addresses(path: str, host: str, port: int) -> Iterator[str]:
    """Yield where a browser sees a store that is served at (host, port)."""
    url = f"http://{host}:{port}/"
    store = url + quote(Path(path.rstrip("/")).name)
    yield f"open {url} in a browser; Ctrl-C ends it"
    yield f"  data: {store}"
    for name, page in _VIEWERS.items():
        yield f"  {name} (needs a network): {page}{store}"
