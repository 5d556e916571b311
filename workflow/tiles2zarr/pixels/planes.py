"""Decoded planes on their way into chunks: each read once, kept while still needed."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import xxhash
from numpy.typing import NDArray

from tiles2zarr.errors import SourceError
from tiles2zarr.loaders import PlaneSource, open_source
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.pixels.prefetch import Prefetch
from tiles2zarr.pixels.quality import PlaneFigures, measure_plane

Plane = NDArray[np.generic]
PlaneKey = tuple[str, int]
"""A file and the index of a plane in it."""
OPEN_FILES = 32
"""Files with several planes a thread keeps open."""


@dataclass
class _Entry:
    """One plane: how often it is still needed, and its pixels while they are kept."""

    uses: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    plane: Plane | None = None


class Planes:
    """The planes of one image, checked against what was registered.

    Memory: at most ``budget`` bytes of planes that later chunks still need, besides the
    one each thread works on. Beyond it a file is opened again.
    """

    def __init__(
        self,
        image: RegisteredImage,
        uses: Mapping[PlaneKey, int],
        budget: int,
        storage: Mapping[str, object],
        *,
        tolerant: bool = False,
        measured: bool = False,
        prefetch: Prefetch | None = None,
    ) -> None:
        """Prepare to read the planes in ``uses``, each that many times.

        Args:
            image: The image they belong to.
            uses: How often each plane is needed.
            budget: Bytes that may be kept.
            storage: Options of the sources' file system.
            tolerant: Take planes that cannot be read for missing instead of failing.
            measured: Keep figures of every plane read.
            prefetch: Brings the files that are not local; closed with `end`.
        """
        self._image = image
        self._dtype = np.dtype(image.dtype)
        self._entries = {key: _Entry(count) for key, count in uses.items()}
        self._single = {file for file, _ in uses} - _multiple(uses)
        self._storage = storage
        self._room = budget
        self._guard = threading.Lock()
        self._local = threading.local()
        self._tolerant = tolerant
        self._measured = measured
        self._prefetch = prefetch
        self.digests: dict[PlaneKey, str] = {}
        self.unreadable: dict[PlaneKey, str] = {}
        self.figures: dict[PlaneKey, PlaneFigures] = {}

    def take(self, key: PlaneKey, shape: tuple[int, int]) -> Plane | None:
        """Return one plane of (rows, columns) ``shape``; to be called once per use.

        With ``tolerant`` a plane that cannot be read is ``None``.

        Raises:
            SourceError: Unreadable, or of another shape or pixel type than registered.
        """
        try:
            return self._take(key, shape)
        except SourceError as error:
            if not self._tolerant:
                raise
            self.unreadable[key] = str(error)
            return None
        finally:
            if self._prefetch is not None and key[0] in self._prefetch:
                self._prefetch.used(key[0])

    def load(self, shapes: Mapping[PlaneKey, tuple[int, int]]) -> None:
        """Read planes into memory, whatever the budget, for ``take`` to find there.

        Raises:
            SourceError: As `take`.
        """
        for key, shape in shapes.items():
            self._entries[key].uses += 1
            self._room += shape[0] * shape[1] * self._dtype.itemsize
            self.take(key, shape)

    def _take(self, key: PlaneKey, shape: tuple[int, int]) -> Plane:
        entry = self._entries[key]
        if entry.uses == 1 and entry.plane is None:
            entry.uses = 0
            return self._read(key, shape)
        with entry.lock:
            plane = entry.plane if entry.plane is not None else self._read(key, shape)
            entry.uses -= 1
            self._keep(entry, plane)
            return plane

    def close(self) -> None:
        """Close this thread's open files."""
        sources: OrderedDict[str, PlaneSource] | None = getattr(
            self._local, "sources", None
        )
        while sources:
            sources.popitem()[1].close()

    def end(self) -> None:
        """Let go of files that were fetched and not used."""
        if self._prefetch is not None:
            self._prefetch.close()

    def _keep(self, entry: _Entry, plane: Plane) -> None:
        with self._guard:
            if entry.uses > 0 and entry.plane is None and plane.nbytes <= self._room:
                entry.plane = plane
                self._room -= plane.nbytes
            elif entry.uses == 0 and entry.plane is not None:
                entry.plane = None
                self._room += plane.nbytes

    def _read(self, key: PlaneKey, shape: tuple[int, int]) -> Plane:
        file, index = key
        source = self._open(file)
        try:
            plane = source.read(index)
        finally:
            if file in self._single:
                source.close()
        self._check(file, plane, shape)
        if key not in self.digests:
            self.digests[key] = xxhash.xxh3_64_hexdigest(
                np.ascontiguousarray(plane).data
            )
            figures = measure_plane(plane) if self._measured else None
            if figures is not None:
                self.figures[key] = figures
        return plane

    def _open(self, file: str) -> PlaneSource:
        if file in self._single:
            return self._open_fresh(file)
        sources: OrderedDict[str, PlaneSource] | None = getattr(
            self._local, "sources", None
        )
        if sources is None:
            sources = self._local.sources = OrderedDict()
        if file not in sources:
            while len(sources) >= OPEN_FILES:
                sources.popitem(last=False)[1].close()
            sources[file] = self._open_fresh(file)
        sources.move_to_end(file)
        return sources[file]

    def _open_fresh(self, file: str) -> PlaneSource:
        if self._prefetch is not None and file in self._prefetch:
            return self._prefetch.open(file)
        image = self._image
        return open_source(file, image.resource, image.loader, self._storage)

    def _check(self, file: str, plane: Plane, shape: tuple[int, int]) -> None:
        if plane.shape != shape:
            raise SourceError(
                f"{self._image.image}: {file} holds {_size(plane.shape)} pixels, "
                f"expected {_size(shape)}. The file changed since it was registered: "
                "run again, or correct the declared lengths."
            )
        if plane.dtype != self._dtype and not np.can_cast(plane.dtype, self._dtype):
            raise SourceError(
                f"{self._image.image}: {file} holds {plane.dtype} pixels, expected "
                f"{self._dtype}. The file changed since it was registered: run again."
            )


def digest_sources(
    image: RegisteredImage, files: set[str], storage: Mapping[str, object]
) -> dict[str, str]:
    """Return the digest of the pixels of ``files``, as a write would record them.

    Raises:
        SourceError: A file cannot be read.
    """
    boxes = image.boxes
    shapes: dict[PlaneKey, tuple[int, int]] = {}
    for row, file in enumerate(boxes.file):
        if file in files:
            count = boxes.len_t[row] * boxes.len_c[row] * boxes.len_z[row]
            for plane in range(boxes.plane[row], boxes.plane[row] + count):
                shapes[(file, plane)] = (boxes.len_y[row], boxes.len_x[row])
    planes = Planes(image, dict.fromkeys(shapes, 1), 0, storage)
    try:
        for key in sorted(shapes):
            planes.take(key, shapes[key])
    finally:
        planes.close()
    return file_digests(planes.digests)


def file_digests(digests: Mapping[PlaneKey, str]) -> dict[str, str]:
    """Return one digest per file over the digests of its planes, in plane order."""
    by_file: dict[str, list[str]] = {}
    for (file, _), digest in sorted(digests.items()):
        by_file.setdefault(file, []).append(digest)
    return {
        file: parts[0]
        if len(parts) == 1
        else xxhash.xxh3_64_hexdigest("".join(parts).encode())
        for file, parts in by_file.items()
    }


def _multiple(uses: Mapping[PlaneKey, int]) -> set[str]:
    """Return the files of which several planes are read."""
    seen: set[str] = set()
    several: set[str] = set()
    for file, _ in uses:
        (several if file in seen else seen).add(file)
    return several


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
