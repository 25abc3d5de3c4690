"""Commands: each registered function is a subcommand of `python -m core`; its docstring is its --help.

Positional parameters become arguments, keyword-only ones become options. A command returns a Report; a list of paths is
a parameter of kind `list[str]`.

Uses scenes, photos, sources, inference, regions, evaluation, training, study, effects, verdict, latent, paint, trust,
concepts and calibration. Face: `Report`, and the entries of `COMMANDS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

AUTO = "auto"
ENGINE_HELP = "what runs the model: torch, or an engine that agrees with it; auto is the fastest that this machine has"
PRECISION_HELP = "fp32, bf16 (OpenVINO, natively), tf32 (PyTorch on a GPU); auto: the fastest that agrees with PyTorch"

CLUSTER_HELP = "ray: over the Ray cluster that RAY_ADDRESS names, or all cores of this machine without one"


@dataclass(frozen=True)
class Report:
    """What a command answers: lines for people, data for --json, and the exit code."""

    lines: list[str] = field(default_factory=list)
    data: Any = None
    code: int = 0
