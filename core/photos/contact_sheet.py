"""A contact sheet: many photos as small squares, each with a line below it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.types import Pixels

COLUMNS = 6
GAP, LINE = 16, 44
"""Px between squares, and for the two lines below each."""
PAPER, INK, PALE = (255, 255, 255), (34, 38, 43), (110, 114, 120)
SIZE = 16


def contact_sheet(squares: Sequence[Pixels], lines: Sequence[tuple[str, str]], columns: int = COLUMNS) -> Pixels:
    """Squares of one size (uint8 S × S × 3) in rows, each with its two lines of text: uint8 height × width × 3.

    A line that is wider than its square is cut, with three dots. ValueError where there is no square.
    """
    if not squares:
        raise ValueError("A contact sheet needs at least one photo.")
    side = squares[0].shape[0]
    across, down = min(columns, len(squares)), -(-len(squares) // columns)
    sheet = Image.new("RGB", (GAP + across * (side + GAP), GAP + down * (side + LINE + GAP)), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(SIZE)
    for number, (square, (first, second)) in enumerate(zip(squares, lines, strict=True)):
        x, y = GAP + number % columns * (side + GAP), GAP + number // columns * (side + LINE + GAP)
        sheet.paste(Image.fromarray(square), (x, y))
        draw.text((x, y + side + 2), _cut(first, side, draw, font), INK, font)
        draw.text((x, y + side + LINE // 2), _cut(second, side, draw, font), PALE, font)
    return np.asarray(sheet)


def _cut(text: str, room: int, draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """A text as far as there is room for it."""
    if draw.textlength(text, font) <= room:
        return text
    length = next(n for n in range(len(text), -1, -1) if draw.textlength(text[:n] + "...", font) <= room)
    return text[:length] + "..."
