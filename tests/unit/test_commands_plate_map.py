"""A plate as text, in its true frame."""

from pathlib import Path

import pytest
import yaml

from tests.rules.plate import Plate, config
from tests.unit.conftest import Tell
from tiles2zarr.commands.plate_map import plate_map
from tiles2zarr.models.well import PlateLayout


def test_small_plate() -> None:
    """Rows and columns without wells are drawn; only signs that occur are explained."""
    signs = {"A01": "#", "B03": "!"}
    layout = PlateLayout(rows=2, columns=3)
    legend = {"#": "written", "!": "failed", "-": "waiting"}
    assert list(plate_map(signs, layout, legend)) == [
        "      01 02 03",
        "   A   #  .  .",
        "   B   .  .  !",
        "  # written, ! failed, . not in the plan",
    ]


def test_full_plate() -> None:
    """Where every well is in the plan nothing is said of others."""
    layout = PlateLayout(rows=1, columns=2)
    lines = list(plate_map({"A01": "#", "A02": "#"}, layout, {"#": "written"}))
    assert lines[-1] == "  # written"


@pytest.mark.parametrize(("rows", "columns"), [(16, 24), (32, 48), (8, 12)])
def test_widths(rows: int, columns: int) -> None:
    """Plates of all sizes fit into 80 letters, every well below its column."""
    layout = PlateLayout(rows=rows, columns=columns)
    lines = list(plate_map({"B10": "#"}, layout, {"#": "written"}))
    assert max(map(len, lines)) <= 80
    head = len(lines) - rows - 1
    place = lines[head + 1].index("#")
    assert lines[head - 1][place] == "0"
    assert lines[0][place if head == 2 else place - 1] == "1"
    assert lines[head + rows - 1].split()[0] == {8: "H", 16: "P", 32: "AF"}[rows]


def test_declared_layout_is_the_frame(made: Plate, tell: Tell) -> None:
    """The frame is that of the config."""
    content = config(plate={"layout": {"rows": 3, "columns": 5}})
    Path("my.yaml").write_text(yaml.safe_dump(content))
    lines = tell("status").lines
    assert lines[2:6] == [
        "      01 02 03 04 05",
        "   A   .  .  .  .  .",
        "   B   .  .  #  #  .",
        "   C   .  .  #  .  .",
    ]
