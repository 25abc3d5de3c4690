"""Training: gather photos, label them, fit, and keep enough on disk that a killed run ends where it would have."""

from __future__ import annotations

import csv
import dataclasses
import json
import logging
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from core import checkpoints, distillation, inference, metrics, preprocess
from core.cards import describe_run
from core.config import ARTIFACTS
from core.errors import TrainingError
from core.examples import AugmentedViews, Example, TrainingSet, gather, with_targets
from core.files import replacing, write_text
from core.initialise import initialise
from core.preprocess import Preset
from core.recipes import TrainConfig
from core.registry import LOSSES, MODELS
from core.types import Progress, silent

log = logging.getLogger(__name__)

STATE = "state.safetensors"
METRICS = "metrics.csv"


@dataclass
class Run:
    """A run in progress: everything that changes while it trains."""

    module: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    seen: int = 0
    seconds: float = 0.0
    rows: list[dict[str, float]] = field(default_factory=list)

    @property
    def best(self) -> float:
        return max((row["val_spearman"] for row in self.rows), default=-math.inf)

    @property
    def epochs_since_best(self) -> int:
        return next((n for n, row in enumerate(reversed(self.rows)) if row["val_spearman"] == self.best), 0)


def fit(config: TrainConfig, *, resume: bool = False, progress: Progress = silent) -> Path:
    """Train a model as `config` says and return the folder of its best checkpoint.

    TrainingError, SourceError and CheckpointError say what is missing. With `resume` a killed run goes on from its last
    saved state and ends with the weights of an uninterrupted one.
    """
    out = Path(config.out)
    if config.init == "random":  # nothing is worth keeping in a random trunk, least of all its statistics
        config = dataclasses.replace(config, frozen_stages=0, frozen_norm=False)
    _check_folder(out, config, resume)
    torch.manual_seed(config.seed)
    photos = gather(config.data, config.unscored, config.keep_out, limit=config.limit, hold_half=config.hold_half,
                    seed=config.seed, progress=progress)  # fmt: skip
    examples, mapping = label(photos, config, progress)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    module = MODELS[config.model].function()
    preset = initialise(module, config.init, config.size)
    _start_at_mean(module, examples)
    module = module.to(device, memory_format=torch.channels_last)
    run = Run(module, build_optimizer(module, config), torch.amp.GradScaler(enabled=device.type == "cuda"))
    if resume and (out / STATE).is_file():
        restore(run, out / STATE)
    card = describe_run(config, photos, preset, mapping)
    train(run, examples, photos, preset, config, card, progress)
    return out / "best"


def label(
    photos: TrainingSet, config: TrainConfig, progress: Progress = silent
) -> tuple[list[Example], dict[str, float]]:
    """Targets of every training photo: human scores, mixed with a teacher's labels where there is one."""
    human = np.array([example.photo.score for example in photos.scored], dtype=float)
    if not config.teacher:
        return list(with_targets(photos.scored, human[:, None])), {}
    teacher = inference.load(config.teacher)
    name = f"{checkpoints.identity(config.teacher)}.csv"
    file, shipped = Path(config.out).parent / "labels" / name, ARTIFACTS / "labels" / name

    def labels(examples: tuple[Example, ...], views: int) -> np.ndarray:
        pairs = [(example.photo, example.print.pixels) for example in examples]
        return distillation.teacher_labels(
            teacher, pairs, views, config.view_area, file, shipped=shipped, progress=progress
        )

    raw = labels(photos.scored, 1)
    scale = distillation.human_scale(raw[:, 0], human)
    mixed = config.human_share * human[:, None] + (1 - config.human_share) * scale(raw)
    unscored = with_targets(photos.unscored, scale(labels(photos.unscored, config.views)))
    return [*with_targets(photos.scored, mixed), *unscored], dataclasses.asdict(scale)


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
        getattr(trunk, name).requires_grad_(False)
    inside = {id(parameter) for parameter in trunk.parameters()}
    trainable = [parameter for parameter in module.parameters() if parameter.requires_grad]
    return [p for p in trainable if id(p) in inside], [p for p in trainable if id(p) not in inside]


def train(
    run: Run,
    examples: list[Example],
    photos: TrainingSet,
    preset: Preset,
    config: TrainConfig,
    card: dict[str, Any],
    progress: Progress,
) -> None:
    """Epochs of steps until the last one, or until validation has not improved for `patience` epochs."""
    out = Path(config.out)
    views = AugmentedViews(examples, config.train_size or config.size, config.seed, config.view_area, config.crop_area)
    steps = max(1, len(examples) // config.batch_size)
    while run.epoch < config.epochs and (not run.rows or run.epochs_since_best < config.patience):
        train_epoch(run, views, steps, preset, config, progress)
        run.rows.append(validate(run, photos, preset, config))
        run.epoch, run.step, run.loss_sum, run.seen = run.epoch + 1, 0, 0.0, 0
        card["metrics"] = run.rows[-1]
        log.info(
            "epoch {epoch}: MSE {val_mse:.5f} (predicting the mean {val_mse_of_mean:.5f}), "
            "Spearman {val_spearman:.3f}, Pearson {val_pearson:.3f}".format(**run.rows[-1])
        )
        if run.epochs_since_best == 0:
            checkpoints.save(out / "best", run.module, card)
        checkpoints.save(out / "last", run.module, card)
        write_metrics(out / METRICS, run.rows)
        preserve(run, out / STATE)


def train_epoch(
    run: Run, views: AugmentedViews, steps: int, preset: Preset, config: TrainConfig, progress: Progress
) -> None:
    """The remaining steps of an epoch, with a saved state every `save_seconds`."""
    device = next(run.module.parameters()).device
    loss_of = LOSSES[config.loss].function
    set_training(run.module, config.frozen_norm)
    order = np.random.default_rng([config.seed, run.epoch]).permutation(len(views))
    wanted = [order[step * config.batch_size : (step + 1) * config.batch_size] for step in range(run.step, steps)]
    keys = [[(run.epoch, int(index)) for index in batch] for batch in wanted]
    loader = DataLoader(views, batch_sampler=keys, num_workers=config.workers, collate_fn=_collate)
    started = saved = time.monotonic()
    for squares, targets in progress(loader, len(keys), f"epoch {run.epoch + 1} of {config.epochs}"):
        set_rates(run.optimizer, run.epoch * steps + run.step, config.epochs * steps, config.schedule)
        run.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.type, enabled=device.type == "cuda"):
            predicted = run.module(preprocess.to_batch(squares, preset).to(device)).float()
        loss = loss_of(predicted, targets.to(device))
        run.scaler.scale(loss).backward()
        run.scaler.step(run.optimizer)
        run.scaler.update()
        run.step, run.seen = run.step + 1, run.seen + len(targets)
        run.loss_sum += loss.item() * len(targets)
        if time.monotonic() - saved >= config.save_seconds:
            preserve(run, Path(config.out) / STATE)
            saved = time.monotonic()
    run.seconds = time.monotonic() - started


def _collate(items: list[tuple[np.ndarray, float]]) -> tuple[np.ndarray, torch.Tensor]:
    return np.stack([square for square, _ in items]), torch.tensor([target for _, target in items])


def set_training(module: nn.Module, frozen_norm: bool) -> None:
    """Training mode; with `frozen_norm`, batch normalisation keeps the statistics that it came with."""
    module.train()
    for layer in module.modules():
        if frozen_norm and isinstance(layer, nn.BatchNorm2d):
            layer.eval()


def set_rates(optimizer: torch.optim.Optimizer, step: int, total: int, schedule: str) -> None:
    """Learning rates of a step: constant, or one cycle (linear warm-up over a fifth, cosine down to zero)."""
    share = step / max(1, total)
    factor = 1.0 if schedule == "constant" else min(share / 0.2, 0.5 * (1 + math.cos(math.pi * (share - 0.2) / 0.8)))
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * max(factor, 1e-3)


def validate(run: Run, photos: TrainingSet, preset: Preset, config: TrainConfig) -> dict[str, float]:
    """One row of metrics on the validation photos, seen as the finished model will see photos."""
    run.module.eval()
    predictor = inference.Predictor(config.model, run.module, preset, {})
    found = [item for item in inference.predict(predictor, photos.validation) if item.score is not None]
    scores = np.array([item.score for item in found])
    human = np.array([item.photo.score for item in found])
    mean = float(np.mean([example.photo.score for example in photos.scored]))
    return {
        "epoch": run.epoch + 1,
        "train_loss": run.loss_sum / max(1, run.seen),
        "val_mse": metrics.mse(scores, human),
        "val_mse_of_mean": metrics.mse(np.full_like(human, mean), human),
        # A constant prediction has no correlation: it ranks nothing, so it counts as 0.
        "val_spearman": float(np.nan_to_num(metrics.spearman(scores, human))),
        "val_pearson": float(np.nan_to_num(metrics.pearson(scores, human))),
        "learning_rate": run.optimizer.param_groups[0]["lr"],
        "seconds": run.seconds,
    }


def write_metrics(path: Path, rows: list[dict[str, float]]) -> None:
    """The metrics of every epoch as CSV."""
    with replacing(path) as temporary, temporary.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def preserve(run: Run, path: Path) -> None:
    """Write all that a resumed run needs into one file, so that no kill can leave halves that do not match."""
    tensors = {f"model.{name}": value for name, value in run.module.state_dict().items()}
    for index, values in run.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in values.items()}
    tensors["random"] = torch.get_rng_state()
    progress = {name: getattr(run, name) for name in ("epoch", "step", "loss_sum", "seen", "seconds", "rows")}
    contiguous = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    checkpoints.write_tensors(
        path, contiguous, {"progress": json.dumps(progress | {"scaler": run.scaler.state_dict()})}
    )


def restore(run: Run, path: Path) -> None:
    """Bring a run back to a state written by `preserve`."""
    tensors, metadata = checkpoints.read_tensors(path)
    progress = json.loads(metadata["progress"])
    run.module.load_state_dict({name[6:]: value for name, value in tensors.items() if name.startswith("model.")})
    state = run.optimizer.state_dict()
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, index, field_name = name.split(".", 2)
            state["state"].setdefault(int(index), {})[field_name] = value
    run.optimizer.load_state_dict(state)
    torch.set_rng_state(tensors["random"])
    run.scaler.load_state_dict(progress.pop("scaler"))
    for name, value in progress.items():
        setattr(run, name, value)


def _check_folder(out: Path, config: TrainConfig, resume: bool) -> None:
    """Refuse to overwrite another run, or to resume one with other settings."""
    file = out / "config.json"
    text = json.dumps(dataclasses.asdict(config), indent=1) + "\n"
    if file.is_file() and not resume:
        raise TrainingError(f"{out} holds a run already; continue it with --resume, or choose another --out.")
    if file.is_file() and file.read_text() != text:
        raise TrainingError(
            f"{file}: this run has other settings; resume it with the same ones, or choose another --out."
        )
    out.mkdir(parents=True, exist_ok=True)
    write_text(file, text)


def _start_at_mean(module: nn.Module, examples: list[Example]) -> None:
    """Let the head begin at the mean target, so that the first steps do not drag the trunk there."""
    head = getattr(module, "head", None)
    if isinstance(head, nn.Sequential) and isinstance(head[-1], nn.Linear):
        mean = float(np.mean([example.targets[0] for example in examples]))
        with torch.no_grad():
            head[-1].bias.fill_(math.log(mean / (1 - mean)) if 0 < mean < 1 else 0.0)
