"""What the page shows, image by image: small, so that 1536 wells fit into memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tiles2zarr.models.base import Scalar
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.well import PlateLayout, well_name
from tiles2zarr.report.frame import Place

Standing = Literal["written", "failed", "blocked", "waiting", "unknown"]
"""``unknown``: said to be written, but its receipt is missing or damaged."""
Profile = tuple[float | None, ...]


@dataclass(frozen=True)
class ChannelFacts:
    """One channel of one image."""

    label: str
    color: str
    """``RRGGBB``."""
    figures: Mapping[str, float]
    """By key of `figures.FIGURES`; what was not measured is absent."""
    light: tuple[float, ...] = ()
    """Brightness over the field, square blocks row by row."""
    z_focus: Profile = ()
    t_mean: Profile = ()


@dataclass(frozen=True)
class FieldFacts:
    """One field of view, in pixels of the image."""

    name: str
    before: tuple[float, float]
    """Row and column of its corner where the stage was."""
    after: tuple[int, int]
    """Row and column of its corner in the image."""
    shape: tuple[int, int]
    planes: int = 0
    missing: int = 0
    """Planes without pixels."""

    @property
    def moved(self) -> float:
        """How far tiling moved the field, pixel."""
        (y, x), (v, u) = self.before, self.after
        return float(((v - y) ** 2 + (u - x) ** 2) ** 0.5)


@dataclass(frozen=True)
class MissingPlane:
    """A plane that should have been there."""

    field: str
    c: int
    z: int
    t: int
    status: str
    file: str


@dataclass(frozen=True)
class Stored:
    """What the store holds of an image."""

    bytes: int
    objects: int
    levels: Mapping[str, tuple[int, ...]]
    """Path to shape of each level, the largest first."""


@dataclass(frozen=True)
class ImageFacts:
    """One image of the plan."""

    image: str
    path: str
    """Path below the output folder."""
    group: str
    """Plate it belongs to; empty for single images."""
    acquisition: int
    place: Place | None
    """Its well; ``None`` for a single image."""
    standing: Standing
    reason: str = ""
    """Why it is not written."""
    axes: str = ""
    shape: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    dtype: str = ""
    pixel_um: tuple[float, float] = (1.0, 1.0)
    """Height and width of a pixel."""
    origin_um: tuple[float, float] = (0.0, 0.0)
    """Row and column position of the image in its well (No Tiling)."""
    stored: Stored | None = None
    source_files: int = 0
    pixel_bytes: int = 0
    """Acquired pixels before compression."""
    channels: tuple[ChannelFacts, ...] = ()
    fields: tuple[FieldFacts, ...] = ()
    planes: int = 0
    missing: int = 0
    """Planes without pixels."""
    missing_shown: tuple[MissingPlane, ...] = ()
    conditions: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)
    """Distinct values of each condition."""

    @property
    def name(self) -> str:
        """The well, or the id of a single image."""
        return self.image if self.place is None else well_name(*self.place)


@dataclass(frozen=True)
class AcquisitionFacts:
    """One acquisition: its name and how its tiles were placed."""

    id: int
    name: str
    tiling: str = ""
    reason: str = ""


@dataclass(frozen=True)
class RuleUse:
    """What the jobs of a rule took, from the benchmark files."""

    rule: str
    jobs: int
    seconds: float
    cpu_seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Contrast:
    """Black and white of a channel in all its pictures."""

    start: float
    end: float


@dataclass(frozen=True)
class Facts:
    """Everything the page tells, pictures apart."""

    name: str
    output: str
    layout: PlateLayout | None
    images: tuple[ImageFacts, ...]
    acquisitions: tuple[AcquisitionFacts, ...]
    findings: tuple[Finding, ...]
    contrast: Mapping[tuple[int, str], Contrast]
    """By acquisition and channel label, over all images."""
    foreign: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    """Plate to wells that hold images of others only."""
    use: tuple[RuleUse, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    config_set: str = ""
    """YAML of what differs from the defaults."""
    config_full: str = ""
    """YAML of the whole config."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Plates, the plan's own first; the empty name stands for single images."""
        names = sorted({image.group for image in self.images} | self.foreign.keys())
        return tuple(sorted(names, key=lambda name: (name != self.name, name)))

    def of(self, group: str, acquisition: int | None = None) -> tuple[ImageFacts, ...]:
        """Return the images of a plate, all or those of an acquisition."""
        return tuple(
            image
            for image in self.images
            if image.group == group and acquisition in (None, image.acquisition)
        )
