"""Where the fields of a well lay on the stage, and where they lie in the image."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tiles2zarr.report.facts import FieldFacts, ImageFacts
from tiles2zarr.report.heatmap import drawing
from tiles2zarr.report.markup import Markup, element

Corner = tuple[float, float]
Box = tuple[float, float, float, float]
"""Top, left, bottom, right."""
LEAST = 0.5
"""Overlaps below this many pixels are rounding."""
NAMED = 14.0
"""Least width of a field in the drawing whose name is written, per letter 7."""
ALIKE = 0.05
"""Share of a field up to which corners count as the same place."""


@dataclass(frozen=True)
class Layout:
    """An arrangement of fields, and the wells that have it."""

    fields: tuple[FieldFacts, ...]
    wells: tuple[str, ...]


def boxes_of(
    fields: Sequence[FieldFacts], corner: Callable[[FieldFacts], Corner]
) -> list[Box]:
    """Return the boxes of fields whose corners are given by a function."""
    boxes = []
    for one in fields:
        top, left = corner(one)
        boxes.append((top, left, top + one.shape[0], left + one.shape[1]))
    return boxes


def overlaps(boxes: Sequence[Box]) -> list[Box]:
    """Return the parts that two boxes share, one per pair, rounding left out."""
    found = []
    edges = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    for number, (top, left, bottom, right) in enumerate(edges):
        others = edges[number + 1 :]
        first_y, first_x = np.maximum(others[:, 0], top), np.maximum(others[:, 1], left)
        last_y = np.minimum(others[:, 2], bottom)
        last_x = np.minimum(others[:, 3], right)
        hit = (last_y - first_y > LEAST) & (last_x - first_x > LEAST)
        parts = np.stack([first_y, first_x, last_y, last_x], axis=1)[hit]
        found += [(float(a), float(b), float(c), float(d)) for a, b, c, d in parts]
    return found


def extent(boxes: Sequence[Box]) -> Box:
    """Return the box around all boxes."""
    edges = np.asarray(boxes, dtype=np.float64)
    top, left = edges[:, :2].min(axis=0)
    bottom, right = edges[:, 2:].max(axis=0)
    return float(top), float(left), float(bottom), float(right)


def layouts(images: Sequence[ImageFacts]) -> list[Layout]:
    """Return the arrangements of the wells, the most common first.

    Two wells share one if their fields have the same names and sizes and lie at the
    same places within a twentieth of a field, before and after tiling.
    """
    groups: list[tuple[tuple[FieldFacts, ...], list[str]]] = []
    for name, fields in sorted(fields_by_well(images).items()):
        known = next((wells for other, wells in groups if _alike(fields, other)), None)
        if known is None:
            groups.append((fields, [name]))
        else:
            known.append(name)
    ordered = sorted(groups, key=lambda group: (-len(group[1]), -len(group[0])))
    return [Layout(fields, tuple(wells)) for fields, wells in ordered]


def _alike(one: Sequence[FieldFacts], other: Sequence[FieldFacts]) -> bool:
    """Say whether two wells have the same fields at about the same places."""
    if [(f.name, f.shape) for f in one] != [(f.name, f.shape) for f in other]:
        return False
    return all(
        abs(a - b) <= ALIKE * length
        for mine, theirs in zip(one, other, strict=True)
        for a, b, length in (
            *zip(mine.before, theirs.before, mine.shape, strict=True),
            *zip(mine.after, theirs.after, mine.shape, strict=True),
        )
    )


def fields_by_well(
    images: Sequence[ImageFacts],
) -> dict[str, tuple[FieldFacts, ...]]:
    """Return the fields per well, those of several images in one frame."""
    wells: dict[str, list[ImageFacts]] = {}
    for image in images:
        if image.fields:
            wells.setdefault(image.name, []).append(image)
    return {name: _joined(members) for name, members in wells.items()}


def _joined(images: list[ImageFacts]) -> tuple[FieldFacts, ...]:
    if len(images) == 1:
        return images[0].fields
    return tuple(_shifted(one, image) for image in images for one in image.fields)


def _shifted(one: FieldFacts, image: ImageFacts) -> FieldFacts:
    y = image.origin_um[0] / image.pixel_um[0]
    x = image.origin_um[1] / image.pixel_um[1]
    return FieldFacts(
        name=one.name,
        before=(one.before[0] + y, one.before[1] + x),
        after=(one.after[0] + round(y), one.after[1] + round(x)),
        shape=one.shape,
        planes=one.planes,
        missing=one.missing,
    )


def draw_fields(
    fields: Sequence[FieldFacts],
    *,
    after: bool,
    width: float,
    label: str,
    missing: bool = False,
) -> Markup:
    """Return the fields of a well, overlaps and gaps marked.

    Args:
        fields: The fields.
        after: Where they lie in the image; else where they lay on the stage.
        width: Longest edge of the larger drawing of the two.
        label: What it shows, for those who cannot see it.
        missing: Mark the fields that lack planes, with their number.
    """
    places = [
        boxes_of(fields, lambda f: f.before),
        boxes_of(fields, lambda f: f.after),
    ]
    # one scale for both drawings of a well: a field is as large in one as in the other
    frames = [extent(found) for found in places]
    longest = max(max(low - top, right - left) for top, left, low, right in frames)
    share = width / max(longest, 1)
    boxes, (top, left, bottom, right) = places[after], frames[after]
    pairs = list(zip(fields, boxes, strict=True))
    parts = [
        _box((top, left, bottom, right), (top, left), share, "gap"),
        *(
            _field(f, b, (top, left), share, missing, after and not missing)
            for f, b in pairs
        ),
        *(_box(box, (top, left), share, "overlap") for box in overlaps(boxes)),
    ]
    if after and not missing:
        parts += [_way(f, b, (top, left), share) for f, b in pairs]
    size = (right - left) * share + 4, (bottom - top) * share + 4
    moved = element("g", *parts, transform="translate(2 2)")
    return element("div", drawing(*size, label, moved), class_="stage")


def _box(box: Box, origin: Corner, share: float, kind: str) -> Markup:
    return element(
        "rect",
        x=(box[1] - origin[1]) * share,
        y=(box[0] - origin[0]) * share,
        width=(box[3] - box[1]) * share,
        height=(box[2] - box[0]) * share,
        class_=kind,
    )


def _field(
    one: FieldFacts,
    box: Box,
    origin: Corner,
    share: float,
    missing: bool,
    way: bool,
) -> Markup:
    lacks = missing and one.missing > 0
    shape = _box(box, origin, share, "field lacks" if lacks else "field")
    text = f"{one.missing}" if lacks else one.name
    if missing and not lacks:
        text = ""
    if (box[3] - box[1]) * share < max(NAMED, 7.0 * len(text)):
        text = ""
    # on the side of the middle that the line of the way does not come from
    above = -4
    if way and one.moved * share >= 1:
        above = 6 if one.after[0] < one.before[0] else -13
    note = f"{one.name}: moved {one.moved:.1f} px"
    if missing:
        note = f"{one.name}: {one.missing} of {one.planes} planes missing"
    x = ((box[1] + box[3]) / 2 - origin[1]) * share
    y = ((box[0] + box[2]) / 2 - origin[0]) * share - above
    name = element("text", text, x=x, y=y) if text else None
    return element("g", element("title", note), shape, name)


def _way(one: FieldFacts, box: Box, origin: Corner, share: float) -> Markup:
    """Return a line from where the field's middle was to where it is."""
    y, x = ((box[0] + box[2]) / 2 - origin[0]), ((box[1] + box[3]) / 2 - origin[1])
    dy, dx = one.after[0] - one.before[0], one.after[1] - one.before[1]
    if one.moved * share < 1:
        return Markup("")
    return element(
        "line",
        x1=(x - dx) * share,
        y1=(y - dy) * share,
        x2=x * share,
        y2=y * share,
        class_="way",
    )
