"""Train a memorability predictor: `python train.py DATA`, killed at any moment and continued with `--resume`.

On several GPUs or machines: `torchrun --nproc-per-node N train.py DATA`.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

from core.commandline import add_settings, chosen_settings, progress_bar, report_errors, speak_to_any_terminal
from core.files import json_text
from core.training.recipes import RECIPES, TrainConfig, default_recipe, recipe


def parse(line: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line: a recipe, --distill, --resume, and every field of TrainConfig."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "data",
        nargs="+",
        help="photos with human scores: a folder in LaMem's layout, or a CSV; an autoencoder takes any folders",
    )
    parser.add_argument("--recipe", help=f"named settings: {', '.join(RECIPES)} (default: the model's own, or default)")
    distil = "learn from another model's labels too, or the mean of several: MODEL+MODEL+ridge:NETWORK"
    parser.add_argument("--distill", nargs="+", metavar=("MODEL", "DIR"), help=distil)
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.add_argument("--resume", action="store_true", help="continue a run that was stopped")
    add_settings(parser, TrainConfig, leave_out={"data", "teacher", "unscored"})
    return parser.parse_args(line)


def configured(arguments: argparse.Namespace) -> TrainConfig:
    """The settings that a command line asks for; errors name what is allowed."""
    settings: dict[str, Any] = chosen_settings(arguments, TrainConfig)
    if more := tuple(arguments.data[1:]):
        settings["unscored"] = more
    if arguments.distill:
        settings |= {"teacher": arguments.distill[0], "unscored": (*more, *arguments.distill[1:])}
    return recipe(arguments.recipe or default_recipe(arguments.model), arguments.data[0], **settings)


def main() -> int:
    """Gather the settings, fit, and say where the checkpoint is."""
    speak_to_any_terminal()
    arguments = parse()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with report_errors() as outcome:
        config = configured(arguments)
        # torch takes seconds to import: not before the settings are known to be good
        from core.training.distributed import is_main_process
        from core.training.fit import fit

        best = fit(config, resume=arguments.resume, progress=progress_bar)
        if is_main_process():
            print(json_text({"best": str(best)}) if arguments.json else f"The best checkpoint is in {best}")
    return outcome.code


def together(code: int) -> int:
    """What this process ends with; those that torchrun started end together, unless something went wrong in one."""
    if code == 0 and int(os.environ.get("WORLD_SIZE", 1)) > 1:
        from core.training.distributed import leave

        leave()
    return code


if __name__ == "__main__":
    sys.exit(together(main()))
