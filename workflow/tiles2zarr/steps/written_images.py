"""The images of a plan that stand in the output, and what is told of each.

A receipt names every chunk and every source of its image: a megabyte where a well has a
thousand planes. Each is read once, summed up and forgotten.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tiles2zarr.checkpoints import digest, read_json, read_json_if_there
from tiles2zarr.models.collection import Collection
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.plan import BatchOutcome, Outcome, Plan
from tiles2zarr.models.receipt import HoleColumns, Receipt
from tiles2zarr.ngff.provenance import Origin, origin_of
from tiles2zarr.state import State
from tiles2zarr.steps.fingerprints import content_digest, geometry_digest

ChannelKey = tuple[int, str]
"""An acquisition's id and the label of one of its channels."""


@dataclass(frozen=True)
class Written:
    """An image of the plan that stands in the output."""

    image: str
    """Its id."""
    acquisition: int
    """Id of its acquisition."""
    collection: Collection
    """Where it is."""
    digest: str
    """Of its receipt."""
    registered: str
    """Digest of what register made of it; empty for one of an earlier run."""
    levels: tuple[str, ...]
    """Names of its arrays, largest first."""
    labels: tuple[str, ...]
    """Channel labels."""
    holes: HoleColumns
    """Planes that could not be read."""
    octets: int
    """Bytes of all its chunks."""
    newest_ns: int
    """Time of its newest source, nanoseconds since 1970; 0 if it has none."""
    origin: Origin
    """What it was made from, by what."""

    @property
    def channels(self) -> Sequence[ChannelKey]:
        """What shares contrast windows with other images."""
        return [(self.acquisition, label) for label in self.labels]


def sum_up(
    image: str, acquisition: int, receipt: Receipt, digest: str, registered: str = ""
) -> Written:
    """Return what is told of an image.

    Args:
        image: Its id.
        acquisition: Id of its acquisition.
        receipt: Its receipt.
        digest: Of the receipt.
        registered: Digest of what register made of it.
    """
    return Written(
        image=image,
        acquisition=acquisition,
        collection=receipt.collection,
        digest=digest,
        registered=registered,
        levels=tuple(level.path for level in receipt.levels),
        labels=receipt.labels,
        holes=receipt.holes,
        octets=sum(sum(level.chunks.size) for level in receipt.levels),
        newest_ns=max(receipt.sources.mtime_ns, default=0),
        origin=origin_of(receipt, content_digest(receipt.levels)),
    )


def written_images(plan: Plan, state: State) -> Iterator[tuple[Written, Receipt]]:
    """Yield the images of the plan that are written, by id, each with its receipt.

    An image that this run leaves out (``only``) counts if it stands as registered.
    """
    outcomes = {
        batch: (
            _outcomes(state, "register", batch),
            _outcomes(state, "write_zarr", batch),
        )
        for batch in plan.batches
    }
    for image, entry in sorted(plan.images.items()):
        before, done = (of.get(image) for of in outcomes[entry.batch])
        found: tuple[Receipt, str, str] | None = None
        if before is None or done is None or done.status == "waiting":
            found = _standing(image, state)
        elif done.status == "done" and done.digest and before.digest:
            receipt = read_json(state.written(image), Receipt)
            found = receipt, done.digest, before.digest
        if found is not None:
            yield sum_up(image, entry.acquisition, *found), found[0]


def _outcomes(state: State, step: str, batch: str) -> Mapping[str, Outcome]:
    outcome = read_json_if_there(state.done(step, batch), BatchOutcome)
    return outcome.images if outcome else {}


def _standing(image: str, state: State) -> tuple[Receipt, str, str] | None:
    """Return a receipt, its digest and that of the boxes, if it belongs to them."""
    if not (state.written(image).is_file() and state.registered(image).is_file()):
        return None
    receipt = read_json(state.written(image), Receipt)
    registered = read_json(state.registered(image), RegisteredImage)
    if receipt.geometry != geometry_digest(registered):
        return None
    return receipt, digest(receipt), digest(registered)
