"""Write sets of ablated photos."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from core import config
from core.commandline import progress_bar
from core.commands import Report
from core.errors import ParameterError
from core.registry import COMMANDS
from core.table import REMOVE, Condition


@COMMANDS.register("Write ablated photos")
def ablate(
    source: Annotated[str, "photos: folder, LaMem layout, CSV, or a packaged source"],
    *,
    ablation: Annotated[str, "what to do to the photos; `region` takes mask, fill and direction"] = "",
    all: Annotated[bool, "every set at its default strength"] = False,
    params: Annotated[tuple[str, ...], "settings of the ablation, or of the region's fill: name=value"] = (),
    mask: Annotated[str, "what a region covers"] = "",
    fill: Annotated[str, "what a region is replaced by: a fill or an ablation (default: mean)"] = "",
    direction: Annotated[str, "remove the region or keep it alone (default: remove)"] = "",
    seed: Annotated[int, "seed of what is random"] = config.SEED,
    split: Annotated[int, "which of LaMem's five splits names the parts"] = 1,
    out: Annotated[str, "folder to write"] = "ablated",
) -> Report:
    """Write photos under one ablation or under all, as PNG files of the same bytes whenever repeated, with a manifest.

    Photos are ablated at a short side of 256 px. Photos in which a thing is not found are listed in not_eligible.csv,
    those that cannot be read are named, and the exit code is 1.
    """
    from core.sources import open_source
    from core.study.ablated_sets import every_set, write_sets

    if all and (ablation or mask or fill or direction or params):
        raise ParameterError(
            "--all writes every set at its defaults; leave out --all, or "
            "--ablation, --mask, --fill, --direction and --params."
        )
    conditions = every_set() if all else (_condition(ablation, mask, fill, direction, _settings(params)),)
    listing = open_source(source, split)
    written = write_sets(listing, conditions, Path(out), seed=seed, progress=progress_bar)
    problems = [*listing.problems, *written.problems]
    for problem in problems:
        print(f"left out: {problem}", file=sys.stderr)
    lines = [f"{sum(written.files.values())} photos in {len(written.files)} sets are in {out}"]
    for name, count in written.files.items():
        missing = written.not_eligible[name]
        lines.append(f"{name}: {count}{f', not eligible {missing}' if missing else ''}")
    data = {"folder": out, "sets": written.files, "not_eligible": written.not_eligible}
    return Report(lines, data | {"problems": [str(item) for item in problems]}, code=1 if problems else 0)


def _settings(params: tuple[str, ...]) -> dict[str, Any]:
    pairs = [item.partition("=") for item in params]
    if bad := [name for name, sign, _ in pairs if not sign]:
        raise ParameterError(f"{bad[0]!r} is not a setting; write name=value.")
    return {name: value for name, _, value in pairs}


def _condition(ablation: str, mask: str, fill: str, direction: str, given: dict[str, Any]) -> Condition:
    from core.regions.mask_cache import detectors
    from core.registry import ABLATIONS
    from core.study.ablated_sets import REGION, region_of, whole_photo

    if not ablation:
        raise ParameterError(f"Name an ablation, or --all; choose from {', '.join(entry.id for entry in ABLATIONS)}.")
    if ablation != REGION:
        found = whole_photo(ablation, given)
        if mask:
            raise ParameterError(f"{ablation} is of the whole photo; write --ablation region --mask {mask} "
                                 f"--fill {ablation} to apply it inside a mask.")  # fmt: skip
        if fill or direction:
            raise ParameterError(f"{ablation} is of the whole photo; --fill and --direction are of --ablation region.")
        return found
    if not mask:
        raise ParameterError(f"A region needs a mask; choose from {', '.join(detectors())}.")
    return region_of(mask, fill or "mean", direction or REMOVE, given)
