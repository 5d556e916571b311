"""What the tags of a TIFF file say: pixel size, stage position, order of the pages.

MetaSeries (MetaXpress), OME-XML, ImageJ, the axes tifffile notes, and the plain
resolution tags, in this order: the first that tells a value counts.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.parsers import expat

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import AXES
from tiles2zarr.parsers.pattern_ome import Node, Order, Pages, page_order
from tiles2zarr.parsers.xml_memory import parse_xml

if TYPE_CHECKING:
    from tifffile import TiffFile

MICROMETERS: Mapping[str, float] = {
    **dict.fromkeys(("um", "µm", "μm", "\\u00b5m", "micron", "microns"), 1.0),
    **dict.fromkeys(("micrometer", "micrometre", "micrometers"), 1.0),
    "reference frame": 1.0,  # what OME writers call stage micrometers
    "nm": 1e-3,
    "mm": 1e3,
    "cm": 1e4,
    "m": 1e6,
    **dict.fromkeys(("inch", "in"), 25400.0),
}
"""Micrometer per unit of length, by its name in lower case."""
COARSEST_UM = 20.0
"""Larger pixels in the plain resolution tags are a printer's: 72 per inch is 353."""
_RESOLUTION_UNITS = {2: "inch", 3: "cm"}
_OME_NAMES = frozenset({"Image", "Pixels", "Plane", "TiffData", "UUID"})


@dataclass(frozen=True)
class Tags:
    """What tags say; ``None`` where they say nothing.

    Args:
        pixelsize: Pixel size, micrometer.
        z_spacing: Distance of planes, micrometer.
        x: Stage position, micrometer.
        y: Stage position, micrometer.
        z: Height of the (first) plane, micrometer.
        order: Axes (``z``, ``c``, ``t``) that the pages run along; none where OME-XML
            tells planes that are no block, or of other files.
        pages: Number of the plane, in ``order``, of each page, where that is not the
            number of the page.
    """

    pixelsize: float | None = None
    z_spacing: float | None = None
    x: float | None = None
    y: float | None = None
    z: float | None = None
    order: Order | None = None
    pages: Pages | None = None


NO_TAGS = Tags()


def read_tags(tiff: "TiffFile", name: str, pages: int) -> Tags:
    """Return what the tags of an open file say.

    Args:
        tiff: The file.
        name: Its path.
        pages: How many planes it holds.

    Raises:
        ParserError: Its OME-XML names a page or a plane twice.
    """
    found = [_metaseries(tiff, name), _ome(tiff, name, pages), _imagej(tiff, pages)]
    found.append(Tags(pixelsize=_plain(tiff), order=_noted_order(tiff, pages)))
    merged = {
        field: next(
            (v for tags in found if (v := getattr(tags, field)) is not None), None
        )
        for field in Tags.__dataclass_fields__
    }
    return Tags(**merged)


def _metaseries(tiff: "TiffFile", name: str) -> Tags:
    text = str(tiff.pages.first.description).strip("\0 \r\n")
    if not text.startswith("<MetaData>"):
        return NO_TAGS
    plane: dict[str, str] = {}
    for _, attributes in _nodes(text, frozenset({"prop"}), name):
        plane.setdefault(attributes.get("id", ""), attributes.get("value", ""))
    calibrated = plane.get("spatial-calibration-state", "on").lower() == "on"
    unit = MICROMETERS.get(plane.get("spatial-calibration-units", "um").lower())
    size = _number(plane.get("spatial-calibration-x"))
    return Tags(
        pixelsize=size * unit if calibrated and unit and size and size > 0 else None,
        x=_number(plane.get("stage-position-x")),
        y=_number(plane.get("stage-position-y")),
        z=_number(plane.get("z-position")),
    )


def _number(value: object) -> float | None:
    """Return a finite number, or nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


class _NodeHandlers:
    """Collects name and attributes of the elements with some names."""

    def __init__(self, names: frozenset[str]) -> None:
        """Begin with nothing."""
        self.done: list[Node] = []
        self._names = names

    def attach(self, parser: expat.XMLParserType) -> None:
        """Connect the handlers to the parser."""
        parser.StartElementHandler = self._start

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local in self._names:
            self.done.append((local, attributes))


def _nodes(text: str, names: frozenset[str], source: str) -> list[Node]:
    """Return the elements with some names; none where the text is damaged.

    A file can do without: an unknown pixel size or position is told later.
    """
    try:
        return list(parse_xml(text.encode(), _NodeHandlers(names), source))
    except (ParserError, UnicodeError):
        return []


def _ome(tiff: "TiffFile", name: str, pages: int) -> Tags:
    """Return what the OME-XML in the file says; of several images, the file's own."""
    text = tiff.ome_metadata if tiff.is_ome else None
    if not text:
        return NO_TAGS
    images: list[list[Node]] = []
    for node in _nodes(text, _OME_NAMES, name):
        if node[0] == "Image":
            images.append([])
        elif images:
            images[-1].append(node)
    own = [nodes for nodes in images if _names_file(nodes, name)] or images
    first = own[0] if own else []
    pixels = _first(first, "Pixels")
    plane = _first(first, "Plane") if len(own) == 1 else {}
    separate, _, _, _, contiguous = tiff.pages.first.shaped
    samples = int(separate * contiguous)
    order, numbers = (
        page_order(first, name, pages, samples) if len(own) == 1 else (None, None)
    )
    return Tags(
        pixelsize=_length(pixels, "PhysicalSizeX", positive=True),
        z_spacing=_length(pixels, "PhysicalSizeZ", positive=True),
        x=_length(plane, "PositionX"),
        y=_length(plane, "PositionY"),
        z=_length(plane, "PositionZ"),
        order=order,
        pages=numbers,
    )


def _names_file(nodes: list[Node], name: str) -> bool:
    base = name.rpartition("/")[2]
    return any(n == "UUID" and a.get("FileName") == base for n, a in nodes)


def _first(nodes: list[Node], name: str) -> dict[str, str]:
    return next((attributes for n, attributes in nodes if n == name), {})


def _length(
    attributes: Mapping[str, str], name: str, *, positive: bool = False
) -> float | None:
    """Return a length in micrometer, or nothing if its unit or value is unknown."""
    value = _number(attributes.get(name))
    unit = MICROMETERS.get(attributes.get(f"{name}Unit", "µm").strip().lower())
    if value is None or unit is None or (positive and value <= 0):
        return None
    return value * unit


def _imagej(tiff: "TiffFile", pages: int) -> Tags:
    """Return what ImageJ wrote; its pages run along c, then z, then t."""
    said = (tiff.imagej_metadata or {}) if tiff.is_imagej else {}
    unit = MICROMETERS.get(str(said.get("unit", "")).strip().lower())
    lengths = [
        ("c", said.get("channels")),
        ("z", said.get("slices")),
        ("t", said.get("frames")),
    ]
    order = tuple((axis, int(n)) for axis, n in lengths if isinstance(n, int))
    whole = bool(order) and math.prod(n for _, n in order) == pages
    resolution = _resolution(tiff)
    spacing = _number(said.get("spacing"))
    return Tags(
        pixelsize=unit / resolution if unit and resolution else None,
        z_spacing=spacing * unit if unit and spacing and spacing > 0 else None,
        order=order if whole else None,
    )


def _noted_order(tiff: "TiffFile", pages: int) -> Order | None:
    """Return the order that tifffile noted if it was told the axes."""
    noted = tiff.shaped_metadata if tiff.is_shaped else None
    if noted is None or len(noted) != 1:
        return None
    axes, shape = str(noted[0].get("axes", "")).lower(), noted[0].get("shape", ())
    order = tuple(zip(axes, map(int, shape), strict=False))[-3::-1]
    known = len(axes) == len(shape) and axes.endswith("yx") and set(axes) <= set(AXES)
    whole = math.prod(length for _, length in order) == pages
    return order if order and known and whole else None


def _plain(tiff: "TiffFile") -> float | None:
    """Return the pixel size of the baseline tags, unless it is a printer's."""
    unit_tag = tiff.pages.first.tags.get("ResolutionUnit")
    unit = _RESOLUTION_UNITS.get(int(unit_tag.value) if unit_tag is not None else 2)
    resolution = _resolution(tiff)
    if unit is None or resolution is None:
        return None
    size = MICROMETERS[unit] / resolution
    return size if size <= COARSEST_UM else None


def _resolution(tiff: "TiffFile") -> float | None:
    """Return pixels per unit along x, or nothing."""
    tag = tiff.pages.first.tags.get("XResolution")
    if tag is None or not isinstance(tag.value, tuple) or len(tag.value) != 2:
        return None
    numerator, denominator = tag.value
    return numerator / denominator if numerator > 0 and denominator > 0 else None
