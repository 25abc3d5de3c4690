"""`python -m benchmarks intervals SOURCE …`: do a score's intervals widen on photos unlike those it was learned from?

A line a photo set: how far its photos are from the learned ones, and off the directions in which those differ, in units
of the calibrating photos' medians; how much wider their intervals are, how wide within 0 to 1, and how many photos are
called unlike. Of a set with parts the test part is taken.
"""

from __future__ import annotations

import argparse

import numpy as np

from core import config, inference
from core.evaluation import intervals
from core.evaluation.evaluation import chosen_part
from core.sources import open_source
from core.types import Photo

PHOTOS = 120


def photos_of(source: str, wanted: int) -> list[Photo]:
    """Photos of a set, of its test part if there is one, drawn by name."""
    listing = open_source(source)
    part = chosen_part(listing, "")
    photos = [photo for photo in listing.photos if part is None or photo.split == part]
    order = np.random.default_rng(config.SEED).permutation(len(photos))
    return [photos[number] for number in order[:wanted]]


def line(known: intervals.Intervals, predictor: inference.Predictor, name: str, photos: list[Photo]) -> str:
    """The row of a photo set."""
    found = [item for item in inference.predict(predictor, photos, features=True) if item.score is not None]
    features = np.stack([np.asarray(item.features) for item in found])
    low, high = known.around(np.array([item.score for item in found]), features)
    near, off = known.distance(features) / known.usual, known.distance.outside(features) / known.usual_outside
    wider = intervals.relative_width(known.unlikeness(features))
    unlike = (known.unlikeness(features) > intervals.UNLIKE).mean()
    return (
        f"| {name} | {len(found)} | {np.median(near):.2f} | {np.median(off):.2f} | {wider.mean():.2f} | "
        f"{(high - low).mean():.2f} | {100 * unlike:.0f} % |"
    )


def main(arguments: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks intervals", description=__doc__)
    parser.add_argument("sources", nargs="+", help="photo sets, with or without human scores")
    parser.add_argument("--model", default=config.DEFAULT_MODEL)
    parser.add_argument("--photos", type=int, default=PHOTOS, help=f"photos of each set (default: {PHOTOS})")
    chosen = parser.parse_args(arguments)
    known, predictor = intervals.of(chosen.model), inference.load(chosen.model, "auto")
    print("| photos | n | from the learned | off their directions | times as wide, mean | width, mean | unlike |")
    print("|---" * 7 + "|")
    for source in chosen.sources:
        name = source if ":" in source else open_source(source).name
        print(line(known, predictor, name, photos_of(source, chosen.photos)), flush=True)
