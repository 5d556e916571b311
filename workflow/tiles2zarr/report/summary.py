"""An image's state boiled down to what the page shows of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping

import numpy as np

from tiles2zarr.models.base import Scalar
from tiles2zarr.models.image import ConditionRow, PlaneColumns, RegisteredImage
from tiles2zarr.models.plan import ImageEntry, Outcome
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.models.well import parse_well
from tiles2zarr.report.facts import (
    ChannelFacts,
    FieldFacts,
    ImageFacts,
    MissingPlane,
    Standing,
    Stored,
)
from tiles2zarr.report.figures import channel_figures

SHOWN = 40
"""Missing planes listed of an image."""
GREY = "FFFFFF"
"""Colour of a channel that names none."""


def summarise(
    image: str,
    entry: ImageEntry,
    outcome: Outcome | None,
    receipt: Receipt | None,
    registered: RegisteredImage | None,
) -> ImageFacts:
    """Return what the page shows of an image; each part may be missing."""
    standing, reason = _standing(outcome, receipt)
    facts = ImageFacts(
        image=image,
        path=entry.path,
        group=entry.path.partition(".zarr/")[0] if entry.well else "",
        acquisition=entry.acquisition,
        place=parse_well(entry.well) if entry.well else None,
        standing=standing,
        reason=reason,
        shape=entry.shape,
        planes=entry.planes,
    )
    changes: dict[str, object] = {}
    if registered is not None:
        changes |= _registered(registered, receipt)
    if receipt is not None and standing == "written":
        changes |= _received(receipt, registered)
    return replace(facts, changes)


def replace(facts: ImageFacts, changes: Mapping[str, object]) -> ImageFacts:
    """Return the facts with some of them changed."""
    return ImageFacts(**{**vars(facts), **changes})


def _standing(outcome: Outcome | None, receipt: Receipt | None) -> tuple[Standing, str]:
    if outcome is None:
        # the outputs of a batch with a failure are taken back; receipts stay
        known = receipt is not None
        return ("written", "") if known else ("unknown", "No job has told of it yet.")
    if outcome.status != "done":
        return outcome.status, outcome.error or "The reason was not kept."
    if receipt is None:
        return "unknown", "Its receipt is missing or damaged."
    return "written", ""


def _registered(image: RegisteredImage, receipt: Receipt | None) -> dict[str, object]:
    unreadable = set(receipt.unreadable if receipt else ())
    bad = [
        row
        for row, (status, file) in enumerate(
            zip(image.planes.status, image.planes.file, strict=True)
        )
        if status != "ok" or file in unreadable
    ]
    shown = tuple(_missing(image.planes, row, unreadable) for row in bad[:SHOWN])
    boxes = image.boxes
    pixels = sum(
        t * c * z * y * x
        for t, c, z, y, x in zip(
            boxes.len_t, boxes.len_c, boxes.len_z, boxes.len_y, boxes.len_x, strict=True
        )
    )
    return {
        "axes": image.axes,
        "shape": image.shape,
        "dtype": image.dtype,
        "pixel_um": image.pixel_size[2:],
        "origin_um": image.translation[1:] if image.translation else (0.0, 0.0),
        "fields": _fields(image, Counter(image.planes.fov[row] for row in bad)),
        "planes": len(image.planes.fov),
        "missing": len(bad),
        "missing_shown": shown,
        "conditions": _conditions(image.conditions),
        "pixel_bytes": pixels * np.dtype(image.dtype).itemsize,
    }


def _missing(planes: PlaneColumns, row: int, unreadable: set[str]) -> MissingPlane:
    file = planes.file[row]
    return MissingPlane(
        field=planes.fov[row],
        c=planes.c[row],
        z=planes.z[row],
        t=planes.t[row],
        status="unreadable" if file in unreadable else planes.status[row],
        file=file,
    )


def _fields(
    image: RegisteredImage, missing: Mapping[str, int]
) -> tuple[FieldFacts, ...]:
    planes = Counter(image.planes.fov)
    fields = []
    for fov in image.fovs:
        (y, x), (dy, dx) = fov.start[2:], fov.moved_px
        fields.append(
            FieldFacts(
                name=fov.name,
                before=(y - dy, x - dx),
                after=(y, x),
                shape=fov.shape[2:],
                planes=planes[fov.name],
                missing=missing.get(fov.name, 0),
            )
        )
    return tuple(fields)


def _conditions(rows: tuple[ConditionRow, ...]) -> dict[str, tuple[Scalar, ...]]:
    values: dict[str, dict[Scalar, None]] = defaultdict(dict)
    for row in rows:
        for name, value in row.values.items():
            values[name][value] = None
    return {name: tuple(found) for name, found in values.items()}


def _received(
    receipt: Receipt, registered: RegisteredImage | None
) -> dict[str, object]:
    infos = registered.channels if registered is not None else ()
    colors = [info.colors or GREY for info in infos]
    colors += [GREY] * (len(receipt.labels) - len(colors))
    chunks = [level.chunks for level in receipt.levels]
    return {
        "stored": Stored(
            bytes=sum(sum(columns.size) for columns in chunks),
            objects=sum(len(columns.key) for columns in chunks),
            levels={level.path: level.shape for level in receipt.levels},
        ),
        "source_files": len(receipt.sources.file),
        "channels": tuple(
            ChannelFacts(
                label=label,
                color=color,
                figures=channel_figures(stats),
                light=stats.light,
                z_focus=stats.z_focus,
                t_mean=stats.t_mean,
            )
            for label, color, stats in zip(
                receipt.labels, colors, receipt.channels, strict=False
            )
        ),
    }
