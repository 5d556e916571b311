"""The tables of the page: findings, wells, sizes, time, versions and config."""

from tiles2zarr.models.finding import Finding, Severity
from tiles2zarr.report.facts import ImageFacts
from tiles2zarr.report.figures import number, percent
from tiles2zarr.report.markup import Markup, element, join
from tiles2zarr.report.overview import SIGNS, octets, plural
from tiles2zarr.report.view import STANDING, Section, View, fold, paragraph, table

ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}
"""Of the findings."""
WELL_COLUMNS = ("Well", "Image", "State", "Pixels", "Fields", "Missing", "Stored")
"""Of the list of wells, before the means of the channels."""


def findings(view: View) -> Section:
    """Return what was noticed, the worst first."""
    found = sorted(view.facts.findings, key=lambda f: (ORDER[f.severity], f.code))
    failed = [image for image in view.facts.images if image.standing != "written"]
    parts: list[Markup] = []
    if failed:
        parts.append(_failed(failed))
    if found:
        parts.append(
            table(
                ("Severity", "Code", "Count", "What was found", "Where"),
                [_finding(one) for one in found],
                numbers=(2,),
                class_="told",
            )
        )
    else:
        parts.append(paragraph("Nothing was noticed."))
    return Section("findings", "Findings", join(*parts))


def _failed(images: list[ImageFacts]) -> Markup:
    rows = [
        (i.image, STANDING[i.standing], i.reason.removeprefix(f"{i.image}: "))
        for i in images
    ]
    caption = f"{plural(len(images), 'image')} not written"
    return table(("Image", "State", "Why"), rows, caption=caption, class_="told")


def _finding(finding: Finding) -> tuple[str, ...]:
    sign = element(
        "span",
        SIGNS[finding.severity],
        class_=f"sign {finding.severity}",
        aria_hidden="true",
    )
    places = (finding.wells, finding.images, finding.files)
    where = next((place for place in places if place), ())
    told = ", ".join(where)
    if finding.rows and not where:
        told = "rows " + ", ".join(map(str, finding.rows))
    return (
        join(sign, f"\u00a0{finding.severity}"),
        element("code", finding.code),
        f"{finding.count:,}",
        finding.message,
        told,
    )


def wells(view: View) -> Section:
    """Return a list of all images, an anchor per well."""
    parts = []
    seen: set[str] = set()
    for part in view.parts():
        labels = part.labels
        rows: list[tuple[str, ...]] = []
        ids: list[str | None] = []
        for place, images in part.by_place.items():
            anchor = view.anchor(part.group, place)
            for image in images:
                rows.append(_image(image, labels))
                # an anchor stands once: at the well's first image
                ids.append(None if anchor in seen else anchor)
                seen.add(anchor)
        head = (*WELL_COLUMNS, *(f"Mean {label}" for label in labels))
        count = tuple(range(4, len(head)))
        caption = part.title or None
        parts.append(
            table(head, rows, numbers=count, anchors=tuple(ids), caption=caption)
        )
    title = "Wells" if any(view.facts.groups) else "List of images"
    return Section("wells", title, join(*parts))


def _image(image: ImageFacts, labels: tuple[str, ...]) -> tuple[str, ...]:
    means = {c.label: c.figures.get("mean") for c in image.channels}
    found = [means.get(label) for label in labels]
    shape = "\u00a0\u00d7\u00a0".join(
        str(length)
        for axis, length in zip("tczyx", image.shape, strict=True)
        if not image.axes or axis in image.axes
    )
    return (
        image.name,
        image.image,
        STANDING[image.standing],
        f"{shape}\u00a0{image.dtype}".strip(),
        f"{len(image.fields):,}",
        f"{image.missing:,}",
        octets(image.stored.bytes) if image.stored else "",
        *("" if mean is None else number(mean) for mean in found),
    )


def sizes(view: View) -> Section:
    """Return sizes, and time and memory per rule."""
    images = [image for image in view.facts.images if image.stored]
    pixels = sum(image.pixel_bytes for image in images)
    stored = sum(image.stored.bytes for image in images if image.stored)
    objects = sum(image.stored.objects for image in images if image.stored)
    rows = [
        ("Source files read", f"{sum(image.source_files for image in images):,}"),
        ("Acquired pixels", octets(pixels)),
        ("Stored, all levels", octets(stored)),
        ("Stored of acquired", percent(stored / pixels) if pixels else ""),
        ("Chunk or shard files", f"{objects:,}"),
        ("Output", view.facts.output),
    ]
    body = [table(("Size", ""), rows, numbers=(1,)), _use(view, pixels)]
    return Section("sizes", "Sizes and throughput", join(*body))


def _use(view: View, pixels: int) -> Markup:
    if not view.facts.use:
        return paragraph("No benchmark files: time and memory are not known.")
    rows = []
    for use in view.facts.use:
        rate = pixels / use.seconds / 1e6 if use.seconds else 0.0
        rows.append(
            (
                use.rule,
                f"{use.jobs:,}",
                number(round(use.seconds, 1)),
                number(round(use.cpu_seconds, 1)),
                number(round(use.peak_mb)),
                f"{number(round(rate, 1))}"
                if use.rule == "write_zarr" and rate
                else "",
            )
        )
    head = ("Rule", "Jobs", "Time s", "Processor s", "Peak MB", "MB/s")
    note = paragraph(
        "Times of all jobs of a rule added up, of the last run of each; MB/s are "
        "acquired pixels per second of a job.",
        class_="note",
    )
    return join(table(head, rows, numbers=(1, 2, 3, 4, 5)), note)


def settings(view: View) -> Section:
    """Return versions and the config."""
    facts = view.facts
    rows = list(facts.versions.items())
    return Section(
        "settings",
        "Versions and config",
        join(
            table(("Package", "Version"), rows),
            element("h4", "What the config sets"),
            element("pre", facts.config_set),
            fold("The whole config, defaults too", element("pre", facts.config_full)),
        ),
    )
