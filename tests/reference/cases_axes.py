"""Cases about planes, time, channels, pixel types and the arrays that hold them."""

from dataclasses import replace

from tests.reference.case import PIXEL, Acquisition, Case, Tile, Truth
from tests.reference.layouts import (
    Plane,
    at_pixels,
    canvas,
    channels,
    fields,
    grid,
    in_well,
    mosaic,
)

PAIR = grid(1, 2, step=(29, 36))
"""Two overlapping fields that snap side by side: 32 x 80 pixels."""


def axes_cases() -> tuple[Case, ...]:
    """Return all cases of this module."""
    return (
        *time_and_z(),
        *z_details(),
        *z_offsets(),
        *fewer_axes(),
        *sparse_channels(),
        *pixel_types(),
        *files(),
        *arrays(),
        *pyramids(),
    )


def time_and_z() -> tuple[Case, ...]:
    """Return stacks and time series in world units and in plane numbers."""
    world = [
        Plane(10.0 + 1.5 * z, c, 4.0 + 2.0 * t, (t, c, z))
        for t in range(3)
        for c in range(2)
        for z in range(2)
    ]
    numbers = [Plane(z, 0, t, (t, 0, z)) for t in range(2) for z in range(3)]
    counted = {"start_z_coo": "pixel", "start_t_coo": "pixel"}
    spacing = {"z_spacing": 1.5, "t_spacing": 2.0, "axes": "tczyx"}
    dyes = {"channels": channels("DAPI", "GFP")}
    return (
        Case(
            "time_and_z",
            "Three time points 2 s apart and two planes 1.5 micrometer apart; starts "
            "are world units that do not begin at 0. Same in the reference.",
            (Acquisition(fields(PAIR, world), spacing | dyes),),
            {
                "B/03/0": Truth(
                    canvas(32, 80, t=3, c=2, z=2),
                    axes="tczyx",
                    scale=(2.0, 1.0, 1.5, PIXEL, PIXEL),
                    labels=("DAPI", "GFP"),
                )
            },
        ),
        Case(
            "counted_time_and_z",
            "Planes and time points told as numbers. Same in the reference.",
            (Acquisition(fields(PAIR, numbers), spacing | counted),),
            {
                "B/03/0": Truth(
                    canvas(32, 80, t=2, z=3),
                    axes="tczyx",
                    scale=(2.0, 1.0, 1.5, PIXEL, PIXEL),
                )
            },
        ),
        Case(
            "z_world",
            "Planes 1.5 micrometer apart from 10 micrometer on. Same in the reference.",
            (
                Acquisition(
                    fields(PAIR, [Plane(10 + 1.5 * z, at=(0, 0, z)) for z in range(3)]),
                    {"z_spacing": 1.5},
                ),
            ),
            {"B/03/0": Truth(canvas(32, 80, z=3), scale=(1, 1, 1.5, PIXEL, PIXEL))},
        ),
    )


def z_details() -> tuple[Case, ...]:
    """Return a stack with an unsteady drive, and an image without axes given."""
    noisy = [Plane(start, at=(0, 0, z)) for z, start in enumerate((10.0, 11.44, 13.05))]
    return (
        Case(
            "z_noise",
            "Plane positions round to the nearest plane. Same in the reference.",
            (Acquisition(fields(PAIR, noisy), {"z_spacing": 1.5}),),
            {"B/03/0": Truth(canvas(32, 80, z=3), scale=(1, 1, 1.5, PIXEL, PIXEL))},
        ),
        Case(
            "default_axes",
            "Without `axes` an image of one time point is czyx; in the reference it is "
            "tczyx.",
            (Acquisition(fields(PAIR), {"axes": None}),),
            {"B/03/0": Truth(canvas(32, 80))},
            differs=dict.fromkeys(("axes", "rois", "well_roi"), "tczyx by default"),
        ),
    )


def z_offsets() -> tuple[Case, ...]:
    """Return two fields whose stacks start 3 micrometer (2 planes) apart."""
    left, right = (
        fields({fov: place}, [Plane(0.5 + 1.5 * z, at=(0, 0, z)) for z in range(3)])
        for fov, place in PAIR.items()
    )
    higher = tuple(replace(tile, z=tile.z + 3.0) for tile in right)
    raised = tuple(
        replace(tile, at=(0, 0, 2 + index, *tile.at[3:]))
        for index, tile in enumerate(higher)
    )
    scale = (1, 1, 1.5, PIXEL, PIXEL)
    details = {"z_spacing": 1.5}
    return (
        Case(
            "z_offset_image",
            "Without align_z the smallest z of the image is plane 0. Same in the "
            "reference.",
            (Acquisition(left + raised, details),),
            {"B/03/0": Truth(canvas(32, 80, z=5), scale=scale)},
        ),
        Case(
            "z_offset_align",
            "With align_z every field's own smallest z is plane 0. Same in the "
            "reference (Per-FOV).",
            (Acquisition(left + higher, details),),
            {"B/03/0": Truth(canvas(32, 80, z=3), scale=scale)},
            registration={"align_z": True},
        ),
        Case(
            "z_offset_fov",
            "`offsets.z: fov` does the same as align_z.",
            (Acquisition(left + higher, details),),
            {"B/03/0": Truth(canvas(32, 80, z=3), scale=scale)},
            registration={"offsets": {"z": "fov"}},
        ),
    )


def fewer_axes() -> tuple[Case, ...]:
    """Return images without some of the axes."""
    plane = fields(PAIR)
    stack = fields(PAIR, [Plane(z, at=(0, 0, z)) for z in range(2)])
    times = fields(PAIR, [Plane(t=t, at=(t, 0, 0)) for t in range(2)])
    written = {"yx": plane, "cyx": plane, "zyx": stack, "tyx": times}
    shapes = {"yx": {}, "cyx": {}, "zyx": {"z": 2}, "tyx": {"t": 2}}
    return tuple(
        Case(
            f"axes_{axes}",
            f"An image with the axes {axes} only. Same in the reference, which keeps "
            "no original z where there is no z axis.",
            (Acquisition(tiles, {"axes": axes}),),
            {"B/03/0": Truth(canvas(32, 80, **shapes[axes]), axes=axes)},
            differs={} if "z" in axes else {"originals": "no z without a z axis"},
        )
        for axes, tiles in written.items()
    )


def sparse_channels() -> tuple[Case, ...]:
    """Return a well with the first and third of three channels."""
    both = (Plane(c=0), Plane(c=2, at=(0, 1, 0)))
    third = (Plane(c=2),)
    dyes = {"channels": channels("DAPI", "GFP", "Cy5")}
    return (
        Case(
            "sparse_channels",
            "Channels 0 and 2 of three become 0 and 1 and keep their names. Same in "
            "the reference.",
            (Acquisition(fields(PAIR, both), dyes),),
            {"B/03/0": Truth(canvas(32, 80, c=2), labels=("DAPI", "Cy5"))},
        ),
        Case(
            "last_channel_only",
            "A well with only the third channel has the third channel's name.",
            (
                Acquisition(
                    fields(PAIR, both) + fields(PAIR, third, in_well("C", 4)), dyes
                ),
            ),
            {
                "B/03/0": Truth(canvas(32, 80, c=2), labels=("DAPI", "Cy5")),
                "C/04/0": Truth(canvas(32, 80), labels=("Cy5",)),
            },
        ),
    )


def pixel_types() -> tuple[Case, ...]:
    """Return every pixel type, and two wells of different types."""
    types = ("uint8", "uint16", "uint32", "int16", "float32")
    wells = {
        "B/03/0": ("uint8", in_well("B", 3)),
        "C/04/0": ("uint16", in_well("C", 4)),
    }
    mixed = tuple(
        tile
        for dtype, base in wells.values()
        for tile in fields(PAIR, base=replace(base, dtype=dtype))
    )
    single = tuple(
        Case(
            f"dtype_{dtype}",
            f"{dtype} stays {dtype}; integers average to the nearest, halves up.",
            (
                Acquisition(
                    fields(PAIR, base=replace(in_well("B", 3), dtype=dtype)),
                ),
            ),
            {"B/03/0": Truth(canvas(32, 80), dtype=dtype)},
        )
        for dtype in types
    )
    return (
        *single,
        Case(
            "wells_of_two_dtypes",
            "W1: each well keeps its files' type; the reference makes uint8 of all and "
            "wraps the values of the second well.",
            (Acquisition(mixed),),
            {
                image: Truth(canvas(32, 80), dtype=dtype)
                for image, (dtype, _) in wells.items()
            },
            differs=dict.fromkeys(
                ("dtype", "pixels", "pyramid"), "W1: the first tile's dtype"
            ),
        ),
    )


def files() -> tuple[Case, ...]:
    """Return files of several planes, and files that are not TIFF."""
    left, right = PAIR.items()
    stack = Tile("", 0, 0, (0, 0, 0, 0, 0), shape=(3, 32, 40))
    block = Tile("", 0, 0, (0, 0, 0, 0, 0), shape=(2, 3, 32, 40))
    return (
        Case(
            "stack_files",
            "One TIFF of three planes per field. Same in the reference.",
            (Acquisition(fields(PAIR, base=stack), {"z_spacing": 2.0}),),
            {"B/03/0": Truth(canvas(32, 80, z=3), scale=(1, 1, 2.0, PIXEL, PIXEL))},
        ),
        Case(
            "channel_stack_files",
            "One TIFF of two channels with three planes each, z fastest. Same in the "
            "reference.",
            (Acquisition(fields(PAIR, base=block)),),
            {
                "B/03/0": Truth(
                    canvas(32, 80, c=2, z=3), labels=("channel_0", "channel_1")
                )
            },
        ),
        Case(
            "png_and_npy_files",
            "PNG and NPY files hold the same pixels. Same in the reference.",
            (
                Acquisition(
                    fields(dict([left]), base=replace(in_well("B", 3), suffix=".png"))
                    + fields(
                        dict([right]), base=replace(in_well("B", 3), suffix=".npy")
                    )
                ),
            ),
            {"B/03/0": Truth(canvas(32, 80))},
        ),
    )


def arrays() -> tuple[Case, ...]:
    """Return chunks that divide tiles, do not divide them, and lie in shards."""
    four = grid(2, 2, step=(54, 81), pitch=(60, 90))
    tiles = fields(four, base=replace(in_well("B", 3), shape=(60, 90)))

    def case(name: str, facts: str, edges: tuple[int, int], **omezarr: object) -> Case:
        truth = Truth(canvas(120, 180), chunks=edges)
        return Case(
            name, facts, (Acquisition(tiles),), {"B/03/0": truth}, omezarr=omezarr
        )

    half = {"kind": "fov", "xy_scaling": 0.5, "z_chunk": 1}
    fixed = {"kind": "fixed", "xy_chunk": 100, "z_chunk": 1}
    shards = {"kind": "multiple", "xy_factor": 2}
    return (
        case("chunks_fov", "Chunks of one field.", (60, 90)),
        case("chunks_half", "Four chunks per field.", (30, 45), chunks=half),
        case("chunks_fixed", "Chunks across fields.", (100, 100), chunks=fixed),
        case("zarr_3", "OME-Zarr 0.5.", (60, 90), ngff_version="0.5"),
        case(
            "shards",
            "OME-Zarr 0.5 with four chunks in a shard.",
            (30, 45),
            ngff_version="0.5",
            chunks=half,
            shards=shards,
        ),
    )


def pyramids() -> tuple[Case, ...]:
    """Return images with odd edges, few pixels, and named levels."""
    odd = grid(1, 2, step=(25, 40), pitch=(31, 45))
    tiles = fields(odd, base=replace(in_well("B", 3), shape=(31, 45)))
    small = fields(at_pixels((0, 0)), base=replace(in_well("B", 3), shape=(8, 8)))
    stretched = "the reference stretches odd levels"
    names = ["s0", "s1", "s2", "s3"]
    return (
        Case(
            "odd_edges",
            "31 x 90 pixels: the last odd row is dropped in each level. The reference "
            "stretches the level over it.",
            (Acquisition(tiles),),
            {"B/03/0": Truth(canvas(31, 90))},
            differs=dict.fromkeys(("pyramid", "scale"), stretched),
        ),
        Case(
            "small_image",
            "W18: five levels of 8 x 8 pixels end at 1 x 1; the reference fails.",
            (Acquisition(small),),
            {"B/03/0": Truth(canvas(8, 8), levels=4)},
            omezarr={"num_levels": 5},
            reference_fails="Shapes are not in decreasing order",
        ),
        mosaic(
            "named_levels",
            "Levels may be named. Same in the reference.",
            grid(2, 2, step=(29, 36), pitch=(32, 40)),
            (64, 80),
            levels=4,
            omezarr={"num_levels": 4, "level_names": names},
        ),
    )
