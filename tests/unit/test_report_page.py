"""The page from hand-made facts: what it counts, tells and escapes, and its size."""

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.e2e.pages import Page
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.well import PlateLayout, well_name
from tiles2zarr.report.facts import (
    AcquisitionFacts,
    ChannelFacts,
    Contrast,
    Facts,
    FieldFacts,
    ImageFacts,
    MissingPlane,
    RuleUse,
    Stored,
)
from tiles2zarr.report.figures import FIGURES
from tiles2zarr.report.layout_maps import conditions
from tiles2zarr.report.listings import findings
from tiles2zarr.report.missing import missing_planes
from tiles2zarr.report.page import SECTIONS, apology, draw_head, draw_page
from tiles2zarr.report.pictures import Sheet
from tiles2zarr.report.view import View, make_view
from tiles2zarr.steps.report import STYLE, quality_table
from tiles2zarr.steps.thumbnails import BUDGET

LABELS = ("DAPI", "GFP", "RFP", "Cy5")


def _image(row: int, column: int, acquisition: int = 0, labels: int = 2) -> ImageFacts:
    """Return a written image of four fields whose figures grow over the plate."""
    rng = np.random.default_rng((row, column))
    channels = tuple(
        ChannelFacts(
            label=label,
            color="0000FF",
            figures={f.key: float(rng.normal(100, 5)) for f in FIGURES},
            light=tuple(rng.normal(100, 1, 64).tolist()),
        )
        for label in LABELS[:labels]
    )
    fields = tuple(
        FieldFacts(f"F{n}", (0.0, n * 95.0), (0, n * 100), (80, 100), planes=labels)
        for n in range(4)
    )
    well = well_name(row, column)
    image = f"{well[0]}/{well[1:]}/{acquisition}"
    return ImageFacts(
        image=image,
        path=f"P.zarr/{image}",
        group="P",
        acquisition=acquisition,
        place=(row, column),
        standing="written",
        axes="czyx",
        shape=(1, labels, 1, 80, 400),
        dtype="uint16",
        stored=Stored(1000, 20, {"2": (labels, 1, 20, 100)}),
        source_files=4 * labels,
        pixel_bytes=2000,
        channels=channels,
        fields=fields,
        planes=4 * labels,
        conditions={"drug": ("<b>taxol</b>" if column % 2 else "DMSO & more",)},
    )


def _facts(images: list[ImageFacts], **changes: object) -> Facts:
    facts = Facts(
        name="P",
        output="out",
        layout=PlateLayout(rows=16, columns=24),
        images=tuple(images),
        acquisitions=(AcquisitionFacts(0, "first", "snap_to_grid", "A grid"),),
        findings=(
            Finding(code="b_info", severity="info", message="Nothing <bad>."),
            Finding(code="an_error", severity="error", message="Bad.", count=3),
        ),
        contrast={},
        use=(RuleUse("write_zarr", 2, 2.0, 3.0, 150.0),),
        versions={"numpy": "2.4"},
        config_set="plate: {name: P}",
    )
    return replace(facts, **changes)


def _page(view: View) -> Page:
    sections = [s for _, draw in SECTIONS if (s := draw(view)) is not None]
    return Page(draw_page("P", draw_head(view), sections, STYLE.read_text()))


SMALL = [_image(row, column) for row in range(4) for column in range(6)]
FAILED = replace(
    SMALL[7],
    standing="failed",
    reason="a.tif <holds> nothing",
    stored=None,
    channels=(),
    fields=(),
)


def test_headline_counts() -> None:
    """23 of 24 images are written, causes are linked, findings are counted."""
    images = [FAILED if i.image == FAILED.image else i for i in SMALL]
    text = _page(make_view(_facts(images))).text
    assert "23 of 24 images written, 1 not written" in text
    assert 'Mend the <a href="#findings">causes</a>' in text
    assert "<dt>of 24 wells</dt><dd>23</dd>" in text
    assert "1 error" in text
    assert "1 info" in text
    assert "a.tif &lt;holds&gt; nothing" in text
    assert "All 24 images are written." in _page(make_view(_facts(SMALL))).text


def test_pictures_have_their_windows() -> None:
    """Black and white stand beside each channel; brightfield is in no mixture."""
    colors = (("DAPI", "0000FF"), ("BF", "808080"))
    channels = tuple(ChannelFacts(label, color, {}) for label, color in colors)
    images = [replace(image, channels=channels) for image in SMALL]
    contrast = {(0, "DAPI"): Contrast(104, 1280), (0, "BF"): Contrast(90, 95.5)}
    sheets = tuple(Sheet("P", 0, label, (60, 40), b"x") for label in ("", "DAPI", "BF"))
    text = _page(make_view(_facts(images, contrast=contrast), sheets)).text
    mixed, *single = re.findall("<figcaption.*?</figcaption>", text)[:3]
    assert "DAPI<small> 104 to 1,280</small>" in mixed
    assert "BF" not in mixed
    assert [re.sub("<.*?>", "", caption) for caption in single] == [
        "DAPI 104 to 1,280",
        "BF 90 to 95.5",
    ]


def test_texts_are_escaped_and_findings_sorted() -> None:
    """Conditions and messages stand as text; errors come before infos."""
    page = _page(make_view(_facts(SMALL)))
    assert "b" in page.tags
    assert "&lt;b&gt;taxol&lt;/b&gt;" in page.text
    assert "DMSO &amp; more" in page.text
    assert "<b>taxol" not in page.text
    assert page.text.index("an_error") < page.text.index("b_info")


def test_throughput_is_pixels_per_second() -> None:
    """24 images of 2000 bytes in 2 s are 0.024 MB/s."""
    facts = _facts([replace(i, pixel_bytes=2_000_000) for i in SMALL])
    assert '<td class="n">24</td>' in _page(make_view(facts)).text


def test_missing_planes_are_listed() -> None:
    """One field of one well lacks a plane: map, field and list say so."""
    lost = replace(
        SMALL[0],
        missing=1,
        fields=(replace(SMALL[0].fields[0], missing=1), *SMALL[0].fields[1:]),
        missing_shown=(MissingPlane("F0", 1, 0, 0, "unreadable", "d/a.tif"),),
    )
    text = missing_planes(make_view(_facts([lost, *SMALL[1:]]))).body
    assert "Missing: 1 of 192 planes." in text
    assert "<title>A01: 1 of 8 missing</title>" in text
    assert "F0: 1 of 2 planes missing" in text
    assert "<td>GFP</td>" in text
    assert "cannot be decoded" in text


def test_planes_of_failed_images_are_not_said_to_be_there() -> None:
    """23 of 24 images with 8 planes are written: 184 planes are there, not 192."""
    images = [replace(FAILED, planes=8), *(i for i in SMALL if i.place != (1, 1))]
    text = missing_planes(make_view(_facts(images))).body
    assert "None: all 184 planes of the 23 images written are there." in text
    assert 'What 1 image not written would lack stands under <a href="#find' in text
    whole = missing_planes(make_view(_facts(SMALL))).body
    assert whole == "<p>None: all 192 planes of the plan are there.</p>"


def test_outlier_and_row_effect_are_told() -> None:
    """A well of 900 among wells of about 100 is named; so is a bright row."""
    images = []
    for image in SMALL:
        assert image.place is not None
        value = 100.0 + 50 * (image.place[0] == 3) + 0.1 * (sum(image.place) % 3)
        value = 900.0 if image.place == (1, 4) else value
        channel = replace(image.channels[0], figures={"mean": value})
        images.append(replace(image, channels=(channel,)))
    text = _page(make_view(_facts(images))).text
    assert "Largest row effect: D, +50" in text
    assert "Outliers: B05." in text


def test_figure_that_is_the_same_everywhere_is_a_sentence() -> None:
    """Nothing saturated in 23 wells, one not written: a sentence, not a map."""
    channel = ChannelFacts("DAPI", "0000FF", {"saturated": 0.0})
    images = [replace(image, channels=(channel,)) for image in SMALL]
    images[7] = FAILED
    text = _page(make_view(_facts(images))).text
    assert "0 % in all wells written." in text
    assert "Saturation, DAPI: map of the plate" not in text
    images[7] = replace(images[7], standing="written")
    text = _page(make_view(_facts(images))).text
    assert "Saturation, DAPI: map of the plate" in text


def test_page_draws_each_thing_once() -> None:
    """The median and the low percentile are in the table, not on the page."""
    image = replace(SMALL[0], channels=(SMALL[0].channels[0],))
    text = _page(make_view(_facts([image]))).text
    titles = set(re.findall("<h4>(.*?)</h4>", text))
    assert {"Mean", "99th percentile", "Background"} <= titles
    assert not {"Median", "1st percentile"} & titles
    assert {"p1", "p50"} <= set(
        quality_table(_facts([image])).split("\n")[0].split(",")
    )


def test_single_fields_that_stay_are_not_drawn() -> None:
    """One field per well, none moved: the decision is told, no squares, no table."""
    images = [replace(i, fields=(i.fields[0],)) for i in SMALL]
    text = _page(make_view(_facts(images))).text
    assert "<code>snap_to_grid</code>: A grid." in text
    assert "On the stage" not in text
    assert "Registration shifts" not in text
    moved = replace(SMALL[0].fields[0], after=(0, 3))
    images[0] = replace(images[0], fields=(moved,))
    text = _page(make_view(_facts(images))).text
    assert "On the stage" in text
    assert "Registration shifts" in text


def test_doses_are_in_their_order() -> None:
    """The legend runs 0.5, 2.5, 10, not by the first digit; wells without come last.

    A condition that no well has a value of is left out.
    """
    doses = (10, 2.5, None, 0.5)
    images = [
        replace(image, conditions={"dose": (doses[number % 4],), "batch": (None,)})
        for number, image in enumerate(SMALL)
    ]
    text = _page(make_view(_facts(images))).text
    legend = re.findall('<ul class="legend">.*?</ul>', text)[0]
    assert re.findall(r"</i>(.*?) <small>6</small>", legend) == [
        *("0.5", "2.5", "10"),
        "no value",
    ]
    assert "Condition dose" in text
    assert "Condition batch" not in text


def test_scale_of_doses_is_named() -> None:
    """Eleven doses from 30 down by thirds: the scale says that it is logarithmic.

    A well with a blank dose is hatched and counted, a well that failed is hatched.
    """
    images = [
        replace(image, conditions={"dose": (30 / 3 ** (number % 11),)})
        for number, image in enumerate(SMALL)
    ]
    images[2] = replace(images[2], conditions={"dose": (None,)})
    images[7] = replace(images[7], conditions={}, standing="failed", reason="Gone.")
    text = conditions(make_view(_facts(images))).body
    assert "30, logarithmic" in text
    assert re.findall(r'url\(#no-value\)"><title>(.*?)</title>', text) == [
        "A03: no value",
        "B02: Gone.",
    ]
    assert "no value <small>1</small>" in text


def test_failed_well_is_no_unused_one() -> None:
    """A failed well is hatched among categories too, not drawn as an unused one."""
    images = [FAILED if i.image == FAILED.image else i for i in SMALL]
    images[7] = replace(images[7], conditions={})
    text = conditions(make_view(_facts(images))).body
    assert "<title>B02: a.tif &lt;holds&gt; nothing</title>" in text


def test_image_is_named_once_in_its_row() -> None:
    """The reason of a failure does not begin with the image that stands beside it."""
    failed = replace(FAILED, reason=f"{FAILED.image}: a.tif is gone.")
    text = findings(make_view(_facts([failed]))).body
    assert ">a.tif is gone.</td>" in text


def test_part_of_a_plate_is_told() -> None:
    """24 wells in the corner of 384: the page says which part of which plate it is."""
    sheets = (Sheet("P", 0, "", (60, 40), b"x"),)
    text = _page(make_view(_facts(SMALL), sheets)).text
    assert "A01 to D06, the wells in use of a plate of 16 rows and 24 columns." in text
    whole = _facts(SMALL, layout=PlateLayout(rows=4, columns=6))
    assert "the wells in use" not in _page(make_view(whole, sheets)).text


def test_single_well_is_no_larger_than_its_picture() -> None:
    """A sheet of one column is 350 wide and not stretched over the whole page."""
    sheets = (Sheet("P", 0, "", (384, 384), b"x"),)
    text = _page(make_view(_facts(SMALL[:1]), sheets)).text
    assert '<image x="26" y="16" width="350" height="350"' in text


def test_well_has_one_anchor() -> None:
    """Two acquisitions of a well share its anchor: the first one's row carries it."""
    images = [*SMALL, *(_image(r, c, 1) for r in range(4) for c in range(6))]
    page = _page(make_view(_facts(images)))
    assert page.ids.count("well-B03") == 1
    assert "acquisition 1" in page.headings


def test_second_plate_has_anchors_of_its_own() -> None:
    """Wells of P_mip are told apart from those of P."""
    other = [replace(i, group="P_mip", path=f"P_mip.zarr/{i.image}") for i in SMALL]
    page = _page(make_view(_facts([*SMALL, *other])))
    assert {"well-B03", "well-B03-2"} <= set(page.ids)


def test_nothing_at_all_is_a_page() -> None:
    """A plan without images or findings still makes a page."""
    page = _page(make_view(_facts([], findings=(), use=())))
    assert "Nothing was noticed." in page.text


def test_apology_takes_the_section_s_place() -> None:
    """A section that failed keeps its anchor and tells why, escaped."""
    section = apology("stage", "ValueError: <x>")
    assert (section.id, section.title) == ("stage", "Stage")
    assert "ValueError: &lt;x&gt;" in section.body


def test_384_wells_stay_below_10_mb() -> None:
    """Two acquisitions, four channels, pictures that take all they may: under 10 MB."""
    images = [
        _image(row, column, acquisition, labels=4)
        for acquisition in range(2)
        for row in range(16)
        for column in range(24)
    ]
    names = [(a, label) for a in range(2) for label in ("", *LABELS)]
    data = b"x" * (BUDGET // len(names))
    sheets = tuple(Sheet("P", a, label, (1536, 1024), data) for a, label in names)
    page = _page(make_view(_facts(images), sheets))
    assert len(page.text.encode()) < 10_000_000
    assert page.text.count("data:image/webp") == len(names)


def test_quality_table_has_a_row_per_channel() -> None:
    """Values stand under their keys; what was not measured is blank."""
    channel = ChannelFacts("a,b", "FFFFFF", {"mean": 12.5})
    image = replace(SMALL[0], channels=(channel,))
    (row,) = csv.DictReader(io.StringIO(quality_table(_facts([image]))))
    assert (row["well"], row["channel"], row["mean"], row["focus"]) == (
        "A01",
        "a,b",
        "12.5",
        "",
    )


def test_style_asks_for_nothing_outside() -> None:
    """The style sheet names no address and imports nothing."""
    style = Path(STYLE).read_text()
    assert "@import" not in style
    assert "http" not in style
    assert "@media print" in style


def test_dark_page_is_readable() -> None:
    """Every colour that changes in the dark has 4.5 times the contrast of its ground.

    By the formula of WCAG 2; rules that use no variable keep their colours in the dark.
    """
    style = Path(STYLE).read_text()
    light, dark = (
        dict(re.findall(r"--(\w+): (#\w+);", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    )
    assert light.keys() == dark.keys()
    for colors in (light, dark):
        for ink in ("ink", "soft", "link", "bad", "good"):
            for ground in ("ground", "pale"):
                assert _contrast(colors[ink], colors[ground]) >= 4.5, (ink, ground)
        assert _contrast(colors["bad"], colors["alarm"]) >= 4.5
        assert _contrast(colors["ink"], colors["target"]) >= 4.5


def _contrast(one: str, other: str) -> float:
    """Return (L1 + 0.05) / (L2 + 0.05) of relative luminances."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    lights = []
    for color in (one, other):
        digits = color[1:] if len(color) == 7 else "".join(2 * c for c in color[1:])
        shares = np.array([int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)])
        low, high = shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4
        lights.append(float(weights @ np.where(shares <= 0.03928, low, high)))
    return (max(lights) + 0.05) / (min(lights) + 0.05)
