"""Evenness of the light over the field: one small map per channel."""

import math

import numpy as np
from numpy.typing import NDArray

from tiles2zarr.report.figures import percent
from tiles2zarr.report.heatmap import drawing, scale_bar, scale_of
from tiles2zarr.report.markup import Markup, element, join
from tiles2zarr.report.view import Part, paragraph

Blocks = NDArray[np.float64]
WIDTH = 150.0
"""Longest edge of a map."""


def field_light(part: Part) -> Markup | None:
    """Return the light over the usual tile of each channel, where it was measured."""
    maps = [found for label in part.labels if (found := _map(part, label))]
    if not maps:
        return None
    return element(
        "section",
        element("h4", "Light over the field"),
        paragraph(
            "Brightness of each block of the tiles over their mean: the median over "
            "all tiles of all wells, so that what lies in single tiles does not count. "
            "Dark corners are vignetting.",
            class_="note",
        ),
        element("div", *maps, class_="maps"),
        class_="figure",
    )


def usual_field(part: Part, label: str) -> Blocks | None:
    """Return the median field of a channel over its mean, as a square of blocks."""
    fields = [
        np.asarray(channel.light) / np.mean(channel.light)
        for image in part.images
        for channel in image.channels
        if channel.label == label and channel.light and np.mean(channel.light) > 0
    ]
    sizes = {field.size for field in fields}
    if len(sizes) != 1:
        return None
    edge = math.isqrt(sizes.pop())
    field: Blocks = np.median(fields, axis=0).reshape(edge, edge)
    return field


def _map(part: Part, label: str) -> Markup | None:
    light = usual_field(part, label)
    if light is None:
        return None
    shape = next((f.shape for i in part.images for f in i.fields), (1, 1))
    share = WIDTH / max(shape)
    height, width = shape[0] * share / len(light), shape[1] * share / len(light)
    scale = scale_of(light.ravel().tolist())
    cells = [
        element(
            "rect",
            element("title", percent(float(value))),
            x=column * width,
            y=row * height,
            width=width + 0.3,
            height=height + 0.3,
            fill=scale.color(float(value)),
        )
        for (row, column), value in np.ndenumerate(light)
    ]
    edges = width * len(light) + 1, height * len(light) + 1
    low, high = percent(float(light.min())), percent(float(light.max()))
    picture = drawing(*edges, f"Light over the field, {label}: {low} to {high}", *cells)
    return element(
        "figure",
        element("figcaption", element("b", label)),
        picture,
        join(scale_bar(scale, percent)),
        class_="light",
    )
