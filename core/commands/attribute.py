"""Heatmaps over a photo set: what they lie on, and whether they can be believed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any

from core import config
from core.commandline import progress_bar
from core.commands import AUTO, ENGINE_HELP, PRECISION_HELP, Report
from core.errors import ParameterError
from core.registry import COMMANDS


@COMMANDS.register("Where the model looks")
def attribute(
    source: Annotated[str, "photos: a folder, LaMem layout, CSV, or a source by name"],
    *,
    model: Annotated[str, "registered model, or the folder of a checkpoint"] = config.DEFAULT_MODEL,
    engine: Annotated[str, ENGINE_HELP] = AUTO,
    precision: Annotated[str, PRECISION_HELP] = AUTO,
    methods: Annotated[tuple[str, ...], "attribution methods by id (default: all, with the baselines)"] = (),
    masks: Annotated[tuple[str, ...], "detectors by id (default: all)"] = (),
    shares: Annotated[bool, "only where the maps lie: nothing is removed, which takes far fewer passes"] = False,
    limit: Annotated[int, "measure the first so many of these photos only; 0 means all"] = 0,
    out: Annotated[str, "folder for the table; a run that was stopped goes on there"] = "runs/attributions",
    save: Annotated[str, "also add the summary to this folder's, where what rests on more photos stays"] = "",
) -> Report:
    """Explain every photo by every method, and measure the maps.

    Photos that the model learned from are left out, and of those that look alike one counts.
    For each method: the share of its map on faces, people, text, the salient object, centre, upper and lower third,
    beside the share expected from area and that of the same map moved; what removing its brightest tenth does beside a
    tenth elsewhere; the score while its places are removed, and the gain of their order beside that of the baselines;
    its agreement with the other methods; and, for methods of one or two passes, with the map of the same model as it is
    made random, layer by layer. Means with 95 % intervals. What was measured of each photo stays in the folder, and
    colours maps that the photos lie on.
    """
    from dataclasses import replace
    from pathlib import Path

    from core import inference
    from core.files import write_text
    from core.latent import photo_values
    from core.sources import open_source
    from core.trust import over_set, per_photo
    from core.trust.reports import with_others
    from core.trust.summary import summarise

    if limit < 0:
        raise ParameterError(f"--limit must be 0 or more, not {limit}.")
    listing = open_source(source)
    how = over_set.settings_of(model, listing.name, methods, masks, removals=not shares)
    folder = Path(out) / f"{how.model}-{listing.name.replace('/', '-')}"
    predictor = inference.load(model, engine, precision)
    photos, learned, alike = over_set.unseen(listing.photos, predictor, limit)
    if learned or alike:
        print(
            f"left out: {learned} photos that the model learned from, {alike} that look like another", file=sys.stderr
        )
    chosen = replace(listing, photos=photos)
    problems = over_set.run(predictor, chosen, how, folder, progress=progress_bar)
    for problem in (*listing.problems, *problems):
        print(f"left out: {problem}", file=sys.stderr)
    rows = over_set.rows(folder)
    photo_values.write(folder / photo_values.FILE, inference.title_of(model), *per_photo.measures(rows))
    table = summarise(rows, inference.title_of(model), listing.name)
    write_text(folder / "summary.csv", table.to_csv(index=False, float_format="%.6g"))
    if save:
        file = Path(save) / f"{inference.title_of(model)}.csv"
        write_text(file, with_others(table, file).to_csv(index=False, float_format="%.6g"))
    lines = [_line(row) for row in table.to_dict("records")]
    return Report([*lines, f"saved in {folder}"], table.to_dict("records"), code=1 if problems else 0)


def _line(row: Mapping[Any, Any]) -> str:
    """A row for people."""
    value = f"{row['value']:.4f} [{row['value_low']:.4f}, {row['value_high']:.4f}]"
    over = ""
    if row["over"] == row["over"] and row["over"] is not None:
        over = f"  over {row['compared']}: {row['over']:+.4f} [{row['over_low']:+.4f}, {row['over_high']:+.4f}]"
    return f"{row['method']:24} {row['measure']:12} n = {row['n']:4}  {value}{over}"
