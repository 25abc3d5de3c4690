"""Every default and every path, once."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "artifacts"
RUNS = Path("runs")

DEFAULT_MODEL = "resnet50"
WORKING_SIZE = 256
"""Short side in px at which ablations act (SCIENCE.md: one working size)."""

MAX_PIXELS = 100_000_000
"""A photo with more pixels is refused before it is decoded (decompression bombs)."""
MAX_FILE_BYTES = 200 * 1024 * 1024
PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")

BATCH_SIZE = 8
"""Photos a forward pass: the fastest on two cores."""

RESAMPLES = 2_000
CONFIDENCE = 0.95
SEED = 0
