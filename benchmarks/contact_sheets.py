"""Sheets for labelling by eye: a seeded draw of photos, each with rulers in fractions of its width and height.

`python -m benchmarks contact_sheets DATA OUT` draws the photos and writes the sheets; nothing is detected here. With
`--boxes` the labels are drawn back on the photos, with `--only` and `--part` one photo or a part of it is enlarged.
The sheets hold photos that may not be passed on: they do not belong in the repository.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from core.sources.folder import folder
from core.types import Photo

SETS = ("coco", "bsds500", "sun", "imagenet_sample")
SEED = 20
PERSON = {1}
PRINT = {5, 6, 7, 8, 9, 10, 12, 13, 14, 72, 84, 85}
"""COCO categories that often carry words: vehicles, signs, screens, books, clocks."""
PLACES = "aquarium art_gallery computer_room highway ice_skating laundromat library park tennis"
FIRST_ARTEFACT = "n02666196"
"""The WordNet ids of ImageNet's animals come before this one; things, print and people after it."""
PEOPLE_AND_PRINT = """
abaya academic_gown apron ballplayer barbershop basketball bathing_cap bikini bonnet bow_tie butcher_shop cab cinema
comic_book confectionery cowboy_hat fire_engine football_helmet gown groom grocery_store jersey kimono lab_coat
military_uniform minibus mortarboard moving_van neck_brace packet passenger_car pill_bottle police_van pop_bottle
racer restaurant rugby_ball school_bus scoreboard scuba_diver shoe_shop shower_cap snorkel sombrero stage stethoscope
street_sign streetcar suit sunglasses sweatshirt swimming_trunks tobacco_shop tow_truck toyshop trailer_truck
trench_coat trolleybus vending_machine water_bottle wig wine_bottle
"""
"""ImageNet classes that show faces or words more often than others."""

LEFT, TOP = 26, 38
STEPS = (0.005, 0.01, 0.02, 0.05, 0.1)
WHOLE = (0.0, 0.0, 1.0, 1.0)
COLOURS = {"face": "red", "text": "blue"}
IGNORED = "orange"
LINE = (0, 200, 255, 100)

Box = tuple[float, float, float, float]


def draw(data: Path) -> list[Photo]:
    """The photos to look at, of four sets, enriched for people and print; the same for the same folders.

    The last two strata were drawn after the others had been labelled, for more faces and words; still by eye alone.
    """
    random = np.random.default_rng(SEED)
    coco, bsds500, sun, imagenet = (folder(data / name).photos for name in SETS)
    people, print_, others = _coco_by_kind(data, coco)
    strata: tuple[tuple[int, list[Photo]], ...] = (
        (80, people),
        (25, print_),
        (25, others),
        (50, list(bsds500)),
        (20, [p for p in sun if Path(p.id).name.startswith(tuple(PLACES.split()))]),
        (20, [p for p in imagenet if Path(p.id).name >= FIRST_ARTEFACT]),
        (15, people),
        (30, [p for p in imagenet if Path(p.id).stem.partition("_")[2] in PEOPLE_AND_PRINT.split()]),
    )
    drawn: list[Photo] = []
    for count, photos in strata:
        rest = [photo for photo in photos if photo not in drawn]
        drawn += [rest[i] for i in sorted(random.choice(len(rest), count, replace=False))]
    return drawn


def _coco_by_kind(data: Path, photos: tuple[Photo, ...]) -> tuple[list[Photo], list[Photo], list[Photo]]:
    """Photos with a person, those of the rest with things that carry words, and all others."""
    people: list[Photo] = []
    print_: list[Photo] = []
    others: list[Photo] = []
    for photo in photos:
        kinds = _categories(data / "coco" / "polygons" / f"{Path(photo.id).stem}.txt")
        (people if kinds & PERSON else print_ if kinds & PRINT else others).append(photo)
    return people, print_, others


def _categories(polygons: Path) -> set[int]:
    """COCO categories in a photo; none where the photo has no polygons."""
    lines = polygons.read_text(encoding="utf-8").splitlines() if polygons.is_file() else []
    return {int(line.split()[0]) for line in lines if line.strip()}


def panel(
    photo: Photo, title: str, long_side: int, part: Box = WHOLE, boxes: pd.DataFrame | None = None
) -> Image.Image:
    """A photo, or a part of it, enlarged to `long_side` px, with rulers, a light grid and its boxes."""
    pixels = Image.fromarray(photo.read())
    window = (part[0] * pixels.width, part[1] * pixels.height, part[2] * pixels.width, part[3] * pixels.height)
    wide, high = window[2] - window[0], window[3] - window[1]
    scale = long_side / max(wide, high)
    size = (round(wide * scale), round(high * scale))
    sheet = Image.new("RGB", (size[0] + LEFT, size[1] + TOP), "white")
    sheet.paste(pixels.resize(size, Image.Resampling.BICUBIC, box=window), (LEFT, TOP))
    pen = ImageDraw.Draw(sheet, "RGBA")
    pen.text((2, 0), title, fill="black")
    _rulers(pen, size, part)
    if boxes is not None:
        _outline(pen, size, part, boxes)
    return sheet


def _rulers(pen: ImageDraw.ImageDraw, size: tuple[int, int], part: Box) -> None:
    """Grid lines at round fractions, at least 45 px apart, and their numbers."""
    for axis, end in enumerate(size):
        start, stop = part[axis], part[axis + 2]
        step = next((s for s in STEPS if s / (stop - start) * end >= 45), STEPS[-1])
        for number in range(int(np.ceil(start / step - 1e-9)), int(stop / step + 1e-9) + 1):
            place = (number * step - start) / (stop - start) * end
            label = f"{number * step:.3f}".rstrip("0").lstrip("0") or "0"
            if axis == 0:
                pen.text((LEFT + place - 8, 13), label, fill="black")
                pen.line((LEFT + place, TOP - 6, LEFT + place, TOP + size[1]), fill=LINE)
            else:
                pen.text((0, TOP + place - 6), label, fill="black")
                pen.line((LEFT - 4, TOP + place, LEFT + size[0], TOP + place), fill=LINE)


def _outline(pen: ImageDraw.ImageDraw, size: tuple[int, int], part: Box, boxes: pd.DataFrame) -> None:
    """The boxes of a photo, in the colour of their kind."""
    sides = boxes[["left", "top", "right", "bottom"]].to_numpy(float)
    shift, scale = np.array(part[:2]), np.array(size) / np.subtract(part[2:], part[:2])
    corners = (sides.reshape(-1, 2, 2) - shift) * scale + (LEFT, TOP)
    for kind, ignore, corner in zip(boxes.kind, boxes.ignore, corners, strict=True):
        pen.rectangle(corner.ravel().tolist(), outline=IGNORED if ignore else COLOURS[str(kind)], width=1)


def tile(panels: list[Image.Image], columns: int) -> Image.Image:
    """Panels side by side in rows."""
    rows = [panels[start : start + columns] for start in range(0, len(panels), columns)]
    heights = [max(p.height for p in row) for row in rows]
    sheet = Image.new("RGB", (max(sum(p.width for p in row) for row in rows), sum(heights)), "white")
    for row, top in zip(rows, np.cumsum([0, *heights]), strict=False):
        for p, left in zip(row, np.cumsum([0, *(q.width for q in row)]), strict=False):
            sheet.paste(p, (int(left), int(top)))
    return sheet


def main(arguments: list[str]) -> None:
    """Write sheet_000.png … below OUT, and the numbered list of photos to photos.csv there."""
    chosen = _parser().parse_args(arguments)
    photos = draw(chosen.data)
    chosen.out.mkdir(parents=True, exist_ok=True)
    names = pd.DataFrame([(p.source, p.id) for p in photos], columns=["source", "photo_id"])
    names.to_csv(chosen.out / "photos.csv", index_label="number")
    boxes = pd.read_csv(chosen.boxes) if chosen.boxes else None
    panels = []
    for number in chosen.only or range(len(photos)):
        photo = photos[number]
        own = None if boxes is None else boxes[(boxes.source == photo.source) & (boxes.photo_id == photo.id)]
        if own is None or len(own):
            panels.append(panel(photo, f"{number} {photo.id}", chosen.long_side, tuple(chosen.part), own))
    count = chosen.columns * chosen.rows
    for sheet, start in enumerate(range(0, len(panels), count)):
        tile(panels[start : start + count], chosen.columns).save(chosen.out / f"sheet_{sheet:03}.png")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks contact_sheets", description=__doc__)
    parser.add_argument("data", type=Path, help=f"the folder with {', '.join(SETS)}")
    parser.add_argument("out", type=Path, help="a folder outside the repository")
    parser.add_argument("--boxes", type=Path, help="a boxes.csv to draw back on the photos; leaves out photos without")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of photos in the draw")
    parser.add_argument("--part", type=float, nargs=4, default=WHOLE, help="left top right bottom, in fractions")
    parser.add_argument("--long-side", type=int, default=512, help="px")
    parser.add_argument("--columns", type=int, default=3)
    parser.add_argument("--rows", type=int, default=2)
    return parser
