"""Images that could not be made anew, while the ones of an earlier run stand."""

from collections.abc import Iterator

from tiles2zarr.checkpoints import digest, read_json_if_there
from tiles2zarr.config.options.tables import TablesOptions
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.plan import BatchOutcome, Plan
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.ngff.mark import read_mark
from tiles2zarr.state import State
from tiles2zarr.steps.output import open_target, read_owner
from tiles2zarr.steps.write_image import is_whole
from tiles2zarr.steps.written_images import Written, sum_up


def kept_images(
    plan: Plan, state: State, options: TablesOptions
) -> Iterator[tuple[Written, Receipt]]:
    """Yield the images of the plan that failed now and stand whole from before.

    Pixels, attributes and tables are those of the earlier run, as its receipt and the
    mark of its tables say.
    """
    owner = read_owner(state)
    for batch in plan.batches:
        done = read_json_if_there(state.done("write_zarr", batch), BatchOutcome)
        for image, outcome in sorted(done.images.items() if done else ()):
            if outcome.status in ("done", "waiting") or image not in plan.images:
                continue
            receipt = _standing(image, state, options, owner)
            if receipt is not None:
                acquisition = plan.images[image].acquisition
                yield sum_up(image, acquisition, receipt, digest(receipt)), receipt


def _standing(
    image: str, state: State, options: TablesOptions, owner: str
) -> Receipt | None:
    """Return the receipt of an image that is ours and whole, tables included."""
    try:
        receipt = read_json_if_there(state.written(image), Receipt)
        if receipt is None or not state.tabled(image).is_file():
            return None
        target = open_target(
            options.output, receipt.collection, options.output_storage_options
        )
        mark = read_mark(target.current()) if target.exists() else None
    except Tiles2ZarrError:
        return None  # damaged: nothing to show
    if mark is None or mark.owner != owner:
        return None
    return receipt if is_whole(target.current(), receipt, mark) else None


def kept_findings(images: list[Written]) -> list[Finding]:
    """Return a finding on the images that are shown as an earlier run made them."""
    if not images:
        return []
    names = [image.image for image in images]
    found = Finding(
        code="earlier_image_kept",
        severity="error",
        message=(
            f"{len(names)} images could not be made anew; what an earlier run wrote of "
            "them stays in the plate, pixels and tables."
        ),
        count=len(names),
        images=tuple(names[:SHOWN]),
    )
    return [found]
