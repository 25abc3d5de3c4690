"""Study folders with planted effects: what statistics, verdict and pages are tested on, without a model."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import config
from core.registry import ABLATIONS
from core.study.parts import LeftOut, Parts
from core.study.protocol import DECISION_ROWS, DecisionRow
from core.table import PHOTOS, ROWS, Condition, canonical

SD = 0.1
MASKS = ("faces", "people", "salient", "text")
NAMES = {row.id: row for row in DECISION_ROWS}
ARTEFACTS = {"mean": 0.2, "blur": 0.09, "noise": 0.22, "inpaint": 0.08, "blend": 0.3}
LEFT_OUT_PHOTO = LeftOut("b.png", "it is a copy", copy=True)
Columns = dict[str, np.ndarray]
HOST_COLUMNS = {"control": None, "host": None, "host_source": None, "covered": None, "structure": None}


@dataclass(frozen=True)
class Plan:
    """A study to be: `effects` are mean excesses or differences by decision row, in SD of the clean scores.

    `controls` are the mean differences of a row's controls, `noise` the spread of differences (in SD), `agreement` how
    closely human scores follow the model's (None: nobody was asked), `share` the chance that a thing is in a photo,
    `shifts` the sources, photos in turns, `doses` strengths of blur beside the default, `surrounds`
    the fills around the middle that a crop keeps. Of protocol 2, `hosted` gives the mean differences of hosts by row
    (those of `controls` where it does not), and `artefacts` what each fill does at empty places, in SD. The rows
    are cut into so many `parts`.
    """

    n: int = 300
    effects: Mapping[str, float] = field(default_factory=dict)
    controls: Mapping[str, float] = field(default_factory=dict)
    noise: float = 0.3
    agreement: float | None = 1.0
    share: float = 0.6
    fills: Sequence[str] = ("mean", "blur")
    placements: int = config.PLACEMENTS
    sources: Sequence[str] = ("scenes",)
    detectors: Sequence[str] = ()
    rows: Sequence[str] = tuple(NAMES)
    doses: Sequence[float] = (0.01, 0.04)
    surrounds: Sequence[str] = ("mean",)
    settings: Mapping[str, object] = field(default_factory=dict)
    protocol: int = 1
    hosted: Mapping[str, float] = field(default_factory=dict)
    artefacts: Mapping[str, float] = field(default_factory=lambda: ARTEFACTS)
    seed: int = 0
    parts: int = 3


def write_study(folder: Path, plan: Plan | None = None, **changes: object) -> Path:
    """Write `study.json`, photos and rows of a plan."""
    plan = plan or Plan(**changes)  # type: ignore[arg-type]
    random = np.random.default_rng(plan.seed)
    scores = random.normal(0.6, SD, plan.n)
    photos = _photos(plan, random, scores)
    rows = [_original(plan, photos, scores)]
    for condition, name in conditions(plan).items():
        rows.append(_rows(plan, random, photos, scores, condition, name))
    table = pd.DataFrame(_below(rows))
    settings = {
        "name": folder.name, "model": "resnet50", "sources": list(plan.sources), "seed": 0,
        "created": "2026-01-01", "protocol": plan.protocol,
        "conditions": [asdict(item) for item in conditions(plan)], **plan.settings,
    }  # fmt: skip
    (folder / "rows").mkdir(parents=True, exist_ok=True)
    (folder / "photos").mkdir(exist_ok=True)
    (folder / "study.json").write_text(json.dumps(settings))
    pq.write_table(pa.Table.from_pandas(photos, PHOTOS, preserve_index=False), folder / "photos" / "part-0000.parquet")
    for number in range(plan.parts):
        part = pa.Table.from_pandas(table[number :: plan.parts], ROWS, preserve_index=False)
        pq.write_table(part, folder / "rows" / f"part-{number:04}.parquet")
    return folder


def write_block(folder: Path) -> Parts:
    """A study with a block of one photo, and of one that is left out, as a run writes it."""
    row = ("a.png", "s", "tiny", "original", "{}", *[None] * 3, 0, *[None] * 3, 0.5, *[None] * 5, 0)
    work = {"source": "s", "photo_id": "a.png", "height": 2, "width": 2, "score": 0.5, "features": b"", "masks": []}
    photo = {"photo_id": "a.png", "source": "s", "pixels": "0", "look": "0", "regions": "{}", "features": "{}"}
    parts = Parts(folder)
    parts.describe({"model": "tiny"})
    parts.write(0, [row], [photo], [LEFT_OUT_PHOTO], [work])
    return parts


def conditions(plan: Plan) -> dict[Condition, str]:
    """Every condition of a plan with the decision row that it belongs to."""
    found = {}
    for row in (NAMES[name] for name in plan.rows):
        if row.mask:
            for fill in plan.fills:
                found[Condition("region", "{}", row.mask, fill, row.direction)] = row.id
        else:
            arguments = ABLATIONS[row.ablation].arguments()
            for changed in [{row.filled_by: fill} for fill in plan.surrounds] if row.filled_by else [{}]:
                found[Condition(row.ablation, canonical(arguments | changed))] = row.id
    if "blur" in plan.rows:
        found |= {Condition("blur", canonical({"sigma": sigma})): "blur" for sigma in plan.doses}
    return found | {Condition("identity"): "identity"}


def _photos(plan: Plan, random: np.random.Generator, scores: np.ndarray) -> pd.DataFrame:
    human = np.full(plan.n, np.nan)
    if plan.agreement is not None:
        human = scores + random.normal(0, SD * (1 / max(plan.agreement, 1e-6) - 1) + 1e-9, plan.n)
    regions = []
    for _ in range(plan.n):
        found = {}
        for size, mask in enumerate(MASKS, start=1):
            area = 0.05 * size if random.random() < plan.share else 0.0
            found[mask] = {"area": area, "count": int(area > 0), "detector": mask in plan.detectors, "placements": 10}
        regions.append(found)
    return pd.DataFrame(
        {
            "photo_id": [f"photo-{number:05}" for number in range(plan.n)],
            "source": [plan.sources[number % len(plan.sources)] for number in range(plan.n)],
            "human_score": human,
            "pixels": [f"{number:016x}" for number in range(plan.n)],
            "look": [f"{number:016x}" for number in range(plan.n)],
            "regions": [json.dumps(item) for item in regions],
            "features": "{}",
        }
    )


def _columns(photos: pd.DataFrame, condition: Condition, **values: object) -> Columns:
    shared = {"model": "resnet50", "placement": 0, "area": None, "rmse": 0.0, "feature_distance": 0.0, "seed": 0}
    own = {"photo_id": photos["photo_id"].to_numpy(), "source": photos["source"].to_numpy()}
    given = own | shared | HOST_COLUMNS | asdict(condition) | values
    return {
        field.name: np.broadcast_to(np.asarray(given[field.name], field.type.to_pandas_dtype()), len(photos))
        for field in ROWS
    }


def _below(parts: Sequence[Columns]) -> Columns:
    """One below the other; a table of pandas for each part would take most of a test's time."""
    return {name: np.concatenate([part[name] for part in parts]) for name in ROWS.names}


def _original(plan: Plan, photos: pd.DataFrame, scores: np.ndarray) -> Columns:
    return _columns(photos, Condition("original"), score=scores)


def _rows(
    plan: Plan,
    random: np.random.Generator,
    photos: pd.DataFrame,
    scores: np.ndarray,
    condition: Condition,
    name: str,
) -> Columns:
    """Target rows, and control rows of a region, in the photos in which the thing is."""
    if name == "identity":
        return _columns(photos, condition, score=scores)
    row: DecisionRow = NAMES[name]
    there = np.ones(plan.n, dtype=bool)
    if row.mask:
        there = np.array([json.loads(text)[row.mask]["area"] > 0 for text in photos["regions"]])
    strength = condition.arguments.get("sigma", 0.02) / 0.02 if name == "blur" else 1.0
    control = plan.controls.get(name, -0.1)
    mean = (plan.effects.get(name, 0.0) + (control if row.mask else 0.0)) * min(strength, 2.0)
    noise = random.normal(0, plan.noise, plan.n)
    target = scores + SD * (mean + noise)
    kept = photos[there]
    values = {"area": 0.1 if row.mask else None, "rmse": 0.05 * strength, "feature_distance": 0.4}
    frames = [_columns(kept, condition, score=target[there], **values)]
    for placement in range(1, plan.placements + 1 if row.mask else 1):
        score = scores + SD * (control + noise / 2 + random.normal(0, plan.noise, plan.n))
        placed = {"placement": placement, "control": "placed"}
        frames.append(_columns(kept, condition, score=score[there], **placed, **values))
    if row.mask and plan.protocol > 1 and not there.all():
        frames += _hosted(plan, random, photos, scores, condition, row, there)
    return _below(frames)


def _hosted(
    plan: Plan,
    random: np.random.Generator,
    photos: pd.DataFrame,
    scores: np.ndarray,
    condition: Condition,
    row: DecisionRow,
    there: np.ndarray,
) -> list[Columns]:
    """The rows of ten hosts a photo, drawn from the fifty nearest in score without the thing, and of an empty place."""
    mean = plan.hosted.get(row.id, plan.controls.get(row.id, -0.1))
    own = np.random.default_rng(zlib.crc32(row.id.encode())).normal(0, plan.noise / 2, plan.n)  # whatever the fill
    apart = np.abs(scores[there][:, None] - scores[None, ~there])
    nearest = np.flatnonzero(~there)[np.argsort(apart, axis=1)[:, :50]]
    chosen = random.permuted(nearest, axis=1)[:, : config.PLACEMENTS]
    names, sources = photos["photo_id"].to_numpy(), photos["source"].to_numpy()
    kept, frames = photos[there], []
    for number, hosts in enumerate(chosen.T, start=1):
        change = SD * (mean + own[hosts] + random.normal(0, plan.noise, len(hosts)))
        values = {"area": 0.1, "rmse": 0.04, "feature_distance": 0.3, "covered": (hosts % 4 == 0) * 0.8}
        about = {"placement": number, "control": "hosted", "host": names[hosts], "host_source": sources[hosts]}
        frames.append(_columns(kept, condition, score=scores[hosts] + change, **about, **values))
    hosts, level = chosen[:, 0], plan.artefacts[str(condition.fill)]
    signs = np.where(random.random(len(hosts)) < (0.9 if level > 0.15 else 0.5), 1, -1)
    busy = np.arange(len(hosts)) % 2 * 1.0  # in every other host no place is empty, and the fill hides something
    change = SD * level * random.uniform(0.5, 1.5, len(hosts)) * (signs - 5 * busy)
    about = {
        "placement": 1,
        "control": "empty",
        "host": names[hosts],
        "host_source": sources[hosts],
        "structure": 1 + busy,
    }
    values = {"area": 0.1, "rmse": 0.01, "feature_distance": 0.1}
    return [*frames, _columns(kept, condition, score=scores[hosts] + change, **about, **values)]
