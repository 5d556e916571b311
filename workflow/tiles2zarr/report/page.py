"""The page as a whole: one file, nothing outside it."""

from collections.abc import Callable, Sequence

from tiles2zarr.report.charts import quality
from tiles2zarr.report.layout_maps import conditions
from tiles2zarr.report.listings import findings, settings, sizes, wells
from tiles2zarr.report.markup import Markup, element, join
from tiles2zarr.report.missing import missing_planes
from tiles2zarr.report.overview import contact_sheets, headline
from tiles2zarr.report.placing import shifts, stage
from tiles2zarr.report.profiles import profiles
from tiles2zarr.report.view import Section, View, paragraph

Builder = Callable[[View], Section | None]
SECTIONS: tuple[tuple[str, Builder], ...] = (
    ("plate", contact_sheets),
    ("findings", findings),
    ("missing", missing_planes),
    ("stage", stage),
    ("shifts", shifts),
    ("conditions", conditions),
    ("quality", quality),
    ("profiles", profiles),
    ("wells", wells),
    ("sizes", sizes),
    ("settings", settings),
)
"""What the page holds, in its order: what is wrong comes before what is long."""
HATCHING = Markup(
    '<svg width="0" height="0" aria-hidden="true" class="hidden"><defs>'
    '<pattern id="no-value" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="5" height="5" fill="#fff"/>'
    '<rect width="1.6" height="5" fill="#8b95a3"/></pattern>'
    '<pattern id="no-field" width="7" height="7" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="7" height="7" fill="#e3eefb"/>'
    '<rect width="1.4" height="7" fill="#6f9bd1"/></pattern></defs></svg>'
)
"""Patterns that drawings fill with."""


def draw_page(name: str, head: Markup, sections: Sequence[Section], style: str) -> str:
    """Return the page.

    Args:
        name: Name of the plate.
        head: The headline.
        sections: In order.
        style: CSS.
    """
    links = [
        element("li", element("a", one.title, href=f"#{one.id}")) for one in sections
    ]
    contents = element(
        "nav",
        paragraph("Contents", class_="kind"),
        element("ul", *links),
        aria_label="Contents",
    )
    bodies = [
        element(
            "section",
            element("h2", one.title, id=f"title-{one.id}"),
            one.body,
            id=one.id,
            aria_labelledby=f"title-{one.id}",
            class_="chapter",
        )
        for one in sections
    ]
    skip = element("a", "Skip to the plate", href="#main", class_="skip")
    main = element("main", head, *bodies, id="main")
    body = element(
        "body", skip, HATCHING, element("div", contents, main, class_="page")
    )
    meta = join(
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{name}: report"),
        element("style", Markup(style)),
    )
    document = element("html", element("head", meta), body, lang="en")
    return f"<!doctype html>\n{document}\n"


def draw_head(view: View) -> Markup:
    """Return the headline."""
    return headline(view)


def apology(id_: str, reason: str) -> Section:
    """Return what stands in a section's place when it could not be drawn."""
    text = (
        f"This section could not be drawn ({reason}). The log of rule report has more."
    )
    title = id_.capitalize()
    return Section(id_, title, paragraph(text, class_="state bad"))
