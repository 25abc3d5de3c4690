"""Training runs as tests need them: one that goes through, and one that stops and goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from core.training import fit as training
from core.training.recipes import TrainConfig


def last_weights(chosen: TrainConfig, *, resume: bool = False) -> dict[str, np.ndarray]:
    """The last weights of a run."""
    training.fit(chosen, resume=resume)
    return safetensors.numpy.load_file(Path(chosen.out) / "last" / "model.safetensors")


def stopped(chosen: TrainConfig, saves: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that stops when it has saved itself that many times."""
    keep, written = training.preserve, []

    def stop(run: training.Run, path: Path) -> None:
        keep(run, path)
        written.append(run.step)
        if len(written) == saves:
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "preserve", stop)
    with pytest.raises(KeyboardInterrupt):
        training.fit(chosen)
    monkeypatch.setattr(training, "preserve", keep)


def stopped_and_resumed(chosen: TrainConfig, saves: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """The last weights of a run that was stopped when it had saved itself that many times, and then went on."""
    stopped(chosen, saves, monkeypatch)
    return last_weights(chosen, resume=True)
