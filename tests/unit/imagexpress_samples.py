"""ImageXpress plates made by hand: planes of a few pixels with MetaSeries tags."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import tifffile

START = datetime(2024, 3, 1, 12, 0, 0, tzinfo=UTC)
"""When the first plane of a made plate is acquired."""
HEIGHT, WIDTH = 4, 6
"""Pixels of a made plane."""
PIXEL_UM = 0.5


def metaseries(
    *,
    x: float | None = 0.0,
    y: float | None = 0.0,
    z: float = 100.0,
    second: float = 0.0,
    setting: str = "DAPI",
    projection: str = "",
    pixel_um: float | None = PIXEL_UM,
    wavelength: float = 452,
    exposure: str = "20 ms",
) -> str:
    """Return the tags of one plane as MetaXpress writes them."""
    taken = START + timedelta(seconds=second)
    values: dict[str, object] = {
        "stage-position-x": x,
        "stage-position-y": y,
        "z-position": z,
        "acquisition-time-local": f"{taken:%Y%m%d %H:%M:%S.%f}"[:-3],
        "_IllumSetting_": setting,
        "spatial-calibration-state": "off" if pixel_um is None else "on",
        "spatial-calibration-x": 1 if pixel_um is None else pixel_um,
        "spatial-calibration-units": "um",
        "wavelength": wavelength,
        "Exposure Time": exposure,
        "Z Projection Method": projection or None,
    }
    lines = [
        f"<prop id={quoteattr(name)} type='x' value={quoteattr(str(value))}/>"
        for name, value in values.items()
        if value is not None
    ]
    return f"<MetaData><PlaneInfo>{''.join(lines)}</PlaneInfo></MetaData>"


def write_plane(
    path: Path, *, description: str | bytes | None = None, **tags: object
) -> None:
    """Write one plane; ``tags`` are those of ``metaseries``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if description is None:
        description = metaseries(**tags)  # type: ignore[arg-type]
    pixels = np.zeros((HEIGHT, WIDTH), dtype=np.uint16)
    tifffile.imwrite(path, pixels, description=description, metadata=None)


def plan_text(
    wells: Sequence[tuple[int, int]],
    *,
    rows: int = 2,
    columns: int = 3,
    sites: Sequence[bool] | None = None,
    waves: Sequence[str] = ("DAPI",),
    steps: int = 1,
    times: int = 1,
) -> str:
    """Return the text of a ``.HTD`` file; sites lie in one row."""
    flags = {True: "TRUE", False: "FALSE"}
    lines = [
        '"HTSInfoFile", Version 1.0',
        '"Description", "µ plate"',
        f'"TimePoints", {times}',
        f'"ZSeries", {flags[steps > 1]}',
        f'"ZSteps", {steps}',
        f'"XWells", {columns}',
        f'"YWells", {rows}',
    ]
    for row in range(rows):
        chosen = ", ".join(flags[(row, column) in wells] for column in range(columns))
        lines.append(f'"WellsSelection{row + 1}", {chosen}')
    lines.append(f'"Sites", {flags[sites is not None]}')
    if sites is not None:
        lines += [f'"XSites", {len(sites)}', '"YSites", 1']
        lines.append(f'"SiteSelection1", {", ".join(flags[site] for site in sites)}')
    lines.append(f'"NWavelengths", {len(waves)}')
    lines += [f'"WaveName{n}", "{name}"' for n, name in enumerate(waves, start=1)]
    return "\r\n".join([*lines, '"EndFile"', ""])


def write_plan(path: Path, text: str) -> None:
    """Write a plan in latin-1."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("latin-1"))
