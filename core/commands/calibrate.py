"""Check the instrument where the cause is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from core import config
from core.commandline import progress_bar
from core.commands import Report
from core.errors import ParameterError
from core.registry import COMMANDS, FILLS


@COMMANDS.register("Calibrate the instrument")
def calibrate(
    *,
    quick: Annotated[bool, "two worlds and fewer scenes: some minutes"] = False,
    worlds: Annotated[tuple[str, ...], "only these worlds"] = (),
    fills: Annotated[tuple[str, ...], "only these fills of the decision rows, to save time"] = (),
    seed: Annotated[int, "seed of scenes, models and statistics"] = config.SEED,
    out: Annotated[str, "folder of all seeds; the same command goes on with an unfinished one"] = "",
    show: Annotated[bool, "print the stored full run instead"] = False,
) -> Report:
    """Run the whole instrument on generated worlds, and table the known cause against verdict and leading cause.

    For each world a small model is taught, and studied on scenes that it never saw. Exit code 1 says that a world was
    read wrongly. A calibration that was killed goes on where it was.
    """
    from core.calibration import table as tables
    from core.scenes.worlds import WORLDS

    if unknown := [name for name in worlds if name not in WORLDS]:
        raise ParameterError(f"No world is called {unknown[0]!r}; choose from {', '.join(WORLDS)}.")
    fills = tuple(FILLS[name].id for name in fills)
    if show:
        table = tables.read_table(Path(out) if out else tables.FOLDER)
    else:
        from core.calibration import calibration

        scale = calibration.QUICK if quick else calibration.FULL
        scale = replace(scale, fills=tuple(fills) or scale.fills)
        folder = Path(out or f"runs/calibration{'-quick' if quick else ''}")
        table = calibration.calibrate(folder, scale, seed, worlds=worlds, progress=progress_bar)
    return Report(tables.lines(table), tables.records(table), code=0 if table["correct"].all() else 1)
