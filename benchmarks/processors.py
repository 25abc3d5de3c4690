"""`python -m benchmarks processors`: what another processor changes in photos, scores, heatmaps, studies and maps.

The same work is done in processes of their own, with all instructions of this processor and as if it were an older one:
libraries are told to leave the newer instructions alone. ONNX Runtime cannot be told and does as on this one. With
--save the answers are kept in a file, and --against compares with those of another machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from core import config
from core.errors import ParameterError
from core.files import replacing

OLDER: Mapping[str, Mapping[str, str]] = {
    "AVX2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENCV_CPU_DISABLE": "AVX512-SKX,AVX512-COMMON",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4,AVX512_ICL,AVX512_SPR",
        "NUMBA_CPU_NAME": "haswell",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F",
    },
    "SSE 4.2": {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENCV_CPU_DISABLE": "AVX,FP16,AVX2,FMA3,AVX512-SKX,AVX512-COMMON",
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3,X86_V4,AVX512_ICL,AVX512_SPR",
        "NUMBA_CPU_NAME": "nehalem",
        "JSIMD_FORCESSE2": "1",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-AVX",
    },
}
"""What PyTorch, oneDNN (also in OpenVINO), OpenCV, OpenBLAS, NumPy, Numba, libjpeg and libm read when they start."""
SCENES = 48
"""Drawn scenes in the study and on the map."""
NEIGHBOURS = 5
"""Of a scene on the map."""
ABLATIONS = ("grayscale", "blur", "patch_shuffle", "texture", "region")
EFFECTS = ("mean_delta", "excess_delta", "excess_ci_low", "p")
METHODS = ("grad_cam", "guided_backpropagation", "integrated_gradients", "occlusion")
Answers = dict[str, np.ndarray]
"""What was computed, by name."""


def photos() -> Answers:
    """Packaged photos as they are read, and sized as the model sees them."""
    from core.photos import images, preprocess
    from core.sources import open_source

    read = [photo.read() for photo in open_source("samples").photos]
    sized = [preprocess.square(photo, preprocess.Preset(256, 224)) for photo in read]
    return {
        "photos as read": np.concatenate([photo.ravel() for photo in read]),
        "photos as sized for the model": np.stack(sized),
        "photos as sized for ablations": np.concatenate([images.working(photo).ravel() for photo in read]),
    }


def parts() -> Answers:
    """What is found in packaged photos, counted, taken away and put in its place."""
    from core.photos import images
    from core.photos.features import measure_features
    from core.regions import mask_cache
    from core.registry import ABLATIONS as TRANSFORMS
    from core.registry import FILLS
    from core.sources import open_source

    made: dict[str, list[np.ndarray]] = {}
    for photo in open_source("samples").photos:
        pixels = images.working(photo.read())
        found = {name: mask_cache.detect(name, pixels) for name in mask_cache.detectors()}
        for name, region in found.items():
            made.setdefault(f"mask: {name}", []).append(region.mask.ravel())
        counted = [value for value in measure_features(pixels, found).values() if value is not None]
        made.setdefault("countable features", []).append(np.array(counted))
        for entry in TRANSFORMS:
            if not entry.facts.get("needs"):
                made.setdefault("ablated photos", []).append(entry.function(pixels, **entry.arguments()).ravel())
        where = np.zeros(pixels.shape[:2], dtype=bool)
        where[60:140, 80:150] = True
        for fill in FILLS:
            made.setdefault(f"fill: {fill.id}", []).append(fill.function(pixels, where, **fill.arguments()).ravel())
    return {name: np.concatenate(values) for name, values in made.items()}


def scores() -> Answers:
    """What the shipped model and the autoencoder say of packaged photos, by engine, and heatmaps of three of them."""
    from core import inference
    from core.inference.autoencoder import load_autoencoder
    from core.inference.engine_choice import available
    from core.photos.preprocess import square
    from core.registry import ATTRIBUTIONS
    from core.sources import open_source

    read = [photo.read() for photo in open_source("samples").photos]
    made: Answers = {}
    for engine, precision in available():
        if precision == "fp32":
            predictor = inference.load(config.DEFAULT_MODEL, engine, precision)
            made[f"scores: {engine}"] = predictor.score(read)
    plain, coder = inference.load(config.DEFAULT_MODEL), load_autoencoder("vae")
    made["latents"] = coder.encode([square(photo, coder.preset) for photo in read])
    for name in METHODS:
        maps = [ATTRIBUTIONS[name].function(plain, photo).values.ravel() for photo in read[:3]]
        made[f"heatmaps: {name}"] = np.concatenate(maps)
    return made


def study() -> Answers:
    """The table, the effects, the readings and the report of a study of drawn scenes."""
    from core import inference
    from core.sources import open_source
    from core.study import engine
    from core.study import plan as study_plan
    from core.study.conditions import Design
    from core.study.reading import read_study
    from core.verdict.aggregation import make_aggregates
    from core.verdict.report import report

    listing, folder = open_source(f"generated:face,n={SCENES}"), Path("study")
    design = Design(ablations=ABLATIONS, masks=("faces",), fills=("mean", "inpaint"), placements=4)
    engine.run(study_plan.plan(inference.load(), list(listing.photos), design), folder)
    found, table = make_aggregates(folder), read_study(folder)
    made: Answers = {"study: clean scores": table.original}
    made |= {f"study: {column}": found.effects[column].to_numpy(dtype=float) for column in EFFECTS}
    made["study: lines of readings"] = np.array([f"{row.row}: {row.reading}" for row in found.verdict.readings])
    return made | {"study: lines of the report": np.array(report(found, folder).splitlines())}


def latent_map() -> Answers:
    """Places and the answer of a map of drawn scenes."""
    from sklearn.neighbors import NearestNeighbors

    from core import inference
    from core.inference.autoencoder import load_autoencoder
    from core.latent.build import make
    from core.sources import open_source

    listing = open_source(f"generated:face,n={SCENES}")
    atlas, _ = make(inference.load(), load_autoencoder("vae"), [listing], Path("map"), permutations=50)
    made: Answers = {}
    for (space, projection, dims), places in atlas.layouts.items():
        if dims == 2 and space == min(name for name, _, _ in atlas.layouts):
            made[f"map: {projection}"] = places
            near = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(places).kneighbors_graph().toarray() > 0
            made[f"map: neighbours under {projection}"] = near
    rows = [[value for value in vars(row).values() if isinstance(value, float)] for row in atlas.answer.rows]
    return made | {"map: tests": np.concatenate([np.array(row) for row in rows])}


WORK: tuple[Callable[[], Answers], ...] = (photos, parts, scores, study, latent_map)


def work(file: Path) -> None:
    """Do all of it in this process and keep the answers in a file."""
    made: Answers = {}
    for step in WORK:
        made |= step()
    keep(file, made)


def answers(instructions: Mapping[str, str]) -> Answers:
    """All answers of a process that reads these variables, in a folder and with a cache of its own."""
    with tempfile.TemporaryDirectory() as place:
        own = {"MEMORABILITY_CACHE": place, "PYTHONPATH": str(config.ROOT)}
        command = [sys.executable, "-m", "benchmarks", "processors", "--work", "answers.npz"]
        subprocess.run(command, cwd=place, env=os.environ | own | dict(instructions), check=True)
        return read(Path(place) / "answers.npz")


def keep(file: Path, made: Answers) -> None:
    """Write answers for another process or machine."""
    with replacing(file) as place, place.open("wb") as opened:
        np.savez_compressed(opened, allow_pickle=False, **made)


def read(file: Path) -> Answers:
    """Kept answers."""
    with np.load(file) as kept:
        return {name: kept[name] for name in kept.files}


def apart(one: np.ndarray, other: np.ndarray) -> str:
    """How far two answers lie apart, in words; numbers as the largest distance and the spread of the first's values."""
    texts = one.dtype.kind == "U"
    if one.shape == other.shape and ((one == other).all() if texts else one.tobytes() == other.tobytes()):
        return "equal to the bit"
    if one.shape != other.shape:
        return "of another shape"
    if one.dtype in (np.uint8, bool):
        steps = np.abs(one.astype(int) - other.astype(int))
        return f"{np.count_nonzero(steps):,} of {one.size:,} values, by at most {steps.max()}"
    if texts:
        return f"{np.count_nonzero(one != other):,} of {one.size:,}"
    both = np.isfinite(one) & np.isfinite(other)
    lost = int((np.isfinite(one) != np.isfinite(other)).sum())
    said = f"at most {np.abs(one[both] - other[both]).max():.1e} (SD {one[both].std():.2g})" if both.any() else ""
    return ", and ".join(filter(None, (said, f"{lost} are numbers in one of them only" if lost else "")))


def lines(mine: Answers, others: Mapping[str, Answers]) -> Iterator[str]:
    """The table, in Markdown: a row an answer, a column each of the other processors."""
    yield f"| what | {' | '.join(others)} |"
    yield "|---" * (len(others) + 1) + "|"
    for name, value in mine.items():
        cells = [apart(value, other[name]) if name in other else "not there" for other in others.values()]
        yield f"| {name} | {' | '.join(cells)} |"


def main(arguments: list[str]) -> None:
    """Print how far the answers of older instructions, or of another machine, lie from this one's."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks processors", description=__doc__)
    parser.add_argument("--save", default="", help="file to keep this machine's answers in, for another one")
    parser.add_argument("--against", default="", help="compare with answers that another machine kept")
    parser.add_argument("--work", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.work:
        return work(Path(chosen.work))
    if chosen.against and not Path(chosen.against).is_file():
        raise ParameterError(f"{chosen.against} is not there; make it on the other machine with --save.")
    mine = answers({})
    if chosen.save:
        keep(Path(chosen.save), mine)
    if chosen.against:
        others = {Path(chosen.against).name: read(Path(chosen.against))}
    else:
        others = {name: answers(instructions) for name, instructions in OLDER.items()}
    print("\n".join(lines(mine, others)), flush=True)
