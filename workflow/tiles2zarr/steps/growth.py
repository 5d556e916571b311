"""An image that only grew along time: its old chunks stay, new ones are added."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tiles2zarr.config.omezarr import ArrayOptions
from tiles2zarr.models.image import BoxColumns, RegisteredImage
from tiles2zarr.models.receipt import (
    ChunkColumns,
    HoleColumns,
    LevelReceipt,
    Receipt,
    SourceColumns,
)
from tiles2zarr.pixels.harvest import WrittenPixels
from tiles2zarr.pixels.joining import join_figures
from tiles2zarr.steps.fingerprints import ImagePlan, plan_image


@dataclass(frozen=True)
class Growth:
    """What stands of an image that has more time points now."""

    image: RegisteredImage
    """The image as it was written, made from the one that is to be."""
    plan: ImagePlan
    """Its plan; its fingerprint is the receipt's."""
    first: int
    """Chunks (shards where there are) along t that stay; later ones are written."""
    receipt: Receipt
    """What was written."""

    def objects(self) -> Iterator[str]:
        """Yield the keys, in the image group, of the chunks that stay."""
        for level in self.receipt.levels:
            for row in self._kept(level):
                yield f"{level.path}/{level.chunks.key[row]}"

    @property
    def frames(self) -> int:
        """Time points that were written."""
        return self.receipt.levels[0].shape[0]

    def joined(
        self, new: WrittenPixels, sources: SourceColumns, whole: Mapping[str, str]
    ) -> WrittenPixels:
        """Return what was written now and what stands, as if written at once.

        Args:
            new: What was written of the chunks that do not stay; its figures are of
                time points that are new.
            sources: The files of the image as it was, with their times of now.
            whole: Digests over all planes of files that are among both.
        """
        share = self.frames / new.levels[0].shape[0]
        return WrittenPixels(
            levels=tuple(map(self._level, self.receipt.levels, new.levels)),
            channels=tuple(
                join_figures(old, added, self.image.dtype, share)
                for old, added in zip(self.receipt.channels, new.channels, strict=True)
            ),
            sources=_union(sources, new.sources, whole),
            holes=_joined_holes(self.receipt.holes, new.holes),
        )

    def _kept(self, level: LevelReceipt) -> list[int]:
        keys = level.chunks.key
        return [row for row, key in enumerate(keys) if _time(key) < self.first]

    def _level(self, old: LevelReceipt, new: LevelReceipt) -> LevelReceipt:
        rows = [
            (old.chunks.key[row], old.chunks.size[row], old.chunks.digest[row])
            for row in self._kept(old)
        ]
        rows += zip(new.chunks.key, new.chunks.size, new.chunks.digest, strict=True)
        rows.sort()
        chunks = ChunkColumns(
            key=tuple(row[0] for row in rows),
            size=tuple(row[1] for row in rows),
            digest=tuple(row[2] for row in rows),
        )
        return new.replace(chunks=chunks)


def _joined_holes(old: HoleColumns, new: HoleColumns) -> HoleColumns:
    rows = {*zip(old.file, old.plane, strict=True)}
    rows |= {*zip(new.file, new.plane, strict=True)}
    return HoleColumns(
        file=tuple(file for file, _ in sorted(rows)),
        plane=tuple(plane for _, plane in sorted(rows)),
    )


def find_growth(
    image: RegisteredImage, plan: ImagePlan, omezarr: ArrayOptions, receipt: Receipt
) -> Growth | None:
    """Return what stands if the image is the written one with time points added.

    So it is if its first time points alone have the receipt's fingerprint: the same
    boxes, files and sizes, and chunks of the same shape.
    """
    if not image.axes.startswith("t") or not receipt.levels:
        return None
    frames = receipt.levels[0].shape[0]
    if not 0 < frames < image.shape[0]:
        return None
    before = _first_frames(image, frames)
    old = plan_image(before, omezarr)
    alike = [(a.chunk, a.shard) for a in old.layouts] == [
        (b.chunk, b.shard) for b in plan.layouts
    ]
    layout = plan.layouts[0]
    first = frames // (layout.shard or layout.chunk)[0]
    if old.pixels != receipt.pixels or not alike or first == 0:
        return None
    return Growth(image=before, plan=old, first=first, receipt=receipt)


def _first_frames(image: RegisteredImage, frames: int) -> RegisteredImage:
    boxes = image.boxes
    rows = [row for row, t in enumerate(boxes.t) if t < frames]
    columns = {
        name: tuple(getattr(boxes, name)[row] for row in rows)
        for name in BoxColumns.model_fields
    }
    kept = BoxColumns(**columns)
    return image.replace(
        shape=(frames, *image.shape[1:]),
        boxes=kept,
        sources=image.sources.only(set(kept.file)),
    )


def _time(key: str) -> int:
    """Return the index along t, the first axis, in a chunk's key."""
    return int(key.removeprefix("c/").partition("/")[0])


def _union(
    old: SourceColumns, new: SourceColumns, whole: Mapping[str, str]
) -> SourceColumns:
    rows = dict(zip(old.file, _entries(old), strict=True))
    rows |= dict(zip(new.file, _entries(new), strict=True))
    files = sorted(rows)
    return SourceColumns(
        file=tuple(files),
        size=tuple(rows[file][0] for file in files),
        mtime_ns=tuple(rows[file][1] for file in files),
        digest=tuple(whole.get(file, rows[file][2]) for file in files),
    )


def _entries(sources: SourceColumns) -> list[tuple[int, int, str]]:
    return list(zip(sources.size, sources.mtime_ns, sources.digest, strict=True))
