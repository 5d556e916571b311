"""ImageXpress plates, exported and of HCS.ai, with their truth."""

import json
from pathlib import Path

from tests.formats.made_truth import HEIGHT, WIDTH, Truth, write
from tests.unit.imagexpress_samples import metaseries, plan_text, write_plan


def exported(folder: Path) -> Truth:
    """A plan of 3 wells and 3 sites, partly on disk; copies; one name four times."""
    truth = Truth(
        "imagexpress",
        "scr",
        (4, 6),
        0.5,
        {well: ["Cy5_w1", "Cy5_w2", "Cy5_w3", "Cy5_w4"] for well in ("B02", "C05")},
        findings={
            "wells_not_acquired": 1,
            "filled_copies": 5,
            "missing_planes": 8,
            "uneven_shape": 1,
            "tiles_moved": 3,
        },
    )
    text = plan_text(
        [(1, 1), (2, 4), (3, 5)],
        rows=4,
        columns=6,
        sites=(True, True, True),
        waves=("Cy5",) * 4,
        times=2,
    )
    one_column = {
        '"XSites", 3': '"XSites", 1',
        '"YSites", 1': '"YSites", 3',
        '"SiteSelection1", TRUE, TRUE, TRUE': "\r\n".join(
            f'"SiteSelection{n}", TRUE' for n in (1, 2, 3)
        ),
    }
    for old, new in one_column.items():
        text = text.replace(old, new)
    write_plan(folder / "scr.HTD", text)
    for well, sites in (("B02", (1, 2, 3)), ("C05", (1, 2))):
        for site in sites:
            for wave in (1, 2, 3, 4):
                for time in (1, 2):
                    taken = 1 if wave == 4 else time
                    tags = metaseries(
                        x=9000.0,
                        y=100 + 9.5 * site,
                        z=5000 + wave,
                        setting="Cy5",
                        second=1000 * (well == "C05") + 100 * taken + 10 * site + wave,
                        wavelength=690,
                    )
                    path = folder / f"TimePoint_{time}/scr_{well}_s{site}_w{wave}.TIF"
                    if wave == 4 and time == 2:
                        write(path, tags, seed=f"scr_{well}_s{site}_w4.TIF")
                    else:
                        place = (time - 1, wave - 1, 0, (site - 1) * HEIGHT, 0)
                        truth.planes.setdefault(well, []).append(
                            (
                                place,
                                write(
                                    path,
                                    tags,
                                    seed=f"{path.name}{time}"
                                    if wave < 4
                                    else path.name,
                                ),
                            )
                        )
    return truth


def hcs_ai(folder: Path) -> Truth:
    """HCS.ai: stacks beside projections, one wavelength without stack, fields below."""
    truth = Truth(
        "imagexpress",
        "Plate A",
        (8, 12),
        0.4,
        {"D04": ["DAPI", "TL"]},
        z_um=1.25,
        findings={
            "projections_left_out": 2,
            "projections_taken": 2,
            "layout_guessed": 1,
        },
    )
    lights = [
        {
            "Index": n,
            "ImagingMode": "Confocal",
            "ZSlice": 1,
            "ZStep": 0,
            "EmissionFilter": {"Name": name, "Wavelength": nm, "Unit": "nm"},
            "ExcitationFilter": {"Name": "x", "Wavelength": nm - 60, "Unit": "nm"},
        }
        for n, (name, nm) in enumerate([("DAPI", 452), ("TL", 624)])
    ]
    protocol = {
        "Version": "1.0",
        "ImageStack": {
            "PlateId": "Plate A",
            "Uuid": "u",
            "ImageFormat": "TIFF",
            "LargeImage": False,
            "AutoLeadAcquisitionProtocol": {
                "Camera": {"Size": {"Width": WIDTH, "Height": HEIGHT}, "Binning": "1"},
                "ObjectiveCalibration": {
                    "Unit": "um",
                    "ObjectiveName": "20X",
                    "PixelWidth": 0.4,
                    "PixelHeight": 0.4,
                },
                "Wavelengths": lights,
                "PlateMap": {
                    "ZDimensionParameters": {
                        "Enabled": True,
                        "Step": 1.25,
                        "NumberOfSlices": 3,
                        "Variable": False,
                    },
                    "TimeSchedule": {
                        "Enabled": False,
                        "NumberOfTimepoints": 1,
                        "Times": [{"Ms": 0}],
                        "Variable": False,
                    },
                },
            },
        },
    }
    header = (
        "Row,Column,Field,FovUuid,Well,Wavelength,Timepoint,ZIndex,ImageStartXPx,"
        "TimeStampSec,PositionXUm,PositionYUm,PositionZUm,ImageSizeXPx,"
        "ImageSizeYPx,FieldOffsetPointX,FieldOffsetPointY,ImageSubFolderPath,"
        "ImageFileName,Checksum"
    )
    for kind, waves, steps in (
        ("experiment", (0, 1), (0,)),
        ("experiment_z_stack", (0,), (0, 1, 2)),
    ):
        rows = [header]
        for down in (0, 1):
            for wave in waves:
                for z in steps:
                    file = f"D04_f{down}_w{wave}_z{z}.tif"
                    path = folder / kind / "images/D4" / file
                    if kind == "experiment" and wave == 0:
                        write(path, seed=f"projection {down}")
                    else:
                        truth.add(path, "D04", (0, wave, z, down * HEIGHT, 0))
                    second = 100 * down + 10 * wave + z
                    rows.append(
                        f"4,4,{down},,D04,{wave},0,{z},0,{second},27000,{down},"
                        f"{700 + 1.25 * z},{WIDTH},{HEIGHT},0,"
                        f"{(down - 0.5) * HEIGHT * 0.4},images/D4,{file},{kind}{second}"
                    )
        (folder / kind / f"{kind}.csv").write_text("\n".join(rows))
        (folder / kind / f"{kind}.jdce").write_text(json.dumps(protocol))
    (folder / "run.mxprotocol").write_text("{}")
    return truth
