"""One run in several processes: each takes its part of every step, and together they take the step of one process."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from core.errors import MissingDependencyError, TrainingError

T = TypeVar("T")
PATIENCE = timedelta(days=7)
"""How long processes wait for the first one, which reads and labels photos alone; torchrun ends them if it dies."""


class SingleProcess:
    """The only process of a run."""

    rank, size = 0, 1

    @property
    def is_main(self) -> bool:
        """Whether this is the process that reads, validates, writes and speaks."""
        return self.rank == 0

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def wrap(self, module: nn.Module) -> nn.Module:
        """The module as a step calls it; its weights stay those of `module`."""
        return module

    def shard(self, batch: np.ndarray) -> np.ndarray:
        """Of the indices of a step (N,) those that this process takes."""
        return batch

    def seed(self, *key: int) -> None:
        """Draw what is random in a step (dropout) from a seed of its own; alone, the run's generator goes on."""

    def all_gather(self, values: torch.Tensor) -> torch.Tensor:
        """Values of this process's photos (n × …) → those of all photos of the step (N × …), gradients included."""
        return values

    def backward(self, loss: torch.Tensor) -> None:
        """Gradients of a step's loss, the same in every process."""
        loss.backward()

    def broadcast(self, make: Callable[[], T]) -> T:
        """What the first process makes, in every process."""
        return make()


SINGLE_PROCESS = SingleProcess()


@dataclass(frozen=True)
class LossInputs:
    """What a loss is computed from: this process's photos (n × 3 × H × W) and the targets of all photos (N,).

    `share` of the run is done; `all_gather` makes values of all photos of the step from those of this process's.
    """

    batch: torch.Tensor
    targets: torch.Tensor
    share: float
    all_gather: Callable[[torch.Tensor], torch.Tensor] = SINGLE_PROCESS.all_gather


class Distributed(SingleProcess):
    """One of several processes that torchrun started, on one machine or more, by Lightning Fabric.

    Every process computes the loss of the whole step from all its scores, because a correlation is no mean over parts
    of a batch. Gradients flow back to each process's own photos and are averaged, so that a step moves the weights as
    it would in one process.
    """

    def __init__(self) -> None:
        try:
            from lightning_fabric import Fabric
            from lightning_fabric.strategies import DDPStrategy
        except ImportError as error:
            raise MissingDependencyError(
                "Training in several processes needs Lightning Fabric; get it with: pip install -r "
                "requirements-cluster.txt"
            ) from error
        nodes = int(os.environ["WORLD_SIZE"]) // int(os.environ["LOCAL_WORLD_SIZE"])
        self._fabric = Fabric(
            accelerator="cuda" if torch.cuda.is_available() else "cpu",
            devices=int(os.environ["LOCAL_WORLD_SIZE"]),
            num_nodes=nodes,
            strategy=DDPStrategy(timeout=PATIENCE),
        )
        self._fabric.launch()
        self.rank, self.size = self._fabric.global_rank, self._fabric.world_size

    @property
    def device(self) -> torch.device:
        return self._fabric.device

    def wrap(self, module: nn.Module) -> nn.Module:
        """The same module behind one that averages gradients; TrainingError if its statistics cannot be shared.

        Statistics of batch normalisation that learn must be those of the whole step, which PyTorch does on GPUs only.
        """
        learns = any(isinstance(layer, nn.BatchNorm2d) and layer.training for layer in module.modules())
        if learns and self.device.type == "cpu":
            raise TrainingError(
                "Batch normalisation that learns its statistics cannot be shared by processes without a GPU; give "
                "--frozen-norm and weights to start from, or train in one process."
            )
        if learns:
            module = nn.SyncBatchNorm.convert_sync_batchnorm(module)
        return self._fabric.setup_module(module)

    def shard(self, batch: np.ndarray) -> np.ndarray:
        if len(batch) % self.size:
            raise TrainingError(
                f"A step of {len(batch)} photos cannot be shared evenly by {self.size} processes; choose a "
                f"--batch-size that is a multiple of {self.size}, or other processes."
            )
        return np.split(batch, self.size)[self.rank]

    def seed(self, *key: int) -> None:
        torch.manual_seed(int(np.random.SeedSequence([*key, self.rank]).generate_state(1)[0]))

    def all_gather(self, values: torch.Tensor) -> torch.Tensor:
        gathered: Any = self._fabric.all_gather(values, sync_grads=values.requires_grad)
        return gathered.flatten(0, 1)

    def backward(self, loss: torch.Tensor) -> None:
        self._fabric.backward(loss)

    def broadcast(self, make: Callable[[], T]) -> T:
        return self._fabric.broadcast(make() if self.is_main else None)  # type: ignore[return-value]


def process_group() -> SingleProcess:
    """The processes of this run: those that torchrun started, else this one alone."""
    return Distributed() if int(os.environ.get("WORLD_SIZE", 1)) > 1 else SingleProcess()


def leave() -> None:
    """Wait for the other processes of the run, and let go of them.

    One that just ended would be aborted by the threads that still listen to the others, and torchrun would end the
    first process with it, which writes to the last.
    """
    if torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


def is_main_process() -> bool:
    """Whether this is the first process of a run, the one that speaks."""
    return int(os.environ.get("RANK", 0)) == 0
