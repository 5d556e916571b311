"""``only``: which images of a plan a run is about, and what becomes of the others."""

from pathlib import Path

import pytest

from tests.e2e.convert import as_in_job
from tests.rules.plate import Plate, config
from tiles2zarr.checkpoints import read_json, write_json
from tiles2zarr.config import slices
from tiles2zarr.config.load import load_configs
from tiles2zarr.config.root import Config
from tiles2zarr.errors import ConfigError, FaultsError
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.plan import BatchOutcome, Plan
from tiles2zarr.parsers.peek import plate_name
from tiles2zarr.state import State
from tiles2zarr.steps.build_tables import build_tables
from tiles2zarr.steps.complete import complete
from tiles2zarr.steps.only import (
    chosen_batches,
    chosen_images,
    left_out,
    parse_only,
)
from tiles2zarr.steps.parse_tiles import parse_tiles
from tiles2zarr.steps.register import register
from tiles2zarr.steps.write_zarr import write_zarr

PLACES = {"B/03/0": "B03", "B/03/1": "B03", "B/04/0": "B04", "C/11/0": "C11"}


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, ()),
        ("B03", ("B03",)),
        ("B03, C04,B03", ("B03", "C04")),
        (["B03", "C04,D05"], ("B03", "C04", "D05")),
        (17, ("17",)),
    ],
    ids=["nothing", "one", "commas", "list", "number"],
)
def test_names_that_are_asked_for(value: object, names: tuple[str, ...]) -> None:
    """Names come by commas or in a list, once each; a number names an image."""
    assert parse_only(value) == names


@pytest.mark.parametrize("value", ["", "B03,,C04", [], {"B03": 1}, [True], 1.5])
def test_no_names(value: object) -> None:
    """What holds no name is an error that shows how it is written."""
    with pytest.raises(ConfigError, match=r"only: .*Give wells \(only=B03,C04\)"):
        parse_only(value)


@pytest.mark.parametrize(
    ("only", "images"),
    [
        ((), set(PLACES)),
        (("b3",), {"B/03/0", "B/03/1"}),
        (("B003", "C11"), {"B/03/0", "B/03/1", "C/11/0"}),
        (("B/03/1",), {"B/03/1"}),
    ],
    ids=["all", "well", "wells", "image"],
)
def test_images_of_wells(only: tuple[str, ...], images: set[str]) -> None:
    """A well, however it is written, means all its images; an id means one."""
    assert chosen_images("P1", PLACES, only) == images


def test_single_images_are_asked_for_by_id() -> None:
    """An image outside a plate is asked for by its id, even if that reads as a well."""
    places = {"B03": None, "run/7": None}
    assert chosen_images("S", places, ("B03",)) == {"B03"}
    assert chosen_images("S", places, ("run/7",)) == {"run/7"}


def test_unknown_wells_are_all_told() -> None:
    """Every name that the plan lacks is a fault with the nearest that are there."""
    with pytest.raises(ConfigError) as caught:
        chosen_images("P1", PLACES, ("B05", "C11", "x"))
    first, second = caught.value.faults
    assert first == (
        "only: 'B05' is no well and no image of P1; 3 are there, such as B03, B04, C11"
    )
    assert second.startswith("only: 'x' is no well and no image of P1; ")


def plan_of(plate: Plate, images_per_job: object) -> tuple[Config, State]:
    """Parse the plate; return its config and state."""
    content = config(writing={"images_per_job": images_per_job})
    (parsed,) = load_configs(content | {"only": "B03"}, plate_name).values()
    state = State(Path("results/P1"))
    parse_tiles(state, as_in_job(slices.parse_options(parsed)))
    return parsed, state


def test_batches_and_what_waits_in_them(raw: Plate) -> None:
    """Of one batch per well, one runs and nothing waits in it."""
    _, state = plan_of(raw, 1)
    assert chosen_batches(state.plan, ("b4",)) == ["B_04_0"]
    assert left_out(state.plan, "B_04_0", ("b4",)) == []
    assert left_out(state.plan, "C_03_0", ("b4",)) == ["C/03/0"]
    assert chosen_batches(state.plan, ()) == ["B_03_0", "B_04_0", "C_03_0"]
    assert left_out(state.plan, "C_03_0", ()) == []


def run_only(parsed: Config, state: State, *only: str) -> BatchOutcome:
    """Run the steps after parse_tiles on a few wells; return the last outcome."""
    for batch in chosen_batches(state.plan, only):
        registered = state.done("register", batch)
        register(
            state.batch(batch),
            registered,
            state,
            as_in_job(slices.register_options(parsed)),
            frozenset(left_out(state.plan, batch, only)),
        )
        written = state.done("write_zarr", batch)
        options = as_in_job(slices.write_options(parsed))
        outcome = write_zarr(registered, written, state, options, 2)
    build_tables(state, as_in_job(slices.tables_options(parsed)), parsed)
    complete(state.root / "done/complete.json", state, only)
    return outcome


def test_others_of_a_batch_wait(raw: Plate) -> None:
    """Of a batch of three wells one is written and listed; the others wait."""
    parsed, state = plan_of(raw, "auto")
    before = state.plan.read_bytes()
    outcome = run_only(parsed, state, "B04")
    assert {i: o.status for i, o in outcome.images.items()} == {
        "B/03/0": "waiting",
        "B/04/0": "done",
        "C/03/0": "waiting",
    }
    assert raw.wells() == ["B/04"]
    assert list(state.images("registered")) == ["B/04/0"]
    assert state.plan.read_bytes() == before


def test_waiting_images_are_not_complete(raw: Plate) -> None:
    """A plain run that still finds an image waiting fails and takes its batch back."""
    parsed, state = plan_of(raw, "auto")
    run_only(parsed, state, "B04")
    (batch,) = read_json(state.plan, Plan).batches
    with pytest.raises(FaultsError, match="2 of 3 images are not written") as caught:
        complete(state.root / "done/complete.json", state)
    assert caught.value.faults == ("B/03/0: waits", "C/03/0: waits")
    assert not state.done("register", batch).exists()


def test_what_stands_is_left_alone(made: Plate) -> None:
    """Wells of a batch that has no outcome stay listed, their files untouched."""
    (parsed,) = load_configs(config(), plate_name).values()
    state = State(Path("results/P1"))
    before = made.files()
    for step in ("register", "write_zarr"):
        state.done(step, "C_03_0").unlink()
    run_only(parsed, state, "B03")
    assert made.files() == before
    assert made.wells() == ["B/03", "B/04", "C/03"]


def test_image_that_was_registered_anew_is_not_listed(made: Plate) -> None:
    """An image whose fields moved since it was written is no part of the plate yet."""
    (parsed,) = load_configs(config(), plate_name).values()
    state = State(Path("results/P1"))
    for step in ("register", "write_zarr"):
        state.done(step, "C_03_0").unlink()
    path = state.registered("C/03/0")
    moved = read_json(path, RegisteredImage)
    write_json(path, moved.replace(pixel_size=(1.0, 1.0, 2.0, 2.0)))
    run_only(parsed, state, "B03")
    assert made.wells() == ["B/03", "B/04"]


def test_left_out_image_of_a_batch_stands(raw: Plate) -> None:
    """An image left out of a second run keeps its place though its source is broken."""
    parsed, state = plan_of(raw, "auto")
    run_only(parsed, state)
    before = raw.files()
    raw.raw("C03", "F1", 0).write_bytes(b"gone bad")
    run_only(parsed, state, "B03")
    assert raw.files() == before
    assert raw.wells() == ["B/03", "B/04", "C/03"]
