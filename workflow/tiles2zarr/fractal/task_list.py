"""The tasks that the package offers to Fractal; the manifest is generated from it.

fractal-manifest create --package tiles2zarr --task-list-path fractal.task_list
"""

from fractal_task_tools.task_models import ConverterCompoundTask

import tiles2zarr.fractal.arguments
import tiles2zarr.fractal.input_models
import tiles2zarr.fractal.runs  # noqa: F401  # the models of all arguments
from tiles2zarr.models.descriptions import describe_fields

describe_fields(plain=True)

AUTHORS = "tiles2zarr contributors"
DOCS_LINK = None
COMPUTE = "fractal/tasks/convert_image_compute.py"
MEMORY_MB = 4000
CORES = 4


def _task(
    name: str, executable: str, *tags: str, modality: str | None = "HCS"
) -> ConverterCompoundTask:
    return ConverterCompoundTask(
        name=name,
        executable_init=f"fractal/tasks/convert_{executable}_init.py",
        executable=COMPUTE,
        meta_init={"cpus_per_task": 1, "mem": MEMORY_MB},
        meta={"cpus_per_task": CORES, "mem": MEMORY_MB},
        category="Conversion",
        modality=modality,
        tags=list(tags),
    )


TASK_LIST = [
    _task("Convert Tile Table to OME-Zarr", "tile_table", "CSV", "Parquet"),
    _task(
        "Convert Single Images to OME-Zarr",
        "single_images",
        "CSV",
        "Parquet",
        modality=None,
    ),
    _task("Convert Any Known Format to OME-Zarr", "auto"),
    _task("Convert CellVoyager to OME-Zarr", "cellvoyager", "Yokogawa"),
    _task("Convert CQ3K to OME-Zarr", "cq3k", "Yokogawa"),
    _task("Convert Operetta to OME-Zarr", "operetta", "Revvity", "Opera Phenix"),
    _task("Convert ImageXpress to OME-Zarr", "imagexpress", "Molecular Devices"),
    _task("Convert scanR to OME-Zarr", "scanr", "Evident"),
    _task("Convert OME-TIFF to OME-Zarr", "ome_xml", "OME-XML"),
    _task("Convert CZI to OME-Zarr", "czi", "Zeiss"),
    _task("Convert ND2 to OME-Zarr", "nd2", "Nikon"),
    _task("Convert LIF to OME-Zarr", "lif", "Leica"),
    _task("Convert Named Files to OME-Zarr", "pattern", "TIFF"),
]
