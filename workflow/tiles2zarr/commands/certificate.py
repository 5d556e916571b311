"""The certificate: source files and hashes, and the planes they were compared with."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tiles2zarr import __version__
from tiles2zarr.checkpoints import read_json, replace_file
from tiles2zarr.commands.comparison import Compared, Tally
from tiles2zarr.commands.plates import Plate, count
from tiles2zarr.commands.threads import work_through
from tiles2zarr.config.slices import write_options
from tiles2zarr.errors import SourceError, StoreError, Tiles2ZarrError
from tiles2zarr.loaders import probe, resolve
from tiles2zarr.loaders.location import open_binary
from tiles2zarr.loaders.source import UNKNOWN_PLANES, read_errors
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.plan import Plan
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.ngff.documents import dump_json
from tiles2zarr.steps.fingerprints import content_digest
from tiles2zarr.steps.listings import stat_file

KIND = "tiles2zarr: every plane of the sources compared with the output"
COVERED = (
    "Only the files listed here are covered, each with all of its planes; index and "
    "metadata files of the microscope are not."
)


@dataclass(frozen=True)
class Source:
    """A source file as it was when it was hashed."""

    file: str
    """Path or URL."""
    octets: int
    sha256: str
    planes: int | None
    """Planes it holds; ``None`` where only the user's own loader knows."""
    stat: tuple[int, int]


@dataclass(frozen=True)
class Entry:
    """What the certificate says of one plate."""

    name: str
    images: Mapping[str, object]
    sources: tuple[object, ...]
    lines: tuple[str, ...]
    """For people."""
    refusals: tuple[str, ...]
    """Why there can be no certificate."""


def clear_certificate(path: Path) -> None:
    """Remove an earlier certificate: it says nothing about what stands there now.

    Raises:
        StoreError: The file is something else.
    """
    if not path.exists():
        return
    if not path.is_file() or not path.read_bytes().startswith(_document([])[:60]):
        raise StoreError(f"{path} is no certificate of ours. Give another name.")
    path.unlink()


def hash_sources(plate: Plate, plan: Plan, threads: int) -> dict[str, Source | str]:
    """Return every source of the plate by location, or why it cannot be hashed."""
    wanted: dict[str, tuple[RegisteredImage, str]] = {}
    for image in plan.images:
        try:
            registered = read_json(plate.state.registered(image), RegisteredImage)
        except Tiles2ZarrError:
            continue  # told as damage of the image
        for file in set(registered.boxes.file):
            wanted[resolve(registered.resource, file)] = (registered, file)
    options = write_options(plate.config).storage_options
    rows = [
        (location, image, file, options.get(image.acquisition_id, {}))
        for location, (image, file) in sorted(wanted.items())
    ]
    found = work_through(rows, lambda row: _source(*row), threads)
    return {row[0]: one for row, one in zip(rows, found, strict=True)}


def _source(
    location: str, image: RegisteredImage, file: str, storage: Mapping[str, object]
) -> Source | str:
    try:
        planes = probe(file, image.resource, image.loader, storage).planes
        before = stat_file(location)
        with open_binary(location, storage, whole=False) as stream:
            sha = hashlib.sha256()
            octets = 0
            for block in iter(partial(stream.read, 2**22), b""):
                sha.update(block)
                octets += len(block)
    except SourceError as error:
        return str(error)
    except read_errors() as error:
        return f"{location} cannot be read: {error}"
    known = None if planes == UNKNOWN_PLANES else planes
    return Source(location, octets, sha.hexdigest(), known, before)


def certify(
    plate: Plate,
    plan: Plan,
    compared: Mapping[str, Compared],
    sources: Mapping[str, Source | str],
) -> Entry:
    """Return what the certificate says of a plate, or why there can be none."""
    by_file: dict[str, list[dict[str, object]]] = {file: [] for file in sources}
    images: dict[str, object] = {}
    tallies: list[Tally] = []
    absent = 0
    for image in sorted(compared.keys() & plan.images.keys()):
        registered = read_json(plate.state.registered(image), RegisteredImage)
        absent += sum(status != "ok" for status in registered.planes.status)
        for piece, tally in compared[image].planes.items():
            row = {"image": image, "plane": piece.key[1], "t": piece.t, "c": piece.c}
            row |= {"z": piece.z, "pixels": tally.equal + tally.hidden}
            location = resolve(registered.resource, piece.key[0])
            by_file[location].append(row | {"hidden": tally.hidden})
            tallies.append(tally)
        receipt = read_json(plate.state.written(image), Receipt)
        images[image] = {
            "path": f"{plate.output}/{plan.images[image].path}",
            "content": content_digest(receipt.levels),
            "planes": len(compared[image].planes),
        }
    rows = tuple(
        {"file": one.file, "bytes": one.octets, "sha256": one.sha256, "planes": planes}
        for file, planes in sorted(by_file.items())
        if isinstance(one := sources[file], Source)
    )
    return Entry(
        name=plate.name,
        images=images,
        sources=rows,
        lines=tuple(_lines(plate.name, len(rows), len(images), tallies, absent)),
        refusals=tuple(_refusals(plan, compared, sources, by_file)),
    )


def _lines(
    name: str, files: int, images: int, tallies: list[Tally], absent: int
) -> Iterator[str]:
    planes = count(len(tallies), "plane")
    yield (
        f"{name}: {planes} of {count(files, 'source file')} compared with "
        f"{count(images, 'image')}: every pixel in the output is equal."
    )
    hidden = [tally.hidden for tally in tallies if tally.hidden]
    if hidden:
        yield (
            f"{name}: {count(sum(hidden), 'pixel')} of {count(len(hidden), 'plane')} "
            "lie under tiles further down the table and are not in the output."
        )
    if absent:
        yield f"{name}: {count(absent, 'plane')} were planned but are in no file."


def _refusals(
    plan: Plan,
    compared: Mapping[str, Compared],
    sources: Mapping[str, Source | str],
    by_file: Mapping[str, list[dict[str, object]]],
) -> Iterator[str]:
    for image in sorted(plan.images):
        one = compared.get(image)
        if one is None:
            yield f"{image} was not compared"
        elif not one.equal:
            file = next(iter(one.uncompared or {}), "")
            yield f"{image} was not compared in whole{f' ({file})' if file else ''}"
    for file, source in sorted(sources.items()):
        if isinstance(source, str):
            yield source
            continue
        used = {row["plane"] for row in by_file[file]}
        if source.planes is not None and len(used) < source.planes:
            yield (
                f"{file} holds {count(source.planes, 'plane')}, of which {len(used)} "
                "are in the output"
            )
        if stat_file(file) != source.stat:
            yield f"{file} changed meanwhile"


def write_certificate(path: Path, entries: list[Entry]) -> None:
    """Write the certificate of all plates in one step."""
    replace_file(path, _document(entries), durable=True)


def _document(entries: list[Entry]) -> bytes:
    return dump_json(
        {
            "certificate": KIND,
            "schema": 1,
            "tiles2zarr": __version__,
            "compared_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "statement": [*(line for one in entries for line in one.lines), COVERED],
            "plates": [
                {"name": one.name, "images": one.images, "sources": one.sources}
                for one in entries
            ],
        }
    )
