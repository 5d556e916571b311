"""Tables people and programs hand in: CSV, TSV and Parquet, read as they are."""

from tiles2zarr.sheets.names import one_edit, row_list
from tiles2zarr.sheets.reading import read_sheet
from tiles2zarr.sheets.sheet import NULLS, Sheet

__all__ = ["NULLS", "Sheet", "one_edit", "read_sheet", "row_list"]
