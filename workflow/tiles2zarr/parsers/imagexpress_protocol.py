"""The protocol of an HCS.ai experiment: the ``.jdce`` file (JSON)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.records import JSON
from tiles2zarr.parsers.xml import open_binary

_PROTOCOL = ("ImageStack", "AutoLeadAcquisitionProtocol")
_LARGEST = 1e9


@dataclass(frozen=True)
class Wavelength:
    """One wavelength of the protocol.

    Args:
        index: Number the table of images refers to.
        name: Name of the emission filter, if any.
        emission_nm: Its wavelength, nanometer, if told.
    """

    index: int
    name: str | None
    emission_nm: float | None


@dataclass(frozen=True)
class Protocol:
    """What the protocol tells.

    Args:
        source: The ``.jdce`` file.
        plate_id: Name of the plate, if any.
        pixel_um: Pixel size, micrometer.
        size: Columns and rows of an image, pixel, if told.
        wavelengths: The wavelengths in the protocol's order.
        z_step_um: Distance of planes, micrometer, if told.
        t_step_s: Distance of time points, second, if told.
    """

    source: str
    plate_id: str | None
    pixel_um: float
    size: tuple[int, int] | None
    wavelengths: tuple[Wavelength, ...]
    z_step_um: float | None
    t_step_s: float | None


def read_protocol(path: str, storage: Mapping[str, object] | None = None) -> Protocol:
    """Return the protocol of an experiment.

    Args:
        path: The ``.jdce`` file or its URL.
        storage: Options of the URL's file system.

    Raises:
        ParserError: The file cannot be read, is no JSON, or tells no pixel size.
    """
    root = _read_json(path, storage)
    protocol = _at(root, *_PROTOCOL)
    if not isinstance(protocol, dict):
        raise _fault(path, "/".join(_PROTOCOL), "it is absent")
    pixel = _number(_at(protocol, "ObjectiveCalibration", "PixelWidth"))
    if pixel is None or pixel <= 0:
        place = "/".join((*_PROTOCOL, "ObjectiveCalibration", "PixelWidth"))
        raise _fault(path, place, "it is no number above 0")
    width = _number(_at(protocol, "Camera", "Size", "Width"))
    height = _number(_at(protocol, "Camera", "Size", "Height"))
    sized = width is not None and height is not None and min(width, height) >= 1
    return Protocol(
        source=path,
        plate_id=_text(_at(root, "ImageStack", "PlateId")),
        pixel_um=pixel,
        size=(int(width or 0), int(height or 0)) if sized else None,
        wavelengths=_wavelengths(_at(protocol, "Wavelengths"), path),
        z_step_um=_positive(_at(protocol, "PlateMap", "ZDimensionParameters", "Step")),
        t_step_s=_t_step(_at(protocol, "PlateMap", "TimeSchedule", "Times")),
    )


def _read_json(path: str, storage: Mapping[str, object] | None) -> JSON:
    try:
        with open_binary(path, storage) as file:
            content = file.read()
        root: JSON = json.loads(content.decode("utf-8-sig"))
    except (OSError, ImportError) as error:
        raise ParserError(
            f"{path} cannot be read: {error}. Check that it is there and readable."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ParserError(
            f"{path} is not intact JSON: {error}. Copy it again from the instrument."
        ) from error
    return root


def _fault(path: str, place: str, message: str) -> ParserError:
    return ParserError(
        f"{path}, {place}: {message}. Copy or export the file again from the "
        "instrument."
    )


def _at(node: JSON, *names: str) -> JSON:
    """Return what stands below ``node``, names in any case; nothing where absent."""
    for name in names:
        if not isinstance(node, dict):
            return None
        wanted = name.casefold()
        node = next((v for k, v in node.items() if k.casefold() == wanted), None)
    return node


def _number(value: JSON) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) and abs(number) < _LARGEST else None


def _positive(value: JSON) -> float | None:
    number = _number(value)
    return number if number is not None and number > 0 else None


def _text(value: JSON) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None


def _wavelengths(value: JSON, path: str) -> tuple[Wavelength, ...]:
    """Return the wavelengths; one without an index has its place in the list."""
    found: dict[int, Wavelength] = {}
    for place, item in enumerate(value if isinstance(value, list) else []):
        index = _number(_at(item, "Index"))
        number = place if index is None else int(index)
        if number in found or number < 0:
            raise _fault(path, f"Wavelengths[{place}]/Index", f"{number} is not unique")
        found[number] = Wavelength(
            index=number,
            name=_text(_at(item, "EmissionFilter", "Name")),
            emission_nm=_positive(_at(item, "EmissionFilter", "Wavelength")),
        )
    return tuple(found.values())


def _t_step(value: JSON) -> float | None:
    """Return the distance of the first two time points, second."""
    times = (
        [_number(_at(item, "Ms")) for item in value] if isinstance(value, list) else []
    )
    if len(times) < 2 or times[0] is None or times[1] is None:
        return None
    return _positive((times[1] - times[0]) / 1000)
