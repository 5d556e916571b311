"""report: the page of a plate, its contact sheet and its figures as files."""

import csv
import io
import logging
from collections.abc import Iterator
from pathlib import Path

from tiles2zarr.checkpoints import replace_file
from tiles2zarr.config.options.report import ReportOptions
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.report.facts import Facts
from tiles2zarr.report.figures import FIGURES
from tiles2zarr.report.jpeg import blank_sheet, to_jpeg
from tiles2zarr.report.page import SECTIONS, Builder, apology, draw_head, draw_page
from tiles2zarr.report.view import Section, View, make_view
from tiles2zarr.state import State
from tiles2zarr.steps.output import open_store
from tiles2zarr.steps.report_state import read_facts
from tiles2zarr.steps.thumbnails import make_sheets

LOG = logging.getLogger("tiles2zarr")
STEP = 1
"""Raised when the result of this step changes for the same input."""
STYLE = Path(__file__).parents[1] / "report" / "style.css"
UNDRAWABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    Tiles2ZarrError,
    TypeError,
    ValueError,
)
"""What costs a section, not the page: the run's outcome does not hang on a drawing."""


def report(
    page: Path, sheet: Path, figures: Path, state: State, options: ReportOptions
) -> None:
    """Write the page, the contact sheet and the table of figures of a plate.

    A picture or section that cannot be made is named on the page, in the log and on
    the screen, and costs nothing else.

    Args:
        page: HTML file.
        sheet: JPEG file, all channels of the first acquisition.
        figures: CSV file, a row per image and channel.
        state: The plate's state.
        options: What the config says.

    Raises:
        Tiles2ZarrError: The plan cannot be read.
    """
    view = make_view(read_facts(state, options))
    sheets, unseen = make_sheets(
        view, open_store(options.output, options.output_storage_options)
    )
    view = make_view(view.facts, sheets, unseen)
    sections = [s for id_, draw in SECTIONS for s in _drawn(id_, draw, view)]
    style = STYLE.read_text(encoding="utf-8")
    text = draw_page(options.name, draw_head(view), sections, style)
    replace_file(figures, quality_table(view.facts).encode())
    replace_file(sheet, _contact_sheet(view))
    replace_file(page, text.encode())
    LOG.info("report of %d images, %.1f MB", len(view.facts.images), len(text) / 1e6)


def _contact_sheet(view: View) -> bytes:
    if not view.sheets:
        return blank_sheet()
    first = view.sheets[0]
    return to_jpeg(first, view.frames[first.group])


def _drawn(id_: str, draw: Builder, view: View) -> Iterator[Section]:
    """Yield a section if there is something to show, or why it could not be drawn."""
    try:
        section = draw(view)
    except UNDRAWABLE as error:
        reason = f"{type(error).__name__}: {error}"
        LOG.exception("section %s could not be drawn: %s", id_, reason)
        yield apology(id_, reason)
    else:
        if section is not None:
            yield section


def quality_table(facts: Facts) -> str:
    """Return the figures of all channels as CSV, blank where not measured."""
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\n")
    keys = [figure.key for figure in FIGURES]
    rows.writerow(["image", "plate", "well", "acquisition", "channel", *keys])
    for image in facts.images:
        well = "" if image.place is None else image.name
        for channel in image.channels:
            values = [channel.figures.get(key) for key in keys]
            cells = ["" if value is None else f"{value:.6g}" for value in values]
            place = [image.image, image.group, well, image.acquisition, channel.label]
            rows.writerow([*place, *cells])
    return stream.getvalue()
