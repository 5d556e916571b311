"""OME-XML and ScanR plates, with their truth."""

from pathlib import Path

import numpy as np
import tifffile

from tests.formats.made_truth import HEIGHT, WIDTH, Truth

OME = 'xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'


def companion(folder: Path) -> Truth:
    """Two plates in one file, an empty one first; no rows, no columns; row F only."""
    truth = Truth(
        "ome_xml",
        "real",
        (8, 12),
        0.25,
        {"F08": ["a", "b"], "F02": ["a", "b"]},
        z_um=3.0,
        findings={"empty_plates": 1, "layout_guessed": 1},
    )
    wells, images = [], []
    for number, column in enumerate((7, 1)):
        file, well = f"img {number}#.tif", f"F{column + 1:02d}"
        blocks = []
        pages = []
        for page, (z, c) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
            random = np.random.default_rng([number, page])
            pixels = random.integers(1, 60000, (HEIGHT, WIDTH), dtype=np.uint16)
            pages.append(pixels)
            truth.planes.setdefault(well, []).append(((0, c, z, 0, 0), pixels))
            blocks.append(
                f'<TiffData IFD="{page}" FirstZ="{z}" FirstC="{c}" FirstT="0" '
                f'PlaneCount="1"><UUID FileName="{file}">urn:uuid:{number}'
                "</UUID></TiffData>"
            )
        folder.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(
            folder / file,
            np.stack(pages),
            metadata=None,
            description="",
            photometric="minisblack",
        )
        wells.append(
            f'<Well ID="Well:{number}" Row="5" Column="{column}"><WellSample '
            f'ID="WellSample:{number}" Index="{number}"><ImageRef '
            f'ID="Image:{number}"/></WellSample></Well>'
        )
        images.append(
            f'<Image ID="Image:{number}" Name="i"><Pixels ID="Pixels:{number}" '
            'DimensionOrder="XYCZT" Type="uint16" PhysicalSizeX="250" '
            'PhysicalSizeXUnit="nm" PhysicalSizeY="250" PhysicalSizeYUnit="nm" '
            f'PhysicalSizeZ="3" SizeX="{WIDTH}" SizeY="{HEIGHT}" SizeC="2" SizeZ="2" '
            f'SizeT="1"><Channel ID="Channel:{number}:0" Name="a"/><Channel '
            f'ID="Channel:{number}:1" Name="b"/>{"".join(blocks)}</Pixels></Image>'
        )
    (folder / "x.companion.ome").write_text(
        f'<?xml version="1.0"?><OME {OME}><Plate ID="Plate:0" Name="empty" Rows="8" '
        'Columns="12"><Well ID="Well:9" Row="0" Column="0"/></Plate>'
        f'<Plate ID="Plate:1" Name="real">{"".join(wells)}</Plate>'
        f"{''.join(images)}</OME>"
    )
    return truth


def scanr_names(folder: Path) -> Truth:
    """Names only: two wells of one position each, and no metadata."""
    truth = Truth(
        "scanr",
        "in",
        (8, 12),
        1.0,
        {"B02": ["DAPI", "GFP"], "B03": ["DAPI", "GFP"]},
        findings={
            "pixel_size_unknown": 1,
            "z_spacing_unknown": 1,
            "positions_unknown": 2,
        },
        options={"options": {"without_positions": "row"}},
    )
    for well, number in (("B02", 14), ("B03", 15)):
        for position in (1, 2):
            for c, label in enumerate(("DAPI", "GFP")):
                for z in (0, 1):
                    truth.add(
                        folder / "data" / f"{well[0]}{int(well[1:])}--W{number:05d}--"
                        f"P{position:05d}--Z{z:05d}--T00000--{label}.tif",
                        well,
                        (0, c, z, 0, (position - 1) * WIDTH),
                    )
    return truth
