"""Run the reference converter on written cases; stand-alone, for its own Python.

    <python of the reference> convert_reference.py <folder of case folders>

Reads each ``<case>/case.json`` (see ``case.py``), whose options are in the vocabulary
of tiles2zarr, and writes ``<case>/reference/`` with the reference's own pipeline, one
image after the other. ``<case>/reference.json`` then holds the error, or null: one
case that breaks the reference must not cost the others, and starting an interpreter
per case would cost most of the time. Nothing of tiles2zarr is imported.
"""

import json
import sys
from pathlib import Path
from typing import Any

import ome_zarr_converters_tools as oz
import pandas as pd

Json = dict[str, Any]

STRATEGIES = {
    "auto": oz.AutoTiling,
    "snap_to_grid": oz.SnapToGridTiling,
    "snap_to_corners": oz.SnapToCornersTiling,
    "inplace": oz.InplaceTiling,
}


def details_of(acquisition: Json) -> oz.AcquisitionDetails:
    """Return the reference's acquisition details from ours."""
    fields = dict(acquisition["details"])
    renamed: Json = {}
    if "pixelsize" in fields:
        renamed["xy_pixel_size"] = fields.pop("pixelsize")
    if fields.get("axes"):
        renamed["axes"] = list(fields.pop("axes"))
    channels = fields.pop("channels", None)
    if channels is not None:
        renamed["channels"] = [
            oz.ChannelInfo(
                channel_label=channel["channel_label"],
                wavelength_id=channel.get("wavelength_id"),
                color=f"#{channel['colors']}" if "colors" in channel else None,
            )
            for channel in channels
        ]
    renamed |= {key.replace("_coo", "_space"): value for key, value in fields.items()}
    orientation = oz.StageOrientation(**acquisition["stage_corrections"])
    return oz.AcquisitionDetails(stage_orientation=orientation, **renamed)


def table_of(folder: Path, acquisition: Json) -> pd.DataFrame:
    """Return the tile table, conditions joined by well as a user would do it."""
    table = pd.read_csv(folder / acquisition["table"])
    if acquisition["conditions"]:
        conditions = pd.read_csv(folder / acquisition["conditions"])
        table = table.merge(conditions, on=["row", "column"], how="left")
    return table


def options_of(case: Json) -> oz.ConverterOptions:
    """Return the reference's options from our config sections."""
    registration, omezarr = case["registration"], case["omezarr"]
    mode = registration["tiling_mode"]
    if mode == "no_tiling":
        grouping: oz.Grouping = oz.PerFovGrouping()
    else:
        tolerance = {"tolerance": registration["tiling_tolerance"]}
        strategy = STRATEGIES[mode](
            **tolerance if mode in ("auto", "snap_to_grid") else {}
        )
        grouping = oz.MosaicGrouping(tiling_strategy=strategy)
    offsets = registration.get("offsets", {})
    per_fov = registration.get("align_z") or offsets.get("z") == "fov"
    corrections = oz.StagePositionCorrections(
        remove_xy_jitter=registration.get("align_xy", True),
        remove_z_offset="Per-FOV" if per_fov else "Global",
    )
    return oz.ConverterOptions(
        grouping=grouping,
        writer_mode=oz.WriterMode.BY_FOV,
        stage_position_corrections=corrections,
        omezarr_options=omezarr_of(omezarr),
    )


def omezarr_of(omezarr: Json) -> oz.OmeZarrOptions:
    """Return the reference's OME-Zarr options from our ``omezarr`` section."""
    chunks = dict(omezarr["chunks"])
    if chunks.pop("kind") == "fov":
        chunks["xy_scaling"] = f"{chunks.get('xy_scaling', 1):g}"
        chunking: oz.ChunkingStrategy = oz.FovBasedChunking(**chunks)
    else:
        chunking = oz.FixedSizeChunking(**chunks)
    shards = dict(omezarr["shards"] or {})
    shards.pop("kind", None)
    names = omezarr["level_names"]
    return oz.OmeZarrOptions(
        levels=oz.NamedLevels(level_names=names)
        if names
        else oz.NumberOfLevels(num_levels=omezarr["num_levels"]),
        chunks=chunking,
        shards=oz.ChunkMultipleSharding(**shards) if shards else oz.NoSharding(),
        ngff_version=omezarr["ngff_version"],
        table_backend="csv",
    )


def tiles_of(folder: Path, case: Json, acquisition: Json) -> list[oz.Tile]:
    """Return the reference's tiles of one acquisition."""
    table, details = table_of(folder, acquisition), details_of(acquisition)
    if case["kind"] == "single":
        return oz.single_images_from_dataframe(
            tiles_table=table, acquisition_details=details
        )
    return oz.hcs_images_from_dataframe(
        tiles_table=table,
        acquisition_details=details,
        plate_name=case["name"],
        acquisition_id=acquisition["id"],
    )


def convert(folder: Path, output: Path) -> None:
    """Convert a written case with the reference into ``output``."""
    case = json.loads((folder / "case.json").read_text())
    options = options_of(case)
    tiles = [
        tile
        for acquisition in case["acquisitions"]
        for tile in tiles_of(folder, case, acquisition)
    ]
    images = oz.tiles_aggregation_pipeline(
        tiles, converter_options=options, resource=str(folder)
    )
    collection = oz.SingleImage if case["kind"] == "single" else oz.ImageInPlate
    tasks = oz.setup_images_for_conversion(
        images,
        zarr_dir=str(output),
        collection_type=collection.__name__,
        converter_options=options,
        overwrite_mode=oz.OverwriteMode.OVERWRITE,
    )
    for task in tasks:
        oz.generic_compute_task(
            **task,
            collection_type=collection,
            image_loader_type=oz.DefaultImageLoader,
            resource=str(folder),
        )


def main(root: Path) -> None:
    """Convert every case below ``root``, noting what the reference raised."""
    for description in sorted(root.glob("*/case.json")):
        folder = description.parent
        error = None
        try:
            convert(folder, folder / "reference")
        except Exception as exception:  # noqa: BLE001 - what it raises is the result
            error = f"{type(exception).__name__}: {exception}"
        (folder / "reference.json").write_text(json.dumps({"error": error}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
