"""Run an ablation study."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from core import config
from core.commands import AUTO, CLUSTER_HELP, ENGINE_HELP, PRECISION_HELP, Report
from core.errors import CheckpointError, ParameterError, StudyError
from core.photos.addresses import is_address
from core.photos.photo_files import many
from core.registry import COMMANDS
from core.study.conditions import Design, grid
from core.study.cost import LONG
from core.types import Listing, Photo, Progress

if TYPE_CHECKING:
    from core.inference.cluster import Cluster
    from core.study.engine import Finished
    from core.study.plan import Plan

Say = Callable[[str], object]


def on_error(text: str) -> None:
    """Say it on standard error."""
    print(text, file=sys.stderr)


@COMMANDS.register("Run an ablation study")
def study(
    sources: Annotated[list[str], "photo sets: folders, LaMem layout, CSV, addresses, packaged or generated ones"],
    *,
    model: Annotated[str, "registered model, or the folder of a checkpoint"] = config.DEFAULT_MODEL,
    engine: Annotated[str, ENGINE_HELP] = AUTO,
    precision: Annotated[str, PRECISION_HELP] = AUTO,
    engine_cluster: Annotated[str, CLUSTER_HELP] = "",
    ablations: Annotated[tuple[str, ...], 'only these, by name; "region" is every mask × fill × direction'] = (),
    masks: Annotated[tuple[str, ...], "only these things"] = (),
    heatmap: Annotated[tuple[str, ...], "attribution methods whose brightest places are one more thing each"] = (),
    fills: Annotated[tuple[str, ...], "only these fills"] = (),
    hosts: Annotated[int, "other photos of equal score that a region is compared with"] = config.HOSTS,
    placements: Annotated[int, "other places in the same photo that a region is compared with"] = config.PLACEMENTS,
    photos: Annotated[int, "draw this many photos at random from those that can be used (0: all)"] = 0,
    targets: Annotated[int, "ablate at most this many photos for each thing; all may be hosts (0: no limit)"] = 0,
    thin: Annotated[tuple[str, ...], "shares of photos: salient=0.5 whole=0.5 doses=0.25 sensitivity=0.1"] = (),
    control_fills: Annotated[tuple[str, ...], "fills under which regions that decide nothing have controls"] = (),
    part: Annotated[str, "train, val, test or all (default: test where there is one)"] = "",
    split: Annotated[int, "which of LaMem's five splits names the parts"] = 1,
    seed: Annotated[int, "seed of everything random"] = config.SEED,
    unseen_by: Annotated[str, "checkpoint whose training photos are left out too"] = "",
    allow_seen: Annotated[bool, "keep photos that the model learned from, and mark the study as contaminated"] = False,
    yes: Annotated[bool, "start even if it will take more than an hour"] = False,
    out: Annotated[str, "folder of the study; the same command goes on with an unfinished one"] = "runs/study",
) -> Report:
    """Score every photo under every ablation, with controls, and write one table of paired scores.

    Prints what it will cost before it starts. Photos that the model was trained on are left out and counted, and of
    photos that look alike one counts. --thin names masks, ablations of "whole" photos, "doses" (the other strengths)
    and "sensitivity": the share of targets that have controls where they decide nothing (keep-only, fills of large
    artefact). A study that was killed goes on where it was when the same command is given again.
    """
    design = Design(
        ablations=_names(ablations),
        masks=_names(masks),
        fills=_names(fills),
        placements=placements,
        photos=photos,
        shares=_shares(thin),
        control_fills=_names(control_fills),
        seed=seed,
        hosts=hosts,
        targets=targets,
    )
    return carry_out(
        sources, design, model=model, engine=engine, precision=precision, part=part, split=split, unseen_by=unseen_by,
        allow_seen=allow_seen, yes=yes, out=Path(out), engine_cluster=engine_cluster, heatmap=_names(heatmap),
    )  # fmt: skip


def carry_out(
    sources: list[str], design: Design, *, model: str, out: Path, engine: str = AUTO, precision: str = AUTO,
    part: str = "", split: int = 1, unseen_by: str = "", allow_seen: bool = False, yes: bool = False,
    progress: Progress | None = None, say: Say = on_error, tell: Say = on_error, within: Sequence[Path] | None = None,
    engine_cluster: str = "", heatmap: Sequence[str] = (),
) -> Report:  # fmt: skip
    """Run or go on with a study as `study` describes it.

    `say` is told its cost before the work begins, `tell` of the photos that are passed over and why. Without `progress`
    and these two, all of it goes to standard error. StudyError where a source is an address or a photo
    does not really lie `within` one of these folders, if they are given.
    """
    from core import inference
    from core.inference import cluster
    from core.inference.engine import REFERENCE
    from core.study.catalogue import place_of
    from core.study.parts import Parts

    if within is not None and (named := next(filter(is_address, sources), None)):
        raise StudyError(f"{named} is an address, and only places on this machine may be read here.")
    listings = [_open(name, split, part, tell, advise=within is None) for name in sources]
    found = [photo for _, chosen in listings for photo in chosen]
    if within is not None:
        _check_places(found, within)
    kept = Parts(out).settings()
    if kept is not None and engine == AUTO:  # go on with the engine that began
        engine, precision = kept.get("engine", REFERENCE), kept.get("precision", "fp32")
    predictor = inference.load(model, engine, precision, passes=len(found) * len(grid(design)))
    note = {"model_identity": inference.identity(model), "unseen_by": Path(unseen_by).name}
    if heatmap:
        design, found = _with_tops(design, found, predictor, heatmap)
        note["heatmap"] = ",".join(dict.fromkeys(heatmap))
    planned = _plan(predictor, found, design, allow_seen, unseen_by, note, listings)
    if len(found) < (least := config.MIN_CONFIRMATORY):
        tell(f"{len(found)} photos are too few for a verdict: a row needs {least} that hold its thing.")
    places = {listing.name: place_of(name) for name, (listing, _) in zip(sources, listings, strict=True)}
    problems = [problem for listing, _ in listings for problem in listing.problems]
    with cluster.opened(engine_cluster) as machines:
        _agree(planned, Parts(out), yes, say, machines)
        report = _run(planned, out, problems, places, progress or photos_bar, machines, tell)
    asked = {"part": part, "split": split if split != 1 else 0}
    Parts(out).describe((Parts(out).settings() or {}) | {name: value for name, value in asked.items() if value})
    return report


def _check_places(photos: Iterable[Photo], within: Sequence[Path]) -> None:
    """StudyError for a photo that a list or a link names outside of some folders."""
    places = [place.resolve() for place in within]
    for photo in photos:
        real = photo.path.resolve() if photo.path else None
        if real and not any(real.is_relative_to(place) for place in places):
            raise StudyError(f"{photo.id} lies outside of the places that may be read here; take it out of the study.")


def _names(given: Iterable[str]) -> tuple[str, ...]:
    """Names that were separated by blanks or commas."""
    return tuple(name for item in given for name in item.split(",") if name)


def _shares(given: Iterable[str]) -> tuple[tuple[str, float], ...]:
    found = []
    for item in _names(given):
        name, _, share = item.partition("=")
        try:
            found.append((name, float(share)))
        except ValueError as error:
            raise ParameterError(f"{item!r} is not a share; write it as NAME=SHARE, for example doses=0.25.") from error
    return tuple(found)


def _open(name: str, split: int, part: str, tell: Say, *, advise: bool) -> tuple[Listing, list[Photo]]:
    """A source with the photos of the part: the test part where there is one and none was named.

    What is passed over is told; how to take all of it, and where it lies, only to whom this is of use.
    """
    from core.evaluation import evaluation
    from core.sources import open_source

    notes: list[str] = []
    listing = open_source(name, split, notes.append)
    chosen = evaluation.chosen_part(listing, part)
    if not part and (said := evaluation.part_sentence(listing, chosen)):
        notes.append(f"{said}{'; --part all takes them all' if advise else ''}.")
    for note in notes:
        tell(f"{name if advise else listing.name}: {note}")
    return listing, [photo for photo in listing.photos if chosen is None or photo.split == chosen]


def _with_tops(
    design: Design, photos: list[Photo], predictor: Any, methods: Sequence[str]
) -> tuple[Design, list[Photo]]:
    """The design with one more mask for each method, and the photos that know where these are."""
    from core.study.conditions import masks_of
    from core.trust import top_regions

    tops = top_regions.masks_of(methods)
    masks = tuple(dict.fromkeys((*masks_of(design), *tops.values())))
    return dataclasses.replace(design, masks=masks), top_regions.with_top_regions(photos, predictor, tops)


def _plan(
    predictor: Any,
    photos: list[Photo],
    design: Design,
    allow_seen: bool,
    unseen_by: str,
    note: dict[str, str],
    listings: list[tuple[Listing, list[Photo]]],
) -> Plan:
    from core import inference
    from core.study import plan as study_plan

    names = [listing.name for listing, _ in listings]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise StudyError(f"Two sources are called {twice}, and their photos could not be distinguished; rename one.")
    other = None
    if unseen_by:
        other = inference.card_of(unseen_by)
        if other.get("training_photos") is None:
            raise CheckpointError(f"{unseen_by}: the card does not tell what the model learned from.")
    return study_plan.plan(predictor, photos, design, allow_seen=allow_seen, unseen_by=other, note=note)


def _agree(planned: Plan, parts: Any, yes: bool, say: Say, machines: Cluster | None) -> None:
    """Say the cost; StudyError if it is high and nobody agreed."""
    from core.study.first_photos import measured

    settings = parts.settings()
    if settings and settings.get("finished"):
        return
    cost = measured(planned, parts.done()[0] if settings else ())
    cost = cost.spread(machines.workers) if machines else cost
    say(f"{many(len(planned.steps), 'condition')}; {cost}{f', {machines}' if machines else ''}.")
    if cost.seconds > LONG and not yes:
        raise StudyError(
            "This study takes more than an hour; add --yes to start it, or thin it (--targets, --photos, --thin)."
        )


def _run(
    planned: Plan, out: Path, problems: list[Any], places: dict[str, str], progress: Progress,
    machines: Cluster | None, tell: Say,
) -> Report:  # fmt: skip
    from core.study import catalogue
    from core.study import engine as study
    from core.study.cluster import ClusterWorkers

    workers = ClusterWorkers(machines) if machines else None
    done = study.run(planned, out, progress=progress, workers=workers)
    catalogue.write_photo_places(out, places)  # so that a page can show the photos
    problems = [*problems, *done.problems, *(item for item in done.left_out if not (item.seen or item.copy))]
    for problem in problems:
        tell(f"left out: {problem}")
    return Report(_lines(planned, done), _data(done, problems), code=1 if problems else 0)


def _lines(planned: Plan, done: Finished) -> list[str]:
    marks = [f"{done.seen} photos left out because a model learned from them"] if done.seen else []
    if done.copies:
        marks.append(f"{done.copies} photos set aside because they look like another one: copies count once")
    if planned.settings["contaminated"]:
        marks.append("contaminated: photos that the model was trained on were kept")
    if planned.settings["possibly_seen"]:
        marks.append("possibly seen: it is not known what the model was trained on")
    return [f"{done.photos:,} photos, {done.rows:,} rows in {done.folder}", *marks]


def _data(done: Finished, problems: list[Any]) -> dict[str, Any]:
    counts = {"folder": str(done.folder), "photos": done.photos, "rows": done.rows, "seen": done.seen}
    counts |= {"copies": done.copies}
    return counts | {"problems": [str(item) for item in problems]}


def photos_bar(items: Iterable[Any], total: int, what: str) -> Iterable[Any]:
    """Progress on standard error: photos done, photos/s, and the time that is left."""
    from tqdm import tqdm

    shape = "{desc}: {n_fmt} of {total_fmt} photos, {rate_noinv_fmt}, {remaining} left"
    every = 1.0 if sys.stderr.isatty() else 30.0
    return tqdm(items, total=total, desc=what, file=sys.stderr, unit=" photos", bar_format=shape, mininterval=every)


@COMMANDS.register("Pack a study")
def pack(
    run: Annotated[str, "folder of a finished study"], out: Annotated[str, "new folder of the packed study"]
) -> Report:
    """Write a finished study in a few large parts, which open faster than many small ones, to keep or to pass on.

    Where its photos lie on this machine is left behind. Compute its effects, and its human side, once more there.
    """
    from core.study import packing as study_packing

    done = study_packing.pack(Path(run), Path(out))
    text = [f"{done.before} parts packed as {done.after} in {done.folder}", f"next: python -m core effects {out}"]
    return Report(text, {"folder": str(done.folder), "parts_before": done.before, "parts": done.after})
