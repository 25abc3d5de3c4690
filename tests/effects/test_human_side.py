"""The human side: planted correlations and variance splits are found, and what is missing is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core.__main__ import main
from core.effects import human_side, human_words
from core.errors import StudyError
from core.latent import distinctiveness_results as results
from core.study.parts import Parts
from core.table import ORIGINAL

N = 500


def draw(seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two features of each group; `contrast` has half of its variance in common with `faces`."""
    random = np.random.default_rng(seed)
    semantic = pd.DataFrame(random.standard_normal((N, 2)), columns=["faces", "object_area"])
    low = pd.DataFrame(random.standard_normal((N, 2)), columns=["contrast", "entropy"])
    low["contrast"] = (low["contrast"] + semantic["faces"]) / np.sqrt(2)
    return semantic, low


def write_study(folder: Path, semantic: pd.DataFrame, low: pd.DataFrame, human, model: np.ndarray) -> Path:
    parts = Parts(folder)
    parts.describe({"model": "tiny", "name": "planted", "seed": 0, "conditions": []})
    table = pd.concat([semantic, low], axis=1)
    table["brightness"] = 0.5
    photos = [
        {
            "photo_id": f"{n}.png",
            "source": "drawn",
            "human_score": human[n],
            "pixels": "0",
            "look": "0",
            "regions": "{}",
            "features": json.dumps(table.iloc[n].to_dict() | {"words": None}),
        }
        for n in range(len(model))
    ]
    rows = [
        (
            f"{n}.png",
            "drawn",
            "tiny",
            ORIGINAL,
            "{}",
            *[None] * 3,
            0,
            *[None] * 3,
            float(score),
            None,
            0.0,
            0.0,
            *[None] * 3,
        )
        for n, score in enumerate(model)
    ]
    parts.write(0, rows[:200], photos[:200], [])
    parts.write(1, rows[200:], photos[200:], [])
    return folder


def test_a_planted_split_is_recovered() -> None:
    semantic, low = draw()
    noise = np.random.default_rng(1).standard_normal(N)
    scores = semantic["object_area"] + semantic["faces"] + noise  # variance 3: 1/3 area, 1/3 faces, 1/3 noise
    found = human_side.partition(semantic, low, scores, "human", draws=500)
    assert found.total.estimate == pytest.approx(2 / 3, abs=0.06)
    assert found.shared.estimate == pytest.approx(1 / 6, abs=0.06)  # contrast knows half of what faces do
    assert found.semantic.estimate == pytest.approx(1 / 2, abs=0.06)
    assert found.low_level.estimate == pytest.approx(0, abs=0.02)
    parts = found.semantic.estimate + found.low_level.estimate + found.shared.estimate
    assert parts == pytest.approx(found.total.estimate)
    for item in (found.total, found.semantic, found.shared):
        assert item.low < item.estimate < item.high
        assert item.high - item.low < 0.25


def test_noise_explains_nothing() -> None:
    semantic, low = draw()
    found = human_side.partition(semantic, low, pd.Series(np.random.default_rng(2).standard_normal(N)), "human")
    assert found.total.estimate < 0.02
    assert found.total.low < 0


def test_a_group_without_features_explains_nothing_alone() -> None:
    semantic, low = draw()
    scores = low["entropy"] + np.random.default_rng(1).standard_normal(N)
    found = human_side.partition(semantic[[]], low, scores, "human", draws=200)
    assert found.semantic.estimate == pytest.approx(0, abs=1e-9)
    assert found.low_level.estimate == pytest.approx(0.5, abs=0.07)


def test_both_sides_are_read_from_a_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    semantic, low = draw()
    random = np.random.default_rng(1)
    human = 0.5 + 0.05 * (semantic["object_area"] + random.standard_normal(N)).to_numpy()
    model = 0.5 + 0.05 * (low["entropy"] + random.standard_normal(N)).to_numpy()
    folder = write_study(tmp_path / "s", semantic, low, human, model)
    assert main(["human", str(folder), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == json.loads((folder / "human.json").read_text())
    found = {item["feature"]: item for item in answer["correlations"]}
    assert set(found) == {"faces", "object_area", "contrast", "entropy"}  # nobody measured words; brightness is one
    assert found["object_area"]["human"]["estimate"] == pytest.approx(
        stats.spearmanr(semantic["object_area"], human).statistic
    )
    assert found["object_area"]["human"]["low"] > 0.5 > found["object_area"]["model"]["high"]
    human_part, model_part = answer["partitions"]
    assert (human_part["of"], model_part["of"]) == ("human", "model")
    assert human_part["semantic"]["low"] > 0.3 > human_part["low_level"]["high"]
    assert model_part["low_level"]["low"] > 0.3 > model_part["semantic"]["high"]
    assert human_words.read(folder) == human_side.human_side(folder)
    assert main(["human", str(folder)]) == 0
    assert "500 photos with human scores" in capsys.readouterr().out


def test_how_unusual_photos_are_joins_the_features_where_it_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    semantic, low = draw()
    random = np.random.default_rng(3)
    far = random.standard_normal(N)
    human = 0.5 + 0.05 * (semantic["object_area"] + far + random.standard_normal(N)).to_numpy()
    model = 0.5 + 0.05 * (semantic["object_area"] + random.standard_normal(N)).to_numpy()
    folder = write_study(tmp_path / "s", semantic, low, human, model)
    known = pd.DataFrame({"source": "drawn", "photo_id": [f"{n}.png" for n in range(N)]})
    for name in results.MEASURES:
        known[name] = far if name == "far_in_neutral" else random.standard_normal(N)
    monkeypatch.setattr("core.config.ARTIFACTS", tmp_path / "artifacts")
    results.save(
        results.Distinctiveness("drawn", "tiny", (), (), ()), known[:400], tmp_path / "artifacts" / "distinctiveness"
    )
    assert main(["human", str(folder)]) == 0
    assert "how unusual a photo is adds to these, for people: " in capsys.readouterr().out
    found = human_words.read(folder)
    assert found is not None
    by_name = {item.feature: item for item in found.correlations}
    assert by_name["far_in_neutral"].group == "unusual"
    assert by_name["far_in_neutral"].n == 400
    assert results.OWN not in by_name, "it follows the model's scores"
    assert by_name["far_in_neutral"].human.low > 0.4 > by_name["far_in_neutral"].model.high
    people, tiny = found.added
    assert people.n == 400
    assert people.unusual.estimate == pytest.approx(1 / 3, abs=0.06)
    assert people.unusual.low > 0.2
    assert tiny.unusual.low < 0.02
    assert found.partitions == human_side.human_side(folder).partitions, "countable features are compared as before"


def test_a_thing_that_is_in_few_photos_upsets_nothing(tmp_path: Path) -> None:
    """Three photos with faces, one of them with many: no weight of faces is fitted, and none extrapolated."""
    random = np.random.default_rng(0)
    semantic, low = draw()
    scores = 0.5 + 0.05 * (semantic["object_area"] + random.standard_normal(N)).to_numpy()
    semantic["faces"] = 0.0
    semantic.loc[[3, 40, 90], "faces"] = [1.0, 1.0, 30.0]
    found = human_side.human_side(write_study(tmp_path / "s", semantic, low, scores, scores), draws=100)
    assert found.too_rare == ("faces", "brightness")
    assert {item.feature for item in found.correlations} == {"object_area", "contrast", "entropy"}
    assert found.partitions[0].semantic.estimate > 0.4
    alone = human_side.predicted(semantic[["faces"]].to_numpy(), scores, seed=0)
    assert scores.min() <= alone.min() <= alone.max() <= scores.max()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    assert human_words.read(tmp_path) is None
    for text in ("{", "[]", '{"study": "x"}'):
        (tmp_path / "human.json").write_text(text)
        with pytest.raises(StudyError, match=r"human\.json is damaged"):
            human_words.read(tmp_path)


def test_without_human_scores_the_model_stands_alone(tmp_path: Path) -> None:
    semantic, low = draw()
    model = 0.5 + 0.05 * low["entropy"].to_numpy()
    found = human_side.human_side(write_study(tmp_path / "s", semantic, low, [None] * N, model))
    assert (found.n, found.n_human) == (N, 0)
    assert [item.of for item in found.partitions] == ["model"]
    assert all(item.human is None for item in found.correlations)
    assert any("model's side alone" in line for line in human_words.lines(found))


def test_too_few_photos_and_no_study_are_refused(tmp_path: Path) -> None:
    semantic, low = draw()
    few = write_study(tmp_path / "s", semantic, low, [0.5] * 10, np.linspace(0, 1, 10))
    with pytest.raises(StudyError, match="10 photos"):
        human_side.human_side(few)
    assert main(["human", str(tmp_path / "none")]) == 2


def test_parts_that_come_twice_or_are_damaged_do_not_count(tmp_path: Path) -> None:
    semantic, low = draw()
    scores = np.random.default_rng(2).random(N)
    folder = write_study(tmp_path / "s", semantic, low, scores, scores)
    table = human_side.photo_table(folder)
    first = folder / "photos" / "part-00000.parquet"
    (folder / "photos" / "part-00007.parquet").write_bytes(first.read_bytes())
    (folder / "photos" / "part-00008.parquet").write_bytes(first.read_bytes()[:100])
    pd.testing.assert_frame_equal(human_side.photo_table(folder), table)
    assert human_side.human_side(folder, draws=20).n == N
