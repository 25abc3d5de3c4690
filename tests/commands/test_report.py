"""The command `report` on the tries that a page handed out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.__main__ import main
from core.paint import region_effect, replay
from tests.conftest import draw_photo


def tries_of(*photos: np.ndarray) -> bytes:
    """A ZIP as the page makes it: one try on each photo, each on another place, by the small model."""
    from core import inference

    model, made = inference.load("small_cnn"), []
    for number, photo in enumerate(photos):
        mask = np.zeros(photo.shape[:2], bool)
        mask[60:140, 60 + 60 * number : 130 + 60 * number] = True
        made.append(replay.perform(model, "photo.png", photo, mask, region_effect.treatment(fill="mean"), 2))
    return replay.bundle(made)


def test_all_tries_on_a_photo_are_done_again_for_their_report(ask: Callable[..., int], capsys) -> None:
    own = draw_photo(4, 300, 400)
    Path("tries.zip").write_bytes(tries_of(own, draw_photo(5, 300, 400), own))
    assert main(["report", "tries.zip", "--photo", "photo.png", "--out", "all.html"]) == 0
    assert "2 of 3 tries are of this photo" in capsys.readouterr().out
    text = Path("all.html").read_text(encoding="utf-8")
    assert re.findall("<h3>(.*?)</h3>", text) == ["Try 1", "Try 2"]
    kept = [item for item in replay.load_all(Path("tries.zip")) if replay.is_of(item, own)]
    for item in kept:
        for number in (item.ablated_score, *item.controls):
            assert f"<td>{number!r}</td>" in text
    assert main(["report", "tries.zip", "--photo", "mask.png"]) == 2
    assert "made with another photo" in capsys.readouterr().err
    assert main(["report", "tries.zip", "--photo", "missing.png"]) == 2
    assert "missing.png: there is no such file" in capsys.readouterr().err
