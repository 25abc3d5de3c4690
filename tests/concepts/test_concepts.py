"""Concepts and parts on networks that are known: what was planted is found, and what was not is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core import config, inference
from core.__main__ import main
from core.concepts import factorisation, over_set, reports, tcav, words
from core.concepts.activations import activations, branches_of, scores_of
from core.errors import ArtifactError, AttributionError, SourceError
from core.inference import Predictor
from core.photos.fingerprints import fingerprint
from core.photos.preprocess import Preset
from core.records import as_json
from core.registry import MASKS
from core.types import Listing, Photo, Region
from tests.conftest import draw_photo

SIDE = 32
COLOURS = np.eye(3, dtype=np.uint8) * 255


class Colours(nn.Module):
    """Three maps, one a colour channel in cells of 4 × 4 px; red raises the score, green lowers it, blue does not."""

    def __init__(self) -> None:
        super().__init__()
        self.layer4 = nn.Sequential(nn.AvgPool2d(4), nn.ReLU())
        self.weight = nn.Parameter(torch.tensor([1.0, -0.5, 0.0]))

    def features(self, batch: torch.Tensor) -> torch.Tensor:
        return self.layer4(batch).mean(dim=(2, 3))

    def read_out(self, features: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(features @ self.weight)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.read_out(self.features(batch))


@pytest.fixture
def predictor() -> Predictor:
    return Predictor("colours", Colours().eval(), Preset(SIDE, SIDE), {})


def patchwork(seed: int) -> np.ndarray:
    """Cells of one colour each, at random."""
    random = np.random.default_rng(seed)
    amount = random.dirichlet([0.5, 0.5, 0.5])
    cells = random.choice(3, (8, 8), p=amount)
    return COLOURS[cells].repeat(4, axis=0).repeat(4, axis=1)


def standing_out(width: int) -> dict[str, Region]:
    """What a source says of the salient object, so that no detector has to look: one of that width, in the middle."""
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    inside = slice((SIDE - width) // 2, (SIDE + width) // 2)
    mask[inside, inside] = True
    return {"salient": Region(mask)}


def listing(n: int = 60) -> Listing:
    def photo(seed: int) -> Photo:
        return Photo(f"{seed}.png", "patchwork", lambda: patchwork(seed), truth=lambda: standing_out(0))

    return Listing("patchwork", tuple(photo(seed) for seed in range(n)), ())


def test_parts_recover_the_planted_ones(predictor: Predictor) -> None:
    maps = [activations(predictor, patchwork(seed)).last[0] for seed in range(40)]
    found = factorisation.factor(maps, 3)
    assert found.redrawn > 0.999
    assert sorted(found.directions.argmax(axis=1)) == [0, 1, 2]
    assert np.allclose(found.directions.max(axis=1), 1, atol=1e-3)
    amounts = found.amounts(maps[0])
    assert np.allclose(amounts[found.directions.argmax(axis=1).argsort()], maps[0], atol=1e-2)


def test_a_part_taken_out_changes_the_score_as_the_read_out_says(predictor: Predictor) -> None:
    maps = [activations(predictor, patchwork(seed)).last for seed in range(40)]
    (found,) = factorisation.factor_branches(maps, 3)
    changes = factorisation.without_each(predictor, [found], maps)
    for number, channel in enumerate(found.directions.argmax(axis=1)):
        left = np.array([last[0] for last in maps], dtype=np.float64)
        whole = scores_of(predictor, [left])
        left[:, channel] = 0
        assert np.allclose(changes[:, number], scores_of(predictor, [left]) - whole, atol=2e-3)


def test_traces_are_those_of_the_model_and_nothing_stays_hooked(predictor: Predictor) -> None:
    photo = patchwork(1)
    found = activations(predictor, photo)
    assert found.score == pytest.approx(float(predictor.score([photo])[0]), abs=1e-6)
    assert found.before == pytest.approx(photo.mean(axis=(0, 1)) / 255, abs=1e-6)
    assert found.slope[0] > 0 > found.slope[1]
    assert found.slope[2] == 0
    assert not predictor.module.layer4._forward_hooks
    assert not predictor.module.layer4._forward_pre_hooks


def test_models_whose_score_is_read_otherwise_are_refused() -> None:
    from core.registry import MODELS

    scene = Predictor("scene", MODELS["scene_cnn"].function().eval(), Preset(SIDE, SIDE), {})
    with pytest.raises(AttributionError, match="scene does not read its score from the mean"):
        activations(scene, patchwork(0))


def planted(n: int = 400, width: int = 12) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """What goes into a layer, and slopes that rise along the first channel and know nothing of the second."""
    random = np.random.default_rng(0)
    before = random.normal(size=(n, width))
    slopes = random.normal(size=(n, width)) * 0.3
    slopes[:, 0] += 1
    return before, slopes, random


def test_a_concept_that_raises_the_score_is_told_from_one_that_does_not() -> None:
    before, slopes, random = planted()
    sides = {
        "used": np.where(before[:, 0] > 0, 1, -1),
        "against": np.where(before[:, 0] < 0, 1, -1),
        "known, not used": np.where(before[:, 1] > 0, 1, -1),
        "unknown": random.choice([-1, 1], len(before)),
        "rare": np.where(np.arange(len(before)) < 5, 1, -1),
    }
    found = {item.name: item for item in tcav.concept_effects(before, slopes, sides, 0)}
    assert "rare" not in found
    assert found["used"].differs
    assert found["used"].raises > 0.75
    assert found["against"].differs
    assert found["against"].raises < 0.25
    assert not found["known, not used"].differs
    assert found["known, not used"].told > 0.85
    assert not found["unknown"].differs
    assert 0.4 < found["unknown"].told < 0.6
    assert "it raises the score" in words.of_named(found["used"])
    assert "it lowers the score" in words.of_named(found["against"])
    assert "no more than chance brings" in words.of_named(found["unknown"])


def test_a_photo_lies_along_a_concept_by_what_others_say() -> None:
    before, _, random = planted()
    sides = np.where(before[:, 0] > 0.5, 1, np.where(before[:, 0] < -0.5, -1, 0))
    found = tcav.place_along(before, sides, 0)
    assert found[sides > 0].mean() == pytest.approx(1, abs=0.1)
    assert found[sides < 0].mean() == pytest.approx(0, abs=0.1)
    assert 0.3 < found[sides == 0].mean() < 0.7
    assert np.corrcoef(found, before[:, 0])[0, 1] > 0.9
    gaps = []
    for seed in range(40):  # a vector made of a photo itself would place it on its own side: a gap of 1
        chance = random.choice([-1, 1], 60)
        placed = tcav.place_along(before[:60], chance, seed)
        gaps.append(placed[chance > 0].mean() - placed[chance < 0].mean())
    assert abs(np.mean(gaps)) < 0.3


def test_chance_alone_is_seldom_found() -> None:
    before, slopes, random = planted(120, 6)
    sides = {str(number): random.choice([-1, 1], len(before)) for number in range(6)}
    assert sum(item.differs for item in tcav.concept_effects(before, slopes, sides, 0)) <= 1


def test_a_set_gives_concepts_parts_and_samples_that_can_be_read_back(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reds = Listing(
        "reds", tuple(Photo(f"r{n}", "reds", lambda n=n: red(n), truth=lambda: standing_out(20)) for n in range(24)), ()
    )
    samples = listing(2).photos
    outcome = over_set.concepts(
        predictor,
        [listing(), reds],
        named={"red": "reds/*", "either": "reds/r1*|reds/r[!1]*"},
        masks=("salient",),
        samples=samples,
        parts=3,
    )
    found = outcome.concepts
    assert not outcome.problems
    assert found.n == 83  # some have one colour alone: they look alike
    measured = {item.label: item.values for item in outcome.measures}
    assert [len(outcome.photos), *{len(values) for values in measured.values()}] == [83, 83]
    reddish = np.array([photo.source == "reds" for photo in outcome.photos])
    along = measured[words.along("red")]
    assert along[reddish].mean() - along[~reddish].mean() == pytest.approx(1, abs=0.3)
    most = measured[words.amount_of(found.parts[0].number)]
    named = [f"{photo.source}/{photo.id}" for photo in outcome.photos]
    assert [named[place] for place in np.argsort(-most, kind="stable")[:9]] == list(found.parts[0].typical)
    by_name = {item.name: item for item in found.named}
    assert by_name["red"].differs
    assert by_name["red"].raises > 0.9
    assert by_name["either"].n_with == by_name["red"].n_with
    assert by_name[MASKS["salient"].label].n_with == by_name["red"].n_with
    assert {len(part.typical) for part in found.parts} == {9}
    assert found.parts[0].change < 0  # without red
    assert found.together > 0.9
    assert [sample.name for sample in found.samples] == ["0.png", "1.png"]
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path)
    assert reports.read_concepts("colours") is None
    file = tmp_path / "concepts" / "colours.json"
    file.parent.mkdir()
    file.write_text(json.dumps(as_json(found)))
    assert reports.read_concepts("colours") == found
    file.write_text("{}")
    with pytest.raises(ArtifactError, match="cannot be read"):
        reports.read_concepts("colours")


def red(seed: int) -> np.ndarray:
    """Mostly red, with noise: no two are alike."""
    photo = np.random.default_rng(seed).integers(0, 40, (SIDE, SIDE, 3), dtype=np.uint8)
    photo[..., 0] = 215
    return photo


def test_what_the_model_learned_from_does_not_count(predictor: Predictor) -> None:
    learned = [fingerprint(photo.read()) for photo in listing(56).photos]
    predictor.card["training_photos"] = [[item.pixels, item.look] for item in learned]
    with pytest.raises(SourceError, match="4 photos are too few for concepts"):
        over_set.concepts(predictor, [listing(60)], masks=("salient",))


def test_too_few_photos_are_refused(predictor: Predictor) -> None:
    with pytest.raises(SourceError, match="5 photos are too few for concepts"):
        over_set.concepts(predictor, [listing(5)], masks=("salient",))


def test_a_pattern_that_no_photo_matches_is_named(predictor: Predictor) -> None:
    with pytest.raises(
        SourceError, match=r"No photo's SOURCE/ID matches 'sea/\*' \(water\); such as 'patchwork/0.png'"
    ):
        over_set.concepts(predictor, [listing()], named={"water": "sea/*"}, masks=("salient",), parts=3)


def test_the_command_names_what_is_wrong_with_its_choices(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["concepts", "generated", "--named", "water"]) == 2
    assert "--named takes NAME=PATTERN, such as water=*/ocean_*, not 'water'" in capsys.readouterr().err


class Branches(nn.Module):
    """Red raises the score through fine maps, green lowers it through coarse ones; both are joined in a last layer."""

    branches = "fine branch", "coarse branch"

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(nn.AvgPool2d(4), nn.ReLU())
        self.coarse = nn.Sequential(nn.AvgPool2d(8), nn.ReLU())
        self.weight = nn.Parameter(torch.tensor([1.0, 0.0, 0.0, 0.0, -0.5, 0.0]))

    def last_maps(self) -> tuple[nn.Module, ...]:
        return self.fine, self.coarse

    def features(self, batch: torch.Tensor) -> torch.Tensor:
        return self._joined(self.fine(batch), self.coarse(batch))

    def _joined(self, fine: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
        return torch.cat([fine.mean(dim=(2, 3)), coarse.mean(dim=(2, 3))], dim=1)

    def read_out(self, features: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(features @ self.weight)

    def from_last_maps(self, fine: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
        return self.read_out(self._joined(fine, coarse))

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.read_out(self.features(batch))


def test_both_branches_of_a_model_have_concepts_and_parts() -> None:
    predictor = Predictor("two", Branches().eval(), Preset(SIDE, SIDE), {})
    left = activations(predictor, patchwork(1))
    assert [maps.shape for maps in left.last] == [(3, 8, 8), (3, 4, 4)]
    assert len(left.before) == len(left.slope) == 6
    assert left.slope[0] > 0 > left.slope[4]
    assert np.flatnonzero(left.slope).tolist() == [0, 4]
    found = over_set.concepts(predictor, [listing()], masks=("salient",), samples=listing(1).photos, parts=6).concepts
    assert sorted(part.branch for part in found.parts) == 3 * ["coarse branch"] + 3 * ["fine branch"]
    assert [found.parts[place].branch for place in (0, 1)] == ["fine branch", "coarse branch"]
    assert found.parts[0].change < 0 < found.parts[1].change
    assert all(abs(part.change) < 1e-3 for part in found.parts[2:])
    assert [np.shape(amounts) for amounts in found.samples[0].amounts] == 3 * [(8, 8)] + 3 * [(4, 4)]
    assert "3 of the coarse branch and 3 of the fine branch" in words.of_parts(found)
    assert words.of_part(found.parts[0], found.sd).startswith("in the fine branch; without it")


def test_branches_of_which_a_model_does_not_say_how_they_are_joined_are_refused() -> None:
    class Silent(Branches):
        from_last_maps = property()  # no such method, as hasattr sees it

    with pytest.raises(AttributionError, match="two reads its score from 2 branches and does not say how"):
        activations(Predictor("two", Silent().eval(), Preset(SIDE, SIDE), {}), patchwork(1))


def test_resmem_reads_its_score_from_the_maps_of_both_branches() -> None:
    pytest.importorskip("resmem", reason="the published model is an optional package")
    predictor = inference.load("resmem")
    left = activations(predictor, draw_photo(0, 64, 64))
    assert [maps.shape[0] for maps in left.last] == [256, 2048]
    assert scores_of(predictor, [maps[None] for maps in left.last])[0] == pytest.approx(left.score, abs=1e-3)
    without = [left.last[0][None], np.zeros_like(left.last[1][None])]
    assert abs(scores_of(predictor, without)[0] - left.score) > 1e-3
    assert branches_of(predictor) == ("AlexNet-like branch", "ResNet-152")
