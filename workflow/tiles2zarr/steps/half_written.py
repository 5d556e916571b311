"""Whether an acquisition was read while its index was being written."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tiles2zarr.config.acquisition import Acquisition
from tiles2zarr.errors import ParserError, Tiles2ZarrError
from tiles2zarr.loaders import resolve
from tiles2zarr.models.image import TiledImage
from tiles2zarr.parsers.xml import open_binary
from tiles2zarr.steps.ages import Ages
from tiles2zarr.steps.sweep import IMAGE_ENDINGS

TABLES = (".csv", ".tsv")
INDEX_ENDINGS = (
    *TABLES,
    ".htd",
    ".jdce",
    ".mlf",
    ".mrf",
    ".ome",
    ".parquet",
    ".pq",
    ".xml",
)
"""Files of an instrument that list its images; logs and protocols do not."""


@dataclass(frozen=True)
class Half:
    """What may be half written, and why it is thought so."""

    why: str
    files: tuple[str, ...]
    """What is to settle, or to come back."""


class Reading:
    """The files of one acquisition, looked at after they were read."""

    def __init__(self, config: Acquisition, settle_s: float, ages: Ages) -> None:
        """Look at names only.

        Args:
            config: The acquisition.
            settle_s: Age from which a file is settled, second.
            ages: Tells how old files are.
        """
        self._settle_s = settle_s
        self._ages = ages
        self._storage = config.storage_options
        self._files = [file for path in config.path for file in ages.below(path)]
        self.indexes = tuple(
            sorted(
                file
                for file in self._files
                if file in config.path or not file.lower().endswith(IMAGE_ENDINGS)
            )
        )
        """Files beside the images."""

    def index_is_young(self) -> bool:
        """Say whether a file that lists images may still be written."""
        listing = [f for f in self.indexes if f.lower().endswith(INDEX_ENDINGS)]
        return bool(self._young(listing))

    def open_table(self) -> Half | None:
        """Return a young table that ends within a line: its last number lacks digits.

        XML that ends early cannot be read; a table can.
        """
        tables = [file for file in self.indexes if file.lower().endswith(TABLES)]
        for table in self._young(tables):
            if not self._ends_with_line(table):
                return Half(f"{table} ends within a line. {self._why(table)}", (table,))
        return None

    def named_in(self, error: Tiles2ZarrError) -> Half | None:
        """Return the young files that an error names."""
        text = str(error)
        named = [file for file in self._files if _is_named(file, text)]
        young = self._young(named)
        return Half(f"{error} {self._why(young[0])}", young) if young else None

    def gone(self, error: Tiles2ZarrError, before: Sequence[str]) -> Half | None:
        """Return the indexes that are gone, if what is there is still written.

        Args:
            error: Why the acquisition could not be read.
            before: Files beside the images when it last could.
        """
        states = self._ages.states(before)
        gone = tuple(file for file, state in states.items() if state == "absent")
        young = self._young(self._files) if gone else ()
        if not young or not isinstance(error, ParserError):
            return None
        why = (
            f"{error} But {gone[0]} was there before, and other files are younger than "
            f"writing.settle, {self._settle_s:g} seconds: it may be on its way"
        )
        return Half(why, (*gone, *young))

    def shortened(
        self, images: Sequence[TiledImage], before: Callable[[], Sequence[TiledImage]]
    ) -> Half | None:
        """Return the young indexes if they list less than before of what is there.

        Args:
            images: The images as they were read now.
            before: Gives those of the last whole reading.
        """
        young = self._young(self.indexes)
        if not young:
            return None
        lost = [
            file
            for file, state in self._ages.states(_lost(images, before())).items()
            if state != "absent"
        ]
        if not lost:
            return None
        why = (
            f"{len(lost)} files of the plan of an earlier run are there and listed no "
            f"more ({lost[0]}). {self._why(young[0])}"
        )
        return Half(why, young)

    def _young(self, files: Iterable[str]) -> tuple[str, ...]:
        states = self._ages.states(files)
        return tuple(file for file, state in states.items() if state == "young")

    def _why(self, file: str) -> str:
        return (
            f"But {file} is younger than writing.settle, {self._settle_s:g} seconds, "
            "and may be half written"
        )

    def _ends_with_line(self, table: str) -> bool:
        with open_binary(table, self._storage) as stream:
            end = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, end - 1))
            return stream.read() in (b"\n", b"\r")


def _is_named(file: str, text: str) -> bool:
    """Say whether a text holds the name of a file, not as a part of another name."""
    name = re.escape(file.rstrip("/").rpartition("/")[2])
    return re.search(rf"(?<![\w.-]){name}(?![\w-]|\.\w)", text) is not None


def _lost(images: Sequence[TiledImage], before: Sequence[TiledImage]) -> list[str]:
    """Return the files that images with fewer tiles than before had besides."""
    now: Mapping[str, TiledImage] = {image.image: image for image in images}
    listed = {file for image in images for file in _files(image)}
    shorter = [
        image
        for image in before
        if image.image not in now or len(now[image.image].tiles) < len(image.tiles)
    ]
    return sorted({file for image in shorter for file in _files(image)} - listed)


def _files(image: TiledImage) -> set[str]:
    return {resolve(image.resource, file) for file in image.tiles.file if file}
