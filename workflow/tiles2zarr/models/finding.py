"""What a run noticed: grouped, counted, never one per plane."""

from typing import Literal

from tiles2zarr.models.base import Frozen

Severity = Literal["info", "warning", "error"]
SHOWN = 5
"""How many examples a finding carries."""


class Finding(Frozen):
    """Something odd that did not stop the run."""

    code: str
    """Stable snake_case name, e.g. ``missing_planes`` or ``layout_guessed``."""
    severity: Severity = "warning"
    """``info``: no action, ``warning``: have a look, ``error``: pixels are absent."""
    message: str
    """One or two sentences: what was found, and what to do about it if anything."""
    count: int = 1
    """How many planes, tiles, wells or files this one finding stands for."""
    images: tuple[str, ...] = ()
    """The first few image ids concerned."""
    files: tuple[str, ...] = ()
    """The first few files concerned."""
    rows: tuple[int, ...] = ()
    """The first few table rows concerned (1 is the first row below the header)."""
    wells: tuple[str, ...] = ()
    """The first few wells concerned."""
