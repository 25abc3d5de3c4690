"""Calibration: does the verdict name the cause where it is known? A model and a study for each generated world.

A folder for each seed has one for each world, with its model, its study and its result. A world with a result is done,
so that a killed calibration goes on with what is left.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core import inference
from core.calibration.augmentation import FILLS
from core.calibration.table import (
    COLUMNS,
    MORE_COLUMNS,
    READING_COLUMNS,
    READINGS,
    TABLE,
    in_order,
    is_correct,
    planted,
    read_table,
)
from core.calibration.training import MODEL, Schedule, fit_model, gather
from core.errors import StudyError
from core.files import json_of, replacing, write_text
from core.inference import checkpoints
from core.photos.fingerprints import FingerprintIndex, fingerprint
from core.records import record
from core.registry import MODELS
from core.scenes.scene import OBJECT_CLASSES
from core.scenes.worlds import WORLDS, World
from core.sources.generated import generated
from core.study import engine
from core.study import plan as study_plan
from core.study.conditions import WHOLE, Design
from core.study.protocol import decision_row
from core.table import PROTOCOL
from core.types import Photo, Progress, silent
from core.verdict.aggregation import make_aggregates
from core.verdict.records import Verdict
from core.verdict.verdict import SHAMS

RESULT = "result.json"


@dataclass(frozen=True)
class Scale:
    """How large a calibration is: the worlds, what each model learns, and the study of held-out photos.

    Of `photos`, `targets` a thing are ablated, while all may be hosts; whole photos are ablated in the share `whole`.
    Places in the same photo decide nothing, and are left out.
    """

    worlds: tuple[str, ...]
    course: Schedule
    photos: int
    targets: int
    fills: tuple[str, ...] = FILLS
    whole: float = 0.35

    def settings(self, seed: int) -> dict[str, Any]:
        """What a result depends on: another calibration's is not taken for one's own."""
        study = {"protocol": PROTOCOL, "photos": self.photos, "targets": self.targets, "whole": self.whole}
        return {"seed": seed, **study, "fills": list(self.fills), **asdict(self.course)}

    def design(self, seed: int) -> Design:
        """The design of every study."""
        shares = ((WHOLE, self.whole),)
        return Design(
            masks=OBJECT_CLASSES, fills=self.fills, placements=0, targets=self.targets, shares=shares, seed=seed
        )  # fmt: skip


FULL = Scale(tuple(WORLDS), Schedule(scenes=4000, epochs=8, augmented=2, rate=2e-3), photos=560, targets=110)
QUICK = Scale(("face", "colour"), Schedule(scenes=1000, epochs=8), photos=560, targets=110)


def calibrate(
    out: Path, scale: Scale, seed: int, *, worlds: Sequence[str] = (), progress: Progress = silent
) -> pd.DataFrame:
    """Run every world that has no result at this seed in `out`; write and return the table of all worlds and seeds."""
    for name in worlds or scale.worlds:
        place = out / f"seed-{seed}" / name
        if not _is_done(place, scale.settings(seed)):
            run_world(WORLDS[name], place, scale, seed, progress)
    return write_table(out)


def _is_done(folder: Path, settings: dict[str, Any]) -> bool:
    """Whether a world has its result; StudyError if it is that of a calibration with other settings."""
    file = folder / RESULT
    if not file.is_file():
        return False
    if _result(file).settings != settings:
        raise StudyError(f"{folder} holds a calibration with other settings; choose another --out.")
    return True


def run_world(world: World, folder: Path, scale: Scale, seed: int, progress: Progress = silent) -> None:
    """Teach a model, study it on held-out scenes under the decision rows, and write what the verdict says."""
    photos, numbers = _parts(world, scale, seed)
    if not (folder / "best" / checkpoints.CARD).is_file():  # written last
        _teach(world, numbers, photos, folder / "best", scale.course, seed, progress)
    planned = study_plan.plan(inference.load(str(folder / "best")), photos, scale.design(seed))
    chosen = [step for step in planned.steps
              if decision_row(step.condition) or (step.condition.ablation in SHAMS and not step.group)]  # fmt: skip
    settings = {**planned.settings, "conditions": [asdict(step.condition) for step in chosen]}
    planned = dataclasses.replace(planned, steps=tuple(chosen), settings=settings)
    engine.run(planned, folder / "study", progress=progress)
    found = make_aggregates(folder / "study").verdict
    result = {
        "settings": scale.settings(seed),
        "row": _row(world, found, scale, seed),
        "readings": _readings(world, found, seed),
    }
    write_text(folder / RESULT, json.dumps(result, indent=1, ensure_ascii=False) + "\n")


def _parts(world: World, scale: Scale, seed: int) -> tuple[list[Photo], list[int]]:
    """Held-out photos to study, and the numbers of the scenes to learn from."""
    count = max(scale.course.scenes * 2, scale.photos * 4)
    listed = generated(cause=world.id, n=count, seed=seed).photos
    numbers = [number for number, photo in enumerate(listed) if photo.split == "train"]
    return [photo for photo in listed if photo.split == "test"][: scale.photos], numbers[: scale.course.scenes]


def _teach(
    world: World,
    numbers: list[int],
    held_out: list[Photo],
    folder: Path,
    course: Schedule,
    seed: int,
    progress: Progress,
) -> None:
    preset = MODELS[MODEL].facts["preset"]
    avoid = FingerprintIndex(fingerprint(photo.read()) for photo in held_out)
    material = gather(world, seed, numbers, avoid, preset, course.augmented, progress=progress)
    module = fit_model(material, preset, course, seed, progress=progress)
    card = {
        "architecture": MODEL,
        "preset": checkpoints.preset_fields(preset),
        "data": {"scored": len(material.prints), "world": world.id, "seed": seed},
        "recipe": asdict(course),
        "licence": "MIT",
        "training_photos": [[item.pixels, item.look] for item in material.prints],
    }
    checkpoints.save(folder, module, card)


def _row(world: World, found: Verdict, scale: Scale, seed: int) -> dict[str, Any]:
    """One row of the table: COLUMNS and MORE_COLUMNS."""
    validity = found.gate.validity
    return {
        "cause": planted(world),
        "verdict": found.verdict,
        "leading_cause": found.leading_cause,
        "validity": round(validity.estimate, 4) if validity else None,
        "correct": is_correct(world, found.verdict, found.leading_cause),
        "strength": found.strength,
        "held_back": " ".join(found.held_back) if found.strength else "",
        "validity_low": round(validity.low, 4) if validity else None,
        "validity_high": round(validity.high, 4) if validity else None,
        "photos": found.n_photos,
        "sd": round(found.sd, 4),
        "fills": " ".join(item.fill for item in found.artefacts if item.decides),
        "taught": scale.course.scenes,
        "seed": seed,
        "world": world.id,
        "protocol": found.protocol,
    }


def _readings(world: World, found: Verdict, seed: int) -> list[dict[str, Any]]:
    """READING_COLUMNS of every decision row of a world's study."""
    return [
        {
            "world": world.id,
            "row": item.row,
            "reading": item.reading,
            "n": item.n,
            "in_sd": round(item.in_sd.estimate, 4),
            "low": round(item.in_sd.low, 4),
            "high": round(item.in_sd.high, 4),
            "p_holm": float(f"{item.p_holm:.3g}"),
            "equivalence_p": float(f"{item.equivalence_p:.3g}"),
            "fill": item.fill,
            "seed": seed,
        }
        for item in found.readings
    ]


@dataclass(frozen=True)
class _Result:
    """What a world left: a row of the table and its readings, with their columns, and what they were made with."""

    settings: dict[str, Any]
    row: dict[str, Any]
    readings: tuple[dict[str, Any], ...]


def _result(file: Path) -> _Result:
    try:
        return record(_Result, json_of(file.read_text(encoding="utf-8")))
    except (OSError, KeyError, ValueError) as error:
        raise StudyError(f"{file} is damaged ({error}); delete it, and its world is calibrated again.") from error


def write_table(out: Path) -> pd.DataFrame:
    """Gather the results in a folder into its table and its readings, in the order of the worlds and seeds."""
    results = [_result(file) for file in sorted(out.glob(f"seed-*/*/{RESULT}"))]
    table = pd.DataFrame(in_order([item.row for item in results]), columns=[*COLUMNS, *MORE_COLUMNS])
    readings = [row for item in results for row in item.readings]
    for name, made in ((TABLE, table), (READINGS, pd.DataFrame(in_order(readings), columns=list(READING_COLUMNS)))):
        with replacing(out / name) as temporary:
            made.to_csv(temporary, index=False)
    return read_table(out)
