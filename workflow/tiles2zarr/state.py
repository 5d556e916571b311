"""Where the state of one plate lies below ``results/<name>/``."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class State:
    """Names of the state files; nothing is read or written here."""

    root: Path

    @property
    def plan(self) -> Path:
        """What will be made."""
        return self.root / "plan.json"

    @property
    def decisions(self) -> Path:
        """What was decided once per acquisition."""
        return self.root / "decisions.json"

    @property
    def owner(self) -> Path:
        """The id that marks stores made by this config."""
        return self.root / "owner.json"

    @property
    def plate(self) -> Path:
        """Output of build_tables."""
        return self.root / "plate.json"

    @property
    def page(self) -> Path:
        """The report page."""
        return self.root / "report.html"

    @property
    def contact_sheet(self) -> Path:
        """All channels of the first acquisition, made by report."""
        return self.root / "report" / "contact_sheet.jpg"

    @property
    def figures(self) -> Path:
        """A row of quality figures per image and channel, made by report."""
        return self.root / "report" / "quality.csv"

    @property
    def complete(self) -> Path:
        """Output of complete."""
        return self.root / "done" / "complete.json"

    @property
    def findings(self) -> Path:
        """Everything noticed, merged by build_tables."""
        return self.root / "findings.json"

    @property
    def progress(self) -> Path:
        """Folder of what the write jobs tell while they run."""
        return self.root / "progress"

    @property
    def provenance(self) -> Path:
        """How the plate came about, made by build_tables."""
        return self.root / "provenance.json"

    @property
    def waiting(self) -> Path:
        """Files last left for a later run."""
        return self.root / "waiting.json"

    def acquired(self, acquisition: int) -> Path:
        """What the last whole reading of a growing acquisition told."""
        return self.root / "acquired" / f"{acquisition}.json"

    def sources(self, what: str) -> Path:
        """Digest of the sources of a batch, or of the ``index``, as last used."""
        return self.root / "sources" / f"{what}.txt"

    def batch(self, batch: str) -> Path:
        """The input of a batch's register job."""
        return self.root / "batches" / f"{batch}.json"

    def done(self, step: str, batch: str) -> Path:
        """The declared output of a batch's job."""
        return self.root / "done" / step / f"{batch}.json"

    def tiles(self, image: str) -> Path:
        """Checkpoint of parse_tiles."""
        return self.root / "tiles" / f"{image}.json"

    def registered(self, image: str) -> Path:
        """Checkpoint of register."""
        return self.root / "registered" / f"{image}.json"

    def written(self, image: str) -> Path:
        """Receipt of write_zarr."""
        return self.root / "written" / f"{image}.json"

    def tabled(self, image: str) -> Path:
        """Mark of build_tables: the tables of the image stand."""
        return self.root / "tabled" / f"{image}.json"

    def images(self, kind: str) -> Iterator[str]:
        """Yield the ids of all images with a file of ``kind`` (``tiles`` ...)."""
        folder = self.root / kind
        for path in sorted(folder.rglob("*.json")):
            yield path.relative_to(folder).as_posix().removesuffix(".json")
