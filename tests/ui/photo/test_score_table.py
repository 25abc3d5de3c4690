"""Several photos: the sheet to save has them all, and no name becomes a formula."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.files import without_formulas
from core.photos import images
from tests.conftest import draw_photo
from ui.photo import score_table
from ui.resources import Examined, Item


def test_the_contact_sheet_has_every_scored_photo() -> None:
    photos = [draw_photo(number) for number in range(3)]
    items = [
        Item(f"{number}.png", f"digest-{number}", lambda photo=photo: photo) for number, photo in enumerate(photos)
    ]
    saved = score_table.sheet([(item, Examined(0.5, None, None)) for item in items])
    one = score_table.sheet([(items[0], Examined(0.5, None, None))])
    assert images.read(saved).shape[1] > 2 * images.read(one).shape[1]


def test_a_table_on_a_page_hands_on_no_formula() -> None:
    shown = without_formulas(pd.DataFrame({"file": ["=1+1.jpg", "a.jpg", np.nan], "score": [-0.5, 0.5, 0.7]}))
    assert shown["file"].tolist()[:2] == ["'=1+1.jpg", "a.jpg"]
    assert shown["score"].tolist() == [-0.5, 0.5, 0.7]
