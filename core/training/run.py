"""A run in progress, and the one file from which a killed run goes on."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from core.errors import CheckpointError
from core.files import json_of
from core.inference import checkpoints
from core.training.distributed import SingleProcess
from core.training.running_mean import RunningMean

State = tuple[dict[str, torch.Tensor], dict[str, str]]
"""Tensors by name, and what is written beside them."""


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
    measure: str = "val_spearman"
    mean: RunningMean | None = None
    processes: SingleProcess = field(default_factory=SingleProcess)
    called: nn.Module = field(default_factory=nn.Module)
    """The module as a step calls it, in one process or several."""

    @property
    def finished(self) -> nn.Module:
        """What is validated and kept: the running mean of the weights where there is one."""
        return self.module if self.mean is None else self.mean.module

    @property
    def best(self) -> float:
        return max((row[self.measure] for row in self.rows), default=-math.inf)

    @property
    def epochs_since_best(self) -> int:
        return next((n for n, row in enumerate(reversed(self.rows)) if row[self.measure] == self.best), 0)


def preserve(run: Run, path: Path) -> None:
    """Write all that a resumed run needs into one file, so that no kill can leave halves that do not match."""
    tensors = {f"model.{name}": value for name, value in run.module.state_dict().items()}
    for index, values in run.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in values.items()}
    if run.mean is not None:
        tensors |= {f"mean.{name}": value for name, value in run.mean.module.state_dict().items()}
    tensors["random"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random_cuda"] = torch.cuda.get_rng_state()
    progress = {name: getattr(run, name) for name in ("epoch", "step", "loss_sum", "seen", "seconds", "rows")}
    contiguous = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    checkpoints.write_tensors(
        path, contiguous, {"progress": json.dumps(progress | {"scaler": run.scaler.state_dict()})}
    )


def read_state(path: Path) -> State:
    """A state written by `preserve`; CheckpointError if it is none."""
    tensors, metadata = checkpoints.read_tensors(path)
    if "progress" not in metadata or "random" not in tensors:
        raise CheckpointError(f"{path}: this is not the state of a run; choose another --out.")
    return tensors, metadata


def restore(run: Run, stored: State) -> None:
    """Bring a run back to a state that `read_state` read."""
    tensors, metadata = stored
    progress = json_of(metadata["progress"], infinite=True)  # the loss of a run that diverged
    run.module.load_state_dict({name[6:]: value for name, value in tensors.items() if name.startswith("model.")})
    if run.mean is not None:
        run.mean.module.load_state_dict(
            {name[5:]: value for name, value in tensors.items() if name.startswith("mean.")}
        )
    state = run.optimizer.state_dict()
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, index, field_name = name.split(".", 2)
            state["state"].setdefault(int(index), {})[field_name] = value
    run.optimizer.load_state_dict(state)
    torch.set_rng_state(tensors["random"])
    if "random_cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["random_cuda"])
    run.scaler.load_state_dict(progress.pop("scaler"))
    for name, value in progress.items():
        setattr(run, name, value)
