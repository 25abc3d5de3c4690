"""Put a trained checkpoint into artifacts/, where the app finds it."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from core import config
from core.commands import Report
from core.errors import ArtifactError, CheckpointError
from core.evaluation import reports
from core.evaluation.reports import Attempt
from core.files import json_of, replacing
from core.records import typed
from core.registry import COMMANDS, Choice

EPOCHS = Choice(("best", "last"))


@COMMANDS.register("Ship a checkpoint")
def ship(
    run: Annotated[str, "folder of a finished training run"],
    *,
    average: Annotated[tuple[str, ...], "other runs with the same first weights, to be averaged with this one"] = (),
    epoch: Annotated[str, "which of each run: best on the validation photos, or last", EPOCHS] = "best",
    evaluations: Annotated[tuple[str, ...], "saved evaluations of every seed of the recipe (JSON files)"] = (),
    tried: Annotated[str, "JSON list of what was tried: what, how, spearman"] = "",
    out: Annotated[str, "folder to write"] = str(config.ARTIFACTS / config.DEFAULT_MODEL),
) -> Report:
    """Write a run's checkpoint in half precision, with its training curve and a card of what was tried.

    The last epoch of a one-cycle run needs no choice, so that what the validation photos say of it is not flattered.
    With `average`, the mean of the weights of several runs is shipped, and the card names their seeds and epochs. The
    evaluations of several seeds of one recipe are listed on the card, so that a claim rests on more than one run.
    """
    from core.inference import checkpoints

    curve = Path(run) / "metrics.csv"
    folders = [Path(name) / epoch for name in (run, *average)]
    module, card = checkpoints.average(folders), checkpoints.read_card(folders[0])
    if not curve.is_file():
        raise CheckpointError(f"{curve}: this file is missing; ship the folder of a run of `python train.py`.")
    if average:
        members = [_of_a_run(folder, checkpoints.read_card(folder)) for folder in folders]
        card["averaged"] = [_member(member) for member in members]
        seen = dict.fromkeys(tuple(hashes) for member in members for hashes in member["training_photos"])
        card["training_photos"] = [list(hashes) for hashes in seen]
        del card["metrics"]  # they are the first run's
    card["seeds"] = [_seed_row(Path(file)) for file in evaluations]
    card["tried"] = _attempts(Path(tried)) if tried else []
    checkpoints.save(Path(out), module, card, half=True)
    with replacing(Path(out) / curve.name) as temporary:
        shutil.copyfile(curve, temporary)
    size = (Path(out) / checkpoints.WEIGHTS).stat().st_size / 2**20
    return Report([f"{out}: {size:.1f} MB of weights"], {"folder": out, "megabytes": size})


def _of_a_run(folder: Path, card: dict[str, Any]) -> dict[str, Any]:
    """The card, which only a run of training can have written."""
    if lacking := sorted({"recipe", "metrics", "training_photos"} - card.keys()):
        raise CheckpointError(f'{folder}: the card lacks "{lacking[0]}", which every run of `python train.py` writes.')
    return card


def _attempts(file: Path) -> list[dict[str, Any]]:
    """What was tried, from a JSON list; CheckpointError if it is none."""
    try:
        return [asdict(item) for item in typed(tuple[Attempt, ...], json_of(file.read_text(encoding="utf-8")))]
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"{file}: this is no JSON list of records with what, how and spearman ({error!r}); correct it."
        ) from error


def _member(card: dict[str, Any]) -> dict[str, Any]:
    """Seed, epochs and validation metrics of a run that became a part of an average."""
    return {name: card["recipe"][name] for name in ("seed", "epochs")} | {"metrics": card["metrics"]}


def _seed_row(file: Path) -> dict[str, Any]:
    """Agreement of one seed; CheckpointError if the file is no evaluation of a single run."""
    if not file.is_file():
        raise CheckpointError(f"{file}: there is no such evaluation; write it with `python -m core evaluate`.")
    try:
        found = reports.evaluation(file)
    except ArtifactError as error:
        raise CheckpointError(f"{file}: this is not a saved evaluation: {error}") from error
    if found.seed is None:
        raise CheckpointError(f"{file}: this evaluation names no seed; evaluate the folder of a single run once more.")
    agreement = {"spearman": found.spearman.estimate, "pearson": found.pearson.estimate}
    return {"seed": found.seed, **agreement, "mse": found.mse}
