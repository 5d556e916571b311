"""The facts in the frames of their plates: what every section draws from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tiles2zarr.models.well import smallest_layout
from tiles2zarr.report.facts import AcquisitionFacts, Facts, ImageFacts
from tiles2zarr.report.figures import mean_figures
from tiles2zarr.report.frame import Frame, Place, plate_frame, singles_frame
from tiles2zarr.report.markup import Markup, element, join
from tiles2zarr.report.pictures import Sheet

STANDING = {
    "written": "written",
    "failed": "not written",
    "blocked": "not written, labels stand in the way",
    "waiting": "left out of this run",
    "unknown": "state unknown",
}
"""How an image stands, in words."""


@dataclass(frozen=True)
class Part:
    """The images of one acquisition of one plate, or of the single images."""

    group: str
    acquisition: AcquisitionFacts
    images: tuple[ImageFacts, ...]
    frame: Frame
    title: str
    """Empty where there is only one part."""

    def place(self, image: ImageFacts) -> Place:
        """Return where an image is in the frame."""
        if image.place is not None:
            return image.place
        return divmod(self.frame.singles.index(image.image), self.frame.columns)

    @cached_property
    def by_place(self) -> dict[Place, tuple[ImageFacts, ...]]:
        """Images by well; several where fields are images of their own."""
        wells: dict[Place, list[ImageFacts]] = {}
        for image in self.images:
            wells.setdefault(self.place(image), []).append(image)
        return {place: tuple(images) for place, images in sorted(wells.items())}

    @property
    def labels(self) -> tuple[str, ...]:
        """Every channel label in any image, in order of first appearance."""
        return tuple(dict.fromkeys(c.label for i in self.images for c in i.channels))

    def color(self, label: str) -> str:
        """Return the colour of a channel."""
        colors = (c.color for i in self.images for c in i.channels if c.label == label)
        return next(colors, "FFFFFF")

    def figures(self, label: str) -> dict[Place, dict[str, float]]:
        """Return the figures of a channel by well, averaged over its images."""
        found = {}
        for place, images in self.by_place.items():
            each = [c.figures for i in images for c in i.channels if c.label == label]
            if each:
                found[place] = mean_figures(each)
        return found

    def absent(self) -> dict[Place, str]:
        """Return the wells of which nothing is written, and why."""
        return {
            place: images[0].reason or STANDING[images[0].standing]
            for place, images in self.by_place.items()
            if all(image.standing != "written" for image in images)
        }


@dataclass(frozen=True)
class View:
    """What the sections of the page are made from."""

    facts: Facts
    frames: Mapping[str, Frame]
    """By plate; the empty name stands for single images."""
    sheets: tuple[Sheet, ...] = ()
    unseen: Mapping[str, str] = field(default_factory=dict)
    """Images of which no picture could be made, and why."""

    def parts(self) -> Iterator[Part]:
        """Yield the acquisitions of every plate that have images."""
        known = {entry.id: entry for entry in self.facts.acquisitions}
        pairs = dict.fromkeys((i.group, i.acquisition) for i in self.facts.images)
        order = {group: number for number, group in enumerate(self.facts.groups)}
        for group, number in sorted(pairs, key=lambda p: (order[p[0]], p[1])):
            entry = known.get(number) or AcquisitionFacts(number, str(number))
            names = [group] if len(order) > 1 and group else []
            if len({pair[1] for pair in pairs}) > 1:
                names.append(f"acquisition {number}")
                names[-1] += f", {entry.name}" if entry.name != str(number) else ""
            yield Part(
                group=group,
                acquisition=entry,
                images=self.facts.of(group, number),
                frame=self.frames[group],
                title=": ".join(names),
            )

    def anchor(self, group: str, place: Place) -> str:
        """Return the name of a well's entry on the page."""
        frame = self.frames[group]
        if frame.singles:
            return f"image-{place[0] * frame.columns + place[1] + 1}"
        number = self.facts.groups.index(group)
        return f"well-{frame.name(place)}" + (f"-{number + 1}" if number else "")

    def foreign(self, group: str) -> dict[Place, str]:
        """Return the wells that hold images of others only."""
        return dict.fromkeys(self.facts.foreign.get(group, ()), "made by others")


@dataclass(frozen=True)
class Section:
    """One section of the page."""

    id: str
    title: str
    body: Markup


def make_view(
    facts: Facts,
    sheets: tuple[Sheet, ...] = (),
    unseen: Mapping[str, str] | None = None,
) -> View:
    """Return the facts with the frame of every plate they name."""
    return View(
        facts=facts, frames=frames_of(facts), sheets=sheets, unseen=unseen or {}
    )


def frames_of(facts: Facts) -> dict[str, Frame]:
    """Return the frame of every plate, and the grid of the single images."""
    frames = {}
    for group in facts.groups:
        images = facts.of(group)
        if any(image.place is None for image in images):
            frames[group] = singles_frame(sorted({i.image for i in images}))
            continue
        places = [image.place for image in images if image.place is not None]
        places += facts.foreign.get(group, ())
        layout = facts.layout or smallest_layout(places)
        frames[group] = plate_frame(layout, places)
    return frames


def paragraph(*children: str | None, class_: str | None = None) -> Markup:
    """Return a paragraph."""
    return element("p", *children, class_=class_)


def heading(level: int, text: str) -> Markup | None:
    """Return a heading, nothing for an empty text."""
    return element(f"h{level}", text) if text else None


def table(
    head: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    *,
    numbers: tuple[int, ...] = (),
    anchors: tuple[str | None, ...] = (),
    caption: str | None = None,
    class_: str | None = None,
) -> Markup:
    """Return a table that scrolls sideways where it is too wide.

    Args:
        head: Names of the columns.
        rows: Cells.
        numbers: Columns that are aligned to the right.
        anchors: Anchor of each row.
        caption: What the table holds.
        class_: ``told`` for one whose rows stand below one another on a narrow screen,
            each cell with the name of its column.
    """
    right = set(numbers)
    titles = [
        element("th", name, scope="col", class_="n" if i in right else None)
        for i, name in enumerate(head)
    ]
    lines = []
    for number, row in enumerate(rows):
        cells = [
            element(
                "td",
                cell,
                class_="n" if i in right else None,
                data_name=head[i] if class_ else None,
            )
            for i, cell in enumerate(row)
        ]
        anchor = anchors[number] if anchors else None
        lines.append(element("tr", *cells, id=anchor))
    text = element("caption", caption) if caption else None
    body = join(
        text,
        element("thead", element("tr", *titles)),
        element("tbody", *lines),
    )
    return element("div", element("table", body, class_=class_), class_="wide")


def fold(summary: str, *children: Markup | None, opened: bool = False) -> Markup:
    """Return something that is folded away until it is asked for."""
    head = element("summary", summary)
    if opened:
        return element("details", head, *children, open="open")
    return element("details", head, *children)
