"""A plan and what follows from it: bytes, files, memory, time, other tiling modes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from tiles2zarr.commands.sampling import Sample, cores_here
from tiles2zarr.commands.tiling_modes import Mode
from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.models.decisions import Decisions
from tiles2zarr.models.plan import Batch, Plan

MANY_FILES = 1_000_000
"""Files above which copying and listing a plate takes hours."""


def channel_labels(details: AcquisitionDetails) -> list[str]:
    """Return what the channels are called, nothing where they are only numbered."""
    return [channel.channel_label for channel in details.channels or ()]


@dataclass(frozen=True)
class Outlook:
    """Everything `plan` tells of a plate."""

    plan: Plan
    decisions: Decisions
    batches: Sequence[Batch]
    sample: Sample | None
    modes: Mapping[int, tuple[Mode, ...]]
    """By acquisition."""
    written: int
    """Images that an earlier run wrote."""
    missing: Sequence[str] = ()
    """Source files that are not there."""
    details: Mapping[int, AcquisitionDetails] = field(default_factory=dict)
    """Pixel size and channels, by acquisition."""

    @property
    def source_bytes(self) -> int:
        """Pixel bytes to read."""
        return sum(batch.source_bytes for batch in self.batches)

    @property
    def source_files(self) -> int:
        """Files to read; one that several batches read counts once."""
        return len(
            {
                (folder, name)
                for batch in self.batches
                for folder, names in batch.sources.items()
                for name in names
            }
        )

    @property
    def stored_bytes(self) -> int | None:
        """A guess of the bytes on disk."""
        if self.sample is None:
            return None
        return round(self.plan.expected_bytes / self.sample.ratio)

    @property
    def job_mb(self) -> int:
        """Memory the largest write job asks for."""
        return max(batch.mem_mb for batch in self.batches)

    @property
    def jobs_at_once(self) -> int:
        """Write jobs that run side by side on this computer."""
        threads = max(batch.threads for batch in self.batches)
        return max(1, min(len(self.batches), cores_here() // threads))

    @property
    def seconds(self) -> float | None:
        """A guess of how long the run takes on this computer."""
        if self.sample is None:
            return None
        cores = cores_here()
        return self.sample.seconds(self.source_bytes, len(self.batches), cores)

    def facts(self) -> dict[str, object]:
        """Return all of it as JSON values."""
        plan, sample = self.plan, self.sample
        return {
            "name": plan.name,
            "kind": plan.kind,
            "images": {i: e.model_dump(mode="json") for i, e in plan.images.items()},
            "batches": list(plan.batches),
            "planes": sum(entry.planes for entry in plan.images.values()),
            "source_files": self.source_files,
            "missing_files": list(self.missing),
            "source_bytes": self.source_bytes,
            "pixel_bytes": plan.expected_bytes,
            "stored_bytes": self.stored_bytes,
            "files": plan.expected_files,
            "many_files": plan.expected_files > MANY_FILES,
            "job_memory_mb": self.job_mb,
            "jobs_at_once": self.jobs_at_once,
            "cores": cores_here(),
            "seconds": self.seconds,
            "sample": sample and asdict(sample),
            "acquisitions": self._acquisitions(),
            "written": self.written,
            "findings": [found.model_dump(mode="json") for found in plan.findings],
        }

    def _scale(self, number: int) -> dict[str, object]:
        details = self.details.get(number)
        if details is None:
            return {}
        return {
            "pixelsize": details.pixelsize,
            "z_spacing": details.z_spacing,
            "channel_labels": channel_labels(details),
        }

    def _acquisitions(self) -> dict[str, object]:
        return {
            str(number): {
                **decision.model_dump(mode="json", exclude={"requested"}),
                **self._scale(number),
                "modes": [asdict(mode) for mode in self.modes.get(number, ())],
            }
            for number, decision in sorted(self.decisions.acquisitions.items())
        }
