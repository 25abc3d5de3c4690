"""Training: gather photos, label them, fit, and keep enough on disk that a killed run ends where it would have."""

from __future__ import annotations

import csv
import dataclasses
import json
import logging
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from core.errors import TrainingError
from core.files import json_of, replacing, write_text
from core.inference import checkpoints
from core.photos import preprocess
from core.photos.preprocess import Preset
from core.registry import MODELS, PREDICTOR
from core.training import distributed
from core.training.batches import epoch_batches
from core.training.cards import describe_run
from core.training.dataset import AugmentedViews, Example, TrainingSet
from core.training.distillation import TeacherScale
from core.training.distributed import LossInputs, SingleProcess
from core.training.mixup import mixup
from core.training.objectives import OBJECTIVES, Objective
from core.training.recipes import TrainConfig
from core.training.run import Run, State, preserve, read_state, restore
from core.training.running_mean import RunningMean
from core.types import Progress, silent

log = logging.getLogger(__name__)

STATE = "state.safetensors"
METRICS = "metrics.csv"


def fit(config: TrainConfig, *, resume: bool = False, progress: Progress = silent) -> Path:
    """Train a model as `config` says and return the folder of its best checkpoint.

    In processes that torchrun started, together, as one process would; only the first one writes.
    TrainingError, SourceError and CheckpointError say what is missing. With `resume` a killed run goes on from its last
    saved state and ends with the weights of an uninterrupted one.
    """
    if config.init == "random":  # nothing is worth keeping in a random trunk, least of all its statistics
        config = dataclasses.replace(config, frozen_stages=0, frozen_norm=False)
    processes = distributed.process_group()
    progress = progress if processes.is_main else silent
    entry = MODELS[config.model]
    objective = OBJECTIVES[entry.facts.get("kind", PREDICTOR)]()
    photos, examples, lines, state = processes.broadcast(lambda: prepare(objective, config, resume, progress))
    built = entry.arguments({param.name: getattr(config, param.name) for param in entry.params})
    module, preset = first_weights(config, objective, built)
    objective.begin(module, examples)
    module = module.to(processes.device).to(memory_format=torch.channels_last)
    scaler = torch.amp.GradScaler(enabled=half_precision(config, processes.device) is torch.float16)
    run = Run(module, build_optimizer(module, config), scaler, measure=objective.measure, processes=processes)
    run.mean = RunningMean(module, config.mean_decay) if config.mean_decay and processes.is_main else None
    if state is not None:
        restore(run, state)
    set_training(module, config.frozen_norm)
    run.called = processes.wrap(module)
    card = describe_run(config, photos, preset, lines) | {"settings": built} if processes.is_main else {}
    with torch.backends.cudnn.flags(enabled=True, deterministic=True):  # else a GPU's gradients differ from run to run
        train(run, objective, examples, photos, preset, config, card, progress)
    return Path(config.out) / "best"


def prepare(
    objective: Objective, config: TrainConfig, resume: bool, progress: Progress
) -> tuple[TrainingSet, list[Example], list[TeacherScale], State | None]:
    """What the first process does alone: check the folder, gather and label photos, read the state to go on from."""
    out = Path(config.out)
    _check_folder(out, config, resume)
    photos = objective.gather(config, progress)
    examples, lines = objective.examples(photos, config, progress)
    return photos, examples, lines, read_state(out / STATE) if resume and (out / STATE).is_file() else None


def first_weights(config: TrainConfig, objective: Objective, built: dict[str, Any]) -> tuple[nn.Module, Preset]:
    """The module as it is before its first step; runs with one `init_seed` start alike, fit for an average."""
    torch.manual_seed(config.seed if config.init_seed is None else config.init_seed)
    module = MODELS[config.model].function(**built)
    preset = objective.initialise(module, config)
    if config.init_seed is not None:
        torch.manual_seed(config.seed)  # what follows (dropout) differs from seed to seed
    return module, preset


def build_optimizer(module: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """Adam or AdamW over the trunk's trainable stages and, at its own rate, the head."""
    trunk, head = split_parameters(module, config.frozen_stages)
    groups = [{"params": trunk, "peak": config.rate}, {"params": head, "peak": config.head_rate}]
    builders = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    if config.optimizer not in builders:
        raise TrainingError(f"No optimizer is called {config.optimizer!r}; choose from {', '.join(builders)}.")
    return builders[config.optimizer](groups, lr=config.rate, weight_decay=config.weight_decay)


def split_parameters(module: nn.Module, frozen_stages: int) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Freeze the first stages of a trunk (stem, layer1 … layer4), and return the other trunk and head parameters."""
    trunk: nn.Module = getattr(module, "trunk", None) or nn.Module()
    stages = [("conv1", "bn1"), ("layer1",), ("layer2",), ("layer3",), ("layer4",)]
    for name in [name for stage in stages[:frozen_stages] for name in stage]:
        if not hasattr(trunk, name):
            raise TrainingError(f"This model has no stage {name!r} to freeze; give --frozen-stages 0.")
        getattr(trunk, name).requires_grad_(False)
    inside = {id(parameter) for parameter in trunk.parameters()}
    trainable = [parameter for parameter in module.parameters() if parameter.requires_grad]
    return [p for p in trainable if id(p) in inside], [p for p in trainable if id(p) not in inside]


def train(
    run: Run,
    objective: Objective,
    examples: list[Example],
    photos: TrainingSet,
    preset: Preset,
    config: TrainConfig,
    card: dict[str, Any],
    progress: Progress,
) -> None:
    """Epochs of steps until the last one, or until validation has not improved for `patience` epochs."""
    out = Path(config.out)
    views = AugmentedViews(examples, config.last_train_size, config.seed, config.view_area, config.crop_area)
    scored = len(photos.scored)
    while run.epoch < config.epochs and (not run.rows or run.epochs_since_best < config.patience):
        views.size = config.train_size_in(run.epoch)
        batches = epoch_batches(scored, len(examples) - scored, config, run.epoch)
        train_epoch(run, objective, views, batches, preset, config, progress)
        run.rows.append(run.processes.broadcast(lambda: validate(run, objective, photos, preset, config)))
        run.epoch, run.step, run.loss_sum, run.seen = run.epoch + 1, 0, 0.0, 0
        if not run.processes.is_main:
            continue
        card["metrics"] = run.rows[-1]
        log.info(objective.says.format(**run.rows[-1]))
        if run.epochs_since_best == 0:
            checkpoints.save(out / "best", run.finished, card)
        checkpoints.save(out / "last", run.finished, card)
        write_metrics(out / METRICS, run.rows)
        preserve(run, out / STATE)


def train_epoch(
    run: Run,
    objective: Objective,
    views: AugmentedViews,
    batches: Sequence[np.ndarray],
    preset: Preset,
    config: TrainConfig,
    progress: Progress,
) -> None:
    """The remaining steps of an epoch, with a saved state every `save_seconds`."""
    processes, device = run.processes, run.processes.device
    half = half_precision(config, device)
    set_training(run.module, config.frozen_norm)
    steps = len(batches)
    keys = [[(run.epoch, int(index)) for index in processes.shard(batch)] for batch in batches[run.step :]]
    # A loader draws a seed when it starts; from the global generator, a resumed epoch would draw one more than a whole
    # one, and dropout and latents would differ from there on.
    own = torch.Generator()
    loader = DataLoader(views, batch_sampler=keys, num_workers=config.workers, collate_fn=_collate, generator=own)
    started = saved = time.monotonic()
    for squares, targets in progress(loader, len(keys), f"epoch {run.epoch + 1} of {config.epochs}"):
        set_learning_rates(run.optimizer, run.epoch * steps + run.step, config.epochs * steps, config.schedule)
        run.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.type, half, enabled=half is not None):
            processes.seed(config.seed, run.epoch, run.step)
            batch = preprocess.to_batch(squares, preset).to(device)
            batch, targets = blended(processes, batch, targets.to(device), config, (config.seed, run.epoch, run.step))
            share = (run.epoch + run.step / steps) / config.epochs
            loss = objective.loss(run.called, LossInputs(batch, targets, share, processes.all_gather), config)
        processes.backward(run.scaler.scale(loss))
        run.scaler.step(run.optimizer)
        run.scaler.update()
        if run.mean is not None:
            run.mean.update(run.module, run.epoch * steps + run.step)
        run.step, run.seen = run.step + 1, run.seen + len(targets)
        run.loss_sum += loss.item() * len(targets)
        if processes.is_main and time.monotonic() - saved >= config.save_seconds:
            preserve(run, Path(config.out) / STATE)
            saved = time.monotonic()
    run.seconds = time.monotonic() - started


def blended(
    processes: SingleProcess, batch: torch.Tensor, targets: torch.Tensor, config: TrainConfig, key: tuple[int, int, int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """This process's photos (n × 3 × H × W) and the targets of all (N,), blended with partners from the whole step."""
    targets = processes.all_gather(targets)
    if config.mixup == 0:
        return batch, targets
    mixed, targets = mixup(processes.all_gather(batch), targets, config.mixup, key)
    return mixed[torch.from_numpy(processes.shard(np.arange(len(mixed))))], targets


def half_precision(config: TrainConfig, device: torch.device) -> torch.dtype | None:
    """The 16-bit numbers that a step multiplies with, None for 32-bit ones; weights keep 32 bits either way."""
    if config.precision == "bfloat16":
        return torch.bfloat16
    return torch.float16 if config.precision == "automatic" and device.type == "cuda" else None


def _collate(items: list[tuple[np.ndarray, float]]) -> tuple[np.ndarray, torch.Tensor]:
    return np.stack([square for square, _ in items]), torch.tensor([target for _, target in items])


def set_training(module: nn.Module, frozen_norm: bool) -> None:
    """Training mode; with `frozen_norm`, batch normalisation keeps the statistics that it came with."""
    module.train()
    for layer in module.modules():
        if frozen_norm and isinstance(layer, nn.BatchNorm2d):
            layer.eval()


def set_learning_rates(optimizer: torch.optim.Optimizer, step: int, total: int, schedule: str) -> None:
    """Learning rates of a step: constant, or one cycle (linear warm-up over a fifth, cosine down to zero)."""
    share = step / max(1, total)
    factor = 1.0 if schedule == "constant" else min(share / 0.2, 0.5 * (1 + math.cos(math.pi * (share - 0.2) / 0.8)))
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * max(factor, 1e-3)


def validate(
    run: Run, objective: Objective, photos: TrainingSet, preset: Preset, config: TrainConfig
) -> dict[str, float]:
    """One row of metrics on the validation photos, seen as the finished model will see photos."""
    run.finished.eval()
    return {
        "epoch": run.epoch + 1,
        "train_loss": run.loss_sum / max(1, run.seen),
        **objective.validate(run.finished, photos, preset, config),
        "learning_rate": run.optimizer.param_groups[0]["lr"],
        "seconds": run.seconds,
    }


def write_metrics(path: Path, rows: list[dict[str, float]]) -> None:
    """The metrics of every epoch as CSV."""
    with replacing(path) as temporary, temporary.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _check_folder(out: Path, config: TrainConfig, resume: bool) -> None:
    """Refuse to overwrite another run, or to resume one with other settings; a run that learned nothing is no run."""
    file = out / "config.json"
    held = any((out / name).exists() for name in (STATE, "best", "last"))
    if held and not resume:
        raise TrainingError(f"{out} holds a run already; continue it with --resume, or choose another --out.")
    if held and not _same(config, _stored(file)):
        raise TrainingError(
            f"{file}: this run has other settings; resume it with the same ones, or choose another --out."
        )
    out.mkdir(parents=True, exist_ok=True)
    write_text(file, json.dumps(dataclasses.asdict(config), indent=1) + "\n")


def _stored(file: Path) -> dict[str, Any]:
    """The settings of the run in a folder."""
    try:
        return dict(json_of(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise TrainingError(
            f"{file} cannot be read ({error}), so this run cannot go on; choose another --out."
        ) from error


def _same(config: TrainConfig, stored: dict[str, Any]) -> bool:
    """Whether a run was started with these settings; a setting that did not exist then had today's default."""
    defaults = dataclasses.asdict(TrainConfig(config.data))
    return json.loads(json.dumps(dataclasses.asdict(config))) == json.loads(json.dumps(defaults)) | stored
