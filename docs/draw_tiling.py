"""Draws what the tiling modes make of one well: ``python docs/draw_tiling.py FOLDER``.

The fields are typed in by hand, with a stage that is not exact and one field that was
not acquired; where they land is what the program's own registration says.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tiles2zarr.config.registration import Registration
from tiles2zarr.models.acquisition import AcquisitionDetails, ChannelInfo
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.image import RegisteredImage, TiledImage
from tiles2zarr.models.tiles import TileColumns
from tiles2zarr.registration import decide, register_image, well_of, well_origins

HEIGHT, WIDTH = 240, 320
"""A field, pixel; a pixel is one micrometer."""
FIELDS = {
    "1": (1.0, 0.0),
    "2": (0.0, 344.0),
    "3": (4.0, 690.0),
    "4": (216.0, 3.0),
    "5": (214.0, 341.0),
}
"""Where the stage stood, (y, x): gaps of 24 px in x, overlaps of 24 px in y, jitter."""
COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9")
"""Colours that are told apart with any eyes."""
MODES = ("inplace", "snap_to_grid", "no_tiling")
MARGIN, APART, SHOWN = 24, 60, 0.3


def tiled_image(fields: Mapping[str, tuple[float, float]], suffix: str) -> TiledImage:
    """Return the image that has one tile per field at its stage position."""
    count = len(fields)
    columns = {
        "file": [f"{name}.tif" for name in fields],
        "plane": [0] * count,
        "fov": list(fields),
        "y": [y for y, _ in fields.values()],
        "x": [x for _, x in fields.values()],
        "z": [0.0] * count,
        "t": [0.0] * count,
        "c": [0] * count,
        "len_y": [HEIGHT] * count,
        "len_x": [WIDTH] * count,
        "len_z": [1] * count,
        "len_c": [1] * count,
        "len_t": [1] * count,
        "status": ["ok"] * count,
    }
    return TiledImage(
        collection=ImageInPlate(
            plate_name="P", row="B", column=3, acquisition=0, suffix=suffix
        ),
        acquisition=AcquisitionDetails(
            pixelsize=1.0, channels=(ChannelInfo(channel_label="DAPI"),)
        ),
        acquisition_id=0,
        tiles=TileColumns.model_validate(columns),
    )


def register(mode: str) -> list[RegisteredImage]:
    """Return the images that a tiling mode makes of the well."""
    options = Registration.model_validate({"tiling_mode": mode})
    images = (
        [tiled_image({name: at}, f"F{name}") for name, at in FIELDS.items()]
        if mode == "no_tiling"
        else [tiled_image(FIELDS, "")]
    )
    origins = well_origins(images, align_xy=options.align_xy)
    decision, _ = decide(
        images, options, num_levels=1, uniform=False, requested="", origins=origins
    )
    return [
        register_image(
            image,
            decision,
            options,
            dtype="uint16",
            well_origin=origins[well_of(image)],
        )
        for image in images
    ]


def draw(images: Iterable[RegisteredImage]) -> str:
    """Return an SVG: canvases as dashed outlines, fields as boxes with their names.

    Several images stand side by side, three in a row.
    """
    parts, right, bottom = [], 0, 0
    for number, image in enumerate(images):
        height, width = image.shape[-2:]
        left = MARGIN + number % 3 * (width + APART)
        top = MARGIN + number // 3 * (height + APART)
        right, bottom = max(right, left + width), max(bottom, top + height)
        parts.append(
            f'<rect x="{left}" y="{top}" width="{width}" height="{height}" '
            'fill="#f2f2f2" stroke="#333" stroke-width="4" stroke-dasharray="16 12"/>'
        )
        for field in image.fovs:
            y, x = top + field.start[-2], left + field.start[-1]
            color = COLORS[list(FIELDS).index(field.name)]
            parts.append(
                f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" '
                f'fill="{color}" fill-opacity="0.6" stroke="{color}" stroke-width="3"/>'
            )
            parts.append(
                f'<text x="{x + WIDTH // 2}" y="{y + HEIGHT // 2 + 24}" '
                f'text-anchor="middle">{field.name}</text>'
            )
    right, bottom = right + MARGIN, bottom + MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right} {bottom}" '
        f'width="{right * SHOWN:.0f}" height="{bottom * SHOWN:.0f}" '
        'font-family="sans-serif" font-size="64" fill="#111">'
    )
    white = f'<rect width="{right}" height="{bottom}" fill="#fff"/>'
    return "\n".join([head, white, *parts, "</svg>", ""])


def main(folder: Path) -> None:
    """Write ``tiling_<mode>.svg`` of every mode into ``folder``."""
    for mode in MODES:
        text = draw(register(mode))
        (folder / f"tiling_{mode}.svg").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
