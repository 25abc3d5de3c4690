"""Take a painted region away from a photo, or keep nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from core import config
from core.commandline import progress_bar
from core.commands import Report
from core.errors import MaskError, ParameterError, PhotoError
from core.files import write_text
from core.registry import COMMANDS
from core.types import Pixels

if TYPE_CHECKING:
    from core.inference import Predictor
    from core.paint.hosts import OnOtherPhotos
    from core.paint.replay import Record

MOST_CONTROLS = 1000
PACKAGED = "packaged"


@COMMANDS.register("Paint a region away")
def paint(
    photo: Annotated[str, "a photo"],
    *,
    mask: Annotated[str, "black-and-white picture of the photo's size, white inside"] = "",
    fill: Annotated[str, "registered fill, or a whole-photo ablation; none named: that of the least artefact"] = "",
    settings: Annotated[tuple[str, ...], "settings of the fill: NAME=VALUE …"] = (),
    direction: Annotated[str, "remove, or keep: keep nothing but the region"] = "remove",
    feather: Annotated[float, "softness of the border, a share of the short side"] = 0.0,
    controls: Annotated[int, "other places for the same shape to compare with"] = 0,
    hosts: Annotated[str, "photo set whose photos of equal score get the same shape; packaged: those of the app"] = "",
    without: Annotated[str, "a thing that must not be in those photos, for example faces"] = "",
    seed: Annotated[int, "seed of the fill and of the places"] = config.SEED,
    model: Annotated[str, "registered model, or the folder of a checkpoint"] = config.DEFAULT_MODEL,
    replay: Annotated[str, "file written by the app or by --out; takes the place of every other setting"] = "",
    out: Annotated[str, "folder for the ablated photo (PNG) and the replay file (JSON)"] = "",
    report: Annotated[str, "file for a report on the photo and this try: one HTML page that prints well"] = "",
) -> Report:
    """Score a photo before and after a region of it was replaced, and the same shape at other places and on others.

    All scores are those of the photo at working size, as in a study; Δ is the score after minus the score before.
    """
    from core import inference
    from core.paint import replay as replays
    from core.paint.answer import usual_fill
    from core.paint.region_effect import painted_in, treatment
    from core.photos import images

    if not 0 <= controls <= MOST_CONTROLS:
        raise ParameterError(f"--controls must lie between 0 and {MOST_CONTROLS}, not {controls}.")
    if without and not hosts:
        raise ParameterError("--without says which photos are no --hosts: name where these come from, too.")
    pixels = _named(photo, lambda: images.read(Path(photo)))
    kept = replays.load(Path(replay)) if replay else None
    if kept:
        replays.check(kept, pixels)
        region, how, model, controls = kept.mask, kept.how, kept.model, controls or len(kept.controls)
    elif mask:
        fill = fill or usual_fill(model)
        how = treatment(_pairs(settings), fill=fill, direction=direction, feather=feather, seed=seed)
        region = _named(mask, lambda: painted_in(Path(mask), pixels))
    else:
        raise MaskError("Nothing is painted: give a mask with --mask, or a replay file with --replay.")
    predictor = inference.load(model)
    made, ablated = replays.perform(predictor, Path(photo).name, pixels, region, how, controls)
    hosted = _hosted(predictor, hosts, without, pixels, made) if hosts else None
    if out:
        replays.write(Path(out), made, ablated)
    if report:
        from core.trust.photo_report import photo_report

        write_text(Path(report), photo_report(predictor, model, pixels, [(made, ablated)]))
    lines, code = _lines(made), 0
    if controls and not made.controls:
        lines.append("nothing to compare with: no other place of this photo has room for so large a region")
    if hosted:
        lines.append(hosted.said)
    if kept and not made.agrees(kept):
        lines.append(f"not reproduced: the replay file says {kept.ablated_score:.6f} after; was the model changed?")
        code = 1
    return Report(lines, _data(made, hosted), code)


def _hosted(predictor: Predictor, source: str, without: str, photo: Pixels, made: Record) -> OnOtherPhotos:
    """The same shape on photos of equal score, to the end."""
    from core.paint import hosts
    from core.sources import open_source

    photos = hosts.packaged() if source == PACKAGED else open_source(source).photos
    pool = progress_bar(hosts.scored(predictor, photos), len(photos), "scoring")
    *_, found = hosts.compared(predictor, photo, made.mask, made.how, made, pool, without)
    return found


def _lines(made: Record) -> list[str]:
    """Scores, Δ and the comparison, for people."""
    lines = [
        f"score {made.score:.6f} before, {made.ablated_score:.6f} after: Δ = {made.delta:+.6f}",
        f"{made.area:.1%} of the photo was replaced by {made.how.fill}",
    ]
    return [*lines, made.elsewhere.said] if made.controls else lines


def _data(made: Record, hosted: OnOtherPhotos | None) -> dict[str, Any]:
    values = {name: getattr(made, name) for name in ("score", "ablated_score", "delta", "area")}
    values |= {"controls": list(made.controls)}
    if hosted is None:
        return values
    tried = [
        {"photo": host.photo.id, "source": host.photo.source, "score": host.score, "delta": change}
        for host, change in hosted.tried
    ]
    return values | {"hosts": tried}


def _named(name: str, read: Callable[[], Pixels]) -> Pixels:
    """A photo or a mask, or a refusal that says which file it is about."""
    try:
        return read()
    except PhotoError as error:
        raise PhotoError(f"{name}: {error}") from error


def _pairs(settings: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE as a mapping."""
    for item in settings:
        if "=" not in item:
            raise ParameterError(f"A setting of the fill is NAME=VALUE, not {item!r}.")
    return dict(item.split("=", 1) for item in settings)
