"""Images that left the plan: kept, or with overwrite removed."""

from collections.abc import Mapping
from pathlib import Path

from tiles2zarr.checkpoints import read_json
from tiles2zarr.config.options.tables import TablesOptions
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.plan import Plan
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.ngff.mark import read_mark
from tiles2zarr.state import State
from tiles2zarr.steps.output import open_target, read_owner

CODES = {
    "no_overwrite": "they stay on disk but not in the plate. "
    "`tiles2zarr prune` removes them.",
    "extend": "they stay, also in the plate. `tiles2zarr prune` removes them.",
    "overwrite": "they were removed, as writing.overwrite_mode: overwrite asks for.",
}
"""What becomes of images that left the plan, by overwrite mode."""


def find_orphans(plan: Plan, state: State) -> tuple[str, ...]:
    """Return the ids of images that were written and are no longer in the plan."""
    return tuple(i for i in state.images("written") if i not in plan.images)


def settle_orphans(
    plan: Plan, state: State, options: TablesOptions
) -> tuple[Finding, ...]:
    """Remove the images that left the plan with overwrite; return a finding on them.

    Raises:
        StoreError: An image cannot be removed.
    """
    gone = find_orphans(plan, state)
    if not gone:
        return ()
    if options.overwrite_mode == "overwrite":
        for image in gone:
            remove_image(image, state, options.output, options.output_storage_options)
    what = CODES[options.overwrite_mode.value]
    return (
        Finding(
            code="orphan_image",
            message=f"Images that left the plan: {len(gone)}; {what}",
            count=len(gone),
            images=gone[:SHOWN],
        ),
    )


def remove_image(
    image: str,
    state: State,
    output: str,
    storage: Mapping[str, object] | None = None,
) -> bool:
    """Remove an image this config made, and its state; say whether it was there.

    An image that others made in its place stays.

    Args:
        image: Its id.
        state: The plate's state.
        output: Folder or URL of the output.
        storage: Options of the URL's file system.

    Raises:
        LockedError: A live process is writing it.
        StoreError: It cannot be removed.
    """
    receipt = read_json(state.written(image), Receipt)
    target = open_target(output, receipt.collection, storage)
    removed = False
    with target.hold():
        target.recover()
        cut_short = target.interrupted()
        there = target.exists() or cut_short is not None
        mark = read_mark(cut_short or target.current()) if there else None
        if mark is not None and mark.owner == read_owner(state):
            target.remove()
            removed = True
    for path in _state_files(image, state):
        path.unlink(missing_ok=True)
    return removed


def _state_files(image: str, state: State) -> tuple[Path, ...]:
    return state.tabled(image), state.registered(image), state.written(image)
