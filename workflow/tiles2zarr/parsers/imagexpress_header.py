"""The MetaSeries tags of a plane: where the stage was, when, and with which light."""

import io
import logging
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite, nan
from xml.parsers import expat

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.xml import open_binary
from tiles2zarr.parsers.xml_memory import parse_xml

_DAMAGED = (
    ValueError,  # tifffile's own, numpy's, fsspec's
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    EOFError,
    struct.error,
)
"""What tifffile raises on files that are damaged."""
_EXPOSURE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(us|ms|s|min)", re.IGNORECASE)
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
_MICROMETER = {"um", "µm", "μm", "micron", "microns", "micrometer"}
_NOTHING = {"", "none", "off"}
_LARGEST = 1e9
Properties = Mapping[str, str]


@dataclass(frozen=True)
class PlaneTags:
    """What the header of a file says; numbers are NaN where it says nothing.

    Args:
        width: Columns, pixel.
        height: Rows, pixel.
        size: Bytes of the file.
        x_um: Stage x, micrometer.
        y_um: Stage y, micrometer, growing with the rows of images.
        z_um: Stage z, micrometer.
        time: Second since 1970 on the instrument's clock, whose zone is not told.
        pixel_um: Pixel size, micrometer.
        exposure_s: Exposure time, second.
        wavelength_nm: Wavelength of emission, nanometer.
        setting: Name of the illumination, ``""`` where not told.
        projection: Method of a projection, ``""`` for a plane.
        told: Whether the file has tags at all; without them, only its size is known.
    """

    width: int
    height: int
    size: int
    x_um: float = nan
    y_um: float = nan
    z_um: float = nan
    time: float = nan
    pixel_um: float = nan
    exposure_s: float = nan
    wavelength_nm: float = nan
    setting: str = ""
    projection: str = ""
    told: bool = True


class _Collector:
    """Collects the properties of a document; those of the plane come last and count."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.done: list[tuple[str, str]] = []

    def attach(self, parser: expat.XMLParserType) -> None:
        """Connect the handler to the parser."""
        parser.StartElementHandler = self._start

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name in ("prop", "custom-prop") and "id" in attributes:
            self.done.append((attributes["id"], attributes.get("value", "")))


def read_tags(path: str, storage: Mapping[str, object] | None = None) -> PlaneTags:
    """Return the header of a plane's file; ``told`` is false without MetaSeries tags.

    Args:
        path: The TIFF file or its URL.
        storage: Options of the URL's file system.

    Raises:
        ParserError: It cannot be read, or is no intact TIFF file.
    """
    try:
        width, height, size, description = _read_tiff(path, storage)
    except (OSError, ImportError) as error:
        raise ParserError(
            f"{path} cannot be read: {error}. Check that it is there and readable."
        ) from error
    except _DAMAGED as error:
        raise ParserError(
            f"{path} is not an intact TIFF file: {type(error).__name__}: {error}. Copy "
            "it again from the instrument."
        ) from error
    if b"<MetaData" not in description[:1000]:
        return PlaneTags(width, height, size, told=False)
    content = description.strip(b"\0 \t\r\n")
    properties = dict(parse_xml(content, _Collector(), path))
    return _plane_tags(properties, width, height, size)


def _read_tiff(
    path: str, storage: Mapping[str, object] | None
) -> tuple[int, int, int, bytes]:
    """Return width, height, bytes of the file, and its description as UTF-8."""
    logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)
    import tifffile

    with open_binary(path, storage) as handle:
        size = handle.seek(0, io.SEEK_END)
        handle.seek(0)
        with tifffile.TiffFile(handle, name=path) as tiff:
            page = tiff.pages.first
            width, height = int(page.imagewidth), int(page.imagelength)
            tag = page.tags.get(270)
            value = "" if tag is None else tag.value
    if width < 1 or height < 1:
        raise ValueError(f"it has {width} x {height} pixels")
    if isinstance(value, bytes):  # not UTF-8: a name with an accent
        value = value.decode("latin-1")
    return width, height, size, str(value).encode("utf-8", "replace")


def _plane_tags(said: Properties, width: int, height: int, size: int) -> PlaneTags:
    method = said.get("Z Projection Method", "").strip()
    return PlaneTags(
        width=width,
        height=height,
        size=size,
        x_um=_number(said, "stage-position-x"),
        y_um=_number(said, "stage-position-y"),
        z_um=_number(said, "z-position"),
        time=_time(said.get("acquisition-time-local", "")),
        pixel_um=_pixel_size(said),
        exposure_s=_exposure(said.get("Exposure Time", "")),
        wavelength_nm=_number(said, "wavelength"),
        setting=said.get("_IllumSetting_", "").strip(),
        projection="" if method.lower() in _NOTHING else method,
    )


def _number(said: Properties, name: str) -> float:
    """Return a finite number of a size that a stage can have, else NaN."""
    try:
        number = float(said.get(name, ""))
    except ValueError:
        return nan
    return number if isfinite(number) and abs(number) < _LARGEST else nan


def _pixel_size(said: Properties) -> float:
    on = said.get("spatial-calibration-state", "on").strip().lower() == "on"
    unit = said.get("spatial-calibration-units", "um").strip().lower()
    size = _number(said, "spatial-calibration-x")
    return size if on and unit in _MICROMETER and size > 0 else nan


def _exposure(text: str) -> float:
    match = _EXPOSURE.fullmatch(text.strip())
    return float(match[1]) * _SECONDS[match[2].lower()] if match else nan


def _time(text: str) -> float:
    """Return the clock's time as if it were UTC: the same on every machine."""
    for form in ("%Y%m%d %H:%M:%S.%f", "%Y%m%d %H:%M:%S"):
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC).timestamp()
        except (ValueError, OverflowError):
            continue
    return nan
