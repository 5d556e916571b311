"""``tiles2zarr view``: how to open a plate, and a small server for web viewers."""

import argparse
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from tiles2zarr.commands.plates import load_plates
from tiles2zarr.errors import StoreError
from tiles2zarr.ngff.documents import stored_version
from tiles2zarr.ngff.plate import PlateImage
from tiles2zarr.ngff.plate_groups import read_plate
from tiles2zarr.steps.output import open_store

_VIEWERS = {
    "validator": "https://ome.github.io/ome-ngff-validator/?source=",
    "vizarr": "https://hms-dbmi.github.io/vizarr/?source=",
}
"""Pages that open an OME-Zarr by its URL."""


def run(choice: argparse.Namespace) -> int:
    """Print how to open a plate; with ``--serve`` serve its folder until Ctrl-C.

    Raises:
        ArgumentError: Neither or both of a store and ``--configfile``.
        StoreError: There is no OME-Zarr.
    """
    if (choice.store is None) == (choice.configfile is None):
        raise argparse.ArgumentError(None, "give either PLATE.ZARR or --configfile")
    stores = [choice.store] if choice.store else _outputs(choice)
    for store in stores:
        print("\n".join(opening(store)))
    if choice.serve:
        from tiles2zarr.commands.serve import make_server

        first = Path(stores[0].rstrip("/"))
        with make_server(first.parent, choice.host, choice.port) as server:
            port = server.server_address[1]
            for store in stores:
                print("\n".join(addresses(store, choice.host, port)), flush=True)
            with suppress(KeyboardInterrupt):
                server.serve_forever()
    return 0


def _outputs(choice: argparse.Namespace) -> list[str]:
    plates = load_plates(choice.configfile, choice.plate)
    return [f"{plate.output.rstrip('/')}/{plate.name}.zarr" for plate in plates]


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
    """Yield where viewers find a store that is served at (host, port)."""
    url = f"http://{host}:{port}/{quote(Path(path.rstrip('/')).name)}"
    yield f"served at {url} until Ctrl-C"
    for name, page in _VIEWERS.items():
        yield f"  {name}: {page}{url}"
