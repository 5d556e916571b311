"""Files of the formats CZI, ND2 and LIF, made in a test."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.generic]
METADATA_POSITION = 92
"""Where the header of a CZI file tells the place of its XML."""


class CziTile(NamedTuple):
    """A tile to be written: scene, corner in pixels, plane, pixels (y, x[, 3])."""

    scene: int
    corner: tuple[int, int]
    plane: Mapping[str, int]
    pixels: Pixels


def write_czi(path: Path, tiles: Iterable[CziTile], xml: str) -> Path:
    """Write tiles in this order (mosaic tiles count up in their plane) and the XML."""
    from pylibCZIrw.czi import create_czi

    with create_czi(str(path)) as writer:
        for tile in tiles:
            pixels = tile.pixels if tile.pixels.ndim == 3 else tile.pixels[..., None]
            writer.write(
                pixels, location=tile.corner, plane=dict(tile.plane), scene=tile.scene
            )
        writer.write_metadata("made", scale_x=1e-6, scale_y=1e-6)
    _replace_xml(path, xml.encode())
    return path


def _replace_xml(path: Path, xml: bytes) -> None:
    """Append a segment with the XML and let the header point there."""
    content = path.read_bytes()
    place = -(-len(content) // 32) * 32
    used = 256 + len(xml)
    allocated = -(-used // 32) * 32
    segment = struct.pack("<16sqqii", b"ZISRAWMETADATA", allocated, used, len(xml), 0)
    segment += bytes(248) + xml + bytes(allocated - used)
    content = content.ljust(place, b"\0") + segment
    header = bytearray(content)
    struct.pack_into("<q", header, METADATA_POSITION, place)
    path.write_bytes(bytes(header))


def czi_xml(image: str = "", scaling: str = "", display: str = "") -> str:
    """Return the XML of a CZI file with this content of Image and Scaling."""
    return (
        '<?xml version="1.0"?><ImageDocument><Metadata><Information><Image>'
        f"{image}</Image></Information><Scaling><Items>{scaling}</Items></Scaling>"
        f"<DisplaySetting><Channels>{display}</Channels></DisplaySetting>"
        "</Metadata></ImageDocument>"
    )


class LifImage(NamedTuple):
    """An image to be written: name, pixels, axes of the pixels, XML of attachments."""

    name: str
    pixels: Pixels
    axes: str
    channels: str = ""
    attachments: str = ""


_DIMENSIONS = {"X": 1, "Y": 2, "Z": 3, "T": 4, "A": 6, "M": 10}
STEPS = {"X": 0.5e-6, "Y": 0.5e-6, "Z": 2e-6, "T": 30.0, "A": 1.0, "M": 1.0}
"""Steps of the axes in a made file: meter, second."""


def write_lif(path: Path, tree: Mapping[str, Sequence[LifImage]]) -> Path:
    """Write a LIF file: blocks of pixels behind an XML that describes them.

    Args:
        path: The file.
        tree: Images by folder, which may be nested (``Plate/A/1``); ``""`` is the top.
    """
    images = [image for group in tree.values() for image in group]
    blocks = [f"MemBlock_{number}" for number in range(len(images))]
    elements = iter(zip(images, blocks, strict=True))
    inner = ""
    for folder, group in tree.items():
        content = "".join(_element(*next(elements)) for _ in group)
        for name in reversed([part for part in folder.split("/") if part]):
            content = (
                f'<Element Name="{name}"><Data/><Memory Size="0" MemoryBlockID=""/>'
                f"<Children>{content}</Children></Element>"
            )
        inner += content
    xml = (
        '<LMSDataContainerHeader Version="2"><Element Name="made"><Data/>'
        f"<Children>{inner}</Children></Element></LMSDataContainerHeader>"
    )
    text = xml.encode("utf-16-le")
    parts = [struct.pack("<IIBI", 0x70, len(text) + 5, 0x2A, len(xml)), text]
    for image, block in zip(images, blocks, strict=True):
        content = np.ascontiguousarray(image.pixels).tobytes()
        name = block.encode("utf-16-le")
        head = struct.pack("<BQBI", 0x2A, len(content), 0x2A, len(block))
        parts += [struct.pack("<II", 0x70, len(head) + len(name)), head, name, content]
    path.write_bytes(b"".join(parts))
    return path


def _element(image: LifImage, block: str) -> str:
    """Return the XML of an image; C is the axis of channels, S of colour samples."""
    strides = dict(zip(image.axes, image.pixels.strides, strict=True))
    lengths = dict(zip(image.axes, image.pixels.shape, strict=True))
    bits = image.pixels.dtype.itemsize * 8
    kind = int(image.pixels.dtype.kind == "f")
    number = lengths.get("C", 1) * lengths.get("S", 1)
    step = strides["S"] if "S" in strides else strides.get("C", 0)
    channels = image.channels or "".join(
        channel_xml(n * step, bits=bits, kind=kind, tag=n + 1 if "S" in strides else 0)
        for n in range(number)
    )
    dimensions = "".join(
        f'<DimensionDescription DimID="{_DIMENSIONS[axis]}" NumberOfElements="'
        f'{lengths[axis]}" Origin="0" Length="{STEPS[axis] * (lengths[axis] - 1)}" '
        f'Unit="{"s" if axis == "T" else "m"}" BytesInc="{strides[axis]}" BitInc="0"/>'
        for axis in image.axes
        if axis not in "CS"
    )
    return (
        f'<Element Name="{image.name}"><Data><Image><ImageDescription><Channels>'
        f"{channels}</Channels><Dimensions>{dimensions}</Dimensions>"
        f"</ImageDescription>{image.attachments}</Image></Data>"
        f'<Memory Size="{image.pixels.nbytes}" MemoryBlockID="{block}"/></Element>'
    )


def channel_xml(
    start: int,
    *,
    bits: int = 16,
    kind: int = 0,
    tag: int = 0,
    table: str = "",
    dye: str = "",
) -> str:
    """Return the XML of a channel that begins at byte ``start``."""
    named = (
        f"<ChannelProperty><Key>DyeName</Key><Value>{dye}</Value></ChannelProperty>"
        if dye
        else ""
    )
    return (
        f'<ChannelDescription DataType="{kind}" ChannelTag="{tag}" Resolution="{bits}" '
        'NameOfMeasuredQuantity="" Min="0" Max="1" Unit="" '
        f'LUTName="{table}" IsLUTInverted="0" BytesInc="{start}" BitInc="0">{named}'
        "</ChannelDescription>"
    )


ND2_BLOCK = 4096
"""A block begins with its header, name and padding, this many bytes."""


class Nd2Loop(NamedTuple):
    """A loop of an ND2 file: its type (1 time, 2 positions, 4 z) and parameters."""

    type: int
    parameters: Mapping[str, object]


def write_nd2(
    path: Path,
    frames: Pixels,
    loops: Sequence[Nd2Loop] = (),
    *,
    names: Sequence[str] = ("",),
    metadata: Mapping[str, object] | None = None,
    samples: int = 1,
    times_ms: Sequence[float] | None = None,
    planned: int | None = None,
) -> Path:
    """Write an ND2 file of version 2.1, whose metadata are XML.

    Args:
        path: The file.
        frames: Pixels (frame, y, x, component).
        loops: Loops, outermost first.
        names: Names of the channels.
        metadata: Further metadata of the picture.
        samples: Samples per channel.
        times_ms: Time of each frame; by default one per second.
        planned: Frames the attributes tell, by default all there are.
    """
    count, height, width, components = frames.shape
    bits = frames.dtype.itemsize * 8
    attributes = {
        "uiWidth": width,
        "uiWidthBytes": width * components * frames.dtype.itemsize,
        "uiHeight": height,
        "uiComp": components,
        "uiBpcInMemory": bits,
        "uiBpcSignificant": bits,
        "uiSequenceCount": planned or count,
        "eCompression": 2,
    }
    planes = {
        f"a{number}": {
            "sDescription": name,
            "uiColor": 0x00FF00 << number,
            "uiCompCount": samples,
            "uiSampleIndex": number,
            "pFluorescentProbe": _probe(461.0 + 50 * number),
        }
        for number, name in enumerate(names)
    }
    picture: dict[str, object] = {
        "bCalibrated": True,
        "dCalibration": 0.5,
        "sPicturePlanes": {"uiCount": len(names), "sPlaneNew": planes},
        **(metadata or {}),
    }
    times = range(0, 1000 * count, 1000) if times_ms is None else times_ms
    chunks = {
        "ImageAttributes!": _variant(attributes),
        "ImageMetadataSeq|0!": _variant(picture),
        "CustomData|AcqTimesCache!": np.asarray(list(times), np.float64).tobytes(),
        **{f"ImageDataSeq|{n}!": bytes(8) + f.tobytes() for n, f in enumerate(frames)},
    }
    if loops:
        chunks["ImageMetadata!"] = _variant(_nested(loops))
    if not len(times):
        del chunks["CustomData|AcqTimesCache!"]
    _write_chunks(path, chunks)
    return path


def position_loop(
    points: Sequence[tuple[str, float, float, float]], *, own_z: bool = True
) -> Nd2Loop:
    """Return a loop of positions by name, x, y, z."""
    entries = {
        f"i{number:010d}": {"dPosName": name, "dPosX": x, "dPosY": y, "dPosZ": z}
        for number, (name, x, y, z) in enumerate(points)
    }
    return Nd2Loop(2, {"uiCount": len(points), "bUseZ": own_z, "Points": entries})


def stack_loop(count: int, step: float, *, downwards: bool = False) -> Nd2Loop:
    """Return a loop of planes around the position's z."""
    kind = 5 if downwards else 1
    return Nd2Loop(4, {"uiCount": count, "dZStep": step, "iType": kind})


def time_loop(count: int, period_ms: float) -> Nd2Loop:
    """Return a loop of time points."""
    return Nd2Loop(
        1,
        {"uiCount": count, "dStart": 0.0, "dPeriod": period_ms, "dDuration": 0.0},
    )


def _probe(emission_nm: float) -> dict[str, object]:
    point = {"eType": 0, "dWavelength": emission_nm, "dTValue": 1.0}
    spectrum = {"uiCount": 1, "pPoint": {"Point0": point}}
    return {"m_EmissionSpectrum": spectrum, "m_ExcitationSpectrum": spectrum}


def _nested(loops: Sequence[Nd2Loop]) -> dict[str, object]:
    first, *rest = loops
    level: dict[str, object] = {"eType": first.type, "uLoopPars": first.parameters}
    if rest:
        level["ppNextLevelEx"] = {"i0000000000": _nested(rest)}
    return level


def _variant(values: Mapping[str, object]) -> bytes:
    inner = _nodes(values)
    return f'<variant version="1.0"><no_name>{inner}</no_name></variant>'.encode()


_KINDS = {bool: "bool", int: "lx_int32", float: "double", str: "CLxStringW"}


def _nodes(values: Mapping[str, object]) -> str:
    nodes = ""
    for name, value in values.items():
        if isinstance(value, Mapping):
            nodes += f'<{name} runtype="CLxListVariant">{_nodes(value)}</{name}>'
            continue
        kind = _KINDS[type(value)]
        text = str(value).lower() if isinstance(value, bool) else str(value)
        nodes += f'<{name} runtype="{kind}" value="{text}"/>'
    return nodes


def _write_chunks(path: Path, chunks: Mapping[str, bytes]) -> None:
    """Write blocks, each at a multiple of 4096, and their map at the end."""
    signature = struct.pack(
        "<IIQ32s64s", 0x0ABECEDA, 32, 64, b"ND2 FILE SIGNATURE CHUNK NAME01!", b"Ver2.1"
    )
    content = bytearray(signature.ljust(ND2_BLOCK, b"\0"))
    table = b""
    for name, data in chunks.items():
        table += name.encode() + struct.pack("<QQ", len(content), len(data))
        head = struct.pack("<IIQ", 0x0ABECEDA, ND2_BLOCK - 24, len(data))
        content += head + name.encode().ljust(ND2_BLOCK - 24, b"\0") + data
        content += bytes(-len(content) % ND2_BLOCK)
    table += b"ND2 CHUNK MAP SIGNATURE 0000001!" + struct.pack("<Q", len(content))
    name = b"ND2 FILEMAP SIGNATURE NAME 0001!"
    content += struct.pack("<IIQ", 0x0ABECEDA, len(name), len(table)) + name + table
    path.write_bytes(bytes(content))
