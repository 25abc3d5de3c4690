"""The study engine: one table whatever happens on the way, photos that may enter it, and what it costs."""

from __future__ import annotations

import dataclasses
import itertools
import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from core import config
from core.__main__ import main
from core.errors import ParameterError, StudyError, UnknownChoiceError
from core.inference import Predictor, checkpoints
from core.photos import images, preprocess
from core.photos.fingerprints import fingerprint
from core.photos.preprocess import Preset
from core.registry import ABLATIONS, FILLS, MASKS, MODELS
from core.study import engine, thread_pool
from core.study import plan as study_plan
from core.study.conditions import Design, grid, hash_draw, masks_of, seed_of
from core.study.parts import Parts
from core.study.photos import replay
from core.study.protocol import DECISION_ROWS
from core.table import KEEP, ORIGINAL, PHOTOS, REMOVE, ROWS, Condition, canonical
from core.types import Photo, Rect, Region
from core.verdict.aggregation import make_aggregates
from tests.conftest import draw_photo, write_photo
from tests.helpers.kills import CarryOut, Task

ONE_MASK = ("--masks", "faces")
FEW = Design(ablations=("identity", "blur", "phase_scramble"))


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    torch.manual_seed(0)
    return Predictor("tiny", MODELS["small_cnn"].function().eval(), Preset(32, 32), {"training_photos": []})


@pytest.fixture(autouse=True)
def _own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What detectors find is kept below the working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "tiny")


def write_checkpoint(folder: Path, learned: tuple[np.ndarray, ...] = ()) -> Path:
    torch.manual_seed(0)
    prints = [fingerprint(photo) for photo in learned]
    card = {"architecture": "small_cnn", "preset": checkpoints.preset_fields(Preset(32, 32))}
    card["training_photos"] = [[item.pixels, item.look] for item in prints]
    checkpoints.save(folder, MODELS["small_cnn"].function(), card)
    return folder


def nothing() -> dict[str, Region]:
    """What a source says of a photo in which none of the things is: no detector has to look."""
    return {name: Region(np.zeros((40, 56), dtype=bool)) for name in masks_of(Design())}


def drawn(count: int) -> list[Photo]:
    return [
        Photo(f"{n}.png", "drawn", partial(draw_photo, n, 40, 56), score=n / count, truth=nothing) for n in range(count)
    ]


SMALL = Rect(4, 4, 14, 14)


def with_thing(photo: Photo, box: Rect = SMALL, mask: str = "faces") -> Photo:
    def truth() -> dict[str, Region]:
        inside = np.zeros((40, 56), dtype=bool)
        inside[box.top : box.bottom, box.left : box.right] = True
        return nothing() | {mask: Region(inside, (box,))}

    return Photo(photo.id, photo.source, photo.read, score=photo.score, truth=truth)


def rows_of(folder: Path) -> pd.DataFrame:
    return pd.concat([pq.read_table(file).to_pandas() for file in sorted((folder / "rows").glob("*.parquet"))])


def photos_of(folder: Path) -> pd.DataFrame:
    return pd.concat([pq.read_table(file).to_pandas() for file in sorted((folder / "photos").glob("*.parquet"))])


KEY = [field.name for field in ROWS if field.name not in ("score", "area", "rmse", "feature_distance", "seed")]


# The grid


def test_the_default_grid_holds_every_decision_row_with_controls_under_every_fill() -> None:
    steps = grid(Design())
    for row in DECISION_ROWS:
        if row.mask and row.mask not in MASKS:
            continue
        found = [step for step in steps if row.holds(step.condition)]
        if row.mask:
            assert {step.condition.fill for step in found} == {entry.id for entry in FILLS}
            placed = config.PLACEMENTS if row.direction == REMOVE else 0
            assert all((step.controls, step.hosts) == (placed, config.HOSTS) for step in found)
        else:
            assert found, row.id


def test_conditions_are_distinct_and_name_no_seed() -> None:
    conditions = [step.condition for step in grid(Design())]
    assert len(set(conditions)) == len(conditions)
    assert not any("seed" in condition.arguments for condition in conditions)


def test_an_ablation_comes_at_its_default_first_then_at_each_word_and_dose() -> None:
    entry = ABLATIONS["blur"]
    steps = grid(Design(ablations=("blur",)))
    assert steps[0].condition == Condition("blur", canonical(entry.arguments()))
    assert {step.condition.arguments["sigma"] for step in steps} == set(entry.facts["doses"]) | {0.02}
    surrounds = {step.condition.arguments["surround"] for step in grid(Design(ablations=("centre_crop",)))}
    assert surrounds == {"rescaled", *(fill.id for fill in FILLS)}


def test_thinning_takes_controls_from_what_decides_nothing() -> None:
    steps = grid(Design(masks=("faces", "text"), control_fills=("mean",)))
    without = {(s.condition.mask, s.condition.fill, s.condition.direction) for s in steps if s.group and not s.hosts}
    without = {item for item in without if item[0]}
    assert without == {(mask, fill.id, KEEP) for mask in ("faces", "text") for fill in FILLS if fill.id != "mean"}
    assert Design(placements=0).thinning == {"placements": 0}, "none is recorded, as few are"
    assert not Design().thinning


@pytest.mark.parametrize(
    ("design", "named"),
    [
        (Design(ablations=("blurr",)), "phase_scramble"),
        (Design(masks=("noses",)), "faces"),
        (Design(fills=("lava",)), "inpaint"),
        (Design(control_fills=("lava",)), "inpaint"),
        (Design(masks=("faces",), shares=(("doze", 0.5),)), "faces, doses"),
        (Design(shares=(("doses", 1.5),)), "between 0 and 1"),
        (Design(placements=-1), "negative"),
    ],
)
def test_unknown_names_answer_with_the_choices(design: Design, named: str) -> None:
    with pytest.raises((UnknownChoiceError, ParameterError), match=named):
        grid(design)


def test_seeds_follow_from_study_photo_and_condition_alone() -> None:
    few, many = (grid(Design(ablations=names)) for names in (("patch_shuffle",), ("blur", "patch_shuffle")))
    step = next(step for step in many if step.condition == few[0].condition)
    assert seed_of(step, Design(), "a") == seed_of(few[0], Design(), "a")
    assert seed_of(step, Design(), "a") != seed_of(step, Design(), "b")
    assert seed_of(step, Design(seed=1), "a") != seed_of(step, Design(), "a")
    assert seed_of(many[0], Design(), "a") is None
    assert hash_draw(1, "a") == 263842516872826314


# The table


def test_a_study_has_one_row_a_photo_and_condition(predictor: Predictor, tmp_path: Path) -> None:
    planned = study_plan.plan(predictor, drawn(5), FEW)
    done = engine.run(planned, tmp_path / "s")
    rows = rows_of(done.folder)
    assert (done.photos, done.rows, done.seen) == (5, len(rows), 0)
    assert len(rows) == 5 * (1 + len(planned.steps))
    assert not rows.duplicated(KEY).any()
    assert rows[rows["ablation"] == ORIGINAL].groupby("photo_id").size().eq(1).all()
    assert rows["score"].between(0, 1).all()
    assert rows["seed"].notna().sum() == 5 * sum(step.seeded for step in planned.steps)
    assert pq.read_schema(next((done.folder / "rows").iterdir())).equals(ROWS)
    assert pq.read_schema(next((done.folder / "photos").iterdir())).equals(PHOTOS)


def test_scores_are_those_of_the_model(predictor: Predictor, tmp_path: Path) -> None:
    photos = drawn(3)
    done = engine.run(study_plan.plan(predictor, photos, Design(ablations=("blur",))), tmp_path / "s")
    rows = rows_of(done.folder).set_index(["photo_id", "ablation", "params"])["score"]
    for photo in photos:
        pixels = images.working(photo.read())
        blurred = ABLATIONS["blur"].function(pixels)
        clean, ablated = predictor.score([pixels, blurred])
        assert rows[photo.id, ORIGINAL, "{}"] == pytest.approx(clean, abs=1e-6)
        assert rows[photo.id, "blur", '{"sigma":0.02}'] == pytest.approx(ablated, abs=1e-6)


def test_the_sham_changes_exactly_nothing(predictor: Predictor, tmp_path: Path) -> None:
    done = engine.run(study_plan.plan(predictor, drawn(7), FEW), tmp_path / "s")
    rows = rows_of(done.folder)
    original, same = (rows[rows["ablation"] == name].set_index("photo_id") for name in (ORIGINAL, "identity"))
    assert (same["score"] - original["score"]).eq(0).all()
    assert same["rmse"].eq(0).all()
    assert same["feature_distance"].eq(0).all()
    assert rows.loc[rows["ablation"] == "phase_scramble", "feature_distance"].gt(0).all()


def test_distances_are_in_units_of_that_between_two_photos(predictor: Predictor, tmp_path: Path) -> None:
    photos = drawn(6)
    done = engine.run(study_plan.plan(predictor, photos, Design(ablations=("grayscale",))), tmp_path / "s")
    clean, grey = (
        predictor.score_with_features(
            [preprocess.square(function(images.working(photo.read())), predictor.preset) for photo in photos]
        )[1]
        for function in (lambda pixels: pixels, ABLATIONS["grayscale"].function)
    )
    between = np.median([np.linalg.norm(a - b) for a, b in itertools.combinations(clean, 2)])
    assert json.loads((done.folder / "study.json").read_text())["feature_scale"] == pytest.approx(between, abs=1e-5)
    rows = rows_of(done.folder).query("ablation == 'grayscale'").set_index("photo_id")["feature_distance"]
    found = [rows[photo.id] for photo in photos]
    assert found == pytest.approx(list(np.linalg.norm(grey - clean, axis=1) / between), rel=1e-3)


def test_regions_come_with_controls_and_without_where_there_is_no_room(predictor: Predictor, tmp_path: Path) -> None:
    small, large = with_thing(drawn(2)[0]), with_thing(drawn(2)[1], Rect(0, 0, 50, 40))
    design = Design(ablations=("region",), masks=("faces",), fills=("mean", "noise"))
    done = engine.run(study_plan.plan(predictor, [small, large], design), tmp_path / "s")
    rows = rows_of(done.folder).query("ablation == 'region'")
    sizes = rows.groupby(["photo_id", "fill", "direction"])["placement"].apply(sorted)
    assert all(found == list(range(11)) for found in sizes[small.id, :, REMOVE])
    assert all(found == [0] for found in sizes[small.id, :, KEEP]), "kept elsewhere, it is another photo"
    assert all(found == [0] for found in sizes[large.id])
    assert rows["control"].eq("placed").eq(rows["placement"] > 0).all()
    areas = rows[rows["photo_id"] == small.id].groupby("direction")["area"].agg(["min", "max"])
    assert areas.loc[REMOVE].tolist() == pytest.approx([100 / 2240] * 2, abs=2e-3)
    assert areas.loc[KEEP].tolist() == pytest.approx([1 - 100 / 2240] * 2, abs=2e-3)
    regions = {row.photo_id: json.loads(row.regions)["faces"] for row in photos_of(done.folder).itertuples()}
    assert regions[small.id]["placements"] == 10
    assert regions[large.id]["placements"] < 10
    assert regions[small.id]["detector"] is False
    assert regions[small.id]["count"] == 1


def test_a_photo_without_the_thing_has_no_row_of_it(predictor: Predictor, tmp_path: Path) -> None:
    done = engine.run(study_plan.plan(predictor, drawn(1), Design(ablations=("region",))), tmp_path / "s")
    assert rows_of(done.folder)["ablation"].tolist() == [ORIGINAL]


def test_thinning_is_the_same_photos_whatever_else_is_done(predictor: Predictor, tmp_path: Path) -> None:
    half = Design(ablations=("blur",), shares=(("doses", 0.5),))
    done = engine.run(study_plan.plan(predictor, drawn(30), half), tmp_path / "s")
    rows = rows_of(done.folder)
    assert rows.query("params == '{\"sigma\":0.02}'")["photo_id"].nunique() == 30
    doses = set(rows.query("params == '{\"sigma\":0.08}'")["photo_id"])
    assert 5 < len(doses) < 25
    again = engine.run(
        study_plan.plan(predictor, drawn(30), Design(("blur", "jpeg"), shares=half.shares)), tmp_path / "t"
    )
    assert set(rows_of(again.folder).query("params == '{\"sigma\":0.08}'")["photo_id"]) == doses
    settings = json.loads((done.folder / "study.json").read_text())
    assert settings["thinning"] == {"shares": {"doses": 0.5}}


def test_a_random_subset_is_contained_in_a_larger_one(predictor: Predictor) -> None:
    few, many = (study_plan.plan(predictor, drawn(40), Design(photos=n)).photos for n in (5, 15))
    assert [photo.id for photo in few] == [photo.id for photo in many[:5]]
    assert [photo.id for photo in few] != [f"{n}.png" for n in range(5)]


def test_a_subset_is_drawn_from_photos_that_can_be_used(predictor: Predictor, tmp_path: Path) -> None:
    """Those that the model learned from do not take the places of others, and are counted all the same."""
    photos = drawn(20)
    order = study_plan.plan(predictor, photos, FEW).photos
    prints = [fingerprint(order[place].read()) for place in (0, 2, 3, 9)]
    careful = Predictor("tiny", predictor.module, predictor.preset, {
        "training_photos": [[item.pixels, item.look] for item in prints]})  # fmt: skip
    planned = study_plan.plan(careful, photos, dataclasses.replace(FEW, photos=4))
    assert [photo.id for photo in planned.photos] == [photo.id for photo in order[:7]]
    done = engine.run(planned, tmp_path / "s")
    assert (done.photos, done.seen) == (4, 3)
    assert engine.run(planned, tmp_path / "s") == done
    assert len(study_plan.plan(careful, photos, dataclasses.replace(FEW, photos=17)).photos) == 20


# Photos that may enter


def test_photos_that_the_model_learned_from_are_left_out_and_counted(predictor: Predictor, tmp_path: Path) -> None:
    photos = drawn(4)
    nearly = draw_photo(0, 80, 112)  # the same look in another size
    prints = [fingerprint(item) for item in (nearly, photos[2].read())]
    card = {"training_photos": [[item.pixels, item.look] for item in prints]}
    careful = Predictor("tiny", predictor.module, predictor.preset, card)
    done = engine.run(study_plan.plan(careful, photos, FEW), tmp_path / "s")
    assert (done.photos, done.seen) == (2, 2)
    assert set(rows_of(done.folder)["photo_id"]) == set(photos_of(done.folder)["photo_id"]) == {"1.png", "3.png"}
    settings = json.loads((done.folder / "study.json").read_text())
    assert (settings["seen"], settings["contaminated"], settings["possibly_seen"]) == (2, False, False)

    kept = engine.run(study_plan.plan(careful, photos, FEW, allow_seen=True), tmp_path / "t")
    assert (kept.photos, kept.seen) == (4, 0)
    assert json.loads((kept.folder / "study.json").read_text())["contaminated"] is True

    other = engine.run(study_plan.plan(predictor, photos, FEW, unseen_by=card), tmp_path / "u")
    assert (other.photos, other.seen) == (2, 2)


def test_a_model_of_unknown_training_is_marked(predictor: Predictor, tmp_path: Path) -> None:
    published = Predictor("tiny", predictor.module, predictor.preset, {})
    done = engine.run(study_plan.plan(published, drawn(2), FEW), tmp_path / "s")
    assert json.loads((done.folder / "study.json").read_text())["possibly_seen"] is True
    with pytest.raises(StudyError, match="does not tell"):
        study_plan.plan(predictor, drawn(2), FEW, unseen_by={"architecture": "resmem"})


def test_nothing_to_study_and_two_of_a_name_are_refused(predictor: Predictor) -> None:
    with pytest.raises(StudyError, match="no photo"):
        study_plan.plan(predictor, [], FEW)
    with pytest.raises(StudyError, match="same name"):
        study_plan.plan(predictor, drawn(2) + drawn(2), FEW)


# Several workers


def test_photos_are_opened_side_by_side_and_stay_in_order(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several openers and workers write what one of each writes, row by row."""
    tables = []
    for workers, met in ((1, None), (3, threading.Barrier(3))):
        monkeypatch.setattr(thread_pool, "WORKERS", workers)
        photos = [waiting(with_thing(photo), met) for photo in drawn(18)]
        design = Design(ablations=("region", "phase_scramble"), masks=("faces",), fills=("mean",))
        done = engine.run(study_plan.plan(predictor, photos, design), tmp_path / str(workers))
        tables.append((rows_of(done.folder), photos_of(done.folder)))
    for alone, together in zip(*tables, strict=True):
        pd.testing.assert_frame_equal(together, alone, check_exact=True)


def waiting(photo: Photo, met: threading.Barrier | None) -> Photo:
    """A photo whose things are only told when as many are asked for at the same time."""

    def truth() -> Mapping[str, Region]:
        if met is not None:
            met.wait(timeout=60)
        return photo.truth() if photo.truth else {}

    return dataclasses.replace(photo, truth=truth)


# Hosts


HOSTED = Design(ablations=("region", "grayscale"), masks=("faces", "salient"), fills=("mean", "noise"), hosts=2)


def half_with_things(count: int) -> list[Photo]:
    """Photos of which every third holds a thing, at one of four sizes, and one in four something that stands out."""
    boxes = (Rect(4, 4, 14, 14), Rect(20, 10, 44, 34), Rect(2, 2, 40, 36), Rect(30, 5, 36, 30))
    photos = drawn(count)
    return [
        with_thing(photo, boxes[n % 4])
        if n % 3 == 0
        else with_thing(photo, Rect(0, 0, 28, 40), "salient")
        if n % 4 == 1
        else photo
        for n, photo in enumerate(photos)
    ]


@pytest.fixture(scope="module")
def hosted(predictor: Predictor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hosted")
    engine.run(study_plan.plan(predictor, half_with_things(60), HOSTED), folder / "s")
    return folder / "s"


def test_a_hosted_control_is_the_same_mask_at_the_same_place_of_another_photo(
    predictor: Predictor, hosted: Path
) -> None:
    photos = {photo.id: photo for photo in half_with_things(60)}
    rows = rows_of(hosted).query("control == 'hosted' and mask == 'faces'")
    assert len(rows) > 30
    assert set(rows["host_source"]) == {"drawn"}
    clean = rows_of(hosted).query("ablation == 'original'").set_index("photo_id")["score"]
    for row in rows.sample(12, random_state=0).itertuples():
        target, host = photos[row.photo_id], photos[row.host]
        mask = images.working(target.truth()["faces"].mask.astype(np.uint8)[..., None].repeat(3, axis=2) * 255)[..., 0]
        pixels = images.working(host.read())
        settings = {"fill": row.fill, "direction": row.direction, "seed": int(row.seed)}
        after = ABLATIONS["region"].function(pixels, mask >= 128, **settings)
        assert row.score == pytest.approx(predictor.score([after])[0], abs=2e-3)
        assert not host.truth()["faces"].mask.any()
        assert abs(clean[row.host] - clean[row.photo_id]) <= config.CALIPER * clean.std(ddof=1)
    targets = rows_of(hosted).query("placement == 0 and mask == 'faces'").set_index(["photo_id", "fill", "direction"])
    seeds = rows.set_index(["photo_id", "fill", "direction"])["seed"]
    assert (targets.loc[seeds.index, "seed"] == seeds).all(), "the same noise as on the target"


def test_hosts_are_the_same_under_every_fill_and_direction_and_told_what_they_cover(hosted: Path) -> None:
    rows = rows_of(hosted).query("control == 'hosted'").sort_values("placement")
    groups = rows.groupby(["photo_id", "mask", "fill", "direction"])
    assert (groups["host"].apply(tuple).groupby(["photo_id", "mask"]).nunique() == 1).all()
    assert all(found == [1, 2] for found in groups["placement"].apply(list))
    salient = {row.photo_id for row in photos_of(hosted).itertuples() if json.loads(row.regions)["salient"]["area"] > 0}
    faces = rows.query("mask == 'faces'")
    assert faces["covered"].notna().eq(faces["host"].isin(salient)).all()
    assert faces["covered"].dropna().between(0, 1).all()
    assert faces["structure"].isna().all()


def test_fills_are_tried_where_a_host_is_emptiest(hosted: Path) -> None:
    rows = rows_of(hosted).query("control == 'empty'")
    assert set(rows["fill"]) == {"mean", "noise"}
    assert set(rows["direction"]) == {REMOVE}
    assert rows["structure"].notna().all()
    assert (rows["area"] < 0.2 + 0.01).all()
    hosts = rows_of(hosted).query("control == 'hosted'").groupby(["photo_id", "mask"])["host"].agg(set)
    assert all(row.host in hosts[row.photo_id, row.mask] for row in rows.itertuples())


def test_only_sensitivity_is_thinned_out(predictor: Predictor, tmp_path: Path) -> None:
    design = dataclasses.replace(HOSTED, masks=("faces",), shares=(("sensitivity", 0.0),))
    done = engine.run(study_plan.plan(predictor, half_with_things(60), design), tmp_path / "s")
    rows = rows_of(done.folder)
    assert not len(rows.query("direction == 'keep' and control == 'hosted'")), "faces kept alone decide nothing"
    assert len(rows.query("direction == 'keep' and placement == 0"))
    assert len(rows.query("direction == 'remove' and control == 'hosted'"))


def test_few_targets_and_every_photo_a_host(predictor: Predictor, tmp_path: Path) -> None:
    design = dataclasses.replace(HOSTED, masks=("faces",), targets=6)
    photos = [dataclasses.replace(photo, score=None) for photo in half_with_things(60)]
    done = engine.run(study_plan.plan(predictor, photos, design), tmp_path / "s")
    rows = rows_of(done.folder)
    targets = rows.query("ablation == 'region' and placement == 0")
    assert targets["photo_id"].nunique() == 6
    assert set(rows.query("ablation == 'grayscale'")["photo_id"]) == set(targets["photo_id"])
    assert rows.query("control == 'hosted'")["host"].nunique() > 6
    settings = json.loads((done.folder / "study.json").read_text())
    assert settings["targets"] == {"faces": 6}
    assert settings["thinning"] == {"targets": 6, "hosts": 2}


def test_forty_photos_three_times_over_are_forty(predictor: Predictor, tmp_path: Path) -> None:
    once = drawn(40)
    copies = [dataclasses.replace(photo, id=f"{where}/{photo.id}") for where in "abc" for photo in once]
    done = engine.run(study_plan.plan(predictor, copies, FEW), tmp_path / "s")
    assert (done.photos, done.copies) == (40, 80)
    assert photos_of(done.folder)["pixels"].nunique() == 40
    assert json.loads((done.folder / "study.json").read_text())["copies"] == 80
    assert all("looks like drawn: " in item.reason for item in done.left_out)
    few = study_plan.plan(predictor, copies, dataclasses.replace(FEW, photos=10))
    assert engine.run(few, tmp_path / "t").photos == 10, "copies take no places"
    alone = engine.run(study_plan.plan(predictor, once, FEW), tmp_path / "once")
    thrice, plain = (make_aggregates(folder).effects for folder in (done.folder, alone.folder))
    assert thrice["n"].tolist() == plain["n"].tolist()
    assert np.allclose(thrice["mean_delta"], plain["mean_delta"], atol=1e-6)
    for name in ("ci_low", "ci_high"):  # photos stand in another order, and resamples differ
        assert ((thrice[name] - plain[name]).abs() <= 0.12 * (plain["ci_high"] - plain["ci_low"]) + 1e-6).all(), name


def test_copies_are_set_aside_the_same_when_a_block_is_done_again(predictor: Predictor, tmp_path: Path) -> None:
    copies = [dataclasses.replace(photo, id=f"{where}/{photo.id}") for where in "ab" for photo in drawn(24)]
    planned = study_plan.plan(predictor, copies, FEW)
    whole = photos_of(engine.run(planned, tmp_path / "s").folder)
    Parts(tmp_path / "s").file("photos", 1).unlink()
    engine.run(planned, tmp_path / "s")
    pd.testing.assert_frame_equal(photos_of(tmp_path / "s"), whole)


def test_a_study_of_the_first_protocol_is_not_added_to(predictor: Predictor, tmp_path: Path) -> None:
    planned = study_plan.plan(predictor, drawn(3), FEW)
    engine.run(planned, tmp_path / "s")
    settings = json.loads((tmp_path / "s" / "study.json").read_text())
    del settings["protocol"]
    (tmp_path / "s" / "study.json").write_text(json.dumps(settings))
    with pytest.raises(
        StudyError, match=r"protocol 1, to which none of protocol 2 can be added; give another --out\.$"
    ):
        engine.run(planned, tmp_path / "s")


def test_a_later_pass_that_was_killed_goes_on_with_the_same_hosts(
    predictor: Predictor, hosted: Path, tmp_path: Path
) -> None:
    planned = study_plan.plan(predictor, half_with_things(60), HOSTED)

    class KilledError(Exception):
        pass

    def stop(items: Iterator[Photo], total: int, what: str) -> Iterator[Photo]:
        for item in items:
            yield item
            if what.endswith("ablations"):
                raise KilledError

    with pytest.raises(KilledError):
        engine.run(planned, tmp_path / "s", progress=stop)
    assert 0 < len(list((tmp_path / "s" / "rows").glob("ablated-*"))) < 4
    engine.run(planned, tmp_path / "s")
    pd.testing.assert_frame_equal(rows_of(tmp_path / "s"), rows_of(hosted), check_exact=True)


# Killed, resumed, damaged


def test_parts_appear_while_the_study_runs(predictor: Predictor, tmp_path: Path) -> None:
    """Memory is constant because nothing but a block is held: each is on disk before the next but one begins."""
    seen: dict[str, list[int]] = {}

    def watch(items: Iterator[Photo], total: int, what: str) -> Iterator[Photo]:
        for item in items:
            seen.setdefault(what, []).append(len(list((tmp_path / "s" / "rows").glob("*.parquet"))))
            yield item

    engine.run(study_plan.plan(predictor, drawn(3 * study_plan.BLOCK), FEW), tmp_path / "s", progress=watch)
    one_by_one = [1] * study_plan.BLOCK + [2] * study_plan.BLOCK + [3] * study_plan.BLOCK
    assert list(seen.values()) == [one_by_one, [3 + number for number in one_by_one]]


def test_a_killed_study_goes_on_and_ends_the_same(checkpoint: Path, tmp_path: Path, carry_out: CarryOut) -> None:
    for number in range(3 * study_plan.BLOCK):
        write_photo(tmp_path / "photos" / f"{number}.png", number, 40, 56)
    command = ["study", str(tmp_path / "photos"), "--model", str(checkpoint)]
    command += ["--ablations", "identity,patch_shuffle,grayscale,blur", *ONE_MASK]
    first = "photos/part-00000.parquet"
    run = ["core", *command, "--out", "{out}"]
    carry_out(Task(run, str(tmp_path), kills=1, until=first, again=False))
    killed = tmp_path / "killed-0"
    before = {file: file.read_bytes() for file in (killed / "photos").glob("*.parquet")}
    assert killed / first in before
    assert main([*command, "--out", str(killed)]) == 0
    assert main([*command, "--out", str(tmp_path / "whole")]) == 0
    assert all(file.read_bytes() == content for file, content in before.items())
    rows = rows_of(killed)
    assert not rows.duplicated(KEY).any()
    pd.testing.assert_frame_equal(rows, rows_of(tmp_path / "whole"), check_exact=True)
    pd.testing.assert_frame_equal(photos_of(killed), photos_of(tmp_path / "whole"))


def test_rows_without_their_photos_are_done_again(predictor: Predictor, tmp_path: Path) -> None:
    planned = study_plan.plan(predictor, drawn(2 * study_plan.BLOCK), FEW)
    whole = rows_of(engine.run(planned, tmp_path / "s").folder)
    Parts(tmp_path / "s").file("photos", 1).unlink()
    assert Parts(tmp_path / "s").done() == ({0}, [])
    engine.run(planned, tmp_path / "s")
    pd.testing.assert_frame_equal(rows_of(tmp_path / "s"), whole, check_exact=True)


def test_damaged_and_foreign_parts_are_set_aside_and_done_again(predictor: Predictor, tmp_path: Path) -> None:
    planned = study_plan.plan(predictor, drawn(2 * study_plan.BLOCK), FEW)
    whole = rows_of(engine.run(planned, tmp_path / "s").folder)
    broken = Parts(tmp_path / "s").file("rows", 0)
    broken.write_bytes(broken.read_bytes()[:-40])
    foreign = tmp_path / "s" / "rows" / "notes.parquet"
    pq.write_table(pa.table({"a": [1]}), foreign)
    done = engine.run(planned, tmp_path / "s")
    assert sorted(Path(problem.where).name for problem in done.problems) == ["notes.parquet", "part-00000.parquet"]
    assert broken.with_name("part-00000.parquet.damaged").exists()
    pd.testing.assert_frame_equal(rows_of(tmp_path / "s"), whole, check_exact=True)


def test_other_settings_are_refused(predictor: Predictor, tmp_path: Path) -> None:
    engine.run(study_plan.plan(predictor, drawn(3), FEW), tmp_path / "s")
    for other in (
        study_plan.plan(predictor, drawn(3), Design(ablations=("blur",))),
        study_plan.plan(predictor, drawn(3), Design(ablations=FEW.ablations, seed=1)),
        study_plan.plan(predictor, drawn(4), FEW),
        study_plan.plan(predictor, drawn(3), FEW, allow_seen=True),
    ):
        with pytest.raises(StudyError, match="other settings"):
            engine.run(other, tmp_path / "s")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "holiday.txt").write_text("")
    with pytest.raises(StudyError, match="other files"):
        engine.run(study_plan.plan(predictor, drawn(3), FEW), tmp_path / "full")


# The command


def test_the_command_takes_two_sources_and_names_what_it_cannot_read(
    checkpoint: Path, make_lamem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scored = make_lamem(10)
    for number in range(3):
        write_photo(tmp_path / "more" / f"{number}.png", 50 + number)
    (tmp_path / "more" / "broken.png").write_bytes(b"no photo")
    out = tmp_path / "s"
    command = [
        "study",
        str(scored),
        str(tmp_path / "more"),
        "--model",
        str(checkpoint),
        "--ablations",
        "blur,jpeg",
        *ONE_MASK,
    ]
    assert main([*command, "--out", str(out), "--json"]) == 1
    answer = capsys.readouterr()
    assert json.loads(answer.out)["photos"] == 2 + 3
    assert "broken.png" in answer.err
    assert "conditions" in answer.err
    assert set(rows_of(out)["source"]) == {"set", "more"}
    photos = photos_of(out).set_index("source")
    assert photos.loc["set", "human_score"].notna().all()
    assert photos.loc["more", "human_score"].isna().all()
    settings = json.loads((out / "study.json").read_text())
    assert settings["finished"] is True
    assert settings["unreadable"] == 1


def test_the_command_leaves_out_what_the_model_saw(checkpoint: Path, photo_folder: Path, tmp_path: Path) -> None:
    learned = write_checkpoint(tmp_path / "learned", (draw_photo(1),))
    command = ["study", str(photo_folder), "--ablations", "blur", *ONE_MASK]
    assert main([*command, "--model", str(learned), "--out", str(tmp_path / "a")]) == 0
    assert len(photos_of(tmp_path / "a")) == 3
    assert main([*command, "--model", str(learned), "--allow-seen", "--out", str(tmp_path / "b")]) == 0
    assert len(photos_of(tmp_path / "b")) == 4
    assert main([*command, "--model", str(checkpoint), "--unseen-by", str(learned), "--out", str(tmp_path / "c")]) == 0
    assert len(photos_of(tmp_path / "c")) == 3


def test_a_long_study_wants_a_yes(
    checkpoint: Path, photo_folder: Path, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from core.commands import study as command

    monkeypatch.setattr(command, "LONG", 0)
    given = [
        "study",
        str(photo_folder),
        "--model",
        str(checkpoint),
        "--ablations",
        "blur",
        *ONE_MASK,
        "--out",
        str(tmp_path / "s"),
    ]
    assert main(given) == 2
    assert "--yes" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()
    assert main([*given, "--yes"]) == 0


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--ablations", "blurr"], "phase_scramble"),
        (["--thin", "doses"], "NAME=SHARE"),
        (["--thin", "doze=0.5"], "doses"),
        (["--model", "resnet51"], "resnet50"),
        (["--fills", "lava"], "inpaint"),
    ],
)
def test_bad_requests_are_one_line(
    more: list[str], named: str, photo_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = [] if "--model" in more else ["--model", str(write_checkpoint(tmp_path / "tiny"))]
    assert main(["study", str(photo_folder), *model, *more, "--out", str(tmp_path / "s")]) == 2
    error = capsys.readouterr().err.strip()
    assert named in error
    assert len(error.splitlines()) == 1


# Looking at it again


@pytest.mark.parametrize("seed", [0, 5])
def test_a_photo_rendered_again_gets_the_score_that_stands_in_the_table(
    seed: int, predictor: Predictor, tmp_path: Path
) -> None:
    """Also where something random was drawn, and for a region."""
    photo = with_thing(drawn(1)[0])
    design = Design(ablations=("phase_scramble", "region"), masks=("faces",), fills=("noise",), placements=0, seed=seed)
    engine.run(study_plan.plan(predictor, [photo], design), tmp_path / "study")
    rows = rows_of(tmp_path / "study")
    for step in grid(design):
        _, after = replay(photo, step.condition, seed)
        same = (rows["params"] == step.condition.params) & (rows["ablation"] == step.condition.ablation)
        same &= rows["direction"].isna() if step.condition.direction is None else (
            rows["direction"] == step.condition.direction
        )  # fmt: skip
        assert predictor.score([after])[0] == pytest.approx(rows[same]["score"].item(), abs=1e-6)


def test_workers_do_not_wait_for_one_another(predictor: Predictor) -> None:
    """While one holds the unlocked model, another still gets its scores."""
    shared = predictor.concurrent(2)
    squares = [preprocess.square(draw_photo(), shared.preset)]
    expected = predictor.score_squares(squares)
    # The lock is let go before the pool waits for its thread: one that cannot go on fails the test instead of hanging.
    with ThreadPoolExecutor(1) as pool, shared.exclusive():
        assert pool.submit(shared.score_squares, squares).result(timeout=60) == pytest.approx(expected)


def test_the_command_tells_of_hosts_and_targets(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["study", "--help"])
    assert stopped.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for said in ("--hosts", "--targets", "--placements", "sensitivity=0.1", "of photos that look alike one counts"):
        assert said in text
