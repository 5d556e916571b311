"""The pixel size of inputs that do not tell it: from a file's tags, or a finding."""

from collections.abc import Mapping

from tiles2zarr.errors import ParserError
from tiles2zarr.loaders import resolve
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.pattern_header import read_header
from tiles2zarr.parsers.records import ParsedAcquisition


def find_pixel_size(
    parsed: ParsedAcquisition, storage: Mapping[str, object]
) -> tuple[float | None, tuple[Finding, ...]]:
    """Return the pixel size in micrometer that the first file's tags tell.

    Nothing where the parser knows it already; where nobody does, ``None`` and a finding
    that 1 micrometer is taken.
    """
    if "pixelsize" in parsed.details.model_fields_set:
        return None, ()
    files = parsed.table.loc[parsed.table["status"] == "ok", "file"]
    size = (
        _tagged(resolve(parsed.resource, files.iloc[0]), storage)
        if len(files)
        else None
    )
    if size is not None:
        message = f"The pixel size of {size:g} micrometer is that of {files.iloc[0]}."
        found = Finding(code="pixel_size_from_tag", severity="info", message=message)
        return size, (found,)
    message = (
        "Neither the config nor the files tell the pixel size: 1 micrometer is taken, "
        "and positions in micrometer are taken for pixels. Set details.pixelsize."
    )
    return None, (Finding(code="pixel_size_unknown", message=message),)


def _tagged(location: str, storage: Mapping[str, object]) -> float | None:
    """Return what a file's tags say; register tells if it cannot be read."""
    try:
        return read_header(location, storage).tags.pixelsize
    except ParserError:
        return None
