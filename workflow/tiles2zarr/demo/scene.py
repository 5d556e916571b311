"""Realistic pixels: nuclei and the cells around them, as a camera would see them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Photons = npt.NDArray[np.float32]

_CAMERA_OFFSET = 100.0
_READ_NOISE = 2.5
_NUCLEUS_RADIUS_PX = 11.0
_CELL_RADIUS_PX = 34.0


@dataclass(frozen=True)
class Culture:
    """What grows in a well."""

    cells: int
    """Cells to seed; fewer grow where the well is crowded."""
    expression: float
    """Brightness of the cytoplasm against an untreated well."""


def grow(
    culture: Culture, shape: tuple[int, int], rng: np.random.Generator
) -> tuple[Photons, Photons]:
    """Return the light of nuclei and of cytoplasm, photons per pixel, both (y, x).

    The light falls off towards the rim of the scene, as it does in a well.
    """
    grain = 1 + 0.35 * _smooth_noise(shape, 2.0, rng)
    nuclei = np.zeros(shape, np.float32)
    bodies = np.zeros(shape, np.float32)
    for centre in _scatter(culture.cells, shape, rng):
        window, (dy, dx) = _around(centre, shape)
        nucleus = _blob(dy, dx, _NUCLEUS_RADIUS_PX, 0.6, rng)
        body = _blob(dy, dx, _CELL_RADIUS_PX, 3.0, rng) * (1 - 0.45 * nucleus)
        dna = np.float32(rng.lognormal(6.3, 0.25))
        protein = np.float32(culture.expression * rng.lognormal(5.6, 0.55))
        nuclei[window] = np.maximum(nuclei[window], dna * nucleus)
        bodies[window] = np.maximum(bodies[window], protein * body)
    shade = _falloff(shape)
    return (nuclei * grain + 18) * shade, (bodies * grain + 30) * shade


def expose(
    light: Photons, blur_px: float, rng: np.random.Generator
) -> npt.NDArray[np.uint16]:
    """Return one camera frame (y, x) of ``light`` seen out of focus by ``blur_px``.

    The camera adds an offset of 100 counts, shot noise and read noise.
    """
    seen = np.clip(_blurred(light, blur_px), 0, None)
    spread = np.sqrt(seen + _READ_NOISE**2)
    noise = rng.standard_normal(light.shape, np.float32)
    counts: Photons = np.rint(_CAMERA_OFFSET + seen + spread * noise)
    return counts.clip(0, 65535).astype(np.uint16)


def _scatter(
    count: int, shape: tuple[int, int], rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Return up to ``count`` centres (y, x) that are at least one nucleus apart."""
    apart = (2.2 * _NUCLEUS_RADIUS_PX) ** 2
    centres: list[tuple[float, float]] = []
    for _ in range(20 * count):
        if len(centres) == count:
            break
        y, x = (float(value) for value in rng.uniform((0, 0), shape))
        if all((y - cy) ** 2 + (x - cx) ** 2 > apart for cy, cx in centres):
            centres.append((y, x))
    return centres


def _around(
    centre: tuple[float, float], shape: tuple[int, int]
) -> tuple[tuple[slice, slice], tuple[Photons, Photons]]:
    """Return the window a cell may fill, and the way there from its centre (y, x)."""
    reach = 2.5 * _CELL_RADIUS_PX
    window = tuple(
        slice(max(0, int(middle - reach)), min(size, int(middle + reach) + 1))
        for middle, size in zip(centre, shape, strict=True)
    )
    y, x = np.ogrid[window]
    return (window[0], window[1]), (
        (y - centre[0]).astype(np.float32),
        (x - centre[1]).astype(np.float32),
    )


def _blob(
    dy: Photons, dx: Photons, radius_px: float, edge_px: float, rng: np.random.Generator
) -> Photons:
    """Return a rounded, slightly irregular shape around (0, 0): 1 inside, 0 outside."""
    size = radius_px * rng.uniform(0.8, 1.25)
    angle = np.arctan2(dy, dx)
    rim = np.full(angle.shape, size, np.float32)
    for lobes in (2, 3):
        swing = size * rng.uniform(0, 0.32 / lobes)
        rim += swing * np.cos(lobes * angle + rng.uniform(0, 2 * np.pi))
    outside = (np.hypot(dy, dx) - rim) / edge_px
    shape: Photons = 1 / (1 + np.exp(outside.clip(-50, 50)))
    return shape


def _falloff(shape: tuple[int, int]) -> Photons:
    """Return the share of light per pixel: 1 in the middle, 0.7 in the corners."""
    y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)[None, :]
    light: Photons = 1 - 0.15 * (y**2 + x**2)
    return light


def _smooth_noise(
    shape: tuple[int, int], sigma_px: float, rng: np.random.Generator
) -> Photons:
    """Return noise of mean 0 and deviation 1 with grains of about ``sigma_px``."""
    noise = _blurred(rng.standard_normal(shape, np.float32), sigma_px)
    scaled: Photons = noise / noise.std()
    return scaled


def _blurred(image: Photons, sigma_px: float) -> Photons:
    """Return ``image`` under a Gaussian of ``sigma_px``; 0 leaves it sharp.

    Done in Fourier space, where the transform of a Gaussian is known: the scene wraps
    round at its edges.
    """
    if sigma_px == 0:
        return image
    fy = np.fft.fftfreq(image.shape[0])[:, None]
    fx = np.fft.rfftfreq(image.shape[1])[None, :]
    transfer = np.exp(-2 * (np.pi * sigma_px) ** 2 * (fy**2 + fx**2))
    blurred = np.fft.irfft2(np.fft.rfft2(image) * transfer, image.shape)
    return blurred.astype(np.float32)
