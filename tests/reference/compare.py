"""Where two stores differ, aspect by aspect."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from tests.reference.store import Level, Row, Store, StoredImage


class Difference(NamedTuple):
    """One difference: in what, in which image, and both values."""

    aspect: str
    """structure axes dtype shape scale translation labels pixels pyramid chunks windows
    rois originals well_roi conditions plate_conditions"""
    image: str
    message: str

    def __str__(self) -> str:
        """Return a line for a failing test."""
        return f"{self.image or 'plate'}: {self.aspect}: {self.message}"


def compare(
    expected: Store,
    actual: Store,
    names: Mapping[str, str] | None = None,
    ignore: tuple[str, ...] = (),
    share: float = 0.5,
) -> list[Difference]:
    """Return all differences of two stores; pyramids only over even edges.

    Args:
        expected: What should be.
        actual: What is.
        names: Image id in ``expected`` to its id in ``actual``, where they differ.
        ignore: Columns of the plate's condition table to leave out.
        share: Part of the wider window that two channel windows must share.
    """
    names = {image: image for image in expected.images} | dict(names or {})
    found: list[Difference] = []
    if set(names.values()) != set(actual.images):
        wanted = f"{sorted(names.values())} expected, got {sorted(actual.images)}"
        found.append(Difference("structure", "", wanted))
    for image, number in expected.acquisitions.items():
        got = actual.acquisitions.get(names[image])
        if got is not None and got != number:
            message = f"acquisition {number} expected, got {got}"
            found.append(Difference("structure", image, message))
    found.extend(
        rows_differ(
            "plate_conditions",
            "",
            without(renamed(expected.conditions, names), ignore),
            without(actual.conditions, ignore),
        )
    )
    for image, name in names.items():
        if name in actual.images:
            pair = expected.images[image], actual.images[name]
            found.extend(images_differ(image, *pair))
            if not windows_meet(pair[0].windows, pair[1].windows, share):
                message = f"{pair[0].windows} expected, got {pair[1].windows}"
                found.append(Difference("windows", image, message))
    return found


def images_differ(
    image: str, expected: StoredImage, actual: StoredImage
) -> Iterator[Difference]:
    """Yield the differences of two images."""
    for aspect in ("axes", "dtype", "labels"):
        pair = getattr(expected, aspect), getattr(actual, aspect)
        if pair[0] != pair[1]:
            yield Difference(aspect, image, f"{pair[0]} expected, got {pair[1]}")
    yield from levels_differ(image, expected.levels, actual.levels)
    for original in (False, True):
        yield from rows_differ(
            "originals" if original else "rois",
            image,
            roi_rows(expected.rois, original),
            roi_rows(actual.rois, original),
        )
    yield from rows_differ(
        "well_roi",
        image,
        roi_rows(expected.well_roi, False),
        roi_rows(actual.well_roi, False),
    )
    yield from rows_differ("conditions", image, expected.conditions, actual.conditions)


def levels_differ(
    image: str, expected: tuple[Level, ...], actual: tuple[Level, ...]
) -> Iterator[Difference]:
    """Yield the differences of two pyramids; pixels of level 0 are ``pixels``."""
    if len(expected) != len(actual):
        message = f"{len(expected)} levels expected, got {len(actual)}"
        yield Difference("pyramid", image, message)
    for number, (one, two) in enumerate(zip(expected, actual, strict=False)):
        if one.pixels.shape != two.pixels.shape:
            message = f"{one.pixels.shape} expected, got {two.pixels.shape}"
            aspect = "pyramid" if number else "shape"
            yield Difference(aspect, image, f"level {number}: {message}")
        for aspect in ("scale", "translation"):
            pair = getattr(one, aspect), getattr(two, aspect)
            if not np.allclose(pair[0] or (0.0,) * 5, pair[1] or (0.0,) * 5, rtol=1e-9):
                message = f"level {number}: {pair[0]} expected, got {pair[1]}"
                yield Difference(aspect, image, message)
        if one.chunks and not number and one.chunks != two.chunks:
            yield Difference("chunks", image, f"{one.chunks}, got {two.chunks}")
        message = pixels_differ(one, two)
        if message:
            aspect = "pyramid" if number else "pixels"
            yield Difference(aspect, image, f"level {number}: {message}")


def pixels_differ(one: Level, two: Level) -> str | None:
    """Say how two arrays differ; float means may differ in the last place."""
    if one.pixels.shape != two.pixels.shape:
        return None
    exact = one.pixels.dtype.kind in "ui"
    unequal = (
        one.pixels != two.pixels
        if exact
        else ~np.isclose(one.pixels, two.pixels, rtol=1e-6)
    )
    if not unequal.any():
        return None
    first = tuple(int(index) for index in np.argwhere(unequal)[0])
    return (
        f"{int(unequal.sum())} of {unequal.size} pixels differ, the first at tczyx "
        f"{first}: {one.pixels[first]} expected, got {two.pixels[first]}"
    )


def windows_meet(
    one: tuple[tuple[float, float], ...],
    two: tuple[tuple[float, float], ...],
    share: float,
) -> bool:
    """Say whether the windows of each channel share a part of the wider one."""
    if not one or not two:
        return True
    return len(one) == len(two) and all(
        a[0] < a[1]
        and b[0] < b[1]
        and min(a[1], b[1]) - max(a[0], b[0]) >= share * max(a[1] - a[0], b[1] - b[0])
        for a, b in zip(one, two, strict=True)
    )


def roi_rows(rois: Mapping[str, Row], original: bool) -> tuple[Row, ...]:
    """Return ROI rows with their names, original positions apart from the others."""
    return tuple(
        {"FieldIndex": name}
        | {key: row[key] for key in row if key.endswith("_original") == original}
        for name, row in rois.items()
    )


def rows_differ(
    aspect: str, image: str, expected: Iterable[Row], actual: Iterable[Row]
) -> Iterator[Difference]:
    """Yield one difference if two tables differ, in whatever order of rows."""
    one, two = (sorted(map(normal, rows)) for rows in (expected, actual))
    if one != two:
        missing = [dict(row) for row in one if row not in two]
        surplus = [dict(row) for row in two if row not in one]
        message = f"expected but absent {missing}, present but not expected {surplus}"
        yield Difference(aspect, image, message)


def normal(row: Row) -> tuple[tuple[str, str], ...]:
    """Return a row as sorted text, numbers to a nanometer."""
    return tuple(
        sorted(
            (key, f"{value:.3f}" if isinstance(value, float) else str(value))
            for key, value in row.items()
        )
    )


def without(rows: Iterable[Row], columns: tuple[str, ...]) -> tuple[Row, ...]:
    """Return rows without some columns."""
    return tuple({k: v for k, v in row.items() if k not in columns} for row in rows)


def renamed(rows: Iterable[Row], names: Mapping[str, str]) -> tuple[Row, ...]:
    """Return plate rows with the image names of the other store."""
    last = {
        old.rsplit("/", 1)[-1]: new.rsplit("/", 1)[-1] for old, new in names.items()
    }
    return tuple(row | {"path_in_well": last[str(row["path_in_well"])]} for row in rows)
