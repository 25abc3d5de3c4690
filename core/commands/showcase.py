"""Make the example that the first page opens with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from core import config
from core.commands import Report
from core.paint import showcase as showcases
from core.registry import COMMANDS


@COMMANDS.register("Make the first page's example")
def showcase(
    *,
    model: Annotated[str, "registered model, or the folder of a checkpoint"] = config.DEFAULT_MODEL,
    sample: Annotated[str, "packaged photo"] = showcases.SAMPLE,
    mask: Annotated[str, "registered mask whose first box is taken away"] = showcases.MASK,
    fill: Annotated[str, "registered fill that takes its place"] = showcases.FILL,
    out: Annotated[str, "folder to write to"] = str(config.ARTIFACTS),
) -> Report:
    """Score a packaged photo with and without the first thing that a mask finds in it, and store both scores.

    The first page shows them at once, without loading a model. Make it again when the shipped weights change.
    """
    from core import inference

    found = showcases.make(inference.load(model), sample, mask, fill)
    file = showcases.write(found, Path(out))
    line = f"{sample} without what {mask!r} finds: {found.before:.3f} → {found.after:.3f}, saved in {file}"
    return Report([line], found)
