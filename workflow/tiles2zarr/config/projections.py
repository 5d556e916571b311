"""``projections: keep``: a second plate beside the plate of planes."""

from tiles2zarr.config.acquisition import Projections
from tiles2zarr.config.root import Config

SUFFIX = "_mip"
"""Ends the name of the plate of projections."""


def with_projections(config: Config) -> tuple[Config, ...]:
    """Return a plate's config, and that of its projections if they are kept.

    The second plate has the same wells, named ``<name>_mip``, with the projections of
    the acquisitions that keep them; the first one has their planes.
    """
    keep = [a for a in config.acquisitions if a.options.projections == Projections.KEEP]
    if not keep:
        return (config,)
    planes = tuple(
        a.replace(options=a.options.replace(projections=Projections.DROP))
        if a in keep
        else a
        for a in config.acquisitions
    )
    projected = tuple(
        a.replace(options=a.options.replace(projections=Projections.ONLY)) for a in keep
    )
    name = f"{config.name}{SUFFIX}"
    plate = config.plate.replace(name=name) if config.plate else None
    return (
        config.replace(acquisitions=planes),
        config.replace(name=name, plate=plate, acquisitions=projected),
    )
