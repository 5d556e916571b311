"""One image listed in its plate before the others are there, at a cost of its own.

``build_tables`` looks at all images; done after each of them, it would make a plate of
thousands take hours. Here the plate's listing and tables get what the image adds.
"""

from tiles2zarr.checkpoints import read_json
from tiles2zarr.config.omezarr import Windows
from tiles2zarr.config.options.tables import TablesOptions
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.plan import BatchOutcome
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.models.tabled import Tabled
from tiles2zarr.ngff.plate import PlateImage
from tiles2zarr.ngff.plate_listing import list_image
from tiles2zarr.ngff.tables import add_plate_rows
from tiles2zarr.ngff.tables_frames import PlateRows
from tiles2zarr.state import State
from tiles2zarr.steps.batching import single_name
from tiles2zarr.steps.build_tables import lay_out_plates
from tiles2zarr.steps.image_tables import build_image_tables, find_windows
from tiles2zarr.steps.output import open_store, plate_owner
from tiles2zarr.steps.written_images import Written, sum_up


def add_image(image: str, state: State, options: TablesOptions) -> None:
    """Write the tables of an image and list it in its plate, beside the others.

    Its contrast windows are its own until ``build_tables`` makes those of the plate.
    Only one process at a time may change the plate.

    Args:
        image: Its id; it was just written, by a job of its own.
        state: The plate's state.
        options: What the tables depend on.

    Raises:
        Tiles2ZarrError: State cannot be read, or the output cannot be written.
    """
    written, receipt = _written(image, state)
    alone = options.replace(windows=Windows.IMAGE)
    found = find_windows(iter([(written, receipt)]), iter(()), state, alone)
    tabled = build_image_tables(found, state, alone)[image]
    if isinstance(written.collection, ImageInPlate):
        _list(written.collection, tabled, state, options)


def _written(image: str, state: State) -> tuple[Written, Receipt]:
    batch = single_name(image)
    before, done = (
        read_json(state.done(step, batch), BatchOutcome).images[image]
        for step in ("register", "write_zarr")
    )
    acquisition = read_json(state.registered(image), RegisteredImage).acquisition_id
    receipt = read_json(state.written(image), Receipt)
    digests = str(done.digest), str(before.digest)
    return sum_up(image, acquisition, receipt, *digests), receipt


def _list(
    place: ImageInPlate, tabled: Tabled, state: State, options: TablesOptions
) -> None:
    output = open_store(options.output, options.output_storage_options)
    store = output.below(f"{place.plate_name}.zarr")
    if plate_owner(store, "") is None:
        lay_out_plates(state, options)  # it was removed since init
    list_image(store, PlateImage.of(place), options.ngff_version)
    rows = PlateRows(image=place.image, conditions=tabled.conditions, fovs=tabled.fovs)
    add_plate_rows(
        store.derived(),
        rows,
        version=options.ngff_version,
        backend=options.table_backend,
    )
