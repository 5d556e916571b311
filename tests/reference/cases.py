"""All side-by-side cases, in one tuple."""

from tests.reference.case import Case
from tests.reference.cases_axes import axes_cases
from tests.reference.cases_plate import plate_cases
from tests.reference.cases_stage import stage_cases
from tests.reference.cases_tiling import tiling_cases

CASES: tuple[Case, ...] = (
    *tiling_cases(),
    *stage_cases(),
    *axes_cases(),
    *plate_cases(),
)
"""Every case; names are unique and are plate names."""
