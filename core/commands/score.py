"""Score photos and folders."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import numpy as np

from core import config
from core.commandline import progress_bar
from core.commands import AUTO, CLUSTER_HELP, ENGINE_HELP, PRECISION_HELP, Report
from core.files import BOM, cell, readable, replacing
from core.photos import addresses, blank_photos, images, photo_files
from core.registry import COMMANDS
from core.types import Photo, Prediction

if TYPE_CHECKING:
    from core.evaluation.intervals import Intervals


@COMMANDS.register("Score photos", streams=True)
def score(
    paths: Annotated[list[str], "photos, folders of photos, and addresses such as s3://…"],
    *,
    model: Annotated[str, "registered model, or the folder of a checkpoint"] = config.DEFAULT_MODEL,
    engine: Annotated[str, ENGINE_HELP] = AUTO,
    precision: Annotated[str, PRECISION_HELP] = AUTO,
    engine_cluster: Annotated[str, CLUSTER_HELP] = "",
    intervals: Annotated[bool, "add the columns low and high: where people's score lies, nine times of ten"] = False,
    csv: Annotated[str, "write the table to this file instead of standard output"] = "",
    json: Annotated[bool, "write JSON instead of CSV"] = False,
    for_spreadsheet: Annotated[bool, "begin a CSV with a byte-order mark, by which Excel knows accents"] = False,
) -> Report:
    """Score photos in constant memory: a table with the columns file,score in the order given, and low,high.

    Files that cannot be scored are listed on standard error with the reason, and the exit code is 1. So are pictures in
    which there is nothing to see, which have a score all the same. A name that a spreadsheet would run as a formula has
    an apostrophe before it.
    """
    from core import inference
    from core.evaluation import intervals as bounds
    from core.inference import cluster

    known = bounds.of(model) if intervals else None
    photos = list(_photos(paths))
    predictor = inference.load(model, engine, precision, passes=len(photos))
    with cluster.opened(engine_cluster) as machines:
        print(f"scoring with {predictor.engine}{f', {machines}' if machines else ''}", file=sys.stderr)
        predict = partial(cluster.predict, machines) if machines else inference.predict
        found = predict(predictor, photos, features=intervals, look=blank_photos.hint)
        made = progress_bar(found, len(photos), "scoring")
        if csv:
            with replacing(Path(csv)) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
                bad = _write(made, stream, json, for_spreadsheet, known)
        else:
            bad = _write(made, sys.stdout, json, for_spreadsheet, known)
    return Report(code=1 if bad else 0)


def _photos(paths: list[str]) -> Iterator[Photo]:
    """The photos of all paths, addresses and registered sources."""
    from core.sources import is_registered, open_source

    for name in paths:
        if addresses.is_address(name):
            at = addresses.find(name)
            yield from (Photo(place, "command line", partial(addresses.read, place)) for place in at.photos or (name,))
            continue
        if is_registered(name):
            yield from open_source(name).photos
            continue
        path = Path(name)
        files: tuple[Path, ...] = ()
        if name and path.is_dir():  # an empty name is not the current folder
            found = photo_files.find(path)
            files = found.files
            for note in found.notes:
                print(f"{name}: {note}", file=sys.stderr)
        for file in files or (path,):
            yield Photo(readable(file), "command line", partial(images.read, file), file)


def _write(
    made: Iterable[Prediction],
    stream: TextIO,
    as_json: bool,
    marked: bool,
    known: Intervals | None,
) -> int:
    """Write each prediction as it comes; problems and hints go to standard error; returns how many problems there were.

    No cell begins a formula. `marked`: the CSV begins with a byte-order mark.
    """
    bad, written = 0, 0
    table = csv.writer(stream, lineterminator="\n")
    head = "file,score\n" if known is None else "file,score,low,high\n"
    stream.write("[" if as_json else f"{BOM if marked else ''}{head}")
    for item in made:
        if item.score is None:
            bad += 1
            print(f"not scored: {item.problem}", file=sys.stderr)
            continue
        numbers = {"score": item.score} | (_ends(known, item) if known else {})
        if as_json:
            rounded = {name: round(value, 6) for name, value in numbers.items()}
            row = json.dumps({"file": item.photo.id} | rounded, ensure_ascii=False)
            stream.write(f"{',' if written else ''}\n{row}")
            written += 1
        else:
            table.writerow((cell(item.photo.id), *(f"{value:.6f}" for value in numbers.values())))
        if item.hint:
            print(f"hint: {item.photo.id}: {item.hint}", file=sys.stderr)
    stream.write("\n]\n" if as_json else "")
    return bad


def _ends(known: Intervals, item: Prediction) -> dict[str, float]:
    """The ends of a prediction's interval."""
    low, high = known.around(np.array([item.score]), np.array([item.features]))
    return {"low": float(low[0]), "high": float(high[0])}
