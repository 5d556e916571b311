"""Attributes of tiles as rows of a condition table."""

from collections.abc import Mapping, Sequence

from tiles2zarr.models.image import ConditionRow


def rows_of(attributes: object) -> tuple[ConditionRow, ...]:
    """Return attributes (one list of values per column) as rows of a condition table.

    A column with one value has it in every row; single values are taken, too.

    Raises:
        ValueError: Columns differ in length, or are no mapping.
    """
    if not isinstance(attributes, Mapping):
        raise ValueError(f"attributes must map names to values, got {attributes!r}")
    columns = {
        str(name): tuple(cells or [None])
        if isinstance(cells, list | tuple)
        else (cells,)
        for name, cells in attributes.items()
    }
    lengths = {len(cells) for cells in columns.values()}
    if len(lengths - {1}) > 1:
        raise ValueError(
            f"attributes have {sorted(lengths)} values, expected equally many"
        )
    rows = max(lengths, default=0)
    return tuple(
        ConditionRow(
            values={
                name: cells[row if len(cells) > 1 else 0]
                for name, cells in columns.items()
            }
        )
        for row in range(rows)
    )


def add_rows(
    known: tuple[ConditionRow, ...],
    fields: Sequence[str],
    field: str,
    rows: tuple[ConditionRow, ...],
) -> tuple[ConditionRow, ...]:
    """Return the rows of an image with those of one more tile.

    They stay rows of the whole image while all fields agree, else each field has its
    own.

    Args:
        known: Rows of the image.
        fields: Fields of view of the image.
        field: Field of view of the tile.
        rows: Rows of the tile.
    """
    names = dict.fromkeys(name for row in (*known, *rows) for name in row.values)
    if not names:
        return known
    blank = (ConditionRow(values=dict.fromkeys(names)),)
    known, rows = known or blank, rows or blank
    values = [row.values for row in rows]
    if values == [row.values for row in known if row.fov is None]:
        return known
    per_field = tuple(
        row.replace(fov=fov)
        for row in known
        for fov in (fields if row.fov is None else [row.fov])
    )
    if values == [row.values for row in per_field if row.fov == field]:
        return per_field
    return (*per_field, *(row.replace(fov=field) for row in rows))
