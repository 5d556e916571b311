"""The planes of OME-XML documents: file and page, indices, positions and times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.directory import join
from tiles2zarr.parsers.ome_xml_blocks import (
    expand_blocks,
    place_indices,
    read_places,
)
from tiles2zarr.parsers.ome_xml_files import (
    FileNames,
    clean_name,
    missing_files,
    renamed_files,
)
from tiles2zarr.parsers.ome_xml_images import ImageRecord, read_images
from tiles2zarr.parsers.ome_xml_index import Document
from tiles2zarr.parsers.ome_xml_sources import Source, Sources
from tiles2zarr.parsers.ome_xml_tiff import count_pages
from tiles2zarr.parsers.ome_xml_values import (
    FREE,
    MICROMETER,
    PIXEL,
    SECOND,
    read_numbers,
)

_MEASURED = ("x_um", "y_um", "z_um", "delta_s", "exposure_s")
Storage = Mapping[str, object] | None


@dataclass(frozen=True)
class Planes:
    """All planes of an acquisition.

    Args:
        images: The images of all documents.
        documents: Per document, number of an image by its id.
        table: One row per plane in a file: ``image`` (number), ``c`` (number of the
            channel in its image), ``z``, ``t``, ``page``, ``file`` (relative to the
            folder), ``x_um``, ``y_um``, ``z_um``, ``delta_s``, ``exposure_s`` (NaN
            unknown) and ``free`` (its x, y have no unit and are taken as micrometer).
        findings: Absent and renamed files, blocks that are too long.
    """

    images: tuple[ImageRecord, ...]
    documents: tuple[Mapping[str, int], ...]
    table: pd.DataFrame
    findings: tuple[Finding, ...]


def read_planes(sources: Sources, storage: Storage = None) -> Planes:
    """Return the planes of all documents, in the order of their blocks.

    Raises:
        ParserError: Something required is absent or has an impossible value, or no
            document describes a plane in a file.
    """
    finder = _FileFinder(sources, storage)
    images: list[ImageRecord] = []
    documents: list[Mapping[str, int]] = []
    tables: list[pd.DataFrame] = []
    findings: list[Finding] = []
    for source in sources.documents:
        own = read_images(source.document)
        documents.append({image.id: len(images) + n for n, image in enumerate(own)})
        if len(documents[-1]) < len(own):
            raise source.document.root.fault("two of its images have one ID")
        table, noticed = _document_planes(source, own, finder)
        tables.append(table.assign(image=table["image"] + len(images)))
        findings += noticed
        images += own
    table = pd.concat(tables, ignore_index=True)
    if table.empty:
        raise _without_planes(sources, images)
    return Planes(
        tuple(images), tuple(documents), table, (*finder.findings(), *findings)
    )


def _without_planes(sources: Sources, images: Sequence[ImageRecord]) -> ParserError:
    root = sources.documents[0].document.root
    held = sum(image.holds_pixels for image in images)
    if held:
        return root.fault(
            f"its {held} images stand in the XML itself (BinData)",
            "Save it as OME-TIFF.",
        )
    return root.fault(
        f"its {len(images)} images name no file (no TiffData)",
        "Export it as OME-TIFF with pixels.",
    )


def _document_planes(
    source: Source, images: Sequence[ImageRecord], finder: "_FileFinder"
) -> tuple[pd.DataFrame, list[Finding]]:
    document = source.document
    files = finder.locate(source)
    planes, findings = expand_blocks(document.blocks, images, finder.count_pages)
    places = read_places(planes, images)
    table = pd.DataFrame(
        {
            "image": planes["image"],
            "c": places["C"],
            "z": places["Z"],
            "t": places["T"],
            "page": planes["page"],
            "file": np.array(files, dtype=object)[planes["block"].to_numpy()],
        }
    )
    return table.assign(**_measured(document, images, planes)), findings


def _measured(
    document: Document, images: Sequence[ImageRecord], planes: pd.DataFrame
) -> dict[str, NDArray[np.generic]]:
    """Return positions and times of planes; the first ``Plane`` of a place counts."""
    columns = document.planes
    total = np.array([image.planes for image in images] or [0], dtype=np.int64)
    offset = np.cumsum(total) - total
    place = place_indices(columns, images, "The")
    keys = offset[np.array(columns.images, dtype=np.int64)] + place
    values: dict[str, NDArray[np.generic]] = dict(
        zip(_MEASURED, _plane_values(document, images), strict=True)
    )
    free = {"PositionXUnit", "PositionYUnit"}
    values["free"] = np.array(
        [
            any(unit in FREE for unit in units)
            for units in zip(*(columns.texts[name] for name in free), strict=True)
        ],
        dtype=bool,
    ) & np.isfinite(values["x_um"].astype(float))
    known, first = np.unique(keys, return_index=True)
    wanted = offset[planes["image"].to_numpy()] + planes["place"].to_numpy()
    at = np.minimum(np.searchsorted(known, wanted), max(known.size - 1, 0))
    found = known[at] == wanted if known.size else np.zeros(wanted.size, dtype=bool)
    result: dict[str, NDArray[np.generic]] = {}
    for name, column in values.items():
        filled = np.full(wanted.size, False if name == "free" else np.nan)
        filled[found] = column[first[at[found]]]
        result[name] = filled
    return result


def _plane_values(
    document: Document, images: Sequence[ImageRecord]
) -> tuple[NDArray[np.float64], ...]:
    """Return the columns of ``_MEASURED`` for every ``Plane``."""
    columns = document.planes
    owner = np.array(columns.images, dtype=np.int64)
    lengths = {**MICROMETER, "": 1.0, FREE[1]: 1.0, PIXEL: 1.0}
    positions = []
    for axis in "XYZ":
        name = f"Position{axis}"
        values = read_numbers(columns, name, lengths, "")
        in_pixels = np.array([u == PIXEL for u in columns.texts[f"{name}Unit"]], bool)
        sizes = [
            i.z_um if axis == "Z" else i.pixel_um["XY".index(axis)] for i in images
        ]
        known = np.array([size or 1.0 for size in sizes] or [1.0])
        positions.append(np.where(in_pixels, values * known[owner], values))
    return (
        *positions,
        read_numbers(columns, "DeltaT", SECOND, "s"),
        read_numbers(columns, "ExposureTime", SECOND, "s"),
    )


class _FileFinder:
    """Finds the files of blocks, and remembers those that are absent or renamed."""

    def __init__(self, sources: Sources, storage: Storage) -> None:
        """Prepare for the files of all documents."""
        self._folder = sources.folder.path
        self._storage = storage
        self._names = FileNames(sources.folder, storage)
        self._by_uuid = sources.by_uuid
        self._found: dict[tuple[str, str], str] = {}
        self._all: set[str] = set()
        self._absent: set[str] = set()
        self._renamed: dict[str, str] = {}
        self._pages: dict[str, int | None] = {}

    def locate(self, source: Source) -> list[str]:
        """Return the file of each block of a document.

        Raises:
            ParserError: A block names no file, or one outside of the folder.
        """
        blocks = source.document.blocks
        pairs = zip(blocks.texts["FileName"], blocks.texts["UUID"], strict=True)
        self._found = {}
        files = []
        for row, pair in enumerate(pairs):
            if pair not in self._found:
                file = self._locate(source, *pair)
                if file is None:
                    raise blocks.fault(row, "it names no file (UUID with FileName)")
                self._found[pair] = file
            files.append(self._found[pair])
        self._all.update(files)
        return files

    def _locate(self, source: Source, name: str, uuid: str) -> str | None:
        """Return the file of a block, nothing where it names none.

        The UUID tells a file that was renamed.
        """
        written = source.document.root.get("UUID")
        own = source.file if uuid in ("", written) or written is None else ""
        if not name:
            return own or self._by_uuid.get(uuid)
        file = self._names.find(name, source.document.source)
        if file is None and uuid:
            file = (own if uuid == written else "") or self._by_uuid.get(uuid)
        if file is None:
            self._absent.add(name)
            return clean_name(name, source.document.source)
        if file != name:
            self._renamed[name] = file
        return file

    def count_pages(self, name: str, uuid: str) -> int | None:
        """Return the number of pages of a located file, nothing if unreadable."""
        file = self._found[name, uuid]
        if name in self._absent:
            return None
        if file not in self._pages:
            self._pages[file] = count_pages(join(self._folder, file), self._storage)
        return self._pages[file]

    def findings(self) -> list[Finding]:
        """Return findings on absent and renamed files."""
        return [
            *missing_files(sorted(self._absent), len(self._all)),
            *renamed_files(sorted(self._renamed.items())),
        ]
