"""Every default and every path, once."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "artifacts"
RUNS = Path("runs")
CACHE = Path(os.environ.get("MEMORABILITY_CACHE") or os.path.expanduser("~/.cache/memorability-lab"))
"""What may be deleted at any time, and is then made again; shared by all runs of a user."""
CORES = os.cpu_count() or 1

DEFAULT_MODEL = "resnet50"
WORKING_SIZE = 256
"""Short side in px at which ablations act (SCIENCE.md: one working size)."""

MAX_PIXELS = 100_000_000
"""A photo with more pixels is refused before it is decoded (decompression bombs); a JPEG is decoded smaller."""
MAX_FILE_BYTES = 200 * 1024 * 1024
PHOTO_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
    *(".heic", ".heif", ".avif", ".mpo", ".pjpeg", ".pjp", ".apng"),
)
"""What a photo's name ends with."""
OUTDOORS = ("lnsim",)
"""Photo sets that hold outdoor scenes alone: what their names mean to whoever does not know them."""
RAW_SUFFIXES = (
    *(".dng", ".gpr", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf", ".orf", ".rw2", ".rwl"),
    *(".pef", ".srw", ".x3f", ".3fr", ".fff", ".iiq", ".mos", ".mef", ".mrw", ".erf", ".dcr", ".kdc"),
)
"""What a camera RAW file's name ends with: refused by name rather than passed over."""
OTHER_PICTURES = (
    ".jp2",
    ".j2k",
    ".jpf",
    ".jxl",
    ".jxr",
    ".psd",
    ".psb",
    ".xcf",
    ".tga",
    ".ppm",
    ".pgm",
    ".exr",
    ".hdr",
    ".svg",
)
"""Pictures of formats that are not read: counted where a folder holds them."""

BATCH_SIZE = 8
"""Photos a forward pass: the fastest on two cores."""

RESAMPLES = 2_000
CONFIRMATORY_RESAMPLES = 10_000
PERMUTATIONS = 20_000
"""Sign-flip draws of a confirmatory test, at least."""
CONFIDENCE = 0.95
ALPHA = 0.05
SEED = 0

# Thresholds of the verdict, fixed before any study was run (SCIENCE.md).
SESOI = 0.2
"""Smallest effect of interest, in SD of the model's clean scores."""
GATE = 0.3
"""No verdict unless the lower end of the interval of held-out validity reaches this."""
MIN_CONFIRMATORY = 60
"""Fewer eligible photos make a row exploratory."""
MIN_COMPUTED = 20
"""Fewer eligible photos are not computed."""
PLACEMENTS = 10
"""Controls a photo; photos with fewer valid places have no excess."""
HOSTS = 10
"""Other photos that a region is compared with; photos with fewer hosts have no excess."""
NEAREST, CALIPER = 50, 0.25
"""Hosts are drawn from that many photos of the nearest clean scores, within that many SD of them."""
MOST_HOSTED = 0.05
"""Share of a row's targets that one photo may be host to."""
EMPTY_PLACES = 150
"""Targets a thing whose shapes measure what a fill does by itself, at most."""
MIN_PRECISION = 0.7
"""A detector below this (box IoU ≥ 0.5) makes its rows exploratory."""
MIN_SALIENT_IOU = 0.4
