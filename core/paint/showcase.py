"""The example that the first page opens with: a packaged photo, what is taken out of it, and both scores.

Reading it imports no torch: the scores were computed once, and only the picture is made again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core import config
from core.ablations.region import region
from core.errors import ArtifactError, MaskError, SourceError
from core.files import json_of, json_text, write_text
from core.photos import images
from core.records import FileName, record
from core.regions import regions
from core.registry import MASKS
from core.sources import open_source
from core.types import Pixels, Rect

if TYPE_CHECKING:
    from core.inference import Predictor

FILE = "showcase.json"
SAMPLE, MASK, FILL = "astronaut", "faces", "inpaint"


@dataclass(frozen=True)
class Showcase:
    """A packaged photo, the box in it (px at working size) that a fill replaces, and a model's two scores.

    Scores lie in [0, 1].
    """

    model: FileName
    sample: str
    mask: str
    fill: str
    box: Rect
    before: float
    after: float

    def pictures(self) -> tuple[Pixels, Pixels]:
        """The photo at working size, and the same without what is in the box; LabError if there is no such sample."""
        photo = _sample(self.sample)
        return photo, _without(photo, self.box, self.fill)


def make(predictor: Predictor, sample: str = SAMPLE, mask: str = MASK, fill: str = FILL) -> Showcase:
    """Take the first thing that a mask finds out of a packaged photo, and score both; MaskError if it finds none."""
    photo = _sample(sample)
    boxes = MASKS[mask].function(photo).boxes
    if not boxes:
        raise MaskError(f"{sample}: nothing that {mask!r} finds is in this photo; choose another sample or mask.")
    before, after = predictor.score([photo, _without(photo, boxes[0], fill)])
    return Showcase(predictor.name, sample, mask, fill, boxes[0], float(before), float(after))


def write(found: Showcase, folder: Path) -> Path:
    """Write it beside the other results; returns the file."""
    write_text(folder / FILE, json_text(asdict(found)))
    return folder / FILE


def read(folder: Path | None = None) -> Showcase | None:
    """The stored one, None where there is none; ArtifactError for a damaged file."""
    file = (folder or config.ARTIFACTS) / FILE
    if not file.is_file():
        return None
    try:
        return record(Showcase, json_of(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError) as error:
        raise ArtifactError(
            f"{file}: this is no stored example ({error!r}); write it again with 'python -m core showcase'."
        ) from error


def _sample(name: str) -> Pixels:
    found: dict[str, Callable[[], Pixels]] = {photo.id: photo.read for photo in open_source("samples").photos}
    if name not in found:
        raise SourceError(f"No packaged sample is called {name!r}; choose from {', '.join(found)}.")
    return images.to_short_side(found[name](), config.WORKING_SIZE)


def _without(photo: Pixels, box: Rect, fill: str) -> Pixels:
    return region(photo, regions.from_boxes([box], photo.shape).mask, fill=fill)
