"""Tiles as columns: one entry per tile, in table order, no object per row."""

from typing import Literal, Self

from pydantic import model_serializer, model_validator

from tiles2zarr.models.base import Frozen

Status = Literal["ok", "missing", "error"]
"""``ok``: a file is expected. ``missing``: planned or usual here, no file. ``error``:
the instrument reports a failed acquisition."""


class Columns(Frozen):
    """Equally long tuples; a column given as one entry stands for all rows."""

    @model_validator(mode="before")
    @classmethod
    def _spread(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        lengths = {len(v) for v in value.values() if isinstance(v, list | tuple)}
        rows = max(lengths, default=0)
        return {
            key: v * rows if isinstance(v, list | tuple) and len(v) == 1 else v
            for key, v in value.items()
        }

    @model_validator(mode="after")
    def _equal_lengths(self) -> Self:
        lengths = {
            name: len(value)
            for name in type(self).model_fields
            if (value := getattr(self, name)) is not None
        }
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")
        return self

    @model_serializer(mode="plain")
    def compact(self) -> dict[str, list[object]]:
        """Return plain columns for JSON, a constant column as one entry.

        The first column is kept whole, so the number of rows is never lost.
        """
        columns: dict[str, list[object]] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is None:
                continue
            constant = (
                columns and len(value) > 1 and value.count(value[0]) == len(value)
            )
            columns[name] = list(value[:1] if constant else value)
        return columns


class TileColumns(Columns):
    """The tiles of one image as acquired, before any correction.

    Positions are world units (micrometer, second); lengths are pixels, planes, channels
    and time points. A tile of several planes takes its file's planes from ``plane`` on,
    in (t, c, z) order, z fastest.
    """

    file: tuple[str, ...]
    """Path relative to the image's ``resource``; absolute paths and URLs as is."""
    plane: tuple[int, ...]
    """Index of the tile's first plane in its file, from 0."""
    fov: tuple[str, ...]
    """Name of the field of view."""
    x: tuple[float, ...]
    """Stage x of the tile's first column, micrometer."""
    y: tuple[float, ...]
    """Stage y of the tile's first row, micrometer."""
    z: tuple[float, ...]
    """Position of the first plane, micrometer."""
    t: tuple[float, ...]
    """Time of the first time point, second."""
    c: tuple[int, ...]
    """First channel, an index into the acquisition's channels."""
    len_x: tuple[int, ...]
    """Columns, pixel."""
    len_y: tuple[int, ...]
    """Rows, pixel."""
    len_z: tuple[int, ...]
    """Planes."""
    len_c: tuple[int, ...]
    """Channels."""
    len_t: tuple[int, ...]
    """Time points."""
    status: tuple[Status, ...]
    """Whether pixels are expected; see ``Status``."""
    z_um: tuple[float | None, ...] | None = None
    """Physical z as the stage reported it, micrometer, where ``z`` counts planes."""
    time_s: tuple[float | None, ...] | None = None
    """Time of acquisition since the first plane of the acquisition, second."""
    exposure_s: tuple[float | None, ...] | None = None
    """Exposure time, second."""

    def __len__(self) -> int:
        """Return the number of tiles."""
        return len(self.file)
