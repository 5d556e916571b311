"""Images of others below a plate that this config took over."""

from collections.abc import Iterator

from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.plan import Plan
from tiles2zarr.ngff.mark import is_of_others
from tiles2zarr.stores.base import Store


def foreign_findings(
    store: Store, plan: Plan, owner: str, mode: str
) -> tuple[Finding, ...]:
    """Return a finding on images in the plate's folder that nobody lists any more.

    ``overwrite`` replaces the images of others that the plan names, and others may have
    added to a plate of ours. None that the plan does not name is removed, but the
    plate's metadata are then those of the plan, so it cannot be seen there.

    Args:
        store: The plate.
        plan: What this config makes.
        owner: Id of this config.
        mode: The overwrite mode, one that is not ``extend``.
    """
    found = sorted(_foreign_images(store, plan, owner))
    if not found:
        return ()
    message = (
        f"{len(found)} images of others are in the folder of the plate but not in its "
        f"metadata, which writing.overwrite_mode: {mode} made anew. Remove their "
        "folders, or let the config that made them build its tables again with extend: "
        "it lists them."
    )
    return (
        Finding(
            code="foreign_images_unlisted",
            message=message,
            count=len(found),
            images=tuple(found[:SHOWN]),
        ),
    )


def _foreign_images(store: Store, plan: Plan, owner: str) -> Iterator[str]:
    """Yield the images in wells that have levels, and not our mark.

    Other folders are none: the tables of AnnData are arrays as deep as images.
    """
    for row in filter(str.isalpha, store.children("")):
        for column in filter(str.isdigit, store.children(row)):
            for name in store.children(f"{row}/{column}"):
                if not name[0].isalnum():
                    continue
                image = f"{row}/{column}/{name}"
                if image not in plan.images and is_of_others(store, image, owner):
                    yield image
