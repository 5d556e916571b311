"""All that verify found of a plate, as lines for people and as facts for programs."""

from collections.abc import Mapping
from dataclasses import dataclass

from tiles2zarr.commands.comparison import Compared, Tally
from tiles2zarr.commands.damage import Damage
from tiles2zarr.commands.plates import count


@dataclass(frozen=True)
class Found:
    """All that was found of a plate."""

    images: Mapping[str, tuple[Damage, ...]]
    """What is amiss with each image of the plan, only those with damage."""
    others: Mapping[str, tuple[str, ...]]
    """What is amiss with plate metadata, by image id or name of the plate."""
    compared: Mapping[str, Compared]
    """How the planes of each image fared against their sources, if looked at."""
    failed: frozenset[str]
    """Images that were never written, for a reason that a rerun may find gone."""
    total: int
    """Images of the plan."""
    foreign: Mapping[str, tuple[str, ...]]
    """Images of others in plates of ours, by the plate's name; they are no fault."""

    @property
    def tallies(self) -> list[Tally]:
        """How each plane that was looked at fared."""
        return [
            tally for one in self.compared.values() for tally in one.planes.values()
        ]

    def facts(self) -> dict[str, object]:
        """Return the same for programs, as JSON values."""
        damaged = {
            image: [{"part": one.part, "message": one.message} for one in damages]
            for image, damages in sorted(self.images.items())
        }
        planes = self.tallies
        return {
            "images": self.total,
            "damaged": damaged,
            "metadata": {
                place: list(self.others[place]) for place in sorted(self.others)
            },
            "failed": sorted(self.failed),
            "foreign": sorted(i for images in self.foreign.values() for i in images),
            "planes": {
                "compared": sum(not tally.unknown for tally in planes),
                "differing": sum(bool(tally.differing) for tally in planes),
                "unknown": sum(bool(tally.unknown) for tally in planes),
            },
        }

    def lines(self) -> list[str]:
        """Return one line per image or plate, sorted."""
        texts: dict[str, list[str]] = {}
        for image, damages in self.images.items():
            texts.setdefault(image, []).extend(d.message for d in damages)
        for place, messages in self.others.items():
            texts.setdefault(place, []).extend(messages)
        return [f"{place}: {'; '.join(texts[place])}" for place in sorted(texts)]

    def foreign_lines(self) -> list[str]:
        """Return one line per plate with images of others."""
        return [
            f"{name}: {count(len(images), 'image')} of others in the plate, not looked "
            f"at, e.g. {images[0]}"
            for name, images in sorted(self.foreign.items())
        ]
