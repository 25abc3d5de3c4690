"""Get photos: draw a sample, fetch LaMem."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from core import config
from core.commandline import counter
from core.commands import Report
from core.photos.sampling import draw_sample, write_sample
from core.registry import COMMANDS
from core.sources import open_source
from core.sources.lamem_archive import LAMEM_URL, download_lamem


@COMMANDS.register("Draw a sample")
def sample(
    source: Annotated[str, "photos with human scores: LaMem layout, CSV"],
    *,
    n: Annotated[int, "photos to draw"] = 500,
    seed: Annotated[int, "seed of the draw"] = config.SEED,
    split: Annotated[int, "which of LaMem's five splits names the parts"] = 1,
    out: Annotated[str, "folder to write"] = "sample",
) -> Report:
    """Draw a reproducible sample, copy its photos, and write image_list_with_scores.csv beside them.

    The scores come from the split files by file name. Photos that cannot be read are named, and the exit code is 1.
    """
    listing = open_source(source, split)
    record: dict[str, str | int] = {"source": listing.name, "n": n, "seed": seed}
    drawn = write_sample(draw_sample(listing, n, seed), Path(out), record=record, progress=counter("copying"))
    problems = [*listing.problems, *drawn.problems]
    for problem in problems:
        print(f"left out: {problem}", file=sys.stderr)
    data = {"folder": str(drawn.folder), "photos": len(drawn.photos), "problems": [str(item) for item in problems]}
    return Report([f"{len(drawn.photos)} photos with scores are in {drawn.folder}"], data, code=1 if problems else 0)


@COMMANDS.register("Fetch a photo set")
def download(
    name: Annotated[str, "photo set to fetch: lamem"] = "lamem",
    *,
    to: Annotated[str, "folder that the set is put into"] = "data",
    url: Annotated[str, "another address of the archive"] = LAMEM_URL,
) -> Report:
    """Fetch the official LaMem archive: continues an interrupted download, checks its size, and unpacks it safely.

    Source: Khosla et al. 2015.
    """
    from core.errors import UnknownChoiceError

    if name != "lamem":
        raise UnknownChoiceError(f"No photo set is called {name!r}; choose from lamem.")
    folder = download_lamem(Path(to), url, progress=counter("downloading"), unpacking=counter("unpacking"))
    return Report([f"LaMem is in {folder}"], {"folder": str(folder)})
