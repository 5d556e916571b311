"""The receipt of an image that is replaced: the next run always finds the right one.

Beside the receipt ``0.json`` stand, during a swap, ``.0.json.pending`` (of the new
image) and ``.0.json.former`` (of the old one). Between the renames of a swap there is
no receipt, since neither image is known to be in place; whoever died there left both.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from tiles2zarr.checkpoints import read_json, replace_file, to_bytes
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.ngff.mark import Mark
from tiles2zarr.steps.fingerprints import content_digest

LOG = logging.getLogger("tiles2zarr")


@dataclass(frozen=True)
class ReceiptPlace:
    """Where the receipt of one image is; to be changed under the image's lock."""

    path: Path

    @property
    def pending(self) -> Path:
        """The receipt of an image that is to be swapped in."""
        return self.path.with_name(f".{self.path.name}.pending")

    @property
    def former(self) -> Path:
        """The receipt of an image that is to be swapped out."""
        return self.path.with_name(f".{self.path.name}.former")

    def known(self) -> Receipt | None:
        """Return the receipt; one that cannot be read counts as none."""
        try:
            return read_json(self.path, Receipt) if self.path.is_file() else None
        except Tiles2ZarrError as error:
            LOG.warning("%s", error)
            return None

    def settle(self, mark: Mark) -> Receipt | None:
        """Return the receipt that belongs to the image in place, by its mark.

        Puts it there if a swap was cut short, and removes the other.
        """
        beside = [p for p in (self.pending, self.former) if p.is_file()]
        for path in beside:
            if _belongs(path, mark):
                path.replace(self.path)
                break
        for path in beside:
            path.unlink(missing_ok=True)
        return self.known()

    def begin(self, receipt: Receipt) -> None:
        """Lay the new image's receipt beside; then the old one proves no more."""
        replace_file(self.pending, to_bytes(receipt), durable=True)

    def withdraw(self) -> None:
        """Take the old receipt away, right before the swap."""
        if self.path.is_file():
            self.path.replace(self.former)

    def finish(self) -> None:
        """Put the new receipt in its place, after the swap."""
        self.pending.replace(self.path)
        self.former.unlink(missing_ok=True)


def _belongs(path: Path, mark: Mark) -> bool:
    try:
        receipt = read_json(path, Receipt)
    except Tiles2ZarrError:
        return False
    same = receipt.pixels == mark.pixels
    return same and content_digest(receipt.levels) == mark.content
