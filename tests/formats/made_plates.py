"""All plates written by hand, by name."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.formats.made_cellvoyager import autofocus, cq3k, projected, sparse
from tests.formats.made_harmony import harmony_5, harmony_7
from tests.formats.made_imagexpress import exported, hcs_ai
from tests.formats.made_ome import companion, scanr_names
from tests.formats.made_truth import Truth

MADE: Mapping[str, Callable[[Path], Truth]] = {
    "Harmony V5": harmony_5,
    "Harmony V7": harmony_7,
    "sparse CV7000": sparse,
    "autofocus errors": autofocus,
    "CV7000 projections": projected,
    "CQ3K": cq3k,
    "ImageXpress export": exported,
    "HCS.ai": hcs_ai,
    "companion": companion,
    "ScanR names": scanr_names,
}
"""Makers of the plates."""
